//! The presets that the program is compiled with: the files of `config/presets`.

/// Names and texts.
macro_rules! built_in {
    ($($name:literal,)+) => {
        [$(($name, include_str!(concat!("../../../config/presets/", $name, ".toml"))),)+]
    };
}

pub(super) const ALL: [(&str, &str); 48] = built_in![
    "akshare",
    "alpha-vantage",
    "amibroker",
    "backtrader",
    "baostock",
    "binance",
    "ccxt",
    "coinbase",
    "cryptodatadownload",
    "databento",
    "databento-raw",
    "dukascopy",
    "dukascopy-local",
    "eodhd",
    "finam",
    "firstrate",
    "histdata",
    "interactive-brokers",
    "investing",
    "iqfeed",
    "iqfeed-daily",
    "joinquant",
    "kibot",
    "kibot-daily",
    "kraken",
    "lean",
    "lean-hour",
    "metastock",
    "metatrader4",
    "metatrader5",
    "nasdaq",
    "ninjatrader",
    "polygon",
    "quantmod",
    "rqdata",
    "sharadar",
    "sierra-chart",
    "stooq",
    "tiingo",
    "tradestation",
    "tradingview",
    "tushare",
    "twelvedata",
    "upstox",
    "yahoo",
    "yfinance",
    "zerodha",
    "zipline",
];
