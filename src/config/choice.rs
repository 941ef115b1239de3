//! Settings that take one of a few names.

use serde::{Deserialize, Serialize};

/// Declares an enum whose values have the same names in the configuration, in flags and in stored options.
macro_rules! choice {
    ($(#[$attr:meta])* $name:ident { $($(#[$variant_attr:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
        #[serde(try_from = "String")]
        pub enum $name {
            $(
                $(#[$variant_attr])*
                #[serde(rename = $text)]
                #[value(name = $text)]
                $variant,
            )+
        }

        impl $name {
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let names = [$($text),+];
                let place = names.iter().position(|name| name.eq_ignore_ascii_case(&text));
                place
                    .map(|i| [$(Self::$variant),+][i])
                    .ok_or_else(|| format!("`{text}` is none of {}", names.join(", ")))
            }
        }
    };
}

choice! {
    /// What an import does with a bar whose values in the database differ from the file's.
    OnMismatch {
        /// Keep the database's bar and record the mismatch.
        Warn = "warn",
        /// Replace the database's bar with the file's and record the mismatch.
        Overwrite = "overwrite",
        /// Fail the task.
        Fail = "fail",
    }
}

choice! {
    /// What an import or a verification does with a bar that breaks a market-data rule.
    OnInvalid {
        /// Import it and record a quality issue.
        Warn = "warn",
        /// Record it as a rejected row.
        Reject = "reject",
        /// Fail the task.
        Fail = "fail",
    }
}

choice! {
    /// What a merge of two series does with a bar that both have with different values.
    OnConflict {
        /// Change nothing, and show the first of them.
        Fail = "fail",
        /// Keep the bar of the series that takes the others.
        Keep = "keep",
        /// Take the bar of the series that goes.
        Overwrite = "overwrite",
    }
}

choice! {
    /// What an import does with a file whose first bars look like the series' bars shifted in time or scaled, or lie
    /// between them.
    #[derive(Default)]
    OnConflictShape {
        /// Fail the task before anything is written.
        #[default]
        Fail = "fail",
        /// Import the file and record what it looks like.
        Warn = "warn",
    }
}

choice! {
    /// What an import does with a file whose rows are not as far apart as its timeframe says.
    #[derive(Default)]
    OnStep {
        /// Fail the task before anything is written.
        Fail = "fail",
        /// Import the file.
        #[default]
        Warn = "warn",
    }
}

choice! {
    /// What the bare dates of daily and longer bars are.
    #[derive(Default)]
    Dates {
        /// Days of the calendar, at 00:00 UTC.
        #[default]
        Utc = "utc",
        /// 00:00 in the files' time zone.
        Zone = "zone",
    }
}

choice! {
    /// Which instant a local time is that came twice, as clocks went back.
    #[derive(Default)]
    Ambiguous {
        /// The one that the order of the rows proves. If it proves none, the row is rejected.
        #[default]
        Infer = "infer",
        /// The earlier one.
        First = "first",
        /// The later one.
        Second = "second",
        /// Neither: the row is rejected.
        Reject = "reject",
    }
}

choice! {
    /// How the database stores bars.
    Layout {
        /// As rows, with a primary key that keeps each bar unique.
        Rowstore = "rowstore",
        /// As compressed batches without a unique index; barlift itself keeps each bar unique.
        Columnstore = "columnstore",
    }
}

choice! {
    /// How closely a verification compares.
    #[derive(Default)]
    VerifyMode {
        /// The number of bars and the first and last time of each series.
        Counts = "counts",
        /// The same, and randomly chosen bars of each series.
        Sample = "sample",
        /// Every bar on both sides.
        #[default]
        Full = "full",
    }
}

choice! {
    /// How closely batches are traced.
    TraceDetail {
        /// One span for each step of a batch.
        Batch = "batch",
        /// Also one span for each step of a row.
        Row = "row",
    }
}

choice! {
    /// How log lines are written. The variants have no doc comments, since those would make every `--help` longer.
    #[allow(missing_docs)]
    LogFormat {
        Auto = "auto",
        Human = "human",
        Json = "json",
    }
}
