//! The files: finding them, and turning their bytes into bars.
//!
//! A source is one CSV file of one series. [`root`] is where sources lie (a directory, later a bucket),
//! [`discover`] lists them, [`reader`] turns one into batches, and [`feed`] runs a reader on a thread of
//! its own. The rest are the reader's parts: [`lines`], `fields`, [`header`], [`time`], [`number`], [`quality`], [`repeats`].
//!
//! Invariant: memory is bounded by a few batches and a line, but for a compressed set of the file's times
//! (two bytes a row for the usual timeframes), and each data row comes out exactly once: as a bar, a repeat of an earlier time, or a rejected row.
//! Nothing here knows of the queue or the database.

pub mod advice;
pub mod discover;
pub(crate) mod encoding;
pub mod feed;
mod fields;
pub mod header;
pub mod lines;
pub mod number;
pub mod open;
pub mod pattern;
pub mod quality;
pub mod reader;
pub mod repeats;
pub mod root;
pub mod seen;
mod stored;
pub mod time;

#[cfg(test)]
mod tests;
