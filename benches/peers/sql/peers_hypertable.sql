SELECT create_hypertable('public.bars', by_range('ts', INTERVAL '90 days'), create_default_indexes => false);
