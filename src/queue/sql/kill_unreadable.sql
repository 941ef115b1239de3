-- Sets jobs that cannot be read to Killed. What another worker kills at this moment is passed over.
-- $1: queues; $2: ids of jobs that this worker has and cannot read
WITH broken AS MATERIALIZED (
    SELECT id
    FROM apalis.jobs
    WHERE job_type = ANY ($1)
      AND status IN ('Pending', 'Failed', 'Queued', 'Running')
      AND (id = ANY ($2)
           -- What apalis fails at while it reads the row, for this worker and every other: no ULID, numbers and times
           -- out of its range, metadata without a value.
           OR id !~ '^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$'
           OR run_at < to_timestamp(0)
           OR done_at < to_timestamp(0)
           OR lock_at < to_timestamp(0)
           OR attempts NOT BETWEEN 0 AND 2147483646
           OR max_attempts < 0
           OR metadata::text LIKE '%=>NULL%')
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE apalis.jobs j
SET status = 'Killed', done_at = now()
FROM broken b
WHERE j.id = b.id
RETURNING j.id
