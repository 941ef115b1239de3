//! What a field looks like that is no number.

use std::sync::LazyLock;

use regex::Regex;

/// A way to write numbers that is not read, and what to do about it.
struct Kind {
    pattern: &'static str,
    /// If numbers are read with a decimal point.
    advice: &'static str,
    /// If --decimal-comma was given.
    with_comma: &'static str,
}

const fn kind(pattern: &'static str, advice: &'static str, with_comma: &'static str) -> Kind {
    Kind { pattern, advice, with_comma }
}

const NO_VALUE: &str = "there is no value there: write one in each row, 0 for a volume that is not known";
const ABBREVIATED: &str = "it is abbreviated with K, M or B: write the numbers out, 190.65K as 190650";
const LEAVE_OUT: &str = "numbers are written with a decimal point: leave out --decimal-comma";

/// The first pattern that matches counts.
const KINDS: [Kind; 10] = [
    kind(
        r"^[-+(]?\s*\p{Sc}|\p{Sc}\)?$",
        "it has a currency sign: remove the sign, and thousands separators with it, so that prices are written like 1234.5",
        "it has a currency sign: remove the sign, and thousands separators with it, so that prices are written like 1234,5",
    ),
    kind(r"^[-+]?[0-9][0-9.,]*\s*[KkMmBb]$", ABBREVIATED, ABBREVIATED),
    // Behind those: of kinds with equally many rows the first one is told of.
    kind(r"^(?i:-+|n/?a|nan|null|none|\?|\.)?$", NO_VALUE, NO_VALUE),
    kind(
        r"^[-+]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*$",
        "it has thousands separators: remove the commas, so that numbers are written like 1234.5",
        "its commas separate thousands: remove them, and leave out --decimal-comma",
    ),
    kind(
        r"^[-+]?[0-9]{1,3}(,[0-9]{3}){2,}$",
        "it has thousands separators: remove the commas, so that numbers are written like 1234.5",
        "its commas separate thousands: remove them",
    ),
    kind(
        r"^[-+]?[0-9]{1,3},[0-9]{3}$",
        "its comma separates thousands or decimals: remove it if it separates thousands; else give DECIMAL",
        "",
    ),
    kind(
        r"^[-+]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]*$",
        "its points separate thousands: remove the points, and give DECIMAL",
        "its points separate thousands: remove them, so that numbers are written like 1234,5",
    ),
    kind(
        r"^[-+]?[0-9]{1,3}(\.[0-9]{3}){2,}$",
        "its points separate thousands: remove the points",
        "its points separate thousands: remove the points",
    ),
    kind(r"^[-+]?[0-9]*,[0-9]*$", "its comma looks like a decimal one: give DECIMAL", ""),
    kind(r"^[-+]?[0-9]*\.[0-9]*$", "", LEAVE_OUT),
];

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| KINDS.iter().filter_map(|kind| Regex::new(kind.pattern).ok()).collect());

/// How many rows were written in which way.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    rows: [u64; KINDS.len()],
    /// Rows with one point before exactly three digits, as 1.234: it may separate thousands.
    in_doubt: u64,
}

impl Numbers {
    pub(super) fn add(&mut self, field: &[u8]) {
        let text = String::from_utf8_lossy(field.trim_ascii());
        let kind = PATTERNS.iter().position(|pattern| pattern.is_match(&text));
        if let Some(rows) = kind.and_then(|kind| self.rows.get_mut(kind)) {
            *rows += 1;
        }
        let digits = text.trim_start_matches(['-', '+']).split_once('.');
        self.in_doubt += u64::from(digits.is_some_and(|(whole, behind)| {
            (1..=3).contains(&whole.len()) && behind.len() == 3 && !text.contains(',')
        }));
    }

    /// What to do about the most frequent kind, if any was recognised.
    pub(super) fn advice(&self, delimiter: u8, decimal_comma: bool) -> Option<String> {
        let (at, rows) = self.rows.iter().enumerate().rev().max_by_key(|(_, rows)| **rows)?;
        let kind = &KINDS[at];
        let advice = match decimal_comma {
            // One price with more or fewer decimals decides for all.
            true if kind.with_comma == LEAVE_OUT && self.in_doubt == *rows => {
                "its point separates thousands or decimals: remove it if it separates thousands; else leave out \
                 --decimal-comma"
            }
            true => kind.with_comma,
            false => kind.advice,
        };
        // A comma between fields has to be named then: it would not be looked for.
        let decimal = if delimiter == b',' { "--decimal-comma --delimiter ," } else { "--decimal-comma" };
        (*rows > 0 && !advice.is_empty()).then(|| advice.replace("DECIMAL", decimal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(fields: &[&str], decimal_comma: bool) -> String {
        let mut numbers = Numbers::default();
        fields.iter().for_each(|field| numbers.add(field.as_bytes()));
        numbers.advice(b';', decimal_comma).unwrap_or_default()
    }

    #[test]
    fn the_writing_is_recognised() {
        assert_eq!(PATTERNS.len(), KINDS.len());
        for (fields, part) in [
            (&["", "-", "N/A", "null"][..], "no value"),
            (&["$61.52", "€ 1.234,5", "12 $"], "currency sign"),
            (&["190.65K", "1M"], "abbreviated"),
            (&["25,944.00", "1,234,567", "1,234,567.8"], "thousands separators"),
            (&["1,234"], "thousands or decimals"),
            (&["1,25", ",5", "12345,678"], "looks like a decimal one: give --decimal-comma"),
            (&["1.234,5", "1.234.567,89"], "remove the points, and give --decimal-comma"),
            (&["1.234.567"], "remove the points"),
        ] {
            for field in fields {
                let advice = advice(&[field], false);
                assert!(advice.contains(part), "{field}: {advice}");
                assert!(crate::source::number::parse(field.as_bytes(), false).is_err(), "{field} is read");
            }
        }
        assert_eq!(advice(&["twelve"], false), "");
        assert_eq!(advice(&["-", "190.65K"], false), ABBREVIATED);
    }

    #[test]
    fn what_is_advised_with_a_decimal_comma_can_be_read_then() {
        for (fields, part) in [
            (&["", "-"][..], "no value"),
            (&["€ 1.234,5"], "written like 1234,5"),
            (&["1,234.50", "1,234,567.8"], "remove them, and leave out --decimal-comma"),
            (&["1,234,567"], "commas separate thousands: remove them"),
            (&["1.234,5", "1.234.567,89"], "remove them, so that numbers are written like 1234,5"),
            (&["1.234.567"], "remove the points"),
            (&["1.25", "1234.567", ".5"], "leave out --decimal-comma"),
            (&["1.234"], "thousands or decimals"),
        ] {
            for field in fields {
                let advice = advice(&[field], true);
                assert!(advice.contains(part), "{field}: {advice}");
                assert!(!advice.contains("give --decimal-comma"), "{field}: {advice}");
                assert!(crate::source::number::parse(field.as_bytes(), true).is_err(), "{field} is read");
            }
        }
        let decided = advice(&["1.234", "1.25"], true);
        assert!(decided.starts_with("numbers are written with a decimal point"), "{decided}");
    }

    #[test]
    fn the_most_frequent_writing_counts() {
        assert!(advice(&["-", "25,944.00", "1,944.00"], false).contains("thousands separators"));
    }
}
