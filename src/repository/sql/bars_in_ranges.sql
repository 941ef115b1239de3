-- The bars of several series, each from its own first time to its last.
-- $1: series ids; $2, $3: their first and last times; $4: at most so many of each
SELECT f.series_id, b.time, {each value: b.*}
FROM unnest($1::integer[], $2::timestamptz[], $3::timestamptz[], $4::bigint[]) AS f (series_id, first, last, most)
-- With a limit, so that each is looked up in the index.
CROSS JOIN LATERAL (
    SELECT time, {each value: *}
    FROM barlift.bars
    WHERE series_id = f.series_id AND time BETWEEN f.first AND f.last
    ORDER BY time
    LIMIT f.most
) b
ORDER BY f.series_id, b.time
