//! Finds the source files and reads them as bars.
//!
//! A source is one file with bars of one series. [`root`] is where sources are (a directory or a bucket), [`discover`]
//! lists them, `encoding` tells which files are sources and how they are stored, [`open`] is the only way to read one,
//! [`reader`] turns its lines into batches, and [`feed`] runs a reader on a thread of its own. `fields`, [`layout`],
//! [`lines`], [`number`], [`position`], `stored`, [`time`], [`time_set`] and [`quality`] are parts of the reader.
//! [`places`] finds what a user names, with globs (`matching`), and `listing` lists its files; [`pattern`] and `naming`
//! tell a file's series from its path, `steps` the timeframe from its rows, [`proof`] the zone of its times from its name
//! and first rows. `later_rows` reads some rows of a long file before the rest. [`repeats`] compares rows of one time,
//! [`advice`] says what would read a file.
//!
//! Invariant: memory is bounded by a few batches, a line, and the [set of the file's times](time_set), about two bytes
//! a row. Each data row becomes exactly one bar, repeat or rejected row. Nothing here knows the queue or the database.

pub mod advice;
mod archive;
mod bucket;
mod checksum;
mod columnar;
pub mod discover;
mod encoding;
pub(crate) mod extension;
pub mod feed;
mod fetch;
mod fields;
mod later_rows;
pub mod layout;
pub mod lines;
mod listing;
mod matching;
mod members;
mod naming;
pub mod number;
pub mod open;
pub mod pattern;
pub mod places;
pub mod position;
pub mod proof;
pub mod quality;
mod ranges;
pub mod reader;
pub mod repeats;
pub mod root;
mod steps;
mod stored;
pub mod text;
pub mod time;
pub mod time_set;

/// A regex that stands in the code. One that cannot be built is a fault of the build, such as a missing feature of the
/// crate, and must not be passed over.
fn built_in_regex(text: &str) -> regex::Regex {
    regex::Regex::new(text).unwrap_or_else(|error| unreachable!("{error}"))
}

#[cfg(test)]
mod tests;
