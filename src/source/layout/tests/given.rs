//! Files whose form of times, or whose rules for times, the user gives.

use super::{file, read};

/// The rows of one day whose date has two readings, in one-minute bars.
fn minutes(header: &str, date: &str, delimiter: char) -> String {
    file(header, 12, |i| {
        ["", date, &format!("09:{:02}", 30 + i), "10", "12", "9", "11", &(100 + i).to_string()]
            .join(&delimiter.to_string())
            .trim_start_matches(delimiter)
            .to_owned()
    })
}

#[test]
fn a_form_of_dates_leaves_the_time_of_day_in_its_own_column() {
    let headed = minutes("Date,Time,Open,High,Low,Close,Volume", "03/04/2024", ',');
    let unheaded = minutes("03/04/2024,09:29,10,12,9,11,99", "03/04/2024", ',');
    for (text, first) in [(&headed, "09:30"), (&unheaded, "09:29")] {
        let open = read(text, "1m", &[]).err().expect("two readings");
        assert!(open.contains("--time-format '%d/%m/%Y' or --time-format '%m/%d/%Y'"), "{open}");
        for format in ["%m/%d/%Y", "%m/%d/%Y %H:%M"] {
            let got = read(text, "1m", &[("csv.time_format", format)]).expect(format);
            assert_eq!(got.times()[0], format!("2024-03-04T{first}:00Z"), "{format}");
            assert_eq!(
                (got.times().last(), got.rejected.len()),
                (Some(&"2024-03-04T09:41:00Z"), 0),
                "{format}"
            );
        }
        let got = read(text, "1m", &[("csv.time_format", "%d/%m/%Y")]).expect("the other reading");
        assert_eq!(got.times()[0], format!("2024-04-03T{first}:00Z"));
    }
}

#[test]
fn a_form_of_dates_goes_with_clocks_in_digits() {
    let text = file("Date,Time,Open,High,Low,Close,Volume", 12, |i| {
        format!("03/04/24,{},10,12,9,11,{}", 90_000 + i * 100, 100 + i)
    });
    let got = read(&text, "1m", &[("csv.time_format", "%d/%m/%y")]).expect("a file");
    assert_eq!((got.times()[0], got.times()[11]), ("2024-04-03T09:00:00Z", "2024-04-03T09:11:00Z"));
}

#[test]
fn a_form_with_a_time_of_day_does_not_read_dates_alone() {
    let text = file("Date,Open,High,Low,Close,Volume", 12, |i| format!("{:02}/04/2024,10,12,9,11,1", i + 1));
    let got = read(&text, "1d", &[("csv.time_format", "%d/%m/%Y %H:%M")]).expect("a file");
    assert_eq!((got.bars.len(), got.rejected.len()), (0, 12));
}

#[test]
fn bare_dates_may_be_those_of_the_zone() {
    let text = "Date,Open,High,Low,Close,Volume\n2024-01-02,10,12,9,11,1\n2024-01-03,10,12,9,11,1\n";
    let tokyo = ("import.timezone", "Asia/Tokyo");
    let got = read(text, "1d", &[tokyo]).expect("a file");
    assert_eq!(got.times(), ["2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"]);
    let got = read(text, "1d", &[tokyo, ("import.dates", "zone")]).expect("a file");
    assert_eq!(got.times(), ["2024-01-01T15:00:00Z", "2024-01-02T15:00:00Z"]);
}

#[test]
fn the_hour_that_comes_twice_may_be_given() {
    // A single row in the hour, behind a hole: its order proves nothing.
    let text = "Date,Open,High,Low,Close,Volume\n2024-11-02 12:00,10,12,9,11,1\n2024-11-02 12:30,10,12,9,11,1\n\
                2024-11-03 01:30,10,12,9,11,1\n";
    let zone = ("import.timezone", "America/New_York");
    for (rule, want) in [
        ("infer", None),
        ("first", Some("2024-11-03T05:30:00Z")),
        ("second", Some("2024-11-03T06:30:00Z")),
        ("reject", None),
    ] {
        let got = read(text, "30m", &[zone, ("import.ambiguous", rule)]).expect(rule);
        assert_eq!(got.times().get(2).copied(), want, "{rule}");
        assert_eq!(got.rejected.len(), usize::from(want.is_none()), "{rule}");
    }
}

#[test]
fn a_number_that_contradicts_the_thousands_that_were_given_is_a_bad_row() {
    let text = file("time;open;high;low;close;volume", 300, |i| {
        let volume = if i == 250 { "1.204.500" } else { "7.5" };
        format!(
            "{};1.5;2.5;0.5;1.5;{volume}",
            jiff::civil::date(2023, 1, 1) + jiff::Span::new().days(i as i64)
        )
    });
    let open = read(&text, "1d", &[]).map(|got| got.bars).expect_err("ends");
    assert!(open.contains("give --thousands ."), "{open}");
    let given = read(&text, "1d", &[("csv.thousands", "none")]).expect("reads");
    assert_eq!((given.bars.len(), given.rejected.len()), (299, 1));
}
