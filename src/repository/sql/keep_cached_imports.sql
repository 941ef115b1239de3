-- Keeps which files series contain now.
-- $1: series ids; $2: BLAKE3 of the files; $3: hashes of the options; $4: task ids; $5: bars of each series in the range of
-- its file, or NULL to count them
INSERT INTO barlift.imported_sources
    (series_id, content_hash, options_hash, {each counter of a file: *}, task_id,
     first_time, last_time, bars)
SELECT f.series_id, f.content_hash, f.options_hash, {each counter of a file: t.*}, t.id,
       t.first_time, t.last_time,
       coalesce(f.bars, (SELECT count(*) FROM barlift.bars b
                         WHERE b.series_id = f.series_id AND b.time BETWEEN t.first_time AND t.last_time))
FROM unnest($1::integer[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[])
     AS f (series_id, content_hash, options_hash, task_id, bars)
JOIN barlift.tasks t ON t.id = f.task_id
ON CONFLICT (series_id, content_hash, options_hash) DO UPDATE
SET {each counter of a file: * = EXCLUDED.*}, task_id = EXCLUDED.task_id,
    first_time = EXCLUDED.first_time, last_time = EXCLUDED.last_time,
    bars = EXCLUDED.bars, imported_at = now()
