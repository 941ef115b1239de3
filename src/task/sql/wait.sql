-- The task waits for its series. The caller has locked both rows.
-- $1: task id; $2: series id
WITH waiting AS (
    UPDATE barlift.tasks
    -- One that still runs is taken over.
    SET waits_for = $2, state = 'pending', rescues = rescues + CASE state WHEN 'running' THEN 1 ELSE 0 END
    WHERE id = $1
)
UPDATE barlift.series SET waited_for = true WHERE id = $2
