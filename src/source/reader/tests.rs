mod batches;
mod fast_path;
mod later;
mod split;

use super::*;
use crate::bar::UNKNOWN;
use crate::bar::columns::{HIGH, OPEN, VOLUME};
use crate::config::OnInvalid;
use crate::error::ErrorClass;
use crate::source::encoding::tests::gzipped;

fn options(on_invalid: OnInvalid) -> ReadOptions {
    let config = crate::config::load(None, &[]).expect("defaults");
    ReadOptions { on_invalid, ..ReadOptions::of(&config) }
}

fn read(data: &[u8], max_rows: usize, resume_at: u64) -> Vec<Batch> {
    let options = options(OnInvalid::Warn);
    let mut reader = BarReader::open(data, "A_1d.csv", &options, resume_at).expect("opens");
    std::iter::from_fn(|| reader.next_batch(max_rows).expect("reads")).collect()
}

const GOOD: &str = "date,open,high,low,close,volume\n\
    2024-01-01,1,2,0.5,1.5,10\n2024-01-02,1,2,0.5,1.5,11\n2024-01-03,1,2,0.5,1.5,12\n";

#[test]
fn batches_have_the_size_asked_for() {
    let batches = read(GOOD.as_bytes(), 2, 0);
    assert_eq!(batches.iter().map(|b| b.rows).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(batches[1].bars[VOLUME], [12.0]);
    assert_eq!(batches[1].end.text, GOOD.len() as u64);
    assert_eq!(batches[1].lines, [4]);
}

#[test]
fn each_bad_row_is_rejected_with_its_place() {
    let text = "date,open,high,low,close,volume\r\n\
        2024-01-01,1,2,0.5\r\n2024-01-02,1,2,0.5,NaN,1\r\n\r\nyesterday,1,2,0.5,1,1\r\n\
        2024-01-03,1,2,0.5,1.5,\"1\"\r\n";
    let batches = read(text.as_bytes(), 10, 0);
    let got: Vec<_> = batches[0]
        .rejected
        .iter()
        .map(|r| (r.row.line, r.rule, r.reason.as_str(), String::from_utf8_lossy(&r.row.bytes).into_owned()))
        .collect();
    assert_eq!(got[0].0, 2);
    assert_eq!(got[0].2, "has 4 fields instead of 6");
    assert_eq!(got[1].2, "column 5: close `NaN` is not a finite number");
    assert_eq!((got[2].0, got[2].1), (5, "time"));
    assert_eq!(got[2].3, "yesterday,1,2,0.5,1,1");
    assert_eq!(batches[0].rows, 4);
    assert_eq!(batches[0].bars[VOLUME], [1.0]);
    let offset = usize::try_from(batches[0].rejected[1].row.offset).expect("small");
    assert!(text[offset..].starts_with("2024-01-02"));
}

#[test]
fn a_delimiter_at_the_end_of_every_row_is_nothing() {
    let header = "date,open,high,low,close,volume\n";
    let ended = "2024-01-01,1,2,0.5,1.5,10,\n\"2024-01-02\",1,2,0.5,1.5,11,\n2024-01-03,1,2,0.5,1.5,12\n";
    let batch = &read(format!("{header}{ended}").as_bytes(), 10, 0)[0];
    assert_eq!(batch.bars[VOLUME], [10.0, 11.0, 12.0]);
    // What follows must be nothing, and one field at most.
    let text = format!("{header}{ended}2024-01-04,1,2,0.5,1.5,13,1\n2024-01-05,1,2,0.5,1.5,13,,\n");
    let batch = &read(text.as_bytes(), 10, 0)[0];
    let reasons: Vec<_> = batch.rejected.iter().map(|r| r.reason.as_str()).collect();
    assert_eq!(reasons, ["has 7 fields instead of 6", "has 8 fields instead of 6"]);
}

#[test]
fn the_rest_of_a_row_says_that_the_row_before_is_cut() {
    let text = format!("{GOOD}2024-01-04,1,2,0.5,1.5,12\n345\nTotal\n");
    let batch = &read(text.as_bytes(), 10, 0)[0];
    let reasons: Vec<_> = batch.rejected.iter().map(|r| r.reason.as_str()).collect();
    assert!(reasons[0].ends_with("a line end cuts that row's last value"), "{}", reasons[0]);
    assert_eq!(reasons[1], "has 1 field instead of 6");
}

/// A value that was left out moves those behind it.
#[test]
fn a_row_whose_last_field_is_empty_and_that_is_no_sound_bar_is_rejected() {
    let text = format!("{GOOD}2024-01-04,1,2,0.5,12,\n2024-01-05,1,2,0.5,1.5,\n2024-01-08,1,0.5,2,1.5,12\n");
    let batch = &read(text.as_bytes(), 10, 0)[0];
    assert_eq!((batch.bars.len(), batch.issues.len()), (5, 1));
    assert_eq!((batch.rejected[0].row.line, batch.rejected[0].rule), (5, "ragged"));
    assert!(batch.rejected[0].reason.contains("a value may be missing"), "{}", batch.rejected[0].reason);
    // Where the last field is mostly empty, that says nothing.
    let empty = "date,open,high,low,close,volume\n2024-01-03,1,2,0.5,12,\n2024-01-04,1,2,0.5,1.5,\n";
    let batch = &read(empty.as_bytes(), 10, 0)[0];
    assert_eq!((batch.bars.len(), batch.issues.len()), (2, 1));
}

/// The database has one row for each line.
#[test]
fn no_row_is_reported_twice() {
    let odd = "2034-01-09,1,0.4,0.5,1.5,10\n";
    let day = |day: u32| format!("2024-01-{day:02},1,2,0.5,1.5,10\n");
    let days = |days: std::ops::Range<u32>| days.map(day).collect::<String>();
    let text = format!("date,open,high,low,close,volume\n{}{odd}{}", days(1..9), days(10..20));
    for max_rows in [1, 2, 3, 4, 7, 100] {
        let batches = read(text.as_bytes(), max_rows, 0);
        let issues = batches.iter().flat_map(|batch| &batch.issues);
        assert_eq!(issues.map(|issue| issue.line).collect::<Vec<_>>(), [10], "{max_rows}");
    }
}

#[test]
fn a_price_that_jumps_is_an_issue_of_its_row() {
    let text = format!("{GOOD}2024-01-04,100,200,50,150,12\n2024-01-05,101,201,51,151,12\n");
    for max_rows in [10, 1] {
        let batches = read(text.as_bytes(), max_rows, 0);
        let issues: Vec<_> = batches.iter().flat_map(|batch| &batch.issues).collect();
        assert_eq!(issues.len(), 1, "{max_rows}");
        assert_eq!((issues[0].line, issues[0].rules.as_slice()), (5, &["price_jump"][..]));
    }
}

/// `1,234.5` without quotes, and an empty volume.
#[test]
fn a_number_with_an_unquoted_delimiter_makes_no_bar_of_the_first_rows() {
    let header = "date,open,high,low,close,volume\n";
    let (split, ended) = ("2024-01-02,1,234.5,1240,1230,1235,\n", "2024-01-03,1,2,0.5,1.5,10,\n");
    let sound = "2024-01-04,1,2,0.5,1.5,11\n";
    for (rows, bars) in [
        (split.to_owned(), 0),
        (ended.to_owned(), 0),
        (format!("{split}{sound}"), 1),
        (format!("{ended}{sound}"), 1),
        (format!("{split}{split}"), 0),
        (format!("{split}{ended}{sound}"), 2),
    ] {
        let batches = read(format!("{header}{rows}").as_bytes(), 1, 0);
        let got: Vec<f64> = batches.iter().flat_map(|b| b.bars[OPEN].clone()).collect();
        assert_eq!(got, vec![1.0; bars], "{rows}");
        let mut highs = batches.iter().flat_map(|b| b.bars[HIGH].clone());
        assert!(highs.all(|high| high == 2.0), "{rows}");
        assert_eq!(batches.iter().map(|b| b.rows).sum::<u64>(), rows.lines().count() as u64, "{rows}");
        let ends: Vec<u64> = batches.iter().map(|b| b.end.text).collect();
        let lines = rows.split_inclusive('\n').scan(header.len(), |end, line| {
            *end += line.len();
            Some(*end as u64)
        });
        assert_eq!(ends, lines.collect::<Vec<_>>(), "{rows}");
    }
}

#[test]
fn a_delimiter_at_the_end_of_some_rows_may_be_an_unquoted_one_elsewhere() {
    let text = "date,open,high,low,close,volume\n2024-01-01,1,2,0.5,1.5,10\n2024-01-02,1,234,0.5,1.5,1,\n";
    let batch = &read(text.as_bytes(), 10, 0)[0];
    assert_eq!((batch.bars.len(), batch.rejected.len()), (1, 1));
}

#[test]
fn unsorted_rows_come_out_sorted_and_repeats_apart() {
    let text = "date,open,high,low,close,volume\n2024-01-03,1,2,0.5,1.5,3\n\
        2024-01-01,1,2,0.5,1.5,1\n2024-01-03,1,2,0.5,1.5,9\n2024-01-02,1,2,0.5,1.5,2\n";
    let batch = &read(text.as_bytes(), 10, 0)[0];
    assert_eq!(batch.bars[VOLUME], [1.0, 2.0, 3.0]);
    assert_eq!(batch.lines, [3, 5, 2]);
    assert_eq!(batch.repeats.len(), 1);
    assert_eq!(batch.repeats[0].values[VOLUME], 9.0);
    assert_eq!(batch.rows, 4);
}

#[test]
fn resuming_gives_only_the_rest_but_remembers_the_times() {
    let first = read(GOOD.as_bytes(), 2, 0)[0].end.text;
    let text = format!("{GOOD}2024-01-01,1,2,0.5,1.5,99\n");
    let batches = read(text.as_bytes(), 10, first);
    assert_eq!(batches[0].rows, 2);
    assert_eq!(batches[0].bars[VOLUME], [12.0]);
    assert_eq!(batches[0].repeats.len(), 1);
}

#[test]
fn invalid_bars_follow_the_policy() {
    let text = "date,open,high,low,close,volume\n2024-01-01,1,0.7,0.5,1.5,10\n";
    assert_eq!(read(text.as_bytes(), 10, 0)[0].issues.len(), 1);
    let mut reject =
        BarReader::open(text.as_bytes(), "A_1d.csv", &options(OnInvalid::Reject), 0).expect("opens");
    let batch = reject.next_batch(10).expect("reads").expect("rows");
    assert_eq!((batch.bars.len(), batch.rejected[0].rule), (0, "quality"));
    let mut fail = BarReader::open(text.as_bytes(), "A_1d.csv", &options(OnInvalid::Fail), 0).expect("opens");
    let e = fail.next_batch(10).expect_err("fails").to_string();
    assert!(e.contains("line 2") && e.contains("high_below_open"), "{e}");
}

#[test]
fn what_is_no_csv_is_named() {
    for (data, part) in [
        (&b""[..], "is empty"),
        (b"\n\n", "is empty"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip archive: its members"),
        (b"PAR1....", "Parquet"),
        (b"\xff\xfet", "UTF-16"),
        (b"\x7fELF\x00\x01,open", "binary"),
    ] {
        let e = BarReader::open(data, "A_1d.csv", &options(OnInvalid::Warn), 0).err().expect("fails");
        assert!(e.to_string().contains(part), "{e}");
        assert_eq!(e.class, ErrorClass::Permanent);
    }
}

#[test]
fn a_compressed_source_has_places_in_its_text_and_in_what_is_stored() {
    // More rows than are read ahead to decide the layout.
    let day = |i: i64| jiff::civil::date(2000, 1, 1).saturating_add(jiff::Span::new().days(i));
    let rows: String = (0..600).map(|i| format!("{},1,2,0.5,1.5,1\n", day(i))).collect();
    let text = format!("date,open,high,low,close,volume\n{rows}");
    let stored: &[u8] = gzipped(text.as_bytes()).leak();
    let options = options(OnInvalid::Warn);
    let open = |resume_at| BarReader::open(stored, "A_1d.csv", &options, resume_at).expect("opens");
    let mut reader = open(0);
    let batch = reader.next_batch(300).expect("reads").expect("a batch");
    assert_eq!(batch.end.text, text.find(&day(300).to_string()).expect("there") as u64);
    // It was decoded ahead of what was parsed.
    assert!((1..=stored.len() as u64).contains(&batch.end.stored) && batch.end.text > 2 * batch.end.stored);
    let resumed = open(batch.end.text).next_batch(300).expect("reads").expect("a batch");
    assert_eq!(reader.next_batch(300).expect("reads").expect("a batch").bars, resumed.bars);
    assert_eq!(resumed.end, Position { text: text.len() as u64, stored: stored.len() as u64 });
    assert_eq!(reader.next_batch(2).expect("reads").map(|b| b.rows), None);
    assert_eq!(
        (reader.content_hash(), reader.bytes_read()),
        (*blake3::hash(stored).as_bytes(), stored.len() as u64)
    );
}

/// Another attempt would find the same.
#[test]
fn a_damaged_source_fails_for_good() {
    let mut cut = gzipped(GOOD.as_bytes());
    cut.pop();
    let options = options(OnInvalid::Warn);
    let mut reader = BarReader::open(cut.as_slice(), "A_1d.csv", &options, 0).expect("opens");
    let error =
        std::iter::from_fn(|| reader.next_batch(1).transpose()).find_map(Result::err).expect("is damaged");
    assert_eq!(
        (error.class, error.to_string().as_str()),
        (
            ErrorClass::Permanent,
            "A_1d.csv, line 5: the file is damaged: it is cut off: its gzip data end too early, at or before byte 86 of what is stored; replace it by a sound copy"
        )
    );
}

/// A lost connection, say.
#[test]
fn a_compressed_source_that_cannot_be_read_is_tried_again() {
    let stored = gzipped(GOOD.as_bytes());
    let failing = stored[..50].chain(Failing);
    let options = options(OnInvalid::Warn);
    let error = BarReader::open(failing, "A_1d.csv", &options, 0).err().expect("fails");
    assert_eq!(error.class, ErrorClass::Transient);
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        // As TLS calls an alert.
        Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "gone"))
    }
}

#[test]
fn an_optional_value_is_unknown_where_the_file_has_none() {
    let without = "date,open,high,low,close\n2024-01-01,1,2,0.5,1.5\n\"2024-01-02\",1,2,0.5,1.5\n";
    let some = "date,volume,open,high,low,close\n2024-01-01,,1,2,0.5,1.5\n2024-01-02,10,1,2,0.5,1.5\n\
        2024-01-03,\"\",1,2,0.5,1.5\n2024-01-04,x,1,2,0.5,1.5\n2024-01-05,,1,2,0.5,\n";
    for (text, want) in [(without, &[UNKNOWN; 2][..]), (some, &[UNKNOWN, 10.0, UNKNOWN])] {
        let batch = read(text.as_bytes(), 10, 0).remove(0);
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&batch.bars[VOLUME]), bits(want));
        assert_eq!(batch.bars[OPEN], vec![1.0; want.len()]);
        let reasons: Vec<_> = batch.rejected.iter().map(|r| r.reason.as_str()).collect();
        let bad = ["column 2: volume `x` is not a number", "column 6: close is empty"];
        assert_eq!(reasons, if want.len() == 2 { &[][..] } else { &bad });
        assert!(batch.issues.is_empty());
    }
}
