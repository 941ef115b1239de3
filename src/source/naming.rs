//! Tells symbol and timeframe from a file's name, where no pattern is given: names as vendors and programs write them.
//!
//! Invariant: a timeframe that may be something else (`60`, `5M`) is only a guess, which the file's rows must confirm, and
//! a name without one leaves it to the folder or the rows. A name is a symbol by itself only if it looks like one. Of what
//! tells series apart nothing is left out of the symbol.

use std::sync::LazyLock;

use regex::Regex;

use super::built_in_regex;
use crate::timeframe;

/// What a name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeriesGuess {
    pub(super) symbol: String,
    pub(super) timeframe: TimeframeGuess,
    /// The whole name, which is the symbol if it tells no timeframe.
    pub(super) stem: String,
}

/// What a name tells of the timeframe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeframeGuess {
    /// This one.
    Told(String),
    /// One of these, if the rows are that far apart.
    Likely(Vec<String>),
    /// Nothing.
    Unknown,
}

/// A timeframe that is spelled out.
const TOLD: &str = "[0-9]{1,4}(?:s|m|T|h|H|d|D|wk|t|ticks?)\
    |[0-9]{1,4}[ -]?(?:secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?)\
    |(?i:tick|second|minute|hour|hourly|day|daily|week|weekly|month|monthly)";

/// One that may be something else: minutes, a contract's month, a rate's term, the length of a history.
const LIKELY: &str = "[0-9]{1,5}|d|[0-9]{1,4}(?:M|mo|mon|months?|w|W|y|Y)|M1|M5|M15|M30|H1|H4|D1|W1|MN1";

/// The same behind a `-`, where numbers are of names: `US-30`.
const LIKELY_CODE: &str = "[0-9]{1,4}(?:M|mo|mon|months?|w|W|y|Y)|M1|M5|M15|M30|H1|H4|D1|W1|MN1";

/// Days, months or years of the rows.
const DATES: &str = "(?:19|20)[0-9]{2}(?:-?(?:0[1-9]|1[0-2])(?:-?(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{4})?)?)?";

/// What a rule's timeframe is.
#[derive(Clone, Copy)]
enum Rule {
    Told,
    Likely,
    /// Dukascopy's number and unit.
    NumberAndUnit,
    /// Alpha Vantage's word, or minutes behind `intraday`.
    Word,
}

/// The first one that fits a name holds.
static RULES: LazyLock<Vec<(Regex, Rule)>> = LazyLock::new(|| {
    let rules = [
        // HistData.
        (format!("^DAT_[A-Z]+_(?P<symbol>[^_]+)_(?P<timeframe>M1)_{DATES}$"), Rule::Told),
        // CryptoDataDownload's minutes of a year.
        ("^(?P<symbol>[A-Za-z]+_[A-Z0-9]+)_20[0-9]{2}_(?P<timeframe>minute)$".to_owned(), Rule::Told),
        // FirstRate.
        (format!("^(?P<symbol>[^_]+)_full_(?P<timeframe>{TOLD})$"), Rule::Told),
        (format!("^(?P<symbol>.+?)_(?P<timeframe>{TOLD})$"), Rule::Told),
        // Binance, and MetaTrader 5 with its range.
        (format!("^(?P<symbol>.+?)-(?P<timeframe>{TOLD})-{DATES}$"), Rule::Told),
        (format!("^(?P<symbol>.+?)_(?P<timeframe>{TOLD})_{DATES}(?:_{DATES})?$"), Rule::Told),
        (format!("^(?P<symbol>.+?)_(?P<timeframe>{LIKELY})_[0-9]{{8,12}}_[0-9]{{8,12}}$"), Rule::Likely),
        (format!("^(?P<symbol>.+?)-(?P<timeframe>[0-9]+(?:mo|w))-{DATES}$"), Rule::Told),
        (
            "^(?P<symbol>.+)_Candlestick_(?P<timeframe>[0-9]+)_(?P<unit>[A-Za-z]+)_(?P<rest>BID|ASK)_.*$".to_owned(),
            Rule::NumberAndUnit,
        ),
        (
            "^(?P<unit>daily|weekly|monthly|intraday)(?:_adjusted)?(?:_(?P<timeframe>[0-9]+min))?[-_](?P<symbol>.+)$"
                .to_owned(),
            Rule::Word,
        ),
        // TradingView, also with the number that it puts behind a second export.
        (format!("^(?P<symbol>.+), (?P<timeframe>{TOLD}|[0-9]{{1,2}}S)(?:_[0-9a-f]{{5}})?$"), Rule::Told),
        (format!("^(?P<symbol>.+), (?P<timeframe>{LIKELY})(?:_[0-9a-f]{{5}})?$"), Rule::Likely),
        // FirstRate: AAPL_full_1min_adjsplit.
        (
            format!(
                "^(?P<symbol>[^_]+)_(?:full_)?(?P<timeframe>{TOLD})_(?P<rest>(?i:(?:continuous_)?(?:adjsplitdiv|adjsplit|unadjusted|(?:absolute_|ratio_)?adjusted)|continuous))$"
            ),
            Rule::Told,
        ),
        (format!("^(?P<symbol>.+)_(?P<timeframe>{LIKELY})$"), Rule::Likely),
        (format!("^(?P<symbol>.+?)[-. ](?P<timeframe>{TOLD})$"), Rule::Told),
        (format!("^(?P<symbol>.+)[- ](?P<timeframe>{LIKELY_CODE})$"), Rule::Likely),
        // MetaTrader 4: EURUSD60, EURUSDH1.
        ("^(?P<symbol>[A-Z]{6}[a-z.]*)(?P<timeframe>M1|M5|M15|M30|H1|H4|D1|W1|MN1)$".to_owned(), Rule::Likely),
        ("^(?P<symbol>[A-Z]{6})(?P<timeframe>1|5|15|30|60|240|1440|10080|43200)$".to_owned(), Rule::Likely),
    ];
    rules.into_iter().map(|(text, rule)| (built_in_regex(&text), rule)).collect()
});

/// What the name of a file, without its extension, tells.
pub(super) fn guess(stem: &str) -> SeriesGuess {
    let found = RULES.iter().find_map(|(regex, rule)| Some((regex.captures(stem)?, *rule)));
    let Some((found, rule)) = found else {
        return SeriesGuess {
            symbol: alone(stem).to_owned(),
            timeframe: TimeframeGuess::Unknown,
            stem: alone(stem).to_owned(),
        };
    };
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let told =
        |timeframe: &str| TimeframeGuess::Told(timeframe::canonical(&timeframe.replace([' ', '-'], "")));
    let timeframe = match rule {
        Rule::Told => told(part("timeframe")),
        Rule::Likely => likely(part("timeframe")),
        Rule::NumberAndUnit => number_and_unit(part("timeframe"), part("unit")),
        Rule::Word if part("unit") == "intraday" && part("timeframe").is_empty() => TimeframeGuess::Unknown,
        Rule::Word if part("unit") == "intraday" => told(part("timeframe")),
        Rule::Word => told(part("unit")),
    };
    // What is no timeframe belongs to the symbol: ES_12.
    let symbol = if timeframe == TimeframeGuess::Unknown && matches!(rule, Rule::Likely) {
        stem
    } else {
        part("symbol")
    };
    // A bid is what is meant where nothing is said.
    let symbol = match part("rest") {
        "" | "BID" => symbol.to_owned(),
        rest => format!("{symbol}_{rest}"),
    };
    SeriesGuess { symbol, timeframe, stem: alone(stem).to_owned() }
}

/// A name that is a symbol alone: Investing.com puts `Historical Data` behind it, and some programs the first and the last day.
fn alone(stem: &str) -> &str {
    static DAYS: LazyLock<Regex> = LazyLock::new(|| built_in_regex("^(.+?)_[0-9]{8}_[0-9]{8}$"));
    let stem = stem.strip_suffix(" Historical Data").unwrap_or(stem);
    DAYS.captures(stem).and_then(|found| found.get(1)).map_or(stem, |symbol| symbol.as_str())
}

/// Minutes, or a number and a unit of which some mean two things.
fn likely(text: &str) -> TimeframeGuess {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match timeframe::of_minutes(text) {
            Some(timeframe) => TimeframeGuess::Likely(vec![timeframe]),
            None => TimeframeGuess::Unknown,
        };
    }
    let canonical = timeframe::canonical(text);
    let minutes = text.strip_suffix('M').map(|number| timeframe::canonical(&format!("{number}m")));
    TimeframeGuess::Likely(
        std::iter::once(canonical).chain(minutes.filter(|minutes| minutes != "m")).collect(),
    )
}

/// Dukascopy writes `1_M` for a minute in some exports and for a month in others.
fn number_and_unit(number: &str, unit: &str) -> TimeframeGuess {
    let of = |unit: &str| timeframe::canonical(&format!("{number}{unit}"));
    TimeframeGuess::Likely(match unit {
        "M" | "m" => vec![of("m"), of("mo")],
        other => vec![of(other)],
    })
}

/// The timeframe that the nearest folder of a path names, if any does. A bare number may be anything.
pub(super) fn of_folders<'p>(folders: impl DoubleEndedIterator<Item = &'p str>) -> Option<String> {
    let told = |folder: &str| {
        const USUAL: [&str; 13] =
            ["1m", "2m", "3m", "5m", "10m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d"];
        let is_word = folder.len() > 2
            && folder.bytes().all(|b| b.is_ascii_alphabetic())
            && timeframe::length(folder).is_some();
        // 5y and 1mo are as often the length of a history.
        (is_word || USUAL.contains(&folder)).then(|| timeframe::canonical(folder))
    };
    folders.rev().find_map(told)
}

/// What the folders of a partitioned data set say, as in `symbol=AAPL/timeframe=1d/part-0.parquet`: the symbol and the
/// timeframe.
pub(super) fn of_partitions<'p>(folders: impl Iterator<Item = &'p str>) -> (Option<String>, Option<String>) {
    const SYMBOLS: [&str; 6] = ["symbol", "ticker", "instrument", "code", "ts_code", "sym"];
    const TIMEFRAMES: [&str; 5] = ["timeframe", "interval", "freq", "frequency", "resolution"];
    let (mut symbol, mut timeframe) = (None, None);
    for (key, value) in folders.filter_map(|folder| folder.split_once('=')) {
        let key = key.to_ascii_lowercase();
        if SYMBOLS.contains(&&*key) {
            symbol = Some(value.to_owned());
        } else if TIMEFRAMES.contains(&&*key) {
            timeframe = Some(timeframe::canonical(value));
        }
    }
    (symbol, timeframe)
}

/// Whether a name is one that programs give to every file, or has a day in it: another file has the next day's bars.
pub(super) fn is_no_symbol(symbol: &str) -> bool {
    const DAY: &str = "(?:^|[^0-9])(?:(?:19|20)[0-9]{2}[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12][0-9]|3[01])\
        |(?:0[1-9]|[12][0-9]|3[01])[-_.](?:0[1-9]|[12][0-9]|3[01])[-_.](?:19|20)[0-9]{2})(?:[^0-9]|$)";
    static HAS_DAY: LazyLock<Regex> = LazyLock::new(|| built_in_regex(DAY));
    const NAMES: &str = "^(?i:data|prices?|quotes?|ohlcv?|bars|candles|chart|download|export|history|historicaldata(?:_[0-9]+)?|historicalquotes\
        |historicalprices|table|output|untitled|part[-._]?[0-9].*|data_[0-9]+|sheet[0-9]*|result|stock_?data|monthly_data|daily|hourly|minute|weekly|monthly)$";
    static NO_SYMBOLS: LazyLock<Regex> = LazyLock::new(|| built_in_regex(NAMES));
    // In capitals it may be one.
    let is_in_capitals = symbol.bytes().all(|b| !b.is_ascii_lowercase());
    !is_in_capitals && NO_SYMBOLS.is_match(symbol) || HAS_DAY.is_match(symbol)
}

/// Whether a whole name may be a symbol: `AAPL`, `BRK-B`, `EURUSD=X`, `^GSPC`, `0700.HK`, but not a name with a date or a
/// note.
pub(super) fn may_be_symbol(stem: &str) -> bool {
    const SYMBOL: &str = r"^\^?[A-Za-z0-9]{1,12}(?:[.=&-][A-Za-z0-9]{1,6}){0,2}$";
    static MAY_BE: LazyLock<Regex> = LazyLock::new(|| built_in_regex(SYMBOL));
    let is_code = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = stem.split(['.', '=', '&', '-']).collect();
    let longest = stem.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    // 600000 and 0700.HK are codes; a long number beside letters is a date or minutes.
    let has_sound_digits =
        longest < 4 || parts.len() < 3 && is_code(parts[0]) && longest == parts[0].len() && longest < 8;
    MAY_BE.is_match(stem)
        && has_sound_digits
        && timeframe::length(stem).is_none()
        && !is_no_symbol(stem)
        && !["csv", "txt", "gz", "zip", "ohlcv"].contains(&parts[parts.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_names_are_read() {
        use TimeframeGuess::{Likely, Told, Unknown};
        let told = |timeframe: &str| Told(timeframe.to_owned());
        let likely = |timeframes: &[&str]| Likely(timeframes.iter().map(|t| (*t).to_owned()).collect());
        for (stem, symbol, timeframe) in [
            ("AAPL_1h", "AAPL", told("1h")),
            ("ES_F_daily", "ES_F", told("1d")),
            ("BTCUSDT-1m-2024-01", "BTCUSDT", told("1m")),
            ("BTCUSDT-1m-2024-01-02", "BTCUSDT", told("1m")),
            ("EURUSD_M1_202401020000_202401312359", "EURUSD", likely(&["1m"])),
            ("DAT_ASCII_EURUSD_M1_2024", "EURUSD", told("1m")),
            ("DAT_ASCII_EURUSD_M1_202401", "EURUSD", told("1m")),
            ("EURUSD_Candlestick_1_M_BID_01.01.2020-31.12.2020", "EURUSD", likely(&["1m", "1mo"])),
            ("EURUSD_Candlestick_1_Hour_BID_01.01.2020-31.12.2020", "EURUSD", likely(&["1h"])),
            ("daily_IBM", "IBM", told("1d")),
            ("daily_adjusted_IBM", "IBM", told("1d")),
            ("intraday_5min_IBM", "IBM", told("5m")),
            ("BINANCE_BTCUSDT, 60", "BINANCE_BTCUSDT", likely(&["1h"])),
            ("NASDAQ_AAPL, 1D", "NASDAQ_AAPL", told("1d")),
            ("AAPL_full_1min_adjsplit", "AAPL_adjsplit", told("1m")),
            ("XBTUSD_60", "XBTUSD", likely(&["1h"])),
            ("Binance_BTCUSDT_d", "Binance_BTCUSDT", likely(&["1d"])),
            ("EURUSD60", "EURUSD", likely(&["1h"])),
            ("EURUSDH4", "EURUSD", likely(&["4h"])),
            ("EURUSD_5M", "EURUSD", likely(&["5mo", "5m"])),
            ("UST_10Y", "UST", likely(&["10y"])),
            ("ES_H4", "ES", likely(&["4h"])),
            ("ES_H3", "ES_H3", Unknown),
            ("GS_D", "GS_D", Unknown),
            ("SP_500index", "SP_500index", Unknown),
            ("AAPL.1h", "AAPL", told("1h")),
            ("daily-KO", "KO", told("1d")),
            ("ES_1h_2024", "ES", told("1h")),
            ("ES_1h_2403", "ES_1h_2403", Unknown),
            ("usTSLA_20130726_20160726", "usTSLA", Unknown),
            ("MSFT_1 day", "MSFT", told("1d")),
            ("NVDA_5 mins", "NVDA", told("5m")),
            ("AMD-1-minute", "AMD", told("1m")),
            ("Binance_BTCUSDT_2024_minute", "Binance_BTCUSDT", told("1m")),
            ("RUSSELL_2000_1d", "RUSSELL_2000", told("1d")),
            ("BTCUSDT-1mo-2024-01", "BTCUSDT", told("1mo")),
            ("NASDAQ_AAPL, 30S", "NASDAQ_AAPL", told("30s")),
            ("SPX_full_1min", "SPX", told("1m")),
            ("ES_full_1min_continuous_ratio_adjusted", "ES_continuous_ratio_adjusted", told("1m")),
            ("EURUSD-M1", "EURUSD", likely(&["1m"])),
            ("AAPL-1w", "AAPL", likely(&["1w"])),
            ("US-30", "US-30", Unknown),
            ("BTC-1h", "BTC", told("1h")),
            ("AAPL", "AAPL", Unknown),
            ("abcx.us", "abcx.us", Unknown),
            ("Bitcoin Historical Data", "Bitcoin", Unknown),
            ("AAPL_2024", "AAPL_2024", Unknown),
            ("ES_12", "ES_12", Unknown),
        ] {
            let guess = guess(stem);
            assert_eq!((guess.symbol.as_str(), guess.timeframe), (symbol, timeframe), "{stem}");
        }
    }

    #[test]
    fn folders_name_timeframes() {
        let of = |path: &str| of_folders(path.split('/'));
        assert_eq!(of("data/daily/us/nasdaq stocks/1").as_deref(), Some("1d"));
        assert_eq!(of("hour").as_deref(), Some("1h"));
        assert_eq!(of("minute/2024").as_deref(), Some("1m"));
        assert_eq!(of("bars/5 min"), None);
        assert_eq!(of("d"), None);
    }

    #[test]
    fn folders_of_partitions_name_series() {
        let of = |path: &str| of_partitions(path.split('/'));
        assert_eq!(of("year=2024/symbol=BRK.B"), (Some("BRK.B".into()), None));
        assert_eq!(of("Ticker=A/interval=1min/part-0"), (Some("A".into()), Some("1m".into())));
        assert_eq!(of("data/x"), (None, None));
    }

    #[test]
    fn names_that_programs_give_to_every_file_are_no_symbols() {
        for name in [
            "HistoricalData_1700000000000",
            "data",
            "AAPL_2024-01-02",
            "table (1)",
            "AAPL 1d",
            "part-0",
            "part.0",
            "part-00000-5ac2",
            "data_0",
        ] {
            assert!(!may_be_symbol(name), "{name}");
        }
        for name in ["AAPL", "BRK-B", "EURUSD=X", "^GSPC", "0700.HK", "600000", "DATA"] {
            assert!(may_be_symbol(name), "{name}");
        }
    }
}
