COPY barlift.bars (series_id, time, {each *}) FROM STDIN (FORMAT binary)
