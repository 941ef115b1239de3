//! The fields of one line.
//!
//! Invariant: a field is what stands between two delimiters, without its quotes; nothing is copied unless
//! the line has quotes.

/// Splits lines into fields: quoted ones by `csv-core`, all others at the delimiters.
pub(super) struct Fields {
    delimiter: u8,
    quote: Option<u8>,
    core: csv_core::Reader,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

/// One line's fields.
pub(super) struct Row<'a> {
    data: &'a [u8],
    ends: &'a [usize],
    /// Bytes between two fields in `data`.
    gap: usize,
}

impl<'a> Row<'a> {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Field `i`; empty when there is none.
    pub(super) fn get(&self, i: usize) -> &'a [u8] {
        let Some(&end) = self.ends.get(i) else { return b"" };
        let start = if i == 0 { 0 } else { self.ends[i - 1] + self.gap };
        &self.data[start..end]
    }

    pub(super) fn map<T>(&self, f: impl Fn(&'a [u8]) -> T) -> impl Iterator<Item = T> {
        (0..self.len()).map(move |i| f(self.get(i)))
    }
}

impl Fields {
    pub(super) fn new(delimiter: u8, quote: Option<u8>) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        // A line ends at \n alone; a bare \r belongs to its field.
        builder.delimiter(delimiter).terminator(csv_core::Terminator::Any(b'\n'));
        match quote {
            Some(q) => builder.quote(q),
            None => builder.quoting(false),
        };
        Self { delimiter, quote, core: builder.build(), unquoted: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn split<'a>(&'a mut self, line: &'a [u8]) -> Row<'a> {
        if self.quote.is_some_and(|q| memchr::memchr(q, line).is_some()) {
            return self.split_quoted(line);
        }
        self.ends.clear();
        self.ends.extend(memchr::memchr_iter(self.delimiter, line));
        self.ends.push(line.len());
        Row { data: line, ends: &self.ends, gap: 1 }
    }

    fn split_quoted(&mut self, line: &[u8]) -> Row<'_> {
        // Fields never outgrow their line, nor are there more of them than bytes and one.
        self.unquoted.resize(line.len() + 1, 0);
        self.ends.resize(line.len() + 2, 0);
        self.core.reset();
        let (_, _, written, ended) = self.core.read_record(line, &mut self.unquoted, &mut self.ends);
        let (_, _, _, last) =
            self.core.read_record(&[], &mut self.unquoted[written..], &mut self.ends[ended..]);
        Row { data: &self.unquoted, ends: &self.ends[..ended + last], gap: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_delimiters_and_empty_fields() {
        let mut fields = Fields::new(b',', Some(b'"'));
        for (line, want) in [
            ("a,b,c", &["a", "b", "c"][..]),
            ("", &[""]),
            (",", &["", ""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\",\"\"", &["a\"b", ""]),
            ("\"open,1", &["open,1"]),
            ("\"a\"\r,b", &["a\r", "b"]),
        ] {
            let got: Vec<String> =
                fields.split(line.as_bytes()).map(|f| String::from_utf8_lossy(f).into_owned()).collect();
            assert_eq!(got, want, "{line:?}");
        }
    }
}
