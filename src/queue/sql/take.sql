-- $1: worker; $2: job ids
UPDATE apalis.jobs SET status = 'Running', lock_by = $1, lock_at = now() WHERE id = ANY ($2)
