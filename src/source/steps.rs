//! The steps from bar to bar, and the timeframe that they show.

use crate::bar::Micros;
use crate::timeframe::{self, DAY};

/// The steps between different times, the shortest first.
pub(super) fn between(times: &[Micros]) -> Vec<Micros> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut steps: Vec<Micros> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable();
    steps
}

/// The usual one of these: the first quarter of all steps, as weekends, halts and holes make long ones, and a stray row a short
/// one.
pub(super) fn usual(steps: &[Micros]) -> Option<Micros> {
    steps.get(steps.len() / 4).copied()
}

/// Whether bars of this timeframe may be so far apart. Where nothing was traded, there are none.
pub(super) fn fits(steps: &[Micros], timeframe: &str) -> bool {
    const SPARSE: Micros = 60;
    let Some(length) = timeframe::length(timeframe) else { return false };
    let usual = usual(steps).unwrap_or(0);
    let is_usual = is_about(usual, length);
    let are_multiples = steps.iter().all(|step| step % length == 0);
    is_usual
        || !steps.is_empty()
            && are_multiples
            && usual < length.saturating_mul(SPARSE)
            && is_short(length)
            && !are_coarser(steps, length)
}

/// Whether bars are as regular as those of a longer timeframe: half of the steps are the shortest one, which is that
/// timeframe's. Bars of half a day that come once a day are not.
pub(super) fn are_coarser(steps: &[Micros], length: Micros) -> bool {
    let Some(&shortest) = steps.first() else { return false };
    let same = steps.iter().filter(|step| **step == shortest).count();
    let is_session = shortest == DAY && may_come_once_a_day(length);
    let is_longer = shortest >= length.saturating_mul(2) && timeframe::of_step(shortest).is_some();
    is_longer && same * 2 >= steps.len() && !is_session
}

/// Whether a step is about that of a timeframe: months differ in length.
pub(super) fn is_about(step: Micros, length: Micros) -> bool {
    step >= length / 10 * 9 && step <= length / 10 * 12
}

/// Whether bars of this timeframe, of some hours, may come once a day.
pub(super) fn may_come_once_a_day(length: Micros) -> bool {
    length < DAY && length * 6 >= DAY
}

/// Whether a timeframe is shorter than a day, so that holes between its bars are usual.
fn is_short(length: Micros) -> bool {
    length < DAY
}

/// The timeframe that the steps show.
pub(super) fn shown(steps: &[Micros]) -> Option<String> {
    const ENOUGH: usize = 9;
    let step = usual(steps)?;
    let same = steps.iter().filter(|other| **other == step).count();
    // Months differ in length.
    let is_clear = same * 2 >= steps.len() || timeframe::of_step(step).as_deref() == Some("1mo");
    timeframe::of_step(step).filter(|_| steps.len() >= ENOUGH && is_clear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeframe::MINUTE;

    #[test]
    fn a_likely_timeframe_is_not_confirmed_by_bars_of_a_longer_one() {
        let every = |minutes: i64| vec![minutes * MINUTE; 20];
        assert!(fits(&every(30), "30m") && fits(&[MINUTE, 2 * MINUTE, 2 * MINUTE, 7 * MINUTE], "1m"));
        assert!(!fits(&every(60), "30m") && !fits(&every(5), "1m"));
        assert!(!are_coarser(&every(24 * 60), 12 * 60 * MINUTE), "one bar of half a day");
        assert!(!are_coarser(&every(48 * 60), 24 * 60 * MINUTE), "no timeframe");
    }
}
