//! Whatever comes in, the ranges hold all of it once.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::super::pairs::WINDOW;
use super::*;

/// What holds of every classification.
pub(super) fn check(found: &Classification) {
    let t = found.totals;
    let all = t.identical + t.only_in_csv + t.only_in_db + t.revised + t.ratio + t.shifted;
    let listed: u64 = found.ranges.iter().map(|r| r.bars).sum();
    if found.ranges_left_out == 0 {
        assert_eq!(listed, all);
        let of = |is: fn(&DifferencePattern) -> bool| {
            let own = |r: &PatternRange| {
                if r.kind == DifferencePattern::Identical { r.bars } else { r.bars - r.identical }
            };
            found.ranges.iter().filter(|r| is(&r.kind)).map(own).sum::<u64>()
        };
        assert_eq!(found.ranges.iter().map(|r| r.identical).sum::<u64>(), t.identical);
        assert_eq!(of(|k| *k == DifferencePattern::OnlyInCsv), t.only_in_csv);
        assert_eq!(of(|k| *k == DifferencePattern::OnlyInDb), t.only_in_db);
        assert_eq!(of(|k| *k == DifferencePattern::Revised), t.revised);
        assert_eq!(of(|k| matches!(k, DifferencePattern::Ratio { .. })), t.ratio);
        assert_eq!(of(|k| matches!(k, DifferencePattern::Shifted { .. })), t.shifted);
    } else {
        assert_eq!(found.ranges.len(), MAX_RANGES);
        assert!(listed < all);
    }
    for (i, r) in found.ranges.iter().enumerate() {
        assert!(r.first <= r.last && r.bars > r.identical.min(r.bars - 1), "{r:?}");
        assert!(i == 0 || found.ranges[i - 1].first <= r.first, "{:?}", found.ranges);
        assert!(!r.kind.says().is_empty());
        let next = found.ranges[i + 1..].iter().find(|n| n.kind == r.kind);
        assert!(next.is_none_or(|n| n.first >= r.last), "{r:?} and {next:?}");
    }
}

fn holds<S: Strategy<Value: std::fmt::Debug>>(cases: u32, values: &S, property: impl Fn(S::Value)) {
    let mut config = Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let tried = TestRunner::new(config).run(values, |value| {
        property(value);
        Ok(())
    });
    if let Err(e) = tried {
        panic!("{e}");
    }
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => prop::sample::select(vec![0.0, -0.0, 0.5, 1.0, 1.25, 2.0, 2.5, 5.0, 10.0, -1.0, -2.0]),
        2 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324]),
    ]
}

fn bar() -> impl Strategy<Value = Ohlcv> {
    let any = prop::array::uniform5(value());
    let flat = value().prop_map(|p| [p, p, p, p, 1.0]);
    prop_oneof![any, flat]
        .prop_map(|[open, high, low, close, volume]| Ohlcv::new(open, high, low, close, volume))
}

fn time() -> impl Strategy<Value = Micros> {
    let ends = prop::sample::select(vec![i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX]);
    prop_oneof![8 => 0..400_i64, 1 => any::<i64>(), 1 => ends]
}

/// A bar in the file and the database; none on either side: the same.
type Pushed = (Micros, Option<Ohlcv>, Option<Ohlcv>);

fn pushed() -> impl Strategy<Value = Vec<Pushed>> {
    let one = (time(), prop::option::weighted(0.6, bar()), prop::option::weighted(0.6, bar()));
    prop::collection::vec(one, 0..300)
}

fn classify(all: &[Pushed]) -> (Classification, u64) {
    let mut classifier = Classifier::new();
    for (time, csv, db) in all {
        match (csv, db) {
            (None, None) => classifier.push_same(*time),
            _ => classifier.push(*time, *csv, *db),
        }
    }
    let found = classifier.finish();
    let t = found.totals;
    (found, t.identical + t.only_in_csv + t.only_in_db + t.revised + t.ratio + t.shifted)
}

#[test]
fn ranges_hold_every_bar_once() {
    holds(500, &pushed(), |mut all| {
        all.sort_by_key(|(time, ..)| *time);
        let (found, bars) = classify(&all);
        assert_eq!(bars, all.len() as u64);
        check(&found);
    });
}

/// Against the contract, but a file can be anything: no panic, and no bar lost.
#[test]
fn times_out_of_order_do_no_harm() {
    holds(200, &pushed(), |all| {
        let (_, bars) = classify(&all);
        assert_eq!(bars, all.len() as u64);
    });
}

/// A series that is scaled, shifted and damaged at random is still accounted for.
#[test]
fn damaged_series_are_accounted_for() {
    let cuts = prop::collection::vec((0..400_usize, 0..5_u8, 1..60_usize), 0..8);
    holds(200, &(cuts, -30..30_i64), |(cuts, by)| {
        let csv = hourly(400);
        let mut db = csv.clone();
        for (start, what, n) in cuts {
            let end = (start + n).min(db.len());
            let part = start.min(end)..end;
            match what {
                0 => drop(db.drain(part)),
                1 => db[part].iter_mut().for_each(|(_, v)| *v = times(*v, 0.5, 2.0)),
                2 => db[part].iter_mut().for_each(|(_, v)| *v = times(*v, 1.01, 1.0)),
                3 => db[part].iter_mut().for_each(|(t, _)| *t += by * HOUR),
                _ => db[part].iter_mut().for_each(|(_, v)| v[CLOSE] += 0.01),
            }
        }
        db.sort_by_key(|(t, _)| *t);
        db.dedup_by_key(|(t, _)| *t);
        compare(&csv, &db);
    });
}

#[test]
fn memory_is_bounded() {
    let bar = |p: i32| Ohlcv::new(f64::from(p), 1.0, 1.0, 1.0, 1.0);
    // All different; all alike; alike on one side.
    let series: [fn(i32) -> (i32, i32); 3] = [|i| (i, -i - 1), |_| (1, 2), |i| (i, 2)];
    for of in series {
        let mut classifier = Classifier::new();
        for i in 0..80_000 {
            let (csv, db) = of(i);
            classifier.push(Micros::from(i), Some(bar(csv)), Some(bar(db)));
            assert!(classifier.pairs.held() <= WINDOW);
        }
        assert!(classifier.pairs.held() > WINDOW / 2);
        check(&classifier.finish());
    }
}
