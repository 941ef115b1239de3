//! Files whose name and rows prove a preset: every command reads them in its zone, and only them.

use crate::support::{Folder, TestDatabase, barlift, bars};

const NAME: &str = "DAT_ASCII_EURUSD_M1_202407.csv";

/// So many minutes of HistData's, from 17:00 EST on.
fn histdata(minutes: u32) -> String {
    let row = |i: u32| format!("20240702 17{i:02}00;1.1{i:02};1.2{i:02};1.0{i:02};1.15;{i}\n");
    (0..minutes).map(row).collect()
}

/// The first and the last time of a series, and its number of bars.
async fn extent(database: &TestDatabase, symbol: &str) -> String {
    let query = "SELECT concat_ws(' ', to_char(min(time) AT TIME ZONE 'UTC', 'DD HH24:MI'),
                     to_char(max(time) AT TIME ZONE 'UTC', 'DD HH24:MI'), count(*))
                 FROM barlift.bars_named WHERE symbol = $1";
    sqlx::query_scalar(query).bind(symbol).fetch_one(&database.pool).await.expect("bars")
}

#[tokio::test]
async fn all_commands_read_a_file_in_the_same_zone() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write(NAME, histdata(30));
    folder.write("A_1m.csv", bars(10, 1));
    let import = barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(import.status, 0, "{}", import.stdout);
    assert!(import.stdout.contains("in 1 file: times are in Etc/GMT+5"), "{}", import.stdout);
    assert_eq!(extent(&database, "EURUSD").await, "02 22:00 02 22:29 30");
    // The file is known again, in one bundle with a file of no preset.
    let again = barlift(&database, &["import", folder.arg(), "--concurrency", "1"]).run().await;
    assert!(again.stdout.contains("2 files recognised by content"), "{}", again.stdout);
    for mode in ["full", "sample", "full"] {
        let verify = barlift(&database, &["verify", folder.arg(), "--mode", mode]).run().await;
        assert_eq!(verify.status, 0, "{}", verify.stdout);
    }
    let file = folder.path().join(NAME).display().to_string();
    let save = barlift(&database, &["data", "save", "COPY", "1m", &file]).run().await;
    assert!(save.stderr.contains("the preset histdata"), "{}", save.stderr);
    assert_eq!(extent(&database, "COPY").await, "02 22:00 02 22:29 30");
}

/// The source cache knows a file by its bytes, and these are read in another zone under another name.
#[tokio::test]
async fn the_same_bytes_under_another_name_are_another_file() {
    let (database, folder, other) = (TestDatabase::new().await, Folder::new(), Folder::new());
    folder.write(NAME, histdata(30));
    other.write("EURUSD_1m.csv", histdata(30));
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    let verify = barlift(&database, &["verify", other.arg()]).run().await;
    assert_eq!(verify.status, 1, "{}", verify.stdout);
    for (root, flags) in [(&other, &[][..]), (&folder, &["--timezone", "UTC"])] {
        let import = barlift(&database, &[&["import", root.arg()], flags].concat()).run().await;
        assert_eq!(import.status, 1, "{}", import.stdout);
        let reason =
            "imported with --timezone Etc/GMT+5, this file was read with UTC: give --timezone Etc/GMT+5";
        assert!(import.stdout.contains(reason), "{}", import.stdout);
    }
    let given = barlift(&database, &["import", other.arg(), "--timezone", "Etc/GMT+5"]).run().await;
    assert_eq!(given.status, 0, "{}", given.stdout);
    assert_eq!(extent(&database, "EURUSD").await, "02 22:00 02 22:29 30");
}

/// As an earlier version has imported it.
#[tokio::test]
async fn a_series_in_utc_is_told_apart() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write(NAME, histdata(30));
    assert_eq!(barlift(&database, &["import", folder.arg(), "--timezone", "UTC"]).run().await.status, 0);
    let import = barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(import.status, 1, "{}", import.stdout);
    let reason = "imported with --timezone UTC, this file was read with Etc/GMT+5: give --timezone UTC";
    assert!(import.stdout.contains(reason), "{}", import.stdout);
    assert_eq!(extent(&database, "EURUSD").await, "02 17:00 02 17:29 30");
}

/// Alone they prove nothing, so their settings name the zone.
#[tokio::test]
async fn rejected_rows_are_read_in_the_zone_of_their_file() {
    let (database, folder, mend) = (TestDatabase::new().await, Folder::new(), Folder::new());
    folder.write(NAME, histdata(30).replace("1.110;", "x;"));
    folder.write("USDCHF_1m.csv", histdata(30).replace("1.110;", "x;"));
    barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(extent(&database, "EURUSD").await, "02 22:00 02 22:29 29");
    let report = barlift(&database, &["report", "latest", "--rejected-to", mend.arg()]).run().await;
    assert_eq!(report.status, 0, "{}", report.stderr);
    // Files that are read in different zones are in different directories.
    for (directory, name, renamed) in
        [("1", NAME, "EURUSD_1m.csv"), ("2", "USDCHF_1m.csv", "DAT_ASCII_USDCHF_M1_202407.csv")]
    {
        let directory = mend.path().join(directory);
        let row = std::fs::read_to_string(directory.join(name)).expect(name);
        std::fs::write(directory.join(renamed), row.replace('x', "1.110")).expect(renamed);
        std::fs::remove_file(directory.join(name)).expect(name);
        let directory = directory.display().to_string();
        let mended = barlift(&database, &["import", &directory]).run().await;
        assert_eq!(mended.status, 0, "{}{}", mended.stdout, mended.stderr);
    }
    assert_eq!(extent(&database, "EURUSD").await, "02 22:00 02 22:29 30");
    assert_eq!(extent(&database, "USDCHF").await, "02 17:00 02 17:29 30");
    let verify = barlift(&database, &["verify", folder.arg()]).run().await;
    assert_eq!(verify.status, 0, "{}", verify.stdout);
}
