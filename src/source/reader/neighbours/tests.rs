use super::*;
use crate::bar::Bars;
use crate::timeframe::DAY;

/// The rows that are reported of days and their closes, read in batches of this size: each place, and the rules.
fn found(rows: &[(Micros, f64)], batch_rows: usize) -> Vec<(u64, &'static str)> {
    let mut neighbours = Neighbours::new(Some(DAY), false);
    let mut found = Vec::new();
    for (number, chunk) in rows.chunks(batch_rows).enumerate() {
        let mut bars = Bars::default();
        chunk
            .iter()
            .for_each(|(day, close)| bars.push(day * DAY, Ohlcv::new(*close, *close, *close, *close, 1.0)));
        let first = (number * batch_rows) as u64;
        let batch = Batch { lines: (first..).take(chunk.len()).collect(), bars, ..Batch::default() };
        let is_last = (number + 1) * batch_rows >= rows.len();
        let issues = neighbours.find(&batch, is_last);
        found.extend(
            issues.into_iter().flat_map(|issue| issue.rules.into_iter().map(move |rule| (issue.line, rule))),
        );
    }
    found
}

/// The same for every size of batch.
fn places(rows: &[(Micros, f64)]) -> Vec<u64> {
    let want = found(rows, 1000);
    for batch_rows in 1..=rows.len() {
        assert_eq!(found(rows, batch_rows), want, "{rows:?} by {batch_rows}");
    }
    want.into_iter().map(|(line, _)| line).collect()
}

fn outliers(days: &[Micros]) -> Vec<u64> {
    let rows: Vec<(Micros, f64)> = days.iter().map(|day| (*day, 42.5)).collect();
    places(&rows)
}

fn jumps(closes: &[f64]) -> Vec<u64> {
    let rows: Vec<(Micros, f64)> = (0..).zip(closes.iter().copied()).collect();
    places(&rows)
}

#[test]
fn a_row_that_stands_elsewhere_is_found_wherever_it_is() {
    for place in 0..40 {
        for elsewhere in [-900, 900] {
            let mut days: Vec<Micros> = (0..40).collect();
            days[place] = elsewhere;
            // The first and the last row may stand behind a hole.
            let is_end = place == 0 && elsewhere < 0 || place == 39 && elsewhere > 0;
            let want: Vec<u64> = if is_end { Vec::new() } else { vec![place as u64] };
            assert_eq!(outliers(&days), want, "{place}, {elsewhere}");
            days.iter_mut().for_each(|day| *day = -*day);
            assert_eq!(outliers(&days), want, "{place}, {elsewhere}, the latest first");
        }
    }
}

#[test]
fn several_rows_may_stand_elsewhere() {
    let days = |changes: &[(usize, Micros)]| {
        let mut days: Vec<Micros> = (0..40).collect();
        changes.iter().for_each(|(at, day)| days[*at] = *day);
        outliers(&days)
    };
    assert_eq!(days(&[(20, 900), (21, -900)]), [20, 21]);
    assert_eq!(days(&[(38, -900), (39, -899)]), [38, 39]);
    assert_eq!(days(&[(0, -9000)]), [0]);
    assert_eq!(days(&[(39, 9000)]), [39]);
}

#[test]
fn rows_that_are_late_or_behind_a_hole_are_in_order() {
    for days in [
        &[10, 11, 13, 12, 14, 15][..],
        &[10, 11, 12, 40, 41, 42],
        &[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 80, 81, 82],
        &[10, 11, 12, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89],
        &[10, 11, 12, 9000, 9001, 9002, 9003],
        &[1, 9, 4, 7, 2, 8, 3],
        &[10, 900, 12],
    ] {
        assert_eq!(outliers(days), [] as [u64; 0], "{days:?}");
    }
}

#[test]
fn a_price_that_lost_its_decimal_sign_jumps() {
    for (closes, want) in [
        (&[101.25, 101.5, 10_130.0, 10_140.0, 10_150.0, 10_160.0][..], &[2][..]),
        (&[101.25, 10_130.0, 101.5, 101.6, 101.7], &[1]),
        (&[400.0, 401.0, 40_000.0, 402.0, 403.0, 404.0], &[2]),
        (&[42.1, 42.2, 42.3, 42.3, 421.0, 42.2, 42.3, 42.3, 42.1, 42.1, 42.1, 42.1, 42.1], &[4]),
        (&[101.25, 900.0, 101.5, 101.5, 101.5], &[]),
        (&[0.0001, 0.001, 0.0002, 0.002, 0.001], &[]),
        (&[12.5, -37.0, 0.0, 12.5, 12.4], &[]),
    ] {
        assert_eq!(jumps(closes), want, "{closes:?}");
    }
}
