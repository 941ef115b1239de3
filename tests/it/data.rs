//! The `DataRepository`, and the spans of its calls.

use barlift::bar::{Bars, Ohlcv};
use barlift::error::Error;
use barlift::repository::data::DataRepository;
use opentelemetry::trace::{Status, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::TestDatabase;

fn made(times: &[i64]) -> Bars {
    let mut bars = Bars::default();
    for (i, time) in times.iter().enumerate() {
        let base = f64::from(u32::try_from(i).expect("small")) + 0.1;
        let values = Ohlcv { open: base, high: base + 1.0, low: base - 1.0, close: base, volume: 7.0 };
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
    // A load that finds its series waits for a second one.
    assert_eq!(of("timescaledb.connection_acquire").len(), 7);
    assert_eq!(of("timescaledb.insert").len(), 1, "the duplicate was not even tried");
}

fn value(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|a| a.key.as_str() == name).map(|a| a.value.as_str().into_owned())
}
