//! Reads the layers, refuses unknown keys, checks the values against each other.
//!
//! Invariant: a key that `config/default.toml` does not hold is an error that names the nearest one,
//! whichever layer it came from.

use std::path::Path;
use std::time::Duration;

use config::{Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::directory::{self, DirectorySettings};
use super::{Config, CsvConfig};
use crate::error::{Error, Result};

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// One setting given on the command line: its dotted key and its value as text.
pub type Override = (&'static str, String);

/// [`load_for`] no directory.
///
/// # Errors
/// [`Error::Config`] for a file that cannot be read, an unknown key or an impossible value.
pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Config> {
    load_for(file, overrides, None).map(|(config, _)| config)
}

/// Resolves all layers. `file` is `--config`; without it `./barlift.toml` is read if it is there.
///
/// # Errors
/// [`Error::Config`] for a file that cannot be read, an unknown key or an impossible value.
pub fn load_for(
    file: Option<&Path>,
    overrides: &[Override],
    directory: Option<&Path>,
) -> Result<(Config, Option<DirectorySettings>)> {
    let defaults = File::from_str(DEFAULTS, FileFormat::Toml);
    let known = keys(&defaults, "the defaults")?;
    let default_values = values(&defaults, "the defaults")?;
    let mut builder = config::Config::builder().add_source(defaults);
    let beside = directory.and_then(directory_layer);
    let mut held = Vec::new();
    if let Some((name, source)) = &beside {
        held = values(source, name).map_err(|e| unreadable(name, e))?;
        check_directory_keys(&held, &known, name)?;
        builder = builder.add_source(source.clone());
    }

    if let Some((name, source)) = file_layer(file) {
        // The parser's own message quotes the line, and that may hold a password.
        let given = keys(&source, &name).map_err(|e| unreadable(&name, e))?;
        check_keys(&given, &known, &name)?;
        builder = builder.add_source(source);
    }
    if let Some(url) = non_empty_env("DATABASE_URL") {
        builder = set(builder, "database.url", url)?;
    }
    let env = Environment::with_prefix("BARLIFT").prefix_separator("__").separator("__");
    check_keys(&keys(&env, "the environment")?, &known, "the environment")?;
    for (key, value) in flatten(env.collect().map_err(|e| broken("the environment", &e))?) {
        builder = set(builder, &key, value)?;
    }
    for (key, value) in overrides {
        builder = set(builder, key, value.clone())?;
    }
    let built = builder.build().map_err(|e| Error::config(e.to_string(), ALL_KEYS))?;
    let settings = beside.map(|(path, _)| came_of(path, &held, &default_values, &built));
    let config: Config = built.try_deserialize().map_err(|e| Error::config(e.to_string(), ALL_KEYS))?;
    check(&config)?;
    Ok((config, settings))
}

/// What a directory's settings came to, beside those of the other layers.
fn came_of(
    path: String,
    held: &[(String, Value)],
    defaults: &[(String, Value)],
    built: &config::Config,
) -> DirectorySettings {
    let (mut used, mut overridden) = (Vec::new(), Vec::new());
    for (key, value) in held {
        let value = value.to_string();
        let is = |other: Option<String>| other.as_deref() == Some(value.as_str());
        if !is(built.get::<Value>(key).ok().map(|v| v.to_string())) {
            overridden.push(key.clone());
        } else if !is(defaults.iter().find(|(k, _)| k == key).map(|(_, v)| v.to_string())) {
            used.push((key.clone(), value));
        }
    }
    used.sort();
    overridden.sort();
    DirectorySettings { path, used, overridden }
}

fn directory_layer(path: &Path) -> Option<(String, TomlFile)> {
    let file = directory::file(path)?;
    let name = file.display().to_string();
    Some((name, File::from(file).format(FileFormat::Toml).required(true)))
}

fn check_directory_keys(held: &[(String, Value)], known: &[String], name: &str) -> Result<()> {
    let given: Vec<String> = held.iter().map(|(key, _)| key.clone()).collect();
    check_keys(&given, known, name)?;
    match given.iter().find(|key| !directory::may_hold(key)) {
        None => Ok(()),
        Some(key) => Err(Error::config(
            format!("`{key}` in {name} does not say how files are read"),
            "it may hold keys of [csv], and import.pattern, timezone, on_invalid and mends; give the others by flags or in \
             barlift.toml",
        )),
    }
}

const ALL_KEYS: &str = "every key, its meaning and its default stand in config/default.toml";

type Builder = config::ConfigBuilder<config::builder::DefaultState>;

fn set(builder: Builder, key: &str, value: impl Into<Value>) -> Result<Builder> {
    builder.set_override(key, value).map_err(|e| broken(key, &e))
}

fn non_empty_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

type TomlFile = File<config::FileSourceFile, FileFormat>;

fn file_layer(file: Option<&Path>) -> Option<(String, TomlFile)> {
    let local = Path::new("barlift.toml");
    let path = file.or_else(|| local.exists().then_some(local))?;
    let source = File::from(path.to_path_buf()).format(FileFormat::Toml).required(true);
    Some((path.display().to_string(), source))
}

/// The dotted keys of one layer.
fn keys(source: &(dyn Source + Send + Sync), name: &str) -> Result<Vec<String>> {
    Ok(values(source, name)?.into_iter().map(|(k, _)| k).collect())
}

/// The dotted keys of one layer, with their values.
fn values(source: &(dyn Source + Send + Sync), name: &str) -> Result<Vec<(String, Value)>> {
    source.collect().map(flatten).map_err(|e| broken(name, &e))
}

fn flatten(map: Map<String, Value>) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    for (key, value) in map {
        match value.kind {
            ValueKind::Table(inner) => {
                out.extend(flatten(inner).into_iter().map(|(k, v)| (format!("{key}.{k}"), v)));
            }
            _ => out.push((key, value)),
        }
    }
    out
}

fn check_keys(given: &[String], known: &[String], layer: &str) -> Result<()> {
    for key in given {
        if known.contains(key) {
            continue;
        }
        // The distance takes memory for each pair of characters, and no known key is that long.
        let key: String = key.chars().take(100).collect();
        let nearest = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, &key));
        let hint = match nearest {
            Some(k) => format!("did you mean `{k}`? All keys: config/default.toml"),
            None => "all keys: config/default.toml".to_owned(),
        };
        return Err(Error::config(format!("unknown key `{key}` in {layer}"), hint));
    }
    Ok(())
}

fn unreadable(name: &str, e: Error) -> Error {
    let text = e.to_string();
    let place = text.find(" at line ").map(|at| text[at..].lines().next().unwrap_or_default().to_owned());
    match place {
        Some(place) => Error::config(
            format!("{name} is no valid TOML{place}"),
            "see https://toml.io for how it is written",
        ),
        None => e,
    }
}

fn broken(place: &str, e: &config::ConfigError) -> Error {
    Error::config(format!("{place}: {e}"), ALL_KEYS)
}

/// No wait is longer, so that the clock can be added to all of them.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A NUL, which no JSON in PostgreSQL may hold; that is where operations keep these settings.
fn holds_nul(csv: &CsvConfig) -> bool {
    let c = &csv.columns;
    let texts = [&csv.time_format, &c.time, &c.date, &c.open, &c.high, &c.low, &c.close, &c.volume];
    texts.into_iter().flatten().any(|text| text.contains('\0'))
}

/// Rules that a single value cannot know.
fn check(c: &Config) -> Result<()> {
    let beats = |n: u32| c.worker.heartbeat.saturating_mul(n);
    let rules = [
        (
            c.database.max_connections == 0
                || c.database.max_connections as usize >= c.worker.concurrency.saturating_add(2),
            "database.max_connections must be at least worker.concurrency + 2 (or 0 for enough)",
        ),
        ((1..=1_000_000).contains(&c.import.batch_rows), "import.batch_rows must be 1 to 1000000"),
        ((1..=100_000).contains(&c.verify.sample_size), "verify.sample_size must be 1 to 100000"),
        (c.verify.max_differences <= 1_000_000, "verify.max_differences must be at most 1000000"),
        ((1..=256).contains(&c.worker.concurrency), "worker.concurrency must be 1 to 256"),
        (c.worker.heartbeat.as_millis() >= 100, "worker.heartbeat must be at least 100ms"),
        (
            c.worker.lease >= beats(3),
            "worker.lease must be at least three times worker.heartbeat, or live workers seem dead",
        ),
        // The queue counts whole seconds, from the last heartbeat.
        (
            c.worker.lease.saturating_sub(c.worker.heartbeat).as_secs() >= 1.max(beats(2).as_secs()),
            "worker.lease must exceed worker.heartbeat by a second and by two further heartbeats",
        ),
        (c.worker.lease.as_secs() < 7 * 86_400, "worker.lease must be shorter than a week"),
        (c.worker.poll_interval.as_millis() >= 10, "worker.poll_interval must be at least 10ms"),
        (c.worker.task_timeout.as_secs() >= 1, "worker.task_timeout must be at least 1s"),
        (!c.database.connect_timeout.is_zero(), "database.connect_timeout must be longer than nothing"),
        (
            [
                c.database.connect_timeout,
                c.worker.poll_interval,
                c.worker.drain_timeout,
                c.worker.task_timeout,
                c.retry.max_backoff,
            ]
            .iter()
            .all(|wait| *wait < YEAR),
            "database.connect_timeout, worker.poll_interval, worker.drain_timeout, worker.task_timeout and \
             retry.max_backoff must be shorter than a year",
        ),
        (c.retry.max_attempts >= 1, "retry.max_attempts must be at least 1"),
        (
            c.retry.initial_backoff <= c.retry.max_backoff,
            "retry.initial_backoff must not exceed retry.max_backoff",
        ),
        (c.trace.max_spans >= 1, "trace.max_spans must be at least 1"),
        ((64..=1 << 30).contains(&c.csv.max_line.as_u64()), "csv.max_line must be 64B to 1GiB"),
        (!holds_nul(&c.csv), "csv.time_format and csv.columns must not hold a NUL character"),
        (
            c.csv.columns.date.is_none() || c.csv.columns.time.is_some(),
            "csv.columns.date needs csv.columns.time, the column with the time of day",
        ),
    ];
    for (holds, rule) in rules {
        if !holds {
            return Err(Error::config(rule, "change it where it is set; defaults: config/default.toml"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn load_text(text: &str) -> Result<Config> {
        let mut f = tempfile::NamedTempFile::new().map_err(|e| Error::Internal(e.to_string()))?;
        f.write_all(text.as_bytes()).map_err(|e| Error::Internal(e.to_string()))?;
        load(Some(f.path()), &[])
    }

    #[test]
    fn defaults_are_whole_and_valid() -> Result<()> {
        let c = load_text("")?;
        assert_eq!(c.import.pattern, "{symbol}_{timeframe}.csv");
        assert_eq!(c.import.max_rejects, None);
        assert_eq!(c.csv.max_line.as_u64(), 64_000);
        Ok(())
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let e = load_text("[import]\nbatchrows = 5").expect_err("unknown");
        assert!(e.to_string().contains("unknown key `import.batchrows`"), "{e}");
        assert!(e.hint().is_some_and(|h| h.contains("`import.batch_rows`")), "{e:?}");
    }

    #[test]
    fn a_directory_says_how_its_files_are_read() -> Result<()> {
        let broken = |e: std::io::Error| Error::Internal(e.to_string());
        let directory = tempfile::tempdir().map_err(broken)?;
        let write = |text: &str| std::fs::write(directory.path().join(directory::FILE), text).map_err(broken);
        write(
            "[import]\npattern = '{symbol}-{timeframe}.csv'\ntimezone = 'Asia/Tokyo'\n[csv]\nheader = true\nmax_line = 65000\n",
        )?;
        let flags = [("import.timezone", "Asia/Seoul".to_owned())];
        let (config, settings) = load_for(None, &flags, Some(directory.path()))?;
        assert_eq!(config.import.pattern, "{symbol}-{timeframe}.csv");
        assert_eq!((config.import.timezone.as_str(), config.csv.max_line.as_u64()), ("Asia/Seoul", 65_000));
        let line = settings.map(|s| s.to_string()).unwrap_or_default();
        assert!(
            line.contains("says: csv.max_line = 65000, import.pattern = {symbol}-{timeframe}.csv; set"),
            "{line}"
        );
        assert!(line.ends_with("elsewhere: import.timezone"), "{line}");
        for (text, part) in [
            ("[database]\nurl = 'postgres://x'", "`database.url` in"),
            ("[import]\npatern = 'x'", "unknown key `import.patern`"),
            ("[import", "is no valid TOML"),
        ] {
            write(text)?;
            let e = load_for(None, &[], Some(directory.path())).expect_err(text);
            assert!(e.to_string().contains(part) && e.exit_status() == 2, "{e}");
        }
        Ok(())
    }

    #[test]
    fn an_unknown_key_may_be_long() {
        let e = load_text(&format!("{} = 1", "x".repeat(100_000))).expect_err("unknown");
        assert!(e.to_string().len() < 300, "{} bytes", e.to_string().len());
    }

    #[test]
    fn flags_win_over_the_file() -> Result<()> {
        let mut f = tempfile::NamedTempFile::new().map_err(|e| Error::Internal(e.to_string()))?;
        writeln!(f, "[worker]\nconcurrency = 3\nlease = '1m'").map_err(|e| Error::Internal(e.to_string()))?;
        let c = load(Some(f.path()), &[("worker.concurrency", "7".into())])?;
        assert_eq!(c.worker.concurrency, 7);
        assert_eq!(c.worker.lease.as_secs(), 60);
        Ok(())
    }

    #[test]
    fn a_broken_file_is_placed_but_not_quoted() {
        let e = load_text("[database]\nurl = \"postgres://me:hunter2@host/db\n").expect_err("broken");
        let text = format!("{} {:?}", e.chain(), e.hint());
        assert!(text.contains("is no valid TOML at line 2"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn impossible_values_are_refused() {
        for text in [
            "[worker]\nconcurrency = 0",
            "[worker]\nlease = '5s'\nheartbeat = '4s'",
            "[worker]\nlease = '1s'\nheartbeat = '100ms'",
            "[import]\non_mismatch = 'ignore'",
            "[import]\nmax_rejects = 'many'",
            "[retry]\nmax_backoff = 'soon'",
            // What cannot be calculated with.
            "[worker]\nlease = '100000000000y'\nheartbeat = '400000000000y'",
            "[worker]\nconcurrency = '18446744073709551615'\n[database]\nmax_connections = 5",
            "[worker]\ndrain_timeout = '100000000000y'",
            "[database]\nconnect_timeout = '100000000000y'",
            "[database]\nconnect_timeout = '0s'",
            // What the database cannot keep.
            "[csv]\ntime_format = \"%Y\\u0000\"",
            "[csv.columns]\nopen = \"\\u0000\"",
            "[csv]\nquote = \"\\u0000\"",
            "[csv]\ndelimiter = \"\\u0000\"",
            "not toml",
        ] {
            let e = load_text(text).expect_err(text);
            assert_eq!(e.exit_status(), 2, "{text}: {e}");
        }
    }
}
