//! Finds numbers with more digits than a float64 holds.

use super::table::Table;
use crate::bar::columns::COUNT;
use crate::source::number::{self, NumberStyle};
use crate::source::time::cut;

/// Numbers with fewer characters are held as they are written.
const HELD: usize = 15;

/// What to say of the first number among the rows that is not stored as it is written.
pub(super) fn note(table: &Table, values: &[Option<usize>; COUNT], style: NumberStyle) -> Option<String> {
    let columns = || values.iter().copied().flatten();
    let fields =
        (0..table.len()).flat_map(|row| columns().map(move |column| (row, table.field(row, column))));
    let long = fields.filter(|(_, field)| style.is_plain() && field.len() > HELD);
    long.filter_map(|(row, field)| {
        let text = std::str::from_utf8(field).ok()?;
        let stored = number::parse(field, style).ok()?;
        loses_digits(text, stored).then(|| {
            format!(
                "numbers have more digits than a float64 holds, such as `{}` (line {}), which is stored as {stored}",
                cut(text),
                table.line(row)
            )
        })
    })
    .next()
}

/// Whether the number has other digits than its text.
fn loses_digits(text: &str, number: f64) -> bool {
    let written = digits(text);
    let written = written.trim_end_matches('0');
    let shown = format!("{number:.*e}", written.len().saturating_sub(1));
    written != digits(&shown).trim_end_matches('0')
}

/// The digits from the first one that is not 0, without an exponent.
fn digits(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_are_stored_otherwise_are_told() {
        for (text, want) in [
            ("100.99342830602247", false),
            ("91926088530042.60", false),
            ("0.10000000000000001", false),
            ("0.1234567890123456789", true),
            ("12345678901234567890", true),
            ("9007199254740993", true),
            ("9007199254740992.000", false),
            ("1.7976931348623157e308", false),
            ("0.00000000000000000", false),
            ("1000000000000000000000", false),
        ] {
            assert_eq!(loses_digits(text, text.parse().expect(text)), want, "{text}");
        }
    }
}
