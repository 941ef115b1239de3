//! Splits a line into its fields.
//!
//! Invariant: a field is what stands between two delimiters, without its quotes. Only lines with quotes are copied.

/// Splits lines into fields: quoted ones by `csv-core`, all others at the delimiters.
pub(super) struct FieldSplitter {
    delimiter: u8,
    quote: Option<u8>,
    /// Made for the first line with quotes; most files have none.
    core: Option<csv_core::Reader>,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

/// The fields of one line.
pub(super) struct SplitLine<'a> {
    data: &'a [u8],
    ends: &'a [usize],
    /// Bytes between two fields in `data`.
    gap: usize,
}

impl<'a> SplitLine<'a> {
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

impl FieldSplitter {
    pub(super) fn new(delimiter: u8, quote: Option<u8>) -> Self {
        Self { delimiter, quote, core: None, unquoted: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn split<'a>(&'a mut self, line: &'a [u8]) -> SplitLine<'a> {
        if self.quote.is_some_and(|q| memchr::memchr(q, line).is_some()) {
            return self.split_quoted(line);
        }
        self.ends.clear();
        self.ends.extend(memchr::memchr_iter(self.delimiter, line));
        self.ends.push(line.len());
        SplitLine { data: line, ends: &self.ends, gap: 1 }
    }

    fn split_quoted(&mut self, line: &[u8]) -> SplitLine<'_> {
        // The fields are never longer than their line, and never more than its bytes and one.
        self.unquoted.resize(line.len() + 1, 0);
        self.ends.resize(line.len() + 2, 0);
        let core = self.core.get_or_insert_with(|| reader(self.delimiter, self.quote));
        core.reset();
        let (_, _, written, ended) = core.read_record(line, &mut self.unquoted, &mut self.ends);
        let (_, _, _, last) = core.read_record(&[], &mut self.unquoted[written..], &mut self.ends[ended..]);
        SplitLine { data: &self.unquoted, ends: &self.ends[..ended + last], gap: 0 }
    }
}

fn reader(delimiter: u8, quote: Option<u8>) -> csv_core::Reader {
    let mut builder = csv_core::ReaderBuilder::new();
    // Only \n ends a line; a \r belongs to its field.
    builder.delimiter(delimiter).terminator(csv_core::Terminator::Any(b'\n'));
    match quote {
        Some(q) => builder.quote(q),
        None => builder.quoting(false),
    };
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_delimiters_and_empty_fields() {
        let mut fields = FieldSplitter::new(b',', Some(b'"'));
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
