//! Patterns and settings: any text is refused with a message or works.

use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use barlift::config::{Config, CsvConfig, MaxRejects, Override, load};
use barlift::error::Result;
use barlift::source::pattern::Pattern;
use barlift::timeframe::canonical;
use proptest::prelude::*;
use proptest::sample::select;

use super::{holds, spliced};

const PATTERN_PIECES: &[&str] = &[
    "{symbol}",
    "{timeframe}",
    "{symbol}_{timeframe}.csv",
    "*",
    "**********",
    "/",
    "_",
    "-",
    ".csv",
    ".",
    "{",
    "}",
    "(",
    ")+",
    "[",
    "]",
    "\\",
    "^",
    "$",
    "|",
    "?",
    "(?i)",
    "{1000}",
    "{1000,}",
    "é",
    "\0",
    "\n",
    "1h",
];

const PATH_PIECES: &[&str] = &[
    "AAPL",
    "ES_F",
    "_",
    "-",
    "/",
    ".csv",
    ".",
    "1h",
    "5m",
    "1d",
    "daily",
    "9999abcdef",
    "10000m",
    "*",
    "é",
    "\u{202e}",
    "\0",
    "\n",
    "..",
    " ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

#[test]
fn any_pattern_is_refused_or_gives_whole_names() {
    holds(1500, &(spliced(PATTERN_PIECES, 8), spliced(PATH_PIECES, 10)), |(pattern, path)| {
        let compiled = match Pattern::new(&pattern) {
            Ok(compiled) => compiled,
            Err(e) => {
                assert!(e.exit_status() == 2 && e.hint().is_some(), "{e}");
                return;
            }
        };
        if let Ok((symbol, timeframe)) = compiled.parts(&path) {
            let is_part = |part: &str| !part.trim().is_empty() && path.contains(part) && !part.contains('/');
            assert!(is_part(&symbol), "{symbol:?} of {path:?}");
            assert!(timeframe.is_none_or(|timeframe| !timeframe.is_empty()), "{path:?}");
            assert!(!symbol.chars().any(char::is_control) && symbol.len() <= 128, "{symbol:?}");
        }
    });
}

#[test]
fn a_rendered_name_gives_its_parts_back() {
    let symbols = prop_oneof![
        3 => "[A-Z0-9._^=&' -]{0,20}[A-Z0-9]",
        1 => spliced(PATH_PIECES, 4),
        1 => any::<String>(),
    ];
    let timeframes = prop_oneof![
        "[0-9]{1,4}[A-Za-z]{1,6}",
        select(vec!["tick", "Daily", "monthly"]).prop_map(str::to_owned)
    ];
    let texts = ["{symbol}_{timeframe}.csv", "{timeframe}/{symbol}.csv", "x/{symbol}-{timeframe}.csv"];
    let patterns = texts.map(|text| (text, Pattern::new(text).expect(text)));
    holds(1500, &(symbols, timeframes), |(symbol, timeframe)| {
        let is_name = !symbol.trim().is_empty()
            && symbol.len() <= 128
            && symbol != "*"
            && !symbol.chars().any(|c| c.is_control() || c == '/');
        for (text, pattern) in &patterns {
            let path = text.replace("{symbol}", &symbol).replace("{timeframe}", &timeframe);
            let name = pattern.parts(&path);
            if is_name {
                let wanted = (symbol.clone(), Some(canonical(&timeframe)));
                assert_eq!(name.expect(&path), wanted, "{path}");
            } else {
                assert!(name.is_err() || symbol.contains('/'), "{path}");
            }
        }
    });
}

#[test]
fn many_stars_take_no_more_time_than_they_should() {
    let pattern =
        Pattern::new(&format!("{}{{symbol}}_{{timeframe}}.csv", "*a".repeat(40))).expect("a pattern");
    assert!(pattern.parts(&"a".repeat(1000)).is_err());
    assert!(Pattern::new(&format!("{{symbol}}_{{timeframe}}{}", "x".repeat(1_000_000))).is_err());
}

/// Every key, from the file that documents them.
static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut section = "";
    let mut keys = Vec::new();
    for line in include_str!("../../../config/default.toml").lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            keys.push(&*format!("{section}.{key}").leak());
        }
    }
    keys
});

const VALUES: &[&str] = &[
    "",
    " ",
    "0",
    "1",
    "7",
    "-1",
    "1.5",
    "20000",
    "1000001",
    "4294967297",
    "9223372036854775807",
    "18446744073709551615",
    "99999999999999999999",
    "true",
    "off",
    "auto",
    "warn",
    "WARN",
    "overwrite",
    "row",
    "5%",
    "-0%",
    "101%",
    "nan%",
    "0s",
    "1ms",
    "100ms",
    "90s",
    "1h 2m",
    "100000000000y",
    "584542046090y",
    "18446744073709551615s",
    "64B",
    "1GiB",
    "16EiB",
    "tab",
    "\\t",
    "\"",
    "\u{0}",
    "é",
    ":9464",
    "127.0.0.1:0",
    "[::1]:80",
    "{symbol}_{timeframe}.csv",
    "%Y",
    "%",
    "America/New_York",
    "postgres://me@host/db",
];

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(VALUES).prop_map(str::to_owned),
        1 => any::<u64>().prop_map(|n| n.to_string()),
        1 => (any::<u64>(), select(vec!["ms", "s", "m", "h", "d", "y"])).prop_map(|(n, unit)| format!("{n}{unit}")),
        1 => any::<String>(),
    ]
}

fn load_text(text: &str, overrides: &[Override]) -> Result<Config> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    load(Some(file.path()), overrides)
}

/// Whether everything that a worker calculates with these settings can be calculated.
fn is_sane(config: &Config) {
    assert!((1..=256).contains(&config.worker.concurrency));
    assert!((1..=1_000_000).contains(&config.import.batch_rows));
    assert!(config.max_connections() as usize >= config.worker.concurrency + 2);
    assert!(config.retry.max_attempts >= 1 && config.trace.max_spans >= 1);
    assert!((64..=1 << 30).contains(&config.csv.max_line.as_u64()));
    let w = &config.worker;
    assert!(w.heartbeat >= Duration::from_millis(100) && w.lease >= w.heartbeat * 3);
    assert!(!config.database.connect_timeout.is_zero() && !w.poll_interval.is_zero());
    assert!(w.task_timeout >= Duration::from_secs(1));
    let waits = [
        config.database.connect_timeout,
        w.lease,
        w.poll_interval,
        w.drain_timeout,
        w.task_timeout,
        config.retry.initial_backoff,
        config.retry.max_backoff,
    ];
    for wait in waits {
        assert!(Instant::now().checked_add(wait).is_some(), "{wait:?} never ends");
        // The database counts them as intervals.
        assert!(wait < Duration::from_secs(10_000 * 366 * 86_400), "{wait:?} is no interval");
    }
    assert!(config.retry.initial_backoff <= config.retry.max_backoff);
    survives_being_stored(config);
}

/// Operations keep these for other workers.
fn survives_being_stored(config: &Config) {
    let stored = serde_json::to_string(&config.csv).expect("JSON");
    assert!(!stored.contains("\\u0000"), "not for PostgreSQL: {stored}");
    assert_eq!(serde_json::from_str::<CsvConfig>(&stored).expect(&stored), config.csv);
    if let Some(limit) = config.import.max_rejects {
        assert_eq!(limit.to_string().parse::<MaxRejects>(), Ok(limit));
    }
}

#[test]
fn any_value_of_any_key_is_refused_or_sane() {
    let settings = proptest::collection::vec((select(KEYS.as_slice()), values(), any::<bool>()), 1..4);
    holds(1000, &settings, |settings| {
        let (flags, lines): (Vec<_>, Vec<_>) = settings.into_iter().partition(|(.., is_flag)| *is_flag);
        let overrides: Vec<Override> = flags.into_iter().map(|(key, value, _)| (key, value)).collect();
        let text: String = lines.iter().map(|(key, value, _)| format!("{key} = {}\n", toml(value))).collect();
        judge(&load_text(&text, &overrides), &text);
    });
}

/// As a number or a truth value where it looks like one, else as a string.
fn toml(value: &str) -> String {
    let bare = value.parse::<i64>().is_ok() || value.parse::<bool>().is_ok() || value == "1.5";
    let escaped = |c: char| format!("\\U{:08X}", u32::from(c));
    if bare { value.to_owned() } else { format!("\"{}\"", value.chars().map(escaped).collect::<String>()) }
}

fn judge(loaded: &Result<Config>, text: &str) {
    match loaded {
        Ok(config) => is_sane(config),
        Err(e) => {
            assert_eq!(e.exit_status(), 2, "{text}: {e}");
            assert!(e.hint().is_some(), "{text}: {e}");
        }
    }
}

#[test]
fn any_file_is_refused_or_sane() {
    const PIECES: &[&str] = &[
        "[import]\n",
        "[csv]\n",
        "[csv.columns]\n",
        "[worker]\n",
        "[[worker]]\n",
        "[a.b.c]\n",
        "batch_rows",
        "pattern",
        "concurrency",
        "heartbeat",
        "csv.columns",
        " = ",
        "5\n",
        "'x'\n",
        "\"1s\"\n",
        "{ a = 1 }\n",
        "{}\n",
        "[1, 2]\n",
        "[[[[[[[[",
        "1979-05-27T07:32:00Z\n",
        "inf\n",
        "0x7fffffffffffffff\n",
        "\"\"\"\n",
        "\\u0000",
        "'",
        ".",
        "\n",
        "#",
        "é",
        "\u{feff}",
        "\r",
    ];
    let texts = prop_oneof![3 => spliced(PIECES, 12), 1 => any::<String>()];
    holds(800, &texts, |text| judge(&load_text(&text, &[]), &text));
}

#[test]
fn an_unknown_key_always_names_a_known_one() {
    let keys = prop_oneof!["[a-z_]{1,12}(\\.[a-z_]{1,12}){0,3}", "(import|csv|worker)\\.[a-z_]{1,14}"];
    holds(400, &keys, |key| {
        let loaded = load_text(&format!("{key} = 1\n"), &[]);
        if KEYS.contains(&key.as_str()) {
            return judge(&loaded, &key);
        }
        let e = loaded.expect_err(&key);
        assert!(e.to_string().contains(&format!("unknown key `{key}`")), "{e}");
        let hint = e.hint().expect("a hint");
        let named = hint.split('`').nth(1).expect(hint);
        assert!(KEYS.contains(&named), "{key}: {hint}");
    });
}

#[test]
fn deep_and_long_files_are_refused() {
    for text in [
        format!("{}x = 1", "a.".repeat(20_000)),
        format!("[{}x]\ny = 1", "a.".repeat(20_000)),
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{ a = ".repeat(100_000)),
        format!("{} = 1", "x".repeat(1_000_000)),
    ] {
        let e = load_text(&text, &[]).expect_err("refused");
        assert!(e.exit_status() == 2 && e.to_string().len() < 5000, "{} bytes", e.to_string().len());
    }
    assert!(load(Some(Path::new("/nowhere/at/all.toml")), &[]).is_err());
}
