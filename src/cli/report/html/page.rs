//! The parts of every page: its frame, the verdict on top, facts, tiles, tables and their cells.
//!
//! Invariants: a page is one file without scripts, and its policy forbids the browser to load anything else. The
//! templates escape every text; control characters in texts from files are made visible.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::cli::output::{count, visible};
use crate::cli::report::verification::words;
use crate::counts::int;
use crate::model::{OperationId, Verdict};
use crate::operation::report::Rejection;
use crate::operation::verification::Number;
use crate::source::discover::Unrecognised;

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The colour of good or bad news. Words or a sign always say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Warn,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
        }
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Identical => Self::Good,
            Verdict::Differs => Self::Bad,
            Verdict::Incomplete => Self::Warn,
        }
    }
}

/// The page up to its content.
pub(super) fn begin(title: &str) -> String {
    let head = html! {
        (DOCTYPE)
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta http-equiv="Content-Security-Policy" content=(POLICY);
        title { (visible(title)) }
        style { (PreEscaped(STYLE)) }
    };
    format!(
        "{}\n<body>\n<main>\n",
        head.into_string().replacen("<meta", "\n<html lang=\"en\">\n<head>\n<meta", 1) + "\n</head>"
    )
}

/// The page after its content.
pub(super) fn end(operation: &OperationId) -> String {
    let footer = html! {
        footer {
            "Made by barlift " (env!("CARGO_PKG_VERSION")) ". All times are UTC. The same as data: "
            code { "barlift report " (operation) " --format json" } " or " code { "--format csv" } "."
        }
    };
    format!("{}\n</main>\n</body>\n</html>\n", footer.into_string())
}

/// The verdict, with a sign for it.
pub(super) fn banner(tone: Tone, sign: &str, verdict: &str, because: &str) -> Markup {
    html! {
        div class={ "banner " (tone.class()) } {
            div class="sign" aria-hidden="true" { (sign) }
            div { h1 { (verdict) } p { (because) } }
        }
    }
}

/// A list of names and texts; facts without a text are left out.
pub(super) fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        dl class="facts" {
            @for (name, text) in facts.iter().filter(|(_, text)| !text.is_empty()) { dt { (name) } dd { (visible(text)) } }
        }
    }
}

/// Sums; one that is not 0 has its tone.
pub(super) fn tiles(tiles: &[(&str, i64, Option<Tone>)]) -> Markup {
    html! {
        div class="tiles" {
            @for (name, n, tone) in tiles {
                div class={ "tile " (tone.filter(|_| *n > 0).map(Tone::class).unwrap_or_default()) } {
                    b { (count(*n)) } span { (name) }
                }
            }
        }
    }
}

/// A table that scrolls if it is too wide; columns whose name begins with `#` are numbers.
pub(super) fn table(header: &[&str], rows: &Markup) -> Markup {
    html! {
        div class="scroll" tabindex="0" {
            table {
                thead { tr { @for name in header {
                    @match name.strip_prefix('#') {
                        Some(name) => th class="n" scope="col" { (name) },
                        None => th scope="col" { (name) },
                    }
                } } }
                tbody { (rows) }
            }
        }
    }
}

/// The number of list entries that are not shown, and the command that prints them.
pub(super) fn more(left: i64, command: &str) -> Markup {
    html! { @if left > 0 { p class="muted" { (count(left)) " more: " code { (command) } } } }
}

/// The same, if the report in another format has the whole list.
pub(super) fn more_in_report(left: i64, operation: &OperationId, format: &str) -> Markup {
    more(left, &format!("barlift report {operation} --format {format}"))
}

/// How many of `all` list entries are not shown.
pub(super) fn left(all: usize, shown: usize) -> i64 {
    int(all.saturating_sub(shown))
}

/// `AAPL 1h`
pub(super) fn series_name(symbol: &str, timeframe: &str) -> Markup {
    html! { (visible(symbol)) " " (visible(timeframe)) }
}

/// A cell with a line of a file: `AAPL_1h.csv:17`
pub(super) fn place_cell(source: &str, line: i64) -> Markup {
    html! { td { code { (visible(source)) ":" (line) } } }
}

/// Cells with counts; zeros are muted.
pub(super) fn count_cells(counts: impl IntoIterator<Item = i64>) -> Markup {
    html! { @for n in counts { td class={ @if n == 0 { "n same" } @else { "n" } } { (count(n)) } } }
}

/// Digits of two numbers that fit beside each other.
const ONE_LINE: usize = 20;

/// A cell with one column of a bar in the file and in the database, or before and after.
pub(super) fn change_cell(from: Number, to: Number) -> Markup {
    let long = from.to_string().len() + to.to_string().len() > ONE_LINE;
    html! {
        @if from == to { td class="same" { (value(from)) } }
        @else {
            td {
                (from) @if long { br; } @else { " " } "→ " b { (to) }
                @if let Some(by) = to.minus(from).known() { span class="by" { (words::signed(by.0)) } }
            }
        }
    }
}

/// A value, or nothing if it is unknown.
pub(super) fn value(number: Number) -> Markup {
    html! { @if let Some(number) = number.known() { (number) } }
}

/// Cells with the rule, the reason and the text of a rejected row. A line may have any length, so only its start is shown.
pub(super) fn rejection_cells(r: &Rejection) -> Markup {
    const MAX_CHARS: usize = 200;
    let text = r.text();
    let text = match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    };
    html! {
        td { (r.rule) } td class="wrap" { (visible(&r.reason)) }
        td class="wrap" { code { (visible(&text)) } }
    }
}

/// A table of the first files whose names say no series.
pub(super) fn unrecognised_files(files: &[Unrecognised], limit: usize) -> Markup {
    let rows = html! {
        @for u in files.iter().take(limit) { tr { td { code { (visible(&u.path)) } } td class="wrap" { (visible(&u.reason)) } } }
    };
    table(&["File", "Why"], &rows)
}

/// A time; without seconds if they are 0.
pub(super) fn time(t: jiff::Timestamp) -> String {
    let format = match t.as_microsecond() {
        us if us % 60_000_000 == 0 => "%Y-%m-%d %H:%M",
        us if us % 1_000_000 == 0 => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S%.f",
    };
    t.strftime(format).to_string()
}

pub(super) fn optional_time(t: Option<jiff::Timestamp>) -> String {
    t.map(time).unwrap_or_default()
}

/// The start of an operation and how long it ran.
pub(super) fn ran(started: Option<jiff::Timestamp>, finished: Option<jiff::Timestamp>) -> String {
    match (started, finished) {
        (Some(start), Some(end)) => {
            // Without microseconds.
            let start = jiff::Timestamp::from_second(start.as_second()).unwrap_or(start);
            let took = i64::try_from(end.duration_since(start).as_millis()).unwrap_or(0);
            format!("{} UTC, took {}", time(start), crate::cli::output::duration(took))
        }
        (Some(start), None) => format!("{} UTC, not finished", time(start)),
        _ => "not started".to_owned(),
    }
}
