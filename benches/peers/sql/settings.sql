-- What somebody has set: all that differs from what PostgreSQL has by itself.
SELECT name, current_setting(name)
FROM pg_settings
WHERE source NOT IN ('default', 'override', 'client', 'session')
ORDER BY name;
