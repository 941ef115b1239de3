//! An import's findings as CSV: one line a finding.
//!
//! Invariant: one header for all kinds; fields that a kind does not have stay empty.

use futures::TryStreamExt as _;
use sqlx::PgPool;

use crate::bar::Ohlcv;
use crate::cli::report::destination::Destination;
use crate::error::Result;
use crate::model::OperationId;
use crate::operation::report::{self, Place};

const CSV_HEADER: [&str; 20] = [
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
    "byte_offset",
    "raw",
];

/// All findings, the failed files first.
pub(in crate::cli::report) async fn csv(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
) -> Result<()> {
    let mut lines = CsvLines(csv::Writer::from_writer(out));
    lines.write(CSV_HEADER.iter().map(|h| h.as_bytes().to_vec()))?;
    let mut failed = report::failed(pool, id);
    while let Some(f) = failed.try_next().await? {
        let file = [&f.symbol, &f.timeframe, &f.source];
        lines.file("failed", file.map(String::as_str), f.class.as_str(), &f.message)?;
    }
    let mut conflicts = report::shape_conflicts(pool, id);
    while let Some(c) = conflicts.try_next().await? {
        let file = [&c.symbol, &c.timeframe, &c.source];
        lines.file("conflict", file.map(String::as_str), "", &c.message)?;
    }
    let mut mismatches = report::mismatches(pool, id);
    while let Some(m) = mismatches.try_next().await? {
        let done = if m.overwritten { "overwritten" } else { "kept" };
        lines.finding("mismatch", &m.place, Some(m.time), "", done, Some(&m.csv), Some(&m.db), None)?;
    }
    let mut rejected = report::rejected(pool, id);
    while let Some(r) = rejected.try_next().await? {
        lines.finding(
            "rejected",
            &r.place,
            None,
            &r.rule,
            &r.reason,
            None,
            None,
            Some((r.byte_offset, &r.bytes)),
        )?;
    }
    let mut issues = report::issues(pool, id);
    while let Some(i) = issues.try_next().await? {
        lines.finding(
            "issue",
            &i.place,
            Some(i.time),
            &i.rules.join(" "),
            "",
            Some(&i.values),
            None,
            None,
        )?;
    }
    lines.0.flush().map_err(|e| lines.0.get_ref().failed(&e))
}

struct CsvLines<'a>(csv::Writer<&'a mut Destination>);

impl CsvLines<'_> {
    /// Something about a whole file: its symbol, timeframe and path.
    fn file(&mut self, kind: &str, file: [&str; 3], rule: &str, reason: &str) -> Result<()> {
        let [symbol, timeframe, source] = file;
        let mut fields = vec![Vec::new(); CSV_HEADER.len()];
        let texts = [kind, symbol, timeframe, source, "", "", rule, reason];
        fields.iter_mut().zip(texts).for_each(|(field, text)| *field = text.as_bytes().to_vec());
        self.write(fields)
    }

    #[allow(clippy::too_many_arguments)] // one a column
    fn finding(
        &mut self,
        kind: &str,
        place: &Place,
        time: Option<jiff::Timestamp>,
        rule: &str,
        reason: &str,
        csv: Option<&Ohlcv>,
        db: Option<&Ohlcv>,
        raw: Option<(i64, &[u8])>,
    ) -> Result<()> {
        let text = |s: &str| s.as_bytes().to_vec();
        let mut fields = vec![
            text(kind),
            text(&place.symbol),
            text(&place.timeframe),
            text(&place.source),
            text(&place.line.to_string()),
            text(&time.map(|t| t.to_string()).unwrap_or_default()),
            text(rule),
            text(reason),
        ];
        for values in [csv, db] {
            let numbers = values.map(|v| [v.open, v.high, v.low, v.close, v.volume]);
            fields.extend((0..5).map(|i| text(&numbers.map(|n| n[i].to_string()).unwrap_or_default())));
        }
        fields.push(text(&raw.map(|(offset, _)| offset.to_string()).unwrap_or_default()));
        fields.push(raw.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default());
        self.write(fields)
    }

    fn write(&mut self, fields: impl IntoIterator<Item = Vec<u8>>) -> Result<()> {
        self.0.write_record(fields).map_err(|e| self.0.get_ref().failed(&e))
    }
}
