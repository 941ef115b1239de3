-- What has become of series that the caller has locked by an earlier statement: their names, whether they are known to
-- have no bars, and whether another running task has acquired them.
-- $1: series ids
SELECT s.id, s.symbol, s.timeframe, coalesce(s.content = 0, false) AS is_empty,
       EXISTS (SELECT FROM barlift.tasks t WHERE t.id = s.held_by AND t.state || '' = 'running') AS is_held
FROM barlift.series s
WHERE s.id = ANY ($1)
