-- $1: series id; $2: times; $3: how far off a bar may be; then the values of the bars at those times
SELECT DISTINCT b.time, {each value: b.*}
FROM unnest($2::timestamptz[], {each value: $next::float8[]}) AS s (time, {each value: *})
CROSS JOIN LATERAL (
    SELECT *
    FROM barlift.bars
    WHERE series_id = $1
      AND time BETWEEN s.time - $3 AND s.time + $3
      AND ({each value: *}) IS NOT DISTINCT FROM ({each value: s.*})
    -- Many equal bars tell of no shift.
    LIMIT 50
) b
ORDER BY b.time
