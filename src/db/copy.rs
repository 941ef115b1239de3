//! PostgreSQL's binary COPY format, for bars.
//!
//! Invariant: floats are sent as their eight bytes, so a query returns exactly the floats that were written. An unknown
//! value is NULL, a field without bytes.
//! The caller begins and ends the COPY.

use crate::bar::columns::COUNT;
use crate::bar::{Bars, Micros, Ohlcv, any_unknown, from_outside, is_unknown};
use crate::db::template::sql_template;
use crate::error::{Error, Result};
use crate::model::SeriesId;

/// The statement whose data [`encode`] makes.
#[must_use]
pub fn copy_bars() -> &'static str {
    sql_template!("sql/copy_bars_in.sql").trim_end()
}

/// Microseconds from 1970-01-01 to 2000-01-01; PostgreSQL counts from there.
const POSTGRES_EPOCH: Micros = 946_684_800_000_000;

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const HEADER_BYTES: usize = 19;
/// A field count of -1.
const END: [u8; 2] = [0xff, 0xff];
/// The length of NULL.
const NULL: [u8; 4] = (-1i32).to_be_bytes();
/// A time or a value with its length.
const FIELD_BYTES: usize = 4 + 8;
/// Field count, series, time and values.
const ROW_BYTES: usize = 2 + (4 + 4) + (1 + COUNT) * FIELD_BYTES;
/// The offset of the time in a row; the values follow, each after its length.
const FIRST_VALUE: usize = 2 + (4 + 4) + 4;

/// The bars of one series as a whole COPY message: header, rows, end.
#[must_use]
pub fn encode(series_id: SeriesId, bars: &Bars) -> Vec<u8> {
    messages(&[(series_id, bars)]).flatten().collect()
}

/// Rows in a message, unless a series has more.
const MESSAGE_ROWS: usize = 32 * 1024;

/// The bars of several series as the messages of a COPY.
pub fn messages<'s>(series: &'s [(SeriesId, &'s Bars)]) -> impl Iterator<Item = Vec<u8>> + 's {
    let (mut rest, mut is_first) = (series, true);
    std::iter::from_fn(move || {
        if rest.is_empty() && !is_first {
            return None;
        }
        let mut rows = 0;
        let fits = |(_, bars): &&(SeriesId, &Bars)| {
            let fits = rows == 0 || rows + bars.len() <= MESSAGE_ROWS;
            rows += bars.len();
            fits
        };
        let (now, later) = rest.split_at(rest.iter().take_while(fits).count());
        let mut out = Vec::with_capacity(HEADER_BYTES + rows * ROW_BYTES + 2);
        if is_first {
            out.extend_from_slice(SIGNATURE);
            // No flags, no header extension.
            out.extend_from_slice(&[0; 8]);
        }
        for (series_id, bars) in now {
            put_rows(&mut out, *series_id, bars);
        }
        if later.is_empty() {
            out.extend_from_slice(&END);
        }
        (rest, is_first) = (later, false);
        Some(out)
    })
}

fn put_rows(out: &mut Vec<u8>, series_id: SeriesId, bars: &Bars) {
    let columns = bars.columns();
    let mut row = row_of(series_id);
    let may_lack_some = columns.iter().any(|values| any_unknown(values));
    for (i, time) in bars.time.iter().enumerate() {
        put(&mut row, 0, (time - POSTGRES_EPOCH).to_be_bytes());
        for (field, column) in columns.iter().enumerate() {
            put(&mut row, 1 + field, column[i].to_be_bytes());
        }
        if may_lack_some {
            put_row_with_nulls(out, &row, bars.values(i));
        } else {
            out.extend_from_slice(&row);
        }
    }
}

fn put_row_with_nulls(out: &mut Vec<u8>, row: &[u8; ROW_BYTES], values: Ohlcv) {
    let (start, fields) = row.split_at(FIRST_VALUE + 8);
    out.extend_from_slice(start);
    for (field, value) in fields.chunks_exact(FIELD_BYTES).zip(values.to_array()) {
        out.extend_from_slice(if is_unknown(value) { &NULL } else { field });
    }
}

/// The bytes that all rows of a series share; the bars are still zero.
fn row_of(series_id: SeriesId) -> [u8; ROW_BYTES] {
    let mut row = [0; ROW_BYTES];
    row[..2].copy_from_slice(&(2 + COUNT as i16).to_be_bytes());
    row[2..6].copy_from_slice(&4i32.to_be_bytes());
    row[6..10].copy_from_slice(&series_id.0.to_be_bytes());
    for at in (FIRST_VALUE..ROW_BYTES).step_by(FIELD_BYTES) {
        row[at - 4..at].copy_from_slice(&8i32.to_be_bytes());
    }
    row
}

fn put(row: &mut [u8; ROW_BYTES], field: usize, value: [u8; 8]) {
    let at = FIRST_VALUE + field * FIELD_BYTES;
    row[at..at + 8].copy_from_slice(&value);
}

/// Turns the bytes of `COPY (SELECT time, {each value: *} …) TO STDOUT (FORMAT binary)` into bars,
/// however the bytes are divided.
///
/// A time that [`Micros`] cannot hold (`infinity`) becomes the nearest one that it can.
#[derive(Debug, Default)]
pub struct Decoder {
    left: Vec<u8>,
    begun: bool,
    ended: bool,
}

impl Decoder {
    /// Decodes the next bytes and appends the complete bars.
    ///
    /// # Errors
    /// [`Error::Internal`] if these are not bytes of such a COPY.
    pub fn take(&mut self, bytes: &[u8], bars: &mut Bars) -> Result<()> {
        // Servers send a row at a time, so usually the bytes are exactly one bar without NULL.
        if self.begun && self.left.is_empty() && take_whole(bytes, bars) {
            return Ok(());
        }
        if self.left.is_empty() {
            let rest = self.decode(bytes, bars)?;
            self.left.extend_from_slice(rest);
            return Ok(());
        }
        let mut joined = std::mem::take(&mut self.left);
        joined.extend_from_slice(bytes);
        let rest = self.decode(&joined, bars)?.len();
        joined.drain(..joined.len() - rest);
        self.left = joined;
        Ok(())
    }

    /// Decodes what is complete, and returns the rest.
    fn decode<'a>(&mut self, mut bytes: &'a [u8], bars: &mut Bars) -> Result<&'a [u8]> {
        if !self.begun {
            let Some((header, rows)) = bytes.split_at_checked(HEADER_BYTES) else { return Ok(bytes) };
            if !header.starts_with(SIGNATURE) || header[SIGNATURE.len()..] != [0; 8] {
                return Err(unexpected("header"));
            }
            self.begun = true;
            bytes = rows;
        }
        loop {
            if let Some(rest) = bytes.strip_prefix(&END) {
                self.ended = true;
                bytes = rest;
            }
            match row(bytes)? {
                Some((time, values, rest)) => {
                    bars.push(time, values);
                    bytes = rest;
                }
                None => return Ok(bytes),
            }
        }
    }

    /// To be called at the end of the stream.
    ///
    /// # Errors
    /// [`Error::Internal`] if the stream is not complete.
    pub fn finish(&self) -> Result<()> {
        if self.ended && self.left.is_empty() { Ok(()) } else { Err(unexpected("end")) }
    }
}

/// Field count, time and values, none of them NULL.
const BAR_BYTES: usize = 2 + (1 + COUNT) * FIELD_BYTES;

/// Appends the bar, if the bytes are exactly one that lacks nothing.
#[inline]
fn take_whole(bytes: &[u8], bars: &mut Bars) -> bool {
    let Ok(row) = <&[u8; BAR_BYTES]>::try_from(bytes) else { return false };
    let (count, mut rest) = row.split_at(2);
    let mut is_whole = count == (1 + COUNT as i16).to_be_bytes();
    let mut fields = [[0; 8]; 1 + COUNT];
    for field in &mut fields {
        let (length, after) = rest.split_at(4);
        is_whole &= length == 8i32.to_be_bytes();
        let (value, after) = after.split_at(8);
        field.copy_from_slice(value);
        rest = after;
    }
    if is_whole {
        let values = std::array::from_fn(|i| from_outside(Some(f64::from_be_bytes(fields[1 + i]))));
        bars.push(micros(fields[0]), Ohlcv::from_array(values));
    }
    is_whole
}

fn micros(bytes: [u8; 8]) -> Micros {
    i64::from_be_bytes(bytes).saturating_add(POSTGRES_EPOCH)
}

/// The first bar of these bytes, and the bytes behind it; none if they end within it.
#[inline]
fn row(bytes: &[u8]) -> Result<Option<(Micros, Ohlcv, &[u8])>> {
    let Some((count, mut rest)) = bytes.split_first_chunk() else { return Ok(None) };
    if *count != (1 + COUNT as i16).to_be_bytes() {
        return Err(unexpected("number of fields"));
    }
    let Some((time, after)) = field(rest)? else { return Ok(None) };
    let time = time.ok_or_else(|| unexpected("NULL as a time"))?;
    rest = after;
    let mut values = [0.0; COUNT];
    for value in &mut values {
        let Some((bits, after)) = field(rest)? else { return Ok(None) };
        *value = from_outside(bits.map(f64::from_be_bytes));
        rest = after;
    }
    Ok(Some((micros(time), Ohlcv::from_array(values), rest)))
}

/// The eight bytes of a field, none if it is NULL, and the bytes behind it.
type Field<'a> = (Option<[u8; 8]>, &'a [u8]);

/// The first field of these bytes; none if they end within it.
#[inline]
fn field(bytes: &[u8]) -> Result<Option<Field<'_>>> {
    let Some((length, rest)) = bytes.split_first_chunk() else { return Ok(None) };
    if *length == 8i32.to_be_bytes() {
        Ok(rest.split_first_chunk().map(|(value, rest)| (Some(*value), rest)))
    } else if *length == NULL {
        Ok(Some((None, rest)))
    } else {
        Err(unexpected("length of a field"))
    }
}

fn unexpected(what: &str) -> Error {
    Error::Internal(format!("COPY sent an unexpected {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::columns::{CLOSE, VOLUME};
    use crate::bar::{UNKNOWN, known};

    #[test]
    fn the_size_is_what_was_reserved() {
        let mut bars = Bars::default();
        let values = Ohlcv::from_array([1.5; COUNT]);
        bars.push(POSTGRES_EPOCH, values);
        bars.push(POSTGRES_EPOCH + 1, values);
        let bytes = encode(SeriesId(7), &bars);
        assert_eq!(bytes.len(), HEADER_BYTES + 2 * ROW_BYTES + 2);
        assert_eq!(bytes.capacity(), bytes.len());
        assert_eq!(&bytes[HEADER_BYTES..HEADER_BYTES + 10], [0, 2 + COUNT as u8, 0, 0, 0, 4, 0, 0, 0, 7]);
        assert_eq!(&bytes[bytes.len() - 2..], [0xff, 0xff]);
    }

    #[test]
    fn an_unknown_value_is_null_and_the_rows_behind_it_are_whole() {
        let whole = Ohlcv::from_array([1.5; COUNT]);
        let lacking = (CLOSE..COUNT).fold(whole, |bar, column| bar.with(column, UNKNOWN));
        let rows = |values: &[Ohlcv]| {
            let mut bars = Bars::default();
            values.iter().for_each(|v| bars.push(POSTGRES_EPOCH, *v));
            let bytes = encode(SeriesId(7), &bars);
            bytes[HEADER_BYTES..bytes.len() - 2].to_vec()
        };
        let want = rows(&[whole]);
        let mut null = want[..ROW_BYTES - (COUNT - CLOSE) * FIELD_BYTES].to_vec();
        (CLOSE..COUNT).for_each(|_| null.extend([0xff; 4]));
        assert_eq!(rows(&[lacking, whole]), [null, want].concat());
    }

    #[test]
    fn the_bits_of_the_unknown_value_are_a_nan_if_a_server_sends_them() {
        let mut bars = Bars::default();
        bars.push(0, Ohlcv::from_array([1.5; COUNT]));
        let mut bytes = sent(&bars);
        let at = bytes.len() - 2 - 8 * (COUNT - VOLUME) - 4 * (COUNT - VOLUME - 1);
        bytes[at..at + 8].copy_from_slice(&UNKNOWN.to_be_bytes());
        let mut got = Bars::default();
        Decoder::default().take(&bytes, &mut got).expect("taken");
        // In a row of its own, too.
        let mut decoder = Decoder::default();
        for part in [&bytes[..HEADER_BYTES], &bytes[HEADER_BYTES..bytes.len() - 2]] {
            decoder.take(part, &mut got).expect("taken");
        }
        assert_eq!(got.len(), 2);
        assert!(got[VOLUME].iter().all(|volume| volume.is_nan() && known(*volume).is_some()));
    }

    /// As a server would send it.
    fn sent(bars: &Bars) -> Vec<u8> {
        let mut out = [&SIGNATURE[..], &[0; 8]].concat();
        for i in 0..bars.len() {
            let v = bars.values(i);
            out.extend((1 + COUNT as i16).to_be_bytes());
            out.extend(8i32.to_be_bytes());
            out.extend((bars.time[i] - POSTGRES_EPOCH).to_be_bytes());
            for value in v.to_array() {
                match known(value) {
                    Some(value) => {
                        out.extend(8i32.to_be_bytes());
                        out.extend(value.to_be_bytes());
                    }
                    None => out.extend(NULL),
                }
            }
        }
        out.extend(END);
        out
    }

    #[test]
    fn what_was_sent_is_read_wherever_it_is_cut() {
        let mut bars = Bars::default();
        for i in 0..4i32 {
            let open = f64::from(i) + 0.1;
            let volume = if i == 2 { UNKNOWN } else { 1e22 };
            let mut values = Ohlcv::from_array([1e22; COUNT]);
            for (column, value) in [open, -0.0, 5e-324, f64::MAX, volume].into_iter().enumerate() {
                values[column] = value;
            }
            bars.push(i64::from(i) * 1_000_000 - 7, values);
        }
        let bytes = sent(&bars);
        for size in [1, 7, 19, BAR_BYTES, 100, bytes.len()] {
            let (mut decoder, mut got) = (Decoder::default(), Bars::default());
            for part in bytes.chunks(size) {
                decoder.take(part, &mut got).expect("taken");
            }
            decoder.finish().expect("whole");
            assert_eq!(got, bars, "in pieces of {size}");
        }
        // As servers send it: row by row.
        let (mut decoder, mut got) = (Decoder::default(), Bars::default());
        let mut rest = bytes.as_slice();
        let null = BAR_BYTES - 8;
        for size in [HEADER_BYTES, BAR_BYTES, BAR_BYTES, null, BAR_BYTES, END.len()] {
            let (part, behind) = rest.split_at(size);
            decoder.take(part, &mut got).expect("taken");
            rest = behind;
        }
        decoder.finish().expect("whole");
        assert_eq!((got, rest.len()), (bars, 0));
        let mut decoder = Decoder::default();
        decoder.take(&bytes[..bytes.len() - 2], &mut Bars::default()).expect("taken");
        assert!(decoder.finish().is_err(), "the end is missing");
        assert!(Decoder::default().take(&[7; 40], &mut Bars::default()).is_err());
    }
}
