-- The error of the compression policy's last run, if it failed. The view of errors shows a role only its own jobs.
SELECT coalesce(
    (SELECT e.err_message
     FROM timescaledb_information.job_errors e
     WHERE e.job_id = s.job_id
     ORDER BY e.start_time DESC
     LIMIT 1),
    'the server''s log has the reason')
FROM timescaledb_information.job_stats s
JOIN timescaledb_information.jobs j USING (job_id)
WHERE j.hypertable_schema = 'barlift' AND j.hypertable_name = 'bars' AND j.config ? 'compress_after'
  AND s.last_run_status = 'Failed'
