//! Reads the times of CSV files.
//!
//! A parser reads one [`TimeForm`]; `layout` decides which a file has. Times without a zone are in the
//! given zone, and bare dates of daily and longer bars at 00:00 UTC.
//! Invariant: a time that does not exist, is ambiguous, or is finer than a microsecond is an error; nothing is rounded.

mod epoch;
mod fixed;
mod held;
mod zones;

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

pub(in crate::source) use self::held::Held;
use crate::bar::{END_MICROS, FIRST_MICROS, Micros};
use crate::config::{TimeForm, TimeFormat};
use crate::error::{Error, Result};

/// The time zone with this IANA name.
///
/// # Errors
/// [`Error::Config`] when there is no such zone.
pub fn zone(name: &str) -> Result<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        Error::config(
            format!("there is no time zone `{name}`"),
            "give an IANA name such as America/New_York, or UTC",
        )
    })
}

/// Reads times of one form.
#[derive(Debug, Clone)]
pub struct TimeParser {
    zone: TimeZone,
    is_utc: bool,
    /// Whether a bare date is at 00:00 UTC, and not in the zone.
    dates_in_utc: bool,
    form: TimeForm,
    held: Held,
}

impl TimeParser {
    /// A parser that reads times without a zone in `zone`, bare dates too.
    #[must_use]
    pub fn new(zone: TimeZone, form: TimeForm) -> Self {
        Self { is_utc: zone == TimeZone::UTC, zone, dates_in_utc: false, form, held: Held::NOTHING }
    }

    /// The same, but for bare dates, which are at 00:00 UTC.
    #[must_use]
    pub fn with_dates_in_utc(mut self, yes: bool) -> Self {
        self.dates_in_utc = yes;
        self
    }

    /// The same, held to more than the form.
    pub(super) fn held_to(mut self, held: Held) -> Self {
        self.held = held;
        self
    }

    pub(super) fn form(&self) -> &TimeForm {
        &self.form
    }

    /// Reads a time.
    ///
    /// # Errors
    /// The reason, without line and column.
    pub fn parse(&self, text: &[u8]) -> Result<Micros, String> {
        let text = text.trim_ascii();
        match self.parse_prefix(text) {
            Some((micros, length)) if length == text.len() => Ok(micros),
            _ => self.general(text),
        }
    }

    /// Fast path: the time at the start of `text` in one of the common forms, and its length. Alone, the general path
    /// reads the same time from these bytes. None if the general path has to read it.
    #[inline]
    pub(super) fn parse_prefix(&self, text: &[u8]) -> Option<(Micros, usize)> {
        let (micros, length) = match &self.form {
            TimeForm::Iso => {
                let written = fixed::read(text)?;
                let is_unlike = |held: Option<bool>, is: bool| held.is_some_and(|held| held != is);
                if is_unlike(self.held.zoned, written.offset.is_some())
                    || is_unlike(self.held.clock, written.has_clock)
                {
                    return None;
                }
                (self.placed(&written)?, written.length)
            }
            TimeForm::Unix(unit) => epoch::parse_prefix(text, *unit)?,
            TimeForm::Format(_) => return None,
        };
        ((FIRST_MICROS..END_MICROS).contains(&micros) && self.held.allows(micros)).then_some((micros, length))
    }

    /// The instant of a written time; none if the general path has to find it.
    #[inline]
    fn placed(&self, written: &fixed::WrittenTime) -> Option<Micros> {
        match written.offset {
            Some(ahead) => Some(written.wall - ahead),
            None if self.is_utc || self.dates_in_utc && !written.has_clock => Some(written.wall),
            None => {
                let wall = Timestamp::from_microsecond(written.wall).ok()?;
                self.instant(TimeZone::UTC.to_datetime(wall), &self.zone).ok()
            }
        }
    }

    /// Whether times without a zone are those of another one than UTC.
    pub(super) fn has_local_zone(&self) -> bool {
        !self.is_utc
    }

    /// The offset from UTC that a time in ISO's form names.
    pub(super) fn offset_of(text: &[u8]) -> Option<Micros> {
        fixed::read(text)?.offset
    }

    /// The first and the second instant of a local time that comes twice, as clocks go back.
    pub(super) fn both(&self, text: &[u8]) -> Option<[Micros; 2]> {
        if self.is_utc {
            return None;
        }
        let wall = Self { zone: TimeZone::UTC, is_utc: true, ..self.clone() }.parse(text).ok()?;
        let local = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(wall).ok()?);
        // A time with a zone of its own is no local one.
        let elsewhere = TimeZone::fixed(Offset::constant(-3));
        let is_zoned = Self { zone: elsewhere, is_utc: false, ..self.clone() }.parse(text) == Ok(wall);
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Fold { before, after } if !is_zoned => {
                let at = |offset: Offset| Some(offset.to_timestamp(local).ok()?.as_microsecond());
                Some([at(before)?, at(after)?])
            }
            _ => None,
        }
    }

    fn general(&self, text: &[u8]) -> Result<Micros, String> {
        if text.is_empty() {
            return Err("the time is empty".into());
        }
        let text = std::str::from_utf8(text).map_err(|_| "the time is not valid UTF-8".to_owned())?;
        let micros = match &self.form {
            TimeForm::Format(format) => without_leap_second(text, |t| self.formatted(t, format))?,
            TimeForm::Unix(unit) => epoch::count(text, *unit)?,
            TimeForm::Iso => without_leap_second(text, |t| self.written(t))?,
        };
        if !(FIRST_MICROS..END_MICROS).contains(&micros) {
            return Err(format!("the time `{}` lies outside the years 1700 to 2299", cut(text)));
        }
        if !self.held.allows(micros) {
            let time = crate::bar::format_time(micros);
            let why = if micros > self.held.latest {
                "in the future"
            } else {
                "unlike those of the first rows: in another unit"
            };
            return Err(format!("the time `{}` would be {time}, {why}", cut(text)));
        }
        Ok(micros)
    }

    /// Refuses a time that names a zone where those of the first rows do not, or the other way round.
    fn check_zoned(&self, text: &str, zoned: bool) -> Result<(), String> {
        match self.held.zoned {
            Some(held) if held != zoned => {
                let what = if zoned { "a zone" } else { "no zone" };
                Err(format!("the time `{}` names {what}, unlike those of the first rows", cut(text)))
            }
            _ => Ok(()),
        }
    }

    fn written(&self, text: &str) -> Result<Micros, String> {
        let (written, suffix) = zones::without_suffix(text);
        let dashed = dashed(written);
        // Digits alone are a number, whatever they may mean.
        if dashed.bytes().all(|b| b.is_ascii_digit()) {
            return Err(not_a_time(text));
        }
        let pieces = Pieces::parse(dashed.as_ref()).map_err(|_| not_a_time(text))?;
        if pieces.time_zone_annotation().is_some() {
            return Err(format!("the time `{}` has a zone in brackets, which is not supported", cut(text)));
        }
        let local = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
        let has_clock = pieces.time().is_some();
        self.check_zoned(text, pieces.offset().is_some() || suffix.is_some())?;
        if self.held.clock.is_some_and(|held| held != has_clock) {
            let what = if has_clock { "a time of day" } else { "no time of day" };
            return Err(format!("the time `{}` has {what}, unlike those of the first rows", cut(text)));
        }
        let zone = match (pieces.offset(), suffix) {
            (None, Some(zone)) => zone,
            // Go writes `+0000 UTC`.
            (Some(PiecesOffset::Numeric(n)), Some(zone)) if zone == TimeZone::UTC && n.offset().is_zero() => {
                zone
            }
            (Some(_), Some(_)) => return Err(not_a_time(text)),
            (Some(PiecesOffset::Zulu), None) => TimeZone::UTC,
            (Some(PiecesOffset::Numeric(n)), None) => TimeZone::fixed(n.offset()),
            (Some(_), None) => return Err(not_a_time(text)),
            (None, None) => return self.local(local, has_clock),
        };
        self.instant(local, &zone)
    }

    /// The instant of a time, or a bare date, without a zone.
    fn local(&self, local: DateTime, has_clock: bool) -> Result<Micros, String> {
        let zone = if self.dates_in_utc && !has_clock { &TimeZone::UTC } else { &self.zone };
        self.instant(local, zone)
    }

    fn formatted(&self, text: &str, format: &TimeFormat) -> Result<Micros, String> {
        let unfit = |why: &str| {
            format!("the time `{}` does not fit the format `{}`: {why}", cut(text), format.as_str())
        };
        // JavaScript names the zone once more behind its offset: `GMT-0500 (Eastern Standard Time)`.
        let zone_named = text.ends_with(')') && format.as_str().ends_with("%z");
        let text = if zone_named { text.split('(').next().unwrap_or(text).trim_end() } else { text };
        if !format.has_all_digits(text) {
            return Err(unfit("digits are missing"));
        }
        let parsed = BrokenDownTime::parse(format.as_str(), text).map_err(|e| unfit(&e.to_string()))?;
        if let Some(at) = parsed.timestamp() {
            // jiff ignores the fraction after a `%s`.
            let fraction = i128::from(parsed.subsec_nanosecond().unwrap_or(0));
            let signed = if text.starts_with('-') { -fraction } else { fraction };
            return whole_micros(at.as_nanosecond() + signed);
        }
        if parsed.offset().is_some() {
            let at = parsed.to_timestamp().map_err(|e| e.to_string())?;
            return whole_micros(at.as_nanosecond());
        }
        // A month is its first day.
        let mut parsed = parsed;
        if parsed.day().is_none() && parsed.month().is_some() && parsed.day_of_year().is_none() {
            parsed.set_day(Some(1)).map_err(|e| unfit(&e.to_string()))?;
        }
        let date = parsed.to_date().map_err(|e| format!("the time `{}`: {e}", cut(text)))?;
        let has_time = parsed.hour().is_some() || parsed.minute().is_some() || parsed.second().is_some();
        let time = match parsed.to_time() {
            Ok(time) => time,
            Err(_) if !has_time => Time::midnight(),
            Err(e) => return Err(format!("the time `{}`: {e}", cut(text))),
        };
        let local = DateTime::from_parts(date, time);
        match parsed.iana_time_zone() {
            Some(name) => self.instant(local, &zone(name).map_err(|e| e.to_string())?),
            None => self.local(local, has_time),
        }
    }

    fn instant(&self, local: DateTime, zone: &TimeZone) -> Result<Micros, String> {
        let ambiguous = zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {}
            AmbiguousOffset::Gap { .. } => {
                return Err(format!(
                    "the local time {local} does not exist in {}: clocks went forward over it",
                    zone_name(zone)
                ));
            }
            AmbiguousOffset::Fold { .. } => {
                return Err(format!(
                    "the local time {local} is ambiguous in {}: clocks went back and it came twice",
                    zone_name(zone)
                ));
            }
        }
        let at = ambiguous
            .unambiguous()
            .map_err(|_| format!("the time {local} lies outside the years 1700 to 2299"))?;
        whole_micros(at.as_nanosecond())
    }
}

/// Rewrites `2024/01/02`, `2024.01.02` and an offset after a blank in the form of RFC 3339.
fn dashed(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let separated = bytes.len() >= 10 && bytes[4] == bytes[7] && (bytes[4] == b'/' || bytes[4] == b'.');
    // The first ten bytes are the date; an offset comes after them.
    let apart = text.rfind(" +").or_else(|| text.rfind(" -")).filter(|&at| at >= 10);
    if !separated && apart.is_none() {
        return Cow::Borrowed(text);
    }
    let mut text = text.to_owned();
    if separated {
        text.replace_range(4..5, "-");
        text.replace_range(7..8, "-");
    }
    if let Some(at) = apart {
        text.remove(at);
    }
    Cow::Owned(text)
}

fn whole_micros(nanos: i128) -> Result<Micros, String> {
    let micros = Micros::try_from(nanos.div_euclid(1_000))
        .map_err(|_| "the time lies outside the years 1700 to 2299".to_owned())?;
    if nanos % 1_000 == 0 { Ok(micros) } else { Err(too_fine(&format!("{nanos} ns since 1970"))) }
}

/// Calls `read`, and refuses a second 60: jiff reads it as 59, which is another instant.
fn without_leap_second(text: &str, read: impl Fn(&str) -> Result<Micros, String>) -> Result<Micros, String> {
    let micros = read(text)?;
    let mut sixties = text.match_indices("60");
    let same = |at: usize| read(&format!("{}59{}", &text[..at], &text[at + 2..])) == Ok(micros);
    if sixties.any(|(at, _)| same(at)) {
        return Err(format!("the time `{}` has a second 60, which is not supported", cut(text)));
    }
    Ok(micros)
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("this zone").to_owned()
}

fn not_a_time(text: &str) -> String {
    format!("`{}` is no time: expected YYYY-MM-DD[ HH:MM:SS[.f]][±zz:zz]", cut(text))
}

fn too_fine(text: &str) -> String {
    format!("the time `{}` is finer than a microsecond, which the database cannot hold", cut(text))
}

/// At most 40 characters of a field, printable, for messages.
pub(super) fn cut(text: &str) -> String {
    let text = text.escape_debug().to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
