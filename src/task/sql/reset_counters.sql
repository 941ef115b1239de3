-- $1: task id; $2: the source's version
UPDATE barlift.tasks
SET source_version = $2, checkpoint = 0, stored_read = NULL, header = NULL, ignored_columns = '{}', layout = NULL, recognised = false,
    findings_of = NULL, {each counter: * = 0}, verdict = NULL, shape_conflict = NULL, first_time = NULL, last_time = NULL
WHERE id = $1
