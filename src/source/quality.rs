//! The market-data rules.
//!
//! Invariant: a rule checks one bar by itself; what needs the rows around it is in `reader::neighbours`. An unknown value
//! breaks no rule.

use crate::bar::columns::{CLOSE, HIGH, LOW, OPEN, VOLUME};
use crate::bar::{Ohlcv, known};

/// The names of the rules that `v` breaks.
#[must_use]
pub fn broken_rules(v: &Ohlcv) -> Vec<&'static str> {
    if is_sound(v) {
        return Vec::new();
    }
    let rules = [
        (is_below(v[HIGH], v[LOW]), "high_below_low"),
        (is_below(v[HIGH], v[OPEN]), "high_below_open"),
        (is_below(v[HIGH], v[CLOSE]), "high_below_close"),
        (is_below(v[OPEN], v[LOW]), "low_above_open"),
        (is_below(v[CLOSE], v[LOW]), "low_above_close"),
        (v[OPEN].min(v[HIGH]).min(v[LOW]).min(v[CLOSE]) <= 0.0, "price_not_positive"),
        (v[VOLUME] < 0.0, "volume_negative"),
    ];
    rules.iter().filter(|(broken, _)| *broken).map(|(_, name)| *name).collect()
}

/// Whether a price is below another one by more than a rounding error, as prices have that were adjusted for splits.
fn is_below(price: f64, other: f64) -> bool {
    const ERROR: f64 = 1e-9;
    price < other && other - price > other.abs() * ERROR
}

/// Whether a bar is one that providers put where they have none yet: all prices 0, and no volume.
#[must_use]
pub(crate) fn is_placeholder(v: &Ohlcv) -> bool {
    v[OPEN] == 0.0
        && v[HIGH] == 0.0
        && v[LOW] == 0.0
        && v[CLOSE] == 0.0
        && known(v[VOLUME]).is_none_or(|volume| volume <= 0.0)
}

/// Whether a bar breaks no rule; one with a rounding error is left to [`broken_rules`].
#[inline]
pub(super) fn is_sound(v: &Ohlcv) -> bool {
    v[HIGH] >= v[OPEN]
        && v[HIGH] >= v[CLOSE]
        && v[LOW] <= v[OPEN]
        && v[LOW] <= v[CLOSE]
        && v[LOW] > 0.0
        && known(v[VOLUME]).is_none_or(|volume| volume >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::UNKNOWN;
    use crate::bar::columns::COUNT;

    const SOUND: Ohlcv = Ohlcv::new(2.0, 3.0, 1.0, 2.5, 0.0);

    #[test]
    fn a_sound_bar_breaks_nothing() {
        assert!(broken_rules(&SOUND).is_empty());
    }

    #[test]
    fn an_unknown_value_breaks_nothing() {
        for column in 0..COUNT {
            assert!(broken_rules(&SOUND.with(column, UNKNOWN)).is_empty());
        }
        assert_eq!(broken_rules(&SOUND.with(VOLUME, UNKNOWN).with(LOW, 2.2)), ["low_above_open"]);
    }

    #[test]
    fn a_bar_of_nothing_is_a_placeholder() {
        let nothing = Ohlcv::new(0.0, 0.0, 0.0, 0.0, 0.0);
        for volume in [0.0, UNKNOWN, -9_223_372_036_854_775_808.0] {
            assert!(is_placeholder(&nothing.with(VOLUME, volume)));
        }
        assert!(!is_placeholder(&nothing.with(VOLUME, 1.0)) && !is_placeholder(&nothing.with(CLOSE, 0.1)));
        assert!(!is_placeholder(&SOUND));
    }

    #[test]
    fn a_rounding_error_breaks_nothing() {
        let close = 0.122_972_227_632_999_42;
        let bar = Ohlcv::new(0.123, 0.124, 0.122_972_227_632_999_43, close, 1.0);
        assert!(bar[LOW] > bar[CLOSE] && broken_rules(&bar).is_empty());
        assert_eq!(broken_rules(&bar.with(CLOSE, close * (1.0 - 1e-8))), ["low_above_close"]);
    }

    #[test]
    fn each_rule_is_named() {
        for (bar, want) in [
            (SOUND.with(HIGH, 2.4), &["high_below_close"][..]),
            (SOUND.with(HIGH, 0.5), &["high_below_low", "high_below_open", "high_below_close"]),
            (SOUND.with(LOW, 2.2), &["low_above_open"]),
            (SOUND.with(LOW, 0.0), &["price_not_positive"]),
            (SOUND.with(VOLUME, -1.0), &["volume_negative"]),
            (SOUND.with(CLOSE, 0.5), &["low_above_close"]),
        ] {
            assert_eq!(broken_rules(&bar), want);
        }
    }
}
