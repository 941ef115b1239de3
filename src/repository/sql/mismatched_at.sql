-- $1: task id; $2: times
SELECT time, {each value: csv_* AS *}
FROM barlift.mismatches
WHERE task_id = $1 AND time = ANY ($2)
