-- $1: series id; $2: task id; $3 to $8: times, open, high, low, close, volume
INSERT INTO barlift.mended_bars (series_id, task_id, time, open, high, low, close, volume)
SELECT $1, $2, *
FROM unnest($3::timestamptz[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[])
ON CONFLICT (series_id, time) DO UPDATE
SET task_id = EXCLUDED.task_id, open = EXCLUDED.open, high = EXCLUDED.high, low = EXCLUDED.low, close = EXCLUDED.close,
    volume = EXCLUDED.volume
