//! PostgreSQL's binary COPY format, for bars.
//!
//! Invariant: floats travel as their eight bytes, so what was in the columns is what a query returns.
//! It encodes; opening and ending the COPY is the caller's.

use crate::bar::{Bars, Micros};

/// The statement that the bytes of [`encode`] answer.
pub const COPY_BARS: &str =
    "COPY barlift.bars (series_id, time, open, high, low, close, volume) FROM STDIN (FORMAT binary)";

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL counts from.
const POSTGRES_EPOCH: Micros = 946_684_800_000_000;

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const HEADER_BYTES: usize = 19;
/// Field count, then seven fields with their lengths.
const ROW_BYTES: usize = 2 + (4 + 4) + 6 * (4 + 8);

/// The bars of one series as a whole COPY message: header, rows, end.
#[must_use]
pub fn encode(series_id: i32, bars: &Bars) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES + bars.len() * ROW_BYTES + 2);
    out.extend_from_slice(SIGNATURE);
    // No flags, no header extension.
    out.extend_from_slice(&[0; 8]);
    let columns = [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume];
    for (i, time) in bars.time.iter().enumerate() {
        out.extend_from_slice(&7i16.to_be_bytes());
        out.extend_from_slice(&4i32.to_be_bytes());
        out.extend_from_slice(&series_id.to_be_bytes());
        out.extend_from_slice(&8i32.to_be_bytes());
        out.extend_from_slice(&(time - POSTGRES_EPOCH).to_be_bytes());
        for column in columns {
            out.extend_from_slice(&8i32.to_be_bytes());
            out.extend_from_slice(&column[i].to_be_bytes());
        }
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::Ohlcv;

    #[test]
    fn the_size_is_what_was_reserved() {
        let mut bars = Bars::default();
        let values = Ohlcv { open: 1.0, high: 2.0, low: 0.5, close: 1.5, volume: 10.0 };
        bars.push(POSTGRES_EPOCH, values);
        bars.push(POSTGRES_EPOCH + 1, values);
        let bytes = encode(7, &bars);
        assert_eq!(bytes.len(), HEADER_BYTES + 2 * ROW_BYTES + 2);
        assert_eq!(bytes.capacity(), bytes.len());
        assert_eq!(&bytes[HEADER_BYTES..HEADER_BYTES + 10], [0, 7, 0, 0, 0, 4, 0, 0, 0, 7]);
        assert_eq!(&bytes[bytes.len() - 2..], [0xff, 0xff]);
    }
}
