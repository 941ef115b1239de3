//! Recognises how a field is written that is not a number.

use std::sync::LazyLock;

use regex::Regex;

/// A way to write numbers that barlift does not read, and what to do about it.
struct NumberStyle {
    pattern: &'static str,
    /// The advice if numbers are read with a decimal point.
    advice: &'static str,
    /// The advice with --decimal-comma.
    with_comma: &'static str,
}

const fn style(pattern: &'static str, advice: &'static str, with_comma: &'static str) -> NumberStyle {
    NumberStyle { pattern, advice, with_comma }
}

const NO_VALUE: &str = "there is no value there: write one in each row, 0 for a volume that is not known";
const ABBREVIATED: &str = "it is abbreviated with K, M or B: write the numbers out, 190.65K as 190650";
const LEAVE_OUT: &str = "numbers are written with a decimal point: leave out --decimal-comma";

/// The first one whose pattern matches.
const STYLES: [NumberStyle; 10] = [
    style(
        r"^[-+(]?\s*\p{Sc}|\p{Sc}\)?$",
        "it has a currency sign: remove the sign, and thousands separators with it, so that prices are written like 1234.5",
        "it has a currency sign: remove the sign, and thousands separators with it, so that prices are written like 1234,5",
    ),
    style(r"^[-+]?[0-9][0-9.,]*\s*[KkMmBb]$", ABBREVIATED, ABBREVIATED),
    // After those, since of styles with equally many rows the first one is reported.
    style(r"^(?i:-+|n/?a|nan|null|none|\?|\.)?$", NO_VALUE, NO_VALUE),
    style(
        r"^[-+]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*$",
        "it has thousands separators: remove the commas, so that numbers are written like 1234.5",
        "its commas separate thousands: remove them, and leave out --decimal-comma",
    ),
    style(
        r"^[-+]?[0-9]{1,3}(,[0-9]{3}){2,}$",
        "it has thousands separators: remove the commas, so that numbers are written like 1234.5",
        "its commas separate thousands: remove them",
    ),
    style(
        r"^[-+]?[0-9]{1,3},[0-9]{3}$",
        "its comma separates thousands or decimals: remove it if it separates thousands; else give DECIMAL",
        "",
    ),
    style(
        r"^[-+]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]*$",
        "its points separate thousands: remove the points, and give DECIMAL",
        "its points separate thousands: remove them, so that numbers are written like 1234,5",
    ),
    style(
        r"^[-+]?[0-9]{1,3}(\.[0-9]{3}){2,}$",
        "its points separate thousands: remove the points",
        "its points separate thousands: remove the points",
    ),
    style(r"^[-+]?[0-9]*,[0-9]*$", "its comma looks like a decimal one: give DECIMAL", ""),
    style(r"^[-+]?[0-9]*\.[0-9]*$", "", LEAVE_OUT),
];

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| STYLES.iter().filter_map(|style| Regex::new(style.pattern).ok()).collect());

/// How many fields have which style.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    rows: [u64; STYLES.len()],
    /// Rows with one point before exactly three digits, as 1.234: it may separate thousands.
    in_doubt: u64,
}

impl Numbers {
    pub(super) fn add(&mut self, field: &[u8]) {
        let text = String::from_utf8_lossy(field.trim_ascii());
        let style = PATTERNS.iter().position(|pattern| pattern.is_match(&text));
        if let Some(rows) = style.and_then(|style| self.rows.get_mut(style)) {
            *rows += 1;
        }
        let digits = text.trim_start_matches(['-', '+']).split_once('.');
        self.in_doubt += u64::from(digits.is_some_and(|(whole, behind)| {
            (1..=3).contains(&whole.len()) && behind.len() == 3 && !text.contains(',')
        }));
    }

    /// What to do about the most frequent style, if any was recognised.
    pub(super) fn advice(&self, delimiter: u8, decimal_comma: bool) -> Option<String> {
        let (at, rows) = self.rows.iter().enumerate().rev().max_by_key(|(_, rows)| **rows)?;
        let style = &STYLES[at];
        let advice = match decimal_comma {
            // A single price with more or fewer decimals decides.
            true if style.with_comma == LEAVE_OUT && self.in_doubt == *rows => {
                "its point separates thousands or decimals: remove it if it separates thousands; else leave out \
                 --decimal-comma"
            }
            true => style.with_comma,
            false => style.advice,
        };
        // With --decimal-comma, a comma is a delimiter only if it is given.
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
        assert_eq!(PATTERNS.len(), STYLES.len());
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
