//! Compares a file that was read before with its series by their hashes, without parsing the file.
//!
//! Invariant: the whole file and the whole series are hashed anew. A file with rejected or duplicate rows is parsed
//! again, so that the report can name these rows.

use super::classify::{Classification, DifferencePattern, PatternRange};
use super::files::FilesSummary;
use super::{Extent, Findings, VerifyAttempt};
use crate::digest::SeriesDigest;
use crate::error::Result;
use crate::model::SeriesId;
use crate::repository::source_cache::{self, SourceDigest};
use crate::repository::stream::BarStream;
use crate::source::open::{Content, OpenSource};
use crate::source::reader::UTC;
use crate::source::root::Root;
use crate::task::read_key;

/// The findings if the digest of the file's bars is stored and the series has the same digest; none if all bars have to be
/// compared.
pub(super) async fn by_hash(attempt: VerifyAttempt<'_>, root: &Root) -> Result<Option<Findings>> {
    let VerifyAttempt { context, lease, task, options, telemetry } = attempt;
    // The rules of a time zone may have changed since the file was read.
    let is_utc = options.read.zone_by_name(&task.source) == Some(UTC);
    let applies = !options.force && task.more_sources.is_empty() && is_utc;
    let Some(series) = lease.series_id.filter(|_| applies) else { return Ok(None) };
    let key = read_key(&options.read, &task.source)?;
    if !source_cache::any_digest(&context.pool, &key).await? {
        return Ok(None);
    }
    let content = OpenSource::open_checked(root, &task.source).await?.hash().await?;
    let Some(digested) = source_cache::find_digest(&context.pool, &content.hash, &key).await? else {
        return Ok(None);
    };
    // A file without rows is read again: --allow-empty decides whether it is an error.
    if digested.rows == 0 || digested.rows != digested.digest.bars {
        return Ok(None);
    }
    let (db, digest) = digest_series(attempt, series).await?;
    if digest != digested.digest {
        return Ok(None);
    }
    telemetry.recognised();
    Ok(Some(identical(db, &digested, content)))
}

async fn digest_series(attempt: VerifyAttempt<'_>, series: SeriesId) -> Result<(Extent, SeriesDigest)> {
    let mut stream = BarStream::open(attempt.database(), series, None).await?;
    let (mut extent, mut digest) = (Extent::default(), SeriesDigest::default());
    while let Some(bars) = stream.next().await? {
        attempt.refuse_stopped()?;
        bars.time.iter().for_each(|&time| extent.add(time));
        digest.add_bars(&bars);
    }
    Ok((extent, digest))
}

fn identical(db: Extent, digested: &SourceDigest, content: Content) -> Findings {
    let mut classification = Classification::default();
    classification.ranges.extend(db.first.zip(db.last).map(|(first, last)| {
        let kind = DifferencePattern::Identical;
        PatternRange { kind, first, last, bars: db.bars, identical: db.bars }
    }));
    Findings {
        files: FilesSummary {
            rows: digested.rows,
            hashes: vec![content.hash],
            bytes: content.bytes,
            ..FilesSummary::default()
        },
        csv: db,
        db,
        identical: db.bars,
        classification,
        contents: Some((digested.digest, digested.digest)),
        by_hash: true,
        ..Findings::default()
    }
}
