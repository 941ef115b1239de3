//! Merges one series into another: all its bars move, and it is gone.
//!
//! Invariant: one transaction has both series' rows locked against everybody (`lock_series_alone.sql`), and no running
//! task has acquired one of them. So nobody but a foreign program writes their bars meanwhile. Bars never leave the
//! server, however many they are.
//!
//! To keep bars, those of the second series stay. To overwrite them, those of the first one stay, and it gets the second
//! one's name ([`union`]).

mod conflict;
mod union;

use sqlx::PgConnection;

use super::{DataRepository, Renaming, rename, series};
use crate::bar::SeriesName;
use crate::config::OnConflict;
use crate::db::template::sql_template;
use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::{OperationId, SeriesId};
use crate::timeframe;
use union::Union;

pub use conflict::Conflict;

/// What a merge did, or would do, with the bars of the series that goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Bars whose times the other series did not have.
    pub moved: u64,
    /// Bars that the other series had with the same values.
    pub equal: u64,
    /// Bars that it had with other values. An unknown value is another one than any number.
    pub conflicts: u64,
}

/// What became of a series whose timeframe had another spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Respelled {
    /// No series had the right name: it has it now.
    Renamed,
    /// The series of the right name has its bars now.
    Merged(Merged),
}

/// How many conflicts are shown.
const SHOWN: i64 = 5;

const WHAT: &str = "merging series";

impl DataRepository {
    /// Moves all bars of the series `from` into `to`, and removes `from` with what is known of its files. Bars that both
    /// have with different values are left to `on_conflict`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::AlreadyThere`] with the first conflicts, if they are to fail it; [`Error::Usage`] for
    /// series that cannot be one; [`Error::Database`], also if an import or another program is writing to one of them.
    /// Nothing has changed then.
    pub async fn merge(&self, merging: &Renaming, on_conflict: OnConflict) -> Result<Merged> {
        let Renaming { from, to } = merging;
        refuse_unfit(from, to)?;
        let mut tx = transaction::begin(&self.pool).await.during(WHAT)?;
        let merged = merge(&mut tx, merging, on_conflict).await;
        // Now, and not when the connection is used again: until then the series would stay locked.
        let ended = if merged.is_ok() { tx.commit().await } else { tx.rollback().await };
        let merged = merged?;
        ended.during(WHAT)?;
        Ok(merged)
    }

    /// What [`merge`](Self::merge) would do, and the first conflicts. Nothing is changed or locked.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Usage`] as `merge`; [`Error::Database`]
    pub async fn preview_merge(&self, merging: &Renaming) -> Result<(Merged, Vec<Conflict>)> {
        let Renaming { from, to } = merging;
        refuse_unfit(from, to)?;
        let mut tx = transaction::begin(&self.pool).await.during(WHAT)?;
        let pair = Pair {
            from: series(&mut tx, &from.symbol, &from.timeframe).await?,
            into: series(&mut tx, &to.symbol, &to.timeframe).await?,
        };
        let merged = pair.compare(&mut tx).await?.merged;
        let first = if merged.conflicts > 0 { pair.conflicts(&mut tx).await? } else { Vec::new() };
        Ok((merged, first))
    }

    /// Gives a series of [`other_spellings`](Self::other_spellings) the name that it should have: renames it, or merges it
    /// into the series of that name.
    ///
    /// # Errors
    /// As [`rename`](Self::rename) and [`merge`](Self::merge)
    pub async fn respell(&self, renaming: &Renaming, on_conflict: OnConflict) -> Result<Respelled> {
        if self.exists(&renaming.to).await? {
            return self.merge(renaming, on_conflict).await.map(Respelled::Merged);
        }
        self.rename(renaming).await.map(|()| Respelled::Renamed)
    }

    /// Whether there is a series of this name.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn exists(&self, name: &SeriesName) -> Result<bool> {
        let found: Option<SeriesId> = sqlx::query_scalar(include_str!("../../sql/find_series.sql"))
            .bind(&name.symbol)
            .bind(&name.timeframe)
            .fetch_optional(&self.pool)
            .await
            .during("looking for the series")?;
        Ok(found.is_some())
    }
}

async fn merge(tx: &mut PgConnection, merging: &Renaming, on_conflict: OnConflict) -> Result<Merged> {
    let Renaming { from, to } = merging;
    let pair = Pair { from: lock(tx, from).await?, into: lock(tx, to).await? };
    let overwrites = on_conflict == OnConflict::Overwrite;
    let (stays, goes) = if overwrites { (pair.from, pair.into) } else { (pair.into, pair.from) };
    refuse_open_tasks(tx, goes, from).await?;
    let compared = pair.compare(tx).await?;
    if on_conflict == OnConflict::Fail && compared.merged.conflicts > 0 {
        return Err(conflict::refused(merging, &compared.merged, &pair.conflicts(tx).await?));
    }
    let bars = if overwrites { compared.bars_into } else { compared.bars_from };
    Union { stays, goes }.make(tx, compared.common(), bars).await?;
    if overwrites {
        rename::execute(tx, merging).await.during(WHAT)?;
    }
    Ok(compared.merged)
}

/// Refuses series that cannot be one.
pub(super) fn refuse_unfit(from: &SeriesName, to: &SeriesName) -> Result<()> {
    if from == to {
        return Err(Error::usage(
            format!("{from} cannot be merged with itself"),
            "name another series, which takes its bars",
        ));
    }
    match [from, to].map(|name| timeframe::length(&name.timeframe)) {
        [Some(a), Some(b)] if a != b => Err(Error::usage(
            format!("{from} is not merged into {to}: bars of different lengths are no series"),
            format!(
                "if the name of {from} is wrong, give it another one first: barlift data rename {from} {} wrong",
                from.symbol
            ),
        )),
        _ => Ok(()),
    }
}

/// Locks a series that no running task has acquired.
async fn lock(tx: &mut PgConnection, name: &SeriesName) -> Result<SeriesId> {
    // This error suggests names.
    series(tx, &name.symbol, &name.timeframe).await?;
    let locked: Result<Option<SeriesId>> =
        sqlx::query_scalar(include_str!("../../sql/lock_series_alone.sql"))
            .bind(&name.symbol)
            .bind(&name.timeframe)
            .fetch_optional(&mut *tx)
            .await
            .during(WHAT);
    let id = match locked {
        Err(e) if !e.is_lock_timeout() => return Err(e),
        Ok(Some(id)) => id,
        Ok(None) | Err(_) => return Err(busy(name)),
    };
    let held: bool = sqlx::query_scalar(include_str!("../../sql/is_held.sql"))
        .bind(id)
        .fetch_one(tx)
        .await
        .during(WHAT)?;
    if held { Err(busy(name)) } else { Ok(id) }
}

fn busy(name: &SeriesName) -> Error {
    Error::database(
        format!("somebody is importing, verifying, saving or merging {name} right now; nothing was changed"),
        "try again when that has ended; `barlift operations` lists what runs",
    )
}

/// Refuses to go on if a task waits for the series whose row goes, or would make the one of this name anew.
async fn refuse_open_tasks(tx: &mut PgConnection, goes: SeriesId, from: &SeriesName) -> Result<()> {
    let (open, operation): (i64, Option<OperationId>) =
        sqlx::query_as(include_str!("../../sql/open_tasks_of.sql"))
            .bind(goes)
            .bind(&from.symbol)
            .bind(&from.timeframe)
            .fetch_one(tx)
            .await
            .during(WHAT)?;
    let Some(operation) = operation else { return Ok(()) };
    let tasks = if open == 1 { "a task has" } else { &format!("{open} tasks have") };
    Err(Error::database(
        format!(
            "{from} is not merged: {tasks} still to work on these series ({operation}); nothing was changed"
        ),
        format!("try again when the operation has ended, or end it: barlift cancel {operation}"),
    ))
}

/// Two series that are locked, or only looked at.
struct Pair {
    from: SeriesId,
    into: SeriesId,
}

/// What a merge would do, and how many bars each series has.
struct Compared {
    merged: Merged,
    bars_from: u64,
    bars_into: u64,
}

impl Compared {
    /// How many bars have a time that both series have.
    fn common(&self) -> u64 {
        self.merged.equal + self.merged.conflicts
    }
}

impl Pair {
    async fn compare(&self, connection: &mut PgConnection) -> Result<Compared> {
        let counts: (i64, i64, i64, i64, i64) = sqlx::query_as(sql_template!("../../sql/compare_series.sql"))
            .bind(self.from)
            .bind(self.into)
            .fetch_one(connection)
            .await
            .during(WHAT)?;
        let [bars_from, bars_into, moved, equal, conflicts] = <[i64; 5]>::from(counts).map(i64::unsigned_abs);
        Ok(Compared { merged: Merged { moved, equal, conflicts }, bars_from, bars_into })
    }

    async fn conflicts(&self, connection: &mut PgConnection) -> Result<Vec<Conflict>> {
        sqlx::query_as(sql_template!("../../sql/conflicts_of_series.sql"))
            .bind(self.from)
            .bind(self.into)
            .bind(SHOWN)
            .fetch_all(connection)
            .await
            .during(WHAT)
    }
}
