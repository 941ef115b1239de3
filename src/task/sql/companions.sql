-- Tasks that nobody has tried yet, of small files whose series nobody is at; if $3, also of series that are there
-- already. What somebody has locked is passed over.
SELECT t.id, t.symbol, t.timeframe, t.source, t.source_bytes, t.pushes, s.id AS series_id
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
LEFT JOIN barlift.series s ON s.symbol = t.symbol AND s.timeframe = t.timeframe
WHERE t.operation_id = $1
  AND t.state = 'pending'
  AND t.fence = 0
  AND t.waits_for IS NULL
  AND t.source_bytes <= $2
  AND o.paused_at IS NULL
  AND (s.id IS NULL
       OR $3 AND NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = s.held_by AND h.state = 'running'))
ORDER BY t.id
LIMIT $4
FOR UPDATE OF t SKIP LOCKED
