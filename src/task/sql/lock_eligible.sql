-- Tasks that were never tried, of small files of one series that no running task has acquired. Tasks that somebody has locked are
-- passed over.
-- $1: operation id; $2: bytes of a file at most; $3: tasks at most
WITH next AS MATERIALIZED (
    SELECT id
    FROM barlift.tasks
    WHERE operation_id = $1 AND state = 'pending' AND fence = 0 AND waits_for IS NULL AND source_bytes <= $2 AND symbol <> '*'
    ORDER BY id
    -- The first of them may be locked.
    LIMIT 20 * $3
)
SELECT t.id, t.symbol, t.timeframe, t.source, t.source_bytes, t.pushes, s.id AS series_id
FROM next n
JOIN barlift.tasks t ON t.id = n.id
JOIN barlift.operations o ON o.id = t.operation_id
LEFT JOIN barlift.series s ON s.symbol = t.symbol AND s.timeframe = t.timeframe
WHERE t.state || '' = 'pending'
  AND t.fence = 0
  AND o.paused_at IS NULL
  AND (s.held_by IS NULL OR NOT EXISTS (SELECT FROM barlift.tasks h WHERE h.id = s.held_by AND h.state || '' = 'running'))
ORDER BY t.id
LIMIT $3
FOR NO KEY UPDATE OF t SKIP LOCKED
