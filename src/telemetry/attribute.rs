//! The names and types of all span attributes.
//!
//! Invariant: an attribute is set through one of these constants and in no other way, so neither its name nor its type
//! can be wrong. Where OpenTelemetry's stable database conventions have another name for it, [`Attribute::stable`] is
//! that name. The attributes of row counters are in [`super::row_counters`].

use std::marker::PhantomData;

use opentelemetry::{Array, StringValue, Value};

use crate::model::TYPES_ABOUT;

/// Longer strings are cut.
const MAX_CHARACTERS: usize = 500;

/// An attribute whose values are of type `T`.
#[derive(Debug)]
pub(crate) struct Attribute<T> {
    pub(super) name: &'static str,
    /// Its name in the stable database conventions, if they have one.
    pub(super) stable: Option<&'static str>,
    pub(super) about: &'static str,
    pub(super) value_type: PhantomData<fn() -> T>,
}

impl<T> Clone for Attribute<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Attribute<T> {}

impl<T: ValueType> Attribute<T> {
    /// The attribute without its type, for lists.
    pub(super) const fn any(self) -> AnyAttribute {
        AnyAttribute { name: self.name, stable: self.stable, about: self.about, kind: T::NAME }
    }
}

/// An attribute without its type, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct AnyAttribute {
    pub name: &'static str,
    pub stable: Option<&'static str>,
    pub about: &'static str,
    /// `str`, `int`, `float`, `bool` or `list[str]`.
    pub kind: &'static str,
}

/// The type of an attribute's values.
pub(crate) trait ValueType {
    /// Its name in docs/spans.md.
    const NAME: &'static str;
    /// What callers pass to [`super::span::Span::set`].
    type Native<'a>;
    fn value(input: Self::Native<'_>) -> Value;
}

/// Declares value types: name, name in docs, Rust type, and the conversion.
macro_rules! value_types {
    ($($name:ident $text:literal ($input:ident: $rust:ty) $value:expr;)+) => {$(
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl ValueType for $name {
            const NAME: &'static str = $text;
            type Native<'a> = $rust;
            fn value($input: Self::Native<'_>) -> Value {
                $value
            }
        }
    )+};
}

value_types! {
    Text "str" (text: &'a str) Value::String(cut(text).to_owned().into());
    Texts "list[str]" (texts: &'a [String])
        Value::Array(Array::String(texts.iter().map(|s| StringValue::from(cut(s).to_owned())).collect()));
    Int "int" (number: i64) Value::I64(number);
    Float "float" (number: f64) Value::F64(number);
    Flag "bool" (flag: bool) Value::Bool(flag);
}

/// At most [`MAX_CHARACTERS`] characters of a text, never a part of one.
pub(crate) fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A statement without the comments that it begins with.
pub(crate) fn without_comments(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after.trim_start());
    }
    rest
}

/// Declares attributes: constant, type, name, the stable name if there is one, and what it says.
macro_rules! attributes {
    ($($name:ident: $value_type:ident = $text:literal $(or $stable:literal)?, $about:expr;)+) => {$(
        pub(crate) const $name: Attribute<$value_type> = Attribute {
            name: $text,
            stable: attributes!(@stable $($stable)?),
            about: $about,
            value_type: PhantomData,
        };
    )+};
    (@stable) => { None };
    (@stable $stable:literal) => { Some($stable) };
}

attributes! {
    // Whose bars.
    DATA_SYMBOL: Text = "data.symbol", "symbol";
    DATA_TIMEFRAME: Text = "data.timeframe", "timeframe";
    DATA_START_DATE: Text = "data.start_date", "start of the time range, RFC 3339 in UTC";
    DATA_END_DATE: Text = "data.end_date", "end of the time range, RFC 3339 in UTC";
    DATA_TIMESTAMP: Text = "data.timestamp", "time of the bar, or of the batch's first bar, RFC 3339 in UTC";
    DATA_ROWS_LOADED: Int = "data.rows_loaded", "rows returned";
    DATA_ROWS_SAVED: Int = "data.rows_saved", "rows written";
    DATA_SYMBOLS_COUNT: Int = "data.symbols_count", "symbols found";
    DATA_BACKEND: Text = "data.backend", "`timescaledb`; `csv` where a file is read";
    // The database.
    DB_SYSTEM: Text = "db.system" or "db.system.name", "`postgresql`";
    DB_NAME: Text = "db.name" or "db.namespace", "database name";
    DB_OPERATION: Text = "db.operation" or "db.operation.name", "`SELECT`, `INSERT`, `COPY`, `UPDATE`, `COMMIT` …";
    DB_STATEMENT: Text = "db.statement" or "db.query.text", "the statement, without its parameters";
    DB_ROWS_AFFECTED: Int = "db.rows_affected", "rows returned or written";
    DB_BATCH_SIZE: Int = "db.batch_size", "rows in the batch";
    DB_QUERY_DURATION_MS: Float = "db.query_duration_ms", "time of the query, or of reading the file, in ms";
    DB_INSERT_DURATION_MS: Float = "db.insert_duration_ms", "time of the write in ms";
    DB_POOL_SIZE: Int = "db.connection_pool.size", "connections of this process's pool that are open";
    DB_POOL_AVAILABLE: Int = "db.connection_pool.available", "connections that could be had at once: idle ones and those not opened yet";
    DB_POOL_WAIT_MS: Float = "db.connection_pool.wait_time_ms", "time until a connection was there, in ms";
    DB_OBJECTS: Text = "db.schema.objects", "what was created or brought up to date";
    // The import.
    TOTAL_SYMBOLS: Int = "csv_import.total_symbols", "symbols among the files";
    TOTAL_FILES: Int = "csv_import.total_files", "files";
    FAILED_FILES: Int = "csv_import.failed_files", "files that failed";
    CANCELLED_FILES: Int = "csv_import.cancelled_files", "files that were cancelled";
    DURATION_MS: Float = "csv_import.duration_ms", "duration in ms; of an operation: from its first task's start";
    DIRECTORY: Text = "csv_import.directory", "the directory's URL";
    SYMBOLS_FOUND: Int = "csv_import.symbols_found", "CSV files found";
    DISCOVERY_DURATION_MS: Float = "csv_import.discovery_duration_ms", "time of looking for files in ms";
    SOURCE: Text = "csv_import.source", "path of the file, relative to the operation's directory";
    BYTES_STORED: Int = "csv_import.bytes_stored", "stored bytes read of the file";
    BYTES_DECODED: Int = "csv_import.bytes_decoded", "bytes of text that they decode to";
    RECOGNISED: Flag = "csv_import.recognised", "whether the file was recognised by its content and not read";
    ROW_EXISTS: Flag = "csv_import.row_exists", "whether the bar, or any bar of the batch, is in the database";
    ROWS_CHECKED: Int = "csv_import.rows_checked", "bars looked for";
    ROWS_EXISTING: Int = "csv_import.rows_existing", "bars found";
    VALUES_MATCH: Flag = "csv_import.values_match", "whether the bar's, or all the batch's, values are the same on both sides";
    ROWS_COMPARED: Int = "csv_import.rows_compared", "bars compared";
    ROWS_DIFFERENT: Int = "csv_import.rows_different", "bars that differ";
    CSV_VALUE: Text = "csv_import.csv_value", "the file's values of a bar that differs";
    DB_VALUE: Text = "csv_import.db_value", "the database's values of a bar that differs";
    BATCHES: Int = "csv_import.batches", "batches of the attempt";
    BATCHES_FOLDED: Int = "csv_import.batches_folded", "batches beyond the span budget, which have no spans of their own";
    READ_MS: Float = "csv_import.phase.read.duration_ms", "sum of reading the file in ms";
    READ_COUNT: Int = "csv_import.phase.read.count", "batches read";
    DECODE_MS: Float = "csv_import.phase.decode.duration_ms", "sum of decoding the compressed file in ms";
    DECODE_COUNT: Int = "csv_import.phase.decode.count", "batches that were decoded";
    BOOKKEEPING_MS: Float = "csv_import.phase.bookkeeping.duration_ms", "sum of beginning and ending the attempt, in ms";
    BOOKKEEPING_COUNT: Int = "csv_import.phase.bookkeeping.count", "such steps";
    CHECK_EXISTS_MS: Float = "csv_import.phase.check_exists.duration_ms", "sum of looking up existing bars in ms";
    CHECK_EXISTS_COUNT: Int = "csv_import.phase.check_exists.count", "look-ups";
    COMPARE_VALUES_MS: Float = "csv_import.phase.compare_values.duration_ms", "sum of comparing values in ms";
    COMPARE_VALUES_COUNT: Int = "csv_import.phase.compare_values.count", "comparisons, one a batch";
    INSERT_BATCH_MS: Float = "csv_import.phase.insert_batch.duration_ms", "sum of writing bars and findings in ms";
    INSERT_BATCH_COUNT: Int = "csv_import.phase.insert_batch.count", "batches written";
    COMMIT_MS: Float = "csv_import.phase.commit.duration_ms", "sum of committing batches in ms";
    COMMIT_COUNT: Int = "csv_import.phase.commit.count", "commits";
    CONNECTION_WAIT_MS: Float = "csv_import.phase.connection_wait.duration_ms", "sum of waiting for connections in ms";
    CONNECTION_WAIT_COUNT: Int = "csv_import.phase.connection_wait.count", "waits";
    // The verification.
    CSV_ROW_COUNT: Int = "migration.csv_row_count", "bars of the files: their rows without those that are rejected or repeat another";
    DB_ROW_COUNT: Int = "migration.db_row_count", "bars of the series in the database, without those that are no difference";
    ROWS_MATCH: Flag = "migration.rows_match", "whether the counts agree";
    SPOT_CHECK_PASSED: Flag = "migration.spot_check_passed", "whether nothing that was looked at differs";
    VERIFICATION_DURATION_MS: Float = "migration.verification_duration_ms", "duration in ms";
    SAMPLE_SIZE: Int = "migration.sample_size", "rows compared";
    MISMATCHES: Int = "migration.mismatches", "bars that differ, or are on one side alone";
    MISMATCH_TIMESTAMPS: Texts = "migration.mismatch_timestamps", "their times, at most 10";
    SERIES_IDENTICAL: Int = "migration.series_identical", "series that are the same on both sides";
    SERIES_DIFFERING: Int = "migration.series_differing", "series that differ";
    VERIFY_MODE: Text = "migration.mode", "`counts`, `sample` or `full`";
    // The operation and its jobs.
    OPERATION_ID: Text = "operation.id", "the operation";
    OPERATION_TYPE: Text = "operation.type", TYPES_ABOUT;
    OPERATION_STATE: Text = "operation.state", "how it ended";
    JOB_ATTEMPT: Int = "job.attempt", "which try of the task, from 1; one that was handed back does not count";
    JOB_OUTCOME: Text = "job.outcome", "`succeeded`, `failed` (for good), `retried`, `handed_back` (no attempt was burnt), `cancelled` or `died`";
    JOB_WORKER: Text = "job.worker", "the worker";
    // Messaging conventions.
    MESSAGING_SYSTEM: Text = "messaging.system", "`apalis`";
    MESSAGING_DESTINATION: Text = "messaging.destination.name", "the queue";
    MESSAGING_OPERATION: Text = "messaging.operation.name", "`push` or `process`";
    MESSAGING_OPERATION_TYPE: Text = "messaging.operation.type", "`send` or `process`";
    MESSAGING_MESSAGE_ID: Text = "messaging.message.id", "the job's idempotency key";
    MESSAGING_BATCH: Int = "messaging.batch.message_count", "jobs pushed together";
    // Errors.
    ERROR_TYPE: Text = "error.type", "the kind of error";
    ERROR_SYMBOL: Text = "error.symbol", "the symbol it happened to";
    ERROR_CLASS: Text = "error.class", "`transient`, `permanent` or `poisoned`";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_cut_between_characters() {
        let long = "é".repeat(MAX_CHARACTERS + 1);
        assert_eq!(cut(&long), "é".repeat(MAX_CHARACTERS));
        assert_eq!(cut("short"), "short");
        let Value::Array(Array::String(list)) = Texts::value(&[long]) else { panic!("a list") };
        assert_eq!(list[0].as_str().chars().count(), MAX_CHARACTERS);
    }

    #[test]
    fn a_statement_begins_with_its_sql() {
        for text in [
            "-- What it does.\n-- $1: task id\nSELECT 1 -- one\n",
            "\n  SELECT 1 -- one\n",
            "SELECT 1 -- one\n",
        ] {
            assert_eq!(without_comments(text), "SELECT 1 -- one\n", "{text}");
        }
        assert_eq!(without_comments("-- nothing"), "");
    }
}
