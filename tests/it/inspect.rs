//! `barlift inspect` shows how files would be read, without a database.

use crate::support::{Folder, barlift_alone};

#[tokio::test]
async fn a_file_is_shown_as_it_would_be_stored() {
    let folder = Folder::new();
    let rows: String = (1..=20).map(|day| format!("{day:02}/03/2026,10.{day:02},12,9,11,-,x\n")).collect();
    folder.write("AAPL.csv", format!("a note\nDate,Open,High,Low,Last,Volume,Kind\n{rows}footer\n"));
    folder.write("B_1d.csv", "Date,Open,High,Low,Close,Volume\n01/02/2026,1,2,0.5,1.5,1\n");
    folder.write("notes.csv", "a,b\n");
    let run = barlift_alone(&["inspect", folder.arg()]).run().await;
    assert_eq!(run.status, 1, "{}", run.stderr);
    for part in [
        "AAPL.csv: AAPL 1d\n",
        "columns   time `Date`, open `Open`, high `High`, low `Low`, close `Last`, volume `Volume`",
        "times     %d/%m/%Y",
        "note      passed over line 1 before the header: `a note`",
        "note      close from `Last`",
        "can be read no other way",
        "ignored   Kind",
        "rows      21, 1 rejected, the first one line 23: has 1 field instead of 7",
        "first     2026-03-01T00:00:00Z  10.01 12 9 11 -",
        "last      2026-03-20T00:00:00Z  10.2 12 9 11 -",
        "B_1d.csv: B 1d\n  cannot be read: B_1d.csv, line 1: the times in `Date`",
        "--time-format '%d/%m/%Y' or --time-format '%m/%d/%Y'",
        "notes.csv cannot be read to tell its timeframe: the header lacks",
    ] {
        assert!(run.stdout.contains(part), "`{part}` is not in:\n{}", run.stdout);
    }
    let file = folder.path().join("AAPL.csv").display().to_string();
    let json = barlift_alone(&["inspect", &file, "--json"]).run().await.json(0);
    let files = json["files"].as_array().expect("files");
    assert_eq!((files.len(), json["unrecognised"].as_array().map(Vec::len)), (1, Some(0)), "{json:#}");
    assert_eq!(files[0]["csv"]["time_format"], "%d/%m/%Y");
    assert_eq!(
        (&files[0]["rows"], &files[0]["rejected"], &files[0]["first"][0]["open"]),
        (&21.into(), &1.into(), &10.01.into())
    );
    let given = ["inspect", folder.arg(), "--symbols", "B", "--time-format", "%m/%d/%Y"];
    let run = barlift_alone(&given).run().await;
    assert!(run.stdout.contains("first     2026-01-02T00:00:00Z  1 2 0.5 1.5 1"), "{}", run.stdout);
    let nothing = Folder::new();
    assert_eq!(barlift_alone(&["inspect", nothing.arg()]).run().await.status, 2);
}

#[tokio::test]
async fn how_a_file_is_read_can_be_kept_as_a_preset() {
    let folder = Folder::new();
    let rows: String = (1..=20).map(|day| format!("{day:02}/03/2026,10,12,9,11,{day}\n")).collect();
    folder.write("bars/AAPL.csv", format!("Date,Open,High,Low,Last,Volume\n{rows}"));
    folder.write("bars/B_1d.csv", "Date,Open,High,Low,Last,Volume\n01/02/2026,1,2,0.5,1.5,1\n");
    folder.write("barlift.toml", "[worker]\nconcurrency = 3");
    let settings = || std::fs::read_to_string(folder.path().join("barlift.toml")).expect("settings");
    let inspect = async |arguments: &[&str]| {
        barlift_alone(&[&["inspect"], arguments].concat()).current_dir(folder.path()).run().await
    };
    let refused = async |arguments: &[&str], part: &str| {
        let before = settings();
        let run = inspect(arguments).await;
        assert_eq!((run.status, settings()), (2, before), "{}", run.stderr);
        assert!(run.stderr.contains(part), "{}", run.stderr);
    };
    refused(&["bars", "--save-preset", "mine"], "no preset is written: B_1d.csv cannot be read").await;
    refused(&["bars", "--time-format", "%d/%m/%Y", "--limit", "1", "--save-preset", "x"], "--limit").await;
    refused(&["bars/AAPL.csv", "--save-preset", "yahoo"], "has the name of a built-in preset").await;
    refused(&["bars/AAPL.csv", "--save-preset", "a b"], "no word").await;
    let saved = inspect(&["bars/AAPL.csv", "--timezone", "Asia/Tokyo", "--save-preset", "mine"]).await;
    assert_eq!(saved.status, 0, "{}", saved.stderr);
    assert!(saved.stderr.contains("wrote [presets.mine] to barlift.toml"), "{}", saved.stderr);
    let text = settings();
    assert!(text.starts_with("[worker]\nconcurrency = 3\n\n# How `barlift inspect` read"), "{text}");
    for line in
        ["[presets.mine.csv]", "time_format = \"%d/%m/%Y\"", "close = \"Last\"", "timezone = \"Asia/Tokyo\""]
    {
        assert!(text.contains(&format!("\n{line}\n")), "{line} is not in:\n{text}");
    }
    // What is as usual is not written.
    assert!(
        ["header", "quote", "max_line", "decimal_comma", "pattern"].iter().all(|key| !text.contains(key)),
        "{text}"
    );
    refused(&["bars/AAPL.csv", "--save-preset", "mine"], "has a preset `mine` already").await;
    folder.write("bars/C_1d.csv", "Date;Open;High;Low;Last;Volume\n13/02/2026;1;2;0.5;1.5;1\n");
    refused(&["bars", "--time-format", "%d/%m/%Y", "--save-preset", "x"], "C_1d.csv is not read like").await;

    let by_preset = inspect(&["bars", "--preset", "mine", "--json"]).await.json(1);
    let files = by_preset["files"].as_array().expect("files");
    assert_eq!(files[1]["first"][0]["time"], "2026-02-01T00:00:00Z");
    assert!(files[2]["error"].as_str().is_some_and(|error| error.contains("C_1d.csv")), "{by_preset:#}");
    let shown = barlift_alone(&["presets", "mine"]).current_dir(folder.path()).run().await;
    assert!(shown.stdout.starts_with("[csv]\ndelimiter = \",\"\n"), "{}", shown.stdout);
    let listed = barlift_alone(&["presets", "--json"]).current_dir(folder.path()).run().await.json(0);
    let own: Vec<_> =
        listed.as_array().expect("presets").iter().filter(|one| one["built_in"] == false).collect();
    assert_eq!((own.len(), &own[0]["settings"]["import"]["timezone"]), (1, &"Asia/Tokyo".into()));
}
