-- Releases series and adds to their content what was written on this transaction; content that is not known stays so. A
-- series that its task has not acquired, or whose task runs again, is left alone.
-- $1: series ids; $2: task of each; $3: sum of the digest of the bars that were added to each, as text
-- $4: whether the caller knows that the tasks do not run
UPDATE barlift.series s
SET held_by = NULL,
    content = mod(s.content + r.sum::numeric, 340282366920938463463374607431768211456),
    content_at = CASE WHEN r.sum = '0' THEN s.content_at ELSE now() END
FROM unnest($1::integer[], $2::bigint[], $3::text[]) AS r (series_id, task_id, sum)
WHERE s.id = r.series_id AND s.held_by = r.task_id
  AND ($4 OR NOT EXISTS (SELECT FROM barlift.tasks t WHERE t.id = r.task_id AND t.state || '' = 'running'))
RETURNING s.id, s.waited_for
