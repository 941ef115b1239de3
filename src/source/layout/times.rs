//! Judges a column as times: which form all of its texts have.
//!
//! Invariant: a form is taken only if nearly all texts have it and no other form gives other instants. What is open is
//! refused, with the flags that decide.

use std::borrow::Cow;

use jiff::tz::{Offset, TimeZone};

use super::context::Context;
use super::counts::{self, YEAR, quoted};
use super::day_order::{is_day_first, only_steady};
use super::formats;
use crate::bar::Micros;
use crate::config::TimeForm;
use crate::source::number::is_missing;
use crate::source::time::{TimeParser, cut};
use crate::timeframe::DAY;

/// What a column's texts are.
#[derive(Debug)]
pub(super) enum Judgement {
    /// Times.
    Times(Times),
    /// Times of several possible forms: which, and the flags that decide.
    Open(String),
    /// Numbers that are no times.
    Implausible(String),
    /// Times whose form changes: the line, and what is there.
    Changes(u64, String),
    /// No times: an example, if there is any text.
    Nothing(Option<(u64, String)>),
}

/// The times of a column.
#[derive(Debug, Clone)]
pub(super) struct Times {
    pub(super) form: TimeForm,
    /// Of each row; none where the text is no time of this form.
    pub(super) instants: Vec<Option<Micros>>,
    /// Whether all are dates without a time of day.
    pub(super) are_dates: bool,
    /// Whether they name their zone, or are counts.
    pub(super) have_zone: bool,
    /// Whether ISO times name a zone, if all do or none does.
    pub(super) zoned: Option<bool>,
    /// Whether ISO times have a time of day, if all do or none does.
    pub(super) clock: Option<bool>,
    /// Whether some of them name a zone and others do not.
    zones_differ: bool,
    /// Whether a row has shown that the day does not come before the month.
    pub(super) order_is_proven: bool,
    /// What decided the form, if another one was possible.
    pub(super) because: Option<String>,
}

/// A column's texts, with their lines.
pub(super) struct Texts<'t>(pub(super) Vec<(u64, Cow<'t, [u8]>)>);

impl<'t> Texts<'t> {
    pub(super) fn new(texts: impl Iterator<Item = (u64, Cow<'t, [u8]>)>) -> Self {
        Self(texts.collect())
    }

    /// Those that are there.
    fn present(&self) -> impl Iterator<Item = (u64, &[u8])> + Clone {
        self.0.iter().map(|(line, text)| (*line, text.as_ref())).filter(|(_, text)| !is_missing(text))
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.present().map(|(_, text)| text)
    }

    /// The first text, for messages.
    pub(super) fn example(&self) -> String {
        match self.present().next() {
            Some((line, text)) => format!("`{}` (line {line})", shown(text)),
            None => "the column".into(),
        }
    }

    /// Whether so many texts of the column are nearly all of them: a few rows may be bad.
    pub(super) fn nearly_all(&self, count: usize) -> bool {
        let all = self.present().count();
        count > 0 && nearly_all(count, all)
    }

    /// Whether any of the first texts has this form. If none has, hardly any further down does.
    pub(super) fn begin_in(&self, form: &TimeForm) -> bool {
        let parser = TimeParser::new(TimeZone::UTC, form.clone());
        self.texts().take(5).any(|text| parser.parse(text).is_ok())
    }

    /// The times in this form; in UTC, where every time that a clock shows is one.
    pub(super) fn read(&self, form: TimeForm) -> Times {
        let parser = TimeParser::new(TimeZone::UTC, form.clone());
        let instants: Vec<_> = self.0.iter().map(|(_, text)| parser.parse(text).ok()).collect();
        let is_iso = form == TimeForm::Iso;
        // Another zone changes nothing.
        let elsewhere = TimeParser::new(TimeZone::fixed(Offset::constant(-3)), form.clone());
        let read = || self.0.iter().zip(&instants).filter_map(|((_, text), time)| Some((text, (*time)?)));
        let is_zoned = |text: &[u8], time: Micros| elsewhere.parse(text) == Ok(time);
        let zoned = read().filter(|(text, time)| is_zoned(text, *time)).count();
        let all = read().count();
        // An ISO date has ten characters at most.
        let dates = if is_iso { read().filter(|(text, _)| text.len() <= 10).count() } else { 0 };
        // Some programs write midnight as a bare date, and all other times with a Z.
        let others_are_dates = dates > 0
            && read().all(|(text, time)| text.len() <= 10 || text.ends_with(b"Z") && is_zoned(text, time));
        let order_is_proven =
            !is_iso || self.texts().any(|text| text.get(8..10).is_some_and(|day| day > &b"12"[..]));
        let alike = |count: usize| match count {
            count if nearly_all(all - count, all) => Some(false),
            count if nearly_all(count, all) => Some(true),
            _ => None,
        };
        let zoned_alike = alike(zoned);
        let are_dates = if is_iso { all == 0 || alike(dates) == Some(true) } else { form.is_date_format() };
        // Bare dates among times may be midnights.
        let clock = (dates > 0 && dates * 2 < all && !are_midnights(read())).then_some(true);
        let zones_differ = is_iso && zoned_alike.is_none() && !others_are_dates;
        Times {
            form,
            are_dates,
            have_zone: zoned > 0,
            zoned: zoned_alike.filter(|_| is_iso && all > 0 && !are_dates && !others_are_dates),
            clock: clock.filter(|_| is_iso && all > 0),
            zones_differ,
            order_is_proven,
            instants,
            because: None,
        }
    }

    /// The texts as numbers, if all of them are.
    pub(super) fn numbers(&self) -> Option<Vec<f64>> {
        self.texts().map(|text| std::str::from_utf8(text).ok()?.parse().ok()).collect()
    }

    pub(super) fn all_have_digits(&self, digits: usize) -> bool {
        self.texts().all(|text| {
            let whole = text.strip_suffix(b".0").unwrap_or(text);
            whole.len() == digits && whole.iter().all(u8::is_ascii_digit)
        })
    }

    /// Judges the texts; none of them is there in a file without rows, whose form does not matter.
    pub(super) fn judge(&self, context: &Context) -> Judgement {
        let all = self.present().count();
        if let Some(given) = &context.given {
            return self.judge_given(given, context);
        }
        if self.0.is_empty() {
            return Judgement::Times(self.read(TimeForm::Iso));
        }
        let iso = self.read(TimeForm::Iso);
        if all > 0 && self.nearly_all(iso.count()) {
            if iso.zones_differ {
                let (line, text) = &self.0[0];
                let reason = "the times change their form: some name a zone, and others do not";
                return Judgement::Changes(*line, format!("{reason} (`{}`)", shown(text)));
            }
            return self.change_of_order(&iso, &[]).unwrap_or(Judgement::Times(iso));
        }
        let is_number = |text: &&[u8]| {
            let text = text.strip_prefix(b"-").unwrap_or(text);
            text.iter().any(u8::is_ascii_digit)
                && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
                && text.iter().filter(|b| **b == b'.').count() < 2
        };
        let numbers = self.texts().filter(is_number).count();
        if numbers * 2 > all {
            return counts::judge(self, context);
        }
        self.judge_formats(iso, context)
    }

    /// A form that was given is taken as given, but for a file of times that need none, and for counts of another unit.
    fn judge_given(&self, given: &TimeForm, context: &Context) -> Judgement {
        let times = self.read(given.clone());
        if times.count() == 0 && *given != TimeForm::Iso {
            let mut iso = self.read(TimeForm::Iso);
            if iso.count() > 0 && iso.count() * 2 >= self.present().count() {
                iso.because = Some(format!("no time fits {}", given.describe()));
                return Judgement::Times(iso);
            }
        }
        let is_count = matches!(given, TimeForm::Unix(_));
        if is_count && times.count() > 0 && times.instants.iter().flatten().all(|time| time.abs() < YEAR) {
            let without_given = Context { given: None, ..context.clone() };
            if let Judgement::Times(Times { form, .. }) = counts::judge(self, &without_given)
                && form != *given
            {
                return Judgement::Implausible(format!(
                    "{} is no count of {}, but looks like {}: leave out --time-format",
                    self.example(),
                    given.describe(),
                    form.describe()
                ));
            }
        }
        match self.only_the_other_order_goes_on(&times, context.step) {
            Some(reason) => Judgement::Implausible(reason),
            None => Judgement::Times(times),
        }
    }

    fn judge_formats(&self, iso: Times, context: &Context) -> Judgement {
        let nothing = || Judgement::Nothing(self.present().next().map(|(line, text)| (line, shown(text))));
        let mut candidates = vec![iso];
        let mut strangers = 0;
        for (at, (_, text)) in self.0.iter().enumerate() {
            let known = candidates.iter().any(|times| times.instants[at].is_some());
            // A few texts that no format reads are bad rows; if all are, the column has no times.
            if known || is_missing(text) || strangers > 5 {
                continue;
            }
            let found = formats::reading(text);
            strangers += usize::from(found.is_empty());
            candidates.extend(found.into_iter().map(|form| self.read(form)));
        }
        let best = candidates.iter().map(Times::count).max().unwrap_or(0);
        if best == 0 || best * 2 < self.present().count() {
            return nothing();
        }
        if let Some(changes) = self.changes(&candidates, best) {
            return changes;
        }
        let mut winners: Vec<&Times> = candidates.iter().filter(|times| times.count() == best).collect();
        // Behind the year comes the month, unless the file proves the contrary.
        let is_usual =
            |times: &Times| !times.form.to_string().starts_with("%Y") || !is_day_first(&times.form);
        if winners.iter().any(|times| is_usual(times)) {
            winners.retain(|times| is_usual(times));
        }
        // A few of them may be mistyped.
        let too_late = |times: &&Times| {
            let late = times.instants.iter().flatten().filter(|time| **time > context.now + YEAR).count();
            late * 20 > times.count()
        };
        if winners.iter().any(too_late) && winners.iter().all(|times| times.form.to_string().contains("%y")) {
            winners.retain(|times| !too_late(times));
            if winners.is_empty() {
                return Judgement::Implausible(format!(
                    "{} has a year of two digits, and some of these years would lie ahead: write years with four digits",
                    self.example()
                ));
            }
        }
        let Some(first) = winners.first() else { return nothing() };
        let rivals: Vec<&Times> =
            winners.iter().copied().filter(|times| times.instants != first.instants).collect();
        if !rivals.is_empty() {
            let all = || rivals.iter().copied().chain([*first]);
            return match context.step.and_then(|step| only_steady(all(), step)) {
                Some(steady) => Judgement::Times(steady),
                None => Judgement::Open(self.open(first, &rivals)),
            };
        }
        let mut times = (*first).clone();
        times.because = self.because(&times, &candidates);
        if let Some(reason) = self.contradiction(&times, &candidates) {
            return Judgement::Open(reason);
        }
        self.change_of_order(&times, &candidates).unwrap_or(Judgement::Times(times))
    }

    /// Too many texts that another form reads, and not the one that most texts have.
    fn changes(&self, candidates: &[Times], best: usize) -> Option<Judgement> {
        let winner = candidates.iter().find(|times| times.count() == best)?;
        let readable = |at: &usize| candidates.iter().any(|times| times.instants[*at].is_some());
        let others: Vec<usize> =
            (0..self.0.len()).filter(|at| winner.instants[*at].is_none()).filter(readable).collect();
        let all = best + others.len();
        if others.is_empty() || all >= 20 && others.len() * 20 <= all {
            return None;
        }
        let usual = winner.instants.iter().position(Option::is_some)?;
        let (line, text) = &self.0[others[0]];
        let other = format!(
            "the times change their form: `{}` here, `{}` in line {}",
            shown(text),
            shown(&self.0[usual].1),
            self.0[usual].0
        );
        Some(Judgement::Changes(*line, other))
    }

    /// What is open, and the flags that decide.
    fn open(&self, first: &Times, rivals: &[&Times]) -> String {
        let mut readings = vec![first];
        for rival in rivals {
            if readings.iter().all(|other| other.instants != rival.instants) {
                readings.push(rival);
            }
        }
        let flags: Vec<String> = readings
            .iter()
            .take(3)
            .map(|times| format!("--time-format {}", quoted(&times.form.to_string())))
            .collect();
        format!(
            "day, month and year can be read in several ways in {}: give {}",
            self.example(),
            flags.join(" or ")
        )
    }
}

impl Times {
    pub(super) fn count(&self) -> usize {
        self.instants.iter().filter(|instant| instant.is_some()).count()
    }

    /// Whether these are counts, none of them of the year before or after 1970.
    pub(super) fn are_far_from_1970(&self) -> bool {
        let mut instants = self.instants.iter().flatten();
        matches!(self.form, TimeForm::Unix(_)) && self.count() > 0 && instants.all(|time| time.abs() >= YEAR)
    }

    /// Whether all are at 00:00.
    pub(super) fn are_at_midnight(&self) -> bool {
        self.count() > 0 && self.instants.iter().flatten().all(|time| time % crate::timeframe::DAY == 0)
    }

    /// Whether the days go in one direction about as often as in the other.
    pub(super) fn is_shuffled(&self) -> bool {
        let times: Vec<Micros> = self.instants.iter().flatten().map(|time| time.div_euclid(DAY)).collect();
        let later = times.windows(2).filter(|pair| pair[1] > pair[0]).count();
        let earlier = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        later.min(earlier) * 3 > later.max(earlier)
    }

    /// Whether nearly all steps go in one direction.
    pub(super) fn is_in_order(&self) -> bool {
        let times: Vec<Micros> = self.instants.iter().copied().flatten().collect();
        let later = times.windows(2).filter(|pair| pair[1] > pair[0]).count();
        let earlier = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        later.min(earlier) * 20 <= later.max(earlier)
    }
}

/// Whether so many rows are nearly all: a few may be bad.
pub(super) fn nearly_all(count: usize, all: usize) -> bool {
    count == all || all >= 20 && (all - count) * 20 <= all
}

/// Whether each bare date is midnight between the times around it, whichever way they go.
fn are_midnights<'t>(read: impl Iterator<Item = (&'t Cow<'t, [u8]>, Micros)>) -> bool {
    let rows: Vec<(bool, Micros)> = read.map(|(text, time)| (text.len() <= 10, time)).collect();
    rows.windows(3).filter(|rows| rows[1].0).all(|rows| {
        let times = [rows[0].1, rows[1].1, rows[2].1];
        times.is_sorted() || times.is_sorted_by(|a, b| a >= b)
    })
}

pub(super) fn shown(text: &[u8]) -> String {
    cut(&String::from_utf8_lossy(text))
}
