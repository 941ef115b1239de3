SELECT (SELECT max(version) FROM barlift._sqlx_migrations), (SELECT max(version) FROM apalis._sqlx_migrations)
