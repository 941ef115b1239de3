-- The content of a series that got bars of another one: the sum of both, if they had no time in common. Else it is not known,
-- since a bar that is gone cannot be subtracted here.
-- $1: id of the series that goes; $2: series id; $3: whether they had no time in common
UPDATE barlift.series t
SET content = CASE WHEN $3 THEN mod(t.content + s.content, 340282366920938463463374607431768211456) END, content_at = now()
FROM barlift.series s
WHERE t.id = $2 AND s.id = $1
