INSERT INTO barlift.rejected_rows (task_id, file, line, byte_offset, rule, reason, raw)
SELECT $1, $2, *
FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])
