//! The timeframe that the steps from bar to bar show.

use crate::bar::Micros;
use crate::timeframe;

/// Whether bars of this timeframe may be so far apart. Where nothing was traded, there are none.
pub(super) fn fits(steps: &[Micros], timeframe: &str) -> bool {
    const SPARSE: Micros = 60;
    let Some(length) = timeframe::length(timeframe) else { return false };
    let usual = steps.get(steps.len() / 4).copied().unwrap_or(0);
    let is_usual = usual >= length / 10 * 9 && usual <= length / 10 * 12;
    let are_multiples = steps.iter().all(|step| step % length == 0);
    is_usual
        || !steps.is_empty() && are_multiples && usual < length.saturating_mul(SPARSE) && is_short(length)
}

/// Whether a timeframe is shorter than a day, so that holes between its bars are usual.
fn is_short(length: Micros) -> bool {
    length < 86_400_000_000
}

/// The timeframe that the steps show.
pub(super) fn usual(steps: &[Micros]) -> Option<String> {
    const ENOUGH: usize = 9;
    let step = *steps.get(steps.len() / 4)?;
    let same = steps.iter().filter(|other| **other == step).count();
    // Months differ in length.
    let is_clear = same * 2 >= steps.len() || timeframe::of_step(step).as_deref() == Some("1mo");
    timeframe::of_step(step).filter(|_| steps.len() >= ENOUGH && is_clear)
}
