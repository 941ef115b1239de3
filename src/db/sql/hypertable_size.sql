-- Bars and bytes of a hypertable. Below 1 GB the bars are counted, beyond that estimated.
SELECT
    CASE WHEN coalesce(hypertable_size('barlift.bars'), 0) < 1024 * 1024 * 1024::bigint THEN (SELECT count(*) FROM barlift.bars)
         ELSE approximate_row_count('barlift.bars')::bigint END,
    coalesce(hypertable_size('barlift.bars'), 0)::bigint
