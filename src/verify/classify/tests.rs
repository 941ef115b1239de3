//! Realistic series, changed in known ways; properties are in `properties`.

mod properties;

use super::*;

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;
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
        Ohlcv { open: cents(open), high: cents(high), low: cents(low), close: cents(close), volume }
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
    Ohlcv {
        open: p(v.open),
        high: p(v.high),
        low: p(v.low),
        close: p(v.close),
        volume: (v.volume * volume).round(),
    }
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
fn kinds(found: &Classification) -> Vec<(Kind, u64)> {
    assert_eq!(found.ranges_left_out, 0);
    found.ranges.iter().map(|r| (r.kind, r.bars)).collect()
}

fn range(kind: Kind, first: Micros, last: Micros, bars: u64) -> Range {
    Range { kind, first, last, bars, identical: if kind == Kind::Identical { bars } else { 0 } }
}

const SAME: Kind = Kind::Identical;

fn ratio(price: f64, volume: f64) -> Kind {
    Kind::Ratio { price: Some(price), volume: Some(volume) }
}

fn shifted(by: Micros) -> Kind {
    Kind::Shifted { by }
}

#[test]
fn equal_series_are_one_range() {
    let csv = hourly(500);
    let found = compare(&csv, &csv);
    assert_eq!(found.ranges, [range(SAME, START, START + 499 * HOUR, 500)]);
    assert_eq!(found.totals, Totals { identical: 500, ..Totals::default() });
    assert_eq!(compare(&[], &[]), Classification::default());
}

#[test]
fn a_split_is_found_from_its_first_bar_on() {
    let csv = hourly(1000);
    let mut db = csv.clone();
    db[600..].iter_mut().for_each(|(_, v)| *v = times(*v, 0.5, 2.0));
    let found = compare(&csv, &db);
    let want = [
        range(SAME, START, START + 599 * HOUR, 600),
        range(ratio(0.5, 2.0), START + 600 * HOUR, START + 999 * HOUR, 400),
    ];
    assert_eq!(found.ranges, want);
    assert_eq!(found.totals, Totals { identical: 600, ratio: 400, ..Totals::default() });
}

#[test]
fn a_reverse_split_of_ten() {
    let csv = hourly(300);
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 10.0, 0.1))).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(ratio(10.0, 0.1), 300)]);
}

#[test]
fn a_dividend_adjustment_has_its_ratio() {
    let csv = hourly(400);
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.98765, 1.0))).collect();
    let found = compare(&csv, &db);
    let [(Kind::Ratio { price: Some(price), volume: Some(1.0) }, 400)] = kinds(&found)[..] else {
        panic!("{found:?}");
    };
    assert!((price - 0.98765).abs() < 2e-6, "{price}");
    let says = found.ranges[0].kind.says();
    assert!(says.starts_with("constant ratio 0.9876") && says.contains("volumes equal"), "{says}");
}

/// Another adjustment from each dividend on: a range each.
#[test]
fn each_adjustment_is_a_range() {
    let csv = hourly(300);
    let mut db = csv.clone();
    db[..100].iter_mut().for_each(|(_, v)| *v = times(*v, 0.97, 1.0));
    db[100..200].iter_mut().for_each(|(_, v)| *v = times(*v, 0.985, 1.0));
    let found = kinds(&compare(&csv, &db));
    let bars: Vec<u64> = found.iter().map(|(_, bars)| *bars).collect();
    assert_eq!(bars, [100, 100, 100], "{found:?}");
    assert_eq!(found[2].0, SAME);
}

#[test]
fn a_revised_bar_does_not_tear_an_adjusted_series() {
    let csv = hourly(200);
    let mut db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.5, 2.0))).collect();
    db[90].1.close += 1.0;
    db.remove(120);
    let found = compare(&csv, &db);
    assert_eq!(kinds(&found), [(ratio(0.5, 2.0), 198), (Kind::Revised, 1), (Kind::OnlyInCsv, 1)]);
}

#[test]
fn negative_prices_have_ratios_too() {
    let at = |i: i64, p: f64| {
        (START + i * DAY, Ohlcv { open: p, high: p + 5.0, low: p - 20.0, close: p - 0.5, volume: 9.0 })
    };
    let csv: Series = (0..50).map(|i| at(i, 25.0 - f64::from(i32::try_from(i).unwrap()))).collect();
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.5, 1.0))).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(ratio(0.5, 1.0), 50)]);
}

#[test]
fn other_volumes_alone_need_ten_bars() {
    let csv = hourly(100);
    let lots = |n: usize| {
        let mut db = csv.clone();
        db[50..50 + n].iter_mut().for_each(|(_, v)| v.volume *= 100.0);
        kinds(&compare(&csv, &db))[1]
    };
    assert_eq!(lots(9), (Kind::Revised, 9));
    assert_eq!(lots(10), (Kind::Ratio { price: None, volume: Some(100.0) }, 10));
    let mut walk = Walk::new(7, 1.0);
    let db: Series =
        csv.iter().map(|&(t, v)| (t, Ohlcv { volume: v.volume + 1.0 + walk.random() * 1e4, ..v })).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(Kind::Revised, 100)]);
}

#[test]
fn a_ratio_of_prices_needs_three_bars() {
    let csv = hourly(100);
    let halved = |n: usize| {
        let mut db = csv.clone();
        db[50..50 + n].iter_mut().for_each(|(_, v)| *v = times(*v, 0.5, 1.0));
        kinds(&compare(&csv, &db))[1]
    };
    assert_eq!(halved(2), (Kind::Revised, 2));
    assert_eq!(halved(3), (ratio(0.5, 1.0), 3));
}

/// Two vendors' quotes of a market that stands still are no adjustment; but half the price is a split.
#[test]
fn repeated_bars_prove_no_ratio_but_a_plain_one() {
    let flat = |p: f64| -> Series {
        let bar = Ohlcv { open: p, high: p, low: p, close: p, volume: 5.0 };
        (0..50).map(|i| (START + i * MINUTE, bar)).collect()
    };
    assert_eq!(kinds(&compare(&flat(10.01), &flat(10.02))), [(Kind::Revised, 50)]);
    assert_eq!(kinds(&compare(&flat(10.02), &flat(5.01))), [(ratio(0.5, 1.0), 50)]);
    // Once it moves, it is one from the beginning.
    let both = |p: f64| [flat(p), moved(&hourly(3), HOUR)].concat();
    let db: Series = both(10.01).iter().map(|&(t, v)| (t, times(v, 0.97, 1.0))).collect();
    let found = kinds(&compare(&both(10.01), &db));
    assert!(matches!(found[..], [(Kind::Ratio { price: Some(0.96..0.98), .. }, 53)]), "{found:?}");
}

#[test]
fn irregular_volumes_leave_the_prices_ratio() {
    let csv = hourly(100);
    let mut walk = Walk::new(3, 1.0);
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.2, walk.random() + 0.5))).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(Kind::Ratio { price: Some(0.2), volume: None }, 100)]);
}

/// Cents up and down are no ratio, though each bar by itself allows one.
#[test]
fn small_changes_are_revisions() {
    let csv = hourly(200);
    let mut db = csv.clone();
    for (i, (_, v)) in db.iter_mut().enumerate() {
        v.close = cents(v.close + if i % 2 == 0 { 0.03 } else { -0.03 });
    }
    assert_eq!(kinds(&compare(&csv, &db)), [(Kind::Revised, 200)]);
}

#[test]
fn one_changed_value_is_a_revision_whatever_the_column() {
    let columns: [fn(&mut Ohlcv) -> &mut f64; 5] =
        [|v| &mut v.open, |v| &mut v.high, |v| &mut v.low, |v| &mut v.close, |v| &mut v.volume];
    for column in columns {
        let csv = hourly(100);
        let mut db = csv.clone();
        *column(&mut db[40].1) += 1.0;
        assert_eq!(kinds(&compare(&csv, &db)), [(SAME, 40), (Kind::Revised, 1), (SAME, 59)]);
    }
}

#[test]
fn a_range_goes_on_over_fewer_than_gap_bars() {
    let csv = hourly(200);
    for (distance, want) in [
        (20, vec![(SAME, 100), (Kind::Revised, 21), (SAME, 79)]),
        (21, vec![(SAME, 100), (Kind::Revised, 1), (SAME, 20), (Kind::Revised, 1), (SAME, 78)]),
    ] {
        let mut db = csv.clone();
        db[100].1.close += 1.0;
        db[100 + distance].1.close += 2.0;
        let found = compare(&csv, &db);
        assert_eq!(kinds(&found), want);
        assert_eq!(found.totals, Totals { identical: 198, revised: 2, ..Totals::default() });
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
        range(Kind::OnlyInCsv, START + 50 * HOUR, START + 50 * HOUR, 1),
        range(SAME, START + 51 * HOUR, START + 99 * HOUR, 49),
    ];
    assert_eq!(found.ranges, want);
    assert_eq!(kinds(&compare(&db, &csv)), [(SAME, 50), (Kind::OnlyInDb, 1), (SAME, 49)]);
}

/// Other days and other values: two ranges that interleave, not hundreds.
#[test]
fn unrelated_bars_at_other_times_are_two_ranges() {
    let csv = at((0..300).map(|i| START + i * DAY), 1);
    let db = at((0..300).map(|i| START + i * DAY + 5 * HOUR), 2);
    assert_eq!(kinds(&compare(&csv, &db)), [(Kind::OnlyInCsv, 300), (Kind::OnlyInDb, 300)]);
}

#[test]
fn a_shift_of_a_series_around_the_clock() {
    let csv = hourly(1000);
    for by in [5 * HOUR, -5 * HOUR, HOUR, -HOUR, 24 * HOUR, 30 * MINUTE] {
        let found = compare(&csv, &moved(&csv, by));
        let (first, last) = (START.min(START + by), (START + 999 * HOUR).max(START + 999 * HOUR + by));
        assert_eq!(found.ranges.len(), 1, "{by}: {:?}", found.ranges);
        assert_eq!((found.ranges[0].first, found.ranges[0].last), (first, last));
        assert_eq!(found.ranges[0].kind, shifted(by));
    }
}

#[test]
fn a_shift_of_sessions() {
    let minutes = |day: i64| (0..13).map(move |i| START + day * DAY + 570 * MINUTE + i * 30 * MINUTE);
    let csv = at((0..60).flat_map(minutes), 4);
    let db = moved(&csv, 5 * HOUR);
    let found = compare(&csv, &db);
    // 13 half hours, of which 3 overlap: 23 times a day.
    assert_eq!(kinds(&found), [(shifted(5 * HOUR), 60 * 23)]);
}

#[test]
fn a_shift_of_daily_bars() {
    let csv = at((0..250).map(|i| START + i * DAY), 5);
    assert_eq!(kinds(&compare(&csv, &moved(&csv, 5 * HOUR))), [(shifted(5 * HOUR), 500)]);
    assert_eq!(kinds(&compare(&csv, &moved(&csv, DAY))), [(shifted(DAY), 251)]);
}

/// The file's local times were taken for UTC: five hours in winter, four in summer.
#[test]
fn summer_time_makes_ranges_of_their_own() {
    let csv = at((0..365).flat_map(|d| (0..7).map(move |i| START + d * DAY + (9 + i) * HOUR)), 6);
    let by = |t: Micros| if (START + 70 * DAY..START + 300 * DAY).contains(&t) { 4 * HOUR } else { 5 * HOUR };
    let db: Series = csv.iter().map(|&(t, v)| (t + by(t), v)).collect();
    let found = compare(&csv, &db);
    let want = [(shifted(5 * HOUR), 70 * 12), (shifted(4 * HOUR), 230 * 11), (shifted(5 * HOUR), 65 * 12)];
    assert_eq!(kinds(&found), want);
    // Around the clock: at the change an hour is doubled or missing, and a few bars are either.
    let csv = hourly(24 * 200);
    let mut db: Series = csv.iter().map(|&(t, v)| (t + by(t), v)).collect();
    db.sort_by_key(|(t, _)| *t);
    db.dedup_by_key(|(t, _)| *t);
    let found = compare(&csv, &db);
    let main: Vec<Kind> = found.ranges.iter().filter(|r| r.bars > 50).map(|r| r.kind).collect();
    assert_eq!(main, [shifted(5 * HOUR), shifted(4 * HOUR)], "{:?}", found.ranges);
    assert!(found.totals.shifted >= 24 * 200 - 2, "{:?}", found.totals);
}

/// The database has history before the file and after it.
#[test]
fn a_shift_within_a_longer_series() {
    let whole = hourly(1000);
    let found = compare(&whole[200..800], &moved(&whole, 5 * HOUR));
    // The file's hours are 200 to 799, the database's 5 to 1004; the file's last five bars are at 800 to 804.
    assert_eq!(kinds(&found), [(Kind::OnlyInDb, 195), (shifted(5 * HOUR), 605), (Kind::OnlyInDb, 200)]);
}

#[test]
fn a_quiet_market_shifts_as_well() {
    let mut walk = Walk::new(9, 50.0);
    let mut bar = walk.bar();
    let csv: Series = (0..3000)
        .map(|i| {
            if i % 40 == 0 {
                bar = walk.bar();
            } else {
                bar =
                    Ohlcv { open: bar.close, high: bar.close, low: bar.close, close: bar.close, volume: 0.0 };
            }
            (START + i * MINUTE, bar)
        })
        .collect();
    let found = compare(&csv, &moved(&csv, 5 * HOUR));
    assert_eq!(kinds(&found), [(shifted(5 * HOUR), 3300)]);
    // By one bar: most equal their neighbours, so that the last flat one is missed nowhere else.
    let totals = compare(&csv, &moved(&csv, MINUTE)).totals;
    assert_eq!(totals, Totals { identical: 75 * 38, shifted: 75 * 2, only_in_db: 1, ..Totals::default() });
}

/// Daily bars, each third a flat one with the same values.
fn thirds_flat(days: i64) -> Series {
    let flat = Ohlcv { open: 50.0, high: 50.0, low: 50.0, close: 50.0, volume: 0.0 };
    let mut series = at((0..days).map(|i| START + i * DAY), 10);
    series.iter_mut().step_by(3).for_each(|(_, v)| *v = flat);
    series
}

/// Flat bars of a history that only one side has do not take the partners of those that are shifted.
#[test]
fn flat_bars_left_over_do_not_hide_a_shift() {
    let whole = thirds_flat(300);
    for by in [5 * HOUR, -5 * HOUR] {
        let found = compare(&whole[100..], &moved(&whole, by)).totals;
        // Only the first few, before there is a distance to go by, may be taken for others.
        assert!(found.shifted >= 396 && found.only_in_db <= 102 && found.only_in_csv <= 2, "{by}: {found:?}");
        let found = compare(&whole, &moved(&whole[100..], by)).totals;
        assert!(found.shifted >= 396 && found.only_in_csv <= 102 && found.only_in_db <= 2, "{by}: {found:?}");
    }
}

#[test]
fn a_distance_that_proved_nothing_once_may_later() {
    let csv = at((0..200).map(|i| START + i * DAY), 11);
    let mut db = csv.clone();
    db[20].0 += 5 * HOUR;
    db[60].1.close += 1.0;
    db[100..].iter_mut().for_each(|(t, _)| *t += 5 * HOUR);
    let found = kinds(&compare(&csv, &db));
    let one = [(SAME, 20), (Kind::OnlyInCsv, 1), (Kind::OnlyInDb, 1), (SAME, 39)];
    let want = [&one[..], &[(Kind::Revised, 1), (SAME, 39), (shifted(5 * HOUR), 200)]].concat();
    assert_eq!(found, want);
}

/// A time that comes twice, once from each side (against the contract), is no shift by nothing.
#[test]
fn no_distance_is_no_shift() {
    let mut classifier = Classifier::new();
    for (time, bar) in hourly(10) {
        classifier.push(time, Some(bar), None);
        classifier.push(time, None, Some(bar));
    }
    let totals = classifier.finish().totals;
    assert_eq!(totals, Totals { only_in_csv: 10, only_in_db: 10, ..Totals::default() });
}

#[test]
fn unrelated_series_are_revised() {
    let csv = hourly(3000);
    let db = at((0..3000).map(|i| START + i * HOUR), 99);
    assert_eq!(kinds(&compare(&csv, &db)), [(Kind::Revised, 3000)]);
}

#[test]
fn flat_bars_elsewhere_prove_no_shift() {
    let flat = Ohlcv { open: 7.0, high: 7.0, low: 7.0, close: 7.0, volume: 0.0 };
    let csv: Series = (0..500).map(|i| (START + i * HOUR, flat)).collect();
    let db = moved(&csv, 5 * HOUR);
    assert_eq!(kinds(&compare(&csv, &db)), [(Kind::OnlyInCsv, 5), (SAME, 495), (Kind::OnlyInDb, 5)]);
    let one =
        |gone: usize| csv.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, b)| *b).collect::<Series>();
    let found = compare(&one(100), &one(300));
    assert_eq!(
        kinds(&found),
        [(SAME, 100), (Kind::OnlyInDb, 1), (SAME, 199), (Kind::OnlyInCsv, 1), (SAME, 199)]
    );
}

/// Two vendors' quotes: close, now and then equal to another bar of the other, never shifted.
#[test]
fn chance_pairs_are_no_shift() {
    let mut walk = Walk::new(12, 0.0);
    let mut tick = |i: i64| {
        let p = 1.0 + (walk.random() * 60.0).round() / 100.0;
        (START + i * MINUTE, Ohlcv { open: p, high: p, low: p, close: p, volume: 0.0 })
    };
    let csv: Series = (0..4000).map(&mut tick).collect();
    let db: Series = (0..4000).map(&mut tick).collect();
    let found = compare(&csv, &db);
    assert!(found.totals.shifted < 100, "{:?}", found.totals);
    assert!(found.totals.ratio < 100, "{:?}", found.totals);
}

#[test]
fn beyond_a_thousand_ranges_are_counted_only() {
    let csv = hourly(30 * 1500);
    let mut db = csv.clone();
    (0..1500).for_each(|i| db[i * 30].1.volume += 1.0);
    let found = compare(&csv, &db);
    assert_eq!((found.ranges.len(), found.ranges_left_out), (1000, 2000));
    assert_eq!(found.ranges[999].first, START + (499 * 30 + 1) * HOUR);
    assert_eq!(found.totals, Totals { identical: 29 * 1500, revised: 1500, ..Totals::default() });
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
    assert_eq!(serde_json::from_str::<Range>(&json).unwrap(), r);
    assert_eq!(serde_json::to_string(&Kind::OnlyInCsv).unwrap(), r#"{"kind":"only_in_csv"}"#);
    let long = range(shifted(-1), i64::MIN, i64::MAX, u64::MAX);
    assert_eq!(serde_json::from_str::<Range>(&serde_json::to_string(&long).unwrap()).unwrap(), long);
}
