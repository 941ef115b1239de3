-- What a merge of two series would do: all bars of each, those of the first whose times the second lacks, those that both
-- have with the same values, and those with different ones. NULL beside a number is a different value.
-- $1: series id; $2: id of the series that takes the bars
SELECT (SELECT count(*) FROM barlift.bars WHERE series_id = $1),
       (SELECT count(*) FROM barlift.bars WHERE series_id = $2),
       count(*) FILTER (WHERE t.time IS NULL),
       count(*) FILTER (WHERE t.time IS NOT NULL AND ({each value: s.*}) IS NOT DISTINCT FROM ({each value: t.*})),
       count(*) FILTER (WHERE t.time IS NOT NULL AND ({each value: s.*}) IS DISTINCT FROM ({each value: t.*}))
FROM (SELECT * FROM barlift.bars WHERE series_id = $1) s
LEFT JOIN (SELECT * FROM barlift.bars WHERE series_id = $2) t ON t.time = s.time
