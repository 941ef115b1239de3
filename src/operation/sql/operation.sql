-- $1: operation id
SELECT v.*, o.options ->> 'on_mismatch' AS on_mismatch
FROM barlift.operations_overview v
JOIN barlift.operations o USING (id)
WHERE v.id = $1
