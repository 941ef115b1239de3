//! The bars of many series as vendors of whole markets ship them: in one file, or in a file for each day, both in the order
//! of time; against a file for each series.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Bench;
use crate::data::Dataset;
use crate::peers::Peer as _;
use crate::peers::barlift::{BARS, Barlift};
use crate::process;
use crate::rounds::{Contestant, Plan, Sample, Table, measure};
use crate::server::Storage;

pub fn run(bench: &Bench) -> Vec<Table> {
    let files = bench.args.small_files;
    let data = bench.small(files);
    let folder = |name: &str| bench.work.path().join("several").join(name);
    let names = ["a file each", "a file a day", "one file"];
    for name in names {
        fs::create_dir_all(folder(name)).expect("a folder");
    }
    write(&data, &folder(names[0]), &folder(names[1]), &folder(names[2]));
    let contestants = names.map(|name| contestant(bench, &data, name, folder(name)));
    let title =
        format!("Several symbols in a file, {files} series of daily bars ({})", super::storage(bench));
    let plan = Plan { scenario: "several", title, unit: "s", baseline: names[0], of: "rows" };
    let tables = vec![measure(plan, bench.args.rounds, &contestants)];
    fs::remove_dir_all(bench.work.path().join("several")).expect("removed");
    tables
}

/// Writes the rows of all files in each way. The files have the same days.
fn write(data: &Dataset, each: &Path, by_day: &Path, one: &Path) {
    let mut days: Vec<String> = Vec::new();
    let mut header = String::new();
    for (series, file) in data.bar_files().iter().enumerate() {
        let text = fs::read_to_string(file).expect("read");
        fs::copy(file, each.join(file.file_name().expect("a name"))).expect("copied");
        let mut lines = text.lines();
        header = format!("{},ticker\n", lines.next().expect("a header"));
        for (day, line) in lines.enumerate() {
            days.resize(days.len().max(day + 1), String::new());
            days[day].push_str(&format!("{line},S{series}\n"));
        }
    }
    for (day, rows) in days.iter().enumerate() {
        fs::write(by_day.join(format!("day {day} of the market.csv")), format!("{header}{rows}"))
            .expect("written");
    }
    fs::write(one.join("all of the market.csv"), header + &days.concat()).expect("written");
}

fn contestant<'a>(
    bench: &'a Bench,
    data: &'a Dataset,
    name: &'static str,
    folder: PathBuf,
) -> Contestant<'a> {
    let run = move || {
        let database = bench.server.fresh(Storage::Hypertable)?;
        Barlift::ROWSTORE.prepare(&database, Storage::Hypertable)?;
        bench.server.checkpoint();
        let directory = folder.display().to_string();
        let several: &[&str] = if name == "a file each" { &[] } else { &["--symbol-column", "ticker"] };
        let arguments =
            [&["import", &directory, "--concurrency", "2", "--timeframe", "1d"], several].concat();
        let ran = process::run(&mut Barlift::ROWSTORE.command(&database, &arguments))?;
        database.expect_rows(BARS, data.rows())?;
        Ok(vec![Sample::new(name, ran.seconds).fact("peak RSS MB", ran.peak_rss_mb)])
    };
    Contestant::new(name, run).amount(data.rows())
}
