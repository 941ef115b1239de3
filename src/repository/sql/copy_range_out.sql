COPY (
    -- The caller writes in: the series, the first and the last time of the range, and at most how many bars.
    SELECT time, {each value: *}
    FROM barlift.bars
    WHERE series_id = {series} AND time BETWEEN '{first}' AND '{last}'
    ORDER BY time
    LIMIT {limit}
) TO STDOUT (FORMAT binary)
