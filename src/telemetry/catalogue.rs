//! All spans, each with its attributes.
//!
//! Invariant: a span that is not here cannot be made, and (in debug builds) setting an attribute that its entry does not
//! list is a failed assertion. `docs/spans.md` is made from it; a test keeps them equal.

pub use super::attribute::AnyAttribute;
use super::attribute::*;
use super::row_counters::{COMMON_OF_ATTEMPTS, COMMON_OF_OPERATIONS, OF_IMPORT_ATTEMPTS, OF_IMPORTS};
use crate::model::OperationKind;

/// What OpenTelemetry calls the kind of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SpanKind {
    Internal,
    Client,
    Producer,
    Consumer,
}

impl SpanKind {
    /// As `otel.kind` wants it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// One kind of span.
#[derive(Debug)]
pub struct SpanSpec {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: SpanKind,
    /// What it stands for, and under which span it is found.
    pub about: &'static str,
    /// Attributes of every such span, unless it was cut off.
    pub required: &'static [AnyAttribute],
    /// Attributes where they apply. [`ERRORS`] apply to all.
    pub optional: &'static [AnyAttribute],
}

impl SpanSpec {
    /// Whether such a span may have this attribute.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        [self.required, self.optional, ERRORS].iter().any(|list| list.iter().any(|a| a.name == name))
    }
}

/// Attributes that any failed span may have, beside its status ERROR and an `exception` event.
pub static ERRORS: &[AnyAttribute] = &[ERROR_TYPE.any(), ERROR_SYMBOL.any(), ERROR_CLASS.any()];

/// Several lists as one.
const fn join<const N: usize>(lists: &[&[AnyAttribute]]) -> [AnyAttribute; N] {
    let mut all = [OPERATION_ID.any(); N];
    let (mut list, mut place, mut n) = (0, 0, 0);
    while n < N {
        if place == lists[list].len() {
            (list, place) = (list + 1, 0);
            continue;
        }
        all[n] = lists[list][place];
        (place, n) = (place + 1, n + 1);
    }
    all
}

/// `[A, B] + MORE`: a list of attributes.
macro_rules! list {
    ([$($attribute:ident),* $(,)?] $(+ $more:ident)*) => {{
        const OWN: &[AnyAttribute] = &[$($attribute.any()),*];
        const ALL: [AnyAttribute; OWN.len() $(+ $more.len())*] = join(&[OWN $(, $more)*]);
        &ALL
    }};
}

/// Attributes of every attempt.
const OF_ATTEMPTS: &[AnyAttribute] = list! { [
    OPERATION_ID, JOB_ATTEMPT, JOB_OUTCOME, JOB_WORKER, SOURCE,
    MESSAGING_SYSTEM, MESSAGING_DESTINATION, MESSAGING_OPERATION, MESSAGING_OPERATION_TYPE, MESSAGING_MESSAGE_ID,
    READ_MS, READ_COUNT, DECODE_MS, DECODE_COUNT, CHECK_EXISTS_MS, CHECK_EXISTS_COUNT, COMPARE_VALUES_MS, COMPARE_VALUES_COUNT,
    INSERT_BATCH_MS, INSERT_BATCH_COUNT, COMMIT_MS, COMMIT_COUNT, CONNECTION_WAIT_MS, CONNECTION_WAIT_COUNT,
    BOOKKEEPING_MS, BOOKKEEPING_COUNT,
] };

macro_rules! spans {
    ($($id:ident = $name:literal $kind:ident, $about:literal,
        [$($required:ident),* $(,)?] $(+ $more_required:ident)*, [$($optional:ident),* $(,)?] $(+ $more_optional:ident)*;
    )+) => {
        $(
            pub(crate) static $id: SpanSpec = SpanSpec {
                name: $name,
                kind: SpanKind::$kind,
                about: $about,
                required: list!([$($required),*] $(+ $more_required)*),
                optional: list!([$($optional),*] $(+ $more_optional)*),
            };
        )+
        /// All of them.
        pub static SPANS: &[&SpanSpec] = &[$(&$id),+];
    };
}

spans! {
    IMPORT_ALL = "csv_import.import_all" Internal,
        "An import from its enqueuing to its last task's end: the root. Written when the last task has settled.",
        [TOTAL_SYMBOLS, DURATION_MS, OPERATION_ID, OPERATION_TYPE] + OF_IMPORTS + COMMON_OF_OPERATIONS,
        [OPERATION_STATE, TOTAL_FILES, FAILED_FILES, CANCELLED_FILES, DIRECTORY];
    RETRY = "csv_import.retry" Internal,
        "What `barlift retry` started after the root was written, to its last task's end; the attempts that followed are \
         its children. Its sums are the whole operation's. Child of the root.",
        [TOTAL_SYMBOLS, DURATION_MS, OPERATION_ID, OPERATION_TYPE] + OF_IMPORTS + COMMON_OF_OPERATIONS,
        [OPERATION_STATE, TOTAL_FILES, FAILED_FILES, CANCELLED_FILES, DIRECTORY, SERIES_IDENTICAL, SERIES_DIFFERING];
    VERIFY_ALL = "migration.verify_all" Internal,
        "A verification from its enqueuing to its last task's end: the root. Written when the last task has settled.",
        [DURATION_MS, OPERATION_ID, OPERATION_TYPE, SERIES_IDENTICAL, SERIES_DIFFERING] + COMMON_OF_OPERATIONS,
        [OPERATION_STATE, TOTAL_SYMBOLS, TOTAL_FILES, FAILED_FILES, CANCELLED_FILES, DIRECTORY];
    DISCOVER_SYMBOLS = "csv_import.discover_symbols" Internal,
        "Looking for the files. Child of the root.",
        [DIRECTORY, SYMBOLS_FOUND, DISCOVERY_DURATION_MS], [OPERATION_ID];
    PUSH_JOBS = "push barlift.v1" Producer,
        "Pushing a batch of jobs: child of the root when enqueuing, of the attempt when it is tried again.",
        [MESSAGING_SYSTEM, MESSAGING_DESTINATION, MESSAGING_OPERATION, MESSAGING_OPERATION_TYPE, MESSAGING_BATCH],
        [OPERATION_ID];
    IMPORT_SYMBOL = "csv_import.import_symbol" Consumer,
        "One attempt to import one file. Child of the root.",
        [DATA_SYMBOL, DATA_TIMEFRAME, DURATION_MS, BATCHES, BATCHES_FOLDED]
            + OF_IMPORT_ATTEMPTS + COMMON_OF_ATTEMPTS + OF_ATTEMPTS,
        [RECOGNISED];
    REPOSITORY_LOAD = "data.repository.load" Internal,
        "Loading bars: of a series, or (under `csv_import.import_symbol`) from the file.",
        [DATA_SYMBOL, DATA_TIMEFRAME, DATA_START_DATE, DATA_END_DATE, DATA_ROWS_LOADED, DATA_BACKEND, DB_QUERY_DURATION_MS],
        [SOURCE, BYTES_STORED, BYTES_DECODED];
    REPOSITORY_SAVE = "data.repository.save" Internal,
        "Saving bars of a series.",
        [DATA_SYMBOL, DATA_TIMEFRAME, DATA_ROWS_SAVED, DATA_BACKEND, DB_INSERT_DURATION_MS], [];
    REPOSITORY_LIST_SYMBOLS = "data.repository.list_symbols" Internal,
        "Listing symbols.",
        [DATA_SYMBOLS_COUNT, DATA_BACKEND], [DATA_TIMEFRAME];
    REPOSITORY_GET_DATE_RANGE = "data.repository.get_date_range" Internal,
        "Looking up a series' first and last time; neither is set where the series has no bars.",
        [DATA_SYMBOL, DATA_TIMEFRAME, DATA_BACKEND], [DATA_START_DATE, DATA_END_DATE];
    CHECK_EXISTS = "csv_import.check_exists" Internal,
        "Which bars of a batch the database has. With `trace.detail = \"row\"` also one for each row.",
        [DATA_SYMBOL, DATA_TIMESTAMP, ROW_EXISTS, DB_QUERY_DURATION_MS], [ROWS_CHECKED, ROWS_EXISTING];
    COMPARE_VALUES = "csv_import.compare_values" Internal,
        "Comparing the bars of a batch that the database has; below it, one for each bar that differs (at most 100 an \
         attempt). With `trace.detail = \"row\"` one for each row that is there.",
        [DATA_SYMBOL, DATA_TIMESTAMP, VALUES_MATCH], [CSV_VALUE, DB_VALUE, ROWS_COMPARED, ROWS_DIFFERENT];
    INSERT_BATCH = "csv_import.insert_batch" Internal,
        "Writing a batch's new bars, overwritten bars and findings.",
        [DATA_SYMBOL, DB_BATCH_SIZE, DB_INSERT_DURATION_MS], [];
    QUERY = "timescaledb.query" Client,
        "A query, or a batch's COMMIT.",
        [
            DB_SYSTEM, DB_NAME, DB_OPERATION, DB_STATEMENT, DB_ROWS_AFFECTED, DB_QUERY_DURATION_MS, DB_POOL_SIZE,
            DB_POOL_AVAILABLE,
        ],
        [];
    INSERT = "timescaledb.insert" Client,
        "A write: bars by binary COPY, overwritten bars, findings.",
        [DB_SYSTEM, DB_NAME, DB_OPERATION, DB_ROWS_AFFECTED, DB_INSERT_DURATION_MS, DB_BATCH_SIZE],
        [DB_STATEMENT];
    CONNECTION_ACQUIRE = "timescaledb.connection_acquire" Client,
        "Waiting for a connection of the pool.",
        [DB_POOL_WAIT_MS, DB_POOL_SIZE, DB_POOL_AVAILABLE], [];
    SCHEMA = "timescaledb.schema" Client,
        "Creating or updating tables and the hypertable.",
        [DB_SYSTEM, DB_NAME, DB_OPERATION, DB_OBJECTS], [];
    VERIFY_DATA = "migration.verify_data" Consumer,
        "One attempt to verify a series against all files of it. Child of the root.",
        [
            DATA_SYMBOL, DATA_TIMEFRAME, CSV_ROW_COUNT, DB_ROW_COUNT, ROWS_MATCH, SPOT_CHECK_PASSED,
            VERIFICATION_DURATION_MS,
        ] + OF_ATTEMPTS,
        [RECOGNISED];
    COMPARE_CSV_DB = "migration.compare_csv_db" Internal,
        "Comparing the files' bars, all or a sample of them, with the database's. Child of `migration.verify_data`.",
        [DATA_SYMBOL, SAMPLE_SIZE, MISMATCHES, MISMATCH_TIMESTAMPS], [VERIFY_MODE];
}

/// The spans of a kind of operations.
pub(crate) struct KindSpans {
    /// Of the operation.
    pub(crate) root: &'static SpanSpec,
    /// Of an attempt at one of its tasks.
    pub(crate) attempt: &'static SpanSpec,
    /// Of pushing its jobs. Its name contains the queue's, so a kind with a queue of its own needs one of its own.
    pub(crate) push: &'static SpanSpec,
}

impl KindSpans {
    pub(crate) fn of(kind: OperationKind) -> Self {
        match kind {
            OperationKind::Import => Self { root: &IMPORT_ALL, attempt: &IMPORT_SYMBOL, push: &PUSH_JOBS },
            OperationKind::Verify => Self { root: &VERIFY_ALL, attempt: &VERIFY_DATA, push: &PUSH_JOBS },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// `docs/spans.md`.
    fn markdown() -> String {
        let mut out = String::from(
            "# Spans\n\n\
             Generated from `src/telemetry/catalogue.rs`; a test keeps it equal. Each span has status OK or ERROR; one \
             that failed has `error.type`, mostly `error.symbol`, and an `exception` event. A span that was cut off by \
             its worker's stop, a timeout or a lost lease (`error.type` is `CutOff`) has the attributes that were known \
             by then. Strings are cut at 500 characters. \
             With `OTEL_SEMCONV_STABILITY_OPT_IN=database` the names in brackets replace the ones before them, with \
             `database/dup` they are added.\n",
        );
        for span in SPANS {
            let kind = span.kind.as_str();
            let _ = write!(out, "\n## {}\n\n{} (Kind {kind}.)\n\n", span.name, span.about);
            let _ = writeln!(out, "| attribute | type | required | meaning |\n| --- | --- | --- | --- |");
            for (list, required) in [(span.required, "yes"), (span.optional, "")] {
                for a in list {
                    let stable = a.stable.map(|s| format!(" (`{s}`)")).unwrap_or_default();
                    let _ = writeln!(out, "| `{}`{stable} | {} | {required} | {} |", a.name, a.kind, a.about);
                }
            }
        }
        out
    }

    #[test]
    fn the_table_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/spans.md");
        if std::env::var_os("BARLIFT_UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).expect("written");
        }
        let written = std::fs::read_to_string(path).expect("docs/spans.md");
        assert!(
            written == markdown(),
            "docs/spans.md is stale: BARLIFT_UPDATE_DOCS=1 cargo test --lib catalogue"
        );
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = SPANS.iter().map(|s| s.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SPANS.len());
    }
}
