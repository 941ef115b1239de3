//! Advice for a file that cannot be read as bars: why, and the flags that read it.
//!
//! Invariant: nothing here changes how a file is read. If there are several ways to read the file, the advice names all
//! of them.

mod causes;
mod columns;
mod numbers;
mod times;

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
