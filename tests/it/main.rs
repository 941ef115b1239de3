//! Integration tests: the real program against a real PostgreSQL.
//!
//! One server a run (started by [`support`]), one database a test, made from a template.

#![allow(missing_docs, unreachable_pub)]
// Helpers of tests may fail as tests do, and say what they skip.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod bad_input;
mod chaos;
mod cli;
mod cli_data;
mod columnstore;
mod connecting;
mod control;
mod data;
mod deploy;
mod diagnose;
mod docs;
mod embedded;
mod ending;
mod faults;
mod hypertable;
mod import;
mod locks;
mod many;
mod many_hands;
mod mend;
mod metrics;
mod plans;
mod policies;
mod pooler;
mod properties;
mod real_files;
mod recognised;
mod restore;
mod samples;
mod security;
mod sessions;
mod setup;
mod shape_conflicts;
mod span_copies;
mod success;
mod support;
mod together;
mod tracing;
mod turns;
mod verification_page;
mod verification_report;
mod verify;
mod wide_files;
mod words;
mod workers;
