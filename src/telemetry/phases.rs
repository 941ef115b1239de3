//! Where the time of an attempt goes: sums over its phases, and its slowest statements.
//!
//! Invariant: measured whether or not spans are exported, and kept with the attempt in the database, so that
//! `barlift diagnose` needs no trace store. Phases do not overlap, except that reading runs ahead beside the others.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::counts::RowCounts;

/// Declares the phases: [`Phase`] and its names, and [`Phases`] with a sum for each.
macro_rules! phases {
    ($($(#[$doc:meta])* $phase:ident $name:ident;)+) => {
        /// A part of an attempt.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum Phase {
            $($(#[$doc])* $phase,)+
        }

        impl Phase {
            /// Its name in attributes, metrics and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$phase => stringify!($name),)+
                }
            }
        }

        /// The sums of all phases.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        #[allow(missing_docs)]
        pub struct Phases {
            $(pub $name: Timing,)+
        }

        impl Phases {
            /// One phase's sum.
            #[must_use]
            pub fn get(&self, phase: Phase) -> &Timing {
                match phase {
                    $(Phase::$phase => &self.$name,)+
                }
            }

            fn get_mut(&mut self, phase: Phase) -> &mut Timing {
                match phase {
                    $(Phase::$phase => &mut self.$name,)+
                }
            }
        }
    };
}

phases! {
    /// Reading and parsing the file; runs ahead of the others on a thread of its own.
    Read read;
    /// Decoding compressed files, with the reading of what is decoded; on the same thread as reading.
    Decode decode;
    /// Waiting for a connection of the pool.
    ConnectionWait connection_wait;
    /// Beginning and ending: the task's counters, the header, the source cache.
    Bookkeeping bookkeeping;
    /// Looking up which bars the database has.
    CheckExists check_exists;
    CompareValues compare_values;
    /// Writing bars and findings.
    InsertBatch insert_batch;
    Commit commit;
}

impl Phase {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Decode,
        Self::Bookkeeping,
        Self::ConnectionWait,
        Self::CheckExists,
        Self::CompareValues,
        Self::InsertBatch,
        Self::Commit,
    ];
}

impl Phases {
    pub(crate) fn add(&mut self, phase: Phase, took: Duration) {
        self.get_mut(phase).add(took);
    }

    /// Adds the sums of another attempt.
    pub(crate) fn merge(&mut self, other: &Self) {
        for phase in Phase::ALL {
            self.get_mut(phase).merge(other.get(phase));
        }
    }
}

/// A sum of durations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Milliseconds in all.
    pub ms: f64,
    /// How many there were.
    pub count: i64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
}

impl Timing {
    fn add(&mut self, took: Duration) {
        self.merge(&Self { ms: milliseconds(took), count: 1, max_ms: milliseconds(took) });
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.ms += other.ms;
        self.count += other.count;
        self.max_ms = self.max_ms.max(other.max_ms);
    }
}

/// A slow statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowStatement {
    /// `SELECT`, `COPY` …
    pub operation: String,
    /// The statement, without its parameters, cut at 500 characters.
    pub statement: String,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// Rows returned or written.
    pub rows: i64,
}

/// What `barlift.attempts` keeps of an attempt.
#[derive(Debug, Clone, Default)]
pub struct AttemptRecord {
    /// Its own rows, not those of the attempts before it.
    pub rows: RowCounts,
    /// Where its time went.
    pub phases: Phases,
    /// Its slowest statements.
    pub slowest: Slowest,
    /// Whether this process exports its span.
    pub exported: bool,
}

impl SlowStatement {
    /// The statement's first word: bars are written by COPY, for which `operation` is INSERT.
    pub(crate) fn verb(&self) -> &str {
        self.statement.split_whitespace().next().unwrap_or(&self.operation)
    }
}

/// How many slow statements an attempt keeps.
const KEPT: usize = 5;

/// The slowest statements, the slowest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slowest(Vec<SlowStatement>);

impl Slowest {
    /// Adds a statement if it is among the slowest.
    pub(crate) fn add(&mut self, took: Duration, operation: &str, statement: &str, rows: i64) {
        let ms = milliseconds(took);
        if self.0.len() == KEPT && self.0.last().is_some_and(|s| s.ms >= ms) {
            return;
        }
        let at = self.0.partition_point(|s| s.ms >= ms);
        let statement = super::attribute::cut(statement).to_owned();
        self.0.insert(at, SlowStatement { operation: operation.to_owned(), statement, ms, rows });
        self.0.truncate(KEPT);
    }

    pub(crate) fn statements(&self) -> &[SlowStatement] {
        &self.0
    }
}

/// Milliseconds with a fraction, as all durations in attributes are.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_kept_in_order() {
        let mut slowest = Slowest::default();
        for ms in [3, 9, 1, 7, 5, 8, 2] {
            slowest.add(Duration::from_millis(ms), "SELECT", "select 1", 1);
        }
        let kept: Vec<f64> = slowest.statements().iter().map(|s| s.ms).collect();
        assert_eq!(kept, [9.0, 8.0, 7.0, 5.0, 3.0]);
    }

    #[test]
    fn phases_read_back_what_an_older_version_wrote() {
        let mut phases: Phases =
            serde_json::from_str(r#"{"read": {"ms": 2, "count": 1, "max_ms": 2}}"#).expect("read");
        phases.add(Phase::Read, Duration::from_millis(4));
        assert_eq!(phases.read, Timing { ms: 6.0, count: 2, max_ms: 4.0 });
        assert_eq!(phases.get(Phase::Commit), &Timing::default());
    }
}
