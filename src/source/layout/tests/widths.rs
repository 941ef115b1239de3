//! Rows that do not have as many fields as the header has names.

use super::refused::refused;
use super::{file, read};

#[test]
fn a_header_that_lacks_a_name() {
    // R numbers rows and does not name that column.
    let numbered = file("Session Open High Low Close Volume", 5, |i| {
        format!("\"{}\" 2006-01-0{} 10 12 9 11 100", i + 1, i + 2)
    });
    let got = read(&numbered, "1d", &[]).expect("reads");
    assert_eq!(got.bars[4], "2006-01-06T00:00:00Z 10 12 9 11 100");
    let clock =
        file("Date,Open,High,Low,Close,Volume", 5, |i| format!("2006-01-02,09:0{i}:00,10,12,9,11,100"));
    let got = read(&clock, "1m", &[]).expect("reads");
    assert_eq!(got.bars[4], "2006-01-02T09:04:00Z 10 12 9 11 100");
    assert!(got.notes.join("; ").contains("column 2 has no name, and is the time of day"), "{:?}", got.notes);
}

#[test]
fn rows_that_leave_out_their_last_fields() {
    let row = |i: usize| format!("2006-01-0{},10,12,9,11,100", i + 2);
    let got =
        read(&file("date,open,high,low,close,volume,split,dividend", 5, row), "1d", &[]).expect("reads");
    assert_eq!(got.bars.len(), 5);
    assert!(
        got.notes.join("; ").contains("the rows lack the last columns of the header: `split`, `dividend`"),
        "{:?}",
        got.notes
    );
    let adjusted = file("date\topen\thigh\tlow\tclose\tvolume\tadj close", 5, |i| row(i).replace(',', "\t"));
    assert_eq!(read(&adjusted, "1d", &[]).expect("reads").bars[0], "2006-01-02T00:00:00Z 10 12 9 11 100");
    // Any other may be the one that is missing.
    let price = file("date,open,high,low,close,volume,adj close", 5, |i| {
        format!("2006-01-0{},10,12,9,11,10.5", i + 2)
    });
    refused(&price, "1d", &[], "the header names 7 columns, and every row has 6 fields");
    let middle = file("date,open,high,low,close,adj close,volume,split", 5, |i| format!("{},0", row(i)));
    refused(&middle, "1d", &[], "the header names 8 columns, and every row has 7 fields");
    let needed = file("date,open,high,low,close,turnover,volume", 5, row);
    refused(&needed, "1d", &[], "the header names 7 columns, and every row has 6 fields");
}

/// A short row must not show that a volume has values.
#[test]
fn rows_of_another_width_show_nothing() {
    let header = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>";
    let text = file(header, 8, |i| {
        let high = if i == 3 { "" } else { "12\t" };
        format!("2011.04.{:02}\t10\t{high}9\t11\t7{i}\t0\t15", i + 11)
    });
    let got = read(&text, "1d", &[]).expect("reads");
    assert_eq!((got.bars.len(), got.rejected.len()), (7, 1));
    assert_eq!(got.bars[0], "2011-04-11T00:00:00Z 10 12 9 11 70");
    // Nor must one whose values have moved.
    let text = file(header, 28, |i| {
        let values = if i == 3 { "9\t11\t703\t0\t15\t" } else { "12\t9\t11\t70\t0\t15" };
        format!("2011.04.{:02}\t10\t{values}", i + 1)
    });
    let got = read(&text, "1d", &[]).expect("reads");
    assert_eq!(got.bars[0], "2011-04-01T00:00:00Z 10 12 9 11 70");
    assert!(got.notes.join("; ").contains("as `<VOL>` is 0 in nearly all rows"), "{:?}", got.notes);
    let text = file("time,open,high,low,close,volume", 8, |i| {
        if i == 7 { "Time zone: EST".to_owned() } else { format!("2024-01-02 09:0{i},1,2,0.5,1.5,1") }
    });
    refused(&text, "1m", &[], "line 9: `Time zone: EST` names a time zone");
    for footer in ["Quotes by ACME (EST. 1999)", "Source: https://example.com/us/eastern", "Time: 09:30 EST"]
    {
        let text = text.replace("Time zone: EST", footer);
        assert_eq!(read(&text, "1m", &[]).expect(footer).rejected.len(), 1);
    }
}

#[test]
fn an_indicator_is_no_volume() {
    let text =
        file("time,open,high,low,close,sma7,RSI_14", 5, |i| format!("2006-01-0{},10,12,9,11,10.5,57", i + 2));
    let got = read(&text, "1d", &[]).expect("reads");
    assert!(got.notes.join("; ").contains("volume is unknown"), "{:?}", got.notes);
}
