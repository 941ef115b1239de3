//! The content of a series as barlift has left it: the digest of all its bars.
//!
//! Invariant: it changes on the transaction that changes the bars: by the task that has acquired the series,
//! by `data save`, or by `data merge`. It may be unknown (the series was made before this column existed, or another one
//! with times in common was merged into it), and stays so until a verification has read all bars.

use sqlx::{PgConnection, PgPool};

use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::model::SeriesId;

/// Bars were added (and others, that the digest has taken away, removed).
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn changed(connection: &mut PgConnection, series_id: SeriesId, by: &SeriesDigest) -> Result<()> {
    sqlx::query(include_str!("sql/change_content.sql"))
        .bind(series_id)
        // As text: PostgreSQL's integers are too small.
        .bind(by.sum.to_string())
        .execute(connection)
        .await
        .during("keeping the series' content")?;
    Ok(())
}

/// When barlift last wrote to the series, to be asked before its bars are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Option<String>);

/// The series' stamp.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn stamp(pool: &PgPool, series_id: SeriesId) -> Result<Stamp> {
    let at: Option<Option<String>> =
        sqlx::query_scalar("SELECT content_at::text FROM barlift.series WHERE id = $1")
            .bind(series_id)
            .fetch_optional(pool)
            .await
            .during("looking at the series' content")?;
    Ok(Stamp(at.flatten()))
}

/// All bars were read: this is what the series had, unless it was written to since `stamp`. Whether that is what
/// barlift had left there; none if it was not known, or is not known any more. What somebody else has changed is taken over
/// only if it is `right`, else each verification reports it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn found(
    connection: &mut PgConnection,
    series_id: SeriesId,
    content: &SeriesDigest,
    stamp: &Stamp,
    right: bool,
) -> Result<Option<bool>> {
    let thought: Option<Option<String>> = sqlx::query_scalar(include_str!("sql/set_content.sql"))
        .bind(series_id)
        .bind(content.sum.to_string())
        .bind(&stamp.0)
        .bind(right)
        .fetch_optional(connection)
        .await
        .during("keeping the series' content")?;
    Ok(thought.flatten().map(|thought| thought == content.sum.to_string()))
}
