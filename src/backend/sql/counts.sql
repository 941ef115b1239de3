SELECT (SELECT count(*) FROM barlift.series) AS series, (SELECT count(*) FROM barlift.operations) AS operations
