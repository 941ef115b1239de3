//! What is found in a file does not depend on the sizes of its batches.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

/// Days in order, of which some are elsewhere, come again, jump, break a rule by themselves, or are no bars.
pub(super) fn file(rng: &mut SmallRng) -> String {
    let mut text = "date,open,high,low,close,volume\n".to_owned();
    let rows = rng.random_range(1..60_i32);
    let daily = rng.random_range(20..80);
    let sound = rng.random_range(10..200);
    for row in 0..rows {
        let fault = rng.random_range(0..sound);
        let day = row + (row - daily).max(0) * 6;
        let day = match fault {
            0 => day - 900,
            1 => day + 900,
            2 => day - 1,
            _ => day,
        };
        let date = jiff::civil::date(2010, 1, 1).saturating_add(jiff::Span::new().days(day));
        let values = match fault {
            3 => "4000,4100,3900,4050,7",
            4 => "40,39,41,40.5,7",
            5 => "40,x,41,40.5,7",
            6 => "4000,3900,4100,4050,7",
            _ => "40,41,39,40.5,7",
        };
        writeln!(text, "{date},{values}").expect("written");
    }
    text
}

/// The rules of each row, and its fate.
fn found(text: &str, rows: usize) -> (BTreeMap<u64, Vec<&'static str>>, [Vec<u64>; 3]) {
    let (mut issues, mut fates) = (BTreeMap::new(), [const { Vec::new() }; 3]);
    let options = options(OnInvalid::Warn);
    let source = SourceName { path: "A_1d.csv", timeframe: Some("1d") };
    let mut reader = BarReader::open_even_empty(text.as_bytes(), source, &options, 0).expect("opens");
    while let Some(batch) = reader.next_batch(rows).expect("reads") {
        for issue in batch.issues {
            assert_eq!(issues.insert(issue.line, issue.rules), None, "line {} is reported twice", issue.line);
        }
        fates[0].extend(batch.lines);
        fates[1].extend(batch.repeats.iter().map(|repeat| repeat.row.line));
        fates[2].extend(batch.rejected.iter().map(|rejected| rejected.row.line));
    }
    fates[0].sort_unstable();
    (issues, fates)
}

#[test]
fn the_same_is_found_in_batches_of_every_size() {
    let mut by_rule = BTreeMap::new();
    for seed in 0..200 {
        let text = file(&mut SmallRng::seed_from_u64(seed));
        let want = found(&text, 1000);
        for rule in want.0.values().flatten() {
            *by_rule.entry(*rule).or_insert(0) += 1;
        }
        assert!(want.0.values().filter(|rules| rules.contains(&"step_change")).count() <= 3, "{text}");
        for rows in [1, 2, 3, 5, 11, 24, 25, 40] {
            assert_eq!(found(&text, rows), want, "seed {seed} by {rows}:\n{text}");
        }
    }
    for rule in ["time_out_of_order", "price_jump", "step_change", "high_below_low"] {
        assert!(by_rule.get(rule).is_some_and(|count| *count > 10), "{by_rule:?}");
    }
}
