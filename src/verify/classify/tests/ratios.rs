//! Adjusted series: constant ratios of prices and volumes.

use super::*;

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
    assert_eq!(found.totals, PatternTotals { identical: 600, ratio: 400, ..PatternTotals::default() });
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
    let [(DifferencePattern::Ratio { price: Some(price), volume: Some(1.0) }, 400)] = kinds(&found)[..]
    else {
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
    db[90].1[CLOSE] += 1.0;
    db.remove(120);
    let found = compare(&csv, &db);
    assert_eq!(
        kinds(&found),
        [(ratio(0.5, 2.0), 198), (DifferencePattern::Revised, 1), (DifferencePattern::OnlyInCsv, 1)]
    );
}

#[test]
fn negative_prices_have_ratios_too() {
    let at = |i: i64, p: f64| (START + i * DAY, Ohlcv::new(p, p + 5.0, p - 20.0, p - 0.5, 9.0));
    let csv: Series = (0..50).map(|i| at(i, 25.0 - f64::from(i32::try_from(i).unwrap()))).collect();
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.5, 1.0))).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(ratio(0.5, 1.0), 50)]);
}

#[test]
fn other_volumes_alone_need_ten_bars() {
    let csv = hourly(100);
    let lots = |n: usize| {
        let mut db = csv.clone();
        db[50..50 + n].iter_mut().for_each(|(_, v)| v[VOLUME] *= 100.0);
        kinds(&compare(&csv, &db))[1]
    };
    assert_eq!(lots(9), (DifferencePattern::Revised, 9));
    assert_eq!(lots(10), (DifferencePattern::Ratio { price: None, volume: Some(100.0) }, 10));
    let mut walk = Walk::new(7, 1.0);
    let db: Series =
        csv.iter().map(|&(t, v)| (t, v.with(VOLUME, v[VOLUME] + 1.0 + walk.random() * 1e4))).collect();
    assert_eq!(kinds(&compare(&csv, &db)), [(DifferencePattern::Revised, 100)]);
}

#[test]
fn a_ratio_of_prices_needs_three_bars() {
    let csv = hourly(100);
    let halved = |n: usize| {
        let mut db = csv.clone();
        db[50..50 + n].iter_mut().for_each(|(_, v)| *v = times(*v, 0.5, 1.0));
        kinds(&compare(&csv, &db))[1]
    };
    assert_eq!(halved(2), (DifferencePattern::Revised, 2));
    assert_eq!(halved(3), (ratio(0.5, 1.0), 3));
}

/// Two vendors' quotes of a market that stands still are no adjustment; but half the price is a split.
#[test]
fn repeated_bars_prove_no_ratio_but_a_plain_one() {
    let flat = |p: f64| -> Series {
        let bar = Ohlcv::new(p, p, p, p, 5.0);
        (0..50).map(|i| (START + i * MINUTE, bar)).collect()
    };
    assert_eq!(kinds(&compare(&flat(10.01), &flat(10.02))), [(DifferencePattern::Revised, 50)]);
    assert_eq!(kinds(&compare(&flat(10.02), &flat(5.01))), [(ratio(0.5, 1.0), 50)]);
    // Once it moves, it is one from the beginning.
    let both = |p: f64| [flat(p), moved(&hourly(3), HOUR)].concat();
    let db: Series = both(10.01).iter().map(|&(t, v)| (t, times(v, 0.97, 1.0))).collect();
    let found = kinds(&compare(&both(10.01), &db));
    assert!(
        matches!(found[..], [(DifferencePattern::Ratio { price: Some(0.96..0.98), .. }, 53)]),
        "{found:?}"
    );
}

#[test]
fn irregular_volumes_leave_the_prices_ratio() {
    let csv = hourly(100);
    let mut walk = Walk::new(3, 1.0);
    let db: Series = csv.iter().map(|&(t, v)| (t, times(v, 0.2, walk.random() + 0.5))).collect();
    assert_eq!(
        kinds(&compare(&csv, &db)),
        [(DifferencePattern::Ratio { price: Some(0.2), volume: None }, 100)]
    );
}
