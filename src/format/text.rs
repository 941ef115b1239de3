//! CSV and JSON lines.
//!
//! Invariant: a value is the shortest decimal that is read back as the same float64, also for `-0.0` and subnormals.

use std::io::{self, Write};

use super::{BarSink, Format, TIME};
use crate::bar::columns::{self, COUNT};
use crate::bar::{Bars, format_time, is_unknown, known};

/// Writes a line for each bar.
pub(super) struct TextWriter<W> {
    out: W,
    line: fn(&mut Vec<u8>, &str, [f64; COUNT]) -> io::Result<()>,
    /// Lines that are not written yet.
    buffer: Vec<u8>,
}

/// Bytes that are collected before a write.
const BUFFER: usize = 64 * 1024;

impl<W: Write> TextWriter<W> {
    pub(super) fn new(format: Format, mut out: W) -> io::Result<Self> {
        let line = if format == Format::JsonLines {
            json_line
        } else {
            let values: Vec<_> = columns::names().collect();
            writeln!(out, "{TIME},{}", values.join(","))?;
            csv_line
        };
        Ok(Self { out, line, buffer: Vec::with_capacity(BUFFER + 1024) })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> BarSink<W> for TextWriter<W> {
    fn write(&mut self, bars: &Bars) -> io::Result<()> {
        for (i, time) in bars.time.iter().enumerate() {
            (self.line)(&mut self.buffer, &format_time(*time), bars.values(i).to_array())?;
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn finish(self: Box<Self>) -> io::Result<W> {
        Ok(self.out)
    }
}

fn csv_line(line: &mut Vec<u8>, time: &str, values: [f64; COUNT]) -> io::Result<()> {
    line.extend_from_slice(time.as_bytes());
    for value in values {
        line.push(b',');
        match known(value) {
            None => {}
            Some(value) if value.is_finite() => number(line, value)?,
            Some(value) => write!(line, "{value}")?,
        }
    }
    line.push(b'\n');
    Ok(())
}

fn json_line(line: &mut Vec<u8>, time: &str, values: [f64; COUNT]) -> io::Result<()> {
    write!(line, "{{\"{TIME}\":\"{time}\"")?;
    for (name, value) in columns::names().zip(values).filter(|(_, value)| !is_unknown(*value)) {
        write!(line, ",\"{name}\":")?;
        number(line, value)?;
    }
    line.extend_from_slice(b"}\n");
    Ok(())
}

/// The shortest text, with an exponent where that is shorter (`5e-324`); `null` for what is not finite.
fn number(line: &mut Vec<u8>, value: f64) -> io::Result<()> {
    serde_json::to_writer(line, &value).map_err(io::Error::from)
}
