-- $1: the chunks' time range, as an interval
-- No index but the primary key: TimescaleDB's default index on time alone takes a third of the time of an import.
SELECT create_hypertable(
    'barlift.bars',
    by_range('time', $1::text::interval),
    create_default_indexes => false,
    migrate_data => true,
    if_not_exists => true)
