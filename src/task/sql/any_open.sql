SELECT EXISTS (
    SELECT
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.state IN ('pending', 'running') AND o.run_at <= now() AND o.paused_at IS NULL AND NOT o.waiting)
