-- Times beyond the calendar, which only a foreign writer can have put there, are taken for its end.
SELECT count(*) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS bars,
       count(*) FILTER (WHERE NOT time BETWEEN $2 AND $3) AS outside,
       greatest(min(time) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3), '4713-01-01 BC') AS first,
       least(max(time) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3), '9999-12-30') AS last
FROM barlift.bars
WHERE series_id = $1
