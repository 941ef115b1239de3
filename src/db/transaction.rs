//! A transaction whose connection is used again only after it has committed.
//!
//! An attempt may be dropped at any await (its time is up, its worker stops), also in the middle of a COPY. sqlx then
//! leaves answers unread on the connection, and whoever gets it next would read them as its own. Invariant: such a
//! connection is closed, and the server rolls back.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};

/// Each statement sees what was committed before it began: whoever waits for a row's lock must see what the one
/// before it has done, whatever isolation level the database or the role has as its default.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// As [`BEGIN`]. A statement that waits for a lock for longer than half a second fails.
const BEGIN_BRIEF: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '500ms'";

/// Begins a transaction of a few short statements.
///
/// # Errors
/// Whatever the server says.
pub async fn begin(pool: &PgPool) -> sqlx::Result<sqlx::Transaction<'static, Postgres>> {
    pool.begin_with(BEGIN).await
}

/// [`begin`] on this connection.
///
/// # Errors
/// Whatever the server says.
pub(super) async fn begin_on(connection: &mut PgConnection) -> sqlx::Result<sqlx::Transaction<'_, Postgres>> {
    connection.begin_with(BEGIN).await
}

/// [`begin`] for one that holds locks others want, and asks for one that somebody may hold for minutes (`data save` holds
/// a series until its input ends). It gives up instead of waiting: [`Error::is_lock_timeout`].
///
/// [`Error::is_lock_timeout`]: crate::error::Error::is_lock_timeout
///
/// # Errors
/// Whatever the server says.
pub async fn begin_brief(pool: &PgPool) -> sqlx::Result<sqlx::Transaction<'static, Postgres>> {
    pool.begin_with(BEGIN_BRIEF).await
}

/// A transaction. Dropped before it has committed, it is rolled back and its connection closed.
#[derive(Debug)]
pub struct Transaction {
    connection: PoolConnection<Postgres>,
    committed: bool,
}

impl Transaction {
    pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<Self> {
        let mut transaction = Self { connection: pool.acquire().await?, committed: false };
        sqlx::raw_sql(BEGIN).execute(&mut *transaction.connection).await?;
        Ok(transaction)
    }

    /// Commits it.
    ///
    /// # Errors
    /// Whatever the server says; it is rolled back then.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::raw_sql("COMMIT").execute(&mut *self.connection).await?;
        self.committed = true;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}
