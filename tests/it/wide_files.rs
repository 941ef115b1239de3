//! Messages about files with thousands of columns name only a few of them.

use std::fmt::Write as _;

use crate::support::{Folder, TestDatabase, barlift};

const LONGEST: usize = 1_500;

fn names(columns: usize) -> String {
    (0..columns).fold(String::new(), |mut text, i| {
        write!(text, ",x{i}").expect("a string takes everything");
        text
    })
}

#[tokio::test]
async fn ignored_columns_are_told_in_one_short_line() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let values = ",0".repeat(5_000);
    let header = format!("timestamp,open,high,low,close,volume{}", names(5_000));
    folder.write("A_1m.csv", format!("{header}\n2024-01-01T00:00:00Z,1,2,0.5,1,5{values}\n"));
    // Many files, each with others.
    for i in 0..30 {
        let header = format!("timestamp,open,high,low,close,volume,mine {i}");
        folder.write(&format!("S{i:02}_1m.csv"), format!("{header}\n2024-01-01T00:00:00Z,1,2,0.5,1,5,0\n"));
    }
    let run = barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let told: Vec<&str> = run.stdout.lines().filter(|l| l.contains("ignored columns")).collect();
    assert!(told[0].starts_with("ignored columns in 1 file: x0, "), "{}", told[0]);
    assert!(told[0].ends_with(" … and 4,990 more"), "{}", told[0]);
    assert_eq!(told[10], "(21 files more with other ignored columns)");
    assert_eq!(told.len(), 11);
    assert!(run.stdout.lines().all(|l| l.len() < LONGEST));
}

#[tokio::test]
async fn a_header_that_lacks_a_column_is_told_in_one_short_line() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", format!("timestamp,open,high,low,volume{}\n", names(5_000)));
    let run = barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(run.status, 1, "{}", run.stderr);
    let told = run.stdout.lines().find(|l| l.contains("lacks a column for close")).expect("the error");
    assert!(told.contains("`x14` … and 4985 more; name the columns"), "{told}");
    assert!(run.stdout.lines().chain(run.stderr.lines()).all(|l| l.len() < LONGEST));
}
