ALTER TABLE barlift.bars ADD PRIMARY KEY (series_id, time);
