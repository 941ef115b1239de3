-- Counts differing bars in bins of equal length. $1: task id; $2 and $3: first and last time; $4: number of bins
SELECT
    kind,
    least(floor(extract(epoch FROM time - $2) * $4 / greatest(extract(epoch FROM $3 - $2), 0.000001)), $4 - 1)::integer AS bin,
    count(*) AS bars, min(time) AS first_time, max(time) AS last_time
FROM barlift.differences
WHERE task_id = $1 AND time BETWEEN $2 AND $3
GROUP BY 1, 2
ORDER BY 2, 1
