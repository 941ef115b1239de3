COPY (
    -- The caller writes in: the series, and a condition on the time or nothing.
    SELECT time, {each value: *} FROM barlift.bars WHERE series_id = {series} {range} ORDER BY time
) TO STDOUT (FORMAT binary)
