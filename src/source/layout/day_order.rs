//! Which comes first, the day or the month.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::counts::quoted;
use super::times::{Judgement, Texts, Times, shown};
use crate::bar::Micros;
use crate::config::TimeForm;
use crate::source::steps;
use crate::source::time::TimeParser;
use crate::timeframe::DAY;

/// So many rows that do not go on from the row before are no holes.
const BREAKS: usize = 3;

impl Texts<'_> {
    /// The times with day and month in the other order. That of times that begin with the year is not in question.
    fn swapped(&self, times: &Times, candidates: &[Times]) -> Option<Times> {
        let swapped = swapped(&times.form)?;
        let other = candidates.iter().find(|other| other.form == swapped).cloned();
        Some(other.unwrap_or_else(|| self.read(swapped)))
    }

    /// Times that begin with the year, with day and month exchanged.
    fn iso_swapped(&self) -> Times {
        let swapped = |text: &[u8]| {
            let mut swapped = text.trim_ascii().to_vec();
            if let [_, _, _, _, _, a, b, _, c, d, ..] = swapped.as_mut_slice() {
                std::mem::swap(a, c);
                std::mem::swap(b, d);
            }
            swapped
        };
        let texts = self.0.iter().map(|(line, text)| (*line, Cow::Owned(swapped(text))));
        Texts::new(texts).read(TimeForm::Iso)
    }

    /// The first text that only this form reads, if the order of day and month was in question.
    pub(super) fn because(&self, times: &Times, candidates: &[Times]) -> Option<String> {
        let other = self.swapped(times, candidates)?;
        let at =
            (0..self.0.len()).find(|at| times.instants[*at].is_some() && other.instants[*at].is_none())?;
        let (line, text) = &self.0[at];
        Some(format!("line {line}, `{}`, can be read no other way", shown(text)))
    }

    /// Why a form that was given has day and month in the wrong order: most rows that do not go on from the row before do so
    /// in the other one.
    pub(super) fn only_the_other_order_goes_on(&self, times: &Times, step: Option<Micros>) -> Option<String> {
        let (far, other) = (far(step?), self.swapped(times, &[])?);
        let breaks = times.breaks(far);
        let is_wrong = other.count() == times.count()
            && breaks >= BREAKS
            && other.breaks(far) * 4 <= breaks
            && !times.are_months();
        is_wrong.then(|| {
            format!(
                "read as {}, the rows do not go on from each other, but as {} they do: give the other --time-format, or \
                 leave it out",
                quoted(&times.form.to_string()),
                quoted(&other.form.to_string())
            )
        })
    }

    /// Why the order of day and month is open all the same: few rows decide it, and the order of the rows does not.
    pub(super) fn contradiction(&self, times: &Times, candidates: &[Times]) -> Option<String> {
        let other = self.swapped(times, candidates)?;
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

    /// Where day and month change places: with some rows read in the other order the times go on from row to row, as they
    /// do not without.
    pub(super) fn change_of_order(&self, times: &Times, candidates: &[Times]) -> Option<Judgement> {
        if times.breaks(far(0)) == 0 {
            return None;
        }
        let other = match times.form {
            TimeForm::Iso => self.iso_swapped(),
            _ => self.swapped(times, candidates)?,
        };
        let rows: Vec<Readings> = (0..self.0.len())
            .filter_map(|row| Some(Readings { row, own: times.instants[row]?, other: other.instants[row] }))
            .collect();
        let rising = rows.windows(2).filter(|pair| pair[1].own > pair[0].own).count();
        let falling = rows.windows(2).filter(|pair| pair[1].own < pair[0].own).count();
        let rows: Vec<Readings> =
            if rising >= falling { rows } else { rows.into_iter().map(Readings::mirrored).collect() };
        let instants: Vec<Micros> = rows.iter().map(|row| row.own).collect();
        let far = far(steps::usual(&steps::between(&instants)).unwrap_or(0));
        let is_broken = |pair: &[Readings]| !goes_on(pair[0].own, pair[1].own, far);
        let broken = rows.windows(2).filter(|pair| is_broken(pair)).count();
        let found = first_swapped(&rows, broken, far).or_else(|| {
            // The first rows may be those in the other order.
            let backwards: Vec<Readings> = rows.iter().rev().map(|row| row.mirrored()).collect();
            first_swapped(&backwards, broken, far)
        });
        let (line, text) = &self.0[found?];
        let reason = changed_order(text, &times.form);
        Some(Judgement::Changes(
            *line,
            format!("{reason}; mend the file, or give --time-format for all rows"),
        ))
    }
}

/// The one of several readings in which rows go on from each other, if in each other one some do not.
pub(super) fn only_steady<'t>(readings: impl Iterator<Item = &'t Times>, step: Micros) -> Option<Times> {
    let (steady, others): (Vec<&Times>, Vec<&Times>) =
        readings.partition(|times| times.breaks(far(step)) == 0);
    let are_broken = others.iter().all(|times| times.breaks(far(step)) >= BREAKS && !times.are_months());
    match steady.as_slice() {
        [only] if are_broken => {
            let mut only = (*only).clone();
            only.because = Some("read in another order, the rows would not go on from each other".to_owned());
            Some(only)
        }
        _ => None,
    }
}

/// The two ways to read a row's date.
#[derive(Clone, Copy)]
struct Readings {
    row: usize,
    own: Micros,
    other: Option<Micros>,
}

impl Readings {
    fn mirrored(self) -> Self {
        Self { own: -self.own, other: self.other.map(|time| -time), ..self }
    }
}

/// The first row that goes on from the one before it only in the other order, if nothing is broken any more with all such rows
/// read so. Behind a hole, a single one proves nothing.
fn first_swapped(rows: &[Readings], broken: usize, far: Micros) -> Option<usize> {
    let (mut before, mut first, mut left) = (rows.first()?.own, None, 0);
    let (mut count, mut goes_back) = (0, false);
    for row in &rows[1..] {
        let other = row.other.filter(|other| !goes_on(before, row.own, far) && goes_on(before, *other, far));
        left += usize::from(!goes_on(before, other.unwrap_or(row.own), far));
        if other.is_some() {
            first = first.or(Some(row.row));
            count += 1;
            goes_back |= row.own < before;
        }
        before = other.unwrap_or(row.own);
    }
    first.filter(|_| left < broken && left * 20 <= rows.len() && (count > 1 || goes_back))
}

/// How far apart rows are at most that follow each other.
fn far(step: Micros) -> Micros {
    (10 * DAY).max(3 * step)
}

/// Whether a time goes on from the one before it, and not too far.
fn goes_on(before: Micros, time: Micros, far: Micros) -> bool {
    time >= before && time - before < far
}

fn changed_order(text: &[u8], form: &TimeForm) -> String {
    format!(
        "day and month change places: `{}` does not go on from the row before as {}, but does in the other order",
        shown(text),
        match form {
            TimeForm::Iso => "year, month and day".to_owned(),
            form => quoted(&form.to_string()),
        }
    )
}

impl Times {
    /// Whether all rows are a month apart, as the days of one month are in the other order of day and month.
    fn are_months(&self) -> bool {
        let times: Vec<Micros> = self.instants.iter().copied().flatten().collect();
        let steps = steps::between(&times);
        steps.first().is_some_and(|shortest| *shortest >= 28 * DAY)
            && steps.last().is_some_and(|longest| *longest <= 31 * DAY)
    }

    /// How many rows do not go on from the row before, whichever way most do.
    fn breaks(&self, far: Micros) -> usize {
        let times: Vec<Micros> = self.instants.iter().copied().flatten().collect();
        let breaks = |sign: Micros| {
            times.windows(2).filter(|pair| !goes_on(sign * pair[0], sign * pair[1], far)).count()
        };
        breaks(1).min(breaks(-1))
    }

    /// Reads a time that these disprove: it shows that the day comes before the month, or the month before the day.
    pub(super) fn disproof(&self) -> Option<Disproof> {
        match swapped(&self.form) {
            Some(other) => {
                let own = TimeParser::new(TimeZone::UTC, self.form.clone());
                Some(Disproof::Reads {
                    own: Box::new(own),
                    other: Box::new(TimeParser::new(TimeZone::UTC, other)),
                })
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
        own: Box<TimeParser>,
        /// With day and month swapped.
        other: Box<TimeParser>,
    },
    /// A month above 12 before a day.
    DayBeforeMonth,
}

impl Disproof {
    /// Why a text, which goes back from the time before it, shows that day and month change places.
    pub(in crate::source) fn change_of_order(
        &self,
        text: &[u8],
        before: Micros,
        step: Option<Micros>,
    ) -> Option<String> {
        let Self::Reads { own, other } = self else { return None };
        let other = other.parse(text).ok()?;
        goes_on(before, other, far(step.unwrap_or(0))).then(|| changed_order(text, own.form()))
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
