//! Which bars come from mended rows: rows that were rejected, edited, and imported in place of their files.
//!
//! Invariant: written on the transaction that writes the bars.

use sqlx::{PgConnection, PgPool};

use super::{BarRow, array, parameter};
use crate::bar::{Bars, Micros};
use crate::db::template::sql_template;
use crate::error::{During, Result};
use crate::model::{SeriesId, TaskId};

/// Records that these bars of the series come from mended rows.
pub(crate) async fn keep(
    tx: &mut PgConnection,
    series_id: SeriesId,
    task_id: TaskId,
    bars: &Bars,
) -> Result<()> {
    if bars.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql_template!("sql/keep_mended.sql"))
        .bind(series_id)
        .bind(task_id)
        .bind(bars.time.iter().map(|&t: &Micros| parameter(t)).collect::<Vec<_>>());
    let query = bars.columns().iter().fold(query, |query, values| query.bind(array(values)));
    query.execute(tx).await.during("keeping which bars are of mended rows")?;
    Ok(())
}

/// The series' bars that come from mended rows, in time order.
pub(crate) async fn read(pool: &PgPool, series_id: SeriesId) -> Result<Bars> {
    let rows: Vec<BarRow> = sqlx::query_as(sql_template!("sql/mended_bars.sql"))
        .bind(series_id)
        .fetch_all(pool)
        .await
        .during("reading which bars are of mended rows")?;
    let mut bars = Bars::with_capacity(rows.len());
    for (time, values) in rows.into_iter().map(BarRow::bar) {
        bars.push(time, values);
    }
    Ok(bars)
}
