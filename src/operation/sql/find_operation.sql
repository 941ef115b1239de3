-- $1: an id, a part of it, or `latest`
-- Only what follows the last underscore is compared, since all ids begin alike.
SELECT id
FROM barlift.operations
WHERE CASE
    WHEN $1 = 'latest' THEN id = (SELECT id FROM barlift.operations ORDER BY created_at DESC, id DESC LIMIT 1)
    ELSE strpos(lower(split_part(id, '_', 3)), lower(regexp_replace($1, '^.*_', ''))) > 0
END
ORDER BY id = $1 DESC
LIMIT 2
