//! Finds bars whose prices are far from those around them.

use crate::bar::columns::{CLOSE, HIGH, LOW};
use crate::bar::{Bars, Micros};

/// The market-data rule that such a bar breaks.
pub(super) const RULE: &str = "price_jump";

/// A price that is so many times another one is mostly one whose decimal sign was lost, one in cents, or one of another
/// instrument.
const JUMP: f64 = 9.0;

/// The prices of one file.
#[derive(Debug, Default)]
pub(super) struct Prices {
    /// Time and close of the first and of the last bar of the batch before.
    ends: Option<[(Micros, f64); 2]>,
}

impl Prices {
    /// The places of bars that are far from those before them, among bars in the order of time.
    pub(super) fn jumps(&mut self, bars: &Bars) -> Vec<usize> {
        let (times, closes) = (&bars.time, &bars[CLOSE]);
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return Vec::new() };
        // The bars of the batch before are all earlier, or in a file that begins with the latest, all later.
        let before = self.ends.filter(|[_, (time, _)]| time < first).map(|[_, (_, close)]| close);
        let behind = self.ends.filter(|[(time, _), _]| time > last).map(|[(_, close), _]| close);
        self.ends = Some([(*first, closes[0]), (*last, closes[closes.len() - 1])]);
        let is_wide = |at: usize| bars[LOW][at] > 0.0 && bars[HIGH][at] >= bars[LOW][at] * JUMP;
        let has_jump = closes.windows(2).any(|pair| may_jump(pair[0], pair[1]))
            || (0..closes.len()).any(is_wide)
            || before.is_some_and(|before| may_jump(before, closes[0]))
            || behind.is_some_and(|behind| may_jump(closes[closes.len() - 1], behind));
        if !has_jump {
            return Vec::new();
        }
        let mut levels = Levels { level: before.unwrap_or(0.0).max(0.0), other: 0.0 };
        let mut found: Vec<usize> =
            (0..closes.len()).filter(|at| levels.jumps_to(closes[*at]) || is_wide(*at)).collect();
        let is_behind = behind.is_some_and(|behind| levels.jumps_to(behind));
        if is_behind && found.last() != Some(&(closes.len() - 1)) {
            found.push(closes.len() - 1);
        }
        found
    }
}

/// Whether two closes may be far from each other.
#[inline]
fn may_jump(before: f64, close: f64) -> bool {
    close >= before * JUMP || before >= close * JUMP
}

/// The level of prices: a second close that is near a first one far from it makes that the level.
struct Levels {
    level: f64,
    other: f64,
}

impl Levels {
    fn jumps_to(&mut self, close: f64) -> bool {
        let is_near = |level: f64| level > 0.0 && !is_jump(level, close);
        if self.level == 0.0 || is_near(self.level) {
            (self.level, self.other) = (close.max(0.0), 0.0);
            return false;
        }
        if is_near(self.other) {
            (self.level, self.other) = (close, 0.0);
            return false;
        }
        self.other = close.max(0.0);
        close > 0.0
    }
}

/// A price of one digit, such as 0.0001, is too coarse to tell.
fn is_jump(before: f64, close: f64) -> bool {
    let least = before.min(close);
    let digit = least / 10_f64.powf(least.log10().floor());
    may_jump(before, close) && (digit - digit.round()).abs() > 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::Ohlcv;

    /// The places of jumps among days with these closes, read in batches of this size.
    fn jumps(closes: &[f64], rows: usize) -> Vec<usize> {
        let mut prices = Prices::default();
        let mut found = Vec::new();
        for (batch, closes) in closes.chunks(rows).enumerate() {
            let mut bars = Bars::default();
            for (at, close) in closes.iter().enumerate() {
                let time = Micros::try_from(batch * rows + at).expect("small");
                bars.push(time, Ohlcv::new(*close, *close, *close, *close, 1.0));
            }
            found.extend(prices.jumps(&bars).iter().map(|at| batch * rows + at));
        }
        found
    }

    #[test]
    fn a_price_that_lost_its_decimal_sign_jumps() {
        for (closes, want) in [
            (&[101.25, 101.5, 10_130.0, 10_140.0, 10_150.0][..], &[2][..]),
            (&[101.25, 10_130.0, 101.5, 101.6], &[1]),
            (&[42.1, 421.0, 42.2, 42.3], &[1]),
            (&[101.25, 900.0, 101.5], &[]),
            (&[0.0001, 0.001, 0.0002, 0.002], &[]),
            (&[12.5, -37.0, 0.0, 12.5], &[]),
        ] {
            for rows in 1..6 {
                assert_eq!(jumps(closes, rows).first(), want.first(), "{closes:?} by {rows}");
            }
            assert_eq!(jumps(closes, 1000), want, "{closes:?}");
        }
    }

    #[test]
    fn a_high_far_above_the_low_is_a_jump() {
        let mut bars = Bars::default();
        bars.push(0, Ohlcv::new(42.0, 4_210.0, 41.5, 42.1, 1.0));
        bars.push(1, Ohlcv::new(42.0, 42.5, 41.5, 42.1, 1.0));
        assert_eq!(Prices::default().jumps(&bars), [0]);
    }
}
