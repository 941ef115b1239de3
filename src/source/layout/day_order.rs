//! Which comes first, the day or the month.

use jiff::tz::TimeZone;

use super::DAY;
use super::counts::quoted;
use super::times::{Judgement, Texts, Times, shown};
use crate::bar::Micros;
use crate::config::TimeForm;
use crate::source::time::TimeParser;

impl Texts<'_> {
    /// The first text that only this form reads, if the order of day and month was in question.
    pub(super) fn because(&self, times: &Times, candidates: &[Times]) -> Option<String> {
        let swapped = swapped(&times.form)?;
        let other = candidates.iter().find(|other| other.form == swapped).cloned();
        let other = other.unwrap_or_else(|| self.read(swapped));
        let at =
            (0..self.0.len()).find(|at| times.instants[*at].is_some() && other.instants[*at].is_none())?;
        let (line, text) = &self.0[at];
        Some(format!("line {line}, `{}`, can be read no other way", shown(text)))
    }

    /// Why the order of day and month is open all the same: few rows decide it, and the order of the rows does not.
    pub(super) fn contradiction(&self, times: &Times, candidates: &[Times]) -> Option<String> {
        let swapped = swapped(&times.form)?;
        let other = candidates.iter().find(|other| other.form == swapped).cloned();
        let other = other.unwrap_or_else(|| self.read(swapped));
        let is_deciding = |at: &usize| times.instants[*at].is_some() && other.instants[*at].is_none();
        let deciding: Vec<usize> = (0..self.0.len()).filter(is_deciding).collect();
        let (count, rows) = (deciding.len(), times.count());
        let is_proven = count > 1 && count * 20 > rows || count == rows;
        let is_small_and_sound = rows < 20 && times.is_in_order();
        let only_this_is_in_order = times.is_in_order() && !other.is_in_order();
        if is_proven || is_small_and_sound || only_this_is_in_order {
            return None;
        }
        let (line, text) = &self.0[*deciding.first()?];
        Some(format!(
            "the order of day and month is open: only line {line}, `{}`, and few others decide it: mend them, or give \
             --time-format {} or {}",
            shown(text),
            quoted(&times.form.to_string()),
            quoted(&other.form.to_string())
        ))
    }
}

impl Texts<'_> {
    /// Where day and month change places: a row that goes back in time, and would go on if they did.
    pub(super) fn change_of_order(&self, times: &Times, candidates: &[Times]) -> Option<Judgement> {
        let swapped = swapped(&times.form)?;
        let other = candidates.iter().find(|other| other.form == swapped).cloned();
        let other = other.unwrap_or_else(|| self.read(swapped));
        let rows: Vec<(usize, Micros)> =
            (0..self.0.len()).filter_map(|at| Some((at, times.instants[at]?))).collect();
        let rising = rows.windows(2).filter(|pair| pair[1].1 > pair[0].1).count();
        if rising * 10 < rows.len() * 7 {
            return None;
        }
        let goes_on = |pair: &&[(usize, Micros)]| {
            let (before, now) = (pair[0].1, pair[1].1);
            now < before && other.instants[pair[1].0].is_some_and(|other| goes_on(before, other))
        };
        let pair = rows.windows(2).find(goes_on)?;
        let (line, text) = &self.0[pair[1].0];
        Some(Judgement::Changes(*line, changed_order(text, &times.form)))
    }
}

/// Whether a time goes on from the one before it.
fn goes_on(before: Micros, time: Micros) -> bool {
    const FAR: Micros = 40 * DAY;
    time > before && time - before < FAR
}

fn changed_order(text: &[u8], form: &TimeForm) -> String {
    format!(
        "day and month change places: `{}` goes back in time as {}, and not in the other order",
        shown(text),
        quoted(&form.to_string())
    )
}

impl Times {
    /// Reads a time that these disprove: it shows that the day comes before the month, or the month before the day.
    pub(super) fn disproof(&self) -> Option<Disproof> {
        match swapped(&self.form) {
            Some(other) => {
                let own = TimeParser::new(TimeZone::UTC, self.form.clone());
                Some(Disproof::Reads { own, other: TimeParser::new(TimeZone::UTC, other) })
            }
            None if self.form == TimeForm::Iso && !self.order_is_proven => Some(Disproof::DayBeforeMonth),
            None => None,
        }
    }
}

/// What a text would show that no time of the file's first rows did.
#[derive(Debug, Clone)]
pub(in crate::source) enum Disproof {
    /// Not the file's own form, but another one reads it.
    Reads {
        /// The file's own.
        own: TimeParser,
        /// With day and month swapped.
        other: TimeParser,
    },
    /// A month above 12 before a day.
    DayBeforeMonth,
}

impl Disproof {
    /// Why a text, which goes back from the time before it, shows that day and month change places.
    pub(in crate::source) fn change_of_order(&self, text: &[u8], before: Micros) -> Option<String> {
        let Self::Reads { own, other } = self else { return None };
        let other = other.parse(text).ok()?;
        goes_on(before, other).then(|| changed_order(text, own.form()))
    }

    /// Whether this text, which is no time of the file's form, shows it.
    pub(in crate::source) fn is_shown_by(&self, text: &[u8]) -> bool {
        match self {
            Self::Reads { own, other } => own.parse(text).is_err() && other.parse(text).is_ok(),
            Self::DayBeforeMonth => match text.trim_ascii() {
                [year @ .., b'-' | b'/' | b'.', a, b, b'-' | b'/' | b'.', c, d] if year.len() == 4 => {
                    let of = |tens: &u8, ones: &u8| [*tens, *ones];
                    of(a, b) > *b"12"
                        && of(a, b) <= *b"31"
                        && of(c, d) <= *b"12"
                        && year.iter().all(u8::is_ascii_digit)
                }
                longer if longer.len() > 10 => self.is_shown_by(&longer[..10]),
                _ => false,
            },
        }
    }
}

/// The same format with day and month swapped; none if there is no other order.
fn swapped(form: &TimeForm) -> Option<TimeForm> {
    let text = form.to_string();
    let is_open = text.contains("%d") && text.contains("%m") && text != "%Y%m%d" && !text.contains("%Y%m%d");
    is_open.then(|| text.replace("%d", "\0").replace("%m", "%d").replace('\0', "%m").into())
}

/// Whether the day comes before the month.
pub(super) fn is_day_first(form: &TimeForm) -> bool {
    let text = form.to_string();
    text.find("%d").zip(text.find("%m")).is_some_and(|(day, month)| day < month)
}
