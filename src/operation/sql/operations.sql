-- $1: how many
SELECT v.*, o.options ->> 'on_mismatch' AS on_mismatch
FROM barlift.operations_overview v
JOIN barlift.operations o USING (id)
ORDER BY v.created_at DESC, v.id DESC
LIMIT $1
