//! Values of columns.

use std::io::Write as _;

use super::DELIMITER;
use super::value_text::{
    SECONDS_OF_A_DAY, write_clock, write_date, write_decimal, write_float, write_int, write_text,
    write_timestamp,
};

/// Some rows of a column.
pub(super) struct Column {
    pub(super) values: Values,
    /// Which rows have a value; all, if this is empty. Rows without one have some value among `values`, too.
    pub(super) valid: Vec<bool>,
}

/// Values of one kind.
pub(super) enum Values {
    /// So many rows, none of which has a value.
    Nothing(usize),
    /// So many rows of a type that no value of a bar has.
    Unread(usize, String),
    Float(Vec<f64>),
    Int(Vec<i64>),
    Unsigned(Vec<u64>),
    Bool(Vec<bool>),
    /// Integers that are divided by a power of ten.
    Decimal(Vec<i128>, u32),
    /// Counts since 1970: of an instant, or of a local time in the years that clocks on a wall show.
    Timestamp(Vec<i64>, Unit, Kind),
    /// Days since 1970.
    Date(Vec<i64>),
    /// Counts since midnight.
    Clock(Vec<i64>, Unit),
    Text(Vec<Vec<u8>>),
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

/// What a timestamp is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Instant,
    Local,
}

impl Unit {
    pub(super) fn per_second(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Millisecond => 1_000,
            Self::Microsecond => 1_000_000,
            Self::Nanosecond => 1_000_000_000,
        }
    }
}

impl Values {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Nothing(rows) | Self::Unread(rows, _) => *rows,
            Self::Float(v) => v.len(),
            Self::Int(v) | Self::Timestamp(v, ..) | Self::Date(v) | Self::Clock(v, _) => v.len(),
            Self::Unsigned(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Decimal(v, _) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// The values at these places, which may lie behind the last one where a row has none.
    pub(super) fn taken(&self, places: &[usize]) -> Self {
        fn all<T: Clone + Default>(values: &[T], places: &[usize]) -> Vec<T> {
            places.iter().map(|at| values.get(*at).cloned().unwrap_or_default()).collect()
        }
        match self {
            Self::Nothing(_) => Self::Nothing(places.len()),
            Self::Unread(_, name) => Self::Unread(places.len(), name.clone()),
            Self::Float(v) => Self::Float(all(v, places)),
            Self::Int(v) => Self::Int(all(v, places)),
            Self::Unsigned(v) => Self::Unsigned(all(v, places)),
            Self::Bool(v) => Self::Bool(all(v, places)),
            Self::Decimal(v, scale) => Self::Decimal(all(v, places), *scale),
            Self::Timestamp(v, unit, kind) => Self::Timestamp(all(v, places), *unit, *kind),
            Self::Date(v) => Self::Date(all(v, places)),
            Self::Clock(v, unit) => Self::Clock(all(v, places), *unit),
            Self::Text(v) => Self::Text(all(v, places)),
        }
    }
}

impl Column {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether these are local times of several rows, all of them midnights.
    pub(super) fn has_days(&self) -> bool {
        self.len() > 1 && self.days().is_some()
    }

    /// The days of midnights; times of day stay as they are.
    pub(super) fn into_days(self) -> Self {
        match self.days() {
            Some(days) => Self { values: Values::Date(days), valid: self.valid },
            None => self,
        }
    }

    fn days(&self) -> Option<Vec<i64>> {
        let Values::Timestamp(all, unit, Kind::Local) = &self.values else { return None };
        let per_day = SECONDS_OF_A_DAY * unit.per_second();
        all.iter().map(|value| (value % per_day == 0).then(|| value.div_euclid(per_day))).collect()
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.valid.get(row) == Some(&false) {
            return;
        }
        match &self.values {
            Values::Nothing(_) => {}
            // No number and no time, so that a row is refused if the column is one of a bar's.
            Values::Unread(_, name) => write_text(format!("({name})").as_bytes(), out),
            Values::Float(v) => write_float(v[row], out),
            Values::Int(v) => write_int(v[row], out),
            // Writing to memory cannot fail.
            Values::Unsigned(v) => _ = write!(out, "{}", v[row]),
            Values::Bool(v) => _ = write!(out, "{}", v[row]),
            Values::Decimal(v, scale) => write_decimal(v[row], *scale, out),
            Values::Timestamp(v, unit, kind) => write_timestamp(v[row], *unit, *kind, out),
            Values::Date(v) => write_date(v[row], out),
            // A time of day; of another span of time the number is no time.
            Values::Clock(v, unit) if (0..SECONDS_OF_A_DAY * unit.per_second()).contains(&v[row]) => {
                write_clock(v[row], *unit, out);
            }
            Values::Clock(v, _) => write_int(v[row], out),
            Values::Text(v) => write_text(&v[row], out),
        }
    }
}

/// Writes a row and its end.
pub(super) fn write_row(columns: &[Column], row: usize, out: &mut Vec<u8>) {
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            out.push(DELIMITER);
        }
        column.write(row, out);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: Values) -> String {
        let column = Column { values, valid: Vec::new() };
        let mut out = Vec::new();
        for row in 0..column.len() {
            write_row(std::slice::from_ref(&column), row, &mut out);
        }
        String::from_utf8(out).expect("UTF-8").trim_end().replace('\n', " ")
    }

    #[test]
    fn floats_are_read_back_bit_by_bit() {
        let all = [0.1 + 0.2, 1e-7, 1e16, 1.0 / 3.0, 123_456_789.25, 100.0, -0.0, 5e-324, f64::MAX];
        let text = text(Values::Float(all.to_vec()));
        let back: Vec<u64> = text.split(' ').map(|t| t.parse::<f64>().expect("a number").to_bits()).collect();
        assert_eq!(back, all.map(f64::to_bits));
        assert!(text.contains(" 100 ") && text.contains(" 123456789.25 "), "{text}");
    }

    #[test]
    fn times_are_written_with_what_they_have() {
        let day = 19_790 * SECONDS_OF_A_DAY;
        for (values, want) in [
            (Values::Timestamp(vec![day + 1], Unit::Second, Kind::Instant), "2024-03-08T00:00:01Z"),
            (
                Values::Timestamp(vec![day * 1_000 + 500], Unit::Millisecond, Kind::Local),
                "2024-03-08T00:00:00.500",
            ),
            (Values::Timestamp(vec![-1], Unit::Microsecond, Kind::Instant), "1969-12-31T23:59:59.999999Z"),
            (
                Values::Timestamp(vec![1_000, 1_001], Unit::Nanosecond, Kind::Local),
                "1970-01-01T00:00:00.000001 1970-01-01T00:00:00.000001001",
            ),
            (
                Values::Date(vec![0, -1, 11_016, 19_790, 4_000_000]),
                "1970-01-01 1969-12-31 2000-02-29 2024-03-08 +12921-08-18",
            ),
            (Values::Clock(vec![34_200], Unit::Second), "09:30:00"),
        ] {
            assert_eq!(text(values), want);
        }
    }

    #[test]
    fn every_day_is_the_calendars() {
        for days in (-100_000..200_000).step_by(37) {
            let day =
                jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).expect("in range");
            assert_eq!(text(Values::Date(vec![days])), day.to_string());
        }
    }

    #[test]
    fn decimals_and_texts_are_exact() {
        assert_eq!(text(Values::Decimal(vec![12_345, -5, 0], 4)), "1.2345 -0.0005 0.0000");
        assert_eq!(text(Values::Decimal(vec![-7], 0)), "-7");
        let texts = ["plain", "a,b", "say \"x\"", "two\nlines"].map(|t| t.as_bytes().to_vec());
        assert_eq!(text(Values::Text(texts.to_vec())), "plain \"a,b\" \"say \"\"x\"\"\" \"two lines\"");
    }

    #[test]
    fn what_is_null_is_empty() {
        let values =
            |v: &[i64], valid: &[bool]| Column { values: Values::Int(v.to_vec()), valid: valid.to_vec() };
        let mut out = Vec::new();
        write_row(&[values(&[1], &[true]), values(&[2], &[false]), values(&[3], &[])], 0, &mut out);
        assert_eq!(out, b"1,,3\n");
    }
}
