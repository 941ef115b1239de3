//! How the times of a file are written. Each file has one form, and every row is held to it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A way to write times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum TimeForm {
    /// RFC 3339 and its relatives, which begin with a year of four digits: `2024-01-02[ 09:30[:00[.5]]][±zz:zz]`.
    Iso,
    /// What a format of jiff's `strtime` describes.
    Format(TimeFormat),
    /// A count since 1970-01-01T00:00:00Z.
    Unix(UnixUnit),
}

/// The unit of a count since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnixUnit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl UnixUnit {
    /// All units, the longest first.
    pub(crate) const ALL: [Self; 4] =
        [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// How many nanoseconds it has.
    pub(crate) fn nanos(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "unix",
            Self::Milliseconds => "unix-ms",
            Self::Microseconds => "unix-us",
            Self::Nanoseconds => "unix-ns",
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }
}

const ISO: &str = "iso";

impl From<String> for TimeForm {
    fn from(text: String) -> Self {
        match UnixUnit::ALL.into_iter().find(|unit| unit.name() == text) {
            Some(unit) => Self::Unix(unit),
            None if text == ISO => Self::Iso,
            None => Self::Format(TimeFormat::new(text)),
        }
    }
}

impl FromStr for TimeForm {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.to_owned().into())
    }
}

impl fmt::Display for TimeForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso => ISO,
            Self::Format(format) => &format.text,
            Self::Unix(unit) => unit.name(),
        })
    }
}

impl From<TimeForm> for String {
    fn from(form: TimeForm) -> Self {
        form.to_string()
    }
}

impl TimeForm {
    /// What it is, for people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Iso => "year-month-day".into(),
            Self::Format(format) => format!("`{}`", format.text),
            Self::Unix(unit) => format!("{} since 1970", unit.plural()),
        }
    }

    /// Whether these are dates without a time of day.
    pub(crate) fn is_date_format(&self) -> bool {
        matches!(self, Self::Format(format) if !format.has_clock)
    }
}

/// A format of jiff's `strtime`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    text: String,
    /// Whether it has a time of day.
    has_clock: bool,
    /// For each run of digits in a time, from the left, how many digits it must have; none where it may be any number.
    runs: Vec<Option<usize>>,
}

impl TimeFormat {
    /// This format. Whether jiff knows it shows with the first time.
    #[must_use]
    pub fn new(text: String) -> Self {
        let (mut runs, mut run) = (Vec::new(), (0, 0));
        let mut directives = text.chars();
        while let Some(c) = directives.next() {
            let mut name = if c == '%' { directives.next() } else { None };
            let mut precision = None;
            while let Some(flag) = name.filter(|flag| flag.is_ascii_digit() || ".:-_^#".contains(*flag)) {
                precision = flag.to_digit(10).map(|digit| digit as usize).or(precision);
                name = directives.next();
            }
            let digits = match name {
                Some('Y') => 4,
                Some('C' | 'y' | 'm' | 'd' | 'e' | 'H' | 'I' | 'k' | 'l' | 'M' | 'S') => 2,
                Some('f') if run.1 > 0 && precision.is_some() => precision.unwrap_or(0),
                Some('j') => 3,
                None if c.is_ascii_digit() => 1,
                None => {
                    runs.extend(end_of_run(&mut run));
                    continue;
                }
                // From here on, it is not known which digits are whose.
                Some(_) => {
                    run = (0, 0);
                    runs.push(None);
                    break;
                }
            };
            run = (run.0 + digits, run.1 + 1);
        }
        runs.extend(end_of_run(&mut run));
        Self { has_clock: has_clock(&text), text, runs }
    }

    /// How many digits the last part has, if it is a time of day in digits alone: `%Y%m%d %H%M%S`.
    pub(crate) fn clock_digits(&self) -> Option<usize> {
        self.runs.last().copied().flatten().filter(|_| self.has_clock && self.text.contains("%H%M"))
    }

    /// The date of a format with a time of day behind a blank.
    pub(crate) fn date_part(&self) -> Option<Self> {
        let is_clock = |rest: &str| {
            let directive = rest.strip_prefix('%').map(|rest| rest.trim_start_matches(['-', '_', '0']));
            directive.is_some_and(|name| name.starts_with(['H', 'I', 'k', 'l', 'T', 'R', 'r']))
        };
        let mut blanks = self.text.match_indices(' ').map(|(at, _)| at);
        let at = blanks.find(|at| is_clock(&self.text[at + 1..]))?;
        Some(Self::new(self.text[..at].to_owned())).filter(|date| !date.has_clock && date.text.contains('%'))
    }

    /// The format as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether digits of several parts that stand together (`%H%M`) are complete: jiff reads 930 as 93 hours.
    pub(crate) fn has_all_digits(&self, text: &str) -> bool {
        let mut lengths =
            text.as_bytes().split(|b| !b.is_ascii_digit()).map(<[u8]>::len).filter(|length| *length > 0);
        self.runs.iter().all(|run| match (run, lengths.next()) {
            (Some(digits), Some(length)) => *digits == length,
            (None, _) => true,
            (Some(_), None) => false,
        })
    }
}

/// Whether a format has a directive of the time of day.
fn has_clock(text: &str) -> bool {
    text.split('%').skip(1).any(|directive| {
        let name = directive.trim_start_matches(|c: char| c.is_ascii_digit() || ".:-_^#".contains(c));
        name.starts_with(['H', 'I', 'k', 'l', 's', 'T', 'R', 'r', 'f', 'N'])
    })
}

/// The length of a run of digits that ends here, if several parts make it up.
fn end_of_run(run: &mut (usize, usize)) -> Option<Option<usize>> {
    let (digits, parts) = std::mem::take(run);
    (parts > 0).then_some((parts > 1).then_some(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_name() {
        for name in ["iso", "unix", "unix-ms", "unix-us", "unix-ns", "%d.%m.%Y", "unixes"] {
            assert_eq!(TimeForm::from(name.to_owned()).to_string(), name);
        }
        assert_eq!(TimeForm::from("unix-ms".to_owned()), TimeForm::Unix(UnixUnit::Milliseconds));
    }

    #[test]
    fn digits_that_stand_together_are_all_there() {
        let complete = |format: &str, text: &str| TimeFormat::new(format.into()).has_all_digits(text);
        for (format, text, want) in [
            ("%Y%m%d", "20240102", true),
            ("%Y%m%d", "2024102", false),
            ("%Y%m%d %H%M", "20240102 0930", true),
            ("%Y%m%d %H%M", "20240102 930", false),
            ("%Y%m%d %H:%M", "20240102 9:30", true),
            ("%Y-%m-%d %H%M%S", "2024-1-2 93000", false),
            ("%Y%m%d %H%M%S%3f", "20240102 093000000", true),
            ("%Y%m%d %H%M%S%3f", "20240102 93000000", false),
            ("%Y%m%d.0", "20240102.0", true),
            ("%d %b %Y %H%M", "2 Jan 2024 0930", true),
            ("%d.%m.%Y", "2.1.2024", true),
            ("%s", "1", true),
            ("%Y%m%d%H%M%S%f", "20240102093000123", true),
            ("%Y-%m-%d %H%M%S%f", "2024-01-02 093000123", true),
            ("%Y-%m-%dT%H:%M:%S%.f%z", "2024-01-02T09:30:00.5+0000", true),
        ] {
            assert_eq!(complete(format, text), want, "{format} {text}");
        }
    }

    #[test]
    fn the_date_of_a_format_stands_before_its_time_of_day() {
        for (format, want) in [
            ("%d/%m/%Y %H:%M", Some("%d/%m/%Y")),
            ("%b %d, %Y %-I:%M %p", Some("%b %d, %Y")),
            ("%d/%m/%Y", None),
            ("%H:%M %d/%m/%Y", None),
            ("%Y%m%d%H%M", None),
        ] {
            let date = TimeFormat::new(format.to_owned()).date_part();
            assert_eq!(date.as_ref().map(TimeFormat::as_str), want, "{format}");
        }
    }

    #[test]
    fn dates_are_told_from_times() {
        for (format, is_date) in [
            ("%Y%m%d", true),
            ("%b %d, %Y", true),
            ("%d/%m/%y %H:%M", false),
            ("%s", false),
            ("%d-%b-%Y %-I:%M %p", false),
        ] {
            assert_eq!(TimeForm::from(format.to_owned()).is_date_format(), is_date, "{format}");
        }
        assert!(!TimeForm::Iso.is_date_format());
    }
}
