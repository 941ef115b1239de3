//! Finds the columns of the time and the values.
//!
//! Names in any case and order are recognised (`timestamp|datetime|date|time|ts|open_time`, `o|h|l|c|v`,
//! `vol`, `adj close`, the unnamed first column of a pandas index …); `[csv.columns]` maps anything else,
//! by name or by number. Invariant: each required value and the time have exactly one column (the time may have two: date
//! and time of day), or the error names what is missing and what the header has. An optional value has one or none.

use super::advice::flags_for_missing;
use crate::bar::columns::{COLUMNS, COUNT};
use crate::config::{ColumnsConfig, CsvConfig, Delimiter};

/// The columns of a file, numbered from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column of the date, if date and time of day are separate.
    pub date: Option<usize>,
    /// The time's column.
    pub time: usize,
    /// The columns of the values; none for an optional value that the file lacks.
    pub values: [Option<usize>; COUNT],
    /// How many fields a row has.
    pub width: usize,
    /// The names of the columns that are not read.
    pub ignored: Vec<String>,
    /// The delimiter.
    pub delimiter: u8,
}

/// Names of the time's column, the surest first.
const TIMES: [&str; 12] = [
    "timestamp",
    "datetime",
    "date_time",
    "ts",
    "open_time",
    "opentime",
    "date",
    "time",
    "unix",
    "epoch",
    "index",
    "",
];
/// How many columns a message names.
const SHOWN: usize = 20;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Finds the columns from the first line of a file: its header, or its first row if it has none.
///
/// # Errors
/// What is missing and what to do.
pub fn resolve(first_line: &[u8], csv: &CsvConfig) -> Result<Columns, String> {
    let candidates = match csv.delimiter {
        Delimiter::Byte(b) => vec![b],
        // With decimal commas a comma cannot be the delimiter.
        Delimiter::Auto => DELIMITERS.into_iter().filter(|d| *d != b',' || !csv.decimal_comma).collect(),
    };
    let mut widest: Option<(usize, String)> = None;
    for delimiter in candidates {
        let fields = split(first_line, delimiter, csv.quote);
        match columns(&fields, csv, delimiter) {
            Ok(found) => return Ok(found),
            Err(e) if widest.as_ref().is_none_or(|(n, _)| fields.len() > *n) => {
                widest = Some((fields.len(), e));
            }
            Err(_) => {}
        }
    }
    Err(widest.map_or_else(|| "there is no header".into(), |(_, e)| e))
}

fn columns(fields: &[String], csv: &CsvConfig, delimiter: u8) -> Result<Columns, String> {
    let chosen =
        if csv.header { by_name(fields, &csv.columns)? } else { by_number(fields.len(), &csv.columns)? };
    let values = chosen.values.into_iter().flatten();
    let used: Vec<usize> = chosen.date.into_iter().chain([chosen.time]).chain(values).collect();
    for (i, column) in used.iter().enumerate() {
        if used[..i].contains(column) {
            return Err(format!("column {} is named for two values; see [csv.columns]", column + 1));
        }
    }
    let ignored = (0..fields.len()).filter(|i| csv.header && !used.contains(i));
    Ok(Columns {
        ignored: ignored.map(|i| super::time::cut(fields[i].trim())).collect(),
        width: fields.len(),
        delimiter,
        ..chosen
    })
}

fn by_name(fields: &[String], map: &ColumnsConfig) -> Result<Columns, String> {
    let names: Vec<String> = fields.iter().map(|f| normal(f)).collect();
    let mapped_by_hand = *map != ColumnsConfig::default();
    if let Some(twice) = repeated(&names).filter(|_| !mapped_by_hand) {
        let twice = super::time::cut(twice);
        return Err(format!(
            "the header has `{twice}` twice; name the columns by number in [csv.columns] or with --column"
        ));
    }
    let find = |wanted: &[&str]| wanted.iter().find_map(|w| names.iter().position(|n| n == w));
    let explicit = |key: &str| named(key, fields, &names);
    let mut values = [None; COUNT];
    for ((value, column), key) in values.iter_mut().zip(&COLUMNS).zip(&map.values) {
        *value = match key {
            Some(key) => Some(explicit(key)?),
            None => find(column.header_names),
        };
    }
    let (date, time) = match (&map.date, &map.time) {
        (Some(d), Some(t)) => (Some(explicit(d)?), Some(explicit(t)?)),
        (_, Some(t)) => (None, Some(explicit(t)?)),
        _ => match (find(&TIMES[..6]), find(&["date"]), find(&["time"])) {
            (Some(full), ..) => (None, Some(full)),
            (None, Some(date), Some(time)) => (Some(date), Some(time)),
            _ => (None, find(&TIMES).filter(|&at| !names[at].is_empty() || at == 0)),
        },
    };
    let required = COLUMNS.iter().zip(values).filter(|(column, _)| column.is_required());
    let needed = [("time", time)].into_iter().chain(required.map(|(column, at)| (column.name, at)));
    let missing: Vec<&str> = needed.filter(|(_, at)| at.is_none()).map(|(name, _)| name).collect();
    match time {
        Some(time) if missing.is_empty() => {
            Ok(Columns { date, time, values, width: 0, ignored: vec![], delimiter: 0 })
        }
        _ => {
            let used: Vec<usize> = values.into_iter().flatten().chain(time).chain(date).collect();
            Err(lacking(&missing, fields, &used))
        }
    }
}

fn by_number(width: usize, map: &ColumnsConfig) -> Result<Columns, String> {
    let at = |key: &Option<String>, default: usize| match key {
        None => within(default, width),
        Some(k) => match k.parse() {
            Ok(n) => within(n, width),
            Err(_) => Err(format!("a file without a header has no column `{k}`: give its number")),
        },
    };
    let shift = usize::from(map.date.is_some());
    let date = map.date.as_ref().map(|d| at(&Some(d.clone()), 1)).transpose()?;
    let time = at(&map.time, 1 + shift)?;
    let mut values = [None; COUNT];
    for (i, (value, key)) in values.iter_mut().zip(&map.values).enumerate() {
        // An optional value has no usual place.
        if COLUMNS[i].is_required() || key.is_some() {
            *value = Some(at(key, 2 + i + shift)?);
        }
    }
    Ok(Columns { date, time, values, width, ignored: vec![], delimiter: 0 })
}

fn within(number: usize, width: usize) -> Result<usize, String> {
    if (1..=width).contains(&number) {
        Ok(number - 1)
    } else {
        Err(format!("there is no column {number}: the first line has {width} fields"))
    }
}

/// The column with this name or, if there is none, with this number (from 1).
fn named(key: &str, fields: &[String], names: &[String]) -> Result<usize, String> {
    let wanted = normal(key);
    if let Some(at) = names.iter().position(|n| *n == wanted) {
        return Ok(at);
    }
    match key.parse() {
        Ok(n) => within(n, fields.len()),
        Err(_) => Err(format!("there is no column `{key}`; the header has: {}", listed(fields))),
    }
}

/// A name that barlift recognises and that comes twice.
fn repeated(names: &[String]) -> Option<&str> {
    let known = |n: &String| {
        !n.is_empty()
            && (TIMES.contains(&n.as_str()) || COLUMNS.iter().any(|c| c.header_names.contains(&n.as_str())))
    };
    names.iter().enumerate().find(|(i, n)| known(n) && names[..*i].contains(n)).map(|(_, n)| n.as_str())
}

/// `<Adj Close>` and `adj-close` both become `adj_close`.
fn normal(name: &str) -> String {
    let name = name.trim().trim_start_matches('<').trim_end_matches('>').trim();
    name.to_lowercase().replace([' ', '-', '.'], "_")
}

fn lacking(missing: &[&str], fields: &[String], used: &[usize]) -> String {
    let looks_like_data = fields.iter().filter(|f| f.trim().parse::<f64>().is_ok()).count() >= 3;
    if looks_like_data {
        return "the first line looks like data, not like a header; \
                if the file has none, set csv.header = false (--no-header)"
            .into();
    }
    let (lacks, has) = (missing.join(", "), listed(fields));
    let flags = flags_for_missing(missing, fields, used);
    let what_to_do = if flags.is_empty() {
        "name the columns in [csv.columns] or with --column".to_owned()
    } else {
        format!("give {flags} if those are the columns (or name them in [csv.columns])")
    };
    format!("the header lacks a column for {lacks}; it has: {has}; {what_to_do}")
}

/// The first columns of a header; a file may have thousands.
fn listed(fields: &[String]) -> String {
    let shown: Vec<String> =
        fields.iter().take(SHOWN).map(|f| format!("`{}`", super::time::cut(f.trim()))).collect();
    let more = match fields.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" … and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

pub(super) fn split(line: &[u8], delimiter: u8, quote: Option<u8>) -> Vec<String> {
    super::fields::FieldSplitter::new(delimiter, quote)
        .split(line)
        .map(|f| String::from_utf8_lossy(f).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::columns::{CLOSE, VOLUME, optional_in_test};

    fn csv() -> CsvConfig {
        crate::config::load(None, &[]).expect("defaults").csv
    }

    fn at(header: &str) -> (Option<usize>, usize, [usize; 5]) {
        let c = resolve(header.as_bytes(), &csv()).expect(header);
        (c.date, c.time, required(&c))
    }

    fn required(c: &Columns) -> [usize; 5] {
        std::array::from_fn(|i| c.values[i].expect("a column"))
    }

    #[test]
    fn usual_headers_are_recognised() {
        for (header, want) in [
            ("timestamp,open,high,low,close,volume", (None, 0, [1, 2, 3, 4, 5])),
            (",open,high,low,close,volume", (None, 0, [1, 2, 3, 4, 5])),
            ("Volume;Close;Low;High;Open;Date", (None, 5, [4, 3, 2, 1, 0])),
            ("ts\to\th\tl\tc\tv", (None, 0, [1, 2, 3, 4, 5])),
            ("Date,Open,High,Low,Close,Adj Close,Volume", (None, 0, [1, 2, 3, 4, 6])),
            ("Date,Open,High,Low,Adj Close,Volume", (None, 0, [1, 2, 3, 4, 5])),
            ("<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>", (Some(0), 1, [2, 3, 4, 5, 6])),
            ("open_time|open|high|low|close|volume|close_time", (None, 0, [1, 2, 3, 4, 5])),
            ("\"timestamp\",\"open\",\"high\",\"low\",\"close\",\"volume\"", (None, 0, [1, 2, 3, 4, 5])),
        ] {
            assert_eq!(at(header), want, "{header}");
        }
    }

    #[test]
    fn extra_columns_are_named() {
        let c = resolve(b"date,open,high,low,close,adj close,volume,note", &csv()).expect("fine");
        assert_eq!(c.ignored, ["adj close", "note"]);
    }

    #[test]
    fn a_map_wins_over_the_usual_names() {
        let mut csv = csv();
        csv.columns.values[CLOSE] = Some("Settle".into());
        csv.columns.values[VOLUME] = Some("7".into());
        let c = resolve(b"date,open,high,low,close,settle,qty", &csv).expect("fine");
        assert_eq!(required(&c), [1, 2, 3, 5, 6]);
        csv.columns.values[CLOSE] = Some("nowhere".into());
        assert!(resolve(b"date,open,high,low,close,qty", &csv).expect_err("bad").contains("`nowhere`"));
    }

    #[test]
    fn without_a_header_numbers_count() {
        let mut csv = csv();
        csv.header = false;
        let c = resolve(b"2024-01-01,1,2,3,4,5", &csv).expect("fine");
        assert_eq!((c.time, required(&c)), (0, [1, 2, 3, 4, 5]));
        assert!(resolve(b"2024-01-01,1,2", &csv).expect_err("short").contains("no column 4"));
    }

    #[test]
    fn an_optional_value_may_have_no_column() {
        let volume = |header: &str, csv: &CsvConfig| {
            optional_in_test::with("volume", || resolve(header.as_bytes(), csv)).map(|c| c.values[VOLUME])
        };
        assert_eq!(volume("date,open,high,low,close", &csv()), Ok(None));
        assert_eq!(volume("date,open,high,low,close,vol", &csv()), Ok(Some(5)));
        let e = volume("date,open,high,low", &csv()).expect_err("no close");
        assert!(e.contains("lacks a column for close;"), "{e}");
        let mut numbered = CsvConfig { header: false, ..csv() };
        assert_eq!(volume("2024-01-01,1,2,0.5,1.5,10", &numbered), Ok(None));
        numbered.columns.values[VOLUME] = Some("6".into());
        assert_eq!(volume("2024-01-01,1,2,0.5,1.5,10", &numbered), Ok(Some(5)));
        assert!(volume("2024-01-01,1,2,0.5,1.5", &numbered).is_err());
    }

    #[test]
    fn a_decimal_comma_is_no_delimiter() {
        let mut csv = csv();
        csv.header = false;
        csv.decimal_comma = true;
        let c = resolve(b"2024-01-02;1,5;2,0;0,5;1,5;10,0", &csv).expect("fine");
        assert_eq!((c.delimiter, c.width), (b';', 6));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (header, part) in [
            ("timestamp,open,high,low,volume", "lacks a column for close; it has: `timestamp`"),
            ("Date,Price,Open,High,Low,Vol.", "give --column close=Price --column volume=Vol. if"),
            ("date,open,open,high,low,close,volume", "the header has `open` twice"),
            ("a,b", "lacks a column for time, open, high, low, close, volume"),
            ("2024-01-01,1,2,3,4,5", "--no-header"),
        ] {
            let e = resolve(header.as_bytes(), &csv()).expect_err(header);
            assert!(e.contains(part), "{header}: {e}");
        }
    }
}
