-- $1: series id; $2 and $3: first and last time, or NULL for all bars.
-- Times beyond the calendar, which only a foreign writer can have put there, are taken for its ends.
SELECT bars, outside,
       CASE WHEN bars > 0 THEN least(greatest(first, '4713-01-01 00:00:00+00 BC'), '9999-12-30 00:00:00+00') END AS first,
       CASE WHEN bars > 0 THEN least(greatest(last, '4713-01-01 00:00:00+00 BC'), '9999-12-30 00:00:00+00') END AS last
FROM (
    SELECT count(*) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS bars,
           count(*) FILTER (WHERE NOT time BETWEEN $2 AND $3) AS outside,
           min(time) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS first,
           max(time) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS last
    FROM barlift.bars
    WHERE series_id = $1
) counted
