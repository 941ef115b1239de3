-- What a batch has added to the counters of each series.
-- $1: task id; $2: the checkpoint behind it; $3: the series, as JSON
INSERT INTO barlift.task_series (task_id, checkpoint, series) VALUES ($1, $2, $3)
