-- Adds a digest to the content of each of these series, which the caller has locked. Content that is not known stays so.
-- $1: series ids; $2: sums of the digests, as text
UPDATE barlift.series s
SET content = mod(s.content + c.sum::numeric, 340282366920938463463374607431768211456), content_at = now()
FROM unnest($1::integer[], $2::text[]) AS c (id, sum)
WHERE s.id = c.id
