//! Reads symbol and timeframe from a path.
//!
//! `{symbol}_{timeframe}.csv` reads `ES_F_1h.csv` as symbol `ES_F` at `1h`: the timeframe is what follows
//! the last `_`. Invariant: the names are complete and printable. They are data and never used as a path.

use regex::Regex;

use crate::bar::SeriesName;
use crate::error::{Error, Result};
use crate::timeframe;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    whole_path: bool,
    text: String,
    /// The extension that it names, with its dot.
    extension: Option<String>,
}

/// A timeframe is a number and a unit, or one of the words for it.
const TIMEFRAME: &str = "(?:[0-9]{1,4}[A-Za-z]{1,6}|[0-9]{1,5}|[DWHdwh]|(?:M|H|D|W|MN)[0-9]{1,2}\
    |(?i:tick|second|minute|hour|hourly|day|daily|week|weekly|month|monthly))";
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
        if text.contains("{symbol}{timeframe}") || text.contains("{timeframe}{symbol}") {
            return Err(bad(
                "needs something between {symbol} and {timeframe}, or nobody can tell where one ends",
            ));
        }
        if text.matches("{symbol}").count() != 1 || text.matches("{timeframe}").count() > 1 {
            return Err(bad("must hold {symbol} once, and {timeframe} at most once"));
        }
        let regex = Regex::new(&regex).map_err(|_| bad("cannot be used"))?;
        let name = text.rsplit('/').next().unwrap_or(text);
        let extension = name.rfind('.').map(|dot| name[dot..].to_lowercase());
        let extension = extension.filter(|extension| !extension.contains(['{', '*']) && extension.len() > 1);
        Ok(Self { regex, whole_path: text.contains('/'), text: text.to_owned(), extension })
    }

    /// The extension of the files that it names, with its dot, if it names one.
    pub(super) fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// As many parts from the end of a path as the pattern has.
    pub(super) fn end_of<'p>(&self, path: &'p str) -> &'p str {
        let parts = self.text.matches('/').count();
        path.rmatch_indices('/').nth(parts).map_or(path, |(at, _)| &path[at + 1..])
    }

    /// Whether a file of this name may fit, if the pattern names no extension.
    pub(super) fn may_fit(&self, name: &str) -> bool {
        !name.contains('.') || !self.whole_path && self.regex.is_match(name)
    }

    /// Symbol and timeframe of a path relative to the root; no timeframe if the pattern has none.
    ///
    /// # Errors
    /// Why it has none.
    pub fn parts(&self, path: &str) -> Result<(String, Option<String>), String> {
        let target = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        let found = self.regex.captures(target).ok_or_else(|| {
            format!("does not fit the pattern `{}` (timeframes look like 5m, 1h, 1d)", self.text)
        })?;
        let symbol = found["symbol"].to_owned();
        check_symbol(&symbol)?;
        let Some(timeframe) = found.name("timeframe") else { return Ok((symbol, None)) };
        let text = timeframe.as_str();
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        match timeframe::of_minutes(text) {
            None if is_number => {
                Err(format!("has the timeframe `{text}`, which is no usual number of minutes"))
            }
            minutes => Ok((symbol, Some(minutes.unwrap_or_else(|| timeframe::canonical(text))))),
        }
    }
}

/// Refuses a symbol that no series may have.
pub(super) fn check_symbol(symbol: &str) -> Result<(), String> {
    if symbol.chars().any(char::is_control) {
        return Err("has a control character in its symbol".into());
    }
    if symbol.trim().is_empty() || symbol.len() > MAX_SYMBOL {
        return Err(format!("has a symbol that is blank or longer than {MAX_SYMBOL} bytes"));
    }
    if symbol == SeriesName::SEVERAL {
        return Err(format!("has the symbol `{symbol}`, which stands for several"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pattern: &str, path: &str) -> Option<(String, String)> {
        let (symbol, timeframe) = Pattern::new(pattern).expect(pattern).parts(path).ok()?;
        Some((symbol, timeframe?))
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
            ("X_daily.csv", Some(("X", "1d"))),
            ("X_60.csv", Some(("X", "1h"))),
            ("X_H4.csv", Some(("X", "4h"))),
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
        let pattern = Pattern::new(p).expect(p);
        assert_eq!(pattern.end_of("/x/1h/AAPL.csv"), "1h/AAPL.csv");
        assert_eq!(pattern.end_of("1h/AAPL.csv"), "1h/AAPL.csv");
        assert_eq!(pattern.end_of("AAPL.csv"), "AAPL.csv");
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in [
            "",
            "{timeframe}.csv",
            "{symbol}{timeframe}.csv",
            "{symbol}{symbol}_{timeframe}",
            "{sym}_{timeframe}.csv",
            "{symbol}_{timeframe",
        ] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
    }
}
