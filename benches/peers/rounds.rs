//! Measuring in turns, and what came of it.
//!
//! Invariant: in every round each contestant runs once, and each round begins with another one, so that a slow minute
//! of the machine hits all alike. Who fails once is out, with the reason; there is no number for it.

use std::collections::BTreeMap;

use serde::Serialize;

/// One measurement of one row of a table.
pub struct Sample {
    pub name: String,
    /// Seconds, unless the table says otherwise.
    pub value: f64,
    /// What else was seen, such as the size of the result.
    pub facts: Vec<(&'static str, f64)>,
}

impl Sample {
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, facts: Vec::new() }
    }

    pub fn fact(mut self, name: &'static str, value: f64) -> Self {
        self.facts.push((name, value));
        self
    }
}

/// Somebody who takes part: its run makes one or more samples.
pub struct Contestant<'a> {
    pub name: String,
    /// Why it cannot take part.
    pub missing: Option<String>,
    /// Rows or files that a sample has dealt with.
    pub amount: Option<f64>,
    /// What has to be known of its numbers.
    pub note: Option<String>,
    pub run: Box<dyn Fn() -> Result<Vec<Sample>, String> + 'a>,
}

impl<'a> Contestant<'a> {
    pub fn new(name: impl Into<String>, run: impl Fn() -> Result<Vec<Sample>, String> + 'a) -> Self {
        Self { name: name.into(), missing: None, amount: None, note: None, run: Box::new(run) }
    }

    pub fn amount(mut self, amount: u64) -> Self {
        self.amount = Some(amount as f64);
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// What is measured, and how it is called.
pub struct Plan {
    pub scenario: &'static str,
    pub title: String,
    pub unit: &'static str,
    /// The row that the others are compared with; empty for none.
    pub baseline: &'static str,
    /// What the amounts are.
    pub of: &'static str,
}

/// The results of one scenario.
#[derive(Serialize)]
pub struct Table {
    pub scenario: &'static str,
    pub title: String,
    pub unit: &'static str,
    pub baseline: &'static str,
    pub of: &'static str,
    pub rows: Vec<Row>,
    pub skipped: BTreeMap<String, String>,
}

/// What was measured of one contestant.
#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub median: f64,
    pub min: f64,
    pub max: f64,
    pub samples: Vec<f64>,
    pub ratio: Option<Ratio>,
    /// Amount a second.
    pub rate: Option<f64>,
    /// Medians.
    pub facts: BTreeMap<&'static str, f64>,
    pub note: Option<String>,
}

/// To the baseline: of the medians; least and most of the rounds' own.
#[derive(Serialize)]
pub struct Ratio {
    pub of_medians: f64,
    pub min: f64,
    pub max: f64,
}

/// All tables of a run.
#[derive(Default)]
pub struct Results(pub Vec<Table>);

impl Results {
    pub fn row(&self, scenario: &str, name: &str) -> Option<&Row> {
        let tables = self.0.iter().filter(|t| t.scenario == scenario);
        tables.flat_map(|t| &t.rows).find(|r| r.name == name)
    }
}

/// Runs them all, `rounds` times.
pub fn measure(plan: Plan, rounds: u64, contestants: &[Contestant<'_>]) -> Table {
    let mut skipped: BTreeMap<String, String> = BTreeMap::new();
    let mut samples: Vec<Vec<Sample>> = contestants.iter().map(|_| Vec::new()).collect();
    for contestant in contestants {
        if let Some(reason) = &contestant.missing {
            skipped.insert(contestant.name.clone(), reason.clone());
        }
    }
    for round in 0..usize::try_from(rounds).unwrap_or(usize::MAX) {
        for turn in 0..contestants.len() {
            let i = (round + turn) % contestants.len();
            let name = &contestants[i].name;
            if skipped.contains_key(name) {
                continue;
            }
            match (contestants[i].run)() {
                Ok(got) => {
                    for sample in &got {
                        eprintln!(
                            "{} {}: {} {:.3} {}",
                            plan.scenario,
                            round + 1,
                            sample.name,
                            sample.value,
                            plan.unit
                        );
                    }
                    samples[i].extend(got);
                }
                Err(reason) => {
                    eprintln!("{} {}: {name} failed: {reason}", plan.scenario, round + 1);
                    skipped.insert(name.clone(), format!("failed: {reason}"));
                    samples[i].clear();
                }
            }
        }
    }
    let mut rows: Vec<Row> = contestants.iter().zip(samples).flat_map(|(c, s)| rows_of(c, s)).collect();
    compare(&mut rows, plan.baseline);
    let Plan { scenario, title, unit, baseline, of } = plan;
    Table { scenario, title, unit, baseline, of, rows, skipped }
}

/// A row for each name, in the order of the first run.
fn rows_of(contestant: &Contestant<'_>, samples: Vec<Sample>) -> Vec<Row> {
    let mut names: Vec<String> = Vec::new();
    let mut by_name: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        if !by_name.contains_key(&sample.name) {
            names.push(sample.name.clone());
        }
        by_name.entry(sample.name.clone()).or_default().push(sample);
    }
    let row = |name: String| {
        let samples = by_name.remove(&name).unwrap_or_default();
        let mut facts: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for (fact, value) in samples.iter().flat_map(|s| &s.facts) {
            facts.entry(fact).or_default().push(*value);
        }
        let values: Vec<f64> = samples.iter().map(|s| s.value).collect();
        let middle = median(&values);
        Row {
            name,
            median: middle,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            samples: values,
            ratio: None,
            rate: contestant.amount.map(|amount| amount / middle),
            facts: facts.into_iter().map(|(fact, values)| (fact, median(&values))).collect(),
            note: contestant.note.clone(),
        }
    };
    names.into_iter().map(row).collect()
}

fn compare(rows: &mut [Row], baseline: &str) {
    let Some(base) = rows.iter().find(|r| r.name == baseline).map(|r| (r.median, r.samples.clone())) else {
        return;
    };
    for row in rows {
        let each = || row.samples.iter().zip(&base.1).map(|(value, base)| value / base);
        row.ratio = Some(Ratio {
            of_medians: row.median / base.0,
            min: each().fold(f64::INFINITY, f64::min),
            max: each().fold(f64::NEG_INFINITY, f64::max),
        });
    }
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}
