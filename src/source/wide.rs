//! Wide files: each symbol has columns of its own, as in `time,BTC:open,BTC:high,…,ETH:open,…`.
//!
//! Each line is read as several rows, one for each symbol that has values there, as if the file were long: the columns that
//! all symbols share, then `symbol`, then the values. Invariant: the rows of a line have its number and its offset.

use super::fields::FieldSplitter;
use super::layout::{delimiters, has_prices, is_symbol_name, normal_name, split, time_names};
use crate::bar::columns::COLUMNS;
use crate::config::CsvConfig;
use crate::finding::RawRow;

/// How names put a symbol and a value together.
const SEPARATORS: [char; 6] = [':', '.', ' ', '_', '/', '|'];

/// So many lines may stand before the header.
const MOST_BEFORE: usize = 5;

/// What stands before the prices of one symbol that has several kinds of them.
const KINDS: [&str; 14] = [
    "bid", "ask", "mid", "adj", "adjusted", "raw", "prev", "previous", "price", "px", "day", "trade",
    "session", "last",
];

/// The columns of a wide file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WideColumns {
    delimiter: u8,
    quote: Option<u8>,
    /// How many of the first lines that are not blank stand before the data.
    pub(super) before: usize,
    width: usize,
    /// The columns that all symbols share, by name.
    shared: Vec<(usize, String)>,
    /// The names of the values.
    values: Vec<String>,
    /// The columns of each symbol's values.
    symbols: Vec<(String, Vec<Option<usize>>)>,
}

impl WideColumns {
    /// The columns of a file with these first lines, if it is wide.
    pub(super) fn find(rows: &[RawRow], csv: &CsvConfig) -> Option<Self> {
        let of_row = |at: usize| {
            delimiters(csv, None)
                .into_iter()
                .find_map(|delimiter| Self::of_header(rows, at, delimiter, csv.quote))
        };
        (0..rows.len().min(MOST_BEFORE)).find_map(of_row)
    }

    /// With this line as the header.
    fn of_header(rows: &[RawRow], at: usize, delimiter: u8, quote: Option<u8>) -> Option<Self> {
        const NARROWEST: usize = 5;
        let mut fields = split(&rows[at].bytes, delimiter, quote);
        if fields.len() < NARROWEST {
            return None;
        }
        let (mut before, mut is_pandas) = (at + 1, false);
        if let Some((named, lines)) = of_two_lines(&fields, &rows[before..], delimiter, quote) {
            (fields, is_pandas) = (named, true);
            before += lines;
        }
        let both = SEPARATORS.into_iter().flat_map(|sign| [(sign, true), (sign, false)]);
        let (values, symbols) = both.into_iter().find_map(|way| grouped(&fields, way))?;
        // One group may be names such as `Open Price`; beside a symbol's column, too.
        let names: Vec<String> = fields.iter().map(|field| normal_name(field)).collect();
        let is_long = has_prices(&names) || names.iter().any(|name| is_symbol_name(name));
        if !is_pandas && (symbols.len() < 2 || is_long) {
            return None;
        }
        let used = |at: &usize| symbols.iter().any(|(_, columns)| columns.contains(&Some(*at)));
        let shared = (0..fields.len()).filter(|at| !used(at)).map(|at| (at, fields[at].clone())).collect();
        Some(Self { delimiter, quote, before, width: fields.len(), shared, values, symbols })
    }

    /// The header that the file would have if it were long.
    pub(super) fn header(&self) -> Vec<u8> {
        let shared = self.shared.iter().map(|(_, name)| name.as_str());
        let names = shared.chain(["symbol"]).chain(self.values.iter().map(String::as_str));
        self.joined(names.map(str::as_bytes))
    }

    /// The rows of a line. A line of another width is one row without a symbol, which is no bar, whatever is cut off.
    pub(super) fn rows(&self, line: &[u8], out: &mut impl Extend<Vec<u8>>) {
        let mut splitter = FieldSplitter::new(self.delimiter, self.quote);
        let fields = splitter.split(line);
        if fields.len() != self.width {
            let shared = self.shared.iter().map(|_| &b""[..]);
            out.extend([self.joined(shared.chain([&b""[..], line]))]);
            return;
        }
        for (symbol, columns) in &self.symbols {
            let value = |at: &Option<usize>| at.map_or(&b""[..], |at| fields.get(at));
            if columns.iter().map(value).all(is_missing) {
                continue;
            }
            let shared = self.shared.iter().map(|(at, _)| fields.get(*at));
            let row = shared.chain([symbol.as_bytes()]).chain(columns.iter().map(value));
            out.extend([self.joined(row)]);
        }
    }

    fn joined<'f>(&self, fields: impl Iterator<Item = &'f [u8]>) -> Vec<u8> {
        let mut line = Vec::new();
        for (i, field) in fields.enumerate() {
            if i > 0 {
                line.push(self.delimiter);
            }
            match self.quote {
                Some(quote) if field.iter().any(|b| *b == self.delimiter || *b == quote) => {
                    line.push(quote);
                    for b in field {
                        line.extend(std::iter::repeat_n(*b, 1 + usize::from(*b == quote)));
                    }
                    line.push(quote);
                }
                _ => line.extend_from_slice(field),
            }
        }
        line
    }
}

/// Whether a field says that there is no value.
fn is_missing(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    [&b""[..], b"nan", b"na", b"n/a", b"null", b"none"].iter().any(|text| field.eq_ignore_ascii_case(text))
}

/// Whether this is the name of a value.
fn is_value(normal: &str) -> bool {
    COLUMNS.iter().any(|column| column.header_names.contains(&normal))
}

type Groups = (Vec<String>, Vec<(String, Vec<Option<usize>>)>);

/// The symbols, if all have all prices.
fn grouped(fields: &[String], (sign, symbol_first): (char, bool)) -> Option<Groups> {
    let mut values: Vec<String> = Vec::new();
    let mut symbols: Vec<(String, Vec<Option<usize>>)> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let parts = if symbol_first { field.rsplit_once(sign) } else { field.split_once(sign) };
        let Some((first, second)) = parts else { continue };
        let (symbol, value) = if symbol_first { (first, second) } else { (second, first) };
        let (symbol, value) = (symbol.trim(), normal_name(value));
        if symbol.is_empty() || !is_value(&value) {
            continue;
        }
        if KINDS.contains(&normal_name(symbol).as_str()) {
            return None;
        }
        let place = values.iter().position(|name| *name == value).unwrap_or_else(|| {
            values.push(value.clone());
            values.len() - 1
        });
        let group = match symbols.iter().position(|(name, _)| name == symbol) {
            Some(group) => group,
            None => {
                symbols.push((symbol.to_owned(), Vec::new()));
                symbols.len() - 1
            }
        };
        let columns = &mut symbols[group].1;
        columns.resize(columns.len().max(place + 1), None);
        if columns[place].replace(at).is_some() {
            return None;
        }
    }
    symbols.iter_mut().for_each(|(_, columns)| columns.resize(values.len(), None));
    let is_whole = |columns: &Vec<Option<usize>>| {
        let names = values.iter().zip(columns).filter(|(_, at)| at.is_some()).map(|(name, _)| name.clone());
        has_prices(&names.collect::<Vec<_>>())
    };
    let are_whole = !symbols.is_empty() && symbols.iter().all(|(_, columns)| is_whole(columns));
    are_whole.then_some((values, symbols))
}

/// The header of yfinance and pandas, in two lines (the values, then `Ticker` and the symbols), or three (then the time's
/// name alone): its fields in one, and how many lines follow the first.
fn of_two_lines(
    fields: &[String],
    rows: &[RawRow],
    delimiter: u8,
    quote: Option<u8>,
) -> Option<(Vec<String>, usize)> {
    let split_row = |row: &RawRow| split(&row.bytes, delimiter, quote);
    let below = split_row(rows.first()?);
    // pandas writes either of the two first.
    let are_values =
        |line: &[String]| has_prices(&line.iter().skip(1).map(|name| normal_name(name)).collect::<Vec<_>>());
    let (values, symbols) = if are_values(fields) { (fields, &below[..]) } else { (&below[..], fields) };
    let is_such = symbols.len() == values.len()
        && are_values(values)
        && matches!(normal_name(symbols.first()?).as_str(), "ticker" | "tickers" | "symbol" | "symbols" | "")
        && !symbols[1..]
            .iter()
            .any(|symbol| symbol.is_empty() || symbol.contains('.') && symbol.parse::<f64>().is_ok());
    if !is_such {
        return None;
    }
    let third = rows.get(1).map(split_row).unwrap_or_default();
    let time = third.first().filter(|name| {
        time_names().contains(&normal_name(name).as_str()) && third[1..].iter().all(String::is_empty)
    });
    let lines = 1 + usize::from(time.is_some());
    let first = time.cloned().unwrap_or_else(|| "time".to_owned());
    let named = symbols[1..].iter().zip(&values[1..]).map(|(symbol, value)| format!("{symbol}:{value}"));
    Some((std::iter::once(first).chain(named).collect(), lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<RawRow> {
        let row = |(i, line): (usize, &str)| RawRow { line: i as u64 + 1, offset: 0, bytes: line.into() };
        text.lines().enumerate().map(row).collect()
    }

    fn long(text: &str) -> Option<Vec<String>> {
        let csv = crate::config::load(None, &[]).expect("the defaults").csv;
        let rows = rows(text);
        let wide = WideColumns::find(&rows, &csv)?;
        let mut out = vec![wide.header()];
        rows[wide.before..].iter().for_each(|row| wide.rows(&row.bytes, &mut out));
        Some(out.into_iter().map(|line| String::from_utf8(line).expect("text")).collect())
    }

    #[test]
    fn each_symbol_has_a_row_of_its_own() {
        let text = "time,BTC:open,BTC:high,BTC:low,BTC:close,ETH:open,ETH:high,ETH:low,ETH:close,ETH:volume\n\
                    2024-01-01,1,2,0.5,1.5,11,12,10,11,7\n2024-01-02,,,,,12,13,11,12,8\n2024-01-03,NaN,nan,NA,null,1,1,1,1,\n";
        assert_eq!(
            long(text).expect("wide"),
            [
                "time,symbol,open,high,low,close,volume",
                "2024-01-01,BTC,1,2,0.5,1.5,",
                "2024-01-01,ETH,11,12,10,11,7",
                "2024-01-02,ETH,12,13,11,12,8",
                "2024-01-03,ETH,1,1,1,1,",
            ]
        );
    }

    #[test]
    fn symbols_stand_before_or_behind_the_values_or_below_them() {
        for text in [
            "date,open_A.B,high_A.B,low_A.B,close_A.B,open_C,high_C,low_C,close_C\n2024-01-01,1,2,0.5,1.5,3,4,2,3\n",
            "date,A.B open,A.B high,A.B low,A.B close,C open,C high,C low,C close\n2024-01-01,1,2,0.5,1.5,3,4,2,3\n",
            "Ticker,A.B,A.B,A.B,A.B,C,C,C,C\nPrice,open,high,low,close,open,high,low,close\ndate,,,,,,,,\n2024-01-01,1,2,0.5,1.5,3,4,2,3\n",
            "Price,open,high,low,close,open,high,low,close\nTicker,A.B,A.B,A.B,A.B,C,C,C,C\ndate,,,,,,,,\n2024-01-01,1,2,0.5,1.5,3,4,2,3\n",
        ] {
            let got = long(text).expect(text);
            assert_eq!(got[0], "date,symbol,open,high,low,close", "{text}");
            assert_eq!(got[1..], ["2024-01-01,A.B,1,2,0.5,1.5", "2024-01-01,C,3,4,2,3"], "{text}");
        }
    }

    #[test]
    fn other_files_are_not_wide() {
        for text in [
            "time,open,high,low,close,volume\n2024-01-01,1,2,0.5,1.5,7\n",
            "time,A:open,A:high,A:low,A:close,B:open,B:high\n2024-01-01,1,2,0.5,1.5,1,2\n",
            "Date,Open,High,Low,Close,Adj Open,Adj High,Adj Low,Adj Close\n2024-01-01,1,2,0.5,1.5,1,2,0.5,1.5\n",
            "code,date,open_price,high_price,low_price,close_price\nA,2024-01-01,1,2,0.5,1.5\n",
            "Symbol,Date,Open Price,High Price,Low Price,Close Price,Volume\nA,2024-01-01,1,2,0.5,1.5,7\n",
            "ticker,date,us_open,us_high,us_low,us_close,eu_open,eu_high,eu_low,eu_close\nA,2024-01-01,1,2,0.5,1.5,1,2,0.5,1.5\n",
            "time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\n2024-01-01,1,2,0.5,1.5,1,2,0.5,1.5\n",
        ] {
            assert_eq!(long(text), None, "{text}");
        }
    }
}
