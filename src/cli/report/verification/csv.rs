//! A verification as CSV: the differing bars, rejected rows and duplicates that were stored.

use futures::TryStreamExt as _;

use super::PAGE;
use crate::cli::output;
use crate::cli::report::csv_lines::{CsvLine, CsvLines};
use crate::cli::report::destination::Destination;
use crate::error::Result;
use crate::operation::verification::{Order, Snapshot, VerifiedSeries};

/// Writes all of them, series by series.
pub(in crate::cli::report) async fn csv(out: &mut Destination, snapshot: &mut Snapshot) -> Result<()> {
    let mut lines = CsvLines::begin(out, true)?;
    let (mut offset, mut left_out) = (0, 0);
    loop {
        let page = snapshot.series(Order::Name, offset, PAGE).await?;
        for one in &page {
            series(&mut lines, snapshot, one).await?;
            left_out += one.differences_left_out;
        }
        offset += page.len();
        if page.len() < PAGE {
            break;
        }
    }
    lines.finish()?;
    if left_out > 0 {
        output::note(&format!(
            "{} beyond verify.max_differences and not stored",
            output::counted(left_out, "differing bar was", "differing bars were")
        ));
    }
    Ok(())
}

async fn series(lines: &mut CsvLines<'_>, snapshot: &mut Snapshot, series: &VerifiedSeries) -> Result<()> {
    let mut differences = snapshot.differences(series, None);
    while let Some(d) = differences.try_next().await? {
        let source = d.source.as_deref().unwrap_or_default();
        lines.write(&CsvLine {
            time: Some(d.time),
            csv: d.csv,
            db: d.db,
            columns: &d.columns,
            ..line(series, d.kind.as_str(), source, d.line)
        })?;
    }
    drop(differences);
    let mut rejected = snapshot.rejected(series, None);
    while let Some(r) = rejected.try_next().await? {
        lines.write(&line(series, "rejected", &r.source, Some(r.line)).rejected(&r.rejection))?;
    }
    series
        .duplicates
        .iter()
        .try_for_each(|d| lines.write(&line(series, "duplicate", &d.source, Some(d.line))))
}

fn line<'a>(series: &'a VerifiedSeries, kind: &'a str, source: &'a str, line: Option<i64>) -> CsvLine<'a> {
    let (symbol, timeframe) = (&series.symbol, &series.timeframe);
    CsvLine { kind, symbol, timeframe, source, line, ..CsvLine::default() }
}
