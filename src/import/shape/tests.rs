use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::*;
use crate::bar::columns::{CLOSE, HIGH, LOW, OPEN, VOLUME};
use crate::timeframe::{DAY, HOUR, MINUTE};

/// 2024-01-01T00:00:00Z, a Monday.
const START: Micros = 1_704_067_200_000_000;

type Series = Vec<(Micros, Ohlcv)>;

/// A random walk in cents at these times, the same for the same seed.
fn walk(times: impl IntoIterator<Item = Micros>, seed: u64) -> Series {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).expect("32 bits")) / f64::from(u32::MAX)
    };
    let cents = |value: f64| (value * 100.0).round() / 100.0;
    let mut price = 100.0;
    times
        .into_iter()
        .map(|time| {
            let (open, close) = (price, price * (1.0 + 0.01 * (random() - 0.5)));
            let (high, low) = (open.max(close) * 1.001, open.min(close) * 0.999);
            price = close;
            let volume = (random() * 10_000.0).round();
            (time, Ohlcv::new(cents(open), cents(high), cents(low), cents(close), volume))
        })
        .collect()
}

fn bars(series: &[(Micros, Ohlcv)]) -> Bars {
    let mut bars = Bars::default();
    series.iter().for_each(|(time, values)| bars.push(*time, *values));
    bars
}

fn moved(series: &[(Micros, Ohlcv)], by: impl Fn(usize) -> Micros) -> Series {
    series.iter().enumerate().map(|(i, (time, values))| (time + by(i), *values)).collect()
}

fn found(ours: &[(Micros, Ohlcv)], there: &[(Micros, Ohlcv)], step: Micros) -> Option<Shape> {
    conflict(&bars(ours), &bars(there), Some(step)).map(|c| c.shape)
}

fn daily(n: i64) -> Series {
    walk((0..n).map(|i| START + i * DAY), 1)
}

/// 09:30 to 15:30 by the hour, and 16:00: the usual bars of a US stock.
fn sessions(days: i64) -> Vec<Micros> {
    (0..days)
        .flat_map(|day| {
            (0..7).map(move |i| 570 + i * 60).chain([960]).map(move |m| START + day * DAY + m * MINUTE)
        })
        .collect()
}

#[test]
fn the_same_bars_in_another_zone_are_a_conflict() {
    let quarter_hours = walk((0..3).map(|i| START + i * 15 * MINUTE), 1);
    let by = -(5 * HOUR + 30 * MINUTE);
    let india = moved(&quarter_hours, |_| by);
    assert_eq!(found(&quarter_hours, &india, 15 * MINUTE), Some(Shape::Shifted { by }), "three bars suffice");
    let file = daily(299);
    let summer = |i: usize| if (70..300).contains(&i) { 4 * HOUR } else { 5 * HOUR };
    let there = moved(&file, summer);
    assert_eq!(found(&file, &there, DAY), Some(Shape::Shifted { by: 5 * HOUR }));
    let conflict = conflict(&bars(&file), &bars(&there), Some(DAY)).expect("a conflict");
    assert_eq!((conflict.first, conflict.bars, conflict.of), (0, 299, 299));
    // A file that goes on behind the series, and began before it.
    assert!(found(&file, &there[100..200], DAY).is_some());
    let minutes = walk((0..2000).map(|i| START + i * MINUTE), 3);
    assert!(found(&minutes, &moved(&minutes, |_| -4 * HOUR), MINUTE).is_some());
    let hours = walk(sessions(20), 4);
    assert_eq!(found(&hours, &moved(&hours, |_| 5 * HOUR), HOUR), Some(Shape::Shifted { by: 5 * HOUR }));
}

#[test]
fn a_shift_that_no_zone_makes_is_none() {
    let file = walk((0..50).map(|i| START + i * DAY), 1);
    for by in [15 * HOUR, 7 * MINUTE + 1, DAY] {
        let shape = found(&file, &moved(&file, |_| by), 0);
        assert!(!matches!(shape, Some(Shape::Shifted { .. })), "{by}: {shape:?}");
    }
}

#[test]
fn scaled_prices_are_a_conflict() {
    let file = daily(100);
    let scaled = |by: f64| -> Series {
        let price = |p: f64| (p * by * 100.0).round() / 100.0;
        let scale =
            |v: &Ohlcv| Ohlcv::new(price(v[OPEN]), price(v[HIGH]), price(v[LOW]), price(v[CLOSE]), v[VOLUME]);
        file.iter().map(|(time, v)| (*time, scale(v))).collect()
    };
    assert!(
        matches!(found(&file, &scaled(0.5), DAY), Some(Shape::Scaled(DifferencePattern::Ratio { price: Some(p), .. })) if p == 0.5)
    );
    assert!(matches!(found(&file, &scaled(0.987), DAY), Some(Shape::Scaled(_))));
    let mut a_few = file.clone();
    a_few.splice(40..50, scaled(0.5).drain(40..50));
    assert_eq!(found(&file, &a_few, DAY), None, "most are the same");
}

#[test]
fn bars_between_the_others_are_a_conflict() {
    let file = daily(100);
    let other = walk((0..100).map(|i| START + i * DAY + 5 * HOUR), 2);
    assert_eq!(found(&file, &other, DAY), Some(Shape::Between { neighbour: START + 5 * HOUR }));
    let weeks = walk((0..20).map(|i| START + i * 7 * DAY), 2);
    let sundays = walk((0..20).map(|i| START - DAY + i * 7 * DAY), 3);
    assert!(matches!(found(&weeks, &sundays, 7 * DAY), Some(Shape::Between { .. })));
    assert_eq!(conflict(&bars(&file), &bars(&other), None), None, "the timeframe does not tell");
    assert_eq!(found(&file[..2], &other, DAY), None, "two bars prove nothing");
}

#[test]
fn constant_and_repeating_prices_equal_themselves_everywhere() {
    let flat = Ohlcv::new(1.0, 1.0, 1.0, 1.0, 0.0);
    let constant = |n: i64| -> Series { (0..n).map(|i| (START + i * HOUR, flat)).collect() };
    assert_eq!(found(&constant(50)[30..], &constant(30), HOUR), None);
    // A price that goes up and down within the day.
    let repeating: Series = (0..96)
        .map(|i| (START + i * HOUR, flat.with(CLOSE, 1.0 + f64::from(u8::try_from(i % 6).expect("small")))))
        .collect();
    assert_eq!(found(&repeating[48..], &repeating[..48], HOUR), None);
    assert_eq!(found(&repeating, &repeating[..48], HOUR), None);
}

/// A currency pair has prices, and no volume.
#[test]
fn without_volume_it_takes_ten_different_bars() {
    let priced: Series = walk((0..30).map(|i| START + i * 15 * MINUTE), 1)
        .into_iter()
        .map(|(time, v)| (time, v.with(VOLUME, 0.0)))
        .collect();
    let there = moved(&priced, |_| 5 * HOUR);
    let shifted = Some(Shape::Shifted { by: 5 * HOUR });
    assert_eq!(found(&priced, &there, 0), shifted);
    assert_eq!(found(&priced[..10], &there, 0), shifted);
    assert_eq!(found(&priced[..9], &there, 0), None);
}

/// The bars of a history that a file has, and those that the series has.
fn parts() -> impl Strategy<Value = (usize, u64, Vec<(bool, bool, bool)>, usize)> {
    let kept = prop::collection::vec(
        (prop::bool::weighted(0.7), prop::bool::weighted(0.7), prop::bool::weighted(0.03)),
        0..300,
    );
    (0..8_usize, any::<u64>(), kept, 0..5_usize)
}

/// Each kind of history, and its step.
fn history(kind: usize, seed: u64) -> (Series, Micros) {
    let months = (0..300).map(|i| START + (i * 3044 / 100) * DAY);
    let coarse_step = [MINUTE, 15 * MINUTE, HOUR][kind.saturating_sub(5)];
    let illiquid = (0..300).map(|i| START + i * coarse_step);
    match kind {
        0 => (walk((0..300).map(|i| START + i * MINUTE), seed), MINUTE),
        1 => (walk(sessions(38), seed), HOUR),
        2 => (walk((0..300).filter(|i| i % 7 < 5).map(|i| START + i * DAY), seed), DAY),
        3 => (walk((0..300).map(|i| START + i * 7 * DAY), seed), 7 * DAY),
        4 => (walk(months, seed), 28 * DAY),
        // Few prices, no volumes.
        _ => {
            let coarse = |v: f64| v.round();
            let flat = |v: &Ohlcv| {
                Ohlcv::new(coarse(v[OPEN]), coarse(v[OPEN]), coarse(v[OPEN]), coarse(v[OPEN]), 0.0)
            };
            (walk(illiquid, seed).iter().map(|(time, v)| (*time, flat(v))).collect(), coarse_step)
        }
    }
}

/// Appended bars, filled holes, overlaps, revised bars: whatever parts of one history a file and its series have.
#[test]
fn ordinary_histories_are_no_conflict() {
    let config =
        Config { cases: 2000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    let ran = TestRunner::new(config).run(&parts(), |(kind, seed, kept, way)| {
        let (history, step) = history(kind, seed);
        let half = history.len() / 2;
        let (mut ours, mut there) = (Series::new(), Series::new());
        for (i, (time, values)) in history.iter().enumerate() {
            let (own, theirs, revised) = kept.get(i).copied().unwrap_or((true, true, false));
            // Appended, put in front, or anywhere.
            let (own, theirs) = match way {
                0 => (i >= half, i < half),
                1 => (i < half, i >= half),
                // A few appended.
                4 => {
                    let first = half + 3 + usize::try_from(seed % 8).expect("small");
                    (i >= half && i < first, i < half)
                }
                2 => (own && i >= half / 2, theirs && i < half + half / 2),
                _ => (own, theirs),
            };
            if own {
                ours.push((*time, *values));
            }
            if theirs {
                let close = if revised { values[CLOSE] + 0.01 } else { values[CLOSE] };
                there.push((*time, values.with(CLOSE, close)));
            }
        }
        prop_assert_eq!(found(&ours, &there, step), None);
        Ok(())
    });
    if let Err(e) = ran {
        panic!("{e}");
    }
}
