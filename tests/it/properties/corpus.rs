//! A small file of every dialect (tests/corpus), whole and damaged.

use std::borrow::Cow;

use barlift::config::Override;
use barlift::source::reader::{BarReader, ReadOptions};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A file of tests/corpus.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Bars, repeats and rejected rows; none for a file that is refused.
    rows: Option<[usize; 3]>,
}

const fn sample(name: &'static str, rows: [usize; 3]) -> Sample {
    Sample { name, settings: &[], rows: Some(rows) }
}

const SAMPLES: &[Sample] = &[
    sample("plain", [3, 0, 0]),
    sample("offsets", [3, 0, 0]),
    sample("short_names", [3, 0, 0]),
    sample("semicolons", [3, 0, 0]),
    sample("tabs_crlf", [3, 0, 0]),
    sample("slashes", [3, 0, 0]),
    sample("epoch_s", [3, 0, 0]),
    sample("epoch_ms", [3, 0, 0]),
    sample("epoch_us", [3, 0, 0]),
    sample("epoch_ns", [3, 0, 0]),
    sample("epoch_fraction", [3, 0, 0]),
    sample("pandas", [3, 0, 0]),
    sample("compact_days", [3, 0, 0]),
    sample("quoted", [3, 0, 0]),
    sample("bom", [3, 0, 0]),
    sample("blank_lines", [3, 0, 0]),
    sample("unsorted", [3, 2, 0]),
    sample("bad_rows", [1, 0, 6]),
    sample("odd_bars", [4, 0, 0]),
    sample("header_only", [0, 0, 0]),
    Sample { name: "no_header", settings: &[("csv.header", "false")], rows: Some([3, 0, 0]) },
    Sample {
        name: "no_header_columns",
        settings: &[
            ("csv.header", "false"),
            ("csv.columns.date", "7"),
            ("csv.columns.time", "8"),
            ("csv.columns.open", "6"),
            ("csv.columns.high", "5"),
            ("csv.columns.close", "3"),
            ("csv.columns.volume", "2"),
            ("csv.columns.low", "4"),
        ],
        rows: Some([3, 0, 0]),
    },
    Sample { name: "decimal_comma", settings: &[("csv.decimal_comma", "true")], rows: Some([3, 0, 0]) },
    Sample {
        name: "day_first",
        settings: &[
            ("csv.decimal_comma", "true"),
            ("csv.time_format", "%d.%m.%Y %H:%M"),
            ("csv.columns.date", "d"),
            ("csv.columns.time", "2"),
            ("csv.columns.close", "settle"),
        ],
        rows: Some([3, 0, 0]),
    },
    Sample { name: "new_york", settings: &[("import.timezone", "America/New_York")], rows: Some([2, 0, 2]) },
    Sample { name: "no_quotes", settings: &[("csv.quote", "")], rows: Some([2, 0, 0]) },
    sample("utf16", [1, 0, 0]),
    Sample { name: "old_mac", settings: &[], rows: None },
];

impl Sample {
    pub fn bytes(&self) -> Vec<u8> {
        let path = format!("{}/tests/corpus/{}.csv", env!("CARGO_MANIFEST_DIR"), self.name);
        std::fs::read(&path).expect(&path)
    }

    pub fn options(&self, more: &[Override]) -> ReadOptions {
        let mut settings: Vec<Override> = self.settings.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        settings.extend(more.iter().cloned());
        let config = barlift::config::load(None, &settings).expect("valid settings");
        ReadOptions::of(&config)
    }
}

/// A file and how to read it.
#[derive(Debug, Clone)]
pub struct Input {
    pub bytes: Vec<u8>,
    pub options: ReadOptions,
}

impl Input {
    /// The text of the file, told apart without the crate.
    pub fn text(&self) -> Cow<'_, [u8]> {
        let decoded = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
            Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
        };
        match self.bytes.as_slice() {
            bytes @ [0xff, 0xfe, ..] => decoded(bytes, u16::from_le_bytes),
            bytes @ [0xfe, 0xff, ..] => decoded(bytes, u16::from_be_bytes),
            bytes => bytes.into(),
        }
    }
}

/// Something done to a file's bytes.
#[derive(Debug, Clone)]
enum Damage {
    /// Flips bits of one byte.
    Flip(Index, u8),
    /// Puts bytes in.
    Insert(Index, Vec<u8>),
    /// Takes bytes out.
    Remove(Index, usize),
    /// Cuts the end off.
    Cut(Index),
    /// Writes a piece several times.
    Repeat(Index, usize, usize),
    /// Puts a part of another file in.
    Splice(Index, &'static Sample, Index),
}

const NASTY: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\"",
    b"\"\"",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff",
    b"\xe2\x28\xa1",
    b",",
    b";",
    b"-",
    b"nan",
    b"1e999",
    b"+",
    b" ",
    b"\n2024-01-02,1,2,0.5,1.5,10\n",
    b"\"2024-01-02\",\"1\",2,0.5,1.5,\"10",
    b"60",
    b"[UTC]",
    b"timestamp,open,high,low,close,volume",
    b"\xf0\x9f\x93\x88\xe2\x80\xae",
];

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        3 => (place(), any::<u8>()).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        4 => (place(), select(NASTY)).prop_map(|(at, what)| Damage::Insert(at, what.to_vec())),
        1 => (place(), 1..3000usize, any::<u8>()).prop_map(|(at, n, b)| Damage::Insert(at, vec![b; n])),
        2 => (place(), 1..40usize).prop_map(|(at, n)| Damage::Remove(at, n)),
        1 => place().prop_map(Damage::Cut),
        2 => (place(), 1..60usize, 1..20usize).prop_map(|(at, n, times)| Damage::Repeat(at, n, times)),
        1 => (place(), select(SAMPLES.iter().collect::<Vec<_>>()), place())
            .prop_map(|(at, other, from)| Damage::Splice(at, other, from)),
    ]
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>) {
    let in_between = |at: &Index| at.index(bytes.len() + 1);
    match damage {
        Damage::Flip(at, bits) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        Damage::Flip(..) => {}
        Damage::Insert(at, what) => {
            let at = in_between(at);
            bytes.splice(at..at, what.iter().copied());
        }
        Damage::Remove(at, n) => {
            let at = in_between(at);
            bytes.drain(at..(at + n).min(bytes.len()));
        }
        Damage::Cut(at) => bytes.truncate(in_between(at)),
        Damage::Repeat(at, n, times) => {
            let at = in_between(at);
            let piece = bytes[at..(at + n).min(bytes.len())].repeat(*times);
            bytes.splice(at..at, piece);
        }
        Damage::Splice(at, other, from) => {
            let (at, other) = (in_between(at), other.bytes());
            bytes.splice(at..at, other[from.index(other.len())..].iter().copied());
        }
    }
}

/// Settings that change how any file is read.
fn settings() -> impl Strategy<Value = Vec<Override>> {
    let one = |key: &'static str, values: &'static [&'static str]| {
        let value = select(values).prop_map(move |v| (key, v.to_owned()));
        proptest::option::weighted(0.15, value)
    };
    let several = (
        one("csv.delimiter", &["auto", ",", ";", "tab", "|", " ", "\"", "_"]),
        one("csv.quote", &["", "\"", "'", ",", "1", " "]),
        one("csv.max_line", &["64B", "65B", "100B", "1KB"]),
        one("csv.time_format", &["%Y-%m-%d", "%d.%m.%Y %H:%M", "%s", "%Q", "%"]),
        one("import.timezone", &["UTC", "America/New_York", "Australia/Lord_Howe"]),
        proptest::option::weighted(0.5, select(vec!["warn", "reject", "fail"])),
    );
    several.prop_map(|(delimiter, quote, max_line, format, zone, invalid)| {
        let invalid = invalid.map(|v| ("import.on_invalid", v.to_owned()));
        [delimiter, quote, max_line, format, zone, invalid].into_iter().flatten().collect()
    })
}

/// A file of the corpus with some damage, read as it should be or as another one.
pub fn inputs() -> impl Strategy<Value = Input> {
    let samples = || select(SAMPLES.iter().collect::<Vec<_>>());
    let damaged = (samples(), proptest::collection::vec(damage(), 0..5)).prop_map(|(sample, all)| {
        let mut bytes = sample.bytes();
        all.iter().for_each(|d| apply(d, &mut bytes));
        (sample, bytes)
    });
    let random = (samples(), proptest::collection::vec(any::<u8>(), 0..300));
    let read_as = proptest::option::weighted(0.2, samples());
    (prop_oneof![9 => damaged, 1 => random], read_as, settings()).prop_map(
        |((sample, bytes), other, settings)| Input {
            bytes,
            options: other.unwrap_or(sample).options(&settings),
        },
    )
}

#[test]
fn the_corpus_means_what_it_says() {
    let there = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus")).expect("listed");
    assert_eq!(there.count(), SAMPLES.len(), "a file that nobody reads, or a sample without a file");
    for sample in SAMPLES {
        let bytes = sample.bytes();
        assert!(bytes.len() < 2048, "{} is too large", sample.name);
        let reader = BarReader::open(bytes.as_slice(), sample.name, &sample.options(&[]), 0);
        let rows = reader.ok().map(|mut reader| {
            let batch = reader.next_batch(1000).expect(sample.name).unwrap_or_default();
            [batch.bars.len(), batch.repeats.len(), batch.rejected.len()]
        });
        assert_eq!(rows, sample.rows, "{}", sample.name);
    }
}
