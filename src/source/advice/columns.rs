//! Finds columns whose names resemble what a header lacks.

use super::column_flag;
use crate::bar::columns::COLUMNS;

/// Words in the names of columns that may hold the time.
const TIME_WORDS: &[&str] = &["time", "date", "datetime", "timestamp", "day"];

/// The flags for those missing values that exactly one unused column resembles.
pub(in crate::source) fn flags_for_missing(missing: &[&str], fields: &[String], used: &[usize]) -> String {
    let flags: Vec<String> = missing
        .iter()
        .filter_map(|value| Some(column_flag(value, &fields[only_like(value, fields, used)?])))
        .collect();
    flags.join(" ")
}

/// The one unused column whose name resembles the value's.
fn only_like(value: &str, fields: &[String], used: &[usize]) -> Option<usize> {
    let mut like = unused_like(value, fields, used);
    like.next().filter(|_| like.next().is_none())
}

/// The unused columns whose names resemble the value's.
fn unused_like<'a>(
    value: &str,
    fields: &'a [String],
    used: &'a [usize],
) -> impl Iterator<Item = usize> + use<'a> {
    let words = COLUMNS.iter().find(|column| column.name == value).map_or(TIME_WORDS, |column| column.words);
    // A name that cannot be typed is of no use in a flag.
    let is_typable = |name: &str| !name.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER);
    (0..fields.len())
        .filter(move |i| !used.contains(i) && has_word(&fields[*i], words) && is_typable(&fields[*i]))
}

fn has_word(name: &str, words: &[&str]) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(missing: &[&str], header: &str, used: &[usize]) -> String {
        let fields: Vec<String> = header.split(',').map(str::to_owned).collect();
        flags_for_missing(missing, &fields, used)
    }

    #[test]
    fn a_column_that_resembles_what_is_missing_is_named() {
        assert_eq!(
            flags(&["close", "volume"], "Date,Price,Open,High,Low,Vol.,Change %", &[0, 2, 3, 4]),
            "--column close=Price --column volume=Vol."
        );
        assert_eq!(flags(&["close"], "Date,Close/Last,Volume", &[0, 2]), "--column close=Close/Last");
        assert_eq!(flags(&["time"], "Gmt time,Open,High,Low,Close,Volume", &[1]), "--column 'time=Gmt time'");
    }

    #[test]
    fn of_several_none_is_picked() {
        assert_eq!(flags(&["close"], "Date,Bid Price,Ask Price", &[0]), "");
        assert_eq!(flags(&["volume"], "Date,Closed", &[0]), "");
        assert_eq!(flags(&["time"], "\u{14}\u{fffd}timestamp,Open", &[1]), "");
    }
}
