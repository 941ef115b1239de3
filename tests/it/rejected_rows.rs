//! Rejected rows are mended as the README says: written out, edited, imported without flags, and verified.

use crate::support::{Folder, Run, TestDatabase, barlift, bars};

/// How a folder's files are written, and the flags that read them.
struct Dialect {
    file: &'static str,
    header: &'static str,
    row: fn(i: u32) -> String,
    flags: &'static [&'static str],
}

const DIALECTS: [Dialect; 3] = [
    Dialect {
        file: "MSFT_1h.csv",
        header: "date,open,high,low,close,volume\n",
        row: |i| {
            format!(
                "2024-03-{:02} {:02}:30,{},{},{},{},{}\n",
                4 + i / 7,
                9 + i % 7,
                i + 10,
                i + 12,
                i + 9,
                i + 11,
                100 + i
            )
        },
        flags: &[],
    },
    Dialect {
        file: "1h/MSFT.csv",
        header: "Stamp,open,high,low,close,volume\n",
        row: |i| {
            format!(
                "{:02}/03/2024 {:02}:30,{},{},{},{},{}\n",
                4 + i / 7,
                9 + i % 7,
                i + 10,
                i + 12,
                i + 9,
                i + 11,
                100 + i
            )
        },
        flags: &[
            "--pattern",
            "{timeframe}/{symbol}.csv",
            "--timezone",
            "America/New_York",
            "--column",
            "time=Stamp",
            "--time-format",
            "%d/%m/%Y %H:%M",
        ],
    },
    Dialect {
        file: "MSFT-1h.csv",
        header: "",
        row: |i| {
            format!(
                "2024-03-{:02} {:02}:30;{};{};{};{};{},5\n",
                4 + i / 7,
                9 + i % 7,
                i + 10,
                i + 12,
                i + 9,
                i + 11,
                100 + i
            )
        },
        flags: &[
            "--pattern",
            "{symbol}-{timeframe}.csv",
            "--no-header",
            "--decimal-comma",
            "--delimiter",
            ";",
        ],
    },
];

async fn run(database: &TestDatabase, command: &[&str], flags: &[&str]) -> Run {
    barlift(database, &[command, flags].concat()).run().await
}

#[tokio::test]
async fn mended_rows_are_read_without_flags_and_the_whole_is_identical() {
    for dialect in DIALECTS {
        let (database, folder, mend) = (TestDatabase::new().await, Folder::new(), Folder::new());
        let bad = |i: u32| (dialect.row)(i).replace(&(i + 12).to_string(), "what");
        let rows: String =
            (0..70).map(|i| if [40, 69].contains(&i) { bad(i) } else { (dialect.row)(i) }).collect();
        folder.write(dialect.file, format!("{}{rows}", dialect.header));
        let import = run(&database, &["import", folder.arg()], dialect.flags).await;
        assert_eq!((import.status, database.bars().await), (0, 68), "{}", import.stdout);
        let report = run(&database, &["report", "latest", "--rejected-to", mend.arg()], &[]).await;
        assert_eq!(report.status, 0, "{}", report.stderr);
        assert!(
            report.stderr.contains(&format!("once they are mended: barlift import {}", mend.arg())),
            "{}",
            report.stderr
        );
        let path = mend.path().join(dialect.file);
        let text = std::fs::read_to_string(&path).expect("written");
        assert_eq!(text, format!("{}{}{}", dialect.header, bad(40), bad(69)));
        std::fs::write(&path, format!("{}{}{}", dialect.header, (dialect.row)(40), (dialect.row)(69)))
            .expect("edited");

        let mended = run(&database, &["import", mend.arg()], &[]).await;
        assert_eq!((mended.status, database.bars().await), (0, 70), "{}{}", mended.stdout, mended.stderr);
        let line = format!("files are read as {}/barlift-files.toml says: ", mend.arg());
        assert!(mended.stderr.contains(&line), "{}", mended.stderr);
        for mode in ["full", "sample", "counts"] {
            let verify = run(&database, &["verify", folder.arg(), "--mode", mode], dialect.flags).await;
            assert_eq!(verify.status, 0, "{mode}: {}", verify.stdout);
            assert!(verify.stdout.contains("IDENTICAL"), "{}", verify.stdout);
            assert!(verify.stdout.contains("2 bars of mended rows"), "{}", verify.stdout);
        }
        let json = run(&database, &["verify", folder.arg(), "--json"], dialect.flags).await.json(0);
        assert_eq!(
            (&json["tasks"][0]["verification"]["mended"], &json["totals"]["rows_rejected"]),
            (&2.into(), &2.into())
        );
        // What was mended has to be there, and as it was mended.
        for change in [
            "UPDATE barlift.bars SET close = 9.5 WHERE volume >= 169",
            "DELETE FROM barlift.bars WHERE volume >= 169",
        ] {
            database.execute(change).await;
            let verify = run(&database, &["verify", folder.arg()], dialect.flags).await;
            assert_eq!(verify.status, 1, "{change}: {}", verify.stdout);
            let report = run(&database, &["report", "latest"], &[]).await;
            assert!(report.stdout.contains("(mended rows)"), "{}", report.stdout);
        }
    }
}

#[tokio::test]
async fn a_file_that_is_mended_in_place_is_the_files_again() {
    let (database, folder, mend) = (TestDatabase::new().await, Folder::new(), Folder::new());
    let Dialect { file, header, row, .. } = DIALECTS[0];
    let good: String = (0..10).map(row).collect();
    folder.write(file, format!("{header}{}", good.replacen(",12,", ",what,", 1)));
    run(&database, &["import", folder.arg()], &[]).await;
    run(&database, &["report", "latest", "--rejected-to", mend.arg()], &[]).await;
    mend.write(file, format!("{header}{}", row(0)));
    assert_eq!(run(&database, &["import", mend.arg()], &[]).await.status, 0);
    folder.write(file, format!("{header}{good}"));
    let verify = run(&database, &["verify", folder.arg()], &[]).await;
    assert_eq!(verify.status, 0, "{}", verify.stdout);
    assert!(!verify.stdout.contains("mended"), "{}", verify.stdout);
}

#[tokio::test]
async fn flags_win_over_what_lies_beside_the_rows() {
    let (database, mend) = (TestDatabase::new().await, Folder::new());
    let Dialect { file, header, row, .. } = DIALECTS[0];
    mend.write(file, format!("{header}{}", row(0)));
    mend.write("barlift-files.toml", "[import]\ntimezone = 'America/New_York'\n");
    let first: &str = "SELECT to_char(min(time) AT TIME ZONE 'UTC', 'HH24:MI') FROM barlift.bars";
    let import = run(&database, &["import", mend.arg()], &["--timezone", "Europe/Berlin"]).await;
    assert_eq!(import.status, 0, "{}", import.stderr);
    assert!(import.stderr.contains("set otherwise elsewhere: import.timezone"), "{}", import.stderr);
    assert_eq!(database.scalar::<String>(first).await, "08:30");
    mend.write("barlift-files.toml", "[database]\nurl = 'postgres://elsewhere'\n");
    let refused = run(&database, &["import", mend.arg()], &[]).await;
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("`database.url` in") && refused.stderr.contains("hint: it may contain"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn where_nothing_was_rejected_nothing_is_written() {
    let (database, folder, out) = (TestDatabase::new().await, Folder::new(), Folder::new());
    folder.write("A_1m.csv", bars(3, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    let to = out.path().join("mend").display().to_string();
    let run = barlift(&database, &["report", "--rejected-to", &to]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("no row was rejected: nothing is written"), "{}", run.stderr);
    assert!(!out.path().join("mend").exists());
}

crate::support::also_on_the_columnstore! {
    mended_rows_are_read_without_flags_and_the_whole_is_identical,
}

#[tokio::test]
async fn what_is_in_the_way_of_rejected_rows_is_named() {
    let (database, folder, out) = (TestDatabase::new().await, Folder::new(), Folder::new());
    folder.write("A_1m.csv", format!("{}x\n", bars(3, 1)));
    barlift(&database, &["import", folder.arg()]).run().await;
    let report = async |to: &str| {
        let to = out.path().join(to).display().to_string();
        let run = barlift(&database, &["report", "--rejected-to", &to]).run().await;
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(!run.stderr.contains("os error"), "{}", run.stderr);
        run.stderr
    };
    let place = |name: &str| out.path().join(name).display().to_string();
    out.write("mend", "mine");
    for to in ["mend", "mend/deeper/still"] {
        let (said, mend) = (report(to).await, place("mend"));
        let says = format!(
            "error: cannot write rejected rows to {}: {mend} is a file, not a directory\n\
             hint: name another directory, or move that file away\n",
            place(to)
        );
        assert_eq!(said, says);
    }
    // Nothing that is there is written over.
    for there in ["barlift-files.toml", "A_1m.csv"] {
        let folder = out.path().join(there).with_extension("d");
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join(there), "mine").expect("written");
        let name = folder.file_name().and_then(|n| n.to_str()).expect("a name");
        let said = report(name).await;
        let says = format!("{} exists already\nhint: name an empty directory", folder.join(there).display());
        assert!(said.contains(&says), "{said}");
        assert_eq!(std::fs::read_to_string(folder.join(there)).expect("read"), "mine");
        // Nor is anything put beside it: the next import of that folder would read its files otherwise.
        let left = std::fs::read_dir(&folder).expect("read").count();
        assert_eq!(left, 1, "{said}");
    }
    assert_eq!(std::fs::read_to_string(out.path().join("mend")).expect("read"), "mine");
}
