//! Arrow IPC: one record batch for each chunk, not compressed, so that readers can map a file into memory.

use std::collections::HashMap;
use std::io::{self, BufRead, Read, Seek, Write};
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use super::{has_nulls, lacks};
use crate::bar::columns::{COLUMNS, ValueColumn};
use crate::bar::{Bars, SeriesName, UNKNOWN, any_unknown, from_outside, known};
use crate::format::{BarSink, Chunks, Format, TIME};

/// Writes record batches.
pub(in crate::format) struct ArrowWriter<W: Write> {
    schema: SchemaRef,
    inner: Inner<W>,
}

enum Inner<W: Write> {
    File(Box<FileWriter<W>>),
    Stream(Box<StreamWriter<W>>),
}

impl<W: Write> ArrowWriter<W> {
    pub(super) fn new(format: Format, series: &SeriesName, out: W) -> io::Result<Self> {
        let schema = Arc::new(schema(series));
        let inner = if format == Format::ArrowFile {
            Inner::File(Box::new(FileWriter::try_new(out, &schema).map_err(io_error)?))
        } else {
            Inner::Stream(Box::new(StreamWriter::try_new(out, &schema).map_err(io_error)?))
        };
        Ok(Self { schema, inner })
    }
}

impl<W: Write> BarSink<W> for ArrowWriter<W> {
    fn write(&mut self, bars: &Bars) -> io::Result<()> {
        let time = TimestampMicrosecondArray::from(bars.time.clone()).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![Arc::new(time)];
        columns.extend(bars.columns().iter().map(|values| array(values)));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(io_error)?;
        match &mut self.inner {
            Inner::File(w) => w.write(&batch),
            Inner::Stream(w) => w.write(&batch),
        }
        .map_err(io_error)
    }

    fn finish(self: Box<Self>) -> io::Result<W> {
        match self.inner {
            Inner::File(w) => w.into_inner(),
            Inner::Stream(w) => w.into_inner(),
        }
        .map_err(io_error)
    }
}

fn array(values: &[f64]) -> ArrayRef {
    Arc::new(if any_unknown(values) {
        values.iter().map(|value| known(*value)).collect()
    } else {
        Float64Array::from(values.to_vec())
    })
}

fn schema(series: &SeriesName) -> Schema {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let values =
        COLUMNS.iter().map(|column| Field::new(column.name, DataType::Float64, !column.is_required()));
    let fields: Vec<Field> = std::iter::once(Field::new(TIME, utc, false)).chain(values).collect();
    let metadata = HashMap::from([
        ("symbol".to_owned(), series.symbol.clone()),
        ("timeframe".to_owned(), series.timeframe.clone()),
    ]);
    Schema::new_with_metadata(fields, metadata)
}

/// The batches of a file.
pub(super) fn read_file(input: impl Read + Seek + Send + 'static) -> Result<Chunks, String> {
    Ok(Box::new(FileReader::try_new(input, None).map_err(|e| e.to_string())?.map(read_batch)))
}

/// The batches of a stream.
pub(super) fn read_stream(input: impl BufRead + Send + 'static) -> Result<Chunks, String> {
    Ok(Box::new(StreamReader::try_new(input, None).map_err(|e| e.to_string())?.map(read_batch)))
}

fn read_batch(batch: Result<RecordBatch, ArrowError>) -> Result<Bars, String> {
    let batch = batch.map_err(|e| e.to_string())?;
    let time = batch.column_by_name(TIME).ok_or_else(|| lacks(TIME))?;
    if time.null_count() > 0 {
        return Err(has_nulls(TIME));
    }
    let time = time.as_any().downcast_ref::<TimestampMicrosecondArray>().ok_or_else(|| {
        format!("`time` is {} instead of Timestamp(Microsecond, \"UTC\")", time.data_type())
    })?;
    let mut values = COLUMNS.each_ref().map(|_| Vec::new());
    for (values, column) in values.iter_mut().zip(&COLUMNS) {
        *values = read_column(&batch, column)?;
    }
    Ok(Bars::from_columns(time.values().to_vec(), values))
}

/// The values of a column; unknown where the batch has none and that is allowed.
fn read_column(batch: &RecordBatch, column: &ValueColumn) -> Result<Vec<f64>, String> {
    let name = column.name;
    let Some(array) = batch.column_by_name(name) else {
        return if column.is_required() { Err(lacks(name)) } else { Ok(vec![UNKNOWN; batch.num_rows()]) };
    };
    if column.is_required() && array.null_count() > 0 {
        return Err(has_nulls(name));
    }
    let values = array.as_any().downcast_ref::<Float64Array>();
    let values = values.ok_or_else(|| format!("`{name}` is {} instead of Float64", array.data_type()))?;
    Ok(match values.null_count() {
        0 => values.values().iter().map(|value| from_outside(Some(*value))).collect(),
        _ => values.iter().map(from_outside).collect(),
    })
}

fn io_error(e: ArrowError) -> io::Error {
    match e {
        ArrowError::IoError(_, e) => e,
        other => io::Error::other(other),
    }
}
