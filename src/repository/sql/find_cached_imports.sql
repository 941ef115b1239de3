-- Which of these files their series contain, with what became of their rows. An entry counts only while the
-- series has as many bars in the file's range as the import left there, and if it says what became of the
-- rows (older releases did not).
-- $1: series ids; $2: BLAKE3 of their files; $3: hashes of the options
--
-- Materialized, so that the bars of these entries alone are counted. Before a table has statistics, PostgreSQL would
-- count those of all entries and join afterwards.
WITH entries AS MATERIALIZED (
    SELECT k.*
    FROM unnest($1::integer[], $2::bytea[], $3::bytea[]) AS f (series_id, content_hash, options_hash)
    JOIN barlift.imported_sources k
        ON k.series_id = f.series_id AND k.content_hash = f.content_hash AND k.options_hash = f.options_hash
    WHERE num_nulls({each counter of a file: k.*}) = 0
)
SELECT k.series_id, {each counter of a file: k.*}, k.task_id
FROM entries k
WHERE k.bars = (SELECT count(*) FROM barlift.bars b
                WHERE b.series_id = k.series_id AND b.time BETWEEN k.first_time AND k.last_time)
