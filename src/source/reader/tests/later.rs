use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use super::*;
use crate::source::later_rows::LaterRows;

/// Opens a file of this text as a local one.
fn open(text: &str) -> Result<BarReader<'_>, FileError> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let later = LaterRows::read(&Arc::new(file), text.len() as u64).expect("read").expect("a long file");
    let source = SourceName { path: "A_1s.csv", timeframe: Some("1s") };
    let text = SourceText::new(text.as_bytes()).expect("reads");
    let options = options(OnInvalid::Warn);
    BarReader::open_with(text, Reading { source, options: &options, resume_at: 0, later: Some(&later) })
}

/// A bar each second of these days, with the day written in this form.
fn seconds(header: &str, days: std::ops::Range<u32>, row: impl Fn(u32, &str) -> String) -> String {
    let mut text = format!("{header}\n");
    for day in days {
        for second in 0..10_000 {
            let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
            writeln!(text, "{},1,2,0.5,1.5,10", row(day, &clock)).expect("written");
        }
    }
    text
}

const HEADER: &str = "time,open,high,low,close,volume";

#[test]
fn the_end_of_a_file_decides_what_its_first_rows_leave_open() {
    for (text, first) in [
        (seconds(HEADER, 9..15, |day, clock| format!("{day:02}/02/2024 {clock}")), "2024-02-09T00:00:00Z"),
        (seconds(HEADER, 9..15, |day, clock| format!("02/{day:02}/2024 {clock}")), "2024-02-09T00:00:00Z"),
        // No day is above 12, but the other way they would be months apart.
        (seconds(HEADER, 4..10, |day, clock| format!("{day:02}/02/2024 {clock}")), "2024-02-04T00:00:00Z"),
    ] {
        let mut reader = open(&text).expect("opens");
        let batch = reader.next_batch(10).expect("reads").expect("rows");
        assert_eq!(crate::bar::format_time(batch.bars.time[0]), first);
        assert_eq!(batch.lines[0], 2, "rows are given in the order of the file");
    }
    let one_day = seconds(HEADER, 4..5, |day, clock| format!("{day:02}/02/2024 {clock}"));
    let refused = open(&one_day).err().expect("all rows are of one day");
    assert!(refused.reason.contains("--time-format"), "{}", refused.reason);
}

#[test]
fn what_only_later_rows_show_is_refused_before_any_batch() {
    let other_order = seconds(HEADER, 13..19, |day, clock| match day {
        ..16 => format!("{day:02}/02/2024 {clock}"),
        _ => format!("02/{day:02}/2024 {clock}"),
    });
    let refused = open(&other_order).err().expect("the order changes");
    let line = refused.line.expect("a line");
    assert!(refused.reason.contains("the other order"), "{}", refused.reason);
    let at = usize::try_from(line).expect("small") - 1;
    assert!(other_order.lines().nth(at).expect("a line").starts_with("02/16/2024"), "line {line}");

    let header = "symbol,time,open,high,low,close,volume";
    let two = seconds(header, 13..19, |day, clock| {
        format!("{},2024-02-{day} {clock}", if day < 18 { "AAPL" } else { "MSFT" })
    });
    let refused = open(&two).err().expect("two tickers");
    assert!(refused.reason.contains("MSFT"), "{}", refused.reason);
    assert_eq!(open(&two.replace("MSFT", "AAPL")).err().map(|e| e.reason), None);
}

#[test]
fn a_later_row_that_is_only_bad_is_rejected_in_its_turn() {
    let text = seconds(HEADER, 13..19, |day, clock| match clock {
        "00:00:07" => "yesterday".to_owned(),
        _ => format!("2024-02-{day} {clock}"),
    });
    let mut reader = open(&text).expect("opens");
    let rejected: usize = std::iter::from_fn(|| reader.next_batch(10_000).expect("reads"))
        .map(|batch| batch.rejected.len())
        .sum();
    assert_eq!(rejected, 6);
}

#[test]
fn the_step_of_later_rows_is_held_to_the_timeframe() {
    let text = seconds(HEADER, 13..19, |day, clock| format!("2024-02-{day} {clock}"));
    let minutes: String = (0..20_000)
        .map(|i| format!("2024-03-{:02} {:02}:{:02}:00,1,2,0.5,1.5,10\n", 1 + i / 1440, i / 60 % 24, i % 60))
        .collect();
    let odd = |text: &str| open(text).expect("opens").layout().expect("a layout").refused_step();
    assert_eq!(odd(&text), None);
    let reason = odd(&format!("{text}{minutes}")).expect("minutes");
    let line = reason
        .strip_prefix("around line ")
        .and_then(|rest| rest.split_once(", the rows are 1m apart, and not 1s"));
    let (line, _) = line.unwrap_or_else(|| panic!("{reason}"));
    assert!((60_002..80_000).contains(&line.parse::<usize>().expect("a line")), "{reason}");
    let start: jiff::Timestamp = "2024-03-01T00:00:00Z".parse().expect("a time");
    let thin: String = (0..3000_i64)
        .map(|i| start + jiff::SignedDuration::from_secs(i * (i + 1) / 2 * 7))
        .map(|time| format!("{},1,2,0.5,1.5,10\n", time.strftime("%Y-%m-%d %H:%M:%S")))
        .collect();
    assert_eq!(odd(&format!("{text}{thin}")), None, "thin trade");
}
