//! SQL that lists the values of a bar.
//!
//! In such a file `{each b.*}` stands for `b.open, b.high, …`: the text once for each [column](COLUMNS), with the name
//! in the place of `*`. `$next` in it is the next parameter behind all those with a number, so values are bound last.

use crate::bar::columns::COLUMNS;

/// The text of a file of SQL, its lists of values written out.
macro_rules! bar_sql {
    ($path:literal) => {{
        static SQL: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| $crate::db::bar_sql::expanded(include_str!($path)));
        SQL.as_str()
    }};
}
pub(crate) use bar_sql;

const EACH: &str = "{each ";
const NEXT: &str = "$next";

pub(crate) fn expanded(template: &str) -> String {
    let mut next = 1 + last_parameter(template);
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, list)) = rest.split_once(EACH) {
        let (each, behind) = list.split_once('}').unwrap_or((list, ""));
        out.push_str(before);
        for (i, column) in COLUMNS.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            let item = each.replace('*', column.name);
            out.push_str(&item.replace(NEXT, &format!("${next}")));
            next += usize::from(item.contains(NEXT));
        }
        rest = behind;
    }
    out + rest
}

/// The highest number of a parameter.
fn last_parameter(template: &str) -> usize {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    template.split('$').skip(1).filter_map(|text| digits(text).parse().ok()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_written_out_and_parameters_numbered() {
        let template =
            "SELECT a, {each b.*} FROM f($2, {each $next::float8[]}, {each $next}) WHERE x = $1 {y}";
        let want = "SELECT a, b.open, b.high, b.low, b.close, b.volume \
            FROM f($2, $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8, $9, $10, $11, $12) \
            WHERE x = $1 {y}";
        assert_eq!(expanded(template), want);
        assert_eq!(expanded("SET {each * = n.*}").matches(" = n.").count(), 5);
    }
}
