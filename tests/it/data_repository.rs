//! The `DataRepository`, and the spans of its calls.

use barlift::bar::columns::{CLOSE, HIGH, LOW, OPEN, VOLUME};
use barlift::bar::{Bars, Micros, Ohlcv, UNKNOWN, known};
use barlift::db::copy;
use barlift::error::{Error, Result};
use barlift::model::SeriesId;
use barlift::repository::data::DataRepository;
use futures::stream;
use opentelemetry::trace::{Status, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::TestDatabase;

fn made(times: &[i64]) -> Bars {
    let mut bars = Bars::default();
    for (i, time) in times.iter().enumerate() {
        let base = f64::from(u32::try_from(i).expect("small")) + 0.1;
        let values = Ohlcv::new(base, base + 1.0, base - 1.0, base, 7.0);
        bars.push(time * 1_000_000, values);
    }
    bars
}

#[tokio::test]
async fn bars_are_saved_listed_and_loaded_bit_by_bit() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    let bars = made(&[60, 120, 180, 240]);
    assert_eq!(repository.save("AAPL", "1m", &bars).await.expect("saved"), 4);
    assert_eq!(repository.save("MSFT", "1h", &made(&[0])).await.expect("saved"), 1);
    assert_eq!(repository.list_symbols(None).await.expect("listed"), ["AAPL", "MSFT"]);
    assert_eq!(repository.list_symbols(Some("1m")).await.expect("listed"), ["AAPL"]);
    let range = repository.get_date_range("AAPL", "1m").await.expect("found");
    assert_eq!(range, Some((60_000_000, 240_000_000)));
    // From the start, up to but without the end.
    let loaded = repository.load("AAPL", "1m", 120_000_000, 240_000_000).await.expect("loaded");
    assert_eq!(loaded.time, [120_000_000, 180_000_000]);
    assert_eq!(loaded.values(0), bars.values(1));

    // A time that is there already: nothing of the call is written.
    let error = repository.save("AAPL", "1m", &made(&[230, 240, 300])).await.expect_err("a duplicate");
    assert!(matches!(error, Error::AlreadyThere { .. }), "{error}");
    assert_eq!(error.to_string(), "AAPL 1m has a bar of 1970-01-01T00:04:00Z already; nothing was saved");
    assert_eq!(database.bars().await, 5);
    let error = repository.load("APPL", "1m", 0, 1).await.expect_err("no such series");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert_eq!(error.hint(), Some("did you mean AAPL? its timeframes: 1m"));
    let error = repository.get_date_range("AAPL", "1h").await.expect_err("no such series");
    assert_eq!(error.to_string(), "there are no bars of AAPL at 1h");
    assert_eq!(error.hint(), Some("the timeframes of AAPL: 1m"));
}

/// Minute bars from 1970-01-01 on.
fn minutes(range: std::ops::Range<i64>) -> Bars {
    made(&range.map(|i| i * 60).collect::<Vec<_>>())
}

#[tokio::test]
async fn long_series_come_in_chunks_and_from_one_snapshot() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    let all = minutes(0..20_000);
    repository.save("AAPL", "1m", &all).await.expect("saved");
    let mut chunks = repository.load_stream("AAPL", "1m", Micros::MIN, Micros::MAX).await.expect("begun");
    let mut got = chunks.next().await.expect("read").expect("bars");
    assert!(got.len() < 10_000, "{}", got.len());
    repository.save("AAPL", "1m", &minutes(20_000..20_001)).await.expect("saved");
    while let Some(bars) = chunks.next().await.expect("read") {
        assert!(!bars.is_empty() && bars.len() < 10_000, "{}", bars.len());
        got.append(&bars);
    }
    assert_eq!(got, all, "without what was saved meanwhile");
    assert_eq!(chunks.next().await.expect("still the end"), None);
    assert_eq!(repository.load("AAPL", "1m", Micros::MIN, Micros::MAX).await.expect("loaded").len(), 20_001);
    // Ends of ranges that are open, empty or upside down.
    for (start, end, bars) in [
        (60_000_000, Micros::MAX, 20_000),
        (Micros::MIN, 60_000_000, 1),
        (60_000_000, 60_000_000, 0),
        (120_000_000, 0, 0),
    ] {
        assert_eq!(
            repository.load("AAPL", "1m", start, end).await.expect("loaded").len(),
            bars,
            "{start} {end}"
        );
    }
    let nobody = repository.load_stream("APPL", "1m", 0, 1).await.expect_err("no such series");
    assert!(matches!(nobody, Error::NotFound { .. }), "{nobody}");
}

#[tokio::test]
async fn a_stream_is_saved_whole_or_not_at_all() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    let chunks = |parts: Vec<Result<Bars>>| stream::iter(parts);
    // Chunks may come in any order.
    let parts = vec![Ok(minutes(10..20)), Ok(Bars::default()), Ok(minutes(0..10))];
    assert_eq!(repository.save_stream("A", "1m", chunks(parts)).await.expect("saved"), 20);
    let with_highs = |highs| {
        let mut bars = made(&[1_800]);
        bars[HIGH] = highs;
        bars
    };
    let refused: Vec<(Vec<Result<Bars>>, &str)> = vec![
        (vec![Ok(minutes(20..30)), Ok(minutes(5..15))], "A 1m has a bar of 1970-01-01T00:05:00Z already"),
        (vec![Ok(minutes(20..30)), Ok(minutes(25..26))], "A 1m has a bar of 1970-01-01T00:25:00Z already"),
        (vec![Ok(minutes(20..30)), Err(Error::Internal("it broke off".into()))], "it broke off"),
        (vec![Ok(minutes(20..30)), Ok(made(&[1_860, 1_800]))], "comes behind the one of"),
        (vec![Ok(made(&[1_800, 1_800]))], "comes behind the one of"),
        (vec![Ok(made(&[20_000_000_000]))], "outside the years 1700 to 2299"),
        (vec![Ok(with_highs(vec![f64::NAN]))], "high of the bar of 1970-01-01T00:30:00Z is NaN"),
        (vec![Ok(with_highs(vec![]))], "different lengths"),
    ];
    for (parts, part) in refused {
        let error = repository.save_stream("A", "1m", chunks(parts)).await.expect_err(part);
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(database.bars().await, 20, "{part}");
    }
    // No bars make no series.
    assert_eq!(repository.save("B", "1m", &Bars::default()).await.expect("nothing to do"), 0);
    assert_eq!(repository.list_symbols(None).await.expect("listed"), ["A"]);
}

#[tokio::test]
async fn what_other_programs_wrote_crashes_nothing() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    repository.save("A", "1m", &minutes(0..2)).await.expect("saved");
    for row in [
        "INSERT INTO barlift.bars SELECT id, '1970-01-01 00:02Z', 'NaN', 'Infinity', '-Infinity', '-0', 1e-320 FROM barlift.series",
        "INSERT INTO barlift.bars SELECT id, '20000-01-01Z', 1, 2, 0.5, 1.5, 10 FROM barlift.series",
        "INSERT INTO barlift.series (symbol, timeframe) VALUES ('EMPTY', '1d')",
    ] {
        database.execute(row).await;
    }
    // A hypertable takes no infinite times.
    if !database.timescaledb {
        let row = "INSERT INTO barlift.bars SELECT id, 'infinity', 1, 2, 0.5, 1.5, 10 FROM barlift.series WHERE symbol = 'A'";
        database.execute(row).await;
    }
    let loaded = repository.load("A", "1m", Micros::MIN, Micros::MAX).await.expect("loaded");
    assert_eq!(loaded.len(), 4);
    let v = loaded.values(2);
    assert!(v[OPEN].is_nan() && v[HIGH] == f64::INFINITY && v[LOW] == f64::NEG_INFINITY);
    assert_eq!((v[CLOSE].to_bits(), v[VOLUME]), ((-0.0f64).to_bits(), 1e-320));
    let range = Some((0, 120_000_000));
    assert_eq!(repository.get_date_range("A", "1m").await.expect("found"), range);
    assert_eq!(repository.get_date_range("EMPTY", "1d").await.expect("found"), None);
    let series = repository.list_series(None).await.expect("listed");
    assert_eq!(
        series.iter().map(|s| (s.name.symbol.as_str(), s.range)).collect::<Vec<_>>(),
        [("A", range)],
        "a series without bars is none yet"
    );
    assert_eq!(series[0].bars, if database.timescaledb { 4 } else { 5 });
    assert_eq!(repository.list_series(Some("1d")).await.expect("listed"), []);
    assert_eq!(repository.list_symbols(None).await.expect("listed"), ["A"]);
}

#[tokio::test]
async fn null_is_an_unknown_value() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    repository.save("A", "1m", &minutes(0..3)).await.expect("saved");
    let mut lacking = minutes(3..6);
    lacking[VOLUME][1] = UNKNOWN;
    let series = SeriesId(database.scalar("SELECT id FROM barlift.series").await);
    let mut session = database.pool.acquire().await.expect("connected");
    let mut copy = session.copy_in_raw(copy::copy_bars()).await.expect("begun");
    copy.send(copy::encode(series, &lacking)).await.expect("sent");
    assert_eq!(copy.finish().await.expect("ended"), 3);
    let nulls: i64 = database.scalar("SELECT count(*) FROM barlift.bars WHERE volume IS NULL").await;
    assert_eq!(nulls, 1);
    // Nor is another program's NaN an unknown value, whatever its bits.
    sqlx::query("UPDATE barlift.bars SET volume = $1 WHERE time = '1970-01-01Z'")
        .bind(UNKNOWN)
        .execute(&mut *session)
        .await
        .expect("updated");
    let loaded = repository.load("A", "1m", Micros::MIN, Micros::MAX).await.expect("loaded");
    let volumes: Vec<Option<String>> =
        loaded[VOLUME].iter().map(|value| known(*value).map(|v| v.to_string())).collect();
    let seven = Some("7");
    assert_eq!(
        volumes.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [Some("NaN"), seven, seven, seven, None, seven]
    );
    repository.save("B", "1m", &lacking).await.expect("saved");
    assert_eq!(repository.load("B", "1m", Micros::MIN, Micros::MAX).await.expect("loaded"), lacking);
    lacking[CLOSE][1] = UNKNOWN;
    let error = repository.save("C", "1m", &lacking).await.expect_err("required");
    assert!(error.to_string().ends_with("close of the bar of 1970-01-01T00:04:00Z is missing"), "{error}");
}

#[tokio::test]
async fn every_call_is_a_span_of_the_reference() {
    let database = TestDatabase::new().await;
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("barlift"))
        .with_tracked_inactivity(false)
        .with_filter(tracing_subscriber::filter::filter_fn(|m| m.target() == "barlift::span"));
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));

    let repository = DataRepository::new(database.pool.clone());
    repository.save("AAPL", "1m", &made(&[60, 120])).await.expect("saved");
    repository.save("AAPL", "1m", &made(&[60])).await.expect_err("a duplicate");
    repository.load("AAPL", "1m", 0, 240_000_000).await.expect("loaded");
    repository.load("APPL", "1m", 0, 1).await.expect_err("no such series");
    repository.list_symbols(Some("1m")).await.expect("listed");
    repository.get_date_range("AAPL", "1m").await.expect("found");
    repository.save("LONG", "1m", &minutes(0..30_000)).await.expect("saved");
    let mut some = repository.load_stream("LONG", "1m", 60_000_000, Micros::MAX).await.expect("begun");
    let seen = some.next().await.expect("read").expect("bars").len();
    drop(some);
    repository.list_series(None).await.expect("listed");

    let spans = exporter.get_finished_spans().expect("spans");
    let of = |name: &str| spans.iter().filter(|s| s.name == name).collect::<Vec<_>>();
    for specification in barlift::telemetry::catalogue::SPANS {
        for span in of(specification.name).iter().filter(|s| s.status == Status::Ok) {
            for required in specification.required {
                assert!(value(span, required.name).is_some(), "{}: {}", span.name, required.name);
            }
        }
    }
    let (load, save) = (of("data.repository.load"), of("data.repository.save"));
    assert_eq!(value(load[0], "data.rows_loaded"), Some("2".into()));
    assert_eq!(value(load[0], "data.start_date"), Some("1970-01-01T00:00:00Z".into()));
    assert_eq!(value(load[0], "data.backend"), Some("timescaledb".into()));
    assert_eq!(value(save[0], "data.rows_saved"), Some("2".into()));
    assert_eq!(value(of("data.repository.list_symbols")[0], "data.symbols_count"), Some("1".into()));
    let range = of("data.repository.get_date_range")[0];
    assert_eq!(value(range, "data.end_date"), Some("1970-01-01T00:02:00Z".into()));
    for (failed, kind) in [(load[1], "DataNotFoundError"), (save[1], "DatabaseError")] {
        assert!(matches!(failed.status, Status::Error { .. }), "{:?}", failed.status);
        assert_eq!(value(failed, "error.type"), Some(kind.into()));
        assert!(failed.events.iter().any(|e| e.name == "exception"));
    }
    for query in of("timescaledb.query") {
        assert!(
            spans.iter().any(|s| s.span_context.span_id() == query.parent_span_id),
            "has its call as parent"
        );
    }
    // Whoever has seen enough has not failed.
    let early = load[2];
    assert_eq!(early.status, Status::Ok);
    assert_eq!(value(early, "data.rows_loaded"), Some(seen.to_string()));
    assert_eq!(value(early, "data.end_date"), Some("infinity".into()));
    let listed = of("data.repository.list_symbols")[1];
    assert_eq!(value(listed, "data.symbols_count"), Some("2".into()));
    // A load that finds its series waits for a second one.
    assert_eq!(of("timescaledb.connection_acquire").len(), 11);
    assert_eq!(of("timescaledb.insert").len(), 2, "the duplicate was not even tried");
}

fn value(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|a| a.key.as_str() == name).map(|a| a.value.as_str().into_owned())
}

crate::support::also_on_the_columnstore! {
    bars_are_saved_listed_and_loaded_bit_by_bit,
    long_series_come_in_chunks_and_from_one_snapshot,
    a_stream_is_saved_whole_or_not_at_all,
    what_other_programs_wrote_crashes_nothing,
    every_call_is_a_span_of_the_reference,
}
