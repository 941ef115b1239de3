-- $1: operation id; of each task, $2: symbol, $3: timeframe, $4: source, $5: bytes, $6: further sources as a JSON array
INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, source_bytes, more_sources)
SELECT $1, symbol, timeframe, source, bytes, ARRAY(SELECT jsonb_array_elements_text(more))
FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[])
    AS t (symbol, timeframe, source, bytes, more)
RETURNING id
