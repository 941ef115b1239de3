//! Any file, any policy: what the program leaves in the database is what the file means.
//!
//! Many files an operation, one operation for each pair of policies; afterwards bars, counters and findings
//! are compared with [`super::model`], floats bit by bit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff_sqlx::{Timestamp, ToSqlx as _};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use sqlx::FromRow as _;

use super::model::{self, Meaning, Outcome, Policies, Policy, Row, Values};
use super::runner;
use crate::support::{Folder, TestDatabase, barlift};

/// A bar by its place in a file's pools of times and values.
#[derive(Debug, Clone, Copy)]
struct Pick {
    time: usize,
    values: usize,
}

#[derive(Debug, Clone)]
enum Content {
    Bar(Pick),
    Bad(usize),
    Blank,
}

/// A file, and the bars that are there before it.
#[derive(Debug, Clone)]
struct Series {
    times: Vec<i64>,
    values: Vec<Values>,
    lines: Vec<Content>,
    there: Vec<Pick>,
    dialect: Dialect,
}

#[derive(Debug, Clone)]
struct Dialect {
    /// Where time, open, high, low, close, volume stand.
    order: Vec<usize>,
    delimiter: char,
    end: &'static str,
    mark: bool,
    quoted: bool,
    exponents: bool,
    time: usize,
    last_end: bool,
}

/// Rows that can be no bar, and why; `|` stands for the delimiter.
const BAD: &[(&str, &str)] = &[
    ("nonsense", "ragged"),
    ("2024-01-01|1|2|3|4|5|6", "ragged"),
    ("\0", "ragged"),
    ("\"", "ragged"),
    ("|x||||", "time"),
    ("x|x|x|x|x|x", "time"),
    ("é|x|x|x|x|x", "time"),
    ("\"\0\"|\0|\0|\0|\0|\0", "time"),
    // A time of the file's form in each column.
    ("TIME|TIME|TIME|TIME|TIME|TIME", "number"),
];

fn values() -> impl Strategy<Value = Values> {
    let odd =
        vec![0.0, -0.0, 5e-324, -5e-324, 1e-300, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.1, 1e22, -1.5];
    let any = prop_oneof![select(odd), proptest::num::f64::NORMAL, proptest::num::f64::SUBNORMAL];
    let price = || (1..100_000u32).prop_map(|n| f64::from(n) / 7.0);
    let sound = (price(), price(), 0..1000u32).prop_map(|(low, more, volume)| {
        [low + more / 3.0, low + more, low, low + more / 2.0, f64::from(volume)]
    });
    prop_oneof![4 => sound, 1 => proptest::array::uniform5(any)]
}

/// 2026-01-01: a few times of the future among others would be rejected.
const PAST: i64 = 1_767_225_600_000_000;

fn times() -> impl Strategy<Value = i64> {
    let minute = (0..400i64).prop_map(|m| 1_704_067_200_000_000 + m * 60_000_000);
    let edge = select(vec![barlift::bar::FIRST_MICROS, barlift::bar::FIRST_MICROS + 1, -1, 0, PAST - 1]);
    let any = barlift::bar::FIRST_MICROS..PAST;
    prop_oneof![8 => minute, 1 => edge, 1 => any]
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let order = Just((0..6).collect::<Vec<_>>()).prop_shuffle();
    let flags = any::<[bool; 4]>();
    (order, select(vec![';', '\t', '|']), select(vec!["\n", "\r\n"]), flags, 0..4usize).prop_map(
        |(order, delimiter, end, [mark, quoted, exponents, last_end], time)| Dialect {
            order,
            delimiter,
            end,
            mark,
            quoted,
            exponents,
            time,
            last_end,
        },
    )
}

fn series() -> impl Strategy<Value = Series> {
    let pick = || (any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), 0..10u32);
    let line = prop_oneof![
        16 => pick().prop_map(Some),
        1 => Just(None),
    ];
    let bad = proptest::collection::vec((any::<proptest::sample::Index>(), 0..BAD.len()), 0..4);
    let parts = (
        proptest::collection::vec(times(), 1..30),
        proptest::collection::vec(values(), 1..6),
        proptest::collection::vec(line, 0..60),
        proptest::collection::vec(pick(), 0..12),
        bad,
        dialect(),
        proptest::collection::vec((any::<proptest::sample::Index>(), 0..5usize), 0..4),
    );
    parts.prop_map(|(times, mut values, lines, there, bad, dialect, twins)| {
        for (which, field) in twins {
            values.push(twin(values[which.index(values.len())], field));
        }
        // Most bars of one time have the same values.
        let picked = |(time, other, chance): (proptest::sample::Index, proptest::sample::Index, u32)| {
            let time = time.index(times.len());
            let values = if chance < 8 { time % values.len() } else { other.index(values.len()) };
            Pick { time, values }
        };
        let mut lines: Vec<_> =
            lines.into_iter().map(|l| l.map_or(Content::Blank, |p| Content::Bar(picked(p)))).collect();
        for (at, which) in bad {
            lines.insert(at.index(lines.len() + 1), Content::Bad(which));
        }
        let there = there.into_iter().map(picked).collect();
        Series { times, values, lines, there, dialect }
    })
}

/// Values that differ in the last bit of one.
fn twin(mut values: Values, field: usize) -> Values {
    values[field] = if values[field] < 1.0 { values[field].next_up() } else { values[field].next_down() };
    values
}

impl Series {
    /// The file's bytes, and what its rows mean.
    fn file(&self, decimal_comma: bool) -> (Vec<u8>, Vec<Row>) {
        let d = &self.dialect;
        let names = ["Time", "OPEN", "h", "Low", "close_price", "vol"];
        let mut bytes = if d.mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        bytes.extend(d.line(&names.map(str::to_owned)).bytes().chain(d.end.bytes()));
        let mut rows = Vec::new();
        for (i, content) in self.lines.iter().enumerate() {
            let (text, meaning) = self.line(content, decimal_comma);
            let offset = i64::try_from(bytes.len()).expect("small");
            if let Some(meaning) = meaning {
                let line = i64::try_from(i).expect("small") + 2;
                rows.push(Row { line, offset, raw: text.clone().into_bytes(), meaning });
            }
            bytes.extend(text.bytes());
            if d.last_end || i + 1 < self.lines.len() {
                bytes.extend(d.end.bytes());
            }
        }
        (bytes, rows)
    }

    /// A line's text and what it means, unless it is blank.
    fn line(&self, content: &Content, decimal_comma: bool) -> (String, Option<Meaning>) {
        let d = &self.dialect;
        match content {
            Content::Blank => (" ".into(), None),
            Content::Bad(which) => {
                let (text, rule) = BAD[*which];
                let text = text.replace("TIME", &d.time(0));
                (text.replace('|', &d.delimiter.to_string()), Some(Err(rule)))
            }
            Content::Bar(pick) => {
                let (time, values) = (self.times[pick.time], self.values[pick.values]);
                let numbers = values.map(|v| {
                    let text = if d.exponents { format!("{v:e}") } else { format!("{v}") };
                    if decimal_comma { text.replace('.', ",") } else { text }
                });
                let [open, high, low, close, volume] = numbers;
                let fields = [d.time(time), open, high, low, close, volume];
                (d.line(&fields), Some(Ok((time, values))))
            }
        }
    }

    fn there(&self) -> BTreeMap<i64, Values> {
        self.there.iter().map(|p| (self.times[p.time], self.values[p.values])).collect()
    }
}

impl Dialect {
    fn line(&self, fields: &[String; 6]) -> String {
        let mut line = String::new();
        for (i, &column) in self.order.iter().enumerate() {
            if i > 0 {
                line.push(self.delimiter);
            }
            let quote = if self.quoted && column % 2 == 0 { "\"" } else { "" };
            write!(line, "{quote}{}{quote}", fields[column]).expect("a string takes everything");
        }
        line
    }

    fn time(&self, micros: i64) -> String {
        let at = jiff::Timestamp::from_microsecond(micros).expect("in range");
        match self.time {
            0 => at.to_string(),
            1 => at.strftime("%Y-%m-%d %H:%M:%S%.f").to_string(),
            2 => at.strftime("%Y/%m/%d %H:%M:%S%.f UTC").to_string(),
            _ => at
                .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(5)))
                .strftime("%FT%T%.f%:z")
                .to_string(),
        }
    }
}

/// Bars that were there before anybody imported anything.
async fn put(database: &TestDatabase, symbol: &str, bars: &BTreeMap<i64, Values>) {
    let series: i32 =
        sqlx::query_scalar("INSERT INTO barlift.series (symbol, timeframe) VALUES ($1, '1m') RETURNING id")
            .bind(symbol)
            .fetch_one(&database.pool)
            .await
            .expect("a series");
    let column = |i: usize| bars.values().map(|v| v[i]).collect::<Vec<f64>>();
    sqlx::query(
        "INSERT INTO barlift.bars SELECT $1, * FROM unnest(
             $2::timestamptz[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[])",
    )
    .bind(series)
    .bind(bars.keys().map(|t| sql_time(*t)).collect::<Vec<_>>())
    .bind(column(0))
    .bind(column(1))
    .bind(column(2))
    .bind(column(3))
    .bind(column(4))
    .execute(&database.pool)
    .await
    .expect("bars");
}

fn sql_time(micros: i64) -> Timestamp {
    jiff::Timestamp::from_microsecond(micros).expect("in range").to_sqlx()
}

async fn query<T>(database: &TestDatabase, query: &'static str, id: i64) -> Vec<T>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(query).bind(id).fetch_all(&database.pool).await.expect(query)
}

/// What is in the database of a file.
async fn left_behind(database: &TestDatabase, symbol: &str) -> Outcome {
    let task = sqlx::query(
        "SELECT t.id, s.id::bigint AS series, t.state, t.error_class, t.error_message, t.*
         FROM barlift.tasks t JOIN barlift.series s USING (symbol, timeframe) WHERE symbol = $1",
    )
    .bind(symbol)
    .fetch_one(&database.pool)
    .await
    .expect("one task");
    let (id, series, state, class, message): (i64, i64, String, Option<String>, Option<String>) =
        FirstFive::from_row(&task).expect("columns");
    let counts = barlift::counts::RowCounts::from_row(&task).expect("counters");
    assert_eq!(state == "failed", class.as_deref() == Some("permanent"), "{symbol}: {message:?}");
    let issues: i64 = sqlx::query_scalar("SELECT count(*) FROM barlift.quality_issues WHERE task_id = $1")
        .bind(id)
        .fetch_one(&database.pool)
        .await
        .expect("a count");
    assert_eq!(counts.quality_issues, issues, "{symbol}");
    let findings = findings(database, id).await;
    Outcome {
        bars: bars(database, series).await,
        counts: [
            counts.rows,
            counts.rows_imported,
            counts.rows_skipped,
            counts.rows_mismatched,
            counts.rows_rejected,
            counts.rows_duplicate,
            i64::try_from(findings.issues.len()).expect("few"),
        ],
        failed_at: message.map(|text| failed_line(&text)),
        ..findings
    }
}

/// Whether a file was refused since its prices would be sound in another order, as those of some of these files would.
async fn looks_exchanged(database: &TestDatabase, symbol: &str) -> bool {
    let message: Option<String> =
        sqlx::query_scalar("SELECT error_message FROM barlift.tasks WHERE symbol = $1")
            .bind(symbol)
            .fetch_one(&database.pool)
            .await
            .expect("one task");
    message.is_some_and(|message| message.contains("as if columns were exchanged"))
}

/// The market-data rules that compare bars.
const OF_NEIGHBOURS: [&str; 2] = ["price_jump", "time_out_of_order"];

type FirstFive = (i64, i64, String, Option<String>, Option<String>);

fn failed_line(message: &str) -> i64 {
    let rest = message.split(", line ").nth(1).expect(message);
    rest.split(':').next().expect(message).parse().expect(message)
}

async fn bars(database: &TestDatabase, series: i64) -> BTreeMap<i64, Values> {
    const QUERY: &str = "SELECT time, open, high, low, close, volume FROM barlift.bars WHERE series_id = $1";
    let rows: Vec<(Timestamp, f64, f64, f64, f64, f64)> = query(database, QUERY, series).await;
    rows.into_iter().map(|(t, o, h, l, c, v)| (t.to_jiff().as_microsecond(), [o, h, l, c, v])).collect()
}

async fn findings(database: &TestDatabase, task: i64) -> Outcome {
    type Mismatch = (i64, Timestamp, Vec<f64>, Vec<f64>);
    let mismatches: Vec<Mismatch> = query(
        database,
        "SELECT line, time, ARRAY[csv_open, csv_high, csv_low, csv_close, csv_volume],
                ARRAY[db_open, db_high, db_low, db_close, db_volume] FROM barlift.mismatches WHERE task_id = $1",
        task,
    )
    .await;
    let rejected: Vec<(i64, i64, String, Vec<u8>)> = query(
        database,
        "SELECT line, byte_offset, rule, raw FROM barlift.rejected_rows WHERE task_id = $1",
        task,
    )
    .await;
    let issues: Vec<(i64, Timestamp, Vec<f64>, String)> = query(
        database,
        "SELECT line, time, ARRAY[open, high, low, close, volume], rules FROM barlift.quality_issues
         WHERE task_id = $1",
        task,
    )
    .await;
    // The model knows the rules of single bars; those that compare bars have their own tests.
    let of_bar = |rules: &str| {
        let rules: Vec<&str> = rules.split(',').filter(|rule| !OF_NEIGHBOURS.contains(rule)).collect();
        rules.join(",")
    };
    let issues = issues.into_iter().map(|(l, t, v, rules)| (l, t, v, of_bar(&rules)));
    let issues = issues.filter(|(.., rules)| !rules.is_empty());
    let five = |v: Vec<f64>| Values::try_from(v).expect("five");
    let micros = |t: Timestamp| t.to_jiff().as_microsecond();
    Outcome {
        mismatches: mismatches.into_iter().map(|(l, t, c, d)| (l, (micros(t), five(c), five(d)))).collect(),
        rejected: rejected.into_iter().map(|(l, o, rule, raw)| (l, (o, rule, raw))).collect(),
        issues: issues.map(|(l, t, v, rules)| (l, (micros(t), five(v), rules))).collect(),
        ..Outcome::default()
    }
}

/// Bits, so that 0 is not -0.
fn exact(outcome: &Outcome) -> String {
    let bits = |v: &Values| format!("{:x?}", v.map(f64::to_bits));
    let mut text = format!("failed at {:?}, {:?}\n", outcome.failed_at, outcome.counts);
    let mut say = |line: String| writeln!(text, "{line}").expect("a string takes everything");
    outcome.bars.iter().for_each(|(t, v)| say(format!("bar {t} {}", bits(v))));
    outcome
        .mismatches
        .iter()
        .for_each(|(l, (t, c, d))| say(format!("mismatch {l} {t} {} {}", bits(c), bits(d))));
    outcome.rejected.iter().for_each(|r| say(format!("rejected {r:?}")));
    outcome.issues.iter().for_each(|(l, (t, v, rules))| say(format!("issue {l} {t} {} {rules}", bits(v))));
    text
}

const POLICIES: [(Policy, &str, &str); 3] =
    [(Policy::Warn, "warn", "warn"), (Policy::Act, "overwrite", "reject"), (Policy::Fail, "fail", "fail")];

/// Rows in a batch; the last is more than any file has.
const BATCH_ROWS: [usize; 5] = [1, 2, 7, 20, 1000];

#[tokio::test]
async fn any_file_is_imported_as_it_is_meant_under_all_policies() {
    let mut runner = runner(1200);
    // A file takes a hundred times as long as a value.
    let files = runner.config().cases.div_ceil(100);
    let database = TestDatabase::new().await;
    for (round, (mismatch, invalid)) in
        POLICIES.iter().flat_map(|m| POLICIES.iter().map(move |i| (m, i))).enumerate()
    {
        let policies = Policies {
            mismatch: mismatch.0,
            invalid: invalid.0,
            batch_rows: BATCH_ROWS[round % BATCH_ROWS.len()],
        };
        let files: Vec<_> = (0..files)
            .map(|i| (format!("R{round}F{i}"), series().new_tree(&mut runner).expect("a series").current()))
            .collect();
        let flags = ["--on-mismatch", mismatch.1, "--on-invalid", invalid.2];
        is_imported(&database, &files, policies, &flags, round % 2 == 1).await;
    }
}

async fn is_imported(
    database: &TestDatabase,
    files: &[(String, Series)],
    policies: Policies,
    flags: &[&str],
    decimal_comma: bool,
) {
    let folder = Folder::new();
    for (symbol, series) in files {
        folder.write(&format!("{symbol}_1m.csv"), series.file(decimal_comma).0);
        put(database, symbol, &series.there()).await;
    }
    let batch_rows = policies.batch_rows.to_string();
    let mut arguments = vec!["import", folder.arg(), "--json", "--batch-rows", &batch_rows];
    arguments.extend(flags);
    arguments.extend(decimal_comma.then_some("--decimal-comma"));
    // Such files are no ordinary histories.
    arguments.extend(["--allow-empty", "--on-conflict-shape", "warn"]);
    let run = barlift(database, &arguments).run().await;
    assert!(run.status < 2, "{}", run.stderr);
    for (symbol, series) in files {
        let (bytes, rows) = series.file(decimal_comma);
        if looks_exchanged(database, symbol).await {
            continue;
        }
        let wanted = exact(&model::import(&rows, &series.there(), policies));
        let got = exact(&left_behind(database, symbol).await);
        let (got, wanted): (Vec<_>, Vec<_>) = (got.lines().collect(), wanted.lines().collect());
        if got != wanted {
            let only = |some: &[&str], other: &[&str]| {
                some.iter().filter(|l| !other.contains(l)).map(|l| format!("{l}\n")).collect::<String>()
            };
            let (file, there) = (bytes.escape_ascii(), series.there());
            let (got, wanted) = (only(&got, &wanted), only(&wanted, &got));
            panic!("{symbol} {policies:?}\ngot:\n{got}wanted:\n{wanted}file: {file}\nwas there: {there:?}");
        }
    }
}
