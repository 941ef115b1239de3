-- $1: task id; $2: times; $3: symbol, '' where the task has one
SELECT time, {each value: csv_* AS *}
FROM barlift.mismatches
WHERE task_id = $1 AND symbol = $3 AND time = ANY ($2)
