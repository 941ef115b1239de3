//! Advice for a file that cannot be read as bars: why, and the flags that read it.
//!
//! Invariant: nothing here changes how a file is read. If there are several ways to read the file, the advice names all
//! of them.

mod causes;
mod columns;
mod numbers;

pub use causes::{Cause, Causes};
pub(super) use columns::flags_for_missing;

/// A flag and its value as typed in a shell.
fn flag(name: &str, value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=,+@".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        format!("--{name} {value}")
    } else {
        format!("--{name} '{}'", value.replace('\'', r"'\''"))
    }
}

/// `--column close=Price`
fn column_flag(value: &str, column: &str) -> String {
    flag("column", &format!("{value}={}", column.trim()))
}

/// The flag for one of these columns: by its name or, if that cannot be typed or comes twice, by its number.
pub(super) fn flag_for(value: &str, names: &[String], column: usize) -> String {
    const LONGEST: usize = 60;
    let name = names.get(column).map_or("", |name| name.trim());
    let is_strange = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    let is_alone = names.iter().filter(|other| other.trim() == name).count() == 1;
    if name.is_empty() || name.len() > LONGEST || name.contains(is_strange) || !is_alone {
        column_flag(value, &(column + 1).to_string())
    } else {
        column_flag(value, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_can_be_typed_as_they_are() {
        assert_eq!(column_flag("close", "Close/Last"), "--column close=Close/Last");
        assert_eq!(column_flag("time", " Gmt time"), "--column 'time=Gmt time'");
        assert_eq!(flag("time-format", "%d/%m/%Y"), "--time-format '%d/%m/%Y'");
        assert_eq!(flag("column", "close=it's"), r"--column 'close=it'\''s'");
    }
}
