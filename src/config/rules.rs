//! Rules that settings must keep: ranges, and settings that depend on each other.

use std::time::Duration;

use super::{Config, CsvConfig, Thousands};
use crate::error::{Error, Result};

/// Every wait must be shorter than this, so that adding it to the current time cannot overflow.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Whether a text contains a NUL. Operations store these settings as `jsonb`, which cannot contain one.
fn contains_nul(csv: &CsvConfig) -> bool {
    let c = &csv.columns;
    let texts = [&c.time, &c.date, &c.symbol].into_iter().chain(&c.values);
    let format = csv.time_format.as_ref().map(ToString::to_string);
    texts.flatten().chain(&format).any(|text| text.contains('\0'))
}

/// Refuses settings that are out of range or contradict each other.
pub(super) fn check(c: &Config) -> Result<()> {
    let heartbeats = |n: u32| c.worker.heartbeat.saturating_mul(n);
    let rules = [
        (
            c.database.max_connections == 0
                || c.database.max_connections as usize >= c.worker.concurrency.saturating_add(2),
            "database.max_connections must be at least worker.concurrency + 2 (or 0 for enough)",
        ),
        ((1..=1_000_000).contains(&c.import.batch_rows), "import.batch_rows must be 1 to 1000000"),
        ((1..=100_000).contains(&c.verify.sample_size), "verify.sample_size must be 1 to 100000"),
        (c.verify.max_differences <= 1_000_000, "verify.max_differences must be at most 1000000"),
        ((1..=256).contains(&c.worker.concurrency), "worker.concurrency must be 1 to 256"),
        (c.worker.heartbeat.as_millis() >= 100, "worker.heartbeat must be at least 100ms"),
        (
            c.worker.lease >= heartbeats(3),
            "worker.lease must be at least three times worker.heartbeat, or live workers seem dead",
        ),
        // The queue compares whole seconds since the last heartbeat.
        (
            c.worker.lease.saturating_sub(c.worker.heartbeat).as_secs() >= 1.max(heartbeats(2).as_secs()),
            "worker.lease must exceed worker.heartbeat by a second and by two further heartbeats",
        ),
        (c.worker.lease.as_secs() < 7 * 86_400, "worker.lease must be shorter than a week"),
        (c.worker.poll_interval.as_millis() >= 10, "worker.poll_interval must be at least 10ms"),
        (c.worker.task_timeout.as_secs() >= 1, "worker.task_timeout must be at least 1s"),
        (!c.database.connect_timeout.is_zero(), "database.connect_timeout must be longer than 0s"),
        (
            [
                c.database.connect_timeout,
                c.worker.poll_interval,
                c.worker.drain_timeout,
                c.worker.task_timeout,
                c.retry.max_backoff,
            ]
            .iter()
            .all(|wait| *wait < YEAR),
            "database.connect_timeout, worker.poll_interval, worker.drain_timeout, worker.task_timeout and \
             retry.max_backoff must be shorter than a year",
        ),
        (c.retry.max_attempts >= 1, "retry.max_attempts must be at least 1"),
        (
            c.retry.initial_backoff <= c.retry.max_backoff,
            "retry.initial_backoff must not exceed retry.max_backoff",
        ),
        (c.trace.max_spans >= 1, "trace.max_spans must be at least 1"),
        ((64..=1 << 30).contains(&c.csv.max_line.as_u64()), "csv.max_line must be 64B to 1GiB"),
        (
            c.csv.max_text.as_u64() > 0 && c.csv.max_ratio > 0,
            "csv.max_text and csv.max_ratio must be above 0",
        ),
        (
            !(c.csv.decimal_comma && c.csv.thousands == Thousands::Sign(',')),
            "csv.thousands cannot be the comma that csv.decimal_comma makes the decimal sign",
        ),
        (c.csv.price_decimals.is_none_or(|decimals| decimals <= 18), "csv.price_decimals must be 0 to 18"),
        (!contains_nul(&c.csv), "csv.time_format and csv.columns must not hold a NUL character"),
        (
            c.csv.columns.date.is_none() || c.csv.columns.time.is_some(),
            "csv.columns.date needs csv.columns.time, the column with the time of day",
        ),
    ];
    for (kept, rule) in rules {
        if !kept {
            return Err(Error::config(rule, "change it where it is set; defaults: config/default.toml"));
        }
    }
    Ok(())
}
