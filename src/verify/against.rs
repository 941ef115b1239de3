//! Compares two databases, series by series.
//!
//! Invariants: every bar of both is read in one pass, in time order and in bounded memory. Nothing is written on either
//! side. The other database may be of another version of barlift, if its tables `series` and `bars` are the same.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use sqlx::PgPool;

use super::classify::{self, DifferencePattern};
use super::comparison::{BarComparison, SideBuffer};
use super::{Extent, Findings};
use crate::bar::{Bars, Micros, Ohlcv, SeriesName};
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::Result;
use crate::model::{SeriesId, Verdict};
use crate::repository::compared;
use crate::repository::stream::BarStream;

/// A series of either database, and its ids.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) series: SeriesName,
    pub(crate) here: Option<SeriesId>,
    pub(crate) there: Option<SeriesId>,
}

/// One series in both databases. Hashes are content hashes (docs/verification.md), times are UTC.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SeriesComparison {
    #[serde(flatten)]
    pub(crate) series: SeriesName,
    /// `identical` or `differs`.
    pub(crate) verdict: Verdict,
    pub(crate) here: SideContent,
    pub(crate) there: SideContent,
    /// Bars that are the same.
    pub(crate) identical: u64,
    /// Bars with other values.
    pub(crate) different: u64,
    /// Bars that only this database has.
    pub(crate) only_here: u64,
    /// Bars that only the other database has.
    pub(crate) only_there: u64,
    /// How the bars differ, by ranges of time.
    pub(crate) ranges: Vec<RangeBetween>,
    /// Number of further ranges.
    pub(crate) ranges_left_out: u64,
    /// The first differing bars.
    pub(crate) differences: Vec<DifferenceBetween>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct SideContent {
    pub(crate) bars: u64,
    pub(crate) first: Option<jiff::Timestamp>,
    pub(crate) last: Option<jiff::Timestamp>,
    pub(crate) hash: String,
}

/// A range of time.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RangeBetween {
    #[serde(flatten)]
    pub(crate) kind: DifferencePattern,
    /// Time of its first bar.
    pub(crate) first: Option<jiff::Timestamp>,
    /// Time of its last bar.
    pub(crate) last: Option<jiff::Timestamp>,
    /// Number of bars; a bar that both sides have counts once.
    pub(crate) bars: u64,
    /// How many of them are identical.
    pub(crate) identical: u64,
    /// The pattern in words.
    pub(crate) says: String,
}

/// A bar that differs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DifferenceBetween {
    pub(crate) time: Option<jiff::Timestamp>,
    pub(crate) here: Option<Ohlcv>,
    pub(crate) there: Option<Ohlcv>,
}

/// The series of both databases; empty `symbols` or `timeframes` allow all.
pub(crate) async fn pairs(
    here: &PgPool,
    there: &PgPool,
    symbols: &[String],
    timeframes: &[String],
) -> Result<Vec<Pair>> {
    let mut ids: BTreeMap<SeriesName, [Option<SeriesId>; 2]> = BTreeMap::new();
    for (side, pool) in [here, there].into_iter().enumerate() {
        for (series, id) in compared::series(pool, symbols, timeframes).await? {
            ids.entry(series).or_default()[side] = Some(id);
        }
    }
    Ok(ids.into_iter().map(|(series, [here, there])| Pair { series, here, there }).collect())
}

/// Compares one series; at most `max_listed` differing bars are listed.
pub(crate) async fn compare(
    here: &PgPool,
    there: &PgPool,
    pair: &Pair,
    max_listed: usize,
) -> Result<SeriesComparison> {
    let mut ours = Stream::open(here, pair.here).await?;
    let mut theirs = Stream::open(there, pair.there).await?;
    let mut comparison = BarComparison::new(false, max_listed);
    while !(ours.side.is_done() && theirs.side.is_done()) {
        ours.fill().await?;
        theirs.fill().await?;
        comparison.advance(&mut ours.side, &mut theirs.side);
    }
    Ok(described(&pair.series, &comparison.finish()))
}

struct Stream<'a> {
    bars: Option<BarStream<'a>>,
    side: SideBuffer,
}

impl<'a> Stream<'a> {
    async fn open(pool: &'a PgPool, series: Option<SeriesId>) -> Result<Self> {
        const ALL: Option<Range<Micros>> = None;
        let bars = match series {
            Some(series) => Some(BarStream::open(TracedPool::call(pool), series, ALL).await?),
            None => None,
        };
        Ok(Self { bars, side: SideBuffer::default() })
    }

    async fn fill(&mut self) -> Result<()> {
        if !self.side.is_used_up() {
            return Ok(());
        }
        let next: Option<Bars> = match &mut self.bars {
            Some(bars) => bars.next().await?,
            None => None,
        };
        match next {
            Some(bars) => self.side.take(&bars),
            None => self.side.ended = true,
        }
        Ok(())
    }
}

fn described(series: &SeriesName, found: &Findings) -> SeriesComparison {
    let (here, there) = found.contents.unwrap_or_default();
    SeriesComparison {
        series: series.clone(),
        verdict: found.verdict(),
        here: content(found.csv, here),
        there: content(found.db, there),
        identical: found.identical,
        different: found.different,
        only_here: found.only_in_csv,
        only_there: found.only_in_db,
        ranges: found.classification.ranges.iter().map(range).collect(),
        ranges_left_out: found.classification.ranges_left_out,
        differences: found
            .listed
            .iter()
            .map(|d| DifferenceBetween { time: time(d.time), here: d.csv.map(|(_, v)| v), there: d.db })
            .collect(),
    }
}

fn range(r: &classify::PatternRange) -> RangeBetween {
    RangeBetween {
        kind: r.kind,
        first: time(r.first),
        last: time(r.last),
        bars: r.bars,
        identical: r.identical,
        says: r.kind.says_of_range(r.identical, "this database", "the other one"),
    }
}

fn content(extent: Extent, digest: SeriesDigest) -> SideContent {
    SideContent {
        bars: extent.bars,
        first: extent.first.and_then(time),
        last: extent.last.and_then(time),
        hash: digest.to_string(),
    }
}

/// None if it is beyond the calendar, as another writer may have stored it.
fn time(micros: Micros) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(micros).ok()
}
