//! The settings for other files that are written like one.

use crate::config::{CsvConfig, load};
use crate::source::reader::{BarReader, ReadOptions};

fn settled(text: &str) -> CsvConfig {
    let config = load(None, &[]).expect("defaults");
    let options = ReadOptions { timezone: None, ..ReadOptions::of(&config) };
    let reader = BarReader::open(text.as_bytes(), "A.csv", &options, 0).expect(text);
    reader.layout().expect("a layout").settled_for_others(&options.csv)
}

/// The columns of time, open, close and volume.
fn columns(csv: &CsvConfig) -> [&str; 4] {
    let columns = &csv.columns;
    let all = [&columns.time, &columns.values[0], &columns.values[3], &columns.values[4]];
    all.map(|column| column.as_deref().unwrap_or("-"))
}

#[test]
fn columns_are_named_where_the_header_names_each() {
    for (text, want) in [
        ("Day, Open,High,Low,Last,Vol\n2024-01-02,1,2,0.5,1.5,1\n", ["Day", "Open", "Last", "Vol"]),
        // Not the symbol with them.
        (
            "\"\",\"A.Open\",\"A.High\",\"A.Low\",\"A.Close\",\"A.Volume\"\n2024-01-02,1,2,0.5,1.5,1\n",
            ["1", "open", "close", "volume"],
        ),
        ("2024-01-02,1,2,0.5,1.5\n2024-01-03,1,2,0.5,1.6\n", ["1", "2", "5", "none"]),
        ("date,open,high,low,close,x,x\n2024-01-02,1,2,0.5,1.5,a,b\n", ["date", "open", "close", "none"]),
    ] {
        let csv = settled(text);
        assert_eq!(columns(&csv), want, "{text}");
        // It reads the same file.
        let options = ReadOptions { csv, ..ReadOptions::of(&load(None, &[]).expect("defaults")) };
        let mut reader = BarReader::open(text.as_bytes(), "A.csv", &options, 0).expect(text);
        assert!(!reader.next_batch(10).expect("read").expect("rows").bars.is_empty());
    }
}

#[test]
fn the_unit_of_counts_is_left_to_each_file() {
    let csv = settled(
        "time,open,high,low,close,volume\n1704153600000,1,2,0.5,1.5,1\n1704157200000,1,2,0.5,1.5,1\n",
    );
    assert_eq!(csv.time_format, None);
    let csv = settled("date,open,high,low,close,volume\n13/01/2024,1,2,0.5,1.5,1\n");
    assert_eq!(csv.time_format.map(|form| form.to_string()).as_deref(), Some("%d/%m/%Y"));
}
