//! deploy/ and docker-compose.yml: a tool for each kind of file reads it, and it names nothing that barlift does not
//! have.
//!
//! A test without its tool says that it is skipped; `.ci/run` installs all tools.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use barlift::telemetry::metrics::METRICS;
use nix::sys::signal::Signal;
use regex::Regex;
use serde_json::Value;

use crate::support::{Folder, TestDatabase, barlift, bars, eventually, free_port, skipped};

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).expect(relative)
}

/// Runs a tool in the checkout; false if it is not installed.
fn passes(program: &str, arguments: &[&str]) -> bool {
    match Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            assert!(std::env::var_os("BARLIFT_TEST_TOOLS").is_none(), "{program} is not installed");
            skipped(&format!("{program} is not installed"));
            false
        }
        Err(e) => panic!("{program}: {e}"),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program} {}:\n{text}", arguments.join(" "));
            true
        }
    }
}

#[test]
fn compose_follows_its_schema_and_scales() {
    passes("check-jsonschema", &["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]);
    let text = read("docker-compose.yml");
    let worker =
        text.split("\n  worker:\n").nth(1).expect("a worker").split("\n\n").next().expect("its text");
    for keeps_one_alone in ["container_name", "ports:"] {
        assert!(!worker.contains(keeps_one_alone), "{worker}");
    }
    for mounted in Regex::new(r"\./(deploy/\S+?):").expect("a pattern").captures_iter(&text) {
        assert!(path(&mounted[1]).exists(), "{}", &mounted[1]);
    }
}

#[test]
fn the_dockerfile_is_sound_and_copies_what_is_there() {
    passes("hadolint", &["deploy/Dockerfile"]);
    let text = read("deploy/Dockerfile");
    let user = text.lines().rfind(|l| l.starts_with("USER ")).expect("a user");
    assert!(user[5..].starts_with(|c: char| ('1'..='9').contains(&c)), "a number, and not root: {user}");
    // With what it copies, and nothing else, cargo can read the manifest.
    let copied = Folder::new();
    for line in text.lines().filter(|l| l.starts_with("COPY ") && !l.contains("--from")) {
        let mut words: Vec<&str> = line.split_whitespace().skip(1).collect();
        words.pop();
        for source in words {
            let run = Command::new("cp").arg("-r").arg(path(source)).arg(copied.path()).status();
            assert!(run.expect("cp").success(), "{source}");
        }
    }
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"])
        .current_dir(copied.path())
        .output()
        .expect("cargo");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
}

/// The command of the image's HEALTHCHECK, on a real worker.
#[tokio::test]
async fn the_health_check_tells_a_live_worker_from_none() {
    let text = read("deploy/Dockerfile");
    let at = text.find("HEALTHCHECK").expect("a health check");
    let command = text[at..].split("CMD ").nth(1).and_then(|c| c.lines().next()).expect("its command");
    let command: Vec<String> = serde_json::from_str(command).expect("a list");
    let address = format!("127.0.0.1:{}", free_port());
    let check = || {
        let mut check = Command::new(&command[0]);
        check.args(&command[1..]).env("BARLIFT__WORKER__HTTP", &address);
        check.output().expect("bash").status.success()
    };
    assert!(!check());
    let database = TestDatabase::new().await;
    let worker = barlift(&database, &["worker", "--http", &address]).spawn();
    eventually("it is healthy", || async { check().then_some(()) }).await;
    worker.signal(Signal::SIGTERM);
    worker.wait().await;
    assert!(!check());
}

#[test]
fn prometheus_reads_its_configuration_and_its_alerts_fire() {
    passes("promtool", &["check", "config", "deploy/prometheus/prometheus.yml"]);
    passes("promtool", &["check", "rules", "deploy/prometheus/alerts.yml"]);
    passes("promtool", &["test", "rules", "deploy/prometheus/alerts_test.yml"]);
    known_metrics("alerts.yml", &read("deploy/prometheus/alerts.yml"));
}

/// All values of a key, however deep.
fn values<'a>(json: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match json {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text) if name == key => found.push(text),
                    _ => values(value, key, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| values(value, key, found)),
        _ => {}
    }
}

fn dashboards() -> Vec<(String, Value)> {
    let files = fs::read_dir(path("deploy/grafana/dashboards")).expect("dashboards");
    let read = |f: fs::DirEntry| {
        let text = fs::read_to_string(f.path()).expect("read");
        (f.file_name().to_string_lossy().into_owned(), serde_json::from_str(&text).expect("JSON"))
    };
    files.map(|f| read(f.expect("a file"))).collect()
}

/// Every `barlift_…` in a text is a metric that the endpoint exposes (`a_worker_shows_every_metric` compares
/// that with the table).
fn known_metrics(place: &str, text: &str) {
    let names = Regex::new(r"\bbarlift_[a-z_]+").expect("a pattern");
    assert!(names.is_match(text), "{place} asks for nothing");
    for name in names.find_iter(text) {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|s| name.as_str().strip_suffix(s));
        let known = |n: &str| METRICS.iter().any(|m| m.prometheus == n);
        let histogram =
            |n: &str| METRICS.iter().any(|m| m.prometheus == n && m.about.starts_with("histogram"));
        assert!(known(name.as_str()) || base.is_some_and(histogram), "{place}: {}", name.as_str());
    }
}

#[test]
fn dashboards_ask_prometheus_for_what_there_is() {
    let folder = Folder::new();
    for (name, dashboard) in dashboards() {
        let mut expressions = Vec::new();
        values(&dashboard, "expr", &mut expressions);
        let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
        for (i, expression) in expressions.iter().enumerate() {
            let expression = expression.replace("$__rate_interval", "1m").replace("$__range", "1h");
            let quoted = serde_json::to_string(&expression).expect("a string");
            rules.push_str(&format!("      - record: r{i}\n        expr: {quoted}\n"));
        }
        if !expressions.is_empty() {
            known_metrics(&name, &expressions.join("\n"));
            let file = folder.write(&format!("{name}.yml"), rules);
            passes("promtool", &["check", "rules", file.to_str().expect("UTF-8")]);
        }
    }
}

#[test]
fn dashboards_use_the_data_sources_that_are_provisioned() {
    let provisioned = read("deploy/grafana/provisioning/datasources/barlift.yaml");
    for (name, dashboard) in dashboards() {
        let mut sources = Vec::new();
        find_data_sources(&dashboard, &mut sources);
        assert!(!sources.is_empty(), "{name}");
        for uid in sources.iter().filter(|uid| !uid.starts_with("--")) {
            assert!(provisioned.contains(&format!("uid: {uid}")), "{name}: {uid}");
        }
    }
}

fn find_data_sources<'a>(json: &'a Value, found: &mut Vec<&'a str>) {
    match json {
        Value::Object(map) => {
            if let Some(uid) = map.get("datasource").and_then(|d| d["uid"].as_str()) {
                found.push(uid);
            }
            map.values().for_each(|value| find_data_sources(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| find_data_sources(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn dashboards_and_scaler_ask_the_database_for_what_there_is() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(100, 1));
    folder.write("BAD_1m.csv", "time,open\n");
    let result = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    let quoted = format!("'{}'", result["operation_id"].as_str().expect("an id"));
    let mut queries = 0;
    for (name, dashboard) in dashboards() {
        let mut found = Vec::new();
        values(&dashboard, "rawSql", &mut found);
        let mut variables = Vec::new();
        values(&dashboard, "query", &mut variables);
        found.extend(variables.into_iter().filter(|q| q.starts_with("SELECT")));
        for query in found {
            let query = query.replace("${operation:sqlstring}", &quoted);
            let rows = sqlx::query(sqlx::AssertSqlSafe(query.clone())).fetch_all(&database.pool).await;
            rows.unwrap_or_else(|e| panic!("{name}: {e}\n{query}"));
            queries += 1;
        }
    }
    assert!(queries >= 8, "{queries}");
    let scaler = read("deploy/kubernetes/keda.yaml");
    let query = scaler.lines().find_map(|l| l.trim().strip_prefix("query: ")).expect("a query").to_owned();
    let depth = || sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query.clone())).fetch_one(&database.pool);
    assert_eq!(depth().await.expect("a number"), 0);
    barlift(&database, &["enqueue", "import", folder.arg()]).run().await;
    barlift(&database, &["enqueue", "import", folder.arg(), "--in", "1h"]).run().await;
    assert_eq!(depth().await.expect("a number"), 2, "what is due, not what is scheduled");
}

#[test]
fn kubernetes_manifests_follow_their_schemas() {
    for file in ["configmap", "deployment", "poddisruptionbudget"] {
        passes("kubernetes-validate", &["--strict", &format!("deploy/kubernetes/{file}.yaml")]);
    }
    // The tool cannot take a generated name.
    let job = read("deploy/kubernetes/enqueue-job.yaml");
    let folder = Folder::new();
    let named =
        folder.write("job.yaml", job.replace("generateName: barlift-import-", "name: barlift-import"));
    passes("kubernetes-validate", &["--strict", named.to_str().expect("UTF-8")]);
    passes(
        "yamllint",
        &["-d", "{extends: relaxed, rules: {line-length: disable}}", "deploy", "docker-compose.yml"],
    );
}

/// Every setting that a file names exists.
#[test]
fn settings_in_the_files_are_known() {
    let defaults = read("config/default.toml");
    let variable = Regex::new(r"BARLIFT__([A-Z]+)__([A-Z_]+[A-Z])").expect("a pattern");
    for file in ["docker-compose.yml", "deploy/Dockerfile", "deploy/kubernetes/configmap.yaml"] {
        for found in variable.captures_iter(&read(file)) {
            let (section, key) = (found[1].to_lowercase(), found[2].to_lowercase());
            let section = defaults.split(&format!("\n[{section}]\n")).nth(1).expect(&section);
            let section = section.split("\n[").next().expect("its text");
            assert!(section.lines().any(|l| l.starts_with(&format!("{key} = "))), "{file}: {}", &found[0]);
        }
    }
}
