//! Reads the record batches of an Arrow stream or file.

use std::io::{self, BufRead as _, BufReader, Read};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};

use super::column::{Column, Kind, Unit, Values};
use super::{Chunks, ColumnarState};
use crate::source::encoding::Bytes;
use crate::source::ranges::Ranges;

const BUFFER: usize = 256 * 1024;
const MILLISECONDS_OF_A_DAY: i64 = 86_400_000;

/// An Arrow stream.
pub(super) struct ArrowStream<'a> {
    batches: StreamReader<BufReader<Tail<'a>>>,
    rows: u64,
}

/// The mark at the end of a stream. A writer may leave it out; then nobody can tell whether the stream is whole.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Remembers the last bytes that were read.
struct Tail<'a> {
    bytes: Bytes<'a>,
    last: [u8; 8],
}

impl Read for Tail<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        let kept = n.min(self.last.len());
        self.last.rotate_left(kept);
        let start = self.last.len() - kept;
        self.last[start..].copy_from_slice(&buffer[n - kept..n]);
        Ok(n)
    }
}

impl<'a> ArrowStream<'a> {
    pub(super) fn open(bytes: Bytes<'a>) -> io::Result<Self> {
        let bytes = BufReader::with_capacity(BUFFER, Tail { bytes, last: [0; 8] });
        let batches = StreamReader::try_new(bytes, None).map_err(io_error)?;
        Ok(Self { batches, rows: 0 })
    }
}

impl Chunks for ArrowStream<'_> {
    fn names(&self) -> Vec<String> {
        names(&self.batches.schema())
    }

    fn next(&mut self, state: &ColumnarState) -> io::Result<Option<Vec<Column>>> {
        let next = columns(self.batches.next(), &mut self.rows, state)?;
        if next.is_none() {
            let rest = self.batches.get_mut();
            if !rest.fill_buf()?.is_empty() {
                return Err(io::Error::other("something stands behind the end of the stream"));
            }
            if rest.get_ref().last != END {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(next)
    }
}

/// An Arrow file. It is not read as a stream behind eight bytes, for some writers (polars) put no end before its footer.
pub(super) struct ArrowFile {
    batches: FileReader<Ranges>,
    size: u64,
    read: u64,
    rows: u64,
}

impl ArrowFile {
    pub(super) fn open(file: Ranges) -> io::Result<Self> {
        let size = file.size();
        let batches = FileReader::try_new(file, None).map_err(io_error)?;
        Ok(Self { batches, size, read: 0, rows: 0 })
    }
}

impl Chunks for ArrowFile {
    fn names(&self) -> Vec<String> {
        names(&self.batches.schema())
    }

    fn next(&mut self, state: &ColumnarState) -> io::Result<Option<Vec<Column>>> {
        self.read += 1;
        let batches = u64::try_from(self.batches.num_batches()).unwrap_or(u64::MAX).max(1);
        state.has_read(self.size / batches * self.read.min(batches));
        let next = columns(self.batches.next(), &mut self.rows, state)?;
        if next.is_none() && self.read <= u64::try_from(self.batches.num_batches()).unwrap_or(u64::MAX) {
            return Err(io::Error::other("a record batch is missing"));
        }
        Ok(next)
    }
}

fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// The columns of a batch, behind so many rows.
fn columns(
    batch: Option<Result<RecordBatch, ArrowError>>,
    rows: &mut u64,
    state: &ColumnarState,
) -> io::Result<Option<Vec<Column>>> {
    let Some(batch) = batch.transpose().map_err(io_error)? else { return Ok(None) };
    state.begin_group(*rows);
    *rows += batch.num_rows() as u64;
    Ok(Some(batch.columns().iter().map(column).collect()))
}

fn column(array: &ArrayRef) -> Column {
    // Keys of no value mean nothing.
    if let Some(dictionary) =
        array.as_any_dictionary_opt().filter(|dictionary| !dictionary.values().is_empty())
    {
        return of_dictionary(dictionary.values(), &dictionary.normalized_keys(), array.as_ref());
    }
    Column { values: values(array), valid: valid(array.as_ref()) }
}

/// Which rows have a value; empty if all have.
fn valid(array: &dyn Array) -> Vec<bool> {
    if array.null_count() == 0 {
        Vec::new()
    } else {
        (0..array.len()).map(|row| array.is_valid(row)).collect()
    }
}

/// Rows that say by a number which of a few values they have.
fn of_dictionary(values: &ArrayRef, keys: &[usize], rows: &dyn Array) -> Column {
    let all = column(values);
    let is_there = |(row, key): (usize, &usize)| rows.is_valid(row) && all.valid.get(*key) != Some(&false);
    let valid = keys.iter().enumerate().map(is_there).collect();
    Column { values: all.values.taken(keys), valid }
}

fn values(array: &ArrayRef) -> Values {
    fn ints<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef) -> Vec<i64> {
        array.as_primitive::<T>().values().iter().map(|v| (*v).into()).collect()
    }
    fn unsigned<T: ArrowPrimitiveType<Native: Into<u64>>>(array: &ArrayRef) -> Values {
        Values::Unsigned(array.as_primitive::<T>().values().iter().map(|v| (*v).into()).collect())
    }
    fn floats<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &ArrayRef) -> Values {
        Values::Float(array.as_primitive::<T>().values().iter().map(|v| (*v).into()).collect())
    }
    fn decimals<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef, scale: i8) -> Values {
        match u32::try_from(scale) {
            Ok(scale) => Values::Decimal(
                array.as_primitive::<T>().values().iter().map(|v| (*v).into()).collect(),
                scale,
            ),
            Err(_) => Values::Unread(array.len(), array.data_type().to_string()),
        }
    }
    let text = |all: Vec<Option<&[u8]>>| {
        Values::Text(all.into_iter().map(|v| v.unwrap_or_default().to_vec()).collect())
    };
    match array.data_type() {
        DataType::Float64 => floats::<Float64Type>(array),
        DataType::Float32 => floats::<Float32Type>(array),
        DataType::Float16 => floats::<Float16Type>(array),
        DataType::Int64 => Values::Int(ints::<Int64Type>(array)),
        DataType::Int32 => Values::Int(ints::<Int32Type>(array)),
        DataType::Int16 => Values::Int(ints::<Int16Type>(array)),
        DataType::Int8 => Values::Int(ints::<Int8Type>(array)),
        DataType::UInt64 => unsigned::<UInt64Type>(array),
        DataType::UInt32 => unsigned::<UInt32Type>(array),
        DataType::UInt16 => unsigned::<UInt16Type>(array),
        DataType::UInt8 => unsigned::<UInt8Type>(array),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale),
        DataType::Timestamp(unit, zone) => {
            let kind = if zone.is_some() { Kind::Instant } else { Kind::Local };
            match unit {
                TimeUnit::Second => Values::Timestamp(ints::<TimestampSecondType>(array), Unit::Second, kind),
                TimeUnit::Millisecond => {
                    Values::Timestamp(ints::<TimestampMillisecondType>(array), Unit::Millisecond, kind)
                }
                TimeUnit::Microsecond => {
                    Values::Timestamp(ints::<TimestampMicrosecondType>(array), Unit::Microsecond, kind)
                }
                TimeUnit::Nanosecond => {
                    Values::Timestamp(ints::<TimestampNanosecondType>(array), Unit::Nanosecond, kind)
                }
            }
        }
        DataType::Date32 => Values::Date(ints::<Date32Type>(array)),
        DataType::Date64 => of_date64(ints::<Date64Type>(array)),
        DataType::Time32(TimeUnit::Second) => Values::Clock(ints::<Time32SecondType>(array), Unit::Second),
        DataType::Time32(_) => Values::Clock(ints::<Time32MillisecondType>(array), Unit::Millisecond),
        DataType::Time64(TimeUnit::Microsecond) => {
            Values::Clock(ints::<Time64MicrosecondType>(array), Unit::Microsecond)
        }
        DataType::Time64(_) => Values::Clock(ints::<Time64NanosecondType>(array), Unit::Nanosecond),
        DataType::Boolean => Values::Bool(array.as_boolean().iter().map(Option::unwrap_or_default).collect()),
        DataType::Utf8 => text(array.as_string::<i32>().iter().map(|v| v.map(str::as_bytes)).collect()),
        DataType::LargeUtf8 => text(array.as_string::<i64>().iter().map(|v| v.map(str::as_bytes)).collect()),
        DataType::Utf8View => text(array.as_string_view().iter().map(|v| v.map(str::as_bytes)).collect()),
        DataType::Binary => text(array.as_binary::<i32>().iter().collect()),
        DataType::LargeBinary => text(array.as_binary::<i64>().iter().collect()),
        DataType::BinaryView => text(array.as_binary_view().iter().collect()),
        DataType::Null => Values::Nothing(array.len()),
        other => Values::Unread(array.len(), other.to_string()),
    }
}

/// Days in milliseconds; some writers keep a time of day in them.
fn of_date64(values: Vec<i64>) -> Values {
    if values.iter().all(|v| v % MILLISECONDS_OF_A_DAY == 0) {
        return Values::Date(values.iter().map(|v| v / MILLISECONDS_OF_A_DAY).collect());
    }
    Values::Timestamp(values, Unit::Millisecond, Kind::Local)
}

/// The error of the library as one of reading or writing.
pub(crate) fn io_error(e: ArrowError) -> io::Error {
    match e {
        ArrowError::IoError(_, e) => e,
        other => io::Error::other(other),
    }
}
