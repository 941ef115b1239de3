//! The large files as vendors and teams store them: compressed, in archives, and as Parquet; against the same files as plain
//! text.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use barlift::bar::SeriesName;
use barlift::format::{BarFile, BarWriter, Format};
use barlift::source::reader::ReadOptions;

use super::fresh::sizes;
use crate::Bench;
use crate::data::Dataset;
use crate::peers::Peer as _;
use crate::peers::barlift::{BARS, Barlift};
use crate::process;
use crate::rounds::{Contestant, Plan, Sample, Table, measure};
use crate::server::Storage;

/// Writes a file into a folder, stored in some way.
type Write = fn(&Path, &Path);

/// How a file is stored: a name, and what writes it.
const FORMS: [(&str, Write); 5] =
    [("csv", copied), ("csv.gz", gzipped), ("csv.zst", zstded), ("zip", zipped), ("parquet", parquet)];

pub fn run(bench: &Bench) -> Vec<Table> {
    let data = bench.large();
    let folder = |name: &str| bench.work.path().join("packed").join(name);
    for (name, write) in FORMS {
        fs::create_dir_all(folder(name)).expect("a folder");
        data.bar_files().iter().for_each(|file| write(file, &folder(name)));
    }
    let contestants = FORMS.map(|(name, _)| contestant(bench, &data, name, folder(name)));
    let title = format!("Stored otherwise, {} ({})", sizes(&data), super::storage(bench));
    let plan = Plan { scenario: "packed", title, unit: "s", baseline: "csv", of: "rows" };
    let tables = vec![measure(plan, bench.args.rounds, &contestants)];
    fs::remove_dir_all(bench.work.path().join("packed")).expect("removed");
    tables
}

fn contestant<'a>(
    bench: &'a Bench,
    data: &'a Dataset,
    name: &'static str,
    folder: PathBuf,
) -> Contestant<'a> {
    let stored: u64 = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.and_then(|entry| entry.metadata()).map_or(0, |meta| meta.len()))
        .sum();
    let run = move || {
        let database = bench.server.fresh(Storage::Hypertable)?;
        Barlift::ROWSTORE.prepare(&database, Storage::Hypertable)?;
        bench.server.checkpoint();
        let directory = folder.display().to_string();
        let arguments = ["import", &directory, "--concurrency", "2"];
        let ran = process::run(&mut Barlift::ROWSTORE.command(&database, &arguments))?;
        database.expect_rows(BARS, data.rows())?;
        let sample = Sample::new(name, ran.seconds).fact("peak RSS MB", ran.peak_rss_mb);
        Ok(vec![sample.fact("stored MB", stored as f64 / 1e6)])
    };
    Contestant::new(name, run).amount(data.rows())
}

fn target(file: &Path, folder: &Path, extension: &str) -> PathBuf {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    folder.join(name.replace(".csv", extension))
}

fn created(path: &Path) -> BufWriter<File> {
    BufWriter::new(File::create(path).expect("created"))
}

fn copied(file: &Path, folder: &Path) {
    fs::copy(file, target(file, folder, ".csv")).expect("copied");
}

fn gzipped(file: &Path, folder: &Path) {
    let out = created(&target(file, folder, ".csv.gz"));
    let mut out = flate2::write::GzEncoder::new(out, flate2::Compression::default());
    io::copy(&mut File::open(file).expect("opened"), &mut out).expect("written");
    out.finish().and_then(|mut out| out.flush()).expect("ended");
}

fn zstded(file: &Path, folder: &Path) {
    let out = created(&target(file, folder, ".csv.zst"));
    zstd::stream::copy_encode(File::open(file).expect("opened"), out, 3).expect("written");
}

/// With the deflate of gzip: the zip crate writes none in this build.
fn zipped(file: &Path, folder: &Path) {
    let text = fs::read(file).expect("read");
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&text).expect("written");
    let packed = packed.finish().expect("ended");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("below 4 GB");
    let mut header = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    for number in [crc32fast::hash(&text), length(&packed), length(&text)] {
        header.extend(number.to_le_bytes());
    }
    header.extend(u16::try_from(name.len()).expect("short").to_le_bytes());
    header.extend([0; 2]);
    let member = [b"PK\x03\x04", header.as_slice(), name.as_bytes(), &packed].concat();
    let directory = [b"PK\x01\x02\x14\0", header.as_slice(), &[0; 14], name.as_bytes()].concat();
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend(length(&directory).to_le_bytes());
    end.extend(length(&member).to_le_bytes());
    end.extend([0; 2]);
    fs::write(target(file, folder, ".zip"), [member, directory, end].concat()).expect("written");
}

/// As `barlift data load` writes it, with Snappy.
fn parquet(file: &Path, folder: &Path) {
    let config = barlift::config::defaults().expect("defaults");
    let series = SeriesName { symbol: "S".into(), timeframe: "1m".into() };
    let mut bars = BarFile::open(file, "1m", &ReadOptions::of(&config)).expect("opened");
    let out = created(&target(file, folder, ".parquet"));
    let mut out = BarWriter::new(Format::Parquet, &series, out).expect("begun");
    while let Some(chunk) = bars.next_chunk().expect("read") {
        out.write(&chunk).expect("written");
    }
    out.finish().expect("ended");
}
