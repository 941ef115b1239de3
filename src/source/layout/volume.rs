//! Finds the volume's column. A file may have none; then no other column may be one under a name that is not known.

use super::names;
use super::table::Table;
use super::{Undecided, called};
use crate::bar::columns::{COLUMNS, VOLUME};
use crate::source::advice::flag_for;
use crate::source::number::is_missing;

/// The volume's column, and what to say of it.
pub(super) struct Volume {
    pub(super) column: Option<usize>,
    pub(super) note: Option<String>,
}

/// Among the columns that are not used for anything else.
pub(super) fn find(
    names: &[String],
    fields: &[String],
    used: &[usize],
    table: &Table,
    ticker: Option<&[u8]>,
) -> Result<Volume, Undecided> {
    let known: Vec<usize> = names::of_value(names, &COLUMNS[VOLUME])
        .into_iter()
        .filter(|column| !used.contains(column))
        .collect();
    let of_currency: Vec<usize> =
        (0..names.len()).filter(|at| !used.contains(at) && names[*at].starts_with("volume_")).collect();
    let mut of_base = of_currency.iter().filter(|at| is_of_base(&names[**at], ticker));
    if let (Some(column), None) = (of_base.next(), of_base.next()) {
        let note = Some(format!("volume from {}", called(fields, *column)));
        return Ok(Volume { column: Some(*column), note });
    }
    if let [first, others @ ..] = known.as_slice() {
        let found = of_several(*first, others, fields, table);
        let other = of_currency.iter().find(|at| Some(**at) != found.column);
        let note = other
            .map(|at| format!("volume from {}, not from {}", called(fields, *first), called(fields, *at)));
        return Ok(Volume { note: found.note.or(note), ..found });
    }
    let parts = parts(names);
    let may_be_volume =
        |at: &usize| !used.contains(at) && !parts.contains(at) && may_be_volume(&names[*at], table, *at);
    // A name with `vol` in it is the likeliest.
    let (likely, others): (Vec<usize>, Vec<usize>) =
        (0..fields.len()).filter(may_be_volume).partition(|at| names[*at].contains("vol"));
    let mut unread = likely.into_iter().chain(others);
    match unread.next() {
        None => Ok(Volume { column: None, note: parts_note(&parts, fields) }),
        Some(first) => {
            let others: Vec<String> =
                unread.filter(|at| *at != first).take(5).map(|at| called(fields, at)).collect();
            Err(ask(first, &others, fields).into())
        }
    }
}

/// The first known column, or the next one if the first has hardly anything but zeros. A row whose values have moved may have
/// others.
fn of_several(first: usize, others: &[usize], fields: &[String], table: &Table) -> Volume {
    let values = |column: usize| {
        let is_some = |field: &[u8]| field.iter().any(|b| (b'1'..=b'9').contains(b));
        table.column(column).filter(|(_, field)| is_some(field)).count()
    };
    let (of_first, rows) = (values(first), table.len());
    let other =
        others.iter().find(|column| values(**column) * 2 > rows || of_first == 0 && values(**column) > 0);
    match other {
        Some(other) if rows > 0 && of_first * 20 <= rows => {
            let zeros = if of_first == 0 { "has no value but 0" } else { "is 0 in nearly all rows" };
            let note =
                format!("volume from {}, as {} {zeros}", called(fields, *other), called(fields, first));
            Volume { column: Some(*other), note: Some(note) }
        }
        _ => Volume { column: Some(first), note: None },
    }
}

/// What to say of a volume whose name has a unit: `Volume (000s)`.
pub(super) fn unit_note(name: &str) -> Option<String> {
    const UNITS: [&str; 14] = [
        "000s",
        "100s",
        "00s",
        "thousand",
        "thousands",
        "hundreds",
        "million",
        "millions",
        "lakh",
        "lakhs",
        "lacs",
        "lots",
        "mm",
        "mn",
    ];
    let lower = name.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let is_bracketed = ["(000)", "('000)", "(k)", "(m)"].iter().any(|unit| lower.contains(unit));
    (is_bracketed || words.any(|word| UNITS.contains(&word))).then(|| {
        format!(
            "volumes are stored as they are written, whatever `{}` counts",
            crate::source::time::cut(name.trim())
        )
    })
}

/// Whether `volume_btc` counts what `BTC/USD` or `BTCUSDT` is quoted for.
fn is_of_base(name: &str, ticker: Option<&[u8]>) -> bool {
    let currency = name.trim_start_matches("volume_").to_uppercase();
    let ticker = ticker.map(|ticker| String::from_utf8_lossy(ticker).to_uppercase());
    !currency.is_empty() && ticker.is_some_and(|ticker| ticker.starts_with(&currency))
}

/// The columns of volumes at rising and at falling prices, of which neither is the bar's.
fn parts(names: &[String]) -> Vec<usize> {
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    at("up").zip(at("down")).map_or_else(Vec::new, |(up, down)| vec![up, down])
}

fn parts_note(parts: &[usize], fields: &[String]) -> Option<String> {
    let [up, down] = parts else { return None };
    Some(format!(
        "{} and {} are parts of the volume, and are not added up",
        called(fields, *up),
        called(fields, *down)
    ))
}

/// Whether a column that nothing is read from has numbers and a name that does not say what they are.
fn may_be_volume(name: &str, table: &Table, column: usize) -> bool {
    if names::is_no_volume(name) || name.is_empty() {
        return false;
    }
    let values = || table.column(column).map(|(_, field)| field).filter(|field| !is_missing(field));
    let is_number = |field: &&[u8]| {
        let digits = field.iter().filter(|b| b.is_ascii_digit()).count();
        digits > 0 && field.iter().all(|b| b.is_ascii_digit() || b" .,'+-KkMmBbTtEe".contains(b))
    };
    let has_some = values().any(|field| field.iter().any(|b| (b'1'..=b'9').contains(b)));
    if is_row_number(table, column) {
        return false;
    }
    // A few rows may be bad. Without rows, the name alone has to do.
    let mostly_numbers = values().filter(is_number).count() * 2 > values().count();
    table.len() == 0 || mostly_numbers && (has_some || names::has_volume_word(name))
}

/// Whether a column counts the rows.
pub(super) fn is_row_number(table: &Table, column: usize) -> bool {
    let number = |(_, field): (u64, &[u8])| std::str::from_utf8(field).ok()?.parse::<u64>().ok();
    let numbers: Option<Vec<u64>> = table.column(column).map(number).collect();
    numbers.is_some_and(|numbers| numbers.len() > 2 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1))
}

fn ask(first: usize, others: &[String], fields: &[String]) -> String {
    let others = if others.is_empty() { String::new() } else { format!(" (or {})", others.join(", ")) };
    let flag = flag_for("volume", fields, first);
    format!(
        "no column is known to be the volume, but {}{others} may be: give {flag}, or --column volume=none if the file \
         has no volume",
        called(fields, first)
    )
}
