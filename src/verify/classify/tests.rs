//! Realistic series, changed in known ways; those that are shifted in `shifts`, properties in `properties`.

mod properties;
mod ratios;
mod shifts;

use super::*;
use crate::bar::UNKNOWN;
use crate::bar::columns::{CLOSE, HIGH, LOW, OPEN, VOLUME};
use crate::timeframe::{DAY, HOUR, MINUTE};

/// 2024-01-02T00:00:00Z.
const START: Micros = 1_704_153_600_000_000;

type Series = Vec<(Micros, Ohlcv)>;

/// A random walk in cents, the same for the same seed.
struct Walk {
    state: u64,
    price: f64,
}

impl Walk {
    fn new(seed: u64, price: f64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, price }
    }

    /// Between 0 and 1.
    fn random(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        f64::from(u32::try_from(self.state >> 32).unwrap()) / f64::from(u32::MAX)
    }

    fn bar(&mut self) -> Ohlcv {
        let open = self.price;
        let close = open * (1.0 + 0.01 * (self.random() - 0.5));
        let high = open.max(close) * (1.0 + 0.003 * self.random());
        let low = open.min(close) * (1.0 - 0.003 * self.random());
        self.price = close;
        let volume = (self.random() * 100_000.0).round() + 1.0;
        Ohlcv::new(cents(open), cents(high), cents(low), cents(close), volume)
    }
}

fn cents(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn at(times: impl IntoIterator<Item = Micros>, seed: u64) -> Series {
    let mut walk = Walk::new(seed, 123.45);
    times.into_iter().map(|t| (t, walk.bar())).collect()
}

fn hourly(n: i64) -> Series {
    at((0..n).map(|i| START + i * HOUR), 1)
}

fn times(v: Ohlcv, price: f64, volume: f64) -> Ohlcv {
    let p = |value: f64| cents(value * price);
    Ohlcv::new(p(v[OPEN]), p(v[HIGH]), p(v[LOW]), p(v[CLOSE]), (v[VOLUME] * volume).round())
}

fn moved(series: &[(Micros, Ohlcv)], by: Micros) -> Series {
    series.iter().map(|&(t, v)| (t + by, v)).collect()
}

/// Merges the two sides by time.
fn compare(csv: &[(Micros, Ohlcv)], db: &[(Micros, Ohlcv)]) -> Classification {
    let mut out = Classifier::new();
    let (mut i, mut j) = (0, 0);
    while i < csv.len() || j < db.len() {
        let (c, d) = (csv.get(i), db.get(j));
        let time = c.into_iter().chain(d).map(|(t, _)| *t).min().unwrap();
        let at = |side: Option<&(Micros, Ohlcv)>| side.filter(|(t, _)| *t == time).map(|(_, v)| *v);
        let (c, d) = (at(c), at(d));
        i += usize::from(c.is_some());
        j += usize::from(d.is_some());
        if c == d { out.push_same(time) } else { out.push(time, c, d) }
    }
    let found = out.finish();
    properties::check(&found);
    found
}

/// Each range as kind and number of bars.
fn kinds(found: &Classification) -> Vec<(DifferencePattern, u64)> {
    assert_eq!(found.ranges_left_out, 0);
    found.ranges.iter().map(|r| (r.kind, r.bars)).collect()
}

fn range(kind: DifferencePattern, first: Micros, last: Micros, bars: u64) -> PatternRange {
    PatternRange {
        kind,
        first,
        last,
        bars,
        identical: if kind == DifferencePattern::Identical { bars } else { 0 },
    }
}

const SAME: DifferencePattern = DifferencePattern::Identical;

fn ratio(price: f64, volume: f64) -> DifferencePattern {
    DifferencePattern::Ratio { price: Some(price), volume: Some(volume) }
}

fn shifted(by: Micros) -> DifferencePattern {
    DifferencePattern::Shifted { by }
}

#[test]
fn equal_series_are_one_range() {
    let csv = hourly(500);
    let found = compare(&csv, &csv);
    assert_eq!(found.ranges, [range(SAME, START, START + 499 * HOUR, 500)]);
    assert_eq!(found.totals, PatternTotals { identical: 500, ..PatternTotals::default() });
    assert_eq!(compare(&[], &[]), Classification::default());
}

/// Cents up and down are no ratio, though each bar by itself allows one.
#[test]
fn small_changes_are_revisions() {
    let csv = hourly(200);
    let mut db = csv.clone();
    for (i, (_, v)) in db.iter_mut().enumerate() {
        v[CLOSE] = cents(v[CLOSE] + if i % 2 == 0 { 0.03 } else { -0.03 });
    }
    assert_eq!(kinds(&compare(&csv, &db)), [(DifferencePattern::Revised, 200)]);
}

#[test]
fn one_changed_value_is_a_revision_whatever_the_column() {
    for column in [OPEN, HIGH, LOW, CLOSE, VOLUME] {
        let csv = hourly(100);
        let mut db = csv.clone();
        db[40].1[column] += 1.0;
        assert_eq!(kinds(&compare(&csv, &db)), [(SAME, 40), (DifferencePattern::Revised, 1), (SAME, 59)]);
    }
}

#[test]
fn a_range_goes_on_over_fewer_than_gap_bars() {
    let csv = hourly(200);
    for (distance, want) in [
        (20, vec![(SAME, 100), (DifferencePattern::Revised, 21), (SAME, 79)]),
        (
            21,
            vec![
                (SAME, 100),
                (DifferencePattern::Revised, 1),
                (SAME, 20),
                (DifferencePattern::Revised, 1),
                (SAME, 78),
            ],
        ),
    ] {
        let mut db = csv.clone();
        db[100].1[CLOSE] += 1.0;
        db[100 + distance].1[CLOSE] += 2.0;
        let found = compare(&csv, &db);
        assert_eq!(kinds(&found), want);
        assert_eq!(found.totals, PatternTotals { identical: 198, revised: 2, ..PatternTotals::default() });
        assert_eq!(found.ranges[1].identical, if distance == 20 { 19 } else { 0 });
    }
}

#[test]
fn missing_and_extra_bars() {
    let csv = hourly(100);
    let mut db = csv.clone();
    db.remove(50);
    let found = compare(&csv, &db);
    let want = [
        range(SAME, START, START + 49 * HOUR, 50),
        range(DifferencePattern::OnlyInCsv, START + 50 * HOUR, START + 50 * HOUR, 1),
        range(SAME, START + 51 * HOUR, START + 99 * HOUR, 49),
    ];
    assert_eq!(found.ranges, want);
    assert_eq!(kinds(&compare(&db, &csv)), [(SAME, 50), (DifferencePattern::OnlyInDb, 1), (SAME, 49)]);
}

/// Other days and other values: two ranges that interleave, not hundreds.
#[test]
fn unrelated_bars_at_other_times_are_two_ranges() {
    let csv = at((0..300).map(|i| START + i * DAY), 1);
    let db = at((0..300).map(|i| START + i * DAY + 5 * HOUR), 2);
    assert_eq!(
        kinds(&compare(&csv, &db)),
        [(DifferencePattern::OnlyInCsv, 300), (DifferencePattern::OnlyInDb, 300)]
    );
}

#[test]
fn beyond_a_thousand_ranges_are_counted_only() {
    let csv = hourly(30 * 1500);
    let mut db = csv.clone();
    (0..1500).for_each(|i| db[i * 30].1[VOLUME] += 1.0);
    let found = compare(&csv, &db);
    assert_eq!((found.ranges.len(), found.ranges_left_out), (1000, 2000));
    assert_eq!(found.ranges[999].first, START + (499 * 30 + 1) * HOUR);
    assert_eq!(
        found.totals,
        PatternTotals { identical: 29 * 1500, revised: 1500, ..PatternTotals::default() }
    );
}

/// Longer than the window: what was settled early and what is still in it are one.
#[test]
fn series_longer_than_the_window() {
    let csv = at((0..80_000).map(|i| START + i * MINUTE), 8);
    assert_eq!(kinds(&compare(&csv, &moved(&csv, 5 * HOUR))), [(shifted(5 * HOUR), 80_300)]);
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.5, 2.0))).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(ratio(0.5, 2.0), 80_000)]);
}

#[test]
fn json_has_tags_in_snake_case() {
    let r = range(ratio(0.5, 2.0), 1, 2, 3);
    let json = serde_json::to_string(&r).unwrap();
    assert_eq!(
        json,
        r#"{"kind":"ratio","price":0.5,"volume":2.0,"first":1,"last":2,"bars":3,"identical":0}"#
    );
    assert_eq!(serde_json::from_str::<PatternRange>(&json).unwrap(), r);
    assert_eq!(serde_json::to_string(&DifferencePattern::OnlyInCsv).unwrap(), r#"{"kind":"only_in_csv"}"#);
    let long = range(shifted(-1), i64::MIN, i64::MAX, u64::MAX);
    assert_eq!(serde_json::from_str::<PatternRange>(&serde_json::to_string(&long).unwrap()).unwrap(), long);
}

#[test]
fn unknown_values_are_compared_like_others() {
    let without = |series: &[(Micros, Ohlcv)]| -> Series {
        series.iter().map(|&(t, v)| (t, v.with(VOLUME, UNKNOWN))).collect()
    };
    let whole = hourly(200);
    let csv = without(&whole);
    assert_eq!(kinds(&compare(&csv, &csv)), [(SAME, 200)]);
    assert_eq!(kinds(&compare(&csv, &moved(&csv, 5 * HOUR))), [(shifted(5 * HOUR), 205)]);
    for db in [whole.clone(), csv.iter().map(|&(t, v)| (t, v.with(VOLUME, f64::NAN))).collect()] {
        assert_eq!(kinds(&compare(&csv, &db)), [(DifferencePattern::Revised, 200)]);
        let found = compare(&csv, &moved(&db, 5 * HOUR));
        assert_eq!(found.totals.shifted, 0, "the values differ: {:?}", found.ranges);
    }
    // Prices tell of a ratio, whatever is known of the volumes.
    let halved: Series = without(&whole.iter().map(|&(t, v)| (t, times(v, 0.5, 2.0))).collect::<Series>());
    let ratio = DifferencePattern::Ratio { price: Some(0.5), volume: None };
    assert_eq!(kinds(&compare(&whole, &halved)), [(ratio, 200)]);
}
