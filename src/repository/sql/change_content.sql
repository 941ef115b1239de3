-- What is not known stays so.
UPDATE barlift.series
SET content = mod(content + $2::text::numeric, 340282366920938463463374607431768211456), content_at = now()
WHERE id = $1
