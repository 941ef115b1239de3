SELECT EXISTS (SELECT FROM barlift.bars WHERE series_id = ANY ($1) AND time BETWEEN $2 AND $3)
