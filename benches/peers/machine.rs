//! What the numbers were measured on.

use std::process::Command;

use serde_json::{Value, json};

use crate::peers::pandas;
use crate::process;
use crate::server::Server;

/// For the JSON.
pub fn describe(server: &Server) -> Value {
    let settings: serde_json::Map<String, Value> =
        server.settings.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "cores": cores(),
        "cpu": line_of("/proc/cpuinfo", "model name"),
        "memory": line_of("/proc/meminfo", "MemTotal"),
        "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "barlift": commit(),
        "postgresql": server.version,
        "timescaledb": server.timescaledb,
        "private_server": server.private,
        // All that is not PostgreSQL's own default.
        "settings": settings,
        "peers": {
            "psql": process::version("psql", "--version").ok(),
            "pgloader": process::version("pgloader", "--version").ok(),
            "timescaledb-parallel-copy": parallel_copy(),
            "pandas": pandas::version().ok(),
        },
    })
}

/// Its version, which it logs with the time before it.
fn parallel_copy() -> Option<String> {
    let said = process::version("timescaledb-parallel-copy", "-version").ok()?;
    said.rsplit_once("timescaledb-parallel-copy ").map(|(_, version)| version.to_owned())
}

/// For people.
pub fn summary(server: &Server) -> String {
    let timescaledb = server.timescaledb.as_deref().unwrap_or("none");
    format!(
        "{} cores, {}, {}; PostgreSQL {}, timescaledb {timescaledb}; barlift {}",
        cores(),
        line_of("/proc/cpuinfo", "model name"),
        line_of("/proc/meminfo", "MemTotal"),
        server.version,
        commit(),
    )
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, std::num::NonZero::get)
}

/// The commit, with a word if there is more than that.
fn commit() -> String {
    let arguments = ["describe", "--always", "--dirty=-changed", "--exclude=*"];
    let git = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    git.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default()
}

fn line_of(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with(name)).and_then(|l| l.split_once(':'));
    line.map_or_else(|| "unknown".into(), |(_, value)| value.trim().to_owned())
}
