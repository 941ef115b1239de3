//! Times that are numbers: which of the ways to count time, or to write a date in digits, all of them allow.
//!
//! Invariant: a number is a time only if the column as a whole is plausible as such; otherwise the error names what the
//! numbers look like.

use super::context::Context;
use super::times::{Judgement, Texts, Times};
use crate::bar::Micros;
use crate::config::{TimeForm, UnixUnit};
use crate::source::steps;
use crate::timeframe::DAY;

/// A year; leap days do not matter here.
pub(super) const YEAR: Micros = 365 * DAY;

/// A column of counts has a time at least this far from 1970: a unit that is a thousand times too short brings every
/// time of this century closer.
const FAR_FROM_1970: Micros = 6 * YEAR;

/// The formats of digits alone that are read.
const DIGITS: [&str; 5] = ["%Y%m%d", "%Y%m%d.0", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M%S%3f"];

/// Formats of digits that are named, but read only if they are given: they have other readings.
const NAMED: [&str; 5] = ["%y%m%d", "%d%m%Y", "%m%d%Y", "%y%m%d%H%M", "%y%m%d%H%M%S"];

/// Judges texts which are mostly numbers.
pub(super) fn judge(texts: &Texts<'_>, context: &Context) -> Judgement {
    let units = UnixUnit::ALL.map(TimeForm::Unix);
    let formats = DIGITS.iter().map(|format| TimeForm::from((*format).to_owned()));
    let mut plausible: Vec<Times> =
        units.into_iter().chain(formats).filter_map(|form| plausible(texts, form, context)).collect();
    // Few bars are shorter than a second.
    if plausible.len() > 1 && plausible.iter().any(|times| !is_finer_than_a_second(times)) {
        plausible.retain(|times| !is_finer_than_a_second(times));
    }
    let rivals = named(texts, context);
    match plausible.len() {
        // Without a timeframe, or steps to compare it with, nothing tells a count from these.
        1 if (context.step.is_none() || !has_steps(&plausible[0]))
            && rivals.as_ref().is_some_and(|named| named.is_rival) =>
        {
            Judgement::Open(format!(
                "{} could be {} or {}; give --time-format {} or {}",
                texts.example(),
                plausible[0].form.describe(),
                rivals.as_ref().map_or("", |named| named.what),
                quoted(&plausible[0].form.to_string()),
                rivals.as_ref().map_or("", |named| named.advice.as_str()),
            ))
        }
        1 => Judgement::Times(plausible.remove(0)),
        0 => Judgement::Implausible(implausible(texts, rivals.as_ref(), context)),
        _ => {
            let forms: Vec<String> = plausible.iter().map(|times| times.form.describe()).collect();
            let flags: Vec<String> = plausible
                .iter()
                .map(|times| format!("--time-format {}", quoted(&times.form.to_string())))
                .collect();
            Judgement::Open(format!(
                "{} could be {}; give {}",
                texts.example(),
                forms.join(" or "),
                flags.join(" or ")
            ))
        }
    }
}

fn is_finer_than_a_second(times: &Times) -> bool {
    let instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    steps::usual(&steps::between(&instants)).is_some_and(|step| step < 1_000_000)
}

/// Whether there are two different times.
fn has_steps(times: &Times) -> bool {
    let mut instants = times.instants.iter().flatten();
    let first = instants.next();
    instants.any(|other| Some(other) != first)
}

/// A format as typed in a shell.
pub(super) fn quoted(format: &str) -> String {
    if format.contains('%') { format!("'{format}'") } else { format.to_owned() }
}

/// The times, if nearly all texts are plausible in this form.
fn plausible(texts: &Texts<'_>, form: TimeForm, context: &Context) -> Option<Times> {
    let is_count = matches!(form, TimeForm::Unix(_));
    if !texts.begin_in(&form) {
        return None;
    }
    let times = texts.read(form);
    let read: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    if !texts.nearly_all(read.len()) {
        return None;
    }
    let latest = read.iter().max()?;
    let farthest = read.iter().map(|time| time.abs()).max()?;
    let is_far = !is_count || farthest >= FAR_FROM_1970 && has_one_unit(&read);
    let fits = is_far && *latest <= context.now + YEAR && (!is_count || steps_fit(&read, context.step));
    fits.then_some(times)
}

/// Whether no time near 1970 is left alone there, as it is if it is a recent one in a longer unit.
fn has_one_unit(times: &[Micros]) -> bool {
    let elsewhere =
        |time: &Micros| [1_000, 1_000_000, 1_000_000_000].map(|longer| time.saturating_mul(longer));
    let is_recent_elsewhere = |time: &Micros| {
        time.abs() < YEAR && elsewhere(time).iter().any(|time| (FAR_FROM_1970..70 * YEAR).contains(time))
    };
    if !times.iter().any(is_recent_elsewhere) {
        return true;
    }
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[1] - pair[0] < 2 * YEAR)
}

/// Whether the usual step between these times fits the timeframe: counts in another unit, and digits that are no count,
/// give other steps.
pub(super) fn steps_fit(times: &[Micros], timeframe: Option<Micros>) -> bool {
    let Some(timeframe) = timeframe else { return true };
    let steps = steps::between(times);
    let Some(usual) = steps::usual(&steps) else { return true };
    let multiples = steps.iter().filter(|step| **step % timeframe == 0).count();
    usual >= timeframe / 10 * 9 && (timeframe >= DAY || multiples * 2 >= steps.len())
}

/// What numbers look like that are no times, and what to do about it.
struct Named {
    what: &'static str,
    advice: String,
    /// Whether they may be taken for a count as well.
    is_rival: bool,
}

fn named(texts: &Texts<'_>, context: &Context) -> Option<Named> {
    for format in NAMED {
        let form = TimeForm::from(format.to_owned());
        if !texts.begin_in(&form) {
            continue;
        }
        let times = texts.read(form);
        let read: Vec<Micros> = times.instants.iter().copied().flatten().collect();
        if texts.nearly_all(read.len())
            && read.iter().max().is_some_and(|latest| *latest <= context.now + YEAR)
        {
            let what = match format {
                "%y%m%d" => "dates of two-digit years (YYMMDD)",
                "%d%m%Y" => "dates that begin with the day (DDMMYYYY)",
                "%m%d%Y" => "dates that begin with the month (MMDDYYYY)",
                "%y%m%d%H%M" => "times that begin with a two-digit year (YYMMDDHHMM)",
                _ => "times that begin with a two-digit year (YYMMDDHHMMSS)",
            };
            let advice = format!("--time-format {}", quoted(format));
            return Some(Named { what, advice, is_rival: format.contains("%H") });
        }
    }
    let numbers = texts.numbers()?;
    let within = |low: f64, high: f64| numbers.iter().all(|number| (low..=high).contains(number));
    let digits = |n: usize| texts.all_have_digits(n);
    let write_dates =
        |what, is_rival| Some(Named { what, advice: "write them as dates, 2024-01-02".to_owned(), is_rival });
    if within(5.5e17, 6.6e17) {
        return write_dates("ticks of .NET", true);
    }
    if digits(4) && within(1700.0, 2299.0) {
        return write_dates("years", false);
    }
    if digits(6) && within(170_001.0, 229_912.0) {
        return write_dates("months (YYYYMM)", false);
    }
    let are_whole = numbers.iter().all(|number| number.fract() == 0.0);
    let are_in_turn = are_whole && numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
    if are_in_turn && within(0.0, 1e7) && !within(20_000.0, 60_000.0) && numbers.len() > 1 {
        return Some(Named {
            what: "the numbers of the rows",
            advice: "name the time's column with --column time=NAME".to_owned(),
            is_rival: false,
        });
    }
    let are_seconds = are_whole && numbers.iter().all(|number| number % 1000.0 == 0.0);
    if are_seconds && within(0.0, 86_399_000.0) && numbers.len() > 2 {
        return Some(Named {
            what: "milliseconds since midnight (QuantConnect's)",
            advice: "write the date, which is in the file's name, into the rows".to_owned(),
            is_rival: false,
        });
    }
    if within(700_000.0, 770_000.0) {
        return write_dates("day numbers of MATLAB", false);
    }
    if within(2_300_000.0, 2_560_000.0) {
        return write_dates("Julian day numbers", false);
    }
    if within(7_000.0, 60_000.0) {
        return write_dates("day numbers (of a spreadsheet, or since 1970)", false);
    }
    if digits(8) && within(1.2e7, 3.5e7) {
        let is_date = |number: &f64| (1.0..=1231.0).contains(&(number % 10_000.0)) && number % 100.0 <= 31.0;
        let is_buddhist = within(2.4e7, 2.7e7) && numbers.iter().all(is_date);
        let what = if is_buddhist { "dates in the Buddhist calendar" } else { "minutes since 1970" };
        return write_dates(what, false);
    }
    None
}

fn implausible(texts: &Texts<'_>, named: Option<&Named>, context: &Context) -> String {
    let example = texts.example();
    if let Some(named) = named {
        let give = if named.advice.starts_with("--") { "give " } else { "" };
        return format!("{example} looks like {}; {give}{}", named.what, named.advice);
    }
    // A count whose steps do not fit is the likeliest.
    let without_step = Context { step: None, ..context.clone() };
    let mut counts = UnixUnit::ALL.into_iter().map(TimeForm::Unix);
    match counts.find_map(|form| plausible(texts, form, &without_step)) {
        Some(times) => format!(
            "{example} would be {}, but then the steps between the rows do not fit the timeframe; \
             if that is right, give --time-format {}",
            times.form.describe(),
            times.form
        ),
        None => odd_one(texts, context).unwrap_or_else(|| {
            format!(
                "{example} is no plausible time, neither as a date in digits nor as a count since 1970; name the form \
                 with --time-format (such as '%y%m%d' or unix-ms), or another column with --column time=NAME"
            )
        }),
    }
}

/// The first text that is no plausible time, where most are times of one form.
fn odd_one(texts: &Texts<'_>, context: &Context) -> Option<String> {
    let units = UnixUnit::ALL.map(TimeForm::Unix);
    let formats = DIGITS.iter().map(|format| TimeForm::from((*format).to_owned()));
    let is_plausible = |times: &Times, row: usize| {
        let is_count = matches!(times.form, TimeForm::Unix(_));
        let is_far = |time: Micros| !is_count || time.abs() >= FAR_FROM_1970;
        times.instants[row].is_some_and(|time| is_far(time) && time <= context.now + YEAR)
    };
    units.into_iter().chain(formats).find_map(|form| {
        let times = texts.read(form);
        let rows = 0..times.instants.len();
        let plausible = rows.clone().filter(|row| is_plausible(&times, *row)).count();
        let odd = rows.clone().find(|row| !is_plausible(&times, *row)).filter(|_| plausible * 2 > rows.len())?;
        let (line, text) = texts.0.get(odd)?;
        Some(format!(
            "`{}` (line {line}) is no plausible time as {}, as most of the others are: mend that row, or write the times in \
             one form",
            super::times::shown(text),
            times.form.describe()
        ))
    })
}
