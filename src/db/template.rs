//! SQL that lists the values of a bar or row counters.
//!
//! In such a file `{each value: b.*}` stands for `b.open, b.high, …`: the text once for each member of the
//! list, with its name in the place of `*`. `$next` in it is the first parameter number that is not used yet,
//! above all that the file writes out; bind these values last.

use crate::bar::columns;
use crate::counts::COUNTERS;

/// The text of a file of SQL, its lists written out.
macro_rules! sql_template {
    ($path:literal) => {{
        static SQL: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| $crate::db::template::expanded(include_str!($path)));
        SQL.as_str()
    }};
}
pub(crate) use sql_template;

const EACH: &str = "{each ";
const NEXT: &str = "$next";

/// The names in a list; none if there is no such list.
fn members(list: &str) -> Vec<&'static str> {
    match list {
        "value" => columns::names().collect(),
        "counter" => COUNTERS.iter().map(|c| c.name).collect(),
        "counter of a file" => COUNTERS.iter().filter(|c| c.is_of_file).map(|c| c.name).collect(),
        _ => Vec::new(),
    }
}

/// A template with its lists written out.
#[must_use]
pub fn expanded(template: &str) -> String {
    let mut next = 1 + last_parameter(template);
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, list)) = rest.split_once(EACH) {
        let (list, behind) = list.split_once('}').unwrap_or((list, ""));
        let (name, each) = list.split_once(": ").unwrap_or((list, ""));
        out.push_str(before);
        for (i, member) in members(name).into_iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            let item = each.replace('*', member);
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
    use crate::bar::columns::COUNT;

    #[test]
    fn lists_are_written_out_and_parameters_numbered() {
        let template = "SELECT a, {each value: b.*} \
            FROM f($2, {each value: $next::float8[]}, {each value: $next}) WHERE x = $1 {y}";
        let each = |item: fn(usize, &str) -> String| {
            let items: Vec<_> = columns::names().enumerate().map(|(i, name)| item(i, name)).collect();
            items.join(", ")
        };
        let (values, first, second) = (
            each(|_, name| format!("b.{name}")),
            each(|i, _| format!("${}::float8[]", 3 + i)),
            each(|i, _| format!("${}", 3 + COUNT + i)),
        );
        assert!(values.starts_with("b.open, b.high, b.low, b.close, b.volume"));
        let want = format!("SELECT a, {values} FROM f($2, {first}, {second}) WHERE x = $1 {{y}}");
        assert_eq!(expanded(template), want);
        assert_eq!(expanded("SET {each value: * = n.*}").matches(" = n.").count(), COUNT);
        assert!(expanded("{each counter: * = 0}").starts_with("rows = 0, rows_imported = 0, "));
        assert!(expanded("({each counter of a file: *})").starts_with("(rows, rows_rejected, "));
    }

    /// A list that does not exist would be written out as nothing.
    #[test]
    fn every_file_of_sql_names_lists_that_exist() {
        let files = walkdir::WalkDir::new("src").into_iter().map(|entry| entry.expect("listed").into_path());
        let mut lists = 0;
        for path in files.filter(|path| path.extension().is_some_and(|e| e == "sql")) {
            let sql = std::fs::read_to_string(&path).expect("read");
            for list in sql.split(EACH).skip(1) {
                let name = list.split_once('}').and_then(|(list, _)| list.split_once(": ")).map(|l| l.0);
                assert!(name.is_some_and(|name| !members(name).is_empty()), "{}: {list}", path.display());
                lists += 1;
            }
        }
        assert!(lists > 20, "{lists}");
    }
}
