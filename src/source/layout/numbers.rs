//! Decides how a file's numbers are written: its decimal sign and its thousands sign.
//!
//! Invariant: a number that can be read in two ways is read as the others of its file prove, or the file is refused.

use super::table::Table;
use crate::bar::columns::{COLUMNS, COUNT, VOLUME};
use crate::config::{CsvConfig, Thousands};
use crate::source::number::{self, NumberStyle, is_missing};
use crate::source::time::cut;

/// The first number of a kind, and how many there are.
#[derive(Debug, Default, Clone)]
struct Seen {
    count: usize,
    first: Option<(u64, String)>,
}

impl Seen {
    fn add(&mut self, line: u64, text: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| (line, text.to_owned()));
    }

    fn shown(&self) -> String {
        self.first.as_ref().map_or_else(String::new, |(line, text)| format!("`{}` (line {line})", cut(text)))
    }
}

/// What the signs in a file's numbers prove.
#[derive(Debug, Default)]
struct Evidence {
    /// The sign can only be a decimal one.
    decimal_point: Seen,
    decimal_comma: Seen,
    /// The sign can only separate thousands.
    thousands_point: Seen,
    thousands_comma: Seen,
    apostrophe: Seen,
    /// Those that may be quoted in 32nds: 147'290 is 147 29/32.
    fractions: usize,
    /// Those of them that are no round numbers.
    odd_fractions: usize,
    blank: Seen,
    /// One sign before three digits.
    open_point: Seen,
    open_comma: Seen,
}

/// The style of the numbers in these columns.
///
/// # Errors
/// What contradicts what, or can be read in two ways, and the flags that decide.
pub(super) fn decide(
    table: &Table,
    values: &[Option<usize>; COUNT],
    csv: &CsvConfig,
    is_last: bool,
) -> Result<NumberStyle, String> {
    let thousands = csv.thousands.sign();
    // Where points separate thousands, decimals have a comma.
    let given = NumberStyle {
        decimal_comma: csv.decimal_comma || thousands == Some('.'),
        thousands,
        price_decimals: csv.price_decimals.unwrap_or(0),
    };
    if csv.thousands != Thousands::Auto || given.price_decimals > 0 {
        return Ok(given);
    }
    let mut fields = Vec::new();
    for (at, column) in values.iter().enumerate() {
        let Some(column) = *column else { continue };
        for (line, field) in table.column(column) {
            let is_plain = number::parse_prefix(field).is_some_and(|(_, length)| length == field.len());
            let is_unknown = !COLUMNS[at].is_required() && is_missing(field);
            if !is_unknown {
                fields.push((line, field, is_plain));
            }
        }
    }
    let are_plain = !csv.decimal_comma && fields.iter().all(|(_, _, is_plain)| *is_plain);
    let prices = values.iter().enumerate().filter(|(at, _)| *at != VOLUME).filter_map(|(_, column)| *column);
    let volume = values[VOLUME].into_iter();
    if are_plain && !volume_is_open(table, prices.collect(), volume) {
        return Ok(given);
    }
    let mut evidence = Evidence::default();
    for (line, field, _) in &fields {
        evidence.add(*line, &number::bare(&String::from_utf8_lossy(field)));
    }
    // Percentages in other columns have the same decimal sign.
    let others = (0..table.widest()).filter(|column| !values.contains(&Some(*column)));
    for (line, field) in
        others.flat_map(|column| table.column(column)).filter(|(_, field)| field.ends_with(b"%"))
    {
        evidence.add(line, &String::from_utf8_lossy(field));
    }
    if are_plain {
        return evidence.open_volume(is_last).map_or(Ok(given), Err);
    }
    let style = evidence.style(csv.decimal_comma).map_err(|e| match table.delimiter() {
        // With --decimal-comma, a comma is a delimiter only if it is given.
        b',' => e.replace("or --decimal-comma", "or --decimal-comma --delimiter ,"),
        _ => e,
    })?;
    refuse_jump(table, values, style)?;
    Ok(style)
}

/// Refuses prices that are far from all others only because a sign in them is read as one between thousands.
fn refuse_jump(table: &Table, values: &[Option<usize>; COUNT], style: NumberStyle) -> Result<(), String> {
    const FAR: f64 = 50.0;
    let Some(sign) = style.thousands else { return Ok(()) };
    let prices = values.iter().enumerate().filter(|(at, _)| *at != VOLUME).filter_map(|(_, column)| *column);
    let fields = prices.flat_map(|column| table.column(column));
    let (mut signed, mut others) = (Vec::new(), Vec::new());
    for (line, field) in fields {
        let Ok(price) = number::parse(field, style) else { continue };
        let has_sign = u8::try_from(sign).is_ok_and(|sign| field.contains(&sign));
        if has_sign { signed.push((price, line, field)) } else { others.push(price) }
    }
    others.sort_unstable_by(f64::total_cmp);
    let Some(usual) = others.get(others.len() / 2) else { return Ok(()) };
    match signed.iter().find(|(price, ..)| *price > usual * FAR) {
        Some((price, line, field)) if signed.iter().all(|(price, ..)| *price > usual * FAR) => Err(format!(
            "`{}` (line {line}) would be {price}, far from the other prices: its `{sign}` may be a decimal sign; mend the \
             file, or give --thousands {sign} if it separates thousands",
            cut(&String::from_utf8_lossy(field))
        )),
        _ => Ok(()),
    }
}

/// Whether all prices are whole numbers, most of them of at least so much.
pub(super) fn prices_are_whole(table: &Table, values: &[Option<usize>; COUNT], least: f64) -> bool {
    let columns = values.iter().enumerate().filter(|(at, _)| *at != VOLUME).filter_map(|(_, column)| *column);
    let prices = || columns.clone().flat_map(|column| table.column(column)).map(|(_, field)| field);
    let is_large = |field: &&[u8]| {
        let number = std::str::from_utf8(field).ok().and_then(|text| text.parse::<f64>().ok());
        number.is_some_and(|number| number >= least)
    };
    let are_whole = prices().all(|field| field.iter().all(u8::is_ascii_digit));
    are_whole && table.len() > 0 && prices().filter(is_large).count() * 2 > prices().count()
}

/// Whether the volumes that have a point all have exactly three digits behind it, and so do the prices that have one: 812.400
/// may be eight hundred thousand.
fn volume_is_open(table: &Table, prices: Vec<usize>, volume: impl Iterator<Item = usize>) -> bool {
    let pointed =
        |column: usize| table.column(column).map(|(_, field)| field).filter(|field| field.contains(&b'.'));
    let is_open = |field: &[u8]| {
        let whole = field.split(|b| *b == b'.').next().unwrap_or_default();
        field.len() == whole.len() + 4 && (1..=3).contains(&whole.len()) && !whole.starts_with(b"0")
    };
    let mut volumes = volume.flat_map(pointed).peekable();
    volumes.peek().is_some() && volumes.all(is_open) && prices.into_iter().flat_map(pointed).all(is_open)
}

impl Evidence {
    fn add(&mut self, line: u64, text: &str) {
        let text = text.trim_start_matches(['-', '+']);
        let text = text.trim_end_matches(['%', 'K', 'k', 'M', 'm', 'B', 'b', 'T', 't']).trim_end();
        if !text.chars().all(|c| c.is_ascii_digit() || ".,'’ \u{a0}\u{202f}".contains(c)) {
            return;
        }
        let count = |sign: char| text.matches(sign).count();
        let (points, commas) = (count('.'), count(','));
        if text.contains(['\'', '’']) {
            self.apostrophe.add(line, text);
            let is_fraction = may_be_32nds(text);
            self.fractions += usize::from(is_fraction);
            self.odd_fractions += usize::from(is_fraction && !text.ends_with("00"));
        }
        if text.contains([' ', '\u{a0}', '\u{202f}']) {
            self.blank.add(line, text);
        }
        match (points, commas) {
            (0, 0) => {}
            (1, 0) => Self::alone(text, '.', &mut self.decimal_point, &mut self.open_point, line),
            (0, 1) => Self::alone(text, ',', &mut self.decimal_comma, &mut self.open_comma, line),
            (_, 0) if number::are_groups(text, '.') => self.thousands_point.add(line, text),
            (0, _) if number::are_groups(text, ',') => self.thousands_comma.add(line, text),
            (1, _) if text.rfind('.') > text.rfind(',') => {
                self.decimal_point.add(line, text);
                self.thousands_comma.add(line, text);
            }
            (_, 1) if text.rfind(',') > text.rfind('.') => {
                self.decimal_comma.add(line, text);
                self.thousands_point.add(line, text);
            }
            _ => {}
        }
    }

    /// A sign that is the only one.
    fn alone(text: &str, sign: char, decimal: &mut Seen, open: &mut Seen, line: u64) {
        let (whole, behind) = text.split_once(sign).unwrap_or((text, ""));
        let may_be_group = behind.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
        if may_be_group { open.add(line, text) } else { decimal.add(line, text) }
    }

    /// What to do about volumes that may have thousands points; none if percentages show what a point is.
    fn open_volume(&self, is_last: bool) -> Option<String> {
        if self.decimal_point.count > 0 {
            return None;
        }
        let more = if is_last { "" } else { " so far" };
        Some(format!(
            "the point in {} separates thousands or decimals{more}: give --thousands . or --thousands none",
            self.open_point.shown()
        ))
    }

    fn style(mut self, comma_is_given: bool) -> Result<NumberStyle, String> {
        // A stray comma among many points is a bad row, and not the file's style.
        if self.decimal_point.count >= 20 && self.decimal_comma.count * 20 <= self.decimal_point.count {
            self.decimal_comma = Seen::default();
        }
        let (dp, dc) = (&self.decimal_point, &self.decimal_comma);
        let (tp, tc) = (&self.thousands_point, &self.thousands_comma);
        let contradictions = [(dp, dc), (tp, tc), (dp, tp), (dc, tc)];
        if let Some((a, b)) = contradictions.iter().find(|(a, b)| a.count > 0 && b.count > 0) {
            // With a decimal comma that was given, points are bad rows, as they would be alone.
            if comma_is_given && tp.count == 0 {
                return Ok(NumberStyle { decimal_comma: true, ..NumberStyle::default() });
            }
            return Err(format!(
                "numbers are written in two ways, {} and {}: mend the file, or give --thousands none if only a few \
                 rows are wrong",
                a.shown(),
                b.shown()
            ));
        }
        if tp.count > 0 && tp.count * 20 < self.open_point.count {
            return Err(format!(
                "{} has points between thousands, but nearly all others, such as {}, may have decimals: mend that row, \
                 give --thousands none to have it rejected, or --thousands . if all points separate thousands",
                tp.shown(),
                self.open_point.shown()
            ));
        }
        self.settled_style(comma_is_given)
    }

    fn settled_style(&self, comma_is_given: bool) -> Result<NumberStyle, String> {
        const ENOUGH: usize = 4;
        if self.odd_fractions >= ENOUGH && self.fractions == self.apostrophe.count {
            return Err(format!(
                "{} may be in 32nds, which are not read: write decimals, or give --thousands \"'\" if the sign separates \
                 thousands",
                self.apostrophe.shown()
            ));
        }
        let (dp, dc) = (&self.decimal_point, &self.decimal_comma);
        let (tp, tc) = (&self.thousands_point, &self.thousands_comma);
        // Blanks between thousands leave the comma for decimals.
        let blank_and_comma = self.blank.count > 0 && self.open_comma.count > 0 && dp.count == 0;
        let decimal_comma = comma_is_given || dc.count > 0 || tp.count > 0 || blank_and_comma;
        let thousands = match () {
            () if self.apostrophe.count > 0 => Some('\''),
            () if self.blank.count > 0 => Some(' '),
            () if tc.count > 0 => Some(','),
            () if tp.count > 0 => Some('.'),
            () if self.open_comma.count > 0 && dp.count > 0 => Some(','),
            () if self.open_point.count > 0 && dc.count > 0 && !comma_is_given => Some('.'),
            () => None,
        };
        if self.open_comma.count > 0 && !decimal_comma && thousands.is_none() {
            return Err(format!(
                "the comma in {} separates thousands or decimals: give --thousands , or --decimal-comma",
                self.open_comma.shown()
            ));
        }
        if comma_is_given && tc.count > 0 {
            return Err(format!(
                "the commas in {} separate thousands: leave out --decimal-comma",
                tc.shown()
            ));
        }
        Ok(NumberStyle { decimal_comma, thousands, ..NumberStyle::default() })
    }
}

/// Whether a number may be one of 32nds and their eighths, as futures on bonds are quoted.
fn may_be_32nds(text: &str) -> bool {
    let Some((whole, fraction)) = text.split_once(['\'', '’']) else { return false };
    let is_fraction = fraction.len() == 3 && fraction.ends_with(['0', '2', '5', '7']);
    is_fraction && whole.bytes().all(|b| b.is_ascii_digit()) && fraction.parse().is_ok_and(|n: u16| n < 320)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(texts: &[&str], comma: bool) -> Result<(bool, Option<char>), String> {
        let mut evidence = Evidence::default();
        (2..).zip(texts).for_each(|(line, text)| evidence.add(line, &number::bare(text)));
        evidence.style(comma).map(|style| (style.decimal_comma, style.thousands))
    }

    #[test]
    fn the_file_as_a_whole_decides() {
        for (texts, want) in [
            (&["995", "1.005", "1.204.500"][..], (true, Some('.'))),
            (&["25,944.00", "190.65K"], (false, Some(','))),
            (&["1,234", "10.5"], (false, Some(','))),
            (&["1.234", "10,5"], (true, Some('.'))),
            (&["1,25", "3"], (true, None)),
            (&["1'234.5", "2.5"], (false, Some('\''))),
            (&["1 234,5"], (true, Some(' '))),
            (&["12,34,567", "1.5"], (false, Some(','))),
            (&["1.234", "5.678"], (false, None)),
            (&["$61.52"], (false, None)),
        ] {
            assert_eq!(style(texts, false), Ok(want), "{texts:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_is_open_is_refused() {
        for (texts, part) in [
            (&["1.204.500", "10.25"][..], "written in two ways, `10.25` (line 3) and `1.204.500` (line 2)"),
            (&["1,25", "1.5"], "written in two ways"),
            (&["1,234", "5"], "give --thousands , or --decimal-comma"),
            (&["147'290", "147'015", "146'317", "147'302"], "may be in 32nds"),
        ] {
            let e = style(texts, false).expect_err("refused");
            assert!(e.contains(part), "{e}");
        }
        assert_eq!(style(&["1,25", "1.5"], true), Ok((true, None)), "the rows with points are rejected");
        assert_eq!(style(&["1.234,5", "1.250"], true), Ok((true, Some('.'))));
        assert_eq!(style(&["1.250"], true), Ok((true, None)), "1250 or 1.25: rejected");
    }

    #[test]
    fn a_stray_comma_is_a_bad_row() {
        let mut texts = vec!["10.25"; 30];
        texts.push("1,5");
        assert_eq!(style(&texts, false), Ok((false, None)));
    }
}
