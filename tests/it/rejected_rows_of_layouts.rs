//! Rejected rows of files whose rows decided how they are read: once mended, they are read in the same way, though they are
//! too few to decide anything.

use crate::support::{Folder, TestDatabase, barlift};

#[tokio::test]
async fn mended_rows_are_read_as_their_file_was() {
    let (database, folder, mend) = (TestDatabase::new().await, Folder::new(), Folder::new());
    // The order of day and month shows in the last row alone.
    let dated = |bad: &str| {
        format!(
            "Date,Open,High,Low,Close,Volume\n02/03/2026,10,12,9,{bad},1\n03/03/2026,10,12,9,11,1\n13/03/2026,10,12,9,11,1\n"
        )
    };
    // Thousands show in one number alone.
    let dotted = |bad: &str| {
        format!(
            "Date;Open;High;Low;Close;Volume\n2026-03-02;1.001;1.005;990;{bad};1.204.500\n2026-03-03;1.001;1.005;990;1.002;7\n"
        )
    };
    // Counts, without a header.
    let counted = |bad: &str| {
        format!("1772409600000,1,2,0.5,{bad},7\n1772496000000,1,2,0.5,1.5,7\n1772582400000,1,2,0.5,1.5,7\n")
    };
    folder.write("A_1d.csv", dated("x"));
    folder.write("B_1d.csv", dotted("x"));
    folder.write("C_1d.csv", counted("x"));
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    let report = barlift(&database, &["report", "latest", "--rejected-to", mend.arg()]).run().await;
    assert_eq!(report.status, 0, "{}", report.stderr);
    let mut imported = 0;
    for kind in ["1", "2", "3"] {
        let directory = mend.path().join(kind);
        assert!(
            report.stderr.contains(&format!("barlift import {}", directory.display())),
            "{}",
            report.stderr
        );
        for (name, good) in [("A_1d.csv", "11"), ("B_1d.csv", "1.002"), ("C_1d.csv", "1.5")] {
            let path = directory.join(name);
            if let Ok(text) = std::fs::read_to_string(&path) {
                std::fs::write(&path, text.replace('x', good)).expect("written");
                imported += 1;
            }
        }
        let directory = directory.display().to_string();
        let mended = barlift(&database, &["import", &directory]).run().await;
        assert_eq!(mended.status, 0, "{}{}", mended.stdout, mended.stderr);
    }
    assert_eq!(imported, 3);
    let bars: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', symbol, time::date, close, volume) FROM barlift.bars_named ORDER BY symbol, time",
    )
    .fetch_all(&database.pool)
    .await
    .expect("bars");
    assert_eq!(
        bars,
        [
            "A 2026-03-02 11 1",
            "A 2026-03-03 11 1",
            "A 2026-03-13 11 1",
            "B 2026-03-02 1002 1204500",
            "B 2026-03-03 1002 7",
            "C 2026-03-02 1.5 7",
            "C 2026-03-03 1.5 7",
            "C 2026-03-04 1.5 7",
        ]
    );
}
