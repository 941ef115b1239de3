//! The policies for mismatches, invalid bars and too many rejected rows.

use crate::support::{Folder, HEADER, TestDatabase, bar, barlift, bars};

#[tokio::test]
async fn mismatches_follow_the_policy() {
    for (policy, status, kept, overwritten) in [
        ("warn", 1, "first", Some(false)),
        ("overwrite", 0, "second", Some(true)),
        ("fail", 1, "first", None),
    ] {
        let database = TestDatabase::new().await;
        let folder = Folder::new();
        folder.write("A_1m.csv", bars(20, 1));
        barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
        folder.write("A_1m.csv", format!("{HEADER}{}{}", bar(4, 2), bar(30, 1)));
        let arguments = ["import", folder.arg(), "--json", "--on-mismatch", policy];
        let result = barlift(&database, &arguments).run().await.json(status);
        let (first, second) = (opening(&bar(4, 1)), opening(&bar(4, 2)));
        let open: f64 =
            database.scalar("SELECT open FROM barlift.bars WHERE time = '2024-01-01 00:04Z'").await;
        assert_eq!(open, if kept == "first" { first } else { second }, "{policy}");
        if let Some(flag) = overwritten {
            assert_eq!(result["totals"]["rows_mismatched"], 1, "{policy}");
            assert_eq!(database.scalar::<bool>("SELECT overwritten FROM barlift.mismatches").await, flag);
            assert_eq!(database.bars().await, 21);
        } else {
            let error = &result["tasks"][0]["error"];
            assert_eq!(error["class"], "permanent");
            let text = error["message"].as_str().expect("a message");
            assert!(text.contains("A_1m.csv, line 2: the bar of 2024-01-01T00:04:00Z differs"), "{text}");
            assert_eq!(result["tasks"][0]["attempts"], 1);
            assert_eq!(database.bars().await, 20, "nothing of the failed batch is there");
        }
    }
}

fn opening(line: &str) -> f64 {
    line.split(',').nth(1).expect("a field").parse().expect("a number")
}

#[tokio::test]
async fn invalid_bars_follow_the_policy() {
    // High below low and a negative volume, then a sound bar.
    let text = format!("{HEADER}2024-01-01,1,0.5,0.9,1,-5\n2024-01-02,1,2,0.5,1.5,5\n");
    for (policy, status, imported, rejected, issues) in
        [("warn", 0, 2, 0, 1), ("reject", 0, 1, 1, 0), ("fail", 1, 0, 0, 0)]
    {
        let database = TestDatabase::new().await;
        let folder = Folder::new();
        folder.write("A_1d.csv", &text);
        let arguments = ["import", folder.arg(), "--json", "--on-invalid", policy];
        let result = barlift(&database, &arguments).run().await.json(status);
        let totals = &result["totals"];
        assert_eq!(
            (
                totals["rows_imported"].as_i64(),
                totals["rows_rejected"].as_i64(),
                totals["quality_issues"].as_i64()
            ),
            (Some(imported), Some(rejected), Some(issues)),
            "{policy}"
        );
        if policy == "fail" {
            let text = result["tasks"][0]["error"]["message"].as_str().expect("a message");
            assert!(text.contains("line 2") && text.contains("high_below_low"), "{text}");
        }
        if policy == "warn" {
            let report = barlift(&database, &["report", "--json"]).run().await.json(0);
            let rules = &report["quality_issues"][0]["rules"];
            assert_eq!(
                *rules,
                serde_json::json!([
                    "high_below_low",
                    "high_below_open",
                    "high_below_close",
                    "volume_negative"
                ])
            );
        }
    }
}

#[tokio::test]
async fn too_many_rejects_fail_the_file_but_not_the_others() {
    for (limit, fails) in [("1", true), ("2", false), ("10%", true), ("50%", false)] {
        let database = TestDatabase::new().await;
        let folder = Folder::new();
        folder.write("A_1m.csv", format!("{}x\ny\n", bars(8, 1)));
        folder.write("B_1m.csv", bars(8, 1));
        let arguments = ["import", folder.arg(), "--json", "--max-rejects", limit];
        let result = barlift(&database, &arguments).run().await.json(i32::from(fails));
        assert_eq!(result["tasks"][0]["state"], if fails { "failed" } else { "succeeded" }, "{limit}");
        assert_eq!(result["tasks"][1]["state"], "succeeded", "{limit}");
        if fails {
            let text = result["tasks"][0]["error"]["message"].as_str().expect("a message");
            assert!(text.contains("2 of 10 rows rejected, more than --max-rejects"), "{text}");
            // Whoever has to mend the file sees which rows they are.
            let report = barlift(&database, &["report", "latest", "--json"]).run().await.json(0);
            assert_eq!(report["rejected_rows"].as_array().map(Vec::len), Some(2), "{report}");
            assert_eq!(result["tasks"][0]["rows"], 10);
        }
    }
}

crate::support::also_on_the_columnstore! {
    mismatches_follow_the_policy,
    invalid_bars_follow_the_policy,
    too_many_rejects_fail_the_file_but_not_the_others,
}
