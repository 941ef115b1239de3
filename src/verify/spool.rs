//! An external merge sort: sorts more bars than memory holds, as sorted runs in a temporary file that are then merged.
//!
//! Invariant: memory is bounded by one run while bars are added, and by [`BUFFER`] bytes a run while they are
//! merged. The file has no name, so it goes with the process, however that ends.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;

use crate::bar::columns::COUNT;
use crate::bar::{Micros, Ohlcv};
use crate::finding::Place;

/// A bar and its place in the files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PlacedBar {
    /// Which of the files' series it is of; 0 if they have one.
    pub(super) series: u32,
    pub(super) time: Micros,
    pub(super) place: Place,
    pub(super) values: Ohlcv,
}

impl PlacedBar {
    /// Series by series. Of rows with one time, the first of the first file comes first.
    fn key(&self) -> Key {
        (self.series, self.time, self.place)
    }
}

type Key = (u32, Micros, Place);

/// Bytes of a bar in the file.
const BAR_BYTES: usize = 8 + 4 + 8 + 4 + 8 * COUNT;
/// Bytes of a run that are read at a time.
const BUFFER: usize = BAR_BYTES * 256;

#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    /// The start and the end of each run.
    runs: Vec<(u64, u64)>,
    end: u64,
}

impl Spool {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, runs: Vec::new(), end: 0 })
    }

    /// Sorts the bars and adds them as a run.
    pub(super) fn add(&mut self, entries: &mut [PlacedBar]) -> io::Result<()> {
        entries.sort_unstable_by_key(PlacedBar::key);
        let mut out = BufWriter::new(&self.file);
        entries.iter().try_for_each(|e| out.write_all(&encode(e)))?;
        out.flush()?;
        let start = self.end;
        self.end += (entries.len() * BAR_BYTES) as u64;
        self.runs.push((start, self.end));
        Ok(())
    }

    /// All bars, by series, by time and then by place.
    pub(super) fn merged(self) -> io::Result<MergedRuns> {
        let mut runs: Vec<SortedRun> =
            self.runs.iter().map(|&(at, end)| SortedRun { at, end, read: VecDeque::new() }).collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (i, run) in runs.iter_mut().enumerate() {
            if let Some(key) = run.peek(&self.file)? {
                heads.push(Reverse((key, i)));
            }
        }
        Ok(MergedRuns { file: self.file, runs, heads })
    }
}

#[derive(Debug)]
pub(super) struct MergedRuns {
    file: File,
    runs: Vec<SortedRun>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
}

impl MergedRuns {
    /// The series of the next bar.
    pub(super) fn series(&self) -> Option<u32> {
        self.heads.peek().map(|Reverse(((series, ..), _))| *series)
    }

    /// The next bar, if it is of this series.
    pub(super) fn next_of(&mut self, series: u32) -> io::Result<Option<PlacedBar>> {
        if self.series() == Some(series) { self.next() } else { Ok(None) }
    }

    fn next(&mut self) -> io::Result<Option<PlacedBar>> {
        let Some(Reverse((_, i))) = self.heads.pop() else { return Ok(None) };
        let entry = self.runs[i].read.pop_front();
        if let Some(key) = self.runs[i].peek(&self.file)? {
            self.heads.push(Reverse((key, i)));
        }
        Ok(entry)
    }
}

#[derive(Debug)]
struct SortedRun {
    /// The start of what is not read yet.
    at: u64,
    end: u64,
    read: VecDeque<PlacedBar>,
}

impl SortedRun {
    fn peek(&mut self, file: &File) -> io::Result<Option<Key>> {
        if self.read.is_empty() && self.at < self.end {
            let size = usize::try_from(self.end - self.at).unwrap_or(BUFFER).min(BUFFER);
            let mut bytes = vec![0; size];
            file.read_exact_at(&mut bytes, self.at)?;
            self.at += size as u64;
            self.read.extend(bytes.chunks_exact(BAR_BYTES).map(decode));
        }
        Ok(self.read.front().map(PlacedBar::key))
    }
}

fn encode(e: &PlacedBar) -> [u8; BAR_BYTES] {
    let mut out = [0; BAR_BYTES];
    out[..8].copy_from_slice(&e.time.to_le_bytes());
    out[8..12].copy_from_slice(&e.place.file.to_le_bytes());
    out[12..20].copy_from_slice(&e.place.line.to_le_bytes());
    out[20..24].copy_from_slice(&e.series.to_le_bytes());
    for (field, value) in out[24..].chunks_exact_mut(8).zip(e.values.to_array()) {
        field.copy_from_slice(&value.to_le_bytes());
    }
    out
}

fn decode(bytes: &[u8]) -> PlacedBar {
    fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&bytes[at..at + N]);
        out
    }
    let value = |i: usize| f64::from_le_bytes(field(bytes, 24 + 8 * i));
    PlacedBar {
        series: u32::from_le_bytes(field(bytes, 20)),
        time: i64::from_le_bytes(field(bytes, 0)),
        place: Place {
            file: u32::from_le_bytes(field(bytes, 8)),
            line: u64::from_le_bytes(field(bytes, 12)),
        },
        values: Ohlcv::from_array(std::array::from_fn(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::UNKNOWN;

    #[test]
    fn runs_come_out_in_one_order() {
        let mut spool = Spool::new().expect("a file");
        let mut all = Vec::new();
        // More than a buffer a run, times that come again in other files, and an empty run.
        for (file, rows) in [(0, 1000u32), (1, 0), (2, 700), (3, 1)] {
            let mut entries: Vec<PlacedBar> = (0..rows)
                .map(|i| PlacedBar {
                    series: i % 3,
                    time: i64::from(i * 7919 % 1009) - 500,
                    place: Place { file, line: u64::from(i) },
                    values: Ohlcv::new(
                        0.1,
                        -0.0,
                        5e-324,
                        f64::from(i),
                        if i % 3 == 0 { UNKNOWN } else { 1e22 },
                    ),
                })
                .collect();
            all.extend(entries.clone());
            spool.add(&mut entries).expect("added");
        }
        all.sort_by_key(PlacedBar::key);
        let mut merged = spool.merged().expect("merged");
        let mut got = Vec::new();
        while let Some(series) = merged.series() {
            while let Some(entry) = merged.next_of(series).expect("read") {
                got.push(entry);
            }
        }
        assert_eq!(got.len(), 1701);
        assert_eq!(got, all);
    }
}
