//! Series at other times, and those that only look like it.

use super::*;

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
    let main: Vec<DifferencePattern> = found.ranges.iter().filter(|r| r.bars > 50).map(|r| r.kind).collect();
    assert_eq!(main, [shifted(5 * HOUR), shifted(4 * HOUR)], "{:?}", found.ranges);
    assert!(found.totals.shifted >= 24 * 200 - 2, "{:?}", found.totals);
}

/// The database has history before the file and after it.
#[test]
fn a_shift_within_a_longer_series() {
    let whole = hourly(1000);
    let found = compare(&whole[200..800], &moved(&whole, 5 * HOUR));
    // The file's hours are 200 to 799, the database's 5 to 1004; the file's last five bars are at 800 to 804.
    assert_eq!(
        kinds(&found),
        [(DifferencePattern::OnlyInDb, 195), (shifted(5 * HOUR), 605), (DifferencePattern::OnlyInDb, 200)]
    );
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
                bar = Ohlcv::new(bar[CLOSE], bar[CLOSE], bar[CLOSE], bar[CLOSE], 0.0);
            }
            (START + i * MINUTE, bar)
        })
        .collect();
    let found = compare(&csv, &moved(&csv, 5 * HOUR));
    assert_eq!(kinds(&found), [(shifted(5 * HOUR), 3300)]);
    // By one bar: most equal their neighbours, so that the last flat one is missed nowhere else.
    let totals = compare(&csv, &moved(&csv, MINUTE)).totals;
    assert_eq!(
        totals,
        PatternTotals { identical: 75 * 38, shifted: 75 * 2, only_in_db: 1, ..PatternTotals::default() }
    );
}

/// Daily bars, each third a flat one with the same values.
fn thirds_flat(days: i64) -> Series {
    let flat = Ohlcv::new(50.0, 50.0, 50.0, 50.0, 0.0);
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
    db[60].1[CLOSE] += 1.0;
    db[100..].iter_mut().for_each(|(t, _)| *t += 5 * HOUR);
    let found = kinds(&compare(&csv, &db));
    let one = [(SAME, 20), (DifferencePattern::OnlyInCsv, 1), (DifferencePattern::OnlyInDb, 1), (SAME, 39)];
    let want = [&one[..], &[(DifferencePattern::Revised, 1), (SAME, 39), (shifted(5 * HOUR), 200)]].concat();
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
    assert_eq!(totals, PatternTotals { only_in_csv: 10, only_in_db: 10, ..PatternTotals::default() });
}

#[test]
fn unrelated_series_are_revised() {
    let csv = hourly(3000);
    let db = at((0..3000).map(|i| START + i * HOUR), 99);
    assert_eq!(kinds(&compare(&csv, &db)), [(DifferencePattern::Revised, 3000)]);
}

#[test]
fn flat_bars_elsewhere_prove_no_shift() {
    let flat = Ohlcv::new(7.0, 7.0, 7.0, 7.0, 0.0);
    let csv: Series = (0..500).map(|i| (START + i * HOUR, flat)).collect();
    let db = moved(&csv, 5 * HOUR);
    assert_eq!(
        kinds(&compare(&csv, &db)),
        [(DifferencePattern::OnlyInCsv, 5), (SAME, 495), (DifferencePattern::OnlyInDb, 5)]
    );
    let one =
        |gone: usize| csv.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, b)| *b).collect::<Series>();
    let found = compare(&one(100), &one(300));
    assert_eq!(
        kinds(&found),
        [
            (SAME, 100),
            (DifferencePattern::OnlyInDb, 1),
            (SAME, 199),
            (DifferencePattern::OnlyInCsv, 1),
            (SAME, 199)
        ]
    );
}

/// Two vendors' quotes: close, now and then equal to another bar of the other, never shifted.
#[test]
fn chance_pairs_are_no_shift() {
    let mut walk = Walk::new(12, 0.0);
    let mut tick = |i: i64| {
        let p = 1.0 + (walk.random() * 60.0).round() / 100.0;
        (START + i * MINUTE, Ohlcv::new(p, p, p, p, 0.0))
    };
    let csv: Series = (0..4000).map(&mut tick).collect();
    let db: Series = (0..4000).map(&mut tick).collect();
    let found = compare(&csv, &db);
    assert!(found.totals.shifted < 100, "{:?}", found.totals);
    assert!(found.totals.ratio < 100, "{:?}", found.totals);
}
