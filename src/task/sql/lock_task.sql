-- $1: task id
SELECT t.id, t.operation_id, t.symbol, t.timeframe, t.source, t.source_bytes, t.more_sources, t.state, t.pushes, t.fence,
       t.rescues, o.type AS kind, o.root, o.options - 'unexplained' AS options, o.traceparent, o.paused_at IS NOT NULL AS paused
FROM barlift.tasks t
JOIN barlift.operations o ON o.id = t.operation_id
WHERE t.id = $1
FOR NO KEY UPDATE OF t
