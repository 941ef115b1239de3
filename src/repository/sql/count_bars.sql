-- $1: series id; $2, $3: first and last time
SELECT count(*) FROM barlift.bars WHERE series_id = $1 AND time BETWEEN $2 AND $3
