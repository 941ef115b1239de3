//! The parts of an import by themselves, one thread, no database: reader, digest, compare step, encoder, decoder.
//!
//! ```text
//! cargo bench --no-default-features --bench parts                  all of them
//! cargo bench --no-default-features --bench parts -- reader        those whose name has `reader`
//! ```
//!
//! The inputs are made from a fixed seed, so each run and each version measures the same bytes. Of the compare step,
//! the digest and the decoder the bytes are those of the columns: 48 a bar.

#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;

use barlift::bar::columns::{CLOSE, COUNT, HIGH, LOW, OPEN, VOLUME};
use barlift::bar::{Bars, Micros, Ohlcv};
use barlift::db::copy::{self, Decoder};
use barlift::digest::SeriesDigest;
use barlift::import::compare;
use barlift::model::SeriesId;
use barlift::source::reader::{BarReader, Batch, ReadOptions};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

#[path = "../examples/generator/mod.rs"]
mod generator;

const SEED: u64 = 20_240_102;
const ROWS: usize = 50_000;
/// Of an import at its default settings.
const BATCH_ROWS: usize = 20_000;
/// 2018-01-01T00:00:00Z
const START: Micros = 1_514_764_800_000_000;
const MINUTE: Micros = 60_000_000;
/// Time and values.
const COLUMN_BYTES: usize = 48;

criterion_group!(parts, reader, digest, compared, encoder, decoder);
criterion_main!(parts);

fn reader(c: &mut Criterion) {
    let mut group = c.benchmark_group("reader");
    let bars = minutes(ROWS);
    let local = |format: &'static str| move |time: jiff::Timestamp| time.strftime(format).to_string();
    let epoch = |time: jiff::Timestamp| time.as_second().to_string();
    for (name, zone, text) in [
        ("prices_with_z", "UTC", file(&bars, "\n", 2, local("%Y-%m-%dT%H:%M:%SZ"))),
        ("floats_with_offset", "UTC", file(&bars, "\n", 17, local("%Y-%m-%d %H:%M:%S+00:00"))),
        ("epoch_seconds", "UTC", file(&bars, "\n", 2, epoch)),
        ("naive_utc_crlf", "UTC", file(&bars, "\r\n", 5, local("%Y-%m-%d %H:%M:%S"))),
        // Times of another zone take the long way.
        ("naive_tokyo", "Asia/Tokyo", file(&bars, "\n", 2, local("%Y-%m-%d %H:%M:%S"))),
    ] {
        throughput(&mut group, text.len(), ROWS);
        let options = options(zone);
        group.bench_function(name, |b| {
            b.iter(|| assert_eq!(read(black_box(text.as_bytes()), &options), ROWS));
        });
    }
    large_file(&mut group);
    group.finish();
}

/// One of the files that barlift is measured with against others, as it lies on the disk.
fn large_file(group: &mut BenchmarkGroup<'_, WallTime>) {
    const ROWS: usize = 500_000;
    let text = generator::series(SEED, "2018-01-01T00:00:00Z", 60, ROWS as u64, 20.0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("A_1m.csv");
    std::fs::write(&path, &text).expect("written");
    let options = options("UTC");
    throughput(group, text.len(), ROWS);
    group.sample_size(20);
    group.bench_function("large_file", |b| {
        b.iter(|| assert_eq!(read(File::open(&path).expect("opens"), &options), ROWS));
    });
}

/// Bars of all that is there.
fn read(input: impl Read + Send, options: &ReadOptions) -> usize {
    let mut reader = BarReader::open(input, "A_1m.csv", options, 0).expect("opens");
    let mut rows = 0;
    while let Some(batch) = reader.next_batch(BATCH_ROWS).expect("reads") {
        rows += black_box(batch).bars.len();
    }
    black_box(reader.content_hash());
    rows
}

fn digest(c: &mut Criterion) {
    let mut group = c.benchmark_group("digest");
    let bars = minutes(BATCH_ROWS);
    throughput(&mut group, BATCH_ROWS * COLUMN_BYTES, BATCH_ROWS);
    group.bench_function("bars", |b| {
        b.iter(|| {
            let mut digest = SeriesDigest::default();
            digest.add_bars(black_box(&bars));
            digest
        });
    });
    group.finish();
}

fn compared(c: &mut Criterion) {
    let mut group = c.benchmark_group("compare");
    let batch =
        Batch { bars: minutes(BATCH_ROWS), lines: (2..).take(BATCH_ROWS).collect(), ..Batch::default() };
    let mut half = Bars::default();
    for i in (0..BATCH_ROWS).step_by(2) {
        half.push(batch.bars.time[i], batch.bars.values(i));
    }
    for (name, existing) in
        [("all_new", Bars::default()), ("all_there", batch.bars.clone()), ("every_other_there", half)]
    {
        throughput(&mut group, BATCH_ROWS * COLUMN_BYTES, BATCH_ROWS);
        group.bench_function(name, |b| b.iter(|| compare::bars(black_box(&batch), black_box(&existing))));
    }
    group.finish();
}

fn encoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("encoder");
    let bars = minutes(BATCH_ROWS);
    throughput(&mut group, copy::encode(SeriesId(7), &bars).len(), BATCH_ROWS);
    group.bench_function("copy_in", |b| b.iter(|| copy::encode(SeriesId(7), black_box(&bars))));
    group.finish();
}

fn decoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("decoder");
    let (header, rows) = sent(&minutes(BATCH_ROWS));
    throughput(&mut group, BATCH_ROWS * COLUMN_BYTES, BATCH_ROWS);
    group.bench_function("copy_out", |b| {
        b.iter(|| {
            let (mut decoder, mut bars) = (Decoder::default(), Bars::with_capacity(BATCH_ROWS));
            decoder.take(&header, &mut bars).expect("a header");
            for row in black_box(&rows) {
                decoder.take(row, &mut bars).expect("a row");
            }
            bars
        });
    });
    group.finish();
}

fn throughput(group: &mut BenchmarkGroup<'_, WallTime>, bytes: usize, rows: usize) {
    group.sample_size(50);
    group.throughput(Throughput::ElementsAndBytes { elements: rows as u64, bytes: bytes as u64 });
}

fn options(timezone: &str) -> ReadOptions {
    let config = barlift::config::load(None, &[]).expect("defaults");
    ReadOptions { timezone: Some(timezone.into()), ..ReadOptions::of(&config) }
}

/// A random walk, a bar a minute.
fn minutes(rows: usize) -> Bars {
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut bars = Bars::with_capacity(rows);
    let mut open: f64 = 100.0;
    for (i, time) in (START..).step_by(MINUTE as usize).take(rows).enumerate() {
        let close = (open + random.random_range(-0.2..0.2)).max(10.0);
        let high = open.max(close) + random.random_range(0.0..0.2);
        let low = open.min(close) - random.random_range(0.0..0.2);
        let volume = f64::from(random.random_range(0..90_000_u32) * u32::from(i % 50 > 0));
        bars.push(time, Ohlcv::new(open, high, low, close, volume));
        open = close;
    }
    bars
}

/// The bars as CSV, prices with at most `digits` digits behind the point.
fn file(bars: &Bars, end: &str, digits: usize, time: impl Fn(jiff::Timestamp) -> String) -> String {
    let mut text = format!("timestamp,open,high,low,close,volume{end}");
    for i in 0..bars.len() {
        let v = bars.values(i);
        text.push_str(&time(jiff::Timestamp::from_microsecond(bars.time[i]).expect("in range")));
        for price in [v[OPEN], v[HIGH], v[LOW], v[CLOSE]] {
            match digits {
                17.. => write!(text, ",{price}"),
                _ => write!(text, ",{price:.digits$}"),
            }
            .expect("a string takes everything");
        }
        write!(text, ",{:.1}{end}", v[VOLUME]).expect("a string takes everything");
    }
    text
}

/// What a server sends of the bars: the header, and a message a row.
fn sent(bars: &Bars) -> (Vec<u8>, Vec<Vec<u8>>) {
    let rows = (0..bars.len()).map(|i| {
        let v = bars.values(i);
        let mut row = (1 + COUNT as i16).to_be_bytes().to_vec();
        let time = (bars.time[i] - 946_684_800_000_000).to_be_bytes();
        for field in [time].into_iter().chain(v.to_array().map(f64::to_be_bytes)) {
            row.extend(8_i32.to_be_bytes());
            row.extend(field);
        }
        row
    });
    (b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec(), rows.collect())
}
