SELECT count(*) FROM barlift.bars WHERE series_id = $1 AND time BETWEEN $2 AND $3
