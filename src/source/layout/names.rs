//! Names of columns that are known.

use crate::bar::columns::{COLUMNS, ValueColumn};

/// Names of the time's column (in lower case, words joined by `_`), the surest first.
pub(super) const TIMES: [&str; 46] = [
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

/// Names of those that hold a time in UTC, whatever the zone of other files is.
pub(super) const IN_UTC: [&str; 9] = [
    "timestamp_utc",
    "datetime_utc",
    "time_utc",
    "date_utc",
    "utc",
    "gmt_time",
    "utc_time",
    "time_gmt",
    "gmt",
];

/// Names of columns that say which instrument a row is of.
pub(super) const TICKERS: [&str; 22] = [
    "ticker",
    "symbol",
    "sym",
    "ts_code",
    "code",
    "name",
    "instrument",
    "instrument_id",
    "instrument_name",
    "isin",
    "contract",
    "security",
    "pair",
    "stock",
    "asset",
    "series",
    "tckrsymb",
    "order_book_id",
    "figi",
    "cusip",
    "sc_code",
    "expiry",
];

/// Names of columns of numbers that are no volume.
const NO_VOLUMES: [&str; 30] = [
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

/// `<Adj Close>`, `adj-close` and `# Adj Close` all become `adj_close`.
pub(super) fn normal(name: &str) -> String {
    let name = name.trim().trim_start_matches(['<', '#']).trim_end_matches('>').trim();
    name.to_lowercase().replace([' ', '-', '.', '/'], "_").trim_end_matches('_').to_owned()
}

/// Whether a column of numbers with this name is no volume.
pub(super) fn is_no_volume(normal: &str) -> bool {
    NO_VOLUMES.contains(&normal)
        || normal.contains('%')
        || ["chg", "change", "pct", "percent"].iter().any(|word| normal.contains(word))
        || TICKERS.contains(&normal)
        || is_about_time(normal)
}

/// Words in the names of columns that may hold the time.
const TIME_WORDS: [&str; 6] = ["time", "date", "datetime", "timestamp", "day", "utc"];

/// Whether a name has a word for time.
pub(super) fn is_about_time(normal: &str) -> bool {
    normal.split('_').any(|word| TIME_WORDS.contains(&word))
        || normal.ends_with("time")
        || normal.ends_with("date")
}

/// Where a value's column is by its usual names, the surest first.
pub(super) fn of_value(names: &[String], column: &ValueColumn) -> Vec<usize> {
    column.header_names.iter().filter_map(|wanted| names.iter().position(|name| name == wanted)).collect()
}

/// Whether a line names open, high, low and close.
pub(super) fn has_prices(names: &[String]) -> bool {
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
    }
}
