-- $1: task id; $2: byte offset in its first file
SELECT line, byte_offset, rule, reason, raw
FROM barlift.rejected_rows
WHERE task_id = $1 AND file = 0 AND byte_offset < $2
ORDER BY line
LIMIT 1000
