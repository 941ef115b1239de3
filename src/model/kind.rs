//! What an operation does, and the jobs of its tasks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Declares the kinds: one entry has all names and facts of a kind.
macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident {
        operation: $operation:literal, job: $job:literal, id_prefix: $id_prefix:literal, queue: $queue:literal,
        verb: $verb:expr, imports: $imports:literal, has_verdict: $has_verdict:literal,
    })+) => {
        /// What an operation is, for the list of attributes.
        pub(crate) const TYPES_ABOUT: &str = listed!($($operation),+);

        /// What an operation does (`operations.type`).
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(type_name = "text")]
        pub enum OperationKind {
            $(
                $(#[$meta])*
                #[serde(rename = $operation)]
                #[sqlx(rename = $operation)]
                $kind,
            )+
        }

        impl OperationKind {
            /// All kinds that this build knows.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),+];

            const JOB_NAMES: &[&str] = &[$($job),+];

            /// As the column and spans have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $operation,)+ }
            }

            /// As the payload of its jobs has it.
            #[must_use]
            pub fn job_name(self) -> &'static str {
                match self { $(Self::$kind => $job,)+ }
            }

            /// The queue of its jobs.
            #[must_use]
            pub fn queue(self) -> &'static str {
                match self { $(Self::$kind => $queue,)+ }
            }

            /// What it does to files, and what was done to them.
            pub(crate) fn verb(self) -> Verb {
                match self { $(Self::$kind => $verb,)+ }
            }

            /// Whether it imports files, so that its rows end as bars of the database or not.
            pub(crate) fn imports(self) -> bool {
                match self { $(Self::$kind => $imports,)+ }
            }

            /// Whether it comes to a verdict with differences, which its report shows.
            pub(crate) fn has_verdict(self) -> bool {
                match self { $(Self::$kind => $has_verdict,)+ }
            }

            pub(super) fn id_prefix(self) -> &'static str {
                match self { $(Self::$kind => $id_prefix,)+ }
            }
        }
    };
}

/// `A` or `B` …
macro_rules! listed {
    ($first:literal $(, $other:literal)*) => { concat!("`", $first, "`" $(, " or `", $other, "`")*) };
}

/// Forms of a verb, for messages about files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verb {
    pub(crate) to_do: &'static str,
    pub(crate) done: &'static str,
}

// A new kind gets a queue of its own: older workers, which do not know it, then never fetch its jobs. Each queue has a loop
// with a listener and a connection of its own (queue/run.rs). `barlift.queue_overview()` without an argument, which KEDA
// asks, counts the jobs of `barlift.v1` alone.
kinds! {
    /// Imports files.
    #[default]
    Import {
        operation: "DATA_MIGRATION", job: "import-symbol", id_prefix: "op_migration_", queue: "barlift.v1",
        verb: Verb { to_do: "import", done: "imported" }, imports: true, has_verdict: false,
    }
    /// Verifies series.
    Verify {
        operation: "DATA_VERIFICATION", job: "verify-data", id_prefix: "op_verify_", queue: "barlift.v1",
        verb: Verb { to_do: "verify", done: "verified" }, imports: false, has_verdict: true,
    }
}

impl OperationKind {
    /// The types of operations that this build knows.
    pub(crate) fn known() -> Vec<&'static str> {
        Self::ALL.iter().map(|kind| kind.as_str()).collect()
    }

    /// The queues of all kinds, each once.
    pub(crate) fn queues() -> Vec<&'static str> {
        let mut queues: Vec<_> = Self::ALL.iter().map(|kind| kind.queue()).collect();
        queues.sort_unstable();
        queues.dedup();
        queues
    }
}

/// A kind in the payload of a job.
pub(crate) mod job_name {
    use super::{Deserialize as _, Deserializer, OperationKind, Serializer};

    pub(crate) fn serialize<S: Serializer>(kind: &OperationKind, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(kind.job_name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<OperationKind, D::Error> {
        let name = String::deserialize(input)?;
        let kind = OperationKind::ALL.iter().copied().find(|kind| kind.job_name() == name);
        kind.ok_or_else(|| serde::de::Error::unknown_variant(&name, OperationKind::JOB_NAMES))
    }
}
