//! Compressed files and members of archives: imported like the files inside, kept as far as they are whole, recognised
//! again, and refused with another checksum.

use std::io::Write as _;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::{
    Folder, HEADER, TestDatabase, bar, barlift, barlift_alone, bars, drain, enqueue, eventually,
};

pub fn gzipped(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text.as_bytes()).expect("written");
    out.finish().expect("ended")
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        let stored =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::STORE);
        zip.start_file(*name, stored).expect("begun");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("ended").into_inner()
}

fn tarred(members: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).expect("added");
    }
    tar.into_inner().expect("ended")
}

#[tokio::test]
async fn compressed_files_and_members_are_sources_of_their_own() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv.gz", gzipped(&bars(50, 1)));
    folder.write("B_1m.csv.zst", zstd::encode_all(bars(50, 2).as_bytes(), 3).expect("compressed"));
    // Told by their contents.
    folder.write("C_1m.csv", gzipped(&bars(50, 3)));
    folder.write("D_1m.csv.gz", bars(50, 4));
    folder.write("E_1m.csv", zipped(&[("E_1m.csv", &bars(50, 5))]));
    let inner = String::from("just a note");
    folder.write(
        "1m/many.zip",
        zipped(&[("F.csv", &bars(50, 6)), ("deep/G.csv", &bars(50, 7)), ("README.md", &inner)]),
    );
    folder.write("H_1m.zip", zipped(&[("data.csv", &bars(50, 8))]));
    let tar = tarred(&[("I_1m.csv", &bars(50, 9)), ("J_1m.csv", &bars(50, 10))]);
    folder.write("tar.tgz", gzipped(&String::from_utf8(tar).expect("ASCII")));
    folder.write("notes.gz", gzipped("nothing of bars\n"));
    let imported = barlift(&database, &["import", folder.arg(), "--json"]).run().await.imported();
    let tasks = imported["tasks"].as_array().expect("tasks");
    let sources: Vec<(&str, &str)> = tasks
        .iter()
        .map(|task| (task["symbol"].as_str().expect("a symbol"), task["source"].as_str().expect("a path")))
        .collect();
    assert_eq!(
        sources,
        [
            ("A", "A_1m.csv.gz"),
            ("B", "B_1m.csv.zst"),
            ("C", "C_1m.csv"),
            ("D", "D_1m.csv.gz"),
            ("E", "E_1m.csv!E_1m.csv"),
            ("F", "1m/many.zip!F.csv"),
            ("G", "1m/many.zip!deep/G.csv"),
            ("H", "H_1m.zip!data.csv"),
            ("I", "tar.tgz!I_1m.csv"),
            ("J", "tar.tgz!J_1m.csv"),
        ]
    );
    assert_eq!(
        (imported["totals"]["rows_imported"].clone(), imported["unrecognised"].clone()),
        (json!(500), json!([]))
    );
    let verified = barlift(&database, &["verify", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(verified["totals"]["identical"], json!(10), "{verified:#}");
    let again = barlift(&database, &["import", folder.arg(), "--json"]).run().await.imported();
    assert_eq!(again["totals"]["rows_skipped"], json!(500), "{again:#}");
    // A member alone.
    let path = folder.path().join("1m/many.zip!deep/G.csv").display().to_string();
    let one = barlift(&database, &["import", &path, "--json"]).run().await.imported();
    assert_eq!(one["tasks"].as_array().map(Vec::len), Some(1), "{one:#}");
    for (path, says) in [
        ("1m/many.zip!H.csv", "is not in the archive"),
        ("A_1m.csv.gz!A_1m.csv", "lies in no archive: A_1m.csv.gz is none"),
    ] {
        let path = folder.path().join(path).display().to_string();
        let refused = barlift(&database, &["import", &path]).run().await;
        assert!(refused.status == 2 && refused.stderr.contains(says), "{}", refused.stderr);
    }
}

#[tokio::test]
async fn what_is_whole_of_a_damaged_file_is_kept_and_the_rest_is_named() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let text = bars(5_000, 1);
    let whole = gzipped(&text);
    folder.write("A_1m.csv.gz", &whole[..whole.len() / 2]);
    let zip = zipped(&[("B_1m.csv", &bars(50, 2)), ("C_1m.csv", &bars(50, 3))]);
    folder.write("cut.zip", &zip[..zip.len() * 2 / 3]);
    folder.write("empty.zip", zipped(&[("README.md", "x")]));
    let run = barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(run.status, 1, "{}", run.stdout);
    let said = format!("{}{}", run.stdout, run.stderr);
    for says in [
        "the file is damaged: it is cut off: its gzip data end too early",
        "cut.zip!C_1m.csv, line ",
        "not imported: cut.zip is cut off or damaged",
        "not imported: empty.zip is an archive without a CSV or Parquet file",
    ] {
        assert!(said.contains(says), "{says}: {said}");
    }
    let kept: i64 = database
        .scalar("SELECT count(*) FROM barlift.bars JOIN barlift.series ON series.id = bars.series_id WHERE symbol = 'A'")
        .await;
    assert!((1_000..5_000).contains(&kept), "{kept}");
    // A sound copy, and only what is missing.
    folder.write("A_1m.csv.gz", &whole);
    folder.write("cut.zip", &zip);
    let run = barlift(&database, &["import", folder.arg(), "--json"]).run().await.imported();
    assert_eq!(run["totals"]["rows_mismatched"], json!(0));
    assert_eq!(database.bars().await, 5_100);
}

#[tokio::test]
async fn a_file_with_another_checksum_is_not_read() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let zip = zipped(&[("A-1m-2024-01.csv", &bars(50, 1))]);
    folder.write("A-1m-2024-01.zip", &zip);
    let sum = "0".repeat(64);
    folder.write("A-1m-2024-01.zip.CHECKSUM", format!("{sum}  A-1m-2024-01.zip\n"));
    for command in ["import", "verify"] {
        let refused = barlift(&database, &[command, folder.arg()]).run().await;
        assert_eq!(refused.status, 1, "{}", refused.stdout);
        let says = format!("and A-1m-2024-01.zip.CHECKSUM says {sum}: get both again");
        assert!(
            refused.stdout.contains(&says) || refused.stderr.contains(&says),
            "{}{}",
            refused.stdout,
            refused.stderr
        );
    }
    assert_eq!(database.bars().await, 0);
    use sha2::Digest as _;
    let sum: String = sha2::Sha256::digest(&zip).iter().map(|byte| format!("{byte:02x}")).collect();
    folder.write("A-1m-2024-01.zip.CHECKSUM", format!("{sum}  A-1m-2024-01.zip\n"));
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.imported();
    assert_eq!(database.bars().await, 50);
}

/// Reading again decodes what was read before, and writes none of it again.
#[tokio::test]
async fn a_killed_import_of_a_compressed_file_goes_on_at_its_checkpoint() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    const ROWS: usize = 60_000;
    let text: String = std::iter::once(HEADER.to_owned()).chain((0..ROWS).map(|i| bar(i, 1))).collect();
    folder.write("A_1m.csv.gz", gzipped(&text));
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "1000").spawn();
    eventually("some batches are written", async || (database.bars().await >= 5_000).then_some(())).await;
    worker.signal(Signal::SIGKILL);
    worker.wait().await;
    let read: i64 = database.scalar("SELECT checkpoint FROM barlift.tasks").await;
    let stored: i64 = database.scalar("SELECT stored_read FROM barlift.tasks").await;
    assert!(read > 0 && stored > 0 && stored < read, "{read} bytes of text from {stored}");
    drain(&database).await;
    assert_eq!(database.bars().await, i64::try_from(ROWS).expect("small"));
    let counted: i64 = database.scalar("SELECT sum(rows_imported)::bigint FROM barlift.tasks").await;
    assert_eq!(counted, i64::try_from(ROWS).expect("small"));
    let phases: bool = database.scalar("SELECT bool_and((phases->'decode'->>'ms')::float8 > 0) FROM barlift.attempts WHERE outcome = 'succeeded'").await;
    assert!(phases, "decoding is a phase of its own");
}

#[tokio::test]
async fn members_are_read_in_the_zone_of_the_unpacked_file() {
    let folder = Folder::new();
    let text = "20240102 093000;1.1;1.2;1.0;1.15;0\n20240102 093100;1.1;1.2;1.0;1.15;0\n20240102 093200;1.1;1.2;1.0;1.15;0\n";
    folder.write(
        "HISTDATA_COM_ASCII_EURUSD_M1_202401.zip",
        zipped(&[("DAT_ASCII_EURUSD_M1_202401.csv", text)]),
    );
    folder.write("unpacked/DAT_ASCII_EURUSD_M1_202401.csv", text);
    let shown = barlift_alone(&["inspect", folder.arg(), "--json"]).run().await.json(0);
    for file in shown["files"].as_array().expect("files") {
        assert_eq!(file["first"][0]["time"], "2024-01-02T14:30:00Z", "{file:#}");
    }
    assert_eq!(shown["files"].as_array().map(Vec::len), Some(2));
}
