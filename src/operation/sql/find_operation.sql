SELECT id
FROM barlift.operations
WHERE CASE
    WHEN $1 = 'latest' THEN id = (SELECT id FROM barlift.operations ORDER BY created_at DESC, id DESC LIMIT 1)
    ELSE id = $1 OR starts_with(id, $1) OR right(id, length($1)) = $1
END
ORDER BY id = $1 DESC
LIMIT 2
