//! Recognises how a field is written that is not a number.

use std::sync::LazyLock;

use regex::Regex;

use crate::source::built_in_regex;
use crate::source::number::NumberStyle;

/// A way to write numbers that the file's other numbers do not have, and what to do about it.
struct WrittenNumber {
    pattern: &'static str,
    /// The advice where numbers have a decimal point.
    advice: &'static str,
    /// The advice where they have a decimal comma.
    with_comma: &'static str,
}

const fn written(pattern: &'static str, advice: &'static str, with_comma: &'static str) -> WrittenNumber {
    WrittenNumber { pattern, advice, with_comma }
}

const NO_VALUE: &str = "there is no value there: only a volume may be missing";
const ABBREVIATED: &str = "it is abbreviated with K, M or B, as only volumes may be: write the numbers out";
const LEAVE_OUT: &str = "numbers are written with a decimal point: leave out --decimal-comma";

/// The first one whose pattern matches.
const WRITTEN: [WrittenNumber; 6] = [
    written(r"^[-+]?[0-9][0-9.,]*\s*[KkMmBbTt]$", ABBREVIATED, ABBREVIATED),
    // After it, since of kinds with equally many rows the first one is reported.
    written(r"^(?i:-+|n/?a|nan|null|none|\?|\.)?$", NO_VALUE, NO_VALUE),
    written(
        r"^[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$",
        "its commas separate thousands: give --thousands ,",
        "its commas separate thousands: leave out --decimal-comma, and give --thousands ,",
    ),
    written(
        r"^[-+]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]*$|^[-+]?[0-9]{1,3}(\.[0-9]{3}){2,}$",
        "its points separate thousands: give --thousands . --decimal-comma",
        "its points separate thousands: give --thousands .",
    ),
    written(r"^[-+]?[0-9]*,[0-9]*$", "its comma looks like a decimal one: give --decimal-comma", ""),
    written(
        r"^[-+]?[0-9]{1,3}\.[0-9]{3}$",
        "",
        "its point separates thousands or decimals: give --thousands . if it separates thousands; else leave out \
         --decimal-comma",
    ),
];

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| WRITTEN.iter().map(|written| built_in_regex(written.pattern)).collect());

/// How many fields are written in which way.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    rows: [u64; WRITTEN.len()],
    /// Rows with a decimal point that separates nothing else.
    points: u64,
}

impl Numbers {
    pub(super) fn add(&mut self, field: &[u8]) {
        let text = String::from_utf8_lossy(field.trim_ascii());
        let at = PATTERNS.iter().position(|pattern| pattern.is_match(&text));
        match at.and_then(|at| self.rows.get_mut(at)) {
            Some(rows) => *rows += 1,
            None => self.points += u64::from(text.parse::<f64>().is_ok() && text.contains('.')),
        }
    }

    /// What to do about the most frequent way, if any was recognised.
    pub(super) fn advice(&self, style: NumberStyle) -> Option<&'static str> {
        // A single price with more or fewer decimals decides.
        if style.decimal_comma && self.points > 0 {
            return Some(LEAVE_OUT);
        }
        let (at, rows) = self.rows.iter().enumerate().rev().max_by_key(|(_, rows)| **rows)?;
        let advice = if style.decimal_comma { WRITTEN[at].with_comma } else { WRITTEN[at].advice };
        (*rows > 0 && !advice.is_empty()).then_some(advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(fields: &[&str], decimal_comma: bool) -> &'static str {
        let mut numbers = Numbers::default();
        fields.iter().for_each(|field| numbers.add(field.as_bytes()));
        numbers.advice(NumberStyle { decimal_comma, ..NumberStyle::default() }).unwrap_or_default()
    }

    fn is_read(field: &str, decimal_comma: bool) -> bool {
        let style = NumberStyle { decimal_comma, ..NumberStyle::default() };
        crate::source::number::parse(field.as_bytes(), style).is_ok()
    }

    #[test]
    fn the_writing_is_recognised() {
        assert_eq!(PATTERNS.len(), WRITTEN.len());
        for (fields, part) in [
            (&["", "-", "N/A", "null"][..], "no value"),
            (&["190.65K", "1M"], "abbreviated"),
            (&["25,944.00", "1,234,567", "1,234,567.8", "1,234"], "--thousands ,"),
            (&["1,25", ",5", "12345,678"], "looks like a decimal one: give --decimal-comma"),
            (&["1.234,5", "1.234.567,89", "1.234.567"], "--thousands . --decimal-comma"),
        ] {
            for field in fields {
                let advice = advice(&[field], false);
                assert!(advice.contains(part), "{field}: {advice}");
                assert!(!is_read(field, false), "{field} is read");
            }
        }
        assert_eq!(advice(&["twelve"], false), "");
        assert_eq!(advice(&["-", "190.65K"], false), ABBREVIATED);
    }

    #[test]
    fn what_is_advised_with_a_decimal_comma_can_be_read_then() {
        for (fields, part) in [
            (&["", "-"][..], "no value"),
            (&["1,234.50", "1,234,567.8", "1,234,567"], "leave out --decimal-comma, and give --thousands ,"),
            (&["1.234,5", "1.234.567,89", "1.234.567"], "give --thousands ."),
            (&["1.25", "1234.567", ".5"], "leave out --decimal-comma"),
            (&["1.234"], "thousands or decimals"),
        ] {
            for field in fields {
                let advice = advice(&[field], true);
                assert!(advice.contains(part), "{field}: {advice}");
                assert!(!is_read(field, true), "{field} is read");
            }
        }
        assert_eq!(advice(&["1.234", "1.25"], true), LEAVE_OUT);
    }

    #[test]
    fn the_most_frequent_writing_counts() {
        assert!(advice(&["-", "25,944.00", "1,944.00"], false).contains("--thousands ,"));
    }
}
