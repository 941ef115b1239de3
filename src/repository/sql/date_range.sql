SELECT min(time), max(time) FROM barlift.bars WHERE series_id = $1
