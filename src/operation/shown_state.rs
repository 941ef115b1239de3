//! The state of an operation in the words that commands show: one text for `status`, `operations` and reports.

use std::fmt;

use crate::model::{OperationState, Verdict};

/// Everything that the text depends on.
pub(crate) struct ShownState<'a> {
    pub(crate) state: OperationState,
    /// The verdict and the mode of a verification that has ended.
    pub(crate) verdict: Option<(Verdict, &'a str)>,
    pub(crate) dry_run: bool,
    pub(crate) paused: bool,
    /// The operation whose end it waits for.
    pub(crate) waits_for: Option<&'a str>,
    /// When it may start, UTC.
    pub(crate) run_at: jiff::Timestamp,
}

/// `succeeded`, `queued`, `scheduled (paused)`, `IDENTICAL (sample)`, `DIFFERS (failed)` …
impl fmt::Display for ShownState<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut notes = Vec::new();
        if let Some((verdict, mode)) = self.verdict {
            f.write_str(&verdict.as_str().to_uppercase())?;
            notes.extend(Some(mode).filter(|mode| *mode != "full").map(str::to_owned));
            let state = Some(self.state).filter(|state| *state != OperationState::Succeeded);
            notes.extend(state.map(|state| state.to_string()));
        } else if self.is_queued() {
            f.write_str("queued")?;
        } else {
            f.write_str(self.state.as_str())?;
        }
        if self.dry_run {
            notes.push("dry run".to_owned());
        }
        match (self.paused, self.waits_for) {
            (true, _) => notes.push("paused".to_owned()),
            (false, Some(other)) => notes.push(format!("after {other}")),
            (false, None) => {}
        }
        if notes.is_empty() { Ok(()) } else { write!(f, " ({})", notes.join(", ")) }
    }
}

impl ShownState<'_> {
    /// Whether it waits for nothing but a free worker.
    fn is_queued(&self) -> bool {
        let may_start = !self.paused && self.waits_for.is_none() && self.run_at <= jiff::Timestamp::now();
        self.state == OperationState::Scheduled && may_start
    }
}
