-- Only where it was not known, or is just what the files have ($4); and unless somebody has written to the series since the stamp. Returns what it was thought
-- to be.
UPDATE barlift.series s
SET content = CASE WHEN s.content IS NULL OR $4 THEN $2::text::numeric ELSE s.content END, content_at = now()
FROM (SELECT id, content::text AS thought
      FROM barlift.series
      WHERE id = $1 AND content_at::text IS NOT DISTINCT FROM $3
      FOR NO KEY UPDATE) before
WHERE s.id = before.id
RETURNING before.thought
