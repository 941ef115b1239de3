-- The caller has locked both rows.
WITH waiting AS (
    UPDATE barlift.tasks SET waits_for = $2, state = 'pending', rescues = $3 WHERE id = $1
)
UPDATE barlift.series SET waited_for = true WHERE id = $2
