//! What every page is made of: its frame, the verdict on top, facts, tiles and tables.
//!
//! Invariants: one file that needs nothing else, without scripts, and a policy in it that forbids to load any;
//! every text is escaped by the templates, and made visible where it comes from files.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::cli::output::{count, visible};

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// How good the news is. A colour, so words or a sign say it too.
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

/// Everything in front of the body's content.
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

/// Everything behind it.
pub(super) fn end(operation: &str) -> String {
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

/// What it is about; facts without a text are left out.
pub(super) fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        dl class="facts" {
            @for (name, text) in facts.iter().filter(|(_, text)| !text.is_empty()) { dt { (name) } dd { (visible(text)) } }
        }
    }
}

/// Sums; a tone shows where one is not 0.
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

/// A table that scrolls by itself where it is too wide; columns whose name begins with `#` are numbers.
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

/// So many of a list, where not all are shown.
pub(super) fn more(left: i64, how: &str) -> Markup {
    html! { @if left > 0 { p class="muted" { (count(left)) " more: " code { (how) } } } }
}

/// The instant, to the minute where it is one.
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

/// When it began and how long it took.
pub(super) fn ran(started: Option<jiff::Timestamp>, finished: Option<jiff::Timestamp>) -> String {
    match (started, finished) {
        (Some(start), Some(end)) => {
            // Nobody reads the microseconds.
            let start = jiff::Timestamp::from_second(start.as_second()).unwrap_or(start);
            let took = i64::try_from(end.duration_since(start).as_millis()).unwrap_or(0);
            format!("{} UTC, took {}", time(start), crate::cli::output::duration(took))
        }
        (Some(start), None) => format!("{} UTC, not finished", time(start)),
        _ => "not started".to_owned(),
    }
}
