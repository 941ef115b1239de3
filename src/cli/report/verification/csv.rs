//! The report as CSV: one line a differing bar, a rejected row or a duplicate.
//!
//! Invariant: one header for all kinds; fields that a kind does not have stay empty. Floats are exact.

use futures::TryStreamExt as _;

use super::PAGE;
use crate::cli::output;
use crate::cli::report::destination::Destination;
use crate::error::Result;
use crate::operation::verification::number::Values;
use crate::operation::verification::{Difference, Duplicate, Order, Rejected, Series, Snapshot};

const HEADER: [&str; 25] = [
    "kind",
    "symbol",
    "timeframe",
    "source",
    "line",
    "time",
    "rule",
    "reason",
    "csv_open",
    "csv_high",
    "csv_low",
    "csv_close",
    "csv_volume",
    "db_open",
    "db_high",
    "db_low",
    "db_close",
    "db_volume",
    "open_by",
    "high_by",
    "low_by",
    "close_by",
    "volume_by",
    "byte_offset",
    "raw",
];

/// Everything that was kept, series by series.
pub(in crate::cli::report) async fn csv(out: &mut Destination, snapshot: &mut Snapshot) -> Result<()> {
    let mut lines = Lines(csv::Writer::from_writer(out));
    lines.write(HEADER.map(|h| h.as_bytes().to_vec()))?;
    let (mut offset, mut left_out) = (0, 0);
    loop {
        let page = snapshot.series(Order::Name, offset, PAGE).await?;
        for series in &page {
            one(&mut lines, snapshot, series).await?;
            left_out += series.differences_left_out;
        }
        offset += page.len();
        if page.len() < PAGE {
            break;
        }
    }
    lines.0.flush().map_err(|e| lines.0.get_ref().failed(&e))?;
    if left_out > 0 {
        output::note(&format!(
            "{} more than verify.max_differences and not kept",
            output::counted(left_out, "differing bar was", "differing bars were")
        ));
    }
    Ok(())
}

async fn one(lines: &mut Lines<'_>, snapshot: &mut Snapshot, series: &Series) -> Result<()> {
    let mut differences = snapshot.differences(series, None);
    while let Some(d) = differences.try_next().await? {
        lines.difference(series, &d)?;
    }
    drop(differences);
    let mut rejected = snapshot.rejected(series, None);
    while let Some(r) = rejected.try_next().await? {
        lines.rejected(series, &r)?;
    }
    drop(rejected);
    series.duplicates.iter().try_for_each(|d| lines.duplicate(series, d))
}

struct Lines<'a>(csv::Writer<&'a mut Destination>);

type Fields = [Vec<u8>; HEADER.len()];

impl Lines<'_> {
    fn difference(&mut self, series: &Series, d: &Difference) -> Result<()> {
        let place = d.source.as_deref().zip(d.line);
        let mut fields = placed(d.kind.as_str(), series, place);
        fields[5] = text(&d.time);
        for (from, values) in [(8, &d.csv), (13, &d.db)] {
            for (field, v) in fields[from..].iter_mut().zip(values.iter().flat_map(Values::columns)) {
                *field = text(&v);
            }
        }
        for (i, name) in HEADER[8..13].iter().enumerate() {
            let column = d.columns.iter().find(|c| name.ends_with(c.column));
            fields[18 + i] = column.map(|c| text(&c.by)).unwrap_or_default();
        }
        self.write(fields)
    }

    fn rejected(&mut self, series: &Series, r: &Rejected) -> Result<()> {
        let mut fields = placed("rejected", series, Some((&r.source, r.line)));
        fields[6] = text(&r.rule);
        fields[7] = text(&r.reason);
        fields[23] = text(&r.byte_offset);
        fields[24].clone_from(&r.bytes);
        self.write(fields)
    }

    fn duplicate(&mut self, series: &Series, d: &Duplicate) -> Result<()> {
        self.write(placed("duplicate", series, Some((&d.source, d.line))))
    }

    fn write(&mut self, fields: Fields) -> Result<()> {
        self.0.write_record(fields).map_err(|e| self.0.get_ref().failed(&e))
    }
}

fn placed(kind: &str, series: &Series, place: Option<(&str, i64)>) -> Fields {
    let mut fields = Fields::default();
    fields[0] = text(kind);
    fields[1] = text(&series.symbol);
    fields[2] = text(&series.timeframe);
    if let Some((source, line)) = place {
        fields[3] = text(source);
        fields[4] = text(&line);
    }
    fields
}

fn text(value: &(impl ToString + ?Sized)) -> Vec<u8> {
    value.to_string().into_bytes()
}
