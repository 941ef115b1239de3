SELECT EXISTS (
    SELECT
    FROM barlift.tasks t
    JOIN barlift.operations o ON o.id = t.operation_id
    WHERE t.state IN ('pending', 'running') AND o.run_at <= now() AND o.paused_at IS NULL 
      AND NOT (o.waiting AND EXISTS (
          SELECT FROM barlift.operations f WHERE f.id = o.follows AND f.finished_at IS NULL)))
