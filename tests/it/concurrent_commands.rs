//! Several people pause, resume, cancel, retry and reorder one operation at once while workers run it.

use barlift::model::OperationId;
use barlift::operation::control::{self, Selection};
use nix::sys::signal::Signal;
use sqlx::PgPool;

use crate::support::{Folder, TestDatabase, barlift, bars, enqueue, eventually};

const FILES: u64 = 16;
const ROWS: usize = 600;

/// One person: commands in an order that `seed` decides. What the operation's state does not allow is refused, and
/// nothing else goes wrong.
async fn meddle(pool: PgPool, id: OperationId, mut seed: u64) {
    for _ in 0..25 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let some =
            Selection { symbols: vec![format!("S{:02}", (seed >> 20) % FILES)], timeframes: Vec::new() };
        let done = match (seed >> 33) % 6 {
            0 => control::pause(&pool, &id).await,
            1 | 2 => control::resume(&pool, &id).await,
            3 => control::cancel(&pool, &id, &some).await,
            4 => control::retry(&pool, &id, &Selection::default(), true).await,
            _ => control::prioritize(&pool, &id, i32::try_from((seed >> 40) % 1000).expect("small")).await,
        };
        if let Err(e) = done {
            assert!(matches!(e, barlift::error::Error::Usage { .. }), "{}", e.chain());
        }
        check(&pool).await;
    }
}

/// What holds at any moment, whoever is at work.
async fn check(pool: &PgPool) {
    for (what, query) in [
        (
            "an ended operation has nothing open",
            "SELECT count(*) FROM barlift.operations o JOIN barlift.tasks t ON t.operation_id = o.id
             WHERE o.finished_at IS NOT NULL AND t.state IN ('pending', 'running')",
        ),
        (
            "a paused operation has nothing that runs, and no job that could start something",
            "SELECT count(*) FROM barlift.operations o JOIN barlift.tasks t ON t.operation_id = o.id
             LEFT JOIN apalis.jobs j ON j.idempotency_key = o.id || ':' || t.id || ':' || t.pushes
             WHERE o.paused_at IS NOT NULL AND (t.state = 'running' OR t.state = 'pending' AND j.status IS NOT NULL)",
        ),
        ("nobody has fewer than no attempts", "SELECT count(*) FROM barlift.tasks WHERE attempts < 0"),
    ] {
        let found: i64 = sqlx::query_scalar(query).fetch_one(pool).await.expect(query);
        assert_eq!(found, 0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_at_once_lose_nothing_and_leave_nothing_behind() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for i in 0..FILES {
        folder.write(&format!("S{i:02}_1m.csv"), bars(ROWS, i));
    }
    enqueue(&database, &folder).await;
    let id = OperationId(database.scalar("SELECT id FROM barlift.operations").await);
    let workers: Vec<_> = (0..3)
        .map(|_| barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "20").spawn())
        .collect();
    let people = (1..=4).map(|seed| tokio::spawn(meddle(database.pool.clone(), id.clone(), seed)));
    for person in futures::future::join_all(people).await {
        person.expect("no panic");
    }

    // Whatever they left it in, it can be brought to its end.
    let pool = &database.pool;
    eventually("everything is done", || async {
        let _ = control::resume(pool, &id).await;
        let _ = control::retry(pool, &id, &Selection::default(), true).await;
        let state: String = database.scalar("SELECT state FROM barlift.operations").await;
        (state == "succeeded").then_some(())
    })
    .await;
    check(pool).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    for task in status["tasks"].as_array().expect("tasks") {
        assert_eq!((&task["rows_imported"], &task["rows_skipped"]), (&ROWS.into(), &0.into()), "{task}");
    }
    assert_eq!(status["tasks"].as_array().map(Vec::len), Some(16));
    assert_eq!(database.bars().await, i64::try_from(ROWS).expect("small") * 16);
    for worker in workers {
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0));
    }
}

crate::support::also_on_the_columnstore! {
    commands_at_once_lose_nothing_and_leave_nothing_behind,
}
