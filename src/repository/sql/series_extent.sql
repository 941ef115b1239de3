SELECT count(*) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS bars,
       count(*) FILTER (WHERE NOT time BETWEEN $2 AND $3) AS outside,
       min(time) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS first,
       max(time) FILTER (WHERE $2::timestamptz IS NULL OR time BETWEEN $2 AND $3) AS last
FROM barlift.bars
WHERE series_id = $1
