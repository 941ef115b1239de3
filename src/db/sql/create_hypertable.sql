-- No index but the primary key: the usual one on time alone costs a third of the load.
SELECT create_hypertable(
    'barlift.bars',
    by_range('time', $1::text::interval),
    create_default_indexes => false,
    migrate_data => true,
    if_not_exists => true)
