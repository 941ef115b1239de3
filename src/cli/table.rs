//! Tables that fit the terminal.
//!
//! A table that is too wide gets narrower step by step until it fits: titles and cells are shortened, long texts wrap
//! between words, columns are left out. Invariant: no word is broken; a counter that is zero in every row is always left
//! out. `--json` has everything.

use std::io::{self, IsTerminal as _, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};
use unicode_width::UnicodeWidthStr as _;

/// Spaces between two columns.
const GAP: usize = 2;

/// The width if neither `COLUMNS` nor a terminal gives one.
const DEFAULT_WIDTH: usize = 80;

/// One column, and how it may be narrowed.
#[derive(Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    short_title: &'static str,
    shorten: Option<fn(&str) -> String>,
    right: bool,
    only_if_used: bool,
    wraps: bool,
    spare: u8,
}

impl Column {
    /// A column of text.
    pub(super) const fn text(title: &'static str) -> Self {
        Self {
            title,
            short_title: title,
            shorten: None,
            right: false,
            only_if_used: false,
            wraps: false,
            spare: 0,
        }
    }

    /// A column of numbers, aligned right.
    pub(super) const fn number(title: &'static str) -> Self {
        Self { right: true, ..Self::text(title) }
    }

    /// A number that is left out if it is zero in every row.
    pub(super) const fn counter(title: &'static str, short: &'static str) -> Self {
        Self { only_if_used: true, ..Self::number(title).or(short) }
    }

    /// Sets a title for narrow tables.
    pub(super) const fn or(self, short_title: &'static str) -> Self {
        Self { short_title, ..self }
    }

    /// Sets how cells are shortened in narrow tables.
    pub(super) const fn shortened_by(self, shorten: fn(&str) -> String) -> Self {
        Self { shorten: Some(shorten), ..self }
    }

    /// Lets the text wrap.
    pub(super) const fn wrapping(self) -> Self {
        Self { wraps: true, ..self }
    }

    /// Lets the column be left out of narrow tables; those with a higher number first.
    pub(super) const fn spare(self, order: u8) -> Self {
        Self { spare: order, ..self }
    }
}

pub(super) const SYMBOL: Column = Column::text("SYMBOL");
pub(super) const TIMEFRAME: Column = Column::text("TIMEFRAME").or("TF");

/// A table without lines.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table, as wide as stdout.
    pub(super) fn write(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        writeln!(out, "{}", self.fitting(width()))
    }

    /// Its lines, none wider than `room` if possible.
    fn fitting(&self, room: usize) -> String {
        let used = |i: &usize| {
            !self.columns[*i].only_if_used || self.rows.iter().any(|r| !matches!(r[*i].as_str(), "" | "0"))
        };
        let mut layout = Shown::new(self, (0..self.columns.len()).filter(used).collect(), false);
        if layout.narrowest() > room {
            layout = Shown::new(self, layout.shown, true);
        }
        while layout.narrowest() > room {
            let spare = layout.shown.iter().copied().max_by_key(|i| self.columns[*i].spare);
            let Some(spare) = spare.filter(|i| self.columns[*i].spare > 0) else { break };
            layout = Shown::new(self, layout.shown.into_iter().filter(|i| *i != spare).collect(), true);
        }
        layout.wrap(room);
        layout.render()
    }
}

/// Which columns a table shows, and how wide each of them is.
struct Shown<'a> {
    table: &'a Table,
    shown: Vec<usize>,
    short: bool,
    widths: Vec<usize>,
    /// The least width of each that wrapping can reach.
    least: Vec<usize>,
}

impl<'a> Shown<'a> {
    fn new(table: &'a Table, shown: Vec<usize>, short: bool) -> Self {
        let mut layout = Self { table, shown, short, widths: Vec::new(), least: Vec::new() };
        for &i in &layout.shown {
            let texts =
                || std::iter::once(layout.title(i)).chain(table.rows.iter().map(|r| layout.cell(r, i)));
            let width = texts().map(|t| t.width()).max().unwrap_or(0);
            let words = texts().flat_map(|t| t.split(' ').map(|w| w.width()).max()).max().unwrap_or(0);
            layout.widths.push(width);
            layout.least.push(if table.columns[i].wraps { words } else { width });
        }
        layout
    }

    fn title(&self, i: usize) -> String {
        let column = &self.table.columns[i];
        if self.short { column.short_title } else { column.title }.to_owned()
    }

    fn cell(&self, row: &[String], i: usize) -> String {
        match self.table.columns[i].shorten.filter(|_| self.short) {
            Some(shorten) => shorten(&row[i]),
            None => row[i].clone(),
        }
    }

    fn narrowest(&self) -> usize {
        self.least.iter().sum::<usize>() + GAP * self.shown.len().saturating_sub(1)
    }

    /// Narrows the widest texts that may wrap until the table fits.
    fn wrap(&mut self, room: usize) {
        let all = self.widths.iter().sum::<usize>() + GAP * self.shown.len().saturating_sub(1);
        for _ in room..all {
            let widest = (0..self.shown.len()).filter(|i| self.widths[*i] > self.least[*i]);
            let Some(widest) = widest.max_by_key(|i| self.widths[*i]) else { break };
            self.widths[widest] -= 1;
        }
    }

    fn render(&self) -> String {
        let mut out = comfy_table::Table::new();
        out.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        out.set_header(self.shown.iter().map(|i| self.title(*i)));
        for row in &self.table.rows {
            out.add_row(self.shown.iter().map(|i| self.cell(row, *i)));
        }
        for (n, column) in out.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            let width = u16::try_from(self.widths[n] + GAP).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            if self.table.columns[self.shown[n]].right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines: Vec<String> = out.lines().map(|l| l.trim_end().to_owned()).collect();
        lines.join("\n")
    }
}

/// The width of stdout: `COLUMNS`, else the terminal's.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c > 0);
    let terminal = || {
        let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(usize::from(width.0)).filter(|w| *w > 0 && io::stdout().is_terminal())
    };
    columns.or_else(terminal).unwrap_or(DEFAULT_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([
            SYMBOL,
            TIMEFRAME,
            Column::number("ROWS"),
            Column::counter("SKIPPED", "SKIP").spare(2),
            Column::counter("REJECTED", "REJ").spare(1),
            Column::text("REASON").wrapping(),
        ]);
        let cells = |s: &str| s.split('|').map(str::to_owned).collect::<Vec<_>>();
        table.row(cells("AAPL|1m|1,000|7|0|a line of several words"));
        table.row(cells("MSFT|1d|20|0|0|none"));
        table
    }

    #[test]
    fn what_is_zero_everywhere_is_left_out_and_the_rest_stands_in_full() {
        let text = "\
SYMBOL  TIMEFRAME   ROWS  SKIPPED  REASON
AAPL    1m         1,000        7  a line of several words
MSFT    1d            20        0  none";
        assert_eq!(table().fitting(100), text);
        assert_eq!(table().fitting(58), text, "it just fits");
    }

    #[test]
    fn texts_wrap_between_words_before_anything_is_left_out() {
        let text = "\
SYMBOL  TIMEFRAME   ROWS  SKIPPED  REASON
AAPL    1m         1,000        7  a line of
                                   several words
MSFT    1d            20        0  none";
        assert_eq!(table().fitting(48), text);
    }

    #[test]
    fn titles_get_short_then_columns_go_and_no_word_is_broken() {
        let text = "\
SYMBOL  TF   ROWS  SKIP  REASON
AAPL    1m  1,000     7  a line
                         of
                         several
                         words
MSFT    1d     20     0  none";
        assert_eq!(table().fitting(32), text);
        let least = table().fitting(5);
        assert!(least.starts_with("SYMBOL  TF   ROWS  REASON\n"), "{least}");
        for word in ["AAPL", "1,000", "several", "words"] {
            assert!(least.split_whitespace().any(|w| w == word), "{least}");
        }
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut table = Table::new([SYMBOL, Column::text("REASON").wrapping()]);
        table.row(["日経平均".to_owned(), "x y".to_owned()]);
        assert_eq!(table.fitting(80), "SYMBOL    REASON\n日経平均  x y");
    }
}
