//! The values of a bar: the one table that is read by whoever names them, lists them or goes through them.
//!
//! SQL, COPY, headers, settings, reports, file formats and the digest follow it. Another column is an entry here, a
//! field of [`Ohlcv`](super::Ohlcv) and of [`Bars`](super::Bars), a setting in `ColumnsConfig` (left out of its JSON where
//! it is not set, or keys of known files change), and a migration. Every bar has all of them: a value that may be missing
//! would need another type than `[f64; COUNT]`, and NULL in SQL never equals NULL.

/// One value of a bar.
#[derive(Debug)]
pub struct ValueColumn {
    /// What the database, settings and reports call it, and files that barlift writes.
    pub name: &'static str,
    /// What pages call it.
    pub(crate) title: &'static str,
    /// What tables in a terminal call it.
    pub(crate) heading: &'static str,
    /// What stands for it in messages, as in `o=1.5`.
    pub letter: char,
    /// What headers call it (in lower case, words joined by `_`), the surest first.
    pub(crate) header_names: &'static [&'static str],
    /// Words in the names of columns that may hold it, for advice.
    pub(crate) words: &'static [&'static str],
    /// The setting that names a file's column for it.
    pub(crate) setting: &'static str,
}

/// How many values a bar has.
pub const COUNT: usize = 5;

/// In the order of the digest, which never changes; everything else has the same.
pub const COLUMNS: [ValueColumn; COUNT] = [
    ValueColumn {
        name: "open",
        title: "Open",
        heading: "OPEN",
        letter: 'o',
        header_names: &["open", "o", "open_price"],
        words: &["open"],
        setting: "csv.columns.open",
    },
    ValueColumn {
        name: "high",
        title: "High",
        heading: "HIGH",
        letter: 'h',
        header_names: &["high", "h", "high_price"],
        words: &["high", "max"],
        setting: "csv.columns.high",
    },
    ValueColumn {
        name: "low",
        title: "Low",
        heading: "LOW",
        letter: 'l',
        header_names: &["low", "l", "low_price"],
        words: &["low", "min"],
        setting: "csv.columns.low",
    },
    ValueColumn {
        name: "close",
        title: "Close",
        heading: "CLOSE",
        letter: 'c',
        header_names: &["close", "c", "close_price", "last", "adj_close", "adjusted_close"],
        words: &["close", "last", "price", "settle", "settlement"],
        setting: "csv.columns.close",
    },
    ValueColumn {
        name: "volume",
        title: "Volume",
        heading: "VOLUME",
        letter: 'v',
        header_names: &["volume", "v", "vol", "tick_volume", "tickvol"],
        words: &["volume", "vol", "qty", "quantity"],
        setting: "csv.columns.volume",
    },
];

/// The names of the values.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    COLUMNS.iter().map(|column| column.name)
}

/// The values of many bars, column by column.
pub(crate) fn transposed<T>(rows: impl ExactSizeIterator<Item = [T; COUNT]>) -> [Vec<T>; COUNT] {
    let mut columns = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}
