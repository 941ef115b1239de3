-- Whether `bars` is empty and no hypertable.
SELECT NOT EXISTS (
    SELECT FROM timescaledb_information.hypertables
    WHERE hypertable_schema = 'barlift' AND hypertable_name = 'bars')
AND NOT EXISTS (SELECT FROM barlift.bars)
