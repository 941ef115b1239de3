-- $1: operation id
SELECT finished_at IS NOT NULL FROM barlift.operations WHERE id = $1 FOR NO KEY UPDATE
