//! The note on rows of a longer timeframe among others.

use super::context::Context;
use super::time_notes::length_shown;
use super::times::Times;
use crate::bar::{Micros, format_time};
use crate::source::steps;
use crate::timeframe::DAY;

/// A step, and the time before it.
type Step = (Micros, Micros);

/// So many rows in turn are told at an end of a regular file; in others, many may come by chance.
const AT_END: usize = 4;
const ANYWHERE: usize = 20;

/// The shortest time without trade between two days.
const NIGHT: Micros = DAY / 6;
const WEEKEND: Micros = 4 * DAY;

/// The note on rows that are as far apart as those of a longer timeframe, many in turn. `is_whole`: whether these are all rows of
/// the file.
pub(super) fn note(times: &Times, context: &Context, is_whole: bool) -> Option<String> {
    let length = context.step?;
    let mut instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    instants.sort_unstable();
    instants.dedup();
    let all: Vec<Step> = instants.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).collect();
    let regular = all.iter().filter(|step| step.1 == length).count();
    if regular < AT_END {
        return None;
    }
    let mut start = 0;
    while start < all.len() {
        let (count, end) = longer_from(&all[start..], length);
        let is_end = start == 0 || is_whole && start + end == all.len();
        let others = all[..start].iter().chain(&all[start + end..]).filter(|step| !is_pause(step.1, length));
        if count >= ANYWHERE || count >= AT_END && is_end && regular * 10 >= others.count() * 9 {
            let (last, step) = all[start + end - 1];
            return Some(format!(
                "the rows from {} to {} are {} apart, and not {}",
                format_time(all[start].0),
                format_time(last + step),
                length_shown(all[start].1),
                length_shown(length)
            ));
        }
        start += end.max(1);
    }
    None
}

/// How many steps, from the first one on, are those of a longer timeframe, without and with the pauses between them.
fn longer_from(steps: &[Step], length: Micros) -> (usize, usize) {
    let longer = steps[0].1;
    let is_session = longer == DAY && steps::may_come_once_a_day(length);
    if longer <= length || longer % length != 0 || is_session {
        return (0, 1);
    }
    // A pause of trade is one of several steps.
    let end = steps.iter().take_while(|step| step.1 % longer == 0).count();
    let count = steps[..end].iter().filter(|step| step.1 == longer).count();
    if count * 2 > end { (count, end) } else { (0, 1) }
}

/// Whether a step may be a pause of trade, such as a night or a weekend.
fn is_pause(step: Micros, length: Micros) -> bool {
    if length < DAY { step >= NIGHT } else { length == DAY && step > DAY && step <= WEEKEND }
}
