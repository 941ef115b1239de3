-- Keeps what attempts have done since their last batch, how they end, or both. One UPDATE of each task, whatever of it
-- changes: docs/architecture.md, "Lock order". An attempt that has lost its task does not wait for the one that has it.
-- $1 to $24 and $26 have one element for each attempt.
-- $1: task ids; $2: the attempts' fences
-- Progress, NULL where there is none:
-- $3: checkpoint; $24: the same in stored bytes, NULL if it is the same number; $4: counters to add, as JSON with the
-- names of the columns; $5: whether the attempt read its source from the start again; $6: header; $7: ignored columns, as
-- JSON; $26: how the source is written, NULL if nothing was decided; $8: version of the source; $9, $10: first and last time; $11: verdict; $12: shape conflict; $13: whether the source
-- was recognised; $14: the task that has its findings
-- The attempt's record, NULL where it stays: $15: phases; $16: slowest statements; $17: its rows
-- The end, NULL where the attempt goes on:
-- $18: outcome (succeeded, failed, handed_back); $19: error class; $20: error message; $21: failures to count (0 or 1);
-- $22: whether another try may help; $23: whether the attempt's span is on its way to an exporter
-- $25: seconds after which such a span is due unless an exporter has taken it
WITH given AS (
    SELECT *
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::jsonb[], $5::boolean[], $6::bytea[], $7::jsonb[], $8::text[],
                $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::boolean[], $14::bigint[],
                $15::jsonb[], $16::jsonb[], $17::jsonb[], $18::text[], $19::text[], $20::text[], $21::integer[],
                $22::boolean[], $23::boolean[], $24::bigint[], $26::jsonb[])
         AS g (task_id, fence, checkpoint, counts, anew, header, ignored_columns, version,
               first_time, last_time, verdict, shape_conflict, recognised, findings_of,
               phases, slowest, attempt_rows, outcome, error_class, error_message, failures, may_pass, exported, stored_read, layout)
), clock AS MATERIALIZED (
    -- A transaction that has written bars may have begun a while ago.
    SELECT CASE WHEN bool_or(checkpoint IS NOT NULL) THEN clock_timestamp() ELSE now() END AS now FROM given
), held AS MATERIALIZED (
    SELECT t.id, o.traced, f.failures,
           CASE
               WHEN g.outcome IS NULL THEN t.state
               WHEN g.outcome = 'succeeded' THEN 'succeeded'
               WHEN g.outcome = 'handed_back' OR (g.may_pass AND f.failures < o.max_attempts) THEN 'pending'
               ELSE 'failed'
           END AS next_state
    FROM given g
    JOIN barlift.tasks t ON t.id = g.task_id AND t.fence = g.fence
    JOIN barlift.operations o ON o.id = t.operation_id
    CROSS JOIN LATERAL (
        -- What gets further is neither failing for good nor what kills its workers; but a file that changes all the time
        -- is read from its start again and again.
        SELECT CASE WHEN g.outcome = 'succeeded' OR NOT g.anew THEN 0 ELSE t.failures END + coalesce(g.failures, 0)
               AS failures
    ) f
    WHERE t.state || '' = 'running'
    ORDER BY t.id
    FOR NO KEY UPDATE OF t
), recorded AS (
    UPDATE barlift.tasks t
    SET state = h.next_state,
        pushes = t.pushes + CASE h.next_state WHEN 'pending' THEN 1 ELSE 0 END,
        attempts = t.attempts - CASE g.outcome WHEN 'handed_back' THEN 1 ELSE 0 END,
        failures = h.failures,
        rescues = CASE WHEN NOT g.anew THEN 0 ELSE t.rescues END,
        finished_at = CASE WHEN h.next_state NOT IN ('pending', 'running') THEN c.now END,
        error_class = CASE WHEN g.outcome IS NULL THEN t.error_class ELSE g.error_class END,
        error_message = CASE WHEN g.outcome IS NULL THEN t.error_message ELSE g.error_message END,
        checkpoint = coalesce(g.checkpoint, t.checkpoint),
        stored_read = CASE WHEN g.checkpoint IS NULL THEN t.stored_read ELSE g.stored_read END,
        {each counter: * = t.* + coalesce(n.*, 0)},
        header = coalesce(g.header, t.header),
        ignored_columns = CASE
            WHEN g.ignored_columns IS NULL THEN t.ignored_columns
            ELSE ARRAY(SELECT jsonb_array_elements_text(g.ignored_columns))
        END,
        layout = CASE WHEN g.ignored_columns IS NULL THEN t.layout ELSE g.layout END,
        source_version = coalesce(g.version, t.source_version),
        first_time = least(t.first_time, g.first_time),
        last_time = greatest(t.last_time, g.last_time),
        verdict = coalesce(g.verdict, t.verdict),
        shape_conflict = coalesce(g.shape_conflict, t.shape_conflict),
        recognised = coalesce(g.recognised, t.recognised),
        findings_of = coalesce(g.findings_of, t.findings_of)
    FROM given g
    JOIN held h ON h.id = g.task_id
    CROSS JOIN clock c
    CROSS JOIN LATERAL jsonb_populate_record(NULL::barlift.tasks, g.counts) n
    WHERE t.id = g.task_id
    RETURNING t.id, t.operation_id, t.state, t.failures
), attempts AS (
    -- Also while an attempt runs, so that one that dies has told where its time went.
    UPDATE barlift.attempts a
    SET finished_at = CASE WHEN g.outcome IS NOT NULL THEN c.now END,
        together = cardinality($1),
        outcome = g.outcome,
        error_class = g.error_class,
        error_message = g.error_message,
        phases = coalesce(g.phases, a.phases),
        slowest = coalesce(g.slowest, a.slowest),
        rows = coalesce(g.attempt_rows, a.rows),
        span_due_at = CASE WHEN g.exported AND h.traced THEN c.now + make_interval(secs => $25) END
    FROM given g
    JOIN held h ON h.id = g.task_id
    CROSS JOIN clock c
    WHERE a.task_id = g.task_id AND a.fence = g.fence
)
SELECT id AS task_id, operation_id, state = 'pending' AS again, failures FROM recorded
