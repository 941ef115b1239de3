-- Bars and bytes of a plain table. Below 1 GB the bars are counted, beyond that estimated.
SELECT
    CASE WHEN pg_relation_size(c.oid) < 1024 * 1024 * 1024::bigint THEN (SELECT count(*) FROM barlift.bars)
         ELSE greatest(c.reltuples, 0)::bigint END,
    pg_total_relation_size(c.oid)::bigint
FROM pg_class c
WHERE c.oid = 'barlift.bars'::regclass
