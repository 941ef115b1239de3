-- The last bars of a range, in time order.
-- $1: series id; $2, $3: first and last time; $4: at most so many
SELECT *
FROM (
    SELECT time, {each value: *}
    FROM barlift.bars
    WHERE series_id = $1 AND time BETWEEN $2 AND $3
    ORDER BY time DESC
    LIMIT $4
) b
ORDER BY time
