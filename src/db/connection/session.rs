//! The settings of every session, whatever the defaults of database, role and server are, and the check that they hold.
//!
//! They are sent as a statement after connecting: connection poolers refuse them as startup parameters, or ignore them.
//!
//! Invariant: no statement of barlift runs in a session before [`begin`](Session::begin), except those that ask what the
//! server is like.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

/// Setting and value, the value as SHOW shows it.
const SETTINGS: [(&str, &str); 16] = [
    // Settling must see what others have committed meanwhile.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    // The queue's migrations create objects without a schema; this puts them into `apalis`, so that a role needs no right
    // on `public`.
    ("search_path", "apalis,public"),
    // The text form of values in SQL.
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    // A batch takes as long as it takes; worker.task_timeout ends one that hangs. pg_dump sets these to 0, too.
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("transaction_timeout", "0"),
    // A listening session is idle by nature.
    ("idle_session_timeout", "0"),
    // No "relation already exists, skipping" and the like.
    ("client_min_messages", "error"),
    // With this, a series' bars are read in time order through the index. With the default, the server sorts them as
    // long as the table has no statistics.
    ("random_page_cost", "1.1"),
    // Overwriting a few bars in a compressed chunk may decompress more than TimescaleDB's limit.
    ("timescaledb.max_tuples_decompressed_per_dml_transaction", "0"),
];

/// Settings that the address of the database may override.
const TIMEOUTS: [&str; 3] = ["statement_timeout", "lock_timeout", "transaction_timeout"];

/// The statement that sets and checks all of it.
#[derive(Debug, Clone)]
pub(super) struct Session {
    statement: Arc<str>,
}

impl Session {
    /// A worker that froze inside a transaction must not hold its locks longer than its `lease`. A timeout in `given`, the
    /// options of the address, is kept.
    pub(super) fn new(lease: Duration, given: Option<&str>) -> Self {
        let given = |name: &str| TIMEOUTS.contains(&name) && given.is_some_and(|given| given.contains(name));
        let lease = as_shown(lease.as_millis());
        let wanted: Vec<String> = SETTINGS
            .into_iter()
            .chain([("idle_in_transaction_session_timeout", lease.as_str())])
            .filter(|(name, _)| !given(name))
            .map(|(name, value)| format!("('{name}', '{value}')"))
            .collect();
        let statement = include_str!("../sql/session.sql").replace("{wanted}", &wanted.join(", "));
        Self { statement: statement.into() }
    }

    /// Sets everything in one round trip. The error names the settings that do not hold.
    pub(super) async fn begin(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let statement = AssertSqlSafe(Arc::clone(&self.statement));
        let refused = sqlx::raw_sql(statement).fetch_all(connection).await?;
        if refused.is_empty() {
            return Ok(());
        }
        let named = refused.iter().map(named).collect::<sqlx::Result<Vec<_>>>()?;
        let message = format!("the session does not keep its settings: {}", named.join(", "));
        Err(sqlx::Error::Configuration(message.into()))
    }
}

fn named(row: &PgRow) -> sqlx::Result<String> {
    let (name, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    Ok(format!("{name} is `{value}`"))
}

/// Milliseconds as SHOW shows them: in the largest unit that they are a multiple of.
fn as_shown(milliseconds: u128) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
    let fits = units.into_iter().find(|(size, _)| milliseconds.is_multiple_of(*size));
    let (size, unit) = fits.unwrap_or((1, "ms"));
    format!("{}{unit}", milliseconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_the_server_shows_them() {
        for (milliseconds, shown) in
            [(30_000, "30s"), (1500, "1500ms"), (60_000, "1min"), (90_000, "90s"), (7_200_000, "2h")]
        {
            assert_eq!(as_shown(milliseconds), shown);
        }
    }

    #[test]
    fn a_timeout_of_the_connection_stays() {
        let session = |given| Session::new(Duration::from_secs(30), given).statement;
        assert!(session(None).contains("('statement_timeout', '0')"));
        let given = session(Some("-c statement_timeout=5min -c search_path=x"));
        assert!(
            !given.contains("('statement_timeout'") && given.contains("('search_path', 'apalis,public')")
        );
    }
}
