//! Tells symbol and timeframe from a file's name, where no pattern is given: names as vendors and programs write them.
//!
//! Invariant: a timeframe that is not spelled out (`60`, `D`) is only a guess, which the file's rows must confirm, and a
//! name without one leaves it to the folder or the rows. Parts of a name that are left out, other than dates, are kept
//! as [`SeriesGuess::left_out`], so that files that differ in them are not taken for one series.

use std::sync::LazyLock;

use regex::Regex;

use crate::timeframe;

/// What a name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeriesGuess {
    pub(super) symbol: String,
    pub(super) timeframe: TimeframeGuess,
    /// What the name says besides.
    pub(super) left_out: String,
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
const TOLD: &str = "[0-9]{1,4}(?:s|secs?|seconds?|m|mins?|minutes?|T|h|hrs?|hours?|H|d|days?|D|w|wks?|weeks?|W|mo|mon|months?|M|x|t)\
    |[0-9]{1,4}[A-Za-z]{1,6}|(?i:tick|second|minute|hour|hourly|day|daily|week|weekly|month|monthly)\
    |M1|M2|M3|M5|M10|M15|M20|M30|H1|H2|H3|H4|H6|H8|H12|D1|W1|MN1";

/// One that may be something else: minutes, or a letter.
const LIKELY: &str = "[0-9]{1,5}|[DdWwHh]";

/// Days, months or years of the rows.
const DATES: &str = "[0-9]{4}(?:-?[0-9]{2}(?:-?[0-9]{2}(?:[0-9]{4})?)?)?";

struct Rules {
    all: Vec<(Regex, Rule)>,
}

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

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let rules = [
        // HistData.
        (format!("^DAT_[A-Z]+_(?P<symbol>[^_]+)_(?P<timeframe>M1)_{DATES}$"), Rule::Told),
        (format!("^(?P<symbol>.+)_(?P<timeframe>{TOLD})$"), Rule::Told),
        // Binance, and MetaTrader 5 with its range.
        (format!("^(?P<symbol>.+?)-(?P<timeframe>{TOLD})-{DATES}$"), Rule::Told),
        (format!("^(?P<symbol>.+?)_(?P<timeframe>{TOLD})_{DATES}(?:_{DATES})?$"), Rule::Told),
        (
            "^(?P<symbol>.+)_Candlestick_(?P<timeframe>[0-9]+)_(?P<unit>[A-Za-z]+)_(?P<rest>BID|ASK)_.*$".to_owned(),
            Rule::NumberAndUnit,
        ),
        (
            "^(?P<unit>daily|weekly|monthly|intraday)(?P<rest>_adjusted)?(?:_(?P<timeframe>[0-9]+min))?_(?P<symbol>.+)$"
                .to_owned(),
            Rule::Word,
        ),
        // TradingView, also with the number that it puts behind a second export.
        (format!("^(?P<symbol>.+), (?P<timeframe>{TOLD})(?:_[0-9a-f]{{5}})?$"), Rule::Told),
        (format!("^(?P<symbol>.+), (?P<timeframe>{LIKELY})(?:_[0-9a-f]{{5}})?$"), Rule::Likely),
        // FirstRate: AAPL_full_1min_adjsplit.
        (
            format!(
                "^(?P<symbol>[^_]+)_(?:full_)?(?P<timeframe>{TOLD})_(?P<rest>(?i:adjsplitdiv|adjsplit|unadjusted|adjusted|continuous|absolute_adjusted|ratio_adjusted))$"
            ),
            Rule::Told,
        ),
        (format!("^(?P<symbol>.+)_(?P<timeframe>{LIKELY})$"), Rule::Likely),
        (format!("^(?P<symbol>.+)[- ](?P<timeframe>{TOLD})$"), Rule::Told),
        // MetaTrader 4: EURUSD60, EURUSDH1.
        ("^(?P<symbol>[A-Z]{6}[a-z.]*)(?P<timeframe>M1|M5|M15|M30|H1|H4|D1|W1|MN1)$".to_owned(), Rule::Told),
        ("^(?P<symbol>[A-Z]{6})(?P<timeframe>1|5|15|30|60|240|1440|10080|43200)$".to_owned(), Rule::Likely),
    ];
    let all = rules.into_iter().filter_map(|(text, rule)| Some((Regex::new(&text).ok()?, rule)));
    Rules { all: all.collect() }
});

/// What the name of a file, without its extension, tells.
pub(super) fn guess(stem: &str) -> SeriesGuess {
    let found = RULES.all.iter().find_map(|(regex, rule)| Some((regex.captures(stem)?, *rule)));
    let Some((found, rule)) = found else {
        return SeriesGuess {
            symbol: alone(stem).to_owned(),
            timeframe: TimeframeGuess::Unknown,
            left_out: String::new(),
        };
    };
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let timeframe = match rule {
        Rule::Told => TimeframeGuess::Told(timeframe::canonical(part("timeframe"))),
        Rule::Likely => likely(part("timeframe")),
        Rule::NumberAndUnit => number_and_unit(part("timeframe"), part("unit")),
        Rule::Word if part("unit") == "intraday" && part("timeframe").is_empty() => TimeframeGuess::Unknown,
        Rule::Word if part("unit") == "intraday" => {
            TimeframeGuess::Told(timeframe::canonical(part("timeframe")))
        }
        Rule::Word => TimeframeGuess::Told(timeframe::canonical(part("unit"))),
    };
    // A number that is neither minutes nor a year belongs to the symbol: ES_12.
    let is_year = matches!(part("timeframe").parse(), Ok(1900..=2099));
    let symbol = if timeframe == TimeframeGuess::Unknown && matches!(rule, Rule::Likely) && !is_year {
        stem
    } else {
        part("symbol")
    };
    SeriesGuess { symbol: symbol.to_owned(), timeframe, left_out: part("rest").to_owned() }
}

/// A name that is a symbol alone: Investing.com puts `Historical Data` behind it.
fn alone(stem: &str) -> &str {
    stem.strip_suffix(" Historical Data").unwrap_or(stem)
}

/// Minutes or a letter.
fn likely(text: &str) -> TimeframeGuess {
    let letter = (text.len() == 1 && text.bytes().all(|b| b.is_ascii_alphabetic()))
        .then(|| timeframe::canonical(&text.to_uppercase()));
    match letter.or_else(|| timeframe::of_minutes(text)) {
        Some(timeframe) => TimeframeGuess::Likely(vec![timeframe]),
        None => TimeframeGuess::Unknown,
    }
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
        let is_told = timeframe::length(folder).is_some()
            && folder.bytes().any(|b| b.is_ascii_alphabetic())
            && (folder.len() > 1);
        is_told.then(|| timeframe::canonical(folder))
    };
    folders.rev().find_map(told)
}

/// Whether a symbol is one that programs give to every file.
pub(super) fn is_no_symbol(symbol: &str) -> bool {
    static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?i:data|prices?|quotes?|ohlcv?|bars|candles|chart|download|export|historicaldata(?:_[0-9]+)?(?: ?\([0-9]+\))?|historicalquotes|table|[0-9_ -]+)$").ok()
    });
    NAMES.as_ref().is_some_and(|names| names.is_match(symbol))
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
            ("EURUSD_M1_202401020000_202401312359", "EURUSD", told("1m")),
            ("DAT_ASCII_EURUSD_M1_2024", "EURUSD", told("1m")),
            ("DAT_ASCII_EURUSD_M1_202401", "EURUSD", told("1m")),
            ("EURUSD_Candlestick_1_M_BID_01.01.2020-31.12.2020", "EURUSD", likely(&["1m", "1mo"])),
            ("EURUSD_Candlestick_1_Hour_BID_01.01.2020-31.12.2020", "EURUSD", likely(&["1h"])),
            ("daily_IBM", "IBM", told("1d")),
            ("daily_adjusted_IBM", "IBM", told("1d")),
            ("intraday_5min_IBM", "IBM", told("5m")),
            ("BINANCE_BTCUSDT, 60", "BINANCE_BTCUSDT", likely(&["1h"])),
            ("NASDAQ_AAPL, 1D", "NASDAQ_AAPL", told("1d")),
            ("AAPL_full_1min_adjsplit", "AAPL", told("1m")),
            ("XBTUSD_60", "XBTUSD", likely(&["1h"])),
            ("Binance_BTCUSDT_d", "Binance_BTCUSDT", likely(&["1d"])),
            ("EURUSD60", "EURUSD", likely(&["1h"])),
            ("EURUSDH4", "EURUSD", told("4h")),
            ("BTC-1h", "BTC", told("1h")),
            ("AAPL", "AAPL", Unknown),
            ("abcx.us", "abcx.us", Unknown),
            ("Bitcoin Historical Data", "Bitcoin", Unknown),
            ("AAPL_2024", "AAPL", Unknown),
            ("ES_12", "ES_12", Unknown),
        ] {
            let guess = guess(stem);
            assert_eq!((guess.symbol.as_str(), guess.timeframe), (symbol, timeframe), "{stem}");
        }
        assert_eq!(guess("AAPL_full_1min_adjsplit").left_out, "adjsplit");
    }

    #[test]
    fn folders_name_timeframes() {
        let of = |path: &str| of_folders(path.split('/'));
        assert_eq!(of("data/daily/us/nasdaq stocks/1").as_deref(), Some("1d"));
        assert_eq!(of("hour").as_deref(), Some("1h"));
        assert_eq!(of("minute/2024").as_deref(), Some("1m"));
        assert_eq!(of("bars/5 min"), None);
        assert_eq!(of("d"), None);
        assert!(
            is_no_symbol("HistoricalData_1700000000000") && is_no_symbol("data") && !is_no_symbol("AAPL")
        );
    }
}
