-- Stores the content of a series whose bars were all read, unless somebody has written to the series since the stamp.
-- Content that was known is replaced only if the files have just these bars. Returns what the content was before.
-- $1: series id; $2: sum of the digest of its bars, as text; $3: the stamp, as text
-- $4: whether the files have just these bars
UPDATE barlift.series s
SET content = CASE WHEN s.content IS NULL OR $4 THEN $2::text::numeric ELSE s.content END, content_at = now()
FROM (SELECT id, content::text AS thought
      FROM barlift.series
      WHERE id = $1 AND content_at::text IS NOT DISTINCT FROM $3
      FOR NO KEY UPDATE) before
WHERE s.id = before.id
RETURNING before.thought
