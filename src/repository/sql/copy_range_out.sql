-- The caller writes in: series, first and last time of the range, at most how many.
COPY (
    SELECT time, {each *}
    FROM barlift.bars
    WHERE series_id = {series} AND time BETWEEN '{first}' AND '{last}'
    ORDER BY time
    LIMIT {limit}
) TO STDOUT (FORMAT binary)
