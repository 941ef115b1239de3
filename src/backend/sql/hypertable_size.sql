SELECT approximate_row_count('barlift.bars')::bigint, coalesce(hypertable_size('barlift.bars'), 0)::bigint
