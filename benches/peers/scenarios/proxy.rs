//! Counts what a program asks of the server: it connects to a port here, and everything is passed on.
//!
//! Invariant: bytes pass unchanged. It counts the messages `Query` and `Execute` of PostgreSQL's protocol, which have
//! to come unencrypted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::server::Address;

/// What a client may send instead of its first message: whether the server speaks TLS, or GSSAPI.
const REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// A port that leads to a server.
pub struct Proxy {
    pub address: Address,
    queries: Arc<AtomicU64>,
}

impl Proxy {
    pub async fn start(server: &Address) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let queries = Arc::new(AtomicU64::new(0));
        tokio::spawn(accept(listener, server.clone(), Arc::clone(&queries)));
        Ok(Self { address: Address { host: "127.0.0.1".into(), port, ..server.clone() }, queries })
    }

    /// So far.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, server: Address, queries: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, queries) = (server.clone(), Arc::clone(&queries));
        tokio::spawn(async move {
            let (from_client, to_client) = client.into_split();
            if server.host.starts_with('/') {
                let path = format!("{}/.s.PGSQL.{}", server.host, server.port);
                let Ok(stream) = UnixStream::connect(path).await else { return };
                let (from_server, to_server) = stream.into_split();
                both(from_client, to_client, from_server, to_server, &queries).await;
            } else {
                let Ok(stream) = TcpStream::connect((server.host.as_str(), server.port)).await else {
                    return;
                };
                let (from_server, to_server) = stream.into_split();
                both(from_client, to_client, from_server, to_server, &queries).await;
            }
        });
    }
}

/// Until either side is done.
async fn both(
    from_client: impl AsyncRead + Unpin,
    mut to_client: impl AsyncWrite + Unpin,
    mut from_server: impl AsyncRead + Unpin,
    to_server: impl AsyncWrite + Unpin,
    queries: &AtomicU64,
) {
    tokio::select! {
        _ = counted(from_client, to_server, queries) => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

/// Passes message after message on.
async fn counted(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    queries: &AtomicU64,
) -> std::io::Result<()> {
    loop {
        // The first messages have no type.
        let length = from.read_u32().await?;
        let code = from.read_u32().await?;
        to.write_u32(length).await?;
        to.write_u32(code).await?;
        pass(&mut from, &mut to, u64::from(length).saturating_sub(8)).await?;
        if !REQUESTS.contains(&code) {
            break;
        }
    }
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        if matches!(kind, b'Q' | b'E') {
            queries.fetch_add(1, Ordering::Relaxed);
        }
        to.write_u8(kind).await?;
        to.write_u32(length).await?;
        pass(&mut from, &mut to, u64::from(length).saturating_sub(4)).await?;
    }
}

async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    bytes: u64,
) -> std::io::Result<()> {
    tokio::io::copy(&mut from.take(bytes), to).await?;
    to.flush().await
}
