//! Reads prices and volumes as float64.
//!
//! Invariant: the result is finite and is the float64 nearest to the text, but for a value that is unknown.

use crate::bar::UNKNOWN;
use crate::bar::columns::ValueColumn;

/// Reads the number in `field`; with `decimal_comma`, `1,25` is read as 1.25.
///
/// # Errors
/// The reason, without line and column.
pub fn parse(field: &[u8], decimal_comma: bool) -> Result<f64, String> {
    let field = field.trim_ascii();
    if field.is_empty() {
        return Err("is empty".into());
    }
    let parsed = if decimal_comma {
        if field.contains(&b'.') {
            return Err(format!("`{}` has a point, but numbers are written with a comma", shown(field)));
        }
        let text: Vec<u8> = field.iter().map(|&b| if b == b',' { b'.' } else { b }).collect();
        fast_float2::parse::<f64, _>(&text)
    } else {
        fast_float2::parse::<f64, _>(field)
    };
    match parsed {
        Ok(v) if v.is_finite() => Ok(v),
        Ok(_) => Err(format!("`{}` is not a finite number", shown(field))),
        Err(_) => Err(format!("`{}` is not a number", shown(field))),
    }
}

/// Reads the value of a bar in `field`; an optional one is unknown if the field is empty.
///
/// # Errors
/// The reason, without line and column.
pub(super) fn value(column: &ValueColumn, field: &[u8], decimal_comma: bool) -> Result<f64, String> {
    if !column.is_required() && field.trim_ascii().is_empty() {
        return Ok(UNKNOWN);
    }
    parse(field, decimal_comma)
}

/// Fast path: the finite number with a decimal point at the start of `text`, and its length. Alone, [`parse`] reads the
/// same number from these bytes. None if there is no such number.
pub(super) fn parse_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let (value, length) = fast_float2::parse_partial::<f64, _>(text).ok()?;
    value.is_finite().then_some((value, length))
}

fn shown(field: &[u8]) -> String {
    super::time::cut(&String::from_utf8_lossy(field))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::bar::columns::{COLUMNS, VOLUME, optional_in_test};
    use crate::source::tests::{holds, like, mutated};

    #[test]
    fn numbers_round_trip_exactly() {
        for text in ["100.99342830602247", "0.1", "1e-7", "15812.0", "-3", "5e-324", "1.7976931348623157e308"]
        {
            let v = parse(text.as_bytes(), false).expect(text);
            assert_eq!(v, text.parse::<f64>().expect(text), "{text}");
        }
        assert_eq!(parse(b" 1,25 ", true), Ok(1.25));
        assert!(parse(b"1.250", true).expect_err("1250 or 1.25?").contains("a point"));
    }

    #[test]
    fn everything_else_says_why() {
        for (text, part) in [
            (&b""[..], "is empty"),
            (b"  ", "is empty"),
            (b"NaN", "not a finite number"),
            (b"inf", "not a finite number"),
            (b"-Infinity", "not a finite number"),
            (b"1e400", "not a finite number"),
            (b"1,25", "not a number"),
            (b"12abc", "not a number"),
            (b"0x10", "not a number"),
            (b"\xff", "not a number"),
            (b"1\x002", "not a number"),
        ] {
            let e = parse(text, false).expect_err("bad");
            assert!(e.contains(part), "{text:?}: {e}");
        }
    }

    #[test]
    fn an_empty_field_is_an_unknown_value_if_the_column_is_optional() {
        let read = |text: &str| value(&COLUMNS[VOLUME], text.as_bytes(), false).map(f64::to_bits);
        assert_eq!(read(" "), Err("is empty".into()));
        for (text, want) in [("", UNKNOWN), (" ", UNKNOWN), ("1.5", 1.5)] {
            assert_eq!(optional_in_test::with("volume", || read(text)), Ok(want.to_bits()), "{text:?}");
        }
        assert!(optional_in_test::with("volume", || read("NaN")).is_err());
    }

    #[test]
    fn a_prefix_is_the_number_that_it_is_alone() {
        let nearly = "[-+]?[0-9]{0,20}(\\.[0-9]{0,20})?([eE][-+]?[0-9]{1,3})?|nan|-?inf|infinity|1e400";
        let texts = (like(nearly), proptest::collection::vec(any::<(Index, u8)>(), 0..2), "|,1|;2|\t|\r|\"");
        holds(5000, &texts, |(text, changes, behind)| {
            let text = mutated(text.into_bytes(), &changes);
            let followed = [&text, behind.as_bytes()].concat();
            let Some((value, length)) = parse_prefix(&followed) else { return };
            let alone = parse(&followed[..length], false).map(f64::to_bits);
            assert_eq!(Ok(value.to_bits()), alone, "{}", followed.escape_ascii());
        });
    }
}
