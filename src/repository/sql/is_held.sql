-- Whether a running task has acquired the series.
-- $1: series id
SELECT EXISTS (
    SELECT FROM barlift.series s
    JOIN barlift.tasks t ON t.id = s.held_by
    WHERE s.id = $1 AND t.state || '' = 'running')
