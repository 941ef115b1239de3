INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, source_bytes)
SELECT $1, *
FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
RETURNING id
