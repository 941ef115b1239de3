-- $1: task id; $2: number of the file
-- $3: lines; $4: byte offsets; $5: rules; $6: reasons; $7: the rows' bytes; $8: symbols, '' where the task
-- has one
INSERT INTO barlift.rejected_rows (task_id, file, line, byte_offset, rule, reason, raw, symbol)
SELECT $1, $2, *
FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[])
