WITH ended AS (
    UPDATE barlift.tasks
    SET state = $3,
        failures = CASE WHEN $3 = 'succeeded' THEN 0 ELSE failures END,
        finished_at = CASE WHEN $3 = 'pending' THEN NULL ELSE now() END,
        error_class = $5,
        error_message = $6
    WHERE id = $1 AND fence = $2 AND state = 'running'
    RETURNING id, operation_id
), recorded AS (
    UPDATE barlift.attempts a
    SET finished_at = now(), outcome = $4, error_class = $5, error_message = $6, phases = $7, slowest = $8, rows = $9,
        -- Owed from then on, unless the exporter has taken it by then; to nobody, if nobody exports.
        span_due_at = CASE WHEN $10 AND o.traced THEN now() + make_interval(secs => $11) END
    FROM ended
    JOIN barlift.operations o ON o.id = ended.operation_id
    WHERE a.task_id = ended.id AND a.fence = $2
)
SELECT operation_id FROM ended
