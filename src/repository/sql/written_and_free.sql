-- What is not known stays so.
UPDATE barlift.series s
SET content = mod(s.content + c.sum::numeric, 340282366920938463463374607431768211456),
    content_at = CASE WHEN c.sum = '0' THEN s.content_at ELSE now() END,
    held_by = NULL
FROM unnest($1::integer[], $2::bigint[], $3::text[]) AS c (series_id, task_id, sum)
WHERE s.id = c.series_id AND s.held_by = c.task_id
RETURNING s.id, s.waited_for
