//! Arrow IPC: one record batch for each chunk, not compressed, so that readers can map a file into memory.

use std::collections::HashMap;
use std::io::{self, BufRead, Read, Seek, Write};
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::bar::columns::{self, COLUMNS};
use crate::bar::{Bars, SeriesName};
use crate::format::{Format, TIME};

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

    pub(super) fn write(&mut self, bars: &Bars) -> io::Result<()> {
        let time = TimestampMicrosecondArray::from(bars.time.clone()).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![Arc::new(time)];
        columns.extend(bars.columns().map(|values| Arc::new(Float64Array::from(values.clone())) as ArrayRef));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(io_error)?;
        match &mut self.inner {
            Inner::File(w) => w.write(&batch),
            Inner::Stream(w) => w.write(&batch),
        }
        .map_err(io_error)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        match self.inner {
            Inner::File(w) => w.into_inner(),
            Inner::Stream(w) => w.into_inner(),
        }
        .map_err(io_error)
    }
}

fn schema(series: &SeriesName) -> Schema {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let values = columns::names().map(|name| Field::new(name, DataType::Float64, false));
    let fields: Vec<Field> = std::iter::once(Field::new(TIME, utc, false)).chain(values).collect();
    let metadata = HashMap::from([
        ("symbol".to_owned(), series.symbol.clone()),
        ("timeframe".to_owned(), series.timeframe.clone()),
    ]);
    Schema::new_with_metadata(fields, metadata)
}

/// The batches of a file or a stream.
pub(in crate::format) struct ArrowReader(Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>);

impl ArrowReader {
    pub(super) fn file(input: impl Read + Seek + Send + 'static) -> Result<Self, String> {
        Ok(Self(Box::new(FileReader::try_new(input, None).map_err(|e| e.to_string())?)))
    }

    pub(super) fn stream(input: impl BufRead + Send + 'static) -> Result<Self, String> {
        Ok(Self(Box::new(StreamReader::try_new(input, None).map_err(|e| e.to_string())?)))
    }

    pub(super) fn next(&mut self) -> Result<Option<Bars>, String> {
        let Some(batch) = self.0.next().transpose().map_err(|e| e.to_string())? else { return Ok(None) };
        let column = |name: &str| {
            let column = batch.column_by_name(name).ok_or_else(|| format!("it has no column `{name}`"))?;
            if column.null_count() > 0 { Err(format!("`{name}` has nulls")) } else { Ok(column) }
        };
        let time = column(TIME)?;
        let time = time.as_any().downcast_ref::<TimestampMicrosecondArray>().ok_or_else(|| {
            format!("`time` is {} instead of Timestamp(Microsecond, \"UTC\")", time.data_type())
        })?;
        let value = |name: &str| {
            let column = column(name)?;
            let values = column.as_any().downcast_ref::<Float64Array>();
            let values =
                values.ok_or_else(|| format!("`{name}` is {} instead of Float64", column.data_type()))?;
            Ok::<_, String>(values.values().to_vec())
        };
        let mut values = COLUMNS.each_ref().map(|_| Vec::new());
        for (values, name) in values.iter_mut().zip(columns::names()) {
            *values = value(name)?;
        }
        Ok(Some(Bars::from_columns(time.values().to_vec(), values)))
    }
}

fn io_error(e: ArrowError) -> io::Error {
    match e {
        ArrowError::IoError(_, e) => e,
        other => io::Error::other(other),
    }
}
