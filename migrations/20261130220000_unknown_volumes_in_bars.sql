-- TimescaleDB can do this to a table with compression since 2.18.
DO $$
BEGIN
    ALTER TABLE barlift.bars ALTER COLUMN volume DROP NOT NULL;
EXCEPTION WHEN feature_not_supported THEN
    RAISE EXCEPTION 'this version of TimescaleDB cannot let the volumes of compressed bars be unknown: %', SQLERRM
        USING HINT = 'update the extension to 2.18 or later: ALTER EXTENSION timescaledb UPDATE';
END
$$;
