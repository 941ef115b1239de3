//! Writes bar files to try barlift with. The same seed gives the same bytes on every machine.
//!
//! ```text
//! cargo run --example generate_bars -- samples                      the samples of this repository
//! cargo run --example generate_bars -- /tmp/bars 4 500000           4 files of 500,000 minute bars each
//! ```

mod generator;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use generator::series;

const SEED: u64 = 20_240_102;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || io::Error::new(io::ErrorKind::InvalidInput, "usage: generate_bars DIR [FILES ROWS]");
    let directory = Path::new(arguments.first().ok_or_else(usage)?);
    fs::create_dir_all(directory)?;
    match (arguments.get(1), arguments.get(2)) {
        (None, _) => samples(directory),
        (Some(files), Some(rows)) => {
            let files: u64 = files.parse().map_err(|_| usage())?;
            let rows: u64 = rows.parse().map_err(|_| usage())?;
            for i in 0..files {
                let text = series(SEED + i, "2018-01-01T00:00:00Z", 60, rows, 20.0 + i as f64);
                write(&directory.join(format!("S{i:05}_1m.csv")), &text)?;
            }
            Ok(())
        }
        _ => Err(usage()),
    }
}

/// A few series as one meets them, and the faults one meets in them.
fn samples(directory: &Path) -> io::Result<()> {
    const DAY: i64 = 86_400;
    let nova = series(SEED, "2024-01-02T14:30:00Z", 3600, 600, 187.15);
    write(&directory.join("NOVA_1h.csv"), &nova)?;

    // Some feeds repeat the last bar, and now and then one of their ticks is nonsense.
    let mut lines: Vec<String> =
        series(SEED + 1, "2024-01-02T00:00:00Z", DAY, 250, 42.5).lines().map(str::to_owned).collect();
    let repeated = lines[100].clone();
    lines.insert(101, repeated);
    lines[40] = replace_field(&lines[40], 4, "NaN");
    lines[77] = replace_field(&lines[77], 2, "0.01");
    lines[180] = lines[180].rsplit_once(',').map_or(String::new(), |(start, _)| start.to_owned());
    write(&directory.join("BRK.B_1d.csv"), &(lines.join("\n") + "\n"))?;

    // Another vendor: semicolons, other names, epoch milliseconds, the newest bar first.
    let rows = series(SEED + 2, "2024-03-04T00:00:00Z", 300, 500, 1.0842);
    let mut other: Vec<String> = rows.lines().skip(1).map(vendor).collect();
    other.reverse();
    write(
        &directory.join("fx/EURUSD_5m.csv"),
        &format!("Open_Time;O;H;L;C;Vol;Trades\n{}\n", other.join("\n")),
    )?;

    write(&directory.join("notes.csv"), "symbol,comment\nNOVA,split 2:1 expected in May\n")
}

fn vendor(line: &str) -> String {
    let fields: Vec<&str> = line.split(',').collect();
    let time: jiff::Timestamp = fields[0].parse().unwrap_or_default();
    format!("{};{};17", time.as_millisecond(), fields[1..].join(";"))
}

fn replace_field(line: &str, field: usize, value: &str) -> String {
    let mut fields: Vec<&str> = line.split(',').collect();
    fields[field] = value;
    fields.join(",")
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = BufWriter::new(fs::File::create(path)?);
    file.write_all(text.as_bytes())?;
    file.flush()
}
