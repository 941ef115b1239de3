SELECT create_hypertable('barlift.bars', by_range('time', INTERVAL '90 days'), create_default_indexes => false);
