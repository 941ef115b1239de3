//! The values of a bar: the one table that is read by whoever names them, lists them or goes through them.
//!
//! SQL, COPY, headers, settings, reports, file formats and the digest follow it. An optional column needs an
//! entry here, at the end, its setting in `config/default.toml`, and a migration that adds it to `bars`,
//! `mended_bars`, `mismatches`, `quality_issues` and `differences` and to the view `bars_named`. The
//! migration also empties `source_digests`, and deletes from `imported_sources` every file whose task ignored
//! columns or was deleted since, because an ignored column may be the new one. A bar that lacks a value has
//! [`UNKNOWN`](super::UNKNOWN) there, and NULL in the database.

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
    required: bool,
}

impl ValueColumn {
    /// Whether every bar has it. Of the others, a bar may lack the value, and a file the whole column.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }
}

/// How many values a bar has.
pub const COUNT: usize = 5;

/// How many values bars had from the start. What is stored of a bar or of settings leaves out the columns added since where
/// they have no value, so that it compares with what was stored before.
pub(crate) const ORIGINAL: usize = 5;

/// The places of the values that rules know by name.
pub const OPEN: usize = 0;
/// See [`OPEN`].
pub const HIGH: usize = 1;
/// See [`OPEN`].
pub const LOW: usize = 2;
/// See [`OPEN`].
pub const CLOSE: usize = 3;
/// See [`OPEN`].
pub const VOLUME: usize = 4;

/// In the order of the digest, which never changes; everything else has the same.
pub const COLUMNS: [ValueColumn; COUNT] = [
    ValueColumn {
        name: "open",
        title: "Open",
        heading: "OPEN",
        letter: 'o',
        header_names: &["open", "o", "open_price", "opening_price", "openingpx", "openprice", "opnpric"],
        words: &["open"],
        setting: "csv.columns.open",
        required: true,
    },
    ValueColumn {
        name: "high",
        title: "High",
        heading: "HIGH",
        letter: 'h',
        header_names: &["high", "h", "high_price", "highpx", "highprice", "hghpric"],
        words: &["high", "max"],
        setting: "csv.columns.high",
        required: true,
    },
    ValueColumn {
        name: "low",
        title: "Low",
        heading: "LOW",
        letter: 'l',
        header_names: &["low", "l", "low_price", "lowpx", "lowprice", "lwpric"],
        words: &["low", "min"],
        setting: "csv.columns.low",
        required: true,
    },
    ValueColumn {
        name: "close",
        title: "Close",
        heading: "CLOSE",
        letter: 'c',
        header_names: &[
            "close",
            "c",
            "close_price",
            "closing_price",
            "closingpx",
            "closeprice",
            "clspric",
            "close_last",
            "last",
            "latest",
            "price",
            "adj_close",
            "adjusted_close",
            "adjclose",
        ],
        words: &["close", "last", "price", "settle", "settlement"],
        setting: "csv.columns.close",
        required: true,
    },
    ValueColumn {
        name: "volume",
        title: "Volume",
        heading: "VOLUME",
        letter: 'v',
        header_names: &[
            "volume",
            "v",
            "vol",
            "total_volume",
            "totalvolume",
            "trading_volume",
            "tradevolume",
            "tick_volume",
            "tickvol",
            "tickvolume",
            "volumefrom",
            "volume_from",
            "tottrdqty",
            "ttltradgvol",
            "total_traded_quantity",
            "shares_traded",
            "no_of_shares",
        ],
        words: &["volume", "vol", "qty", "quantity"],
        setting: "csv.columns.volume",
        required: false,
    },
];

/// The names of the values.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    COLUMNS.iter().map(|column| column.name)
}

/// The values of many bars, column by column.
pub(crate) fn transposed(rows: impl ExactSizeIterator<Item = [f64; COUNT]>) -> [Vec<f64>; COUNT] {
    let mut columns = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}
