UPDATE apalis.jobs SET status = 'Killed', done_at = now() WHERE id = ANY ($1)
