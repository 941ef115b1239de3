//! What a field looks like that is no number.

use std::sync::LazyLock;

use regex::Regex;

/// Kinds of writing that are not read, and what to do about each.
const KINDS: [(&str, &str); 6] = [
    (
        r"^(?i:-+|n/?a|nan|null|none|\?|\.)?$",
        "there is no value there: write one in each row, 0 for a volume that is not known",
    ),
    (
        r"^[-+(]?\s*\p{Sc}|\p{Sc}\)?$",
        "it has a currency sign: remove the sign, and thousands separators with it, so that prices are written like 1234.5",
    ),
    (
        r"^[-+]?[0-9][0-9.,]*\s*[KkMmBb]$",
        "it is abbreviated with K, M or B: write the numbers out, 190.65K as 190650",
    ),
    (
        r"^[-+]?[0-9]{1,3}(,[0-9]{3}){2,}(\.[0-9]*)?$|^[-+]?[0-9]{1,3},[0-9]{3}\.[0-9]*$",
        "it has thousands separators: remove the commas, so that numbers are written like 1234.5",
    ),
    (
        r"^[-+]?[0-9]{1,3},[0-9]{3}$",
        "its comma separates thousands or decimals: remove it if it separates thousands; else give DECIMAL",
    ),
    (
        r"^[-+]?[0-9]{1,3}(\.[0-9]{3})*,[0-9]*$|^[-+]?[0-9]+,[0-9]*$",
        "its comma looks like a decimal one: give DECIMAL",
    ),
];

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| KINDS.iter().filter_map(|(pattern, _)| Regex::new(pattern).ok()).collect());

/// How many rows were written in which way.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    rows: [u64; KINDS.len()],
}

impl Numbers {
    pub(super) fn add(&mut self, field: &[u8]) {
        let text = String::from_utf8_lossy(field.trim_ascii());
        let kind = PATTERNS.iter().position(|pattern| pattern.is_match(&text));
        if let Some(rows) = kind.and_then(|kind| self.rows.get_mut(kind)) {
            *rows += 1;
        }
    }

    /// What to do about the most frequent kind, if any was recognised.
    pub(super) fn advice(&self, delimiter: u8) -> Option<String> {
        let (kind, rows) = self.rows.iter().enumerate().rev().max_by_key(|(_, rows)| **rows)?;
        // A comma between fields has to be named then: it would not be looked for.
        let decimal = if delimiter == b',' { "--decimal-comma --delimiter ," } else { "--decimal-comma" };
        (*rows > 0).then(|| KINDS[kind].1.replace("DECIMAL", decimal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writing_is_recognised() {
        assert_eq!(PATTERNS.len(), KINDS.len());
        for (fields, part) in [
            (&["", "-", "N/A", "null"][..], "no value"),
            (&["$61.52", "€ 1.234,5", "12 $"], "currency sign"),
            (&["190.65K", "1M"], "abbreviated"),
            (&["25,944.00", "1,234,567"], "thousands separators"),
            (&["1,234"], "thousands or decimals"),
            (&["1,25", "1.234,5", "12345,678"], "looks like a decimal one: give --decimal-comma"),
        ] {
            for field in fields {
                let mut numbers = Numbers::default();
                numbers.add(field.as_bytes());
                let advice = numbers.advice(b';').unwrap_or_default();
                assert!(advice.contains(part), "{field}: {advice}");
            }
        }
        let mut numbers = Numbers::default();
        numbers.add(b"twelve");
        assert_eq!(numbers.advice(b';'), None);
    }

    #[test]
    fn the_most_frequent_writing_counts() {
        let mut numbers = Numbers::default();
        ["-", "25,944.00", "1,944.00"].iter().for_each(|field| numbers.add(field.as_bytes()));
        assert!(numbers.advice(b',').is_some_and(|advice| advice.contains("thousands separators")));
    }
}
