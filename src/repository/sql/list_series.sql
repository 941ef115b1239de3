-- Series without a bar are left out: a file that failed, or is just being read, may have made one.
-- Times that no barlift writes (infinity, years past 9999) are counted, but are nobody's first or last.
-- $1: timeframe, or null for all
SELECT s.symbol, s.timeframe, b.bars, b.first, b.last
FROM barlift.series s
CROSS JOIN LATERAL (
    SELECT count(*) AS bars,
           min(time) FILTER (WHERE time >= '0001-01-01Z') AS first,
           max(time) FILTER (WHERE time < '9999-12-30Z') AS last
    FROM barlift.bars
    WHERE series_id = s.id
) b
WHERE b.bars > 0 AND ($1::text IS NULL OR s.timeframe = $1)
ORDER BY s.symbol, s.timeframe
