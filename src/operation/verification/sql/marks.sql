-- Differing bars by when they lie, in $4 bins of one length from $2 on to $3.
SELECT
    kind,
    least(floor(extract(epoch FROM time - $2) * $4 / greatest(extract(epoch FROM $3 - $2), 0.000001)), $4 - 1)::integer AS bin,
    count(*) AS bars, min(time) AS first_time, max(time) AS last_time
FROM barlift.differences
WHERE task_id = $1 AND time BETWEEN $2 AND $3
GROUP BY 1, 2
ORDER BY 2, 1
