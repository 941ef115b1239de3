//! Reads the columns of a Parquet file, row group by row group, some rows of each column at a time.

use std::io;

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, FileReader as _, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::column::{Column, Values};
use super::parquet_types::{Meaning, of_bytes, of_int96, of_ints};
use super::{Chunks, ColumnarState};
use crate::source::ranges::Ranges;

/// Rows that are read of each column at a time.
const ROWS: usize = 8_192;

/// A Parquet file.
pub(super) struct ParquetChunks {
    file: SerializedFileReader<Ranges>,
    /// The columns as a table shows them: those of one value a row by their numbers.
    columns: Vec<(String, Option<usize>)>,
    /// The next row group.
    next_group: usize,
    group: Option<Group>,
    rows: u64,
    stored: u64,
}

/// A row group that is being read.
struct Group {
    /// None for columns that are lists, structures and the like.
    columns: Vec<Option<GroupColumn>>,
    rows_left: usize,
    rows: usize,
    stored: u64,
}

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for Ranges {
    type T = Self;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self> {
        Ok(self.at(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.size()) {
            return Err(ParquetError::EOF("a column ends behind the file".into()));
        }
        let mut buffer = vec![0; length];
        let read = self.read_at(&mut buffer, start).map_err(|e| ParquetError::External(Box::new(e)))?;
        if read < length { Err(ParquetError::EOF("the file got shorter".into())) } else { Ok(buffer.into()) }
    }
}

impl ParquetChunks {
    pub(super) fn open(file: Ranges) -> io::Result<Self> {
        let file = SerializedFileReader::new(file).map_err(io_error)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let is_flat = |at: &usize| {
            let column = schema.column(*at);
            column.max_rep_level() == 0 && column.path().parts().len() == 1
        };
        let roots = (0..schema.num_columns()).map(|at| schema.get_column_root_idx(at)).collect::<Vec<_>>();
        let fields = schema.root_schema().get_fields().iter().enumerate();
        let columns = fields
            .map(|(root, field)| {
                let first = roots.iter().position(|of| *of == root);
                (field.name().to_owned(), first.filter(is_flat))
            })
            .collect();
        Ok(Self { file, columns, next_group: 0, group: None, rows: 0, stored: 0 })
    }

    fn begin_group(&mut self, state: &ColumnarState) -> io::Result<Option<Group>> {
        if self.next_group == self.file.num_row_groups() {
            return Ok(None);
        }
        let reader = self.file.get_row_group(self.next_group).map_err(io_error)?;
        self.next_group += 1;
        state.begin_group(self.rows);
        let metadata = reader.metadata();
        let rows = rows_of(metadata)?;
        let columns = self.columns.iter().map(|(_, at)| {
            let Some(at) = *at else { return Ok(None) };
            let reader = reader.get_column_reader(at).map_err(io_error)?;
            Ok(Some(GroupColumn::new(reader, metadata.column(at).column_descr())))
        });
        let columns = columns.collect::<io::Result<_>>()?;
        let stored = u64::try_from(metadata.compressed_size()).unwrap_or(0);
        Ok(Some(Group { columns, rows_left: rows, rows, stored }))
    }
}

fn rows_of(group: &RowGroupMetaData) -> io::Result<usize> {
    usize::try_from(group.num_rows()).map_err(io::Error::other)
}

impl Chunks for ParquetChunks {
    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn next(&mut self, state: &ColumnarState) -> io::Result<Option<Vec<Column>>> {
        loop {
            let Some(group) = &mut self.group else {
                match self.begin_group(state)? {
                    Some(group) => self.group = Some(group),
                    None => return Ok(None),
                }
                continue;
            };
            if group.rows_left == 0 {
                self.stored += group.stored;
                state.has_read(self.stored);
                self.group = None;
                continue;
            }
            let rows = group.rows_left.min(ROWS);
            let read = |column: &mut Option<GroupColumn>| match column {
                Some(column) => column.read(rows),
                None => Ok(Column { values: Values::Unread(rows, "nested".into()), valid: Vec::new() }),
            };
            let columns = group.columns.iter_mut().map(read).collect::<io::Result<Vec<_>>>()?;
            group.rows_left -= rows;
            self.rows += rows as u64;
            let part = u128::from(group.stored) * (group.rows - group.rows_left) as u128 / group.rows as u128;
            state.has_read(self.stored + u64::try_from(part).unwrap_or(0));
            return Ok(Some(columns));
        }
    }
}

/// A column of a row group.
struct GroupColumn {
    reader: ColumnReader,
    meaning: Meaning,
    is_optional: bool,
    name: String,
}

impl GroupColumn {
    fn new(reader: ColumnReader, column: &ColumnDescriptor) -> Self {
        let (meaning, is_optional) = (Meaning::of(column), column.max_def_level() > 0);
        Self { reader, meaning, is_optional, name: column.name().to_owned() }
    }

    fn read(&mut self, rows: usize) -> io::Result<Column> {
        let Self { reader, meaning, is_optional, name } = self;
        let mut rows = RowReader { rows, is_optional: *is_optional, name, levels: Vec::new() };
        let values = match reader {
            ColumnReader::BoolColumnReader(r) => Values::Bool(rows.read(r)?),
            ColumnReader::Int32ColumnReader(r) => {
                let is_unsigned = matches!(meaning, Meaning::Unsigned);
                let wide = |v: i32| if is_unsigned { i64::from(v.cast_unsigned()) } else { i64::from(v) };
                of_ints(rows.read(r)?.into_iter().map(wide).collect(), *meaning)
            }
            ColumnReader::Int64ColumnReader(r) => of_ints(rows.read(r)?, *meaning),
            // The old form of a timestamp: Spark means an instant, others a local time. Unless a zone is given, both are
            // the same.
            ColumnReader::Int96ColumnReader(r) => of_int96(&rows.read(r)?),
            ColumnReader::FloatColumnReader(r) => {
                Values::Float(rows.read(r)?.into_iter().map(f64::from).collect())
            }
            ColumnReader::DoubleColumnReader(r) => Values::Float(rows.read(r)?),
            ColumnReader::ByteArrayColumnReader(r) => of_bytes(&rows.read(r)?, *meaning)?,
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                let all: Vec<_> = rows.read(r)?.into_iter().map(ByteArray::from).collect();
                of_bytes(&all, *meaning)?
            }
        };
        Ok(rows.column(values))
    }
}

/// Reads some rows of one column.
struct RowReader<'n> {
    rows: usize,
    is_optional: bool,
    name: &'n str,
    /// 0 for each row without a value, if the column may have such rows.
    levels: Vec<i16>,
}

impl RowReader<'_> {
    /// The values that are there.
    fn read<T: DataType>(&mut self, reader: &mut ColumnReaderImpl<T>) -> io::Result<Vec<T::T>> {
        let mut values = Vec::with_capacity(self.rows);
        let mut read = 0;
        while read < self.rows {
            let levels = Some(&mut self.levels).filter(|_| self.is_optional);
            match reader.read_records(self.rows - read, levels, None, &mut values).map_err(io_error)? {
                (0, ..) => return Err(io::Error::other(format!("the column `{}` ends early", self.name))),
                (records, ..) => read += records,
            }
        }
        Ok(values)
    }

    fn column(self, values: Values) -> Column {
        if values.len() == self.rows {
            return Column { values, valid: Vec::new() };
        }
        let valid: Vec<bool> = self.levels.iter().map(|level| *level > 0).collect();
        let mut next = 0..;
        // A row without a value has the place of none.
        let place = |is_there: &bool| if *is_there { next.next() } else { None }.unwrap_or(usize::MAX);
        let places: Vec<usize> = valid.iter().map(place).collect();
        Column { values: values.taken(&places), valid }
    }
}

/// The error of the library as one of reading or writing.
pub(crate) fn io_error(e: ParquetError) -> io::Error {
    match e {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(e) => *e,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
