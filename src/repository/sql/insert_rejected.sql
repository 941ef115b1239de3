INSERT INTO barlift.rejected_rows (task_id, line, byte_offset, rule, reason, raw)
SELECT $1, *
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
