-- A task for each series that a task of several has verified.
-- $1: that task's id; of each series, $2: symbol, $3: series id, NULL if it is not there; $4: verdict; $5: counters, as JSON
-- with the names of the columns; $6, $7: first and last time of the files' bars
INSERT INTO barlift.tasks (
    operation_id, symbol, timeframe, source, source_bytes, state, attempts, worker, part_of, started_at, finished_at,
    series_id, verdict, first_time, last_time, {each counter: *})
SELECT t.operation_id, s.symbol, t.timeframe, t.source, 0, 'succeeded', t.attempts, t.worker, t.id, t.started_at, now(),
       s.series_id, s.verdict, s.first_time, s.last_time, {each counter: coalesce(n.*, 0)}
FROM barlift.tasks t
CROSS JOIN unnest($2::text[], $3::integer[], $4::text[], $5::jsonb[], $6::timestamptz[], $7::timestamptz[])
    AS s (symbol, series_id, verdict, counts, first_time, last_time)
CROSS JOIN LATERAL jsonb_populate_record(NULL::barlift.tasks, s.counts) n
WHERE t.id = $1
RETURNING symbol, id
