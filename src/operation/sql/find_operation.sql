SELECT id
FROM barlift.operations
WHERE CASE
    WHEN $1 = 'latest' THEN id = (SELECT id FROM barlift.operations ORDER BY created_at DESC, id DESC LIMIT 1)
    ELSE strpos(lower(id), lower($1)) > 0
END
ORDER BY id = $1 DESC
LIMIT 2
