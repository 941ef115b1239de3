mod fast_path;

use super::*;
use crate::error::ErrorClass;

fn options(on_invalid: OnInvalid) -> ReadOptions {
    let config = crate::config::load(None, &[]).expect("defaults");
    ReadOptions { csv: config.csv, timezone: "UTC".into(), on_invalid }
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
    assert_eq!(batches[1].bars.volume, [12.0]);
    assert_eq!(batches[1].end_offset, GOOD.len() as u64);
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
    assert_eq!(batches[0].bars.volume, [1.0]);
    let offset = usize::try_from(batches[0].rejected[1].row.offset).expect("small");
    assert!(text[offset..].starts_with("2024-01-02"));
}

#[test]
fn a_delimiter_at_the_end_of_every_row_is_nothing() {
    let header = "date,open,high,low,close,volume\n";
    let ended = "2024-01-01,1,2,0.5,1.5,10,\n\"2024-01-02\",1,2,0.5,1.5,11,\n2024-01-03,1,2,0.5,1.5,12\n";
    let batch = &read(format!("{header}{ended}").as_bytes(), 10, 0)[0];
    assert_eq!(batch.bars.volume, [10.0, 11.0, 12.0]);
    // What follows must be nothing, and one field at most.
    let text = format!("{header}{ended}2024-01-04,1,2,0.5,1.5,13,1\n2024-01-05,1,2,0.5,1.5,13,,\n");
    let batch = &read(text.as_bytes(), 10, 0)[0];
    let reasons: Vec<_> = batch.rejected.iter().map(|r| r.reason.as_str()).collect();
    assert_eq!(reasons, ["has 7 fields instead of 6", "has 8 fields instead of 6"]);
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
        let got: Vec<f64> = batches.iter().flat_map(|b| b.bars.open.clone()).collect();
        assert_eq!(got, vec![1.0; bars], "{rows}");
        let mut highs = batches.iter().flat_map(|b| b.bars.high.clone());
        assert!(highs.all(|high| high == 2.0), "{rows}");
        assert_eq!(batches.iter().map(|b| b.rows).sum::<u64>(), rows.lines().count() as u64, "{rows}");
        let ends: Vec<u64> = batches.iter().map(|b| b.end_offset).collect();
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
    assert_eq!(batch.bars.volume, [1.0, 2.0, 3.0]);
    assert_eq!(batch.lines, [3, 5, 2]);
    assert_eq!(batch.repeats.len(), 1);
    assert_eq!(batch.repeats[0].values.volume, 9.0);
    assert_eq!(batch.rows, 4);
}

#[test]
fn resuming_gives_only_the_rest_but_remembers_the_times() {
    let first = read(GOOD.as_bytes(), 2, 0)[0].end_offset;
    let text = format!("{GOOD}2024-01-01,1,2,0.5,1.5,99\n");
    let batches = read(text.as_bytes(), 10, first);
    assert_eq!(batches[0].rows, 2);
    assert_eq!(batches[0].bars.volume, [12.0]);
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
        (b"PAR1....", "Parquet"),
        (b"\xff\xfet\x00", "UTF-16"),
        (b"\x7fELF\x00\x01,open", "binary"),
    ] {
        let e = BarReader::open(data, "A_1d.csv", &options(OnInvalid::Warn), 0).err().expect("fails");
        assert!(e.to_string().contains(part), "{e}");
        assert_eq!(e.class, ErrorClass::Permanent);
    }
}
