-- Series that have bars, and operations.
SELECT (
    SELECT count(*)
    FROM barlift.series s
    -- One index lookup for each series: EXISTS is planned as a join, which reads all bars.
    CROSS JOIN LATERAL (SELECT FROM barlift.bars WHERE series_id = s.id ORDER BY time LIMIT 1) bar
) AS series,
(SELECT count(*) FROM barlift.operations) AS operations
