-- As apalis leaves a job that it was told of.
UPDATE apalis.jobs
SET status = 'Done', attempts = attempts + 1, last_result = '{"Ok": null}', done_at = now()
WHERE id = ANY ($2) AND lock_by = $1 AND status = 'Running'
