//! Parquet: row groups of [`GROUP`] bars, times as differences, everything compressed with Snappy.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{DataType, DoubleType, Int64Type};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use crate::bar::columns::{COLUMNS, ValueColumn};
use crate::bar::{Bars, SeriesName, any_unknown, is_unknown, known};
use crate::format::{BarSink, TIME};
use crate::source::columnar::parquet_error as io_error;

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
