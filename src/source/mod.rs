//! Finds the source files and reads them as bars.
//!
//! A source is one file, or member of an archive, with bars of one series. [`root`] is where sources are (a directory, or a
//! bucket: `bucket`, `bucket_place`, `fetch`), `listing` lists its files by their names (`extension`), `members` puts the members of an
//! `archive` in its place, and [`discover`] tells the series of each. [`open`] is the only way to read a source: its `stored`
//! bytes are decoded to a [`text`] (`encoding`, `columnar`; `ranges` reads from any byte on), [`reader`] turns its lines into
//! batches, and [`feed`] runs a reader on a thread of its own. `fields`, [`layout`], [`lines`], [`number`], [`position`],
//! [`time`], [`time_set`] and [`quality`] are parts of the reader. [`places`] finds what a user names, with globs
//! (`matching`); [`pattern`] and `naming` tell a file's series from its path, `steps` the timeframe from its rows, [`proof`]
//! the zone of its times from its name and first rows. `later_rows` reads some rows of a long file before the rest,
//! `checksum` compares what a vendor says of a file. [`repeats`] compares rows of one time, [`advice`] says what would read
//! a file.
//!
//! Invariant: memory is bounded by a few batches, a line, what a decoder looks back at (of Arrow: a record batch), and the
//! [set of the file's times](time_set), about two bytes a row. Each data row becomes exactly one bar, repeat or rejected
//! row. Nothing here knows the queue or the database.

pub mod advice;
mod archive;
mod bucket;
mod bucket_place;
mod checksum;
#[cfg(feature = "columnar")]
pub(crate) mod columnar;
#[cfg(not(feature = "columnar"))]
#[path = "without_columnar.rs"]
mod columnar;
pub mod discover;
mod encoding;
pub(crate) mod extension;
pub mod feed;
mod fetch;
mod fields;
mod first_rows;
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
pub(crate) mod read_error;
pub mod reader;
pub mod repeats;
pub mod root;
mod row_lines;
mod steps;
mod stored;
pub mod text;
pub mod time;
pub mod time_set;
mod wide;

/// Why a build lacks some formats.
pub(crate) const WITHOUT_COLUMNAR: &str =
    "this barlift was built without Arrow and Parquet (its feature `columnar`)";

/// A regex that stands in the code. One that cannot be built is a fault of the build, such as a missing feature of the
/// crate, and must not be passed over.
fn built_in_regex(text: &str) -> regex::Regex {
    regex::Regex::new(text).unwrap_or_else(|error| unreachable!("{error}"))
}

#[cfg(test)]
mod tests;
