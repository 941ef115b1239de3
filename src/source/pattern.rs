//! Reads symbol and timeframe from a path.
//!
//! `{symbol}_{timeframe}.csv` reads `ES_F_1h.csv` as symbol `ES_F` at `1h`: the timeframe is what follows
//! the last `_`. Invariant: the names are complete and printable. They are data and never used as a path.

use regex::Regex;

use crate::bar::SeriesName;
use crate::error::{Error, Result};

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    whole_path: bool,
    text: String,
}

/// A timeframe is a number and a unit, or one of the words for it.
const TIMEFRAME: &str =
    r"(?:[0-9]{1,4}[A-Za-z]{1,6}|[Tt]ick|[Ss]econd|[Mm]inute|[Hh]ourly|[Dd]aily|[Ww]eekly|[Mm]onthly)";
const MAX_SYMBOL: usize = 128;

impl Pattern {
    /// Compiles `{symbol}_{timeframe}.csv` and the like; `*` stands for anything but `/`.
    ///
    /// # Errors
    /// [`Error::Usage`] if a placeholder is missing, doubled or unknown.
    pub fn new(text: &str) -> Result<Self> {
        let bad = |what: &str| {
            Error::usage(
                format!("the pattern `{text}` {what}"),
                "write it like `{symbol}_{timeframe}.csv` or `{timeframe}/{symbol}.csv`",
            )
        };
        let mut regex = String::from("^");
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{symbol}") {
                regex.push_str("(?P<symbol>[^/]+)");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{timeframe}") {
                regex.push_str(&format!("(?P<timeframe>{TIMEFRAME})"));
                rest = after;
            } else if c == '{' || c == '}' {
                return Err(bad("has a placeholder other than {symbol} and {timeframe}"));
            } else {
                match c {
                    '*' => regex.push_str("[^/]*"),
                    _ => regex.push_str(&regex::escape(&c.to_string())),
                }
                rest = &rest[c.len_utf8()..];
            }
        }
        regex.push('$');
        if text.matches("{symbol}").count() != 1 || text.matches("{timeframe}").count() != 1 {
            return Err(bad("must hold {symbol} once and {timeframe} once"));
        }
        let regex = Regex::new(&regex).map_err(|_| bad("cannot be used"))?;
        Ok(Self { regex, whole_path: text.contains('/'), text: text.to_owned() })
    }

    /// Symbol and timeframe of a path relative to the root.
    ///
    /// # Errors
    /// Why it has none.
    pub fn name(&self, path: &str) -> Result<SeriesName, String> {
        let target = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        let found = self.regex.captures(target).ok_or_else(|| {
            format!("does not fit the pattern `{}` (timeframes look like 5m, 1h, 1d)", self.text)
        })?;
        let symbol = found["symbol"].to_owned();
        if symbol.chars().any(char::is_control) {
            return Err("has a control character in its symbol".into());
        }
        if symbol.trim().is_empty() || symbol.len() > MAX_SYMBOL {
            return Err(format!("has a symbol that is blank or longer than {MAX_SYMBOL} bytes"));
        }
        Ok(SeriesName { symbol, timeframe: found["timeframe"].to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pattern: &str, path: &str) -> Option<(String, String)> {
        let n = Pattern::new(pattern).expect(pattern).name(path).ok()?;
        Some((n.symbol, n.timeframe))
    }

    #[test]
    fn the_default_takes_what_follows_the_last_underscore() {
        let p = "{symbol}_{timeframe}.csv";
        for (path, want) in [
            ("AAPL_1h.csv", Some(("AAPL", "1h"))),
            ("deep/er/BRK.B_1d.csv", Some(("BRK.B", "1d"))),
            ("ES_F_1h.csv", Some(("ES_F", "1h"))),
            ("a'b\"c_1d.csv", Some(("a'b\"c", "1d"))),
            ("..%2f_1d.csv", Some(("..%2f", "1d"))),
            ("X_1mo.csv", Some(("X", "1mo"))),
            ("X_daily.csv", Some(("X", "daily"))),
            ("notes.csv", None),
            ("_1d.csv", None),
            ("AAPL_final.csv", None),
            ("AAPL_1h.csv.bak", None),
            ("a\nb_1d.csv", None),
        ] {
            let want = want.map(|(s, t)| (s.to_owned(), t.to_owned()));
            assert_eq!(name(p, path), want, "{path}");
        }
    }

    #[test]
    fn folders_can_carry_the_timeframe() {
        let p = "{timeframe}/{symbol}.csv";
        assert_eq!(name(p, "1h/AAPL.csv"), Some(("AAPL".into(), "1h".into())));
        assert_eq!(name(p, "x/1h/AAPL.csv"), None);
        assert_eq!(
            name("*/{symbol}-{timeframe}-*.csv", "x/BTC-5m-2024.csv"),
            Some(("BTC".into(), "5m".into()))
        );
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in [
            "",
            "{symbol}.csv",
            "{symbol}{symbol}_{timeframe}",
            "{sym}_{timeframe}.csv",
            "{symbol}_{timeframe",
        ] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
    }
}
