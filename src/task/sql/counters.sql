-- $1: task id
SELECT checkpoint, {each counter: *}
FROM barlift.tasks
WHERE id = $1
