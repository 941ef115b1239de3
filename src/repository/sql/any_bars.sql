-- $1: series ids; $2: first time; $3: the time behind the last
SELECT EXISTS (SELECT FROM barlift.bars WHERE series_id = ANY ($1) AND time >= $2 AND time < $3)
