SELECT * FROM barlift.operations_overview WHERE id = $1
