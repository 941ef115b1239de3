//! Results for people and for machines.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table as Text, presets};
use serde_json::json;

use crate::goals::{self, Goal};
use crate::rounds::{Results, Table};
use crate::{Bench, machine};

/// A Markdown table with its title, and who was skipped.
pub fn table(table: &Table) -> String {
    let facts: BTreeSet<&str> = table.rows.iter().flat_map(|r| r.facts.keys().copied()).collect();
    let notes = table.rows.iter().any(|r| r.note.is_some());
    let ratios = table.rows.iter().any(|r| r.ratio.is_some());
    let rates = table.rows.iter().any(|r| r.rate.is_some());
    let mut columns = vec!["what".to_owned(), format!("median {}", table.unit), "min..max".into()];
    columns.extend(ratios.then(|| format!("× {}", table.baseline)));
    columns.extend(ratios.then(|| "of each round".to_owned()));
    columns.extend(rates.then(|| format!("{}/s", table.of)));
    columns.extend(facts.iter().map(|f| (*f).to_owned()));
    columns.extend(notes.then(|| "note".to_owned()));
    let last = columns.len() - 1;
    let mut text = text(columns);
    for row in &table.rows {
        let mut cells = vec![row.name.clone(), number(row.median), range(row.min, row.max)];
        let ratio = row.ratio.as_ref();
        cells.extend(ratios.then(|| ratio.map_or_else(String::new, |r| format!("{:.2}", r.of_medians))));
        cells.extend(
            ratios.then(|| ratio.map_or_else(String::new, |r| format!("{:.2}..{:.2}", r.min, r.max))),
        );
        cells.extend(rates.then(|| row.rate.map_or_else(String::new, rate)));
        cells.extend(facts.iter().map(|f| row.facts.get(f).copied().map_or_else(String::new, number)));
        cells.extend(notes.then(|| row.note.clone().unwrap_or_default()));
        text.add_row(cells);
    }
    for column in (1..=last).filter(|i| !notes || *i != last) {
        if let Some(column) = text.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let skipped: String =
        table.skipped.iter().map(|(name, why)| format!("\n- skipped: {name}: {why}")).collect();
    let gap = if skipped.is_empty() { "" } else { "\n" };
    format!("{}\n\n{text}{gap}{skipped}", table.title)
}

/// The goals as a Markdown table.
pub fn goals(goals: &[Goal]) -> String {
    let mut text = text(["goal", "at most or at least", "measured", "met"].map(str::to_owned).into());
    for goal in goals {
        let measured =
            goal.measured.map_or_else(|| "not measured".into(), |m| format!("{m:.2} {}", goal.unit));
        let met = match goal.met {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let sign = if goal.at_least { "≥" } else { "≤" };
        text.add_row([goal.what, &format!("{sign} {} {}", goal.limit, goal.unit), &measured, met]);
    }
    text.to_string()
}

/// Everything there is so far, with all samples.
pub fn write(bench: &Bench, results: &Results) {
    let args = &bench.args;
    let document = json!({
        "machine": machine::describe(&bench.server),
        "sizes": {
            "files": args.files, "rows_per_file": args.rows, "rounds": args.rounds,
            "small_files": args.small_files, "many_files": args.many_files, "growth_rows": args.growth_rows,
        },
        "scenarios": results.0,
        "goals": goals::judge(results, bench.server.timescaledb.is_some()),
    });
    if let Err(e) = std::fs::write(&args.json, format!("{document:#}\n")) {
        eprintln!("{} cannot be written: {e}", args.json.display());
    }
}

fn text(header: Vec<String>) -> Text {
    let mut text = Text::new();
    text.load_style(presets::ASCII_MARKDOWN).set_header(header);
    text
}

fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn range(min: f64, max: f64) -> String {
    format!("{}..{}", number(min), number(max))
}

fn rate(value: f64) -> String {
    if value >= 10_000.0 { format!("{:.0} k", value / 1e3) } else { format!("{value:.0}") }
}
