-- $1: series id; $2 and $3: starts and ends of intervals; $4: most bars of an interval
SELECT a.n, b.time, {each value: b.*}
FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS a (first, next, n)
CROSS JOIN LATERAL (
    SELECT *
    FROM barlift.bars
    WHERE series_id = $1 AND time >= a.first AND time < coalesce(a.next, '9999-12-30')
    ORDER BY time
    LIMIT $4
) b
ORDER BY a.n, b.time
