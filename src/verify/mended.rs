//! Adds the bars of mended rows: rows that were rejected and imported after a user had mended them.
//!
//! They count as bars of the files, since the original file still has the unmended row. If a file has a bar of the same
//! time, that bar counts instead. Invariant: bars are merged in time order, and a pass gives out each one once.

use super::VerifyAttempt;
use super::files::FileBars;
use crate::bar::{Bars, Micros};
use crate::error::Result;
use crate::finding::Place;
use crate::repository::mended;

/// The name of such bars in reports, in place of a path.
pub(super) const NAME: &str = "(mended rows)";

/// The series' bars of mended rows, and how many of them this pass has given out.
#[derive(Debug)]
pub(super) struct Mended {
    bars: Bars,
    at: usize,
    /// Number of bars given out.
    pub(super) given: u64,
    /// The number after those of the files.
    file: u32,
}

impl Mended {
    pub(super) async fn read(attempt: VerifyAttempt<'_>) -> Result<Self> {
        let bars = match attempt.lease.series_id {
            Some(series) => mended::read(&attempt.context.pool, series).await?,
            None => Bars::default(),
        };
        let file = u32::try_from(attempt.paths().len()).unwrap_or(u32::MAX);
        Ok(Self { bars, at: 0, given: 0, file })
    }

    /// The files begin again.
    pub(super) fn restart(&mut self) {
        (self.at, self.given) = (0, 0);
    }

    /// Merges the files' next bars with the mended ones up to the last of them.
    pub(super) fn merge(&mut self, next: FileBars) -> FileBars {
        let last = next.bars.time.last().copied();
        if last.is_none_or(|last| self.time().is_none_or(|time| time > last)) {
            return next;
        }
        let FileBars { bars, places, others, rows, bytes, reading } = next;
        let mut out = FileBars { others, rows, bytes, reading, ..FileBars::default() };
        for (i, place) in places.into_iter().enumerate() {
            let time = bars.time[i];
            self.give(&mut out, |mended| mended < time);
            if self.time() == Some(time) {
                self.at += 1;
            }
            out.bars.push(time, bars.values(i));
            out.places.push(place);
        }
        out
    }

    /// The mended bars after the files' last one, if there are any.
    pub(super) fn rest(&mut self) -> Option<FileBars> {
        let mut out = FileBars::default();
        self.give(&mut out, |_| true);
        (!out.bars.is_empty()).then_some(out)
    }

    fn time(&self) -> Option<Micros> {
        self.bars.time.get(self.at).copied()
    }

    fn give(&mut self, out: &mut FileBars, is_next: impl Fn(Micros) -> bool) {
        while let Some(time) = self.time().filter(|time| is_next(*time)) {
            out.bars.push(time, self.bars.values(self.at));
            out.places.push(Place { file: self.file, line: 0 });
            self.at += 1;
            self.given += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::Ohlcv;
    use crate::bar::columns::CLOSE;

    fn bars(times: &[Micros], close: f64) -> Bars {
        let mut bars = Bars::default();
        let values = Ohlcv::new(1.0, 9.0, 0.5, close, 1.0);
        times.iter().for_each(|&t| bars.push(t, values));
        bars
    }

    fn file(times: &[Micros]) -> FileBars {
        let places = (1..).take(times.len()).map(|line| Place { file: 0, line }).collect();
        FileBars { bars: bars(times, 1.0), places, ..FileBars::default() }
    }

    #[test]
    fn they_come_in_time_order_and_the_files_own_bars_win() {
        let mut mended = Mended { bars: bars(&[1, 3, 5, 7, 20, 30], 2.0), at: 0, given: 0, file: 1 };
        for _ in 0..2 {
            let got = mended.merge(file(&[2, 3, 4]));
            assert_eq!(got.bars.time, [1, 2, 3, 4]);
            assert_eq!(got.bars[CLOSE], [2.0, 1.0, 1.0, 1.0]);
            assert_eq!(
                got.places.iter().map(|p| (p.file, p.line)).collect::<Vec<_>>(),
                [(1, 0), (0, 1), (0, 2), (0, 3)]
            );
            assert!(mended.merge(file(&[])).bars.is_empty());
            assert_eq!(mended.merge(file(&[6, 8])).bars.time, [5, 6, 7, 8]);
            assert_eq!(mended.merge(file(&[9, 20])).bars.time, [9, 20]);
            assert_eq!(mended.rest().expect("one more").bars.time, [30]);
            assert!(mended.rest().is_none());
            assert_eq!(mended.given, 4);
            mended.restart();
        }
    }
}
