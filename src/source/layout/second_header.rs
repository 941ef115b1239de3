//! Whether a row among the data is a header that comes again.

use super::{FileLayout, names, split};

impl FileLayout {
    /// Whether a row names the columns, or the prices, again, in whatever order.
    pub(in crate::source) fn is_header(&self, row: &[u8]) -> bool {
        let fields = split(row, self.columns.delimiter, self.quote);
        let names: Vec<String> = fields.iter().map(|field| names::normal(field)).collect();
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        self.header.is_some() && (sorted(&names) == sorted(&self.names) || names::has_prices(&names))
    }

    /// Whether a row that names other columns has a word in each field, and no digit: a header in another language.
    pub(in crate::source) fn is_all_words(&self, row: &[u8]) -> bool {
        let fields = split(row, self.columns.delimiter, self.quote);
        let is_word = |field: &String| field.chars().filter(|c| c.is_alphabetic()).count() > 2;
        let is_alone = |(at, field): (usize, &String)| !fields[..at].contains(field);
        let are_words = fields.iter().all(is_word) && fields.iter().enumerate().all(is_alone);
        self.header.is_some()
            && fields.len() > 4
            && are_words
            && !row.iter().any(u8::is_ascii_digit)
            && !self.is_header(row)
    }

    /// Whether a row names the same columns as the header.
    pub(in crate::source) fn is_same_header(&self, row: &[u8]) -> bool {
        let fields = split(row, self.columns.delimiter, self.quote);
        fields.iter().map(|field| names::normal(field)).eq(self.names.iter().cloned())
    }
}
