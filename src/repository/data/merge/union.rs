//! Makes one series of two.
//!
//! Invariant: the caller has locked both. No single bar is overwritten: all bars of one series stay, and the other one's go
//! where those leave room. TimescaleDB need not decompress anything then; and in 2.26 a DELETE that joins compressed bars
//! of two series may find none.

use sqlx::PgConnection;

use super::WHAT;
use crate::db::template::sql_template;
use crate::error::{During, Error, Result};
use crate::model::SeriesId;
use crate::repository::source_cache;

/// Two series that become one.
pub(super) struct Union {
    /// Keeps all its bars.
    pub(super) stays: SeriesId,
    /// Its bars whose times the other one lacks go there.
    pub(super) goes: SeriesId,
}

impl Union {
    /// Moves the bars, makes right what is kept about the series, and removes the one that goes. So many bars have a time that
    /// both have, and so many bars has the one that goes.
    pub(super) async fn make(&self, tx: &mut PgConnection, common: u64, bars: u64) -> Result<()> {
        sqlx::query(include_str!("../../sql/insert_plainly.sql")).execute(&mut *tx).await.during(WHAT)?;
        let copied = self.execute(tx, sql_template!("../../sql/copy_to_series.sql")).await?;
        let deleted = delete(tx, "DELETE FROM barlift.bars WHERE series_id = $1", self.goes).await?;
        if deleted != bars || copied + common < bars {
            return Err(Error::database(
                "another program wrote bars of these series meanwhile; nothing was changed",
                "try again",
            ));
        }
        self.execute(tx, sql_template!("../../sql/move_mended.sql")).await?;
        if copied > 0 {
            let query =
                sqlx::query(include_str!("../../sql/merge_content.sql")).bind(self.goes).bind(self.stays);
            query.bind(common == 0).execute(&mut *tx).await.during(WHAT)?;
            // An entry is believed while the number of bars in its file's range is right; other bars may make it so.
            source_cache::forget(tx, self.stays).await?;
        }
        source_cache::forget(tx, self.goes).await?;
        delete(tx, "DELETE FROM barlift.series WHERE id = $1", self.goes).await?;
        Ok(())
    }

    /// Runs a statement about the two series; returns how many rows it has written.
    async fn execute(&self, tx: &mut PgConnection, sql: &'static str) -> Result<u64> {
        let query = sqlx::query(sql).bind(self.goes).bind(self.stays);
        Ok(query.execute(tx).await.during(WHAT)?.rows_affected())
    }
}

/// How many rows of a series were deleted.
async fn delete(tx: &mut PgConnection, sql: &'static str, series: SeriesId) -> Result<u64> {
    Ok(sqlx::query(sql).bind(series).execute(tx).await.during(WHAT)?.rows_affected())
}
