//! Finds the formats that read all times of a file.
//!
//! Invariant: a format is named only if it reads every time that was added.

use jiff::tz::TimeZone;

use super::flag;
use crate::source::time::{TimeParser, cut};

/// Formats of dates; of two that differ only in the order of day and month, both.
const DATES: [&str; 15] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%m.%d.%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d-%b-%y",
    "%Y%m%d",
];
/// Formats of the time of day after the date.
const CLOCKS: [&str; 9] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H%M",
    " %H%M%S",
    " %H:%M:%S%.f GMT%z",
];

/// Times that could not be read.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The formats that read all of them.
    formats: Option<Vec<String>>,
    /// The first time that only one order of day and month can read, and its line.
    decided_by: Option<(u64, String)>,
    rows: u64,
    of_day: u64,
    /// Rows that can be read without a format.
    plain: u64,
}

impl Times {
    pub(super) fn add(&mut self, line: u64, text: &[u8]) {
        self.rows += 1;
        self.of_day += u64::from(is_time_of_day(text));
        self.plain += u64::from(TimeParser::new(TimeZone::UTC, None).parse(text).is_ok());
        let all = || DATES.iter().flat_map(|date| CLOCKS.iter().map(move |clock| format!("{date}{clock}")));
        let formats = self.formats.get_or_insert_with(|| all().collect());
        formats.retain(|format| reads(format, text));
        if self.decided_by.is_none() && self.swapped().is_none() {
            self.decided_by = Some((line, cut(&String::from_utf8_lossy(text))));
        }
    }

    /// Whether all are times of day without a date.
    pub(super) fn are_of_day(&self) -> bool {
        self.rows > 0 && self.of_day == self.rows
    }

    /// Whether all can be read without a format.
    pub(super) fn need_no_format(&self) -> bool {
        self.rows > 0 && self.plain == self.rows
    }

    /// The first format that reads all.
    pub(super) fn format(&self) -> Option<&str> {
        self.formats.as_ref()?.first().map(String::as_str)
    }

    /// That format with day and month swapped, if it reads all as well.
    fn swapped(&self) -> Option<String> {
        let other = self.format()?.replace("%d", "\0").replace("%m", "%d").replace('\0', "%m");
        self.formats.as_ref()?.iter().skip(1).find(|format| **format == other).cloned()
    }

    /// The flag, or both flags if the order of day and month is ambiguous.
    pub(super) fn advice(&self) -> Option<String> {
        let format = self.format()?;
        let given = flag("time-format", format);
        if let Some(other) = self.swapped() {
            let other = flag("time-format", &other);
            return Some(format!("day and month can be read either way: give {given} or {other}"));
        }
        Some(match self.decided_by.as_ref().filter(|_| is_day_and_month(format)) {
            Some((line, text)) => format!("give {given} (line {line}, `{text}`, can be read no other way)"),
            None => format!("give {given}"),
        })
    }
}

/// Whether day and month could be swapped.
fn is_day_and_month(format: &str) -> bool {
    format.contains("%m") && !format.starts_with("%Y")
}

fn reads(format: &str, text: &[u8]) -> bool {
    TimeParser::new(TimeZone::UTC, Some(format.to_owned())).parse(text).is_ok()
}

/// `9:30`, `09:30:00`, `09:30:00.5`
fn is_time_of_day(text: &[u8]) -> bool {
    ["%H:%M", "%H:%M:%S%.f"].iter().any(|format| {
        let text = String::from_utf8_lossy(text.trim_ascii());
        jiff::civil::Time::strptime(format, text.as_ref()).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(texts: &[&str]) -> String {
        let mut times = Times::default();
        (2..).zip(texts).for_each(|(line, text)| times.add(line, text.as_bytes()));
        times.advice().unwrap_or_default()
    }

    #[test]
    fn the_file_as_a_whole_decides() {
        assert_eq!(
            advice(&["02/03/2026", "03/03/2026", "13/03/2026", "14/03/2026"]),
            "give --time-format '%d/%m/%Y' (line 4, `13/03/2026`, can be read no other way)"
        );
        assert_eq!(
            advice(&["12/31/2026 09:30"]),
            "give --time-format '%m/%d/%Y %H:%M' (line 2, `12/31/2026 09:30`, can be read no other way)"
        );
        assert_eq!(
            advice(&["02/03/2026", "3/3/2026"]),
            "day and month can be read either way: give --time-format '%d/%m/%Y' or --time-format '%m/%d/%Y'"
        );
        assert_eq!(advice(&["13/03/2026", "03/13/2026"]), "", "no format reads both");
    }

    #[test]
    fn usual_formats_are_found() {
        for (text, format) in [
            ("13.03.2026 09:15:00.000 GMT+0200", "%d.%m.%Y %H:%M:%S%.f GMT%z"),
            ("Mar 03, 2026", "%b %d, %Y"),
            ("3-Mar-2026", "%d-%b-%Y"),
            ("13/03/26", "%d/%m/%y"),
            ("03/13/2026 9:30:00 AM", "%m/%d/%Y %I:%M:%S %p"),
            ("20260313 093000", "%Y%m%d %H%M%S"),
        ] {
            assert!(
                advice(&[text]).starts_with(&format!("give --time-format '{format}'")),
                "{text}: {}",
                advice(&[text])
            );
        }
        assert_eq!(advice(&["yesterday"]), "");
        assert_eq!(advice(&["20260313 0930"]), "give --time-format '%Y%m%d %H%M'");
    }

    #[test]
    fn a_time_of_day_is_no_time() {
        let of_day = |texts: &[&str]| {
            let mut times = Times::default();
            texts.iter().for_each(|text| times.add(2, text.as_bytes()));
            times.are_of_day()
        };
        assert!(of_day(&["00:00:00", "9:30", "16:00:00.5"]));
        assert!(!of_day(&["00:00:00", "13/03/2026"]) && !of_day(&[]));
    }
}
