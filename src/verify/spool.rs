//! Sorting bars by time that are too many for memory: sorted runs in a temporary file, merged.
//!
//! Invariant: memory is bounded by one run while they are added, and by [`BUFFER`] a run while they are merged. The
//! file has no name, so it is gone with the process, however that ends.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;

use crate::bar::{Micros, Ohlcv};
use crate::finding::Place;

/// A bar and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entry {
    pub(super) time: Micros,
    pub(super) place: Place,
    pub(super) values: Ohlcv,
}

impl Entry {
    /// Of one time, the file's first row comes first.
    fn key(&self) -> (Micros, Place) {
        (self.time, self.place)
    }
}

/// Bytes of an entry in the file.
const ENTRY: usize = 8 + 4 + 8 + 5 * 8;
/// Bytes of a run that are read at once.
const BUFFER: usize = ENTRY * 256;

/// Runs of entries.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    /// Where each run begins and ends.
    runs: Vec<(u64, u64)>,
    end: u64,
}

impl Spool {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, runs: Vec::new(), end: 0 })
    }

    /// Adds a run of entries, in any order.
    pub(super) fn add(&mut self, entries: &mut [Entry]) -> io::Result<()> {
        entries.sort_unstable_by_key(Entry::key);
        let mut out = BufWriter::new(&self.file);
        entries.iter().try_for_each(|e| out.write_all(&encode(e)))?;
        out.flush()?;
        let start = self.end;
        self.end += (entries.len() * ENTRY) as u64;
        self.runs.push((start, self.end));
        Ok(())
    }

    /// All entries, by time and then by place.
    pub(super) fn merged(self) -> io::Result<Merged> {
        let mut runs: Vec<Run> =
            self.runs.iter().map(|&(at, end)| Run { at, end, read: VecDeque::new() }).collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (i, run) in runs.iter_mut().enumerate() {
            if let Some(key) = run.peek(&self.file)? {
                heads.push(Reverse((key, i)));
            }
        }
        Ok(Merged { file: self.file, runs, heads })
    }
}

/// The entries of all runs in order.
#[derive(Debug)]
pub(super) struct Merged {
    file: File,
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<((Micros, Place), usize)>>,
}

impl Merged {
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let Some(Reverse((_, i))) = self.heads.pop() else { return Ok(None) };
        let entry = self.runs[i].read.pop_front();
        if let Some(key) = self.runs[i].peek(&self.file)? {
            self.heads.push(Reverse((key, i)));
        }
        Ok(entry)
    }
}

#[derive(Debug)]
struct Run {
    /// What is not read yet.
    at: u64,
    end: u64,
    read: VecDeque<Entry>,
}

impl Run {
    fn peek(&mut self, file: &File) -> io::Result<Option<(Micros, Place)>> {
        if self.read.is_empty() && self.at < self.end {
            let size = usize::try_from(self.end - self.at).unwrap_or(BUFFER).min(BUFFER);
            let mut bytes = vec![0; size];
            file.read_exact_at(&mut bytes, self.at)?;
            self.at += size as u64;
            self.read.extend(bytes.chunks_exact(ENTRY).map(decode));
        }
        Ok(self.read.front().map(Entry::key))
    }
}

fn encode(e: &Entry) -> [u8; ENTRY] {
    let mut out = [0; ENTRY];
    out[..8].copy_from_slice(&e.time.to_le_bytes());
    out[8..12].copy_from_slice(&e.place.file.to_le_bytes());
    out[12..20].copy_from_slice(&e.place.line.to_le_bytes());
    let v = &e.values;
    for (field, value) in out[20..].chunks_exact_mut(8).zip([v.open, v.high, v.low, v.close, v.volume]) {
        field.copy_from_slice(&value.to_le_bytes());
    }
    out
}

fn decode(bytes: &[u8]) -> Entry {
    fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&bytes[at..at + N]);
        out
    }
    let value = |i: usize| f64::from_le_bytes(field(bytes, 20 + 8 * i));
    Entry {
        time: i64::from_le_bytes(field(bytes, 0)),
        place: Place {
            file: u32::from_le_bytes(field(bytes, 8)),
            line: u64::from_le_bytes(field(bytes, 12)),
        },
        values: Ohlcv { open: value(0), high: value(1), low: value(2), close: value(3), volume: value(4) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_out_in_one_order() {
        let mut spool = Spool::new().expect("a file");
        let mut all = Vec::new();
        // More than a buffer a run, times that come again in other files, and an empty run.
        for (file, rows) in [(0, 1000u32), (1, 0), (2, 700), (3, 1)] {
            let mut entries: Vec<Entry> = (0..rows)
                .map(|i| Entry {
                    time: i64::from(i * 7919 % 1009) - 500,
                    place: Place { file, line: u64::from(i) },
                    values: Ohlcv { open: 0.1, high: -0.0, low: 5e-324, close: f64::from(i), volume: 1e22 },
                })
                .collect();
            all.extend(entries.clone());
            spool.add(&mut entries).expect("added");
        }
        all.sort_by_key(Entry::key);
        let mut merged = spool.merged().expect("merged");
        let mut got = Vec::new();
        while let Some(entry) = merged.next().expect("read") {
            got.push(entry);
        }
        assert_eq!(got.len(), 1701);
        assert_eq!(got, all);
    }
}
