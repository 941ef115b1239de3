SELECT EXISTS (
    SELECT FROM barlift.series s
    JOIN barlift.tasks t ON t.id = s.held_by
    WHERE s.id = $1 AND t.state || '' = 'running')
