//! PostgreSQL's binary COPY format, for bars.
//!
//! Invariant: floats are sent as their eight bytes, so a query returns exactly the floats that were written.
//! The caller begins and ends the COPY.

use crate::bar::columns::COUNT;
use crate::bar::{Bars, Micros, Ohlcv};
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
/// A time or a value with its length.
const FIELD_BYTES: usize = 4 + 8;
/// Field count, series, time and values.
const ROW_BYTES: usize = 2 + (4 + 4) + (1 + COUNT) * FIELD_BYTES;
/// The offset of the time in a row; the values follow, each after its length.
const FIRST_VALUE: usize = 2 + (4 + 4) + 4;

/// The bars of one series as a whole COPY message: header, rows, end.
#[must_use]
pub fn encode(series_id: SeriesId, bars: &Bars) -> Vec<u8> {
    encode_all(&[(series_id, bars)])
}

/// The bars of several series as a whole COPY message.
#[must_use]
pub fn encode_all(series: &[(SeriesId, &Bars)]) -> Vec<u8> {
    let rows: usize = series.iter().map(|(_, bars)| bars.len()).sum();
    let mut out = Vec::with_capacity(HEADER_BYTES + rows * ROW_BYTES + 2);
    out.extend_from_slice(SIGNATURE);
    // No flags, no header extension.
    out.extend_from_slice(&[0; 8]);
    for (series_id, bars) in series {
        put_rows(&mut out, *series_id, bars);
    }
    out.extend_from_slice(&END);
    out
}

fn put_rows(out: &mut Vec<u8>, series_id: SeriesId, bars: &Bars) {
    let columns = bars.columns();
    let mut row = row_of(series_id);
    for (i, time) in bars.time.iter().enumerate() {
        put(&mut row, 0, (time - POSTGRES_EPOCH).to_be_bytes());
        for (field, column) in columns.iter().enumerate() {
            put(&mut row, 1 + field, column[i].to_be_bytes());
        }
        out.extend_from_slice(&row);
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

/// Field count, time and values.
const BAR_BYTES: usize = 2 + (1 + COUNT) * FIELD_BYTES;

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
        // Servers send a row at a time, so usually the bytes are exactly one bar.
        if self.begun && self.left.is_empty() && bytes.len() == BAR_BYTES {
            return decode(bytes, bars);
        }
        self.left.extend_from_slice(bytes);
        let mut at = 0;
        if !self.begun {
            let Some(header) = self.left.get(..HEADER_BYTES) else { return Ok(()) };
            if !header.starts_with(SIGNATURE) || header[SIGNATURE.len()..] != [0; 8] {
                return Err(unexpected("header"));
            }
            self.begun = true;
            at = HEADER_BYTES;
        }
        loop {
            if self.left.get(at..at + 2) == Some(&END) {
                self.ended = true;
                at += END.len();
            }
            let Some(row) = self.left.get(at..at + BAR_BYTES) else { break };
            decode(row, bars)?;
            at += BAR_BYTES;
        }
        self.left.drain(..at);
        Ok(())
    }

    /// To be called at the end of the stream.
    ///
    /// # Errors
    /// [`Error::Internal`] if the stream is not complete.
    pub fn finish(&self) -> Result<()> {
        if self.ended && self.left.is_empty() { Ok(()) } else { Err(unexpected("end")) }
    }
}

fn decode(row: &[u8], bars: &mut Bars) -> Result<()> {
    let mut fields = [[0; 8]; 1 + COUNT];
    let (count, mut rest) = row.split_at(2);
    if count != (1 + COUNT as i16).to_be_bytes() {
        return Err(unexpected("number of fields"));
    }
    for field in &mut fields {
        let (length, after) = rest.split_at(4);
        if length != 8i32.to_be_bytes() {
            return Err(unexpected("length of a field"));
        }
        let (value, after) = after.split_at(8);
        field.copy_from_slice(value);
        rest = after;
    }
    let time = i64::from_be_bytes(fields[0]).saturating_add(POSTGRES_EPOCH);
    let values = std::array::from_fn(|i| f64::from_be_bytes(fields[1 + i]));
    bars.push(time, Ohlcv::from_array(values));
    Ok(())
}

fn unexpected(what: &str) -> Error {
    Error::Internal(format!("COPY sent an unexpected {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_what_was_reserved() {
        let mut bars = Bars::default();
        let values = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
        bars.push(POSTGRES_EPOCH, values);
        bars.push(POSTGRES_EPOCH + 1, values);
        let bytes = encode(SeriesId(7), &bars);
        assert_eq!(bytes.len(), HEADER_BYTES + 2 * ROW_BYTES + 2);
        assert_eq!(bytes.capacity(), bytes.len());
        assert_eq!(&bytes[HEADER_BYTES..HEADER_BYTES + 10], [0, 7, 0, 0, 0, 4, 0, 0, 0, 7]);
        assert_eq!(&bytes[bytes.len() - 2..], [0xff, 0xff]);
    }

    /// As a server would send it.
    fn sent(bars: &Bars) -> Vec<u8> {
        let mut out = [&SIGNATURE[..], &[0; 8]].concat();
        for i in 0..bars.len() {
            let v = bars.values(i);
            out.extend(6i16.to_be_bytes());
            out.extend(8i32.to_be_bytes());
            out.extend((bars.time[i] - POSTGRES_EPOCH).to_be_bytes());
            for value in v.to_array() {
                out.extend(8i32.to_be_bytes());
                out.extend(value.to_be_bytes());
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
            let values = Ohlcv::new(open, -0.0, 5e-324, f64::MAX, 1e22);
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
        let mut decoder = Decoder::default();
        decoder.take(&bytes[..bytes.len() - 2], &mut Bars::default()).expect("taken");
        assert!(decoder.finish().is_err(), "the end is missing");
        assert!(Decoder::default().take(&[7; 40], &mut Bars::default()).is_err());
    }
}
