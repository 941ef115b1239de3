//! A worker's HTTP endpoint: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever restarts it or
//! waits for it.
//!
//! Invariant: `/healthz` says 200 as long as the process can answer, also while the database is away (a
//! restart would not bring that back); `/readyz` says 200 only if database and queue answer now and this
//! worker's heartbeat has arrived there. Neither shows anything secret.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Encoder as _, TextEncoder};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::error::{Error, Result};
use crate::queue;

/// A database that takes longer than this to answer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the endpoint knows of its worker.
#[derive(Debug)]
pub struct Endpoint {
    registry: Option<prometheus::Registry>,
    lease: Duration,
    stop: CancellationToken,
    pool: OnceLock<PgPool>,
}

impl Endpoint {
    /// For a worker that `stop` ends and whose heartbeats count for `lease`.
    #[must_use]
    pub fn new(registry: Option<prometheus::Registry>, lease: Duration, stop: CancellationToken) -> Self {
        Self { registry, lease, stop, pool: OnceLock::new() }
    }

    /// The database is connected and set up.
    pub fn connected(&self, pool: PgPool) {
        // Called once.
        let _ = self.pool.set(pool);
    }

    async fn ready(&self) -> Result<(), String> {
        if self.stop.is_cancelled() {
            return Err("stopping".into());
        }
        let pool = self.pool.get().ok_or("not connected to the database yet")?;
        let look = tokio::time::timeout(PATIENCE, queue::heartbeats(pool, self.lease)).await;
        let heartbeats = look.map_err(|_| "the database does not answer")?;
        let heartbeats = heartbeats.map_err(|e| {
            tracing::warn!(error = e.chain(), "not ready");
            "the database cannot be asked; the log says why"
        })?;
        match heartbeats.own_age {
            Some(age) if age <= self.lease.as_secs_f64() => Ok(()),
            Some(_) => Err("the last heartbeat is too old".into()),
            None => Err("no heartbeat yet".into()),
        }
    }

    fn metrics(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        if let Some(registry) = &self.registry {
            TextEncoder::new().encode(&registry.gather(), &mut text)?;
        }
        Ok(text)
    }
}

/// Listens until the handle is dropped.
///
/// # Errors
/// [`Error::Config`] if the address cannot be had.
pub async fn serve(address: SocketAddr, endpoint: Arc<Endpoint>) -> Result<AbortOnDropHandle<()>> {
    let cannot = |e: std::io::Error| {
        Error::config(
            format!("cannot listen on {address}: {e}"),
            "give another port or address (--http, worker.http); port 0 takes a free one",
        )
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    tracing::info!(%address, "serving /metrics, /healthz and /readyz");
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .with_state(endpoint);
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(e) = axum::serve(listener, router).await {
            tracing::error!(error = %e, "the HTTP endpoint has ended");
        }
    })))
}

async fn metrics(State(endpoint): State<Arc<Endpoint>>) -> Response {
    match endpoint.metrics() {
        Ok(text) => ([(CONTENT_TYPE, TextEncoder::new().format_type().to_owned())], text).into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{e}\n")).into_response(),
    }
}

async fn readyz(State(endpoint): State<Arc<Endpoint>>) -> Response {
    match endpoint.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}
