//! Arrow IPC: one record batch for each chunk, not compressed, so that readers can map a file into memory.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::bar::columns::COLUMNS;
use crate::bar::{Bars, SeriesName, any_unknown, known};
use crate::format::{BarSink, Format, TIME};
use crate::source::columnar::arrow_error as io_error;

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
