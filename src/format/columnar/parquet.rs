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

use crate::bar::columns::{self, COLUMNS};
use crate::bar::{Bars, SeriesName};
use crate::format::TIME;

/// Bars in a row group: enough to compress well; they take 12 MB of memory until they are written.
const GROUP: usize = 256 * 1024;

fn schema() -> String {
    let values: String = columns::names().map(|name| format!("required double {name};")).collect();
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

    pub(super) fn write(&mut self, bars: &Bars) -> io::Result<()> {
        self.group.append(bars);
        if self.group.len() >= GROUP { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> io::Result<()> {
        let bars = std::mem::take(&mut self.group);
        let mut group = self.file.next_row_group().map_err(io_error)?;
        column::<Int64Type, W>(&mut group, &bars.time)?;
        for values in bars.columns() {
            column::<DoubleType, W>(&mut group, values)?;
        }
        group.close().map_err(io_error)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.group.is_empty() {
            self.end_group()?;
        }
        self.file.into_inner().map_err(io_error)
    }
}

fn column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
) -> io::Result<()> {
    let Some(mut column) = group.next_column().map_err(io_error)? else {
        return Err(io::Error::other("the schema has too few columns"));
    };
    column.typed::<T>().write_batch(values, None, None).map_err(io_error)?;
    column.close().map_err(io_error)
}

/// The row groups of a file.
pub(in crate::format) struct ParquetReader {
    file: SerializedFileReader<File>,
    next: usize,
}

impl ParquetReader {
    pub(super) fn new(file: File) -> Result<Self, String> {
        let file = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
        Ok(Self { file, next: 0 })
    }

    pub(super) fn next(&mut self) -> Result<Option<Bars>, String> {
        if self.next >= self.file.num_row_groups() {
            return Ok(None);
        }
        let group = self.file.get_row_group(self.next).map_err(|e| e.to_string())?;
        self.next += 1;
        let time = read_time(group.as_ref())?;
        let mut values = COLUMNS.each_ref().map(|_| Vec::new());
        for (values, name) in values.iter_mut().zip(columns::names()) {
            *values = read_column::<DoubleType>(group.as_ref(), name)?;
        }
        Ok(Some(Bars::from_columns(time, values)))
    }
}

fn read_time(group: &dyn RowGroupReader) -> Result<Vec<i64>, String> {
    let at = find::<Int64Type>(group, TIME)?;
    match group.metadata().column(at).column_descr().logical_type_ref() {
        Some(LogicalType::Timestamp(t)) if matches!(t.unit, TimeUnit::MICROS) => {}
        other => return Err(format!("`time` is {other:?} instead of TIMESTAMP(MICROS, true)")),
    }
    read_column::<Int64Type>(group, TIME)
}

/// The index of a column, if it has the right type.
fn find<T: DataType>(group: &dyn RowGroupReader, name: &str) -> Result<usize, String> {
    let columns = group.metadata().schema_descr().columns();
    let Some(at) = columns.iter().position(|c| c.path().string() == name) else {
        return Err(format!("it has no column `{name}`"));
    };
    let (found, wanted) = (columns[at].physical_type(), T::get_physical_type());
    if found != wanted || columns[at].max_rep_level() > 0 {
        return Err(format!("`{name}` is {found} instead of {wanted}"));
    }
    Ok(at)
}

fn read_column<T: DataType>(group: &dyn RowGroupReader, name: &str) -> Result<Vec<T::T>, String> {
    let at = find::<T>(group, name)?;
    let rows = usize::try_from(group.metadata().num_rows()).map_err(|e| e.to_string())?;
    let reader = group.get_column_reader(at).map_err(|e| e.to_string())?;
    let mut reader = get_typed_column_reader::<T>(reader);
    let (mut values, mut levels) = (Vec::with_capacity(rows.min(GROUP)), Vec::new());
    while values.len() < rows {
        let read = reader.read_records(rows, Some(&mut levels), None, &mut values);
        match read.map_err(|e| e.to_string())? {
            (0, _, _) => return Err(format!("`{name}` ends early")),
            (records, read, _) if records != read => return Err(format!("`{name}` has nulls")),
            _ => {}
        }
    }
    Ok(values)
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
