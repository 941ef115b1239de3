//! Verifications that a test writes into the database itself, row by row.

use serde_json::{Value, json};

use super::TestDatabase;

const ID: &str = "op_verify_01M8187VZZZZT8MP5T3NS6RN5T";

/// A settled full verification of nothing, with these options besides.
pub async fn operation(database: &TestDatabase, options: Value) {
    let mut all = json!({ "mode": "full", "within_range": false, "unexplained": [] });
    all.as_object_mut().expect("an object").extend(options.as_object().expect("an object").clone());
    sqlx::query(
        "INSERT INTO barlift.operations (id, type, state, root, options, unrecognised, max_attempts, traceparent,
                                         created_at, run_at, started_at, finished_at)
         VALUES ($1, 'DATA_VERIFICATION', 'succeeded', 'file:///data/bars', $2,
                 '[{\"path\": \"notes.csv\", \"reason\": \"its name does not fit the pattern\"}]', 3,
                 '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
                 '2024-03-01 10:00Z', '2024-03-01 10:00Z', '2024-03-01 10:00:01Z', '2024-03-01 10:00:09Z')",
    )
    .bind(ID)
    .bind(all)
    .execute(&database.pool)
    .await
    .expect("an operation");
}

/// One series of it.
pub struct Series<'a> {
    pub symbol: &'a str,
    pub verdict: &'a str,
    /// Bars of the files, of the database, different ones, only in the files, only in the database.
    pub bars: [i64; 5],
    pub rejected: i64,
    pub duplicates: Value,
}

impl Default for Series<'_> {
    fn default() -> Self {
        Self {
            symbol: "A",
            verdict: "identical",
            bars: [10, 10, 0, 0, 0],
            rejected: 0,
            duplicates: json!([]),
        }
    }
}

impl Series<'_> {
    /// Puts it there; the task's id. Its bars are hourly from 2024-01-01 on.
    pub async fn insert(&self, database: &TestDatabase) -> i64 {
        let [csv, db, different, only_csv, only_db] = self.bars;
        let duplicate = i64::try_from(self.duplicates.as_array().expect("a list").len()).expect("few");
        let identical = csv - different - only_csv;
        let task: i64 = sqlx::query_scalar(
            "INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, more_sources, source_bytes, state,
                                        verdict, rows, rows_skipped, rows_mismatched, rows_missing, rows_rejected,
                                        rows_duplicate)
             VALUES ($1, $2, '1h', $2 || '_1h.csv', CASE $2 WHEN 'SPLIT' THEN ARRAY['2/SPLIT_1h.csv'] ELSE '{}' END,
                     1000, 'succeeded', $3, $4 + $8 + $9, $5, $6, $7, $8, $9)
             RETURNING id",
        )
        .bind(ID)
        .bind(self.symbol)
        .bind(self.verdict)
        .bind(csv)
        .bind(identical)
        .bind(different)
        .bind(only_csv)
        .bind(self.rejected)
        .bind(duplicate)
        .fetch_one(&database.pool)
        .await
        .expect("a task");
        sqlx::query(
            "INSERT INTO barlift.verifications (task_id, csv_bars, db_bars, csv_first, csv_last, db_first, db_last,
                                                compared, identical, different, only_in_csv, only_in_db,
                                                csv_hash, db_hash, by_hash, untouched, duplicates)
             SELECT $1, $2, $3, first, first + ($2 - 1) * interval '1 h', first, first + ($3 - 1) * interval '1 h',
                    $2, $4, $5, $6, $7, decode(md5('csv'), 'hex'),
                    decode(md5(CASE WHEN $5 + $6 + $7 > 0 THEN 'db' ELSE 'csv' END), 'hex'), $5 + $6 + $7 = 0, true, $8
             FROM (VALUES (timestamptz '2024-01-01Z')) AS t (first)",
        )
        .bind(task)
        .bind(csv)
        .bind(db)
        .bind(identical)
        .bind(different)
        .bind(only_csv)
        .bind(only_db)
        .bind(&self.duplicates)
        .execute(&database.pool)
        .await
        .expect("a verification");
        task
    }
}

/// A range from hour to hour since 2024-01-01.
pub async fn range(database: &TestDatabase, task: i64, kind: &str, hours: [i64; 2], more: [Option<f64>; 3]) {
    let [price, volume, shifted] = more;
    sqlx::query(
        "INSERT INTO barlift.difference_ranges
         SELECT $1, count(*) + 1, $2, timestamptz '2024-01-01Z' + $3 * interval '1 h',
                timestamptz '2024-01-01Z' + $4 * interval '1 h', $4 - $3 + 1,
                CASE $2 WHEN 'identical' THEN $4 - $3 + 1 ELSE 0 END, $5, $6, $7 * interval '1 s'
         FROM barlift.difference_ranges WHERE task_id = $1",
    )
    .bind(task)
    .bind(kind)
    .bind(hours[0])
    .bind(hours[1])
    .bind(price)
    .bind(volume)
    .bind(shifted)
    .execute(&database.pool)
    .await
    .expect("a range");
}

/// Differing bars of these hours: the database's values are `$price` and `$volume` times the file's.
pub async fn differences(database: &TestDatabase, task: i64, kind: &str, hours: [i64; 2], ratios: [f64; 2]) {
    sqlx::query(
        "INSERT INTO barlift.differences
         SELECT $1, (SELECT count(*) FROM barlift.differences WHERE task_id = $1) + row_number() OVER (), $2,
                timestamptz '2024-01-01Z' + i * interval '1 h',
                CASE WHEN csv THEN (SELECT source FROM barlift.tasks WHERE id = $1) END, CASE WHEN csv THEN i + 2 END,
                CASE WHEN csv THEN 100 + i % 50 END, CASE WHEN csv THEN 101.5 + i % 50 END,
                CASE WHEN csv THEN 99 + i % 50 END, CASE WHEN csv THEN 100.25 + i % 50 END,
                CASE WHEN csv THEN 1000 END,
                CASE WHEN db THEN (100 + i % 50) * $5 END, CASE WHEN db THEN (101.5 + i % 50) * $5 END,
                CASE WHEN db THEN (99 + i % 50) * $5 END, CASE WHEN db THEN (100.25 + i % 50) * $5 END,
                CASE WHEN db THEN 1000 * $6 END
         FROM generate_series($3::bigint, $4) i, (VALUES ($2 <> 'only_in_db', $2 <> 'only_in_csv')) k (csv, db)",
    )
    .bind(task)
    .bind(kind)
    .bind(hours[0])
    .bind(hours[1])
    .bind(ratios[0])
    .bind(ratios[1])
    .execute(&database.pool)
    .await
    .expect("differences");
}

pub async fn rejected(database: &TestDatabase, task: i64, line: i64, reason: &str) {
    sqlx::query(
        "INSERT INTO barlift.rejected_rows VALUES ($1, $2, $2 * 50, 'number', $3, '2024-01-01,\"x\",1')",
    )
    .bind(task)
    .bind(line)
    .bind(reason)
    .execute(&database.pool)
    .await
    .expect("a rejected row");
}

/// Series with every kind of difference, beside identical ones.
pub async fn everything(database: &TestDatabase) {
    operation(database, json!({ "unexplained": [{ "symbol": "OLD", "timeframe": "1d" }] })).await;
    Series::default().insert(database).await;
    let odd = Series {
        symbol: "ODD",
        rejected: 2,
        duplicates: json!([{"source": "ODD_1h.csv", "line": 7}]),
        ..Series::default()
    };
    let task = odd.insert(database).await;
    rejected(database, task, 4, "column 3: high `x` is not a number").await;
    rejected(database, task, 5, "column 3: high `y` is not a number").await;

    let split =
        Series { symbol: "SPLIT", verdict: "differs", bars: [200, 200, 104, 0, 0], ..Series::default() };
    let task = split.insert(database).await;
    range(database, task, "ratio", [0, 99], [Some(0.5), Some(2.0), None]).await;
    range(database, task, "identical", [100, 149], [None; 3]).await;
    range(database, task, "revised", [150, 153], [None; 3]).await;
    range(database, task, "identical", [154, 199], [None; 3]).await;
    differences(database, task, "different", [0, 99], [0.5, 2.0]).await;
    differences(database, task, "different", [150, 152], [1.01, 1.0]).await;
    differences(database, task, "different", [153, 153], [f64::NAN, f64::INFINITY]).await;

    let shift = Series { symbol: "ZONE", verdict: "differs", bars: [60, 60, 0, 24, 24], ..Series::default() };
    let task = shift.insert(database).await;
    range(database, task, "identical", [0, 11], [None; 3]).await;
    range(database, task, "shifted", [12, 35], [None, None, Some(18_000.0)]).await;
    range(database, task, "identical", [36, 59], [None; 3]).await;
    differences(database, task, "only_in_csv", [12, 35], [1.0; 2]).await;
    differences(database, task, "only_in_db", [17, 40], [1.0; 2]).await;

    let holes = Series { symbol: "HOLES", verdict: "differs", bars: [50, 48, 0, 5, 3], ..Series::default() };
    let task = holes.insert(database).await;
    range(database, task, "identical", [0, 9], [None; 3]).await;
    range(database, task, "only_in_csv", [10, 14], [None; 3]).await;
    range(database, task, "identical", [15, 46], [None; 3]).await;
    range(database, task, "only_in_db", [47, 49], [None; 3]).await;
    differences(database, task, "only_in_csv", [10, 14], [1.0; 2]).await;
    differences(database, task, "only_in_db", [47, 49], [1.0; 2]).await;
}
