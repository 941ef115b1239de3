SELECT EXISTS (SELECT FROM barlift.bars WHERE series_id = ANY ($1) AND time >= $2 AND time < $3)
