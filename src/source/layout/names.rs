//! Names of columns that are known.

use crate::bar::columns::{COLUMNS, ValueColumn};

/// Names of the time's column (in lower case, words joined by `_`), the surest first.
pub(super) static TIMES: [&str; 48] = [
    "timestamp",
    "datetime",
    "date_time",
    "ts",
    "open_time",
    "opentime",
    "time_open",
    "timeopen",
    "open_timestamp",
    "ts_event",
    "window_start",
    "timestamp_utc",
    "datetime_utc",
    "time_utc",
    "date_utc",
    "utc",
    "gmt_time",
    "utc_time",
    "gmt",
    "time_gmt",
    "local_time",
    "bar_time",
    "start_time",
    "starttime",
    "timestamps",
    "date",
    "time",
    "dt",
    "dtyyyymmdd",
    "trade_date",
    "tradedate",
    "trading_date",
    "trade_time",
    "trading_day",
    "tradingday",
    "calendardate",
    "mdentrytime",
    "traddt",
    "day",
    "tms",
    "t",
    "unix",
    "unix_timestamp",
    "unixtime",
    "epoch",
    "index",
    "price",
    "",
];

/// Names of columns that say which instrument a row is of: first those of codes, at the end those that may also describe it.
pub(super) const TICKERS: [&str; 34] = [
    "ticker",
    "symbol",
    "sym",
    "ts_code",
    "code",
    "stock_code",
    "stockcode",
    "sc_code",
    "ric",
    "tckrsymb",
    "order_book_id",
    "股票代码",
    "证券代码",
    "代码",
    "secid",
    "security_id",
    "instrument",
    "instrument_id",
    "instrumentid",
    "scrip",
    "pair",
    "coin",
    "asset",
    "permno",
    "isin",
    "wkn",
    "figi",
    "cusip",
    "instrument_name",
    "security",
    "stock",
    "name",
    "series",
    "strike",
];

/// Whether a name says that a column of text names the instrument, and not a contract of it: `Stock Symbol`.
pub(super) fn is_about_instrument(normal: &str) -> bool {
    let has = |wanted: &[&str]| words_of(normal).any(|word| wanted.contains(&word));
    has(&["symbol", "ticker"])
        && !has(&["raw", "contract", "underlying", "root", "local", "old", "new", "previous"])
}

/// Those of them that hold the symbol as people write it.
pub(super) const SYMBOLS: [&str; 8] =
    ["ticker", "symbol", "sym", "ts_code", "tckrsymb", "order_book_id", "instrument", "pair"];

/// Names of columns that hold the timeframe.
pub(super) const TIMEFRAMES: [&str; 6] = ["per", "timeframe", "interval", "period", "freq", "frequency"];

/// Names of columns that tell instruments or kinds of bars apart, if they hold texts and not numbers.
pub(super) const KINDS: [&str; 25] = [
    "company",
    "exchange",
    "venue",
    "market",
    "side",
    "interval",
    "timeframe",
    "period",
    "per",
    "freq",
    "frequency",
    "contract",
    "contract_month",
    "expiry",
    "expiration",
    "option_type",
    "underlying",
    "product",
    "root",
    "index",
    "currency",
    "base",
    "quote",
    "feed",
    "type",
];

/// Names of columns of numbers that are no volume.
const NO_VOLUMES: [&str; 31] = [
    "adj_close",
    "adjusted_close",
    "adjclose",
    "close_adj",
    "closeadj",
    "close_unadj",
    "closeunadj",
    "adj_open",
    "adj_high",
    "adj_low",
    "prev_close",
    "prevclose",
    "pre_close",
    "previous_close",
    "vwap",
    "average",
    "wap",
    "spread",
    "open_interest",
    "openint",
    "openinterest",
    "opi",
    "oi",
    "dividends",
    "dividend",
    "stock_splits",
    "split_factor",
    "capital_gains",
    "change",
    "factor",
    "index",
];

/// `<Adj Close>`, `adj-close` and `# Adj Close` all become `adj_close`, and `Time (UTC)` becomes `time_utc`.
pub(in crate::source) fn normal(name: &str) -> String {
    let name = name.trim().trim_start_matches(['<', '#']).trim_end_matches(['>', '*']).trim();
    // `1. open`
    let name = match name.split_once(". ") {
        Some((number, name)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => name,
    };
    name.to_lowercase()
        .replace([' ', '-', '.', '/'], "_")
        .replace("(utc)", "utc")
        .replace("(gmt)", "gmt")
        .trim_end_matches('_')
        .to_owned()
}

/// Whether a column of numbers with this name is no volume.
pub(super) fn is_no_volume(normal: &str) -> bool {
    let has = |words: &[&str]| words_of(normal).any(|word| words.contains(&word));
    !has_volume_word(normal)
        && (NO_VOLUMES.contains(&normal)
            || normal.contains('%')
            || has(&["chg", "change", "pct", "percent"])
            || words_of(normal).any(is_indicator)
            || has(&["last", "price", "prev", "settle", "bid", "ask", "mid", "open", "high", "low", "close"])
            || TICKERS.contains(&normal)
            || is_about_time(normal))
}

/// Whether a word is the name of an indicator, mostly with its period: `sma`, `EMA20`, `psar`.
fn is_indicator(word: &str) -> bool {
    const INDICATORS: [&str; 24] = [
        "sma", "ema", "wma", "dema", "tema", "ma", "rsi", "macd", "cci", "psar", "psarl", "psars", "atr",
        "adx", "bb", "bbands", "boll", "upper", "lower", "middle", "stoch", "roc", "mom", "signal",
    ];
    INDICATORS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Whether a name has a word for volume.
pub(super) fn has_volume_word(normal: &str) -> bool {
    words_of(normal).any(|word| matches!(word, "volume" | "vol" | "qty" | "quantity" | "shares"))
}

/// The words of a name: `time_(utc)` has two.
pub(super) fn words_of(normal: &str) -> impl Iterator<Item = &str> {
    normal.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a name may be that of a time of day beside a date.
pub(super) fn may_be_clock(normal: &str) -> bool {
    !matches!(normal, "" | "index" | "price" | "date" | "day" | "dt" | "dtyyyymmdd")
}

/// Whether a name says that a time is not that of the bar's beginning.
pub(super) fn is_another_time(normal: &str) -> bool {
    const WORDS: [&str; 14] = [
        "close",
        "end",
        "expiry",
        "expiration",
        "settlement",
        "settle",
        "updated",
        "update",
        "modified",
        "listing",
        "listed",
        "publication",
        "published",
        "lastupdated",
    ];
    words_of(normal).any(|word| WORDS.contains(&word))
}

/// Whether a name says that a time is that of the bar's end.
pub(super) fn is_end_of_bar(normal: &str) -> bool {
    words_of(normal).any(|word| matches!(word, "close" | "end"))
}

/// Words in the names of columns that may hold the time.
const TIME_WORDS: [&str; 6] = ["time", "date", "datetime", "timestamp", "day", "utc"];

/// Whether a name has a word for time.
pub(super) fn is_about_time(normal: &str) -> bool {
    words_of(normal).any(|word| TIME_WORDS.contains(&word))
        || normal.ends_with("time")
        || normal.ends_with("date")
}

/// Where a value's column is by its usual names, the surest first.
pub(super) fn of_value(names: &[String], column: &ValueColumn) -> Vec<usize> {
    column.header_names.iter().filter_map(|wanted| names.iter().position(|name| name == wanted)).collect()
}

/// Whether a line names open, high, low and close.
pub(in crate::source) fn has_prices(names: &[String]) -> bool {
    let required = COLUMNS.iter().filter(|column| column.is_required());
    required.into_iter().all(|column| !of_value(names, column).is_empty())
}

/// How many of the prices a line names.
pub(super) fn count_prices(names: &[String]) -> usize {
    COLUMNS.iter().filter(|column| column.is_required() && !of_value(names, column).is_empty()).count()
}

/// A name that is known and comes twice.
pub(super) fn repeated(names: &[String]) -> Option<&str> {
    let known = |n: &String| {
        !n.is_empty()
            && (TIMES.contains(&n.as_str()) || COLUMNS.iter().any(|c| c.header_names.contains(&n.as_str())))
    };
    names.iter().enumerate().find(|(i, n)| known(n) && names[..*i].contains(n)).map(|(_, n)| n.as_str())
}

/// The names without the one prefix that all prices have: `AAPL.Open`, `BTC:open`.
pub(super) fn without_prefix(fields: &[String]) -> Option<Vec<String>> {
    let parts: Vec<Option<(&str, &str)>> =
        fields.iter().map(|field| field.rsplit_once(['.', ':']).or_else(|| field.split_once(' '))).collect();
    let mut prefix = None;
    for (before, name) in parts.iter().flatten() {
        let is_price = COLUMNS.iter().any(|column| column.name == normal(name));
        if is_price && *prefix.get_or_insert(*before) != *before {
            return None;
        }
    }
    let prefix = prefix?;
    // Adj Open, Adj High, Adj Low beside Close are of two scales.
    let prefixed = parts.iter().flatten().filter(|(before, name)| {
        *before == prefix && COLUMNS.iter().any(|column| column.is_required() && column.name == normal(name))
    });
    if prefixed.count() < COLUMNS.iter().filter(|column| column.is_required()).count() {
        return None;
    }
    let bare = fields.iter().zip(parts).map(|(field, part)| match part {
        Some((before, name)) if before == prefix => normal(name),
        _ => normal(field),
    });
    let names: Vec<String> = bare.collect();
    has_prices(&names).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_in_one_way() {
        for (name, want) in [
            ("<Adj Close>", "adj_close"),
            ("adj-close", "adj_close"),
            ("#Date", "date"),
            ("Vol.", "vol"),
            ("Close/Last", "close_last"),
            ("1. open", "open"),
            ("Adj Close**", "adj_close"),
        ] {
            assert_eq!(normal(name), want);
        }
    }

    #[test]
    fn one_prefix_is_left_out() {
        let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let names = without_prefix(&fields(",AAPL.Open,AAPL.High,AAPL.Low,AAPL.Close,AAPL.Volume"));
        assert_eq!(names.expect("one prefix"), ["", "open", "high", "low", "close", "volume"]);
        assert_eq!(without_prefix(&fields(",A:open,A:high,A:low,A:close,B:open,B:high,B:low,B:close")), None);
        assert_eq!(without_prefix(&fields("date,price")), None);
        assert_eq!(without_prefix(&fields("Date,Adj Open,Adj High,Adj Low,Close")), None);
    }
}
