SELECT to_regclass('barlift._sqlx_migrations') IS NOT NULL AND to_regclass('apalis.jobs') IS NOT NULL
