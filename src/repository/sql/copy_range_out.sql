COPY (
    SELECT time, open, high, low, close, volume
    FROM barlift.bars
    WHERE series_id = {series} AND time BETWEEN '{first}' AND '{last}'
    ORDER BY time
    LIMIT {limit}
) TO STDOUT (FORMAT binary)
