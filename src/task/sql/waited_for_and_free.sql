SELECT DISTINCT t.waits_for
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.waits_for IS NOT NULL AND t.state = 'pending' AND o.paused_at IS NULL
  AND NOT EXISTS (
      SELECT FROM barlift.series s
      JOIN barlift.tasks holder ON holder.id = s.held_by
      WHERE s.id = t.waits_for AND holder.state || '' = 'running')
