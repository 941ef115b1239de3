//! The span `data.repository.load` of reading an attempt's files.
//!
//! Invariant: an attempt has one, from opening its first file to the end of its last; the reader does not know it.

use std::time::Duration;

use super::attempt::AttemptTelemetry;
use super::attribute as attr;
use super::catalogue::REPOSITORY_LOAD;
use super::phases::{Phase, milliseconds};
use super::span::Span;
use crate::bar::{Micros, format_time};
use crate::counts::int;
use crate::error::FileError;
use crate::source::position::Position;

/// What reading a batch took, and how far in the file it came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BatchReading {
    pub(crate) took: Duration,
    /// The part of that in which compressed bytes were decoded.
    pub(crate) decoding: Duration,
    pub(crate) read: Position,
}

#[derive(Debug)]
pub(crate) struct LoadSpan<'a> {
    telemetry: &'a AttemptTelemetry,
    span: Span,
    rows: u64,
    took: Duration,
    read: Position,
    range: Option<(Micros, Micros)>,
    failed: bool,
}

impl<'a> LoadSpan<'a> {
    /// Begins the span; `source` is the first file.
    #[must_use]
    pub(crate) fn start(telemetry: &'a AttemptTelemetry, timeframe: &str, source: &str) -> Self {
        let span = telemetry.span(&REPOSITORY_LOAD);
        span.set(attr::DATA_SYMBOL, &telemetry.symbol)
            .set(attr::DATA_TIMEFRAME, timeframe)
            .set(attr::DATA_BACKEND, "csv")
            .set(attr::SOURCE, source);
        Self {
            telemetry,
            span,
            rows: 0,
            took: Duration::ZERO,
            read: Position::default(),
            range: None,
            failed: false,
        }
    }

    /// Reading begins again from the start.
    pub(crate) fn again(&mut self) {
        (self.rows, self.range) = (0, None);
    }

    /// Adds a batch, with the first and the last time of its bars.
    pub(crate) fn batch(
        &mut self,
        rows: u64,
        range: Option<(Micros, Micros)>,
        BatchReading { took, decoding, read }: BatchReading,
    ) {
        self.telemetry.add(Phase::Read, took.saturating_sub(decoding));
        if !decoding.is_zero() {
            self.telemetry.add(Phase::Decode, decoding);
        }
        self.read = read;
        self.took += took;
        self.rows += rows;
        if let Some((first, last)) = range {
            let (start, end) = self.range.unwrap_or((first, last));
            self.range = Some((start.min(first), end.max(last)));
        }
    }

    pub(crate) fn fail(&mut self, e: &FileError) {
        self.failed = true;
        self.span.fail_with(e, &self.telemetry.symbol);
    }
}

/// However the attempt ends, the span gets its sums.
impl Drop for LoadSpan<'_> {
    fn drop(&mut self) {
        let range = self.range.map(|(start, end)| (format_time(start), format_time(end)));
        let (start, end) = range.unwrap_or_default();
        self.span
            .set(attr::DATA_ROWS_LOADED, int(self.rows))
            .set(attr::DB_QUERY_DURATION_MS, milliseconds(self.took))
            .set(attr::BYTES_STORED, int(self.read.stored))
            .set(attr::BYTES_DECODED, int(self.read.text))
            .set(attr::DATA_START_DATE, &start)
            .set(attr::DATA_END_DATE, &end);
        if !self.failed {
            self.span.ok();
        }
    }
}
