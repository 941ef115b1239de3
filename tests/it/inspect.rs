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
        "rows      21, 1 rejected, the first one line 23: has 1 fields instead of 7",
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
