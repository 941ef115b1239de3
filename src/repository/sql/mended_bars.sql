-- $1: series id
SELECT time, {each value: *}
FROM barlift.mended_bars
WHERE series_id = $1
ORDER BY time
