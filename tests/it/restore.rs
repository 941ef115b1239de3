//! The commands of docs/backup.md.

use crate::support::doc_blocks::run_blocks;
use crate::support::{Folder, TestDatabase, barlift, bars, installation};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_is_the_same_and_goes_on() {
    let (database, restored) = (TestDatabase::new().await, TestDatabase::empty().await);
    let (folder, work) = (Folder::new(), Folder::new());
    for i in 0..4 {
        folder.write(&format!("S{i}_1m.csv"), bars(3000, i));
    }
    folder.write("S3_1m.csv", format!("{}nonsense,1,1,1,1,1\n", bars(3000, 3)));
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    if database.timescaledb {
        database
            .execute(
                "CREATE MATERIALIZED VIEW days WITH (timescaledb.continuous) AS
                 SELECT series_id, time_bucket('1 day', time) AS day, count(*) FROM barlift.bars GROUP BY 1, 2",
            )
            .await;
    }
    let path = format!("{}:{}", installation().await.display(), std::env::var("PATH").expect("a PATH"));
    let variables =
        [("PATH", path.as_str()), ("DATABASE_URL", &database.url), ("RESTORED_URL", &restored.url)];
    let restore = if database.timescaledb { "restore timescaledb" } else { "restore" };
    restored.pool.close().await;
    let answers =
        run_blocks("backup.md", &variables, &work, |name| ["dump", restore, "verify"].contains(&name));
    assert!(answers.text("verify").ends_with("IDENTICAL: 4 series\n"), "{}", answers.text("verify"));

    let restored = TestDatabase::at(restored.url.clone()).await;
    let again = barlift(&restored, &["import", folder.arg(), "--json"]).run().await.json(0);
    assert!(again["tasks"].as_array().expect("a list").iter().all(|t| t["recognised"] == true), "{again}");
    assert_eq!(again["totals"]["rows_rejected"], 1);
    folder.write("NEW_1m.csv", bars(50, 9));
    let more = barlift(&restored, &["import", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(more["totals"]["rows_imported"], 50);
    let verified = barlift(&restored, &["verify", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(verified["totals"]["identical"], 5);
}

crate::support::also_on_the_columnstore! {
    a_restored_database_is_the_same_and_goes_on,
}
