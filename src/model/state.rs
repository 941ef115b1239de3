//! States, as their columns store them. docs/architecture.md draws how each is reached.

/// Declares an enum that is stored as text, with [`as_str`](Display) giving the stored text.
macro_rules! stored {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[sqlx(type_name = "text")]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $text)]
                #[sqlx(rename = $text)]
                $variant,
            )+
        }

        impl $name {
            /// As it is stored and shown.
            #[must_use]
            pub fn as_str(self) -> &'static str {
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
    };
}

pub(crate) use stored;

stored! {
    /// `operations.state`. Paused is not a state of its own: an operation in any open state may be paused
    /// (`paused_at`), and waits for another one while it is `Scheduled` (`waiting`).
    #[derive(Default)]
    OperationState {
        /// Enqueued; none of its tasks has started. Its tasks have jobs that are due at `run_at`, unless it is paused
        /// or waits for another operation to end.
        #[default]
        Scheduled = "scheduled",
        /// At least one task is open, and one has started or the operation was retried. A task's first claim sets it.
        Running = "running",
        /// All tasks have succeeded. Set by the settling that left no open task.
        Succeeded = "succeeded",
        /// No task is open, and at least one has failed. `retry` opens it again.
        Failed = "failed",
        /// No task is open, none has failed, and at least one was cancelled, or the whole was.
        Cancelled = "cancelled",
    }
}

impl OperationState {
    /// Whether it has ended; only `retry` opens it again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

stored! {
    /// `tasks.state`.
    TaskState {
        /// Not running now: it has a job in the queue, or its operation is paused or waits, or it waits for its series
        /// (`waits_for`). A task whose attempt failed with a transient error is pending again.
        Pending = "pending",
        /// A worker has claimed it and runs an attempt. If that worker dies, the next claim rescues the task.
        Running = "running",
        /// Its last attempt has succeeded.
        Succeeded = "succeeded",
        /// Its last attempt failed with an error that no further attempt can help, or no attempt was left, or its
        /// workers died too often.
        Failed = "failed",
        /// A command cancelled it, or it depended on an operation of which nothing was done.
        Cancelled = "cancelled",
    }
}

impl TaskState {
    /// Whether it has ended; only `retry` opens it again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

stored! {
    /// `attempts.outcome`: how an attempt ended. It is NULL while the attempt runs.
    AttemptOutcome {
        /// The task is done.
        Succeeded = "succeeded",
        /// It ended with an error; the task is tried again or has failed.
        Failed = "failed",
        /// Its worker died or could not record the end; the task was claimed again, or its claim refused it.
        Rescued = "rescued",
        /// It was stopped before its end by its worker or by `pause`; it does not count as a try.
        HandedBack = "handed_back",
        /// A command cancelled the task while it ran.
        Cancelled = "cancelled",
    }
}

stored! {
    /// What a verification has found (`tasks.verdict` has the first two).
    Verdict {
        /// Both sides have the same bars, as far as its mode compares them.
        Identical = "identical",
        /// At least one bar differs or is missing on one side.
        Differs = "differs",
        /// Nothing differs, but not every series could be compared.
        Incomplete = "incomplete",
    }
}

impl Verdict {
    /// The verdict on several series. `identical` and `differing` count those that have been compared.
    #[must_use]
    pub fn of_series(all: i64, identical: i64, differing: i64) -> Self {
        if differing > 0 {
            Self::Differs
        } else if all > 0 && identical == all {
            Self::Identical
        } else {
            Self::Incomplete
        }
    }
}
