-- $1: operation id; $2: symbols, $3: timeframes
SELECT name
FROM (SELECT unnest($2::text[]) AS name, 'symbol' AS kind UNION SELECT unnest($3::text[]), 'timeframe') asked
WHERE NOT EXISTS (
    SELECT
    FROM barlift.tasks
    WHERE operation_id = $1 AND name = CASE kind WHEN 'symbol' THEN symbol ELSE timeframe END)
ORDER BY name
