//! Integration tests: the real program against a real PostgreSQL.
//!
//! One server a run (started by [`support`]), one database a test, made from a template.

#![allow(missing_docs, unreachable_pub)]
// Helpers of tests may fail as tests do, and say what they skip.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod archives;
mod bad_input;
mod buckets;
mod bundles;
mod chaos;
mod cli;
mod cli_data;
mod columnar_files;
mod columnstore;
mod concurrent_commands;
mod concurrent_operations;
mod connections;
mod control;
mod data_repository;
mod database_faults;
mod database_sessions;
mod deadlocks;
mod deploy;
mod diagnose;
mod docs;
mod embedded;
mod hypertable;
mod import;
mod index;
mod inspect;
mod merge;
mod messages;
mod metrics;
mod names;
mod old_database;
mod operation_end;
mod outcomes;
mod places;
mod policies;
mod pooler;
mod presets;
mod properties;
mod proven_zones;
mod query_plans;
mod real_files;
mod rejected_rows;
mod rejected_rows_of_layouts;
mod restore;
mod samples;
mod security;
mod series_lock;
mod setup;
mod several_symbols;
mod shape_conflicts;
mod source_cache;
mod span_delivery;
mod support;
mod tracing;
mod verification_page;
mod verification_report;
mod verify;
mod wide_files;
mod workers;
