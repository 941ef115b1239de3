//! What a file means, as plainly as possible: one row after the other, over maps.
//!
//! It uses nothing of the crate, so that a fault would have to be in both.

use std::collections::{BTreeMap, HashMap};

/// Open, high, low, close, volume.
pub type Values = [f64; 5];

/// Time and values of a row, or the rule that it breaks.
pub type Meaning = Result<(i64, Values), &'static str>;

/// A line of a file that is not blank.
#[derive(Debug, Clone)]
pub struct Row {
    pub line: i64,
    pub offset: i64,
    pub raw: Vec<u8>,
    pub meaning: Meaning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Warn,
    /// `overwrite` for mismatches, `reject` for invalid bars.
    Act,
    Fail,
}

#[derive(Debug, Clone, Copy)]
pub struct Policies {
    pub mismatch: Policy,
    pub invalid: Policy,
    pub batch_rows: usize,
}

/// What an import leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub bars: BTreeMap<i64, Values>,
    /// rows, imported, skipped, mismatched, rejected, duplicate, issues
    pub counts: [i64; 7],
    /// By line: time, the file's values, the database's.
    pub mismatches: BTreeMap<i64, (i64, Values, Values)>,
    /// By line: offset, rule, the row.
    pub rejected: BTreeMap<i64, (i64, String, Vec<u8>)>,
    /// By line: time, values, rules.
    pub issues: BTreeMap<i64, (i64, Values, String)>,
    /// The line that failed the file.
    pub failed_at: Option<i64>,
}

/// The rules that a bar breaks.
fn broken(v: &Values) -> Vec<&'static str> {
    let [open, high, low, close, volume] = *v;
    let mut rules = Vec::new();
    let mut rule = |is_broken: bool, name| {
        if is_broken {
            rules.push(name);
        }
    };
    let below = |a: f64, b: f64| a < b && b - a > b.abs() * 1e-9;
    rule(below(high, low), "high_below_low");
    rule(below(high, open), "high_below_open");
    rule(below(high, close), "high_below_close");
    rule(below(open, low), "low_above_open");
    rule(below(close, low), "low_above_close");
    rule([open, high, low, close].iter().any(|p| *p <= 0.0), "price_not_positive");
    rule(volume < 0.0, "volume_negative");
    rules
}

/// What importing `rows` over the bars that are `there` leaves behind: batch after batch, until one fails.
pub fn import(rows: &[Row], there: &BTreeMap<i64, Values>, policies: Policies) -> Outcome {
    let mut done = Outcome { bars: there.clone(), ..Outcome::default() };
    let mut first = HashMap::new();
    for batch in rows.chunks(policies.batch_rows) {
        let mut next = done.clone();
        match import_batch(batch, policies, &mut next, &mut first) {
            None => done = next,
            Some(line) => {
                done.failed_at = Some(line);
                return done;
            }
        }
    }
    done
}

/// The line that fails the batch, if one does.
fn import_batch(
    batch: &[Row],
    policies: Policies,
    out: &mut Outcome,
    first: &mut HashMap<i64, Values>,
) -> Option<i64> {
    let mut refused = Vec::new();
    for row in batch {
        out.counts[0] += 1;
        let reject = |out: &mut Outcome, rule: &str| {
            out.counts[4] += 1;
            out.rejected.insert(row.line, (row.offset, rule.to_owned(), row.raw.clone()));
        };
        let (time, values) = match row.meaning {
            Ok(bar) => bar,
            Err(rule) => {
                reject(out, rule);
                continue;
            }
        };
        let rules = broken(&values);
        if !rules.is_empty() && policies.invalid == Policy::Fail {
            return Some(row.line);
        }
        if !rules.is_empty() && policies.invalid == Policy::Act {
            reject(out, "quality");
            continue;
        }
        match first.get(&time) {
            Some(earlier) if *earlier == values => out.counts[5] += 1,
            Some(_) => reject(out, "duplicate"),
            None => {
                first.insert(time, values);
                if !rules.is_empty() {
                    out.counts[6] += 1;
                    out.issues.insert(row.line, (time, values, rules.join(",")));
                }
                if compare(row.line, time, values, policies, out) {
                    refused.push((time, row.line));
                }
            }
        }
    }
    // The earliest bar is named.
    refused.into_iter().min().map(|(_, line)| line)
}

/// Puts a new bar beside those that are there; whether it fails the file.
fn compare(line: i64, time: i64, values: Values, policies: Policies, out: &mut Outcome) -> bool {
    match out.bars.get(&time).copied() {
        None => {
            out.counts[1] += 1;
            out.bars.insert(time, values);
        }
        Some(there) if there == values => out.counts[2] += 1,
        Some(there) => {
            out.counts[3] += 1;
            out.mismatches.insert(line, (time, values, there));
            if policies.mismatch == Policy::Act {
                out.bars.insert(time, values);
            }
            return policies.mismatch == Policy::Fail;
        }
    }
    false
}
