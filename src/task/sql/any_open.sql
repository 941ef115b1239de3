-- Whether a task is due now or after a retry's wait, or an operation is still to be ended by the sweep.
SELECT EXISTS (
    SELECT
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.state IN ('pending', 'running') AND o.run_at <= now() AND o.paused_at IS NULL
      AND NOT (o.waiting AND EXISTS (
          SELECT FROM barlift.operations f WHERE f.id = o.follows AND f.finished_at IS NULL)))
OR EXISTS (
    SELECT
    FROM barlift.operations o
    WHERE o.finished_at IS NULL
      AND NOT EXISTS (SELECT FROM barlift.tasks WHERE operation_id = o.id AND state IN ('pending', 'running')))
