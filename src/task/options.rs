//! What an import or a verification does; stored with its operation, so that every worker does the same.

use serde::{Deserialize, Serialize};

use crate::bar::SeriesName;
use crate::config::{Config, MaxRejects, OnConflictShape, OnMismatch, OnStep, VerifyMode};
use crate::error::{Error, Result};
use crate::model::OperationKind;
use crate::source::reader::{ReadOptions, is_default};
use crate::telemetry::TraceOptions;

/// What an import does with what it reads; the same for every worker that runs a part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOptions {
    /// How to read the files.
    pub read: ReadOptions,
    /// What to do with bars that differ from the database's.
    pub on_mismatch: OnMismatch,
    /// How many rejected rows are too many.
    pub max_rejects: Option<MaxRejects>,
    /// What to do with a file that looks like its series, moved in time or scaled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_conflict_shape: OnConflictShape,
    /// What to do with a file whose rows are not as far apart as its timeframe says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_step: OnStep,
    /// How file names tell symbol and timeframe. Operations of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The operation whose rejected rows the files hold, mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mends: Option<String>,
    /// Whether a file may succeed of which no row became a bar.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_empty: bool,
    /// Read and compare, write nothing.
    pub dry_run: bool,
    /// Read files even if their content is known to be there.
    pub force: bool,
    /// Rows in a batch, where the operation says so; else each worker's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_rows: Option<usize>,
    /// How closely it is traced. Operations of earlier versions say nothing of it.
    #[serde(default)]
    pub trace: TraceOptions,
}

impl ImportOptions {
    /// The options that the configuration gives.
    #[must_use]
    pub fn from_config(config: &Config, dry_run: bool, force: bool, trace: TraceOptions) -> Self {
        Self {
            read: ReadOptions::of(config),
            on_mismatch: config.import.on_mismatch,
            max_rejects: config.import.max_rejects,
            on_conflict_shape: config.import.on_conflict_shape,
            on_step: config.import.on_step,
            pattern: config.import.pattern.clone(),
            mends: config.import.mends.clone(),
            allow_empty: config.import.allow_empty,
            dry_run,
            force,
            batch_rows: None,
            trace,
        }
    }

    /// A hash of the options that decide what the file at this path means.
    ///
    /// # Errors
    /// Never in practice: all options can be written as JSON.
    pub fn content_key(&self, source: &str) -> Result<[u8; 32]> {
        self.key_of(&self.read.to_be_hashed(source))
    }

    /// The zones that files may have been read in, each with the [key](Self::content_key) of such files.
    ///
    /// # Errors
    /// Never in practice: all options can be written as JSON.
    pub(crate) fn zones(&self) -> Result<Vec<(String, [u8; 32])>> {
        let all = self.read.zones().into_iter();
        all.map(|(zone, read)| Ok((zone, self.key_of(&read)?))).collect()
    }

    fn key_of(&self, read: &ReadOptions) -> Result<[u8; 32]> {
        let text = serde_json::to_vec(&(read, self.on_mismatch, self.max_rejects))
            .map_err(|e| Error::Internal(e.to_string()))?;
        Ok(*blake3::hash(&text).as_bytes())
    }
}

/// What a verification looks at; the same for every worker that runs a part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyOptions {
    /// How to read the files: as their import did.
    pub read: ReadOptions,
    /// How closely to look.
    pub mode: VerifyMode,
    /// Bars a series that a sample has.
    pub sample_size: usize,
    /// Which sample: the same seed looks at the same bars.
    pub seed: u64,
    /// Bars of the database before the files' first and behind their last are no difference.
    pub within_range: bool,
    /// Read files even if their bars are known by the files' bytes.
    pub force: bool,
    /// Whether a file without any line is one without bars, as it was to the import.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_empty: bool,
    /// Differing bars a series that are kept one by one; all are counted.
    pub max_differences: usize,
    /// How file names tell symbol and timeframe. Operations of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Series of the database that no file of the operation is about.
    #[serde(default)]
    pub unexplained: Vec<SeriesName>,
    /// The files and folders of the root that it looks at, in a few words; none if at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Rows in a batch, where the operation says so; else each worker's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_rows: Option<usize>,
    /// How closely it is traced.
    pub trace: TraceOptions,
}

impl VerifyOptions {
    /// The options that the configuration gives.
    #[must_use]
    pub fn from_config(config: &Config, seed: u64, trace: TraceOptions) -> Self {
        Self {
            read: ReadOptions::of(config),
            mode: config.verify.mode,
            sample_size: config.verify.sample_size,
            seed,
            within_range: config.verify.within_range,
            force: false,
            allow_empty: config.import.allow_empty,
            max_differences: config.verify.max_differences,
            pattern: config.import.pattern.clone(),
            unexplained: Vec::new(),
            part: None,
            batch_rows: None,
            trace,
        }
    }
}

/// Raised when a release of barlift turns the same bytes into different bars. Only digests of files are keyed by it:
/// what was imported stays known, so that an update does not read all files again.
const READER: u32 = 4;

/// A hash of the options that decide which bars the bytes of the file at this path are.
///
/// # Errors
/// Never in practice: all options can be written as JSON.
pub fn read_key(read: &ReadOptions, source: &str) -> Result<[u8; 32]> {
    let text = serde_json::to_vec(&(READER, read.to_be_hashed(source)))
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(*blake3::hash(&text).as_bytes())
}

/// Declares the options of each kind.
macro_rules! task_options {
    ($($(#[$doc:meta])* $kind:ident($options:ty),)+) => {
        /// What a task does.
        #[derive(Debug, Clone)]
        pub enum TaskOptions {
            $($(#[$doc])* $kind($options),)+
        }

        impl TaskOptions {
            /// Of an operation of this type.
            pub(super) fn read(kind: OperationKind, json: serde_json::Value) -> serde_json::Result<Self> {
                match kind { $(OperationKind::$kind => serde_json::from_value(json).map(Self::$kind),)+ }
            }

            /// What its attempts are, for their spans.
            #[must_use]
            pub fn kind(&self) -> OperationKind {
                match self { $(Self::$kind(_) => OperationKind::$kind,)+ }
            }

            /// How closely it is traced.
            #[must_use]
            pub fn trace(&self) -> TraceOptions {
                match self { $(Self::$kind(options) => options.trace,)+ }
            }
        }
    };
}

task_options! {
    /// Import its file.
    Import(ImportOptions),
    /// Verify its series.
    Verify(VerifyOptions),
}

impl TaskOptions {
    /// Whether it writes bars.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Import(options) => !options.dry_run,
            Self::Verify(_) => false,
        }
    }

    /// Whether it acquires the series, so that no other task works on it.
    pub(super) fn acquires(&self) -> bool {
        match self {
            Self::Import(options) => !options.dry_run,
            Self::Verify(_) => true,
        }
    }

    /// Rows in a batch, where the operation says so.
    #[must_use]
    pub fn batch_rows(&self) -> Option<usize> {
        match self {
            Self::Import(options) => options.batch_rows,
            Self::Verify(options) => options.batch_rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> ImportOptions {
        let config = crate::config::load(None, &[]).expect("the defaults");
        ImportOptions::from_config(&config, false, false, TraceOptions::default())
    }

    /// By these keys databases know what was imported and what files hold. If one changes, every file that is
    /// known is read again after an update.
    #[test]
    fn the_keys_of_the_usual_options_stay() {
        let hex = |key: [u8; 32]| blake3::Hash::from_bytes(key).to_hex().to_string();
        let options = usual();
        assert_eq!(
            hex(options.content_key("A_1d.csv").expect("a key")),
            "b9ffb560408855f6ee856871950d9391ebab5c14d6d46556df8e72f86fa456c8"
        );
        assert_eq!(
            hex(read_key(&options.read, "A_1d.csv").expect("a key")),
            "0e086a15e12e9aa4ba24ecf95a60a84684b5fc43cfab792a13a4939f32db811b"
        );
    }

    /// Operations that an older version has enqueued are worked by this one.
    #[test]
    fn options_of_older_versions_are_read() {
        let mut json = serde_json::to_value(usual()).expect("JSON");
        let object = json.as_object_mut().expect("an object");
        for newer in
            ["pattern", "trace", "mends", "allow_empty", "on_conflict_shape", "on_step", "batch_rows"]
        {
            object.remove(newer);
        }
        assert_eq!(object.len(), 5, "{object:?}");
        let read: ImportOptions = serde_json::from_value(json).expect("read");
        let key = |options: &ImportOptions| options.content_key("A_1d.csv").expect("a key");
        assert_eq!(key(&read), key(&usual()));
        assert!(!read.allow_empty && read.pattern.is_none());
    }

    /// Older workers, which may run beside this one during an update, refuse nothing that they know.
    #[test]
    fn usual_options_say_nothing_that_older_versions_do_not_know() {
        let json = serde_json::to_value(usual()).expect("JSON");
        for newer in ["mends", "allow_empty", "on_conflict_shape", "batch_rows"] {
            assert_eq!(json.get(newer), None, "{newer}");
        }
    }
}
