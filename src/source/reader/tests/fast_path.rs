//! Whatever the row, the fast path reads what the general path reads, or nothing.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::row::{NOTHING, RowFault, RowParser};
use super::super::series::SeriesState;
use super::*;
use crate::config::{Ambiguous, Override};
use crate::source::tests::{holds, like, mutated};

/// Dialects: their settings, and a header.
const DIALECTS: &[(&[(&str, &str)], &str)] = &[
    (&[], "timestamp,open,high,low,close,volume"),
    (&[], "volume;close;low;high;open;date;note"),
    (&[], "symbol\tdate\topen\thigh\tlow\tclose\tvolume"),
    (&[("csv.quote", "")], "date|open|high|low|close|trades|volume"),
    (&[("csv.quote", "'")], "date,open,high,low,close,volume,note"),
    (&[("csv.quote", "1")], "date,open,high,low,close,volume"),
    (&[("csv.quote", ",")], "date,open,high,low,close,volume"),
    (&[("csv.delimiter", "_")], "date_open_high_low_close_volume"),
    (&[("csv.delimiter", " ")], "date open high low close volume"),
    (&[("csv.decimal_comma", "true")], "date;open;high;low;close;volume"),
    (&[("csv.time_format", "%Y-%m-%d")], "date,open,high,low,close,volume"),
    (&[("csv.time_format", "unix")], "date,open,high,low,close,volume"),
    (&[("csv.thousands", ",")], "date;open;high;low;close;volume"),
    (&[("csv.columns.volume", "none")], "date,open,high,low,close"),
    (&[], "date,time,open,high,low,close,volume"),
];

/// Reads the rows of one series.
struct Parser {
    rows: RowParser,
    series: SeriesState,
}

fn parser(settings: &[(&'static str, &str)], header_line: &str, zone: &str) -> (Parser, u8) {
    let settings: Vec<Override> = settings.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    let csv = crate::config::load(None, &settings).expect("valid settings").csv;
    let zone = super::super::super::time::zone(zone).expect("a zone");
    let layout = FileLayout::of_header(header_line, &csv, zone);
    let delimiter = layout.columns.delimiter;
    let series = SeriesState::new(&layout, Ambiguous::Infer);
    (Parser { rows: RowParser::new(layout, &csv), series }, delimiter)
}

fn parse(parser: &mut Parser, row: &[u8]) -> Result<(Micros, Ohlcv), RowFault> {
    let mut bar = NOTHING;
    parser.rows.parse(row, &mut parser.series, &mut bar).map(|time| (time, bar))
}

fn general(parser: &mut Parser, row: &[u8]) -> Result<(Micros, Ohlcv), RowFault> {
    let mut bar = NOTHING;
    parser.rows.general(row, &mut parser.series, &mut bar).map(|time| (time, bar))
}

/// A field as it may stand in each column, told by the column's name.
fn field(name: &str) -> BoxedStrategy<String> {
    let time = prop_oneof![
        4 => like("20[0-9]{2}-(0[1-9]|1[0-2])-[012][0-9]([T ][01][0-9]:[0-5][0-9]:[0-6][0-9](Z|\\+00:00|)|)"),
        1 => like("1[0-9]{9}"),
    ];
    let number = prop_oneof![
        6 => like("[0-9]{1,3}\\.[0-9]{1,2}"),
        2 => like("[0-9]{1,3}\\.[0-9]{12,16}"),
        1 => select(vec!["0", "1e3", "-1", " 1.5", "1,5", "NaN", "", "\"1\"", "'1'", "1e999", "+2", ".5"])
            .prop_map(str::to_owned),
    ];
    match name {
        "timestamp" | "date" | "time" => time.boxed(),
        "note" | "symbol" => like("[a-z]{0,3}|\"[a-z,\"]{0,5}|'a,b'").boxed(),
        _ => number.boxed(),
    }
}

/// Rows of a dialect, most of them good.
fn rows(header_line: &'static str, delimiter: u8) -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<&str> = header_line.split(char::from(delimiter)).collect();
    let fields: Vec<_> = names.iter().map(|name| field(name)).collect();
    let joined = fields.prop_map(move |fields| fields.join(&char::from(delimiter).to_string()).into_bytes());
    (joined, proptest::collection::vec(any::<(Index, u8)>(), 0..3))
        .prop_map(|(row, changes)| mutated(row, &changes))
}

#[test]
fn rows_that_all_end_with_a_delimiter_are_read_alike() {
    for (settings, header_line) in DIALECTS {
        let (mut parser, delimiter) = parser(settings, header_line, "UTC");
        parser.rows.ends_with_delimiter();
        let parser = RefCell::new(parser);
        let ended = rows(header_line, delimiter).prop_map(move |mut row| {
            row.push(delimiter);
            row
        });
        holds(300, &ended, |row| {
            let mut parser = parser.borrow_mut();
            let (got, want) = (parse(&mut parser, &row), general(&mut parser, &row));
            assert_eq!(got, want, "{} by {header_line}", row.escape_ascii());
        });
    }
}

#[test]
fn the_fast_path_reads_what_the_general_path_reads() {
    for (settings, header_line) in DIALECTS {
        for zone in ["UTC", "America/New_York"] {
            let (parser, delimiter) = parser(settings, header_line, zone);
            let parser = RefCell::new(parser);
            holds(600, &rows(header_line, delimiter), |row| {
                let mut parser = parser.borrow_mut();
                let (got, want) = (parse(&mut parser, &row), general(&mut parser, &row));
                assert_eq!(got, want, "{} by {header_line}", row.escape_ascii());
                // -0 and 0 are equal, and not the same.
                assert_eq!(format!("{got:?}"), format!("{want:?}"));
            });
        }
    }
}

#[test]
fn common_rows_take_the_fast_path() {
    for (header_line, row) in [
        ("timestamp,open,high,low,close,volume", "2021-03-05T14:31:00Z,100.99,101.2,100.7,101.0,15812"),
        ("date,open,high,low,close,volume", "2023-01-01,100.99342830602247,101.3,99.5,101.1,12715"),
        ("ts;o;h;l;c;v;note", "2024-01-02;1;2;0.5;1.5;10;what, ever"),
        ("note\tts\to\th\tl\tc\tv", "\t2024-01-02 09:30:00+00:00\t1\t2\t0.5\t1.5\t1e3"),
    ] {
        let (parser, _) = parser(&[], header_line, "UTC");
        assert!(parser.rows.fast(row.as_bytes(), &mut { NOTHING }).is_some(), "{row}");
        let (counted, _) = self::parser(&[("csv.time_format", "unix")], "ts;o;h;l;c;v", "UTC");
        assert!(counted.rows.fast(b"1704187800;1;2;0.5;1.5;10", &mut { NOTHING }).is_some());
        let (quoted, _) = self::parser(&[], header_line, "UTC");
        assert!(quoted.rows.fast(format!("{row}\"").as_bytes(), &mut { NOTHING }).is_none(), "{row}");
    }
}
