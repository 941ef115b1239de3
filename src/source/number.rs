//! Reads prices and volumes as float64.
//!
//! Invariant: the result is finite and is the float64 nearest to the text, but for a value that is unknown.

use std::borrow::Cow;

use crate::bar::UNKNOWN;
use crate::bar::columns::ValueColumn;

/// How the numbers of a file are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberStyle {
    /// `1,25` is 1.25.
    pub decimal_comma: bool,
    /// What separates thousands, if anything does.
    pub thousands: Option<char>,
    /// How many decimals prices have that are whole numbers: 1871500 with 4 of them is 187.15.
    pub price_decimals: u8,
}

impl NumberStyle {
    /// Whether numbers are as programs write them.
    pub(super) fn is_plain(self) -> bool {
        self == Self::default()
    }
}

/// Reads the number in `field`. A currency sign before or behind it is left out.
///
/// # Errors
/// The reason, without line and column.
pub fn parse(field: &[u8], style: NumberStyle) -> Result<f64, String> {
    let field = field.trim_ascii();
    if field.is_empty() {
        return Err("is empty".into());
    }
    let is_number_alone = field[0].is_ascii_digit() && field[field.len() - 1].is_ascii_digit();
    let parsed = if style.is_plain() && is_number_alone {
        fast_float2::parse::<f64, _>(field)
    } else {
        let text = std::str::from_utf8(field).map_err(|_| format!("`{}` is not a number", shown(field)))?;
        fast_float2::parse::<f64, _>(plain(&bare(text), style)?.as_bytes())
    };
    match parsed {
        Ok(v) if v.is_finite() => Ok(v),
        Ok(_) => Err(format!("`{}` is not a finite number", shown(field))),
        Err(_) => Err(format!("`{}` is not a number", shown(field))),
    }
}

/// Signs of currencies.
const CURRENCIES: &[char] = &['$', '€', '£', '¥', '₹', '₩', '₽', '₺', '₴', '₫', '₱', '฿', '₪', '₦', '₿', '¢'];

/// The text without a currency sign at either end.
pub(super) fn bare(text: &str) -> Cow<'_, str> {
    if !text.contains(CURRENCIES) {
        return Cow::Borrowed(text);
    }
    let (sign, amount) = match text.strip_prefix('-') {
        Some(amount) => ("-", amount.trim_start()),
        None => ("", text),
    };
    let amount = match (amount.strip_prefix(CURRENCIES), amount.strip_suffix(CURRENCIES)) {
        (Some(amount), _) => amount.trim_start(),
        (None, Some(amount)) => amount.trim_end(),
        (None, None) => return Cow::Borrowed(text),
    };
    // A sign of its own, as in `$-5`, and a second minus would be none.
    if sign == "-" && amount.starts_with(['-', '+']) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{sign}{amount}"))
    }
}

/// The number with a decimal point and without thousands signs.
fn plain<'t>(text: &'t str, style: NumberStyle) -> Result<Cow<'t, str>, String> {
    if style.is_plain() {
        return Ok(Cow::Borrowed(text));
    }
    let decimal = if style.decimal_comma { ',' } else { '.' };
    let (whole, fraction) =
        text.split_once(decimal).map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let whole = match style.thousands {
        Some(sign) => ungrouped(whole, sign).ok_or_else(|| {
            format!("`{}` has a `{sign}` that does not separate thousands", shown(text.as_bytes()))
        })?,
        None => Cow::Borrowed(whole),
    };
    if style.decimal_comma && (whole.contains('.') || fraction.is_some_and(|rest| rest.contains('.'))) {
        return Err(format!(
            "`{}` has a point, but numbers are written with a comma",
            shown(text.as_bytes())
        ));
    }
    Ok(match fraction {
        Some(fraction) => Cow::Owned(format!("{whole}.{fraction}")),
        None => whole,
    })
}

/// Whether a sign stands in for others of its kind: writers use several apostrophes and blanks.
fn is_sign(sign: char, c: char) -> bool {
    match sign {
        '\'' => c == '\'' || c == '’',
        ' ' => matches!(c, ' ' | '\u{a0}' | '\u{202f}'),
        sign => c == sign,
    }
}

/// The digits without this sign; none if it does not separate thousands.
fn ungrouped(text: &str, sign: char) -> Option<Cow<'_, str>> {
    if !text.contains(|c| is_sign(sign, c)) {
        return Some(Cow::Borrowed(text));
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    are_groups(digits, sign).then(|| Cow::Owned(text.chars().filter(|c| !is_sign(sign, *c)).collect()))
}

/// Whether these are groups of digits as numbers have them: 1,234,567, or 12,34,567 as in India.
pub(super) fn are_groups(digits: &str, sign: char) -> bool {
    let groups: Vec<&str> = digits.split(|c| is_sign(sign, c)).collect();
    let [first, middle @ .., last] = groups.as_slice() else { return false };
    let has = |group: &&str, n: usize| group.len() == n && group.bytes().all(|b| b.is_ascii_digit());
    let is_first = (1..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_digit());
    let in_threes = middle.iter().all(|group| has(group, 3));
    let in_twos = first.len() <= 2 && middle.iter().all(|group| has(group, 2));
    is_first && has(last, 3) && (in_threes || in_twos)
}

/// Whether a number has signs that can only separate thousands where the file's other numbers use them for decimals. Then
/// those may be wrong by a factor of a thousand.
pub(super) fn contradicts(field: &[u8], style: NumberStyle) -> bool {
    let decimal = if style.decimal_comma { ',' } else { '.' };
    let text = String::from_utf8_lossy(field.trim_ascii());
    let text = bare(&text);
    let digits = text.strip_prefix('-').unwrap_or(&text);
    digits.matches(decimal).count() > 1 && are_groups(digits, decimal)
}

/// What writers put where they have no value.
const MISSING: [&str; 14] =
    ["", "-", "--", ".", "?", "n/a", "#n/a", "#n/a n/a", "n.a.", "na", "<na>", "nan", "null", "none"];

/// PostgreSQL's COPY and `ClickHouse` write a NULL so.
const NULL: &[u8] = br"\N";

/// Reads the value of a bar in `field`; an optional one is unknown if the field is empty, or holds `N/A`, `-` or another
/// text that stands for no value.
///
/// # Errors
/// The reason, without line and column.
pub(super) fn value(column: &ValueColumn, field: &[u8], style: NumberStyle) -> Result<f64, String> {
    if column.is_required() && style.price_decimals > 0 {
        return with_decimals(field, style);
    }
    if column.is_required() {
        return parse(field, style);
    }
    if is_missing(field) {
        return Ok(UNKNOWN);
    }
    match abbreviated(field.trim_ascii()) {
        Some((number, exponent)) => {
            let text =
                std::str::from_utf8(number).map_err(|_| format!("`{}` is not a number", shown(field)))?;
            let text = plain(text, style)?;
            // As a text, so that the result is the nearest float64.
            parse(format!("{text}e{exponent}").as_bytes(), NumberStyle::default())
                .map_err(|_| format!("`{}` is not a number", shown(field)))
        }
        None => parse(field, style),
    }
}

/// The price of a whole number whose last digits are decimals.
fn with_decimals(field: &[u8], style: NumberStyle) -> Result<f64, String> {
    let field = field.trim_ascii();
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(format!("`{}` is no whole number, as prices with --price-decimals are", shown(field)));
    }
    // As a text, so that the result is the nearest float64.
    let text = format!("{}e-{}", String::from_utf8_lossy(field), style.price_decimals);
    parse(text.as_bytes(), NumberStyle::default())
}

/// `190.65K` as 190.65 and the exponent 3.
fn abbreviated(field: &[u8]) -> Option<(&[u8], u32)> {
    let (last, number) = field.split_last()?;
    let exponent = match last.to_ascii_uppercase() {
        b'K' => 3,
        b'M' => 6,
        b'B' => 9,
        b'T' => 12,
        _ => return None,
    };
    let number = number.trim_ascii_end();
    number.last()?.is_ascii_digit().then_some((number, exponent))
}

/// Whether a field says that there is no value.
pub(super) fn is_missing(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    // The longest of these texts has eight bytes.
    field.len() <= 8
        && (field == NULL || MISSING.iter().any(|text| field.eq_ignore_ascii_case(text.as_bytes())))
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
    use crate::bar::columns::{CLOSE, COLUMNS, VOLUME};
    use crate::source::tests::{holds, like, mutated};

    const PLAIN: NumberStyle = NumberStyle { decimal_comma: false, thousands: None, price_decimals: 0 };

    #[test]
    fn signs_are_read_as_the_file_has_them() {
        let read = |text: &str, decimal_comma: bool, thousands: Option<char>| {
            parse(text.as_bytes(), NumberStyle { decimal_comma, thousands, price_decimals: 0 })
        };
        for (text, comma, thousands, want) in [
            ("$61.52", false, None, 61.52),
            ("-$5", false, None, -5.0),
            ("€ 1.234,5", true, Some('.'), 1234.5),
            ("12 $", false, None, 12.0),
            ("25,944.00", false, Some(','), 25_944.0),
            ("12,34,567.5", false, Some(','), 1_234_567.5),
            ("1'234.5", false, Some('\''), 1234.5),
            ("1\u{a0}234,5", true, Some(' '), 1234.5),
            ("1.204.500", true, Some('.'), 1_204_500.0),
            ("995", true, Some('.'), 995.0),
            ("-1,234", false, Some(','), -1234.0),
        ] {
            assert_eq!(read(text, comma, thousands), Ok(want), "{text}");
        }
        for (text, comma, thousands) in [
            ("1,23", false, Some(',')),
            ("1234,567", false, Some(',')),
            ("1.2,345", false, Some(',')),
            ("1.5", true, Some('.')),
            ("$", false, None),
            ("$$5", false, None),
            ("-$-5", false, None),
            ("5 USD", false, None),
            ("1,,234", false, Some(',')),
        ] {
            assert!(read(text, comma, thousands).is_err(), "{text}");
        }
    }

    #[test]
    fn an_abbreviated_volume_is_the_nearest_number() {
        let read = |text: &str| value(&COLUMNS[VOLUME], text.as_bytes(), PLAIN);
        assert_eq!(read("190.65K"), Ok(190_650.0));
        assert_eq!(read("1.005M"), Ok(1_005_000.0));
        assert_eq!(read("2b"), Ok(2e9));
        for bad in ["K", "1e3K", "x5M", "1.5.2K"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(value(&COLUMNS[CLOSE], b"190.65K", PLAIN).is_err(), "a price is not abbreviated");
    }

    #[test]
    fn whole_prices_have_their_decimals() {
        let style = NumberStyle { price_decimals: 4, ..PLAIN };
        assert_eq!(value(&COLUMNS[CLOSE], b"1871500", style), Ok(187.15));
        assert_eq!(value(&COLUMNS[CLOSE], b"-5", style), Ok(-0.0005));
        assert_eq!(value(&COLUMNS[VOLUME], b"1871500", style), Ok(1_871_500.0));
        assert!(value(&COLUMNS[CLOSE], b"187.15", style).is_err());
    }

    #[test]
    fn thousands_among_decimals_are_noticed() {
        let comma = NumberStyle { decimal_comma: true, ..NumberStyle::default() };
        for (text, style, want) in [
            ("1.204.500", PLAIN, true),
            ("1.2.3", PLAIN, false),
            ("1.5", PLAIN, false),
            ("1,204,500", comma, true),
            ("1,204,500", PLAIN, false),
        ] {
            assert_eq!(contradicts(text.as_bytes(), style), want, "{text}");
        }
    }

    #[test]
    fn numbers_round_trip_exactly() {
        for text in ["100.99342830602247", "0.1", "1e-7", "15812.0", "-3", "5e-324", "1.7976931348623157e308"]
        {
            let v = parse(text.as_bytes(), PLAIN).expect(text);
            assert_eq!(v, text.parse::<f64>().expect(text), "{text}");
        }
        let comma = NumberStyle { decimal_comma: true, ..NumberStyle::default() };
        assert_eq!(parse(b" 1,25 ", comma), Ok(1.25));
        assert!(parse(b"1.250", comma).expect_err("1250 or 1.25?").contains("a point"));
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
            let e = parse(text, PLAIN).expect_err("bad");
            assert!(e.contains(part), "{text:?}: {e}");
        }
    }

    #[test]
    fn a_field_without_a_value_is_an_unknown_value_if_the_column_is_optional() {
        let read = |at: usize, text: &str| value(&COLUMNS[at], text.as_bytes(), PLAIN).map(f64::to_bits);
        assert_eq!(read(CLOSE, " "), Err("is empty".into()));
        for text in MISSING.iter().chain(&[" ", " n/a ", "N/A", "NaN", "NULL", "\\N", "#N/A N/A"]) {
            assert_eq!(read(VOLUME, text), Ok(UNKNOWN.to_bits()), "{text:?}");
            assert!(read(CLOSE, text).is_err(), "{text:?}");
        }
        assert_eq!(read(VOLUME, "1.5"), Ok(1.5_f64.to_bits()));
        for text in ["0", "-0"] {
            assert_eq!(read(VOLUME, text).map(f64::from_bits), Ok(0.0), "{text:?}");
        }
        for text in ["x", "inf", "-nan", "n/a 5", "\\n"] {
            assert!(read(VOLUME, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_prefix_is_the_number_that_it_is_alone() {
        let nearly = "[-+]?[0-9]{0,20}(\\.[0-9]{0,20})?([eE][-+]?[0-9]{1,3})?|nan|-?inf|infinity|1e400";
        let texts = (like(nearly), proptest::collection::vec(any::<(Index, u8)>(), 0..2), "|,1|;2|\t|\r|\"");
        holds(5000, &texts, |(text, changes, behind)| {
            let text = mutated(text.into_bytes(), &changes);
            let followed = [&text, behind.as_bytes()].concat();
            let Some((value, length)) = parse_prefix(&followed) else { return };
            let alone = parse(&followed[..length], PLAIN).map(f64::to_bits);
            assert_eq!(Ok(value.to_bits()), alone, "{}", followed.escape_ascii());
        });
    }
}
