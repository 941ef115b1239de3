COPY barlift.bars (series_id, time, {each value: *}) FROM STDIN (FORMAT binary)
