-- Adds a digest to the content of a series. Content that is not known stays so.
-- $1: series id; $2: sum of the digest, as text
UPDATE barlift.series
SET content = mod(content + $2::text::numeric, 340282366920938463463374607431768211456), content_at = now()
WHERE id = $1
