//! Samples of vendors' files (`tests/layouts`): what `inspect` makes of each, without a flag and with the vendor's preset.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Folder, barlift_alone, bars};

fn layouts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts")
}

/// The names of a directory's entries, in their order.
fn entries(directory: &Path) -> Vec<String> {
    let all = std::fs::read_dir(directory).expect("a directory");
    let mut all: Vec<String> =
        all.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    all.sort();
    all
}

/// The files below a directory, relative to it.
fn files(directory: &Path, below: &str) -> Vec<String> {
    let mut all = Vec::new();
    for name in entries(&directory.join(below)) {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if directory.join(&path).is_dir() {
            all.extend(files(directory, &path));
        } else {
            all.push(path);
        }
    }
    all
}

fn is_preset(name: &str) -> bool {
    barlift::config::presets::find(name, &[]).is_ok()
}

/// What `inspect` says as JSON; nothing if it takes no file.
async fn inspect(path: &str, flags: &[&str]) -> Value {
    let arguments = [&["inspect", path, "--json", "--limit", "100"], flags].concat();
    let run = barlift_alone(&arguments).run().await;
    if run.status == 2 { Value::Null } else { run.json(run.status) }
}

/// How it would read each file of a folder. A file whose name does not tell the symbol is given one.
async fn inspected(folder: &Path, flags: &[&str]) -> Vec<(String, String)> {
    let of_folder = inspect(folder.to_str().expect("UTF-8"), flags).await;
    let mut all = Vec::new();
    for path in files(folder, "") {
        let mut text = told(&of_folder, &path);
        if text.contains("does not tell the symbol") {
            let alone = folder.join(&path).display().to_string();
            let file = inspect(&alone, &[flags, &["--symbol", "SYMBOL"]].concat()).await;
            let name = path.rsplit('/').next().expect("a name");
            text = format!("with --symbol: {}", told(&file, name));
        }
        all.push((path, text));
    }
    all
}

/// What is said of a file.
fn told(json: &Value, path: &str) -> String {
    let of = |list: &str| json[list].as_array()?.iter().find(|file| file["path"] == path);
    match (of("files"), of("unrecognised")) {
        (Some(file), _) => read(file),
        (None, Some(file)) => format!("not taken: {}\n", file["reason"].as_str().unwrap_or_default()),
        (None, None) => "not taken, and not told\n".to_owned(),
    }
}

/// One file, in a few lines.
fn read(file: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = format!("{} {}", text(&file["symbol"]), text(&file["timeframe"]));
    if let Some(error) = file["error"].as_str() {
        let _ = writeln!(out, "\n  cannot be read: {error}");
        return out;
    }
    let _ = write!(out, ", {} rows", file["rows"]);
    if let Some(first) = file["first_rejected"].as_str() {
        let _ = write!(out, ", {} rejected: {first}", file["rejected"]);
    }
    let columns = file["columns"].as_array().into_iter().flatten();
    let columns: Vec<String> = columns.map(|pair| format!("{} {}", text(&pair[0]), text(&pair[1]))).collect();
    let form = file["csv"]["time_format"].as_str().unwrap_or_default();
    let _ = writeln!(out, "\n  {}\n  times {form} in {}", columns.join(", "), text(&file["timezone"]));
    for note in file["notes"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "  note {}", text(note));
    }
    let last = file["last"].as_array().and_then(|bars| bars.last()).unwrap_or(&Value::Null);
    for (title, bar) in [("first", &file["first"][0]), ("last", last)] {
        let values: Vec<String> =
            ["open", "high", "low", "close", "volume"].map(|name| bar[name].to_string()).into();
        let _ = writeln!(out, "  {title} {} {}", text(&bar["time"]), values.join(" "));
    }
    out
}

#[tokio::test]
async fn vendors_files_are_read_as_they_were() {
    for layout in entries(&layouts()) {
        let folder = layouts().join(&layout);
        let alone = inspected(&folder, &[]).await;
        let mut seen = String::from("--- without a flag\n");
        alone.iter().for_each(|(path, text)| seen.push_str(&format!("{path}: {text}")));
        if is_preset(&layout) {
            let _ = writeln!(seen, "--- --preset {layout}");
            for (own, (path, text)) in alone.iter().zip(inspected(&folder, &["--preset", &layout]).await) {
                let text = if own.1 == text { "the same\n".to_owned() } else { text };
                let _ = write!(seen, "{path}: {text}");
            }
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots/layouts" }, {
            insta::assert_snapshot!(layout.as_str(), seen);
        });
    }
}

/// A text file need hold no bars. One that does is not passed over because the preset is that of other files.
#[tokio::test]
async fn a_text_file_that_a_preset_does_not_fit_is_told() {
    let folder = Folder::new();
    let daily: String = (10..30).map(|day| format!("01/{day}/2024,1,2,0.5,1.5,10\r\n")).collect();
    folder.write("MSFT.txt", daily);
    folder.write("Copy of MSFT (1).txt", bars(20, 1));
    folder.write("readme.txt", "Bars of January.\n");
    for (preset, taken) in [("kibot", None), ("kibot-daily", Some("MSFT.txt"))] {
        let json = inspect(folder.arg(), &["--preset", preset]).await;
        let paths = |list: &str| -> Vec<String> {
            let all = json[list].as_array().expect("a list").iter();
            all.map(|file| file["path"].as_str().expect("a path").to_owned()).collect()
        };
        let told: Vec<&str> =
            ["Copy of MSFT (1).txt", "MSFT.txt"].into_iter().filter(|path| Some(*path) != taken).collect();
        assert_eq!(
            (paths("unrecognised"), paths("files")),
            (told.into_iter().map(str::to_owned).collect(), taken.into_iter().map(str::to_owned).collect())
        );
    }
}

#[test]
fn each_preset_has_a_sample_and_is_in_the_docs() {
    let samples = entries(&layouts());
    let docs = include_str!("../../docs/formats.md");
    for preset in barlift::config::presets::built_in() {
        assert!(samples.contains(&preset.name), "{} has no sample in tests/layouts", preset.name);
        let row = docs.lines().find(|line| line.starts_with(&format!("| `{}` |", preset.name)));
        let row = row.unwrap_or_else(|| panic!("docs/formats.md does not name {}", preset.name));
        let page = preset.source.split(' ').next().expect("a page");
        assert!(row.contains(page), "{row} has not {page}");
    }
}

#[tokio::test]
async fn presets_are_listed_and_shown() {
    let listed = barlift_alone(&["presets"]).env("COLUMNS", "200").run().await;
    for preset in barlift::config::presets::built_in() {
        let is_there = listed.stdout.lines().any(|line| {
            line.split_whitespace().next() == Some(&preset.name) && line.contains(&preset.description)
        });
        assert!(is_there, "{} is not in:\n{}", preset.name, listed.stdout);
    }
    let shown = barlift_alone(&["presets", "histdata"]).run().await;
    assert_eq!(shown.stdout, include_str!("../../config/presets/histdata.toml"));
    let json = barlift_alone(&["presets", "histdata", "--json"]).run().await.json(0);
    assert_eq!(json["settings"]["import"]["timezone"], "Etc/GMT+5");
    let unknown = barlift_alone(&["presets", "hisdata"]).run().await;
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("hint: the nearest names are `histdata`"), "{}", unknown.stderr);
}
