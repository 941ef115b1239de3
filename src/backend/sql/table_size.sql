SELECT greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)::bigint
FROM pg_class c
WHERE c.oid = 'barlift.bars'::regclass
