//! Verification of the copy, from its command to its report.

mod after_import;
mod against;
mod edge_cases;
mod faults;
mod one_side_only;
mod property;
mod real_files;
mod sample;
mod several_files;
mod source_cache;
mod trace;

use serde_json::Value;

use crate::support::{TestDatabase, barlift};

/// A verification as it ended: what the program printed, and its report.
pub struct Verified {
    pub status: i32,
    pub json: Value,
    pub report: Value,
}

/// Verifies a folder, and checks that exit status, status and report say the same.
pub async fn verify(database: &TestDatabase, folder: &str, more: &[&str]) -> Verified {
    let arguments = [&["verify", folder, "--json"], more].concat();
    let run = barlift(database, &arguments).run().await;
    assert!(run.status < 2, "stdout:\n{}\nstderr:\n{}", run.stdout, run.stderr);
    let json = run.json(run.status);
    let report = report(database, run.status).await;
    assert_eq!(json["operation_id"], report["operation_id"]);
    assert_eq!(json["state"], "succeeded", "{json:#}");
    assert_eq!(report["verdict"], if run.status == 0 { "identical" } else { "differs" }, "{report:#}");
    Verified { status: run.status, json, report }
}

/// The report of the newest operation.
pub async fn report(database: &TestDatabase, status: i32) -> Value {
    barlift(database, &["report", "latest", "--json"]).run().await.json(status)
}

impl Verified {
    /// The only series of the report.
    pub fn series(&self) -> &Value {
        let all = self.report["series"].as_array().expect("a list");
        assert_eq!(all.len(), 1, "{:#}", self.report);
        &all[0]
    }

    pub fn differences(&self) -> &[Value] {
        self.series()["differences"].as_array().expect("a list")
    }

    /// Bars different, only in the files, only in the database; after a look at whether verdict and sums agree.
    pub fn counts(&self) -> [i64; 3] {
        let series = self.series();
        let counts = ["different", "only_in_csv", "only_in_db"].map(|name| {
            let n = series[name].as_i64().expect("a number");
            assert_eq!(self.report["totals"][name], n, "{name}");
            n
        });
        assert_eq!(series["verdict"], self.report["verdict"]);
        counts
    }

    /// The kinds of the ranges, with their bars.
    pub fn ranges(&self) -> Vec<(&str, i64)> {
        let ranges = self.series()["ranges"].as_array().expect("a list");
        ranges
            .iter()
            .map(|r| (r["kind"].as_str().expect("a kind"), r["bars"].as_i64().expect("a number")))
            .collect()
    }
}

/// Imports a folder without failures.
pub async fn import(database: &TestDatabase, folder: &str, more: &[&str]) -> Value {
    let arguments = [&["import", folder, "--json"], more].concat();
    barlift(database, &arguments).run().await.imported()
}

/// A statement that is made up by the test.
pub async fn execute(database: &TestDatabase, sql: &str) -> u64 {
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    statement.execute(&database.pool).await.expect(sql).rows_affected()
}

/// Moves the bars of the only series for which `condition` holds by `interval`.
pub async fn shift(database: &TestDatabase, condition: &str, interval: &str) {
    let sql = format!(
        "CREATE TABLE public.moved AS SELECT * FROM barlift.bars WHERE {condition};
         DELETE FROM barlift.bars WHERE {condition};
         INSERT INTO barlift.bars (series_id, time, open, high, low, close, volume)
         SELECT series_id, time + interval '{interval}', open, high, low, close, volume FROM public.moved;
         DROP TABLE public.moved"
    );
    execute(database, &sql).await;
}
