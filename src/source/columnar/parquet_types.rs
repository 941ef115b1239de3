//! What the stored values of a Parquet column mean, by its types.

use std::io;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::data_type::{ByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use super::column::{Kind, Unit, Values};
use super::value_text::write_local;

/// Bytes of the texts that are read of a column at a time.
const MOST_TEXT: usize = 64 * 1024 * 1024;

/// Digits of the longest decimal.
const MOST_DIGITS: u32 = 38;

/// What the stored values of a column mean.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    AsStored,
    Unsigned,
    Decimal(u32),
    Timestamp(Unit, Kind),
    Date,
    Clock(Unit),
    HalfFloat,
    /// Something that no bar has.
    Unread,
}

impl Meaning {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let unit = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => Unit::Millisecond,
            TimeUnit::MICROS => Unit::Microsecond,
            TimeUnit::NANOS => Unit::Nanosecond,
        };
        let scale = |scale: i32| match u32::try_from(scale) {
            Ok(scale @ ..=MOST_DIGITS) => Self::Decimal(scale),
            _ => Self::Unread,
        };
        match column.logical_type_ref() {
            Some(LogicalType::Timestamp(t)) => {
                let kind = if t.is_adjusted_to_u_t_c { Kind::Instant } else { Kind::Local };
                return Self::Timestamp(unit(&t.unit), kind);
            }
            Some(LogicalType::Time(t)) => return Self::Clock(unit(&t.unit)),
            Some(LogicalType::Date) => return Self::Date,
            Some(LogicalType::Decimal(d)) => return scale(d.scale),
            Some(LogicalType::Integer(i)) if !i.is_signed => return Self::Unsigned,
            Some(LogicalType::Float16) => return Self::HalfFloat,
            Some(LogicalType::Uuid | LogicalType::Bson) => return Self::Unread,
            _ => {}
        }
        // What writers of before 2018 say instead. Their timestamps are instants.
        match column.converted_type() {
            ConvertedType::TIMESTAMP_MILLIS => Self::Timestamp(Unit::Millisecond, Kind::Instant),
            ConvertedType::TIMESTAMP_MICROS => Self::Timestamp(Unit::Microsecond, Kind::Instant),
            ConvertedType::TIME_MILLIS => Self::Clock(Unit::Millisecond),
            ConvertedType::TIME_MICROS => Self::Clock(Unit::Microsecond),
            ConvertedType::DATE => Self::Date,
            ConvertedType::DECIMAL => scale(column.type_scale()),
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Self::Unsigned,
            ConvertedType::INTERVAL | ConvertedType::BSON => Self::Unread,
            _ => Self::AsStored,
        }
    }
}

pub(super) fn of_ints(values: Vec<i64>, meaning: Meaning) -> Values {
    match meaning {
        Meaning::Unsigned => Values::Unsigned(values.into_iter().map(i64::cast_unsigned).collect()),
        Meaning::Decimal(scale) => Values::Decimal(values.into_iter().map(i128::from).collect(), scale),
        Meaning::Timestamp(unit, kind) => Values::Timestamp(values, unit, kind),
        Meaning::Date => Values::Date(values),
        Meaning::Clock(unit) => Values::Clock(values, unit),
        Meaning::AsStored | Meaning::HalfFloat => Values::Int(values),
        Meaning::Unread => Values::Unread(values.len(), "binary".into()),
    }
}

pub(super) fn of_bytes(values: &[ByteArray], meaning: Meaning) -> io::Result<Values> {
    // Rows that share one long text have it once in the file.
    if values.iter().map(ByteArray::len).sum::<usize>() > MOST_TEXT {
        return Err(io::Error::other("a column has texts that no file of bars has"));
    }
    Ok(match meaning {
        Meaning::Unread => Values::Unread(values.len(), "binary".into()),
        Meaning::HalfFloat => Values::Float(values.iter().map(|v| half_float(v.data())).collect()),
        Meaning::Decimal(scale) => {
            let decimals: Option<Vec<i128>> = values.iter().map(|v| big_endian(v.data())).collect();
            decimals.map_or(Values::Unread(values.len(), "decimal of over 38 digits".into()), |decimals| {
                Values::Decimal(decimals, scale)
            })
        }
        _ => Values::Text(values.iter().map(|v| v.data().to_vec()).collect()),
    })
}

/// Days and nanoseconds of the day; beyond the nanoseconds of 64 bits (1677 to 2262) each as a text.
pub(super) fn of_int96(values: &[Int96]) -> Values {
    const DAY: i64 = 86_400_000_000_000;
    const FIRST_DAY: i64 = 2_440_588;
    let parts = |value: &Int96| {
        let [low, high, day] = *value.data() else { return (0, 0) };
        let nanoseconds = i64::from(high) << 32 | i64::from(low);
        (i64::from(day) - FIRST_DAY, nanoseconds)
    };
    let whole = |value: &Int96| {
        let (day, nanoseconds) = parts(value);
        day.checked_mul(DAY)?.checked_add(nanoseconds)
    };
    let all: Option<Vec<i64>> = values.iter().map(whole).collect();
    let text = |value: &Int96| {
        let (day, nanoseconds) = parts(value);
        let mut text = Vec::new();
        write_local(day.saturating_add(nanoseconds.div_euclid(DAY)), nanoseconds.rem_euclid(DAY), &mut text);
        text
    };
    match all {
        Some(all) => Values::Timestamp(all, Unit::Nanosecond, Kind::Local),
        None => Values::Text(values.iter().map(text).collect()),
    }
}

/// A signed integer, if it has up to 16 bytes.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let mut all = [if bytes.first().is_some_and(|b| *b >= 0x80) { 0xff } else { 0 }; 16];
    all.get_mut(16_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}

/// A float of 16 bits.
fn half_float(bytes: &[u8]) -> f64 {
    let [low, high] = bytes else { return f64::NAN };
    let bits = u16::from_le_bytes([*low, *high]);
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}
