//! Parquet: row groups of [`GROUP`] bars, times as differences, everything compressed with Snappy.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, TimeUnit};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::{has_nulls, lacks};
use crate::bar::columns::{COLUMNS, ValueColumn};
use crate::bar::{Bars, SeriesName, UNKNOWN, any_unknown, from_outside, is_unknown, known};
use crate::format::{BarSink, Chunks, TIME};

/// Bars in a row group: enough to compress well; they take 12 MB of memory until they are written.
const GROUP: usize = 256 * 1024;

fn schema() -> String {
    let value = |column: &ValueColumn| {
        let repetition = if column.is_required() { "required" } else { "optional" };
        format!("{repetition} double {};", column.name)
    };
    let values: String = COLUMNS.iter().map(value).collect();
    format!("message bars {{ required int64 {TIME} (TIMESTAMP(MICROS,true)); {values} }}")
}

/// Collects bars and writes them in row groups.
pub(in crate::format) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    group: Bars,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(super) fn new(series: &SeriesName, out: W) -> io::Result<Self> {
        let schema = parse_message_type(&schema()).map_err(io_error)?;
        let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
        let properties = WriterProperties::builder()
            .set_created_by(concat!("barlift ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY)
            .set_column_dictionary_enabled(ColumnPath::from(TIME), false)
            .set_column_encoding(ColumnPath::from(TIME), Encoding::DELTA_BINARY_PACKED)
            .set_sorting_columns(Some(vec![SortingColumn {
                column_idx: 0,
                descending: false,
                nulls_first: false,
            }]))
            .set_key_value_metadata(Some(vec![
                entry("symbol", &series.symbol),
                entry("timeframe", &series.timeframe),
            ]))
            .build();
        let file =
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(io_error)?;
        Ok(Self { file, group: Bars::default() })
    }

    fn end_group(&mut self) -> io::Result<()> {
        let bars = std::mem::take(&mut self.group);
        let mut group = self.file.next_row_group().map_err(io_error)?;
        write_column::<Int64Type, W>(&mut group, &bars.time, None)?;
        for (column, values) in COLUMNS.iter().zip(bars.columns()) {
            if column.is_required() {
                if any_unknown(values) {
                    return Err(io::Error::other(format!("a bar has no {}", column.name)));
                }
                write_column::<DoubleType, W>(&mut group, values, None)?;
            } else {
                let there: Vec<f64> = values.iter().copied().filter_map(known).collect();
                let levels: Vec<i16> = values.iter().map(|value| i16::from(!is_unknown(*value))).collect();
                write_column::<DoubleType, W>(&mut group, &there, Some(&levels))?;
            }
        }
        group.close().map_err(io_error)?;
        Ok(())
    }
}

impl<W: Write + Send> BarSink<W> for ParquetWriter<W> {
    fn write(&mut self, bars: &Bars) -> io::Result<()> {
        self.group.append(bars);
        if self.group.len() >= GROUP { self.end_group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<W> {
        if !self.group.is_empty() {
            self.end_group()?;
        }
        self.file.into_inner().map_err(io_error)
    }
}

/// Writes a column; `levels` are those of an optional one: 1 where it has a value.
fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> io::Result<()> {
    let Some(mut column) = group.next_column().map_err(io_error)? else {
        return Err(io::Error::other("the schema has too few columns"));
    };
    column.typed::<T>().write_batch(values, levels, None).map_err(io_error)?;
    column.close().map_err(io_error)
}

/// The row groups of a file.
pub(super) fn read(file: File) -> Result<Chunks, String> {
    let file = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    let groups = 0..file.num_row_groups();
    Ok(Box::new(groups.map(move |i| read_group(file.get_row_group(i).map_err(|e| e.to_string())?.as_ref()))))
}

fn read_group(group: &dyn RowGroupReader) -> Result<Bars, String> {
    let time = read_time(group)?;
    let mut values = COLUMNS.each_ref().map(|_| Vec::new());
    for (values, column) in values.iter_mut().zip(&COLUMNS) {
        *values = read_values(group, column)?;
    }
    Ok(Bars::from_columns(time, values))
}

fn read_time(group: &dyn RowGroupReader) -> Result<Vec<i64>, String> {
    let at = find::<Int64Type>(group, TIME)?.ok_or_else(|| lacks(TIME))?;
    match group.metadata().column(at).column_descr().logical_type_ref() {
        Some(LogicalType::Timestamp(t)) if matches!(t.unit, TimeUnit::MICROS) => {}
        other => return Err(format!("`time` is {other:?} instead of TIMESTAMP(MICROS, true)")),
    }
    let time = read_column::<Int64Type>(group, TIME, at)?;
    if time.levels.is_some() { Err(has_nulls(TIME)) } else { Ok(time.values) }
}

/// The values of a column; unknown where the row group has none and that is allowed.
fn read_values(group: &dyn RowGroupReader, column: &ValueColumn) -> Result<Vec<f64>, String> {
    let found = match find::<DoubleType>(group, column.name)? {
        Some(at) => read_column::<DoubleType>(group, column.name, at)?,
        None if column.is_required() => return Err(lacks(column.name)),
        None => return Ok(vec![UNKNOWN; row_count(group)?]),
    };
    let mut values = found.values.into_iter();
    match found.levels {
        None => Ok(values.map(|value| from_outside(Some(value))).collect()),
        Some(_) if column.is_required() => Err(has_nulls(column.name)),
        Some(levels) => {
            let mut value = |level: i16| if level > 0 { values.next() } else { None };
            Ok(levels.into_iter().map(|level| from_outside(value(level))).collect())
        }
    }
}

/// The index of a column, if the file has it; an error if it has another type.
fn find<T: DataType>(group: &dyn RowGroupReader, name: &str) -> Result<Option<usize>, String> {
    let columns = group.metadata().schema_descr().columns();
    let Some(at) = columns.iter().position(|c| c.path().string() == name) else { return Ok(None) };
    let (found, wanted) = (columns[at].physical_type(), T::get_physical_type());
    if found != wanted || columns[at].max_rep_level() > 0 {
        return Err(format!("`{name}` is {found} instead of {wanted}"));
    }
    Ok(Some(at))
}

/// A column as a row group has it.
struct ColumnValues<T> {
    /// Without the nulls.
    values: Vec<T>,
    /// If there are nulls, the level of each row: 0 for a null.
    levels: Option<Vec<i16>>,
}

fn read_column<T: DataType>(
    group: &dyn RowGroupReader,
    name: &str,
    at: usize,
) -> Result<ColumnValues<T::T>, String> {
    let rows = row_count(group)?;
    let reader = group.get_column_reader(at).map_err(|e| e.to_string())?;
    let mut reader = get_typed_column_reader::<T>(reader);
    let (mut values, mut levels) = (Vec::with_capacity(rows.min(GROUP)), Vec::new());
    let mut read = 0;
    while read < rows {
        let more = reader.read_records(rows, Some(&mut levels), None, &mut values);
        match more.map_err(|e| e.to_string())? {
            (0, _, _) => return Err(format!("`{name}` ends early")),
            (records, _, _) => read += records,
        }
    }
    let has_nulls = values.len() < rows;
    Ok(ColumnValues { values, levels: has_nulls.then_some(levels) })
}

fn row_count(group: &dyn RowGroupReader) -> Result<usize, String> {
    usize::try_from(group.metadata().num_rows()).map_err(|e| e.to_string())
}

fn io_error(e: ParquetError) -> io::Error {
    match e {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(e) => *e,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
