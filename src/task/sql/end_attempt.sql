-- Ends an attempt. One UPDATE of the task, however it ends: docs/architecture.md, "Lock order".
-- $1: task id
-- $2: the attempt's fence
-- $3: outcome: succeeded, failed, handed_back
-- $4: failures to count: 0 or 1
-- $5: whether another try may help
-- $6, $7: error class and message
-- $8, $9, $10: phases, slowest statements and rows of the attempt
-- $11: whether the attempt's span is on its way to an exporter
-- $12: seconds after which the span is due unless an exporter has taken it
WITH held AS MATERIALIZED (
    SELECT t.id, o.traced,
           CASE
               WHEN $3 = 'succeeded' THEN 'succeeded'
               WHEN $3 = 'handed_back' OR ($5 AND t.failures + $4 < o.max_attempts) THEN 'pending'
               ELSE 'failed'
           END AS next_state
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.id = $1 AND t.fence = $2 AND t.state || '' = 'running'
    FOR NO KEY UPDATE OF t
), ended AS (
    UPDATE barlift.tasks t
    SET state = h.next_state,
        pushes = t.pushes + CASE h.next_state WHEN 'pending' THEN 1 ELSE 0 END,
        attempts = t.attempts - CASE $3 WHEN 'handed_back' THEN 1 ELSE 0 END,
        failures = CASE $3 WHEN 'succeeded' THEN 0 ELSE t.failures + $4 END,
        finished_at = CASE WHEN h.next_state <> 'pending' THEN now() END,
        error_class = $6,
        error_message = $7
    FROM held h
    WHERE t.id = h.id
    RETURNING t.operation_id, t.state, t.failures
), recorded AS (
    UPDATE barlift.attempts a
    SET finished_at = now(), outcome = $3, error_class = $6, error_message = $7, phases = $8, slowest = $9, rows = $10,
        span_due_at = CASE WHEN $11 AND h.traced THEN now() + make_interval(secs => $12) END
    FROM held h
    WHERE a.task_id = h.id AND a.fence = $2
)
SELECT operation_id, state = 'pending' AS again, failures FROM ended
