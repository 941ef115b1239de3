//! Reads the layers, from `config/default.toml` up to the flags, into one [`Config`].
//!
//! Invariant: a key that `config/default.toml` does not list is an error that names the most similar key, whichever
//! layer it comes from.

use std::path::Path;

use config::{Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::directory::{self, DirectorySettings};
use super::{Config, rules};
use crate::error::{Error, Result};

const DEFAULTS: &str = include_str!("../../config/default.toml");

const ALL_KEYS: &str = "config/default.toml lists every key with its meaning and default";

/// A setting from the command line: its dotted key and its value as text.
pub type Override = (&'static str, String);

type Builder = config::ConfigBuilder<config::builder::DefaultState>;
type TomlFile = File<config::FileSourceFile, FileFormat>;

/// [`load_for`] without a source directory.
///
/// # Errors
/// [`Error::Config`] for a file that cannot be read, an unknown key or an impossible value.
pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Config> {
    load_for(file, overrides, None).map(|(config, _)| config)
}

/// Reads all layers. `file` is `--config`; without it, `./barlift.toml` is read if it exists. `directory` is the source
/// directory, whose own settings file is a layer, too.
///
/// # Errors
/// [`Error::Config`] for a file that cannot be read, an unknown key or an impossible value.
pub fn load_for(
    file: Option<&Path>,
    overrides: &[Override],
    directory: Option<&Path>,
) -> Result<(Config, Option<DirectorySettings>)> {
    let defaults = File::from_str(DEFAULTS, FileFormat::Toml);
    let default_values = values(&defaults, "the defaults")?;
    let mut builder = config::Config::builder().add_source(defaults);
    let directory_layer = directory.and_then(directory::file).map(|path| toml_file(&path));
    let mut directory_values = Vec::new();
    if let Some((name, source)) = &directory_layer {
        directory_values = values_of_file(source, name)?;
        check_keys(&directory_values, &default_values, name)?;
        check_directory_keys(&directory_values, name)?;
        builder = builder.add_source(source.clone());
    }

    let local = Path::new("barlift.toml");
    if let Some((name, source)) = file.or_else(|| local.exists().then_some(local)).map(toml_file) {
        check_keys(&values_of_file(&source, &name)?, &default_values, &name)?;
        builder = builder.add_source(source);
    }
    if let Some(url) = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()) {
        builder = set(builder, "database.url", url)?;
    }
    let environment = Environment::with_prefix("BARLIFT").prefix_separator("__").separator("__");
    let environment = values(&environment, "the environment")?;
    check_keys(&environment, &default_values, "the environment")?;
    for (key, value) in environment {
        builder = set(builder, &key, value)?;
    }
    for (key, value) in overrides {
        builder = set(builder, key, value.clone())?;
    }
    let built = builder.build().map_err(|e| Error::config(e.to_string(), ALL_KEYS))?;
    let settings =
        directory_layer.map(|(path, _)| directory_settings(path, &directory_values, &default_values, &built));
    let config: Config = built.try_deserialize().map_err(|e| Error::config(e.to_string(), ALL_KEYS))?;
    rules::check(&config)?;
    Ok((config, settings))
}

/// Which of a directory's settings take effect, and which ones a higher layer overrides.
fn directory_settings(
    path: String,
    values: &[(String, Value)],
    defaults: &[(String, Value)],
    built: &config::Config,
) -> DirectorySettings {
    let (mut used, mut overridden) = (Vec::new(), Vec::new());
    for (key, value) in values {
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

fn check_directory_keys(values: &[(String, Value)], name: &str) -> Result<()> {
    match values.iter().find(|(key, _)| !directory::may_contain(key)) {
        None => Ok(()),
        Some((key, _)) => Err(Error::config(
            format!("`{key}` in {name} does not say how files are read"),
            "it may contain keys of [csv], and import.pattern, timeframe, timezone, dates, ambiguous, on_invalid and mends; set the others by flags or \
             in barlift.toml",
        )),
    }
}

fn set(builder: Builder, key: &str, value: impl Into<Value>) -> Result<Builder> {
    builder.set_override(key, value).map_err(|e| broken(key, &e))
}

fn toml_file(path: &Path) -> (String, TomlFile) {
    let source = File::from(path.to_path_buf()).format(FileFormat::Toml).required(true);
    (path.display().to_string(), source)
}

/// The dotted keys of one layer, with their values.
fn values(source: &(dyn Source + Send + Sync), name: &str) -> Result<Vec<(String, Value)>> {
    source.collect().map(flatten).map_err(|e| broken(name, &e))
}

/// The same for a file. The parser's message quotes a line, which may contain a password, so only its place is kept.
fn values_of_file(source: &TomlFile, name: &str) -> Result<Vec<(String, Value)>> {
    values(source, name).map_err(|e| {
        let text = e.to_string();
        let Some(at) = text.find(" at line ") else { return e };
        let place = text[at..].lines().next().unwrap_or_default();
        Error::config(format!("{name} is not valid TOML{place}"), "see https://toml.io for the syntax")
    })
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

fn check_keys(given: &[(String, Value)], known: &[(String, Value)], layer: &str) -> Result<()> {
    let known = || known.iter().map(|(key, _)| key);
    let Some((key, _)) = given.iter().find(|(key, _)| !known().any(|k| k == key)) else { return Ok(()) };
    // The edit distance needs memory for each pair of characters; no known key is that long.
    let key: String = key.chars().take(100).collect();
    let hint = match known().min_by_key(|k| strsim::damerau_levenshtein(k, &key)) {
        Some(nearest) => format!("did you mean `{nearest}`? All keys: config/default.toml"),
        None => "all keys: config/default.toml".to_owned(),
    };
    Err(Error::config(format!("unknown key `{key}` in {layer}"), hint))
}

fn broken(place: &str, e: &config::ConfigError) -> Error {
    Error::config(format!("{place}: {e}"), ALL_KEYS)
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
        assert_eq!(c.import.pattern, None);
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
        assert_eq!(config.import.pattern.as_deref(), Some("{symbol}-{timeframe}.csv"));
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
            ("[import", "is not valid TOML"),
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
        assert!(text.contains("is not valid TOML at line 2"), "{text}");
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
