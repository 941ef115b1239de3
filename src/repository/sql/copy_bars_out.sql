COPY (
    SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time
) TO STDOUT (FORMAT binary)
