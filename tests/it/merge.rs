//! `barlift data merge`: all bars of a series go into another one, and what is kept about them is right afterwards.

use barlift::bar::columns::{CLOSE, COLUMNS, OPEN, VOLUME};
use barlift::bar::{Bars, Micros, Ohlcv, SeriesName, UNKNOWN};
use barlift::config::OnConflict;
use barlift::digest::SeriesDigest;
use barlift::error::Error;
use barlift::format::BarFile;
use barlift::repository::data::{DataRepository, Merged, Renaming, Respelled};
use barlift::source::reader::ReadOptions;
use serde_json::{Value, json};
use tokio_stream::wrappers::ReceiverStream;

use crate::cli::check;
use crate::support::{
    Folder, HEADER, Run, TestDatabase, bar, barlift, bars, enqueue, eventually, hold_back, wait_for_rows,
};
use crate::verify::verify;

const MINUTE: Micros = 60_000_000;

/// Minute bars; the volume is the number of the minute.
fn minutes(range: std::ops::Range<i32>) -> Bars {
    let mut bars = Bars::default();
    for i in range {
        bars.push(Micros::from(i) * MINUTE, Ohlcv::new(1.0, 2.0, 0.5, 1.5, f64::from(i)));
    }
    bars
}

fn pair(from: &str, to: &str) -> Renaming {
    let name = |text: &str| {
        let (symbol, timeframe) = text.split_once(' ').expect("a symbol and a timeframe");
        SeriesName { symbol: symbol.to_owned(), timeframe: timeframe.to_owned() }
    };
    Renaming { from: name(from), to: name(to) }
}

async fn save(repository: &DataRepository, name: &str, bars: &Bars) {
    let (symbol, timeframe) = name.split_once(' ').expect("a symbol and a timeframe");
    repository.save(symbol, timeframe, bars).await.expect("saved");
}

async fn load(repository: &DataRepository, name: &str) -> Bars {
    let (symbol, timeframe) = name.split_once(' ').expect("a symbol and a timeframe");
    repository.load(symbol, timeframe, Micros::MIN, Micros::MAX).await.expect("loaded")
}

async fn merge(database: &TestDatabase, arguments: &[&str]) -> Run {
    barlift(database, &[&["data", "merge"], arguments].concat()).run().await
}

/// The content that is kept of the only series, and the one that its bars have.
async fn contents(database: &TestDatabase, name: &str) -> (Option<String>, String) {
    let kept = database.scalar("SELECT content::text FROM barlift.series").await;
    let mut digest = SeriesDigest::default();
    digest.add_bars(&load(&DataRepository::new(database.pool.clone()), name).await);
    (kept, digest.sum.to_string())
}

/// Where TimescaleDB can: as the policy leaves bars that are old enough.
async fn compress(database: &TestDatabase) {
    if database.timescaledb {
        let setup = barlift(database, &["db", "setup"]).env("BARLIFT__DATABASE__COMPRESS_AFTER", "90 days");
        assert_eq!(setup.run().await.status, 0);
        database.execute("SELECT compress_chunk(c) FROM show_chunks('barlift.bars') c").await;
    }
}

#[tokio::test]
async fn all_bars_move_and_the_series_is_gone() {
    for compressed in [false, true] {
        let database = TestDatabase::new().await;
        let repository = DataRepository::new(database.pool.clone());
        // Before, between and behind those of the other; in several chunks.
        let far = |days: i32| days * 24 * 60;
        let (mut theirs, ours) = (minutes(0..3000), minutes(1000..2000));
        theirs.append(&minutes(far(400)..far(400) + 500));
        let mut gap = minutes(0..10);
        gap.append(&minutes(1500..1600));
        gap.append(&minutes(2990..3010));
        save(&repository, "A min", &theirs).await;
        save(&repository, "A 1m", &ours).await;
        save(&repository, "B 1m", &gap).await;
        if compressed {
            compress(&database).await;
        }
        let merged = repository.merge(&pair("A min", "A 1m"), OnConflict::Fail).await.expect("merged");
        assert_eq!(merged, Merged { moved: 2500, equal: 1000, conflicts: 0 });
        assert_eq!(load(&repository, "A 1m").await, theirs);
        assert_eq!(load(&repository, "B 1m").await, gap);
        assert_eq!(database.bars().await, 3500 + 130, "none is left of the series that is gone");
        let gone = repository.load("A", "min", 0, 1).await.expect_err("gone");
        assert_eq!(gone.hint(), Some("the timeframes of A: 1m"));
    }
}

#[tokio::test]
async fn bars_that_differ_are_left_to_the_policy() {
    for (policy, compressed) in [
        (OnConflict::Keep, false),
        (OnConflict::Keep, true),
        (OnConflict::Overwrite, false),
        (OnConflict::Overwrite, true),
    ] {
        let database = TestDatabase::new().await;
        let repository = DataRepository::new(database.pool.clone());
        let (mut theirs, mut ours) = (minutes(0..20), minutes(10..30));
        // Every column counts; so does a value that one of both lacks, but not one that both lack, nor the sign of 0.
        for column in 0..COLUMNS.len() {
            ours[column][column] += 1.0;
        }
        let different = COLUMNS.len() + 2;
        ours[VOLUME][COLUMNS.len()] = UNKNOWN;
        theirs[VOLUME][10 + COLUMNS.len() + 1] = UNKNOWN;
        (ours[VOLUME][8], theirs[VOLUME][18]) = (UNKNOWN, UNKNOWN);
        (ours[CLOSE][9], theirs[CLOSE][19]) = (0.0, -0.0);
        save(&repository, "A min", &theirs).await;
        save(&repository, "A 1m", &ours).await;
        if compressed {
            compress(&database).await;
        }
        let merging = pair("A min", "A 1m");
        let counts = Merged { moved: 10, equal: 3, conflicts: different as u64 };
        let (preview, first) = repository.preview_merge(&merging).await.expect("counted");
        assert_eq!((&preview, first.len()), (&counts, 5));
        assert_eq!(first[0].time, 10 * MINUTE);
        assert_eq!((first[0].from[OPEN], first[0].into[OPEN]), (1.0, 2.0));

        let refused = repository.merge(&merging, OnConflict::Fail).await.expect_err("conflicts");
        assert!(matches!(refused, Error::AlreadyThere { .. }), "{refused}");
        let lines: Vec<String> = refused.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 1 + 5 + 1, "{lines:?}");
        assert_eq!(lines[0], "A min is not merged into A 1m: 7 bars differ; nothing was changed");
        assert_eq!(load(&repository, "A min").await, theirs);
        assert_eq!(load(&repository, "A 1m").await, ours);

        assert_eq!(repository.merge(&merging, policy).await.expect("merged"), counts);
        let mut want = if policy == OnConflict::Keep { minutes(0..10) } else { theirs };
        want.append(&if policy == OnConflict::Keep { ours } else { minutes(20..30) });
        assert_eq!(load(&repository, "A 1m").await, want, "{policy} {compressed}");
        assert_eq!(database.bars().await, 30);
    }
}

#[tokio::test]
async fn what_only_other_programs_write_is_compared_and_moved() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    save(&repository, "A min", &minutes(0..3)).await;
    save(&repository, "A 1m", &minutes(0..2)).await;
    database.execute("UPDATE barlift.bars SET close = 'NaN' WHERE time = '1970-01-01Z'").await;
    database
        .execute(
            "INSERT INTO barlift.bars
             SELECT id, '20000-01-01Z'::timestamptz, 1, 2, 0.5, 1.5, id::float8 FROM barlift.series
             UNION ALL
             SELECT id, '20001-01-01Z', 'NaN'::float8, 'Infinity'::float8, 1, 1, 1 FROM barlift.series WHERE timeframe = 'min'",
        )
        .await;
    let merging = pair("A min", "A 1m");
    let (counts, shown) = repository.preview_merge(&merging).await.expect("counted");
    assert_eq!((&counts, shown.len()), (&Merged { moved: 2, equal: 2, conflicts: 1 }, 0));
    let refused = repository.merge(&merging, OnConflict::Fail).await.expect_err("a conflict");
    assert!(refused.to_string().contains(": 1 bar differs; nothing was changed"), "{refused}");
    assert_eq!(repository.merge(&merging, OnConflict::Keep).await.expect("merged"), counts);
    assert_eq!(database.bars().await, 5);
}

/// One that writes to the series that goes, when its bars are copied and not deleted yet.
#[tokio::test]
async fn a_bar_that_another_program_writes_meanwhile_is_not_lost() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    save(&repository, "A min", &minutes(0..3)).await;
    save(&repository, "A 1m", &minutes(2..4)).await;
    database
        .execute(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF pg_trigger_depth() = 1 AND NEW.time = '1970-01-01 00:01Z' THEN
                     INSERT INTO barlift.bars
                     SELECT id, '1970-01-01 01:00Z', 1, 1, 1, 1, 1 FROM barlift.series WHERE timeframe = 'min';
                 END IF;
                 RETURN NEW;
             END $$",
        )
        .await;
    database
        .execute("CREATE TRIGGER meddle BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION meddle()")
        .await;
    let refused = repository.merge(&pair("A min", "A 1m"), OnConflict::Fail).await.expect_err("meddled");
    assert!(refused.to_string().contains("another program wrote bars of these series"), "{refused}");
    assert_eq!(load(&repository, "A min").await, minutes(0..3));
    assert_eq!(load(&repository, "A 1m").await, minutes(2..4));
}

#[tokio::test]
async fn the_content_is_that_of_the_bars_or_unknown() {
    for (theirs, ours, policy, is_known) in [
        // Nothing in common; all there; some of it, and then overwritten.
        (minutes(0..10), minutes(10..30), OnConflict::Fail, true),
        (minutes(15..20), minutes(10..30), OnConflict::Fail, true),
        (minutes(0..20), minutes(10..30), OnConflict::Fail, false),
        (made_dearer(minutes(15..20)), minutes(10..30), OnConflict::Keep, true),
        (made_dearer(minutes(15..20)), minutes(10..30), OnConflict::Overwrite, false),
        (minutes(0..10), Bars::default(), OnConflict::Fail, true),
    ] {
        let database = TestDatabase::new().await;
        let repository = DataRepository::new(database.pool.clone());
        save(&repository, "A min", &theirs).await;
        if ours.is_empty() {
            database
                .execute("INSERT INTO barlift.series (symbol, timeframe, content) VALUES ('A', '1m', 0)")
                .await;
        } else {
            save(&repository, "A 1m", &ours).await;
        }
        repository.merge(&pair("A min", "A 1m"), policy).await.expect("merged");
        let (kept, right) = contents(&database, "A 1m").await;
        assert_eq!(kept, is_known.then_some(right), "{theirs:?} {policy}");
    }
}

fn made_dearer(mut bars: Bars) -> Bars {
    bars[CLOSE].iter_mut().for_each(|close| *close += 0.25);
    bars
}

/// Two spellings of one series, each with the bars of a file.
async fn two_spellings(rows: [std::ops::Range<usize>; 2]) -> (TestDatabase, [Folder; 2]) {
    let (database, folders) = (TestDatabase::new().await, [Folder::new(), Folder::new()]);
    for (folder, rows) in folders.iter().zip(rows) {
        let text: String = rows.map(|i| bar(i, 1)).collect();
        folder.write("A_1m.csv", format!("{HEADER}{text}"));
    }
    assert_eq!(import(&database, &folders[0]).await["totals"]["rows_mismatched"], 0);
    // This version would refuse the second import, if it knew of the other spelling.
    database.execute("UPDATE barlift.series SET symbol = 'OTHER'").await;
    import(&database, &folders[1]).await;
    database
        .execute("UPDATE barlift.series SET symbol = 'A', timeframe = 'min' WHERE symbol = 'OTHER'")
        .await;
    (database, folders)
}

async fn import(database: &TestDatabase, folder: &Folder) -> Value {
    barlift(database, &["import", folder.arg(), "--json"]).run().await.json(0)
}

#[tokio::test]
async fn files_are_believed_to_be_there_only_where_they_are() {
    let (database, [first, second]) = two_spellings([0..100, 50..200]).await;
    // Another program deletes a bar of each file, where the other file has none, and adds one. When that one has moved, the
    // second file's range has as many bars as its import had left there.
    database.execute("DELETE FROM barlift.bars WHERE volume IN (30, 450)").await;
    database
        .execute(
            "INSERT INTO barlift.bars SELECT id, '2024-01-01 01:00:30Z', 1, 2, 0.5, 1.5, 1 FROM barlift.series
             WHERE timeframe = 'min'",
        )
        .await;
    let merged = merge(&database, &["A", "min", "A", "1m", "--json"]).await.json(0);
    assert_eq!((&merged["moved"], &merged["equal"]), (&json!(50), &json!(50)));
    for folder in [&first, &second] {
        let again = import(&database, folder).await;
        assert_eq!(again["tasks"][0]["recognised"], false);
        assert_eq!(again["totals"]["rows_imported"], 1);
        assert_eq!(import(&database, folder).await["tasks"][0]["recognised"], true);
    }
}

#[tokio::test]
async fn a_verification_claims_nothing_that_is_not_so() {
    let (database, [first, second]) = two_spellings([0..100, 50..200]).await;
    let both = Folder::new();
    both.write("1/A_1m.csv", std::fs::read(first.path().join("A_1m.csv")).expect("read"));
    both.write("2/A_1m.csv", std::fs::read(second.path().join("A_1m.csv")).expect("read"));
    assert_eq!(merge(&database, &["--timeframes"]).await.status, 0);
    let found = verify(&database, second.arg(), &[]).await;
    assert_eq!((found.status, found.counts()), (1, [0, 0, 50]));
    assert_eq!(found.series()["untouched"], Value::Null, "not known");
    let found = verify(&database, both.arg(), &[]).await;
    assert_eq!((found.status, found.series()["db"]["bars"].as_i64()), (0, Some(200)));
    // What is changed from now on is known to be changed.
    database.execute("UPDATE barlift.bars SET close = 1 WHERE time = '2024-01-01 00:10Z'").await;
    let found = verify(&database, both.arg(), &[]).await;
    assert_eq!((found.status, &found.series()["untouched"]), (1, &json!(false)));

    let (database, [_, second]) = two_spellings([60..100, 50..200]).await;
    assert_eq!(merge(&database, &["--timeframes"]).await.status, 0);
    let found = verify(&database, second.arg(), &[]).await;
    assert_eq!((found.status, &found.series()["by_hash"]), (0, &json!(true)));
    assert_eq!(found.series()["untouched"], json!(true));
}

#[tokio::test]
async fn bars_of_mended_rows_count_where_they_are() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    let mut ours = minutes(1..3);
    ours[CLOSE][1] = 7.0;
    save(&repository, "A min", &minutes(0..4)).await;
    save(&repository, "A 1m", &ours).await;
    // All of the first series, and the bar of the second that both have with other values.
    database
        .execute(
            "INSERT INTO barlift.mended_bars
             SELECT b.series_id, b.time, b.open, b.high, b.low, b.close, b.volume, b.series_id
             FROM barlift.bars b JOIN barlift.series s ON s.id = b.series_id
             WHERE s.timeframe = 'min' OR b.close = 7",
        )
        .await;
    repository.merge(&pair("A min", "A 1m"), OnConflict::Keep).await.expect("merged");
    let wrong = "SELECT count(*) FROM barlift.mended_bars m LEFT JOIN barlift.bars b USING (series_id, time)
                 WHERE (m.open, m.high, m.low, m.close, m.volume)
                     IS DISTINCT FROM (b.open, b.high, b.low, b.close, b.volume)";
    assert_eq!(database.scalar::<i64>(wrong).await, 0);
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.mended_bars").await, 4);
    let of_the_first = "SELECT count(DISTINCT task_id) FROM barlift.mended_bars";
    assert_eq!(database.scalar::<i64>(of_the_first).await, 2);
}

#[tokio::test]
async fn whoever_works_on_a_series_is_not_disturbed() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let repository = DataRepository::new(database.pool.clone());
    save(&repository, "OTHER 1m", &minutes(0..3)).await;
    let refused = async |from: &str, to: &str, part: &str| {
        let refused = repository.merge(&pair(from, to), OnConflict::Fail).await.expect_err(part);
        assert!(refused.to_string().contains(part), "{refused}");
        assert!(refused.hint().expect("a hint").starts_with("try again when"), "{refused}");
    };
    // Somebody saves, and goes on.
    let (chunks, more) = tokio::sync::mpsc::channel::<barlift::error::Result<Bars>>(1);
    save(&repository, "SAVED 1m", &minutes(0..3)).await;
    let saving = {
        let repository = repository.clone();
        tokio::spawn(async move { repository.save_stream("SAVED", "1m", ReceiverStream::new(more)).await })
    };
    chunks.send(Ok(minutes(3..4))).await.expect("taken");
    // The third one is taken when the first is written.
    for _ in 0..2 {
        chunks.send(Ok(Bars::default())).await.expect("taken");
    }
    refused("SAVED 1m", "OTHER 1m", "saving or merging SAVED 1m right now; nothing was changed").await;
    refused("OTHER 1m", "SAVED 1m", "saving or merging SAVED 1m right now; nothing was changed").await;
    drop(chunks);
    assert_eq!(saving.await.expect("no panic").expect("saved"), 1);
    repository.merge(&pair("SAVED 1m", "OTHER 1m"), OnConflict::Fail).await.expect("merged");

    // A file is imported, and another one of the series waits.
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--drain"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    refused("A 1m", "OTHER 1m", "importing, verifying, saving or merging A 1m right now").await;
    refused("OTHER 1m", "A 1m", "importing, verifying, saving or merging A 1m right now").await;
    // Of others, it takes note of nothing.
    save(&repository, "MORE 1m", &minutes(5..6)).await;
    repository.merge(&pair("MORE 1m", "OTHER 1m"), OnConflict::Fail).await.expect("merged");
    holder.commit().await.expect("let go");
    assert_eq!(worker.wait().await, Some(0));

    // What starts later would make the series anew.
    enqueue(&database, &folder).await;
    refused(
        "A 1m",
        "OTHER 1m",
        "A 1m is not merged: a task has still to work on these series (op_migration_",
    )
    .await;
    // So would one that waits for the series, whatever its name was then.
    database
        .execute(
            "UPDATE barlift.tasks SET symbol = 'B', waits_for = (SELECT id FROM barlift.series WHERE symbol = 'A')
             WHERE state = 'pending'",
        )
        .await;
    refused("A 1m", "OTHER 1m", "a task has still to work on these series").await;
    database.execute("UPDATE barlift.tasks SET symbol = 'A', waits_for = NULL WHERE state = 'pending'").await;
    repository.merge(&pair("OTHER 1m", "A 1m"), OnConflict::Fail).await.expect("this one stays");
    crate::support::drain(&database).await;
    assert_eq!(database.bars().await, 1005);
}

/// Imports and saves of others wait for a merge, and find the series as it left them.
#[tokio::test]
async fn a_merge_is_not_disturbed_either() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(600, 1));
    let repository = DataRepository::new(database.pool.clone());
    let rows = ReadOptions::of(&barlift::config::load(None, &[]).expect("defaults"));
    let mut file = BarFile::open(&folder.path().join("A_1m.csv"), "1m", &rows).expect("opened");
    save(&repository, "A min", &file.next_chunk().expect("read").expect("bars")).await;
    save(&repository, "A 1m", &minutes(0..1)).await;
    // The merge stops in front of a bar.
    let holder = hold_back(&database).await;
    let merging = {
        let repository = repository.clone();
        tokio::spawn(async move { repository.merge(&pair("A min", "A 1m"), OnConflict::Fail).await })
    };
    eventually("the merge has come to that bar", || async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE wait_event = 'advisory' AND datname = current_database()";
        (database.scalar::<i64>(waiting).await == 1).then_some(())
    })
    .await;
    let refused = repository.merge(&pair("A min", "A 1m"), OnConflict::Fail).await.expect_err("merging");
    assert!(refused.to_string().contains("saving or merging A min right now"), "{refused}");
    let saving = ["1m", "min"].map(|timeframe| {
        let repository = repository.clone();
        tokio::spawn(async move { repository.save("A", timeframe, &minutes(1..2)).await })
    });
    eventually("the saves wait", || async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE wait_event_type = 'Lock' AND wait_event <> 'advisory' AND datname = current_database()";
        (database.scalar::<i64>(waiting).await == 2).then_some(())
    })
    .await;
    holder.commit().await.expect("let go");
    assert_eq!(merging.await.expect("no panic").expect("merged").moved, 600);
    let [there, gone] = saving;
    assert_eq!(there.await.expect("no panic").expect("saved"), 1);
    let gone = gone.await.expect("no panic").expect_err("it is gone");
    assert!(gone.to_string().starts_with("somebody else renamed or merged A min"), "{gone}");
    assert_eq!(import(&database, &folder).await["totals"]["rows_skipped"], 600);
    assert_eq!(database.bars().await, 602);
}

#[tokio::test]
async fn names_that_cannot_be_merged_are_refused() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let repository = DataRepository::new(database.pool.clone());
    save(&repository, "AAPL daily", &minutes(0..1)).await;
    save(&repository, "AAPL 1h", &minutes(0..1)).await;
    save(&repository, "AAPL odd", &minutes(1..2)).await;
    for (name, arguments) in [
        ("merge_itself", &["AAPL", "1h", "AAPL", "1h"][..]),
        ("merge_unknown", &["APL", "1h", "AAPL", "1h"]),
        ("merge_into_unknown", &["AAPL", "daily", "AAPL", "1d"]),
        ("merge_lengths", &["AAPL", "daily", "AAPL", "1h"]),
        ("merge_no_names", &[]),
        ("merge_odd", &["AAPL", "odd", "AAPL", "1h"]),
    ] {
        check(name, &merge(&database, arguments).await, &folder);
    }
    save(&repository, "AAPL D1", &minutes(0..1)).await;
    for (name, to) in [("rename_there", "daily"), ("rename_there_other", "1h")] {
        // The new name is spelled as files get it now.
        database.execute("UPDATE barlift.series SET timeframe = '1d' WHERE timeframe = 'daily'").await;
        let renamed = barlift(&database, &["data", "rename", "AAPL", "D1", "AAPL", to]).run().await;
        check(name, &renamed, &folder);
    }
}

#[tokio::test]
async fn every_series_is_brought_to_one_spelling() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let repository = DataRepository::new(database.pool.clone());
    for (name, bars) in [
        ("AAPL daily", minutes(0..1500)),
        ("AAPL 1d", minutes(100..1600)),
        // Of these, the first becomes the series that takes the others' bars.
        ("IBM 24h", minutes(0..5)),
        ("IBM D1", minutes(3..8)),
        ("IBM daily", minutes(5..10)),
        ("MSFT 1h", minutes(0..5)),
        ("NVDA hourly", minutes(0..5)),
        ("TSLA 60m", made_dearer(minutes(0..9))),
        ("TSLA 1h", minutes(0..8)),
    ] {
        save(&repository, name, &bars).await;
    }
    check("merge_all_dry_run", &merge(&database, &["--timeframes", "--dry-run"]).await, &folder);
    assert_eq!(repository.list_series(None).await.expect("listed").len(), 9);
    check("merge_all", &merge(&database, &["--timeframes"]).await, &folder);
    let rest = ["--timeframes", "--on-conflict", "keep"];
    check("merge_one_dry_run", &merge(&database, &["TSLA", "60m", "TSLA", "1h", "--dry-run"]).await, &folder);
    check("merge_json_refused", &merge(&database, &["--timeframes", "--json"]).await, &folder);
    check("merge_keep_dry_run", &merge(&database, &[&rest[..], &["--dry-run"]].concat()).await, &folder);
    check("merge_keep_json", &merge(&database, &[&rest[..], &["--json"]].concat()).await, &folder);
    check("merge_nothing", &merge(&database, &rest).await, &folder);
    let all = repository.list_series(None).await.expect("listed");
    let all: Vec<String> = all.iter().map(|s| format!("{} {}", s.name, s.bars)).collect();
    assert_eq!(all, ["AAPL 1d 1600", "IBM 1d 10", "MSFT 1h 5", "NVDA 1h 5", "TSLA 1h 9"]);
    assert_eq!(load(&repository, "IBM 1d").await, minutes(0..10));
    save(&repository, "IBM D1", &minutes(0..12)).await;
    let last = repository.respell(&pair("IBM D1", "IBM 1d"), OnConflict::Fail).await.expect("merged");
    assert_eq!(last, Respelled::Merged(Merged { moved: 2, equal: 10, conflicts: 0 }));
}

crate::support::also_on_the_columnstore! {
    all_bars_move_and_the_series_is_gone,
    bars_that_differ_are_left_to_the_policy,
    what_only_other_programs_write_is_compared_and_moved,
    a_bar_that_another_program_writes_meanwhile_is_not_lost,
    the_content_is_that_of_the_bars_or_unknown,
    files_are_believed_to_be_there_only_where_they_are,
    a_verification_claims_nothing_that_is_not_so,
    bars_of_mended_rows_count_where_they_are,
    whoever_works_on_a_series_is_not_disturbed,
    a_merge_is_not_disturbed_either,
}

crate::support::also_over_tcp_with_hostile_defaults! {
    all_bars_move_and_the_series_is_gone,
    bars_that_differ_are_left_to_the_policy,
    whoever_works_on_a_series_is_not_disturbed,
}
