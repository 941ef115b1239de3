SELECT * FROM barlift.operations_overview ORDER BY created_at DESC, id DESC LIMIT $1
