-- Sets what each session of barlift relies on and returns the settings that do not hold: (name, setting).
-- barlift replaces {wanted} by rows (name, value as SHOW shows it). A setting that this server does not have is skipped.
-- The database's own statement_timeout may be shorter than this takes, so it is off until the end of this message; then the
-- session's value holds.
SET LOCAL statement_timeout = 0;
SELECT name, value
FROM (VALUES {wanted}) wanted (name, value)
WHERE CASE WHEN current_setting(name, true) IS NULL THEN false ELSE set_config(name, value, false) IS NULL END;
SELECT name, current_setting(name)
FROM (VALUES {wanted}) wanted (name, value)
WHERE current_setting(name, true) <> value
