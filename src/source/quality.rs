//! The market-data rules.
//!
//! Invariant: a rule checks one bar by itself; gaps and jumps between bars are not checked.

use crate::bar::Ohlcv;

/// The names of the rules that `v` breaks.
#[must_use]
pub fn broken_rules(v: &Ohlcv) -> Vec<&'static str> {
    if is_sound(v) {
        return Vec::new();
    }
    let rules = [
        (v.high < v.low, "high_below_low"),
        (v.high < v.open, "high_below_open"),
        (v.high < v.close, "high_below_close"),
        (v.low > v.open, "low_above_open"),
        (v.low > v.close, "low_above_close"),
        (v.open.min(v.high).min(v.low).min(v.close) <= 0.0, "price_not_positive"),
        (v.volume < 0.0, "volume_negative"),
    ];
    rules.iter().filter(|(broken, _)| *broken).map(|(_, name)| *name).collect()
}

fn is_sound(v: &Ohlcv) -> bool {
    v.high >= v.open
        && v.high >= v.close
        && v.low <= v.open
        && v.low <= v.close
        && v.low > 0.0
        && v.volume >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Ohlcv = Ohlcv::new(2.0, 3.0, 1.0, 2.5, 0.0);

    #[test]
    fn a_sound_bar_breaks_nothing() {
        assert!(broken_rules(&SOUND).is_empty());
    }

    #[test]
    fn each_rule_is_named() {
        for (bar, want) in [
            (Ohlcv { high: 2.4, ..SOUND }, &["high_below_close"][..]),
            (Ohlcv { high: 0.5, ..SOUND }, &["high_below_low", "high_below_open", "high_below_close"]),
            (Ohlcv { low: 2.2, ..SOUND }, &["low_above_open"]),
            (Ohlcv { low: 0.0, ..SOUND }, &["price_not_positive"]),
            (Ohlcv { volume: -1.0, ..SOUND }, &["volume_negative"]),
            (Ohlcv { close: 0.5, ..SOUND }, &["low_above_close"]),
        ] {
            assert_eq!(broken_rules(&bar), want);
        }
    }
}
