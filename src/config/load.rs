//! Reads the layers, from `config/default.toml` up to the flags, into one [`Config`].
//!
//! Invariant: a preset stands for its keys where it is named, directly below the keys of that layer. If several layers name
//! one, the highest one's counts, as of any key.

use std::path::Path;
use std::sync::LazyLock;

use config::{Environment, File, FileFormat, Value};

use super::directory::{self, DirectorySettings};
use super::keys::{self, ALL_KEYS, Values};
use super::{Config, presets, rules};
use crate::error::{Error, Result};

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The key that names a preset.
const PRESET: &str = "import.preset";

/// A setting from the command line: its dotted key and its value as text.
pub type Override = (&'static str, String);

/// [`load_for`] without a source directory.
///
/// # Errors
/// [`Error::Config`] for a file that cannot be read, an unknown key or an impossible value.
pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Config> {
    load_for(file, overrides, None).map(|(config, _)| config)
}

/// Reads all layers. `file` is `--config`; without it, [`LOCAL_FILE`](super::LOCAL_FILE) is read if it exists.
/// `directory` is the source directory, whose own settings file is a layer, too.
///
/// # Errors
/// [`Error::Config`] for a file that cannot be read, an unknown key or an impossible value.
pub fn load_for(
    file: Option<&Path>,
    overrides: &[Override],
    directory: Option<&Path>,
) -> Result<(Config, Option<DirectorySettings>)> {
    let defaults = default_values()?;
    let of_directory = directory.and_then(directory::file);
    let directory = of_directory.as_deref().map(directory_layer).transpose()?.unwrap_or_default();
    let (file, own) = file_layer(file)?;
    let url = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    let url = url.map(|url| ("database.url".to_owned(), url.into())).into_iter().collect();
    let environment = Environment::with_prefix("BARLIFT").prefix_separator("__").separator("__");
    let environment = keys::flatten(keys::tables(&environment, "the environment")?);
    check_keys(&environment, "the environment")?;
    let flags = overrides.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into())).collect();

    let mut layers = [directory.clone(), file, url, environment, flags];
    let naming = layers.iter_mut().rev().find_map(|layer| Some((named(layer)?, layer)));
    if let Some((name, layer)) = naming.filter(|(name, _)| !name.is_empty()) {
        let preset = presets::find(&name, &own)?;
        layer.splice(..0, preset.keys.iter().cloned());
    }
    let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    for (key, value) in layers.into_iter().flatten() {
        builder = builder.set_override(&key, value).map_err(|e| keys::broken(&key, &e))?;
    }
    let built = builder.build().map_err(|e| Error::config(e.to_string(), ALL_KEYS))?;
    let settings =
        of_directory.map(|path| directory_settings(path.display().to_string(), &directory, defaults, &built));
    let mut config: Config = built.try_deserialize().map_err(|e| Error::config(e.to_string(), ALL_KEYS))?;
    config.own_presets = own;
    rules::check(&config)?;
    Ok((config, settings))
}

/// All settings as they are where nobody has set any.
///
/// # Errors
/// Never in practice: a test reads the defaults.
pub fn defaults() -> Result<Config> {
    let defaults = File::from_str(DEFAULTS, FileFormat::Toml);
    let built = config::Config::builder().add_source(defaults).build();
    let config = built.and_then(config::Config::try_deserialize);
    config.map_err(|e| Error::config(e.to_string(), ALL_KEYS))
}

/// Every key with its default.
pub(super) fn default_values() -> Result<&'static Values> {
    static ALL: LazyLock<Result<Values>> =
        LazyLock::new(|| keys::of_text(DEFAULTS, "the defaults").map(keys::flatten));
    ALL.as_ref().map_err(|e| Error::Internal(e.to_string()))
}

/// The preset that a layer names.
fn named(layer: &Values) -> Option<String> {
    layer.iter().find(|(key, _)| key == PRESET).map(|(_, value)| value.to_string())
}

/// The keys of a directory's settings file.
fn directory_layer(path: &Path) -> Result<Values> {
    let name = path.display().to_string();
    let values = keys::flatten(keys::of_file(path)?);
    check_keys(&values, &name)?;
    match values.iter().find(|(key, _)| !directory::is_about_reading(key)) {
        None => Ok(values),
        Some((key, _)) => Err(Error::config(
            format!("`{key}` in {name} does not say how files are read"),
            "it may contain keys of [csv], and import.preset, pattern, timeframe, timezone, dates, ambiguous, on_invalid and mends; set the \
             others by flags or in barlift.toml",
        )),
    }
}

/// The keys of the configuration file, and the presets in it.
fn file_layer(given: Option<&Path>) -> Result<(Values, Vec<presets::Preset>)> {
    let local = Path::new(super::LOCAL_FILE);
    let Some(path) = given.or_else(|| local.exists().then_some(local)) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let name = path.display().to_string();
    let mut tables = keys::of_file(path)?;
    let own = presets::take_own(&mut tables, &name)?;
    let values = keys::flatten(tables);
    check_keys(&values, &name)?;
    Ok((values, own))
}

fn check_keys(given: &Values, layer: &str) -> Result<()> {
    keys::check(given, default_values()?.iter().map(|(key, _)| key.as_str()), layer)
}

/// Which of a directory's settings take effect, and which ones a higher layer overrides.
fn directory_settings(
    path: String,
    values: &Values,
    defaults: &Values,
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
    DirectorySettings { path, used, overridden }
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
        assert_eq!(
            (config.import.timezone.as_deref(), config.csv.max_line.as_u64()),
            (Some("Asia/Seoul"), 65_000)
        );
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
    fn a_preset_stands_below_the_keys_of_the_layer_that_names_it() -> Result<()> {
        let broken = |e: std::io::Error| Error::Internal(e.to_string());
        let directory = tempfile::tempdir().map_err(broken)?;
        let write = |text: &str| std::fs::write(directory.path().join(directory::FILE), text).map_err(broken);
        let mut file = tempfile::NamedTempFile::new().map_err(broken)?;
        let own = "[presets.mine.csv]\ndelimiter = '|'\nheader = false\n[presets.mine.import]\ntimezone = 'Asia/Tokyo'\n";
        write!(file, "[csv]\ndelimiter = ';'\n{own}").map_err(broken)?;
        let read = |flags: &[Override]| {
            let (config, _) = load_for(Some(file.path()), flags, Some(directory.path()))?;
            let Config { csv, import, .. } = config;
            Ok::<_, Error>(format!(
                "{} {} {}",
                csv.delimiter,
                csv.header,
                import.timezone.unwrap_or_else(|| "-".into())
            ))
        };
        let flag = |key, value: &str| (key, value.to_owned());
        // The file's delimiter is above the directory's preset, and below that of the flags.
        write("[import]\npreset = 'mine'\n")?;
        assert_eq!(read(&[])?, "; false Asia/Tokyo");
        assert_eq!(read(&[flag("import.preset", "mine")])?, "| false Asia/Tokyo");
        // Whatever the order of the flags is.
        let flags =
            [flag("csv.header", "true"), flag("import.preset", "mine"), flag("import.timezone", "UTC")];
        assert_eq!(read(&flags)?, "| true UTC");
        // The preset of a higher layer counts alone.
        assert_eq!(read(&[flag("import.preset", "kibot-daily")])?, ", false -");
        assert_eq!(read(&[flag("import.preset", "")])?, "; true -");
        write("[import]\npreset = 'mine'\ntimezone = 'Asia/Seoul'\n[csv]\nheader = true\n")?;
        assert_eq!(read(&[])?, "; true Asia/Seoul");
        Ok(())
    }

    #[test]
    fn an_unknown_preset_names_the_nearest() {
        let e = load(None, &[("import.preset", "hisdata".into())]).expect_err("unknown");
        assert!(e.to_string().contains("there is no preset `hisdata`"), "{e}");
        assert!(e.hint().is_some_and(|hint| hint.contains("`histdata`")), "{e:?}");
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
