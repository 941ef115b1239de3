-- $1: task ids
SELECT task_id, kind, first_time, last_time, bars, identical, price_ratio, volume_ratio,
       extract(epoch FROM shifted_by)::double precision AS shifted_by_seconds
FROM barlift.difference_ranges
WHERE task_id = ANY ($1)
ORDER BY task_id, n
