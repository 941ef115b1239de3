//! A thousand good files, each with one fault that real files have: what is stored is right, or the file, the row or the
//! fault is refused or reported.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};

use super::read;

const FILES: u64 = 1000;

/// Timeframes, and their seconds.
const TIMEFRAMES: [(&str, i64); 4] = [("1m", 60), ("15m", 900), ("1h", 3600), ("1d", 86_400)];

/// Forms of times; those of days leave the clock out.
const FORMS: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S+00:00",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%s",
];

/// A file of bars.
struct File {
    timeframe: &'static str,
    form: &'static str,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    delimiter: char,
}

impl File {
    fn text(&self) -> String {
        let mut text = String::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writeln!(text, "{}", row.join(&self.delimiter.to_string())).expect("written");
        }
        text
    }

    fn time(&self, rng: &mut SmallRng) -> usize {
        rng.random_range(5..self.rows.len() - 5)
    }
}

/// A good file, and its bars as they are stored.
fn good(rng: &mut SmallRng) -> (File, Vec<String>) {
    let (timeframe, seconds) = *TIMEFRAMES.choose(rng).expect("some");
    let form = *FORMS.choose(rng).expect("some");
    let count = rng.random_range(40..120);
    let start = Timestamp::from_second(1_500_000_000 / 86_400 * 86_400).expect("a time");
    let start = start + SignedDuration::from_hours(24 * rng.random_range(0..2000));
    let mut price: f64 = *[0.5, 42.0, 1800.0].choose(rng).expect("some");
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for at in 0..count {
        let time = start + SignedDuration::from_secs(at * seconds);
        let open = price;
        price *= 1.0 + rng.random_range(-0.01..0.01);
        let [high, low] = [open.max(price) * 1.002, open.min(price) * 0.998];
        let prices = [open, high, low, price].map(|price| format!("{price:.4}"));
        let volume = rng.random_range(10_000..900_000).to_string();
        let shown = prices.each_ref().map(|price| price.parse::<f64>().expect("a number").to_string());
        bars.push(format!("{time} {} {volume}", shown.join(" ")));
        let time = time.strftime(form).to_string();
        rows.push(std::iter::once(time).chain(prices).chain([volume]).collect());
    }
    let header = ["date", "open", "high", "low", "close", "volume"].map(str::to_owned).to_vec();
    (File { timeframe, form, header, rows, delimiter: ';' }, bars)
}

/// A fault, and how it is made.
type Fault = (&'static str, fn(&mut File, &mut SmallRng));

const FAULTS: [Fault; 22] = [
    ("none", |_, _| {}),
    ("columns in another order", |file, rng| {
        let mut order: Vec<usize> = (0..6).collect();
        order.shuffle(rng);
        for row in std::iter::once(&mut file.header).chain(&mut file.rows) {
            *row = order.iter().map(|at| row[*at].clone()).collect();
        }
    }),
    ("columns that change places further down", |file, rng| {
        let at = file.time(rng);
        let mut header = file.header.clone();
        header.swap(1, 4);
        file.rows[at..].iter_mut().for_each(|row| row.swap(1, 4));
        file.rows.insert(at, header);
    }),
    ("high and low exchanged", |file, _| file.header.swap(2, 3)),
    ("high and volume exchanged", |file, _| file.header.swap(2, 5)),
    ("a row number in front", |file, _| {
        file.header.insert(0, String::new());
        (0..).zip(&mut file.rows).for_each(|(number, row)| row.insert(0, number.to_string()));
    }),
    ("another name of the time", |file, _| file.header[0] = "Stand".into()),
    ("another unit of counts further down", |file, rng| {
        let at = file.time(rng);
        if file.form == "%s" {
            file.rows[at..].iter_mut().for_each(|row| row[0].push_str("000"));
        }
    }),
    ("day and month in the other order", |file, rng| {
        let from = *[0, 5, file.rows.len() / 2].choose(rng).expect("some");
        let to = if from == 0 { 3 } else { file.rows.len() };
        for row in file.rows[from..to].iter_mut().filter(|row| row[0].as_bytes()[2] == b'/') {
            let (day, month) = (row[0][..2].to_owned(), row[0][3..5].to_owned());
            if day.as_str() < "13" && month.as_str() < "13" {
                row[0].replace_range(..5, &format!("{month}/{day}"));
            }
        }
    }),
    ("zones in the first rows alone", |file, _| {
        file.rows[..3].iter_mut().filter(|row| row[0].ends_with(":00")).for_each(|row| row[0] += " EST");
    }),
    ("another offset in one row", |file, rng| {
        let at = file.time(rng);
        file.rows[at][0] = file.rows[at][0].replace("+00:00", "+09:00");
    }),
    ("another year in one row", |file, rng| {
        let at = *[0, 7, file.rows.len() - 1].choose(rng).expect("some");
        let year = ["1970", "1900", "2099"].choose(rng).expect("some");
        for known in 2017..2026 {
            file.rows[at][0] = file.rows[at][0].replace(&known.to_string(), year);
        }
    }),
    ("a clock that is lost in one row", |file, rng| {
        let at = file.time(rng);
        let time = &mut file.rows[at][0];
        time.truncate(time.find([' ', 'T']).unwrap_or(time.len()));
    }),
    ("a clock of twelve hours", |file, _| {
        let has_it = file.form.ends_with("%M") || file.form.ends_with("M:%S");
        for row in file.rows.iter_mut().filter(|_| file.timeframe != "1d" && has_it) {
            if let Some(hour) = row[0].get(11..13).and_then(|hour| hour.parse::<u32>().ok()) {
                row[0].replace_range(11..13, &format!("{:02}", (hour + 11) % 12 + 1));
            }
        }
    }),
    ("decimal commas", |file, _| {
        file.rows
            .iter_mut()
            .flat_map(|row| &mut row[1..5])
            .for_each(|price| *price = price.replace('.', ","));
    }),
    ("decimal commas further down", |file, rng| {
        let at = file.time(rng);
        let rows = &mut file.rows[at..];
        rows.iter_mut().flat_map(|row| &mut row[1..5]).for_each(|price| *price = price.replace('.', ","));
    }),
    ("decimal points lost further down", |file, rng| {
        let at = file.time(rng);
        let rows = &mut file.rows[at..];
        rows.iter_mut().flat_map(|row| &mut row[1..5]).for_each(|price| *price = price.replace('.', ""));
    }),
    ("a value left out", |file, rng| {
        let at = file.time(rng);
        file.rows[at].remove(2);
        file.rows[at].push(String::new());
    }),
    ("a row cut off", |file, rng| {
        let at = file.time(rng);
        file.rows[at].truncate(rng.random_range(1..5));
    }),
    ("rows that come again", |file, rng| {
        let at = file.time(rng);
        let row = file.rows[at].clone();
        file.rows.insert(at, row);
    }),
    ("two instruments", |file, rng| {
        file.header.push("ticker".into());
        let from = file.time(rng);
        (0..).zip(&mut file.rows).for_each(|(at, row)| row.push(if at < from { "A" } else { "B" }.into()));
    }),
    ("rows of a longer timeframe further down", |file, _| {
        let at = file.rows.len() / 2;
        let mut number = 0;
        file.rows.retain(|_| {
            number += 1;
            number <= at || number % 6 == 0
        });
    }),
];

#[test]
fn no_fault_makes_a_wrong_bar_in_silence() {
    let mut silent = Vec::new();
    for seed in 0..FILES {
        let mut rng = SmallRng::seed_from_u64(seed);
        let (mut file, bars) = good(&mut rng);
        let (fault, make) = FAULTS[usize::try_from(seed).expect("small") % FAULTS.len()];
        make(&mut file, &mut rng);
        let got = match read(&file.text(), file.timeframe, &[]) {
            Ok(got) => got,
            Err(e) => {
                let is_open = e.contains("several ways") || e.contains("the order of day and month is open");
                assert!(fault != "none" || is_open, "{seed}, a good file: {e}");
                continue;
            }
        };
        let wrong: Vec<&String> = got.bars.iter().filter(|bar| !bars.contains(bar)).collect();
        let notes = got.notes.join("; ");
        let is_told =
            got.issues > 0 || got.odd_step || notes.contains("apart") || notes.contains("another offset");
        if !wrong.is_empty() && !is_told {
            silent.push(format!("{seed}, {fault}, {} {}: {}", file.timeframe, file.form, wrong[0]));
        }
        assert!(fault != "none" || got.bars == bars, "{seed}");
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
