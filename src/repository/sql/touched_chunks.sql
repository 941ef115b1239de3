-- $1, $2: first and last time, in µs since 1970 UTC
-- The chunk interval, from when to when the chunks reach that hold times of this range (in µs since 1970 UTC), and
-- whether they hold all of it.
SELECT d.interval_length, min(s.range_start), max(s.range_end),
       coalesce(sum(least(s.range_end, $2 + 1) - greatest(s.range_start, $1)) FILTER (WHERE s.id IS NOT NULL), 0)
           = $2 + 1 - $1
FROM _timescaledb_catalog.hypertable h
JOIN _timescaledb_catalog.dimension d ON d.hypertable_id = h.id
LEFT JOIN _timescaledb_catalog.dimension_slice s
    ON s.dimension_id = d.id AND s.range_start <= $2 AND s.range_end > $1
WHERE h.schema_name = 'barlift' AND h.table_name = 'bars'
GROUP BY d.interval_length
