-- Whether the extension can be created, and whether its library is loaded.
SELECT
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS available,
    current_setting('timescaledb.license', true) IS NOT NULL AS preloaded
