//! A kind of difference in words.
//!
//! Invariant: a guess at the cause says "looks like"; the numbers are those of the range.

use super::range::{Range, RangeKind};

/// What a person is told of a range.
#[must_use]
pub fn says(range: &Range) -> String {
    match range.kind {
        RangeKind::Identical => "identical".to_owned(),
        RangeKind::OnlyInCsv => "only in the files: the database lacks these bars".to_owned(),
        RangeKind::OnlyInDb => "only in the database: the files lack these bars".to_owned(),
        RangeKind::Revised => "revised values: no constant ratio".to_owned(),
        RangeKind::Ratio => ratio(range.price_ratio, range.volume_ratio),
        RangeKind::Shifted => shifted(range.shifted_by_seconds.unwrap_or_default()),
    }
}

fn ratio(price: Option<f64>, volume: Option<f64>) -> String {
    let volumes = match volume {
        Some(v) if is(v, 1.0) => "volumes are the same".to_owned(),
        Some(v) => format!("volumes × {}", short(v)),
        None => "volumes in no constant ratio".to_owned(),
    };
    match price {
        None if volume.is_none() => "constant ratio, not known which".to_owned(),
        None => format!("constant ratio of the volumes alone: {volumes}; prices differ without one"),
        Some(p) if is(p, 1.0) => format!("prices are the same, the database's {volumes}"),
        Some(p) => {
            let numbers = format!("the database's prices are the file's × {}, {volumes}", short(p));
            match split(p, volume) {
                Some((new, old)) => format!("looks like a {new}:{old} split: {numbers}"),
                None => format!("constant ratio {} (looks like an adjustment): {numbers}", short(p)),
            }
        }
    }
}

fn is(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= 1e-6 * wanted
}

/// `(2, 1)` where a share became two. Volumes move the other way, or were left as they are.
fn split(price: f64, volume: Option<f64>) -> Option<(u32, u32)> {
    let fits = |v: f64| is(v, 1.0) || is(v * price, 1.0);
    if !(price.is_finite() && price > 0.0 && volume.is_none_or(fits)) {
        return None;
    }
    let small = |x: f64| (1..=5_u32).find_map(|b| Some((nearest(x * f64::from(b))?, b)));
    match (small(1.0 / price), small(price)) {
        (Some((new, old)), _) if price < 0.9 => Some((new, old)),
        (_, Some((old, new))) if price > 1.1 => Some((new, old)),
        _ => None,
    }
}

/// The whole number up to 1000 that `x` is.
fn nearest(x: f64) -> Option<u32> {
    let whole = x.round();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and 1000
    ((1.0..=1000.0).contains(&whole) && is(x, whole)).then_some(whole as u32)
}

/// Six digits that count.
fn short(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return value.to_string();
    }
    #[allow(clippy::cast_possible_truncation)] // a float's exponent
    let before_point = value.abs().log10().floor() as i32 + 1;
    let decimals = usize::try_from(6 - before_point).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn shifted(seconds: f64) -> String {
    let way = if seconds < 0.0 { "earlier" } else { "later" };
    let zone = seconds.abs() <= 14.0 * 3600.0 && seconds % 900.0 == 0.0;
    let guess = if zone { " (looks like a time zone)" } else { "" };
    format!("shifted: the database's times are {} {way}{guess}", duration(seconds.abs()))
}

fn duration(seconds: f64) -> String {
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, length) in [("d", 86_400.0), ("h", 3600.0), ("min", 60.0)] {
        let n = (rest / length).floor();
        rest -= n * length;
        if n > 0.0 {
            parts.push(format!("{n} {unit}"));
        }
    }
    if rest > 0.0 || parts.is_empty() {
        parts.push(format!("{} s", short(rest)));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios() {
        for (price, volume, want) in [
            (
                Some(0.5),
                Some(2.0),
                "looks like a 2:1 split: the database's prices are the file's × 0.5, volumes × 2",
            ),
            (
                Some(2.0 / 3.0),
                Some(1.5),
                "looks like a 3:2 split: the database's prices are the file's × 0.666667, volumes × 1.5",
            ),
            (
                Some(10.0),
                Some(0.1),
                "looks like a 1:10 split: the database's prices are the file's × 10, volumes × 0.1",
            ),
            (
                Some(0.5),
                Some(1.0),
                "looks like a 2:1 split: the database's prices are the file's × 0.5, volumes are the same",
            ),
            (
                Some(0.5),
                Some(3.0),
                "constant ratio 0.5 (looks like an adjustment): the database's prices are the file's × 0.5, volumes × 3",
            ),
            (
                Some(0.98765),
                Some(1.0),
                "constant ratio 0.98765 (looks like an adjustment): the database's prices are the file's × 0.98765, volumes are the same",
            ),
            (Some(1.0), Some(100.0), "prices are the same, the database's volumes × 100"),
            (
                None,
                Some(100.0),
                "constant ratio of the volumes alone: volumes × 100; prices differ without one",
            ),
        ] {
            assert_eq!(ratio(price, volume), want);
        }
    }

    #[test]
    fn shifts() {
        for (seconds, want) in [
            (18_000.0, "shifted: the database's times are 5 h later (looks like a time zone)"),
            (-19_800.0, "shifted: the database's times are 5 h 30 min earlier (looks like a time zone)"),
            (90.5, "shifted: the database's times are 1 min 30.5 s later"),
            (172_800.0, "shifted: the database's times are 2 d later"),
        ] {
            assert_eq!(shifted(seconds), want);
        }
    }
}
