//! Files whose times are refused, or rejected, since other rows, the file's name or a line before the data contradict them.

use super::refused::{OHLCV, of, refused};
use super::{file, read, read_named};

/// What a few rows say of their zone holds for the others, and a zone that was given rejects them.
#[test]
fn few_times_that_name_a_zone() {
    for (zoned, naive) in [
        ("2024-01-02 09:30:00-05:00", "2024-01-03 09:30:00"),
        ("2024-07-02 09:30:00 EST", "2024-07-03 09:30:00"),
        ("01/13/2024 09:30 EST", "01/14/2024 09:30"),
        ("2024-01-02 09:30:00 US/Eastern", "2024-01-03 09:30:00"),
    ] {
        let mut times = vec![zoned.to_owned()];
        times.extend((0..30).map(|minute| naive.replace("09:30", &format!("10:{minute:02}"))));
        let times: Vec<&str> = times.iter().map(String::as_str).collect();
        let text = of(&times);
        refused(&text, "1m", &[], "line 2: `");
        refused(&text, "1m", &[], "names a time zone, and most other times do not");
        let got = read(&text, "1m", &[("import.timezone", "America/New_York")]).expect("reads");
        assert_eq!((got.bars.len(), got.rejected.len()), (30, 1), "{zoned}");
    }
}

#[test]
fn a_clock_of_twelve_hours_in_few_rows() {
    let hours =
        ["09:30", "10:30", "11:30", "12:30", "01:30", "02:30"].map(|clock| format!("2024-01-02 {clock}"));
    let times: Vec<&str> = hours.iter().map(String::as_str).collect();
    refused(&of(&times), "1h", &[], "a clock of twelve hours without AM and PM");
    let without_header = of(&times).split_once('\n').expect("a header").1.to_owned();
    refused(&without_header, "1h", &[], "a clock of twelve hours without AM and PM");
}

#[test]
fn day_and_month_that_change_places_behind_the_first_rows() {
    let day = |i: usize| format!("{:02}/{:02}/2024", i / 28 % 12 + 1, i % 28 + 1);
    let turned = |i: usize| format!("{:02}/{:02}/2024", i % 28 + 1, i / 28 % 12 + 1);
    let rows = |at: usize, end: usize| {
        file(&format!("time,{OHLCV}"), 300, |i| {
            format!("{},1,2,0.5,1.5,1", if (at..end).contains(&i) { turned(i) } else { day(i) })
        })
    };
    refused(
        &rows(280, 300),
        "1d",
        &[],
        "line 283: column 1: day and month change places: `02/11/2024` does not go on",
    );
    // A single one may be mistyped.
    let got = read(&rows(281, 282), "1d", &[]).expect("reads");
    assert_eq!((got.bars.len(), got.rejected.len()), (299, 1), "{:?}", got.rejected);
    assert_eq!(read(&rows(300, 300), "1d", &[]).expect("reads").bars.len(), 300);
}

/// A spreadsheet takes the dates that fit its own order for dates, and writes them in the other one.
#[test]
fn dates_of_which_a_spreadsheet_has_turned_those_up_to_the_twelfth() {
    let weekly =
        ["05/19/2014", "12/05/2014", "05/05/2014", "04/28/2014", "04/21/2014", "04/14/2014", "07/04/2014"];
    refused(&of(&weekly), "1w", &[], "line 3: day and month change places: `12/05/2014`");
    let first = ["06/05/2024", "13/05/2024", "14/05/2024", "15/05/2024", "16/05/2024"];
    let turned_first = ["05/10/2024", "13/05/2024", "14/05/2024", "15/05/2024", "16/05/2024", "17/05/2024"];
    assert_eq!(read(&of(&first), "1d", &[]).expect("reads").bars.len(), 5);
    refused(&of(&turned_first), "1d", &[], "line 2: day and month change places: `05/10/2024`");
    // A hole of a month is one.
    let hole =
        ["02/14/2024", "02/15/2024", "03/01/2024", "03/02/2024", "04/03/2024", "04/04/2024", "04/05/2024"];
    assert_eq!(read(&of(&hole), "1d", &[]).expect("reads").bars.len(), 7);
    let monthly =
        ["12/31/2023", "01/01/2024", "02/01/2024", "03/01/2024", "04/01/2024", "05/01/2024", "06/01/2024"];
    assert_eq!(
        read(&of(&monthly[1..]), "1mo", &[("csv.time_format", "%m/%d/%Y")]).expect("reads").bars.len(),
        6
    );
    assert_eq!(read(&of(&monthly), "1mo", &[]).expect("reads").bars.len(), 7);
}

#[test]
fn a_clock_of_twelve_hours_with_a_step_of_minutes() {
    let rows = file(&format!("time,{OHLCV}"), 150, |i| {
        let minute = 11 * 60 + 30 + i;
        format!("2024-01-02 {:02}:{:02},1,2,0.5,1.5,1", (minute / 60 - 1) % 12 + 1, minute % 60)
    });
    refused(&rows, "1m", &[], "a clock of twelve hours without AM and PM");
}

#[test]
fn lines_before_the_data_that_name_a_zone() {
    for line in [
        "Zeitzone: MEZ",
        "# timezone UTC-5",
        "# All times Eastern",
        "# Times are in EST",
        "Time zone: Europe/Berlin",
    ] {
        let headed = format!("{line}\n{}", of(&["2024-01-02 09:30", "2024-01-02 09:31"]));
        refused(&headed, "1m", &[], "names a time zone");
    }
    for line in ["# timezone UTC-5", "# Times are in EST", "# tz: US/Central"] {
        let text = of(&["2024-01-02 09:30", "2024-01-02 09:31"]);
        let rows = text.split_once('\n').expect("a header").1.replace("1.5,1", "1.5,100");
        refused(&format!("{line}\n{rows}"), "1m", &[], "names a time zone");
    }
    for title in [
        "AAPL prices, est. volume",
        "IST Holdings Ltd",
        "Symbol: PST",
        "Central Time Recorders Inc",
        "# Time series of the London Stock Exchange",
        "# Last update time: 2024-01-02, Stock Exchange of Thailand",
        "# https://example.com/us/stocks/aapl",
    ] {
        let text = format!("{title}\n{}", of(&["2024-01-02 09:30", "2024-01-02 09:31"]));
        assert!(read(&text, "1m", &[]).is_ok(), "{title}");
    }
    for name in ["Date (Exchange time)", "Datetime_ny"] {
        let text = of(&["2024-01-02 09:30", "2024-01-02 09:31"]).replace("time,", &format!("{name},"));
        refused(&text, "1m", &[], "names local times");
    }
}

#[test]
fn a_name_of_the_file_that_has_a_zone() {
    let text = of(&["2024-01-02 09:30", "2024-01-02 09:31"]);
    for name in [
        "AAPL_1m_EST.csv",
        "x/AAPL_1m_Eastern.csv",
        "AAPL_1m (CET).csv",
        "AAPL_UTC+3_1m.csv",
        "AAPL_1m-GMT-05.csv",
    ] {
        let e = read_named(name, &text, "1m", &[]).map(|got| got.bars).expect_err("refused");
        assert!(e.contains("which may be its time zone"), "{e}");
        assert!(read_named(name, &text, "1m", &[("import.timezone", "UTC")]).is_ok(), "{name}");
    }
    for symbol in [
        "EST_1m.csv",
        "1m_EST.csv",
        "NYSE_BST_1m.csv",
        "Great_Eastern_1m.csv",
        "A_1m_UTC+00.csv",
        "A_UTC-1m.csv",
        "A_1m_UTC-2024-01.csv",
    ] {
        assert!(read_named(symbol, &text, "1m", &[]).is_ok(), "{symbol}");
    }
}

#[test]
fn times_that_are_not_like_the_first_ones() {
    let times = |i: usize| format!("2024-01-02 {:02}:{:02}", i / 60 + 9, i % 60);
    let rows = |odd: &str| {
        let at = |i: usize| if i == 250 { odd.to_owned() } else { times(i) };
        file(&format!("time,{OHLCV}"), 300, |i| format!("{},1,2,0.5,1.5,1", at(i)))
    };
    for (odd, part) in [("2124-01-02 13:10", "in the future"), ("2024-01-02 13:10Z", "names a zone")] {
        let got = read(&rows(odd), "1m", &[]).expect("reads");
        assert_eq!(got.rejected.len(), 1, "{odd}");
        assert!(got.rejected[0].contains(part), "{:?}", got.rejected);
    }
    // A bare date among them is midnight only where midnight belongs.
    let midnight = |at: &str| of(&["2024-01-02 23:58", "2024-01-02 23:59", at, "2024-01-03 00:01"]);
    assert_eq!(read(&midnight("2024-01-03"), "1m", &[]).expect("reads").bars.len(), 4);
    let got = read(&midnight("2024-01-02"), "1m", &[]).expect("reads");
    assert_eq!((got.bars.len(), got.rejected.len()), (3, 1), "{:?}", got.bars);
}

#[test]
fn a_given_order_of_day_and_month_in_which_rows_do_not_go_on() {
    let rows = file(&format!("time,{OHLCV}"), 24, |i| {
        format!("{:02}/{:02}/2024 09:00,1,2,0.5,1.5,1", i / 12 + 2, i % 12 + 1)
    });
    let of = |timeframe: &str, form: &str| {
        read(&rows, timeframe, &[("csv.time_format", form)]).map(|read| read.bars.len())
    };
    let reason = of("1h", "%d/%m/%Y %H:%M").expect_err("each day would be in another month");
    assert!(reason.contains("do not go on from each other, but as '%m/%d/%Y %H:%M' they do"), "{reason}");
    assert_eq!(of("1h", "%m/%d/%Y %H:%M"), Ok(24));
    assert_eq!(of("1mo", "%d/%m/%Y %H:%M"), Ok(24), "the first ones of the months");
    // The first days of all months, or the first days of a year: nothing tells.
    let months = file(&format!("time,{OHLCV}"), 12, |i| format!("01/{:02}/2024,1,2,0.5,1.5,1", i + 1));
    refused(&months, "1d", &[], "--time-format '%d/%m/%Y'");
    let given = read(&months, "1d", &[("csv.time_format", "%d/%m/%Y")]).map(|got| got.bars.len());
    assert_eq!(given, Ok(12));
}

/// As pandas reads 06/07/2021 for the sixth of July, and writes it.
#[test]
fn days_up_to_the_twelfth_that_are_months_among_dates_that_begin_with_the_year() {
    let days = |clock: &str| {
        file(&format!("time,{OHLCV}"), 24, |i| {
            let (day, hour) = (i / 2 + 7, i % 2 + 9);
            let date = if day > 12 { format!("2021-06-{day}") } else { format!("2021-{day:02}-06") };
            format!("{date}{},1,2,0.5,1.5,1", clock.replace("HH", &format!("{hour:02}")))
        })
    };
    let intraday = days(" HH:00");
    refused(&intraday, "1h", &[], "day and month change places");
    refused(&intraday, "1h", &[], "does not go on from the row before as year, month and day");
    let daily = intraday.replace(" 09:00", "");
    let daily: Vec<&str> = daily.lines().filter(|row| !row.contains(' ')).collect();
    refused(&daily.join("\n"), "1d", &[], "day and month change places");
    // Months and years are far apart as they are.
    let months = file(&format!("time,{OHLCV}"), 24, |i| {
        format!("20{:02}-{:02}-01,1,2,0.5,1.5,1", i / 12 + 20, i % 12 + 1)
    });
    for timeframe in ["1mo", "1d"] {
        assert_eq!(read(&months, timeframe, &[]).expect("reads").bars.len(), 24, "{timeframe}");
    }
}

#[test]
fn the_end_of_a_month_is_not_the_future() {
    let end = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).last_of_month().expect("a day");
    let times: Vec<String> = (0..30)
        .map(|i| end.saturating_sub(jiff::Span::new().months(i)).last_of_month().expect("a day"))
        .map(|day| day.strftime("%Y-%m-%d 00:00:00+00:00").to_string())
        .collect();
    let got = read(&of(&times.iter().map(String::as_str).collect::<Vec<_>>()), "1mo", &[]).expect("reads");
    assert_eq!(got.rejected, [] as [&str; 0]);
}

#[test]
fn a_bar_that_names_its_zone_and_lies_a_day_ahead() {
    let ahead = |hours: i64, zone: &str| {
        let now = jiff::Timestamp::now();
        let at = |hours: i64| {
            (now + jiff::SignedDuration::from_hours(hours)).strftime("%Y-%m-%d %H:00").to_string()
        };
        let times: Vec<String> =
            (-30..0).chain([hours]).map(|hours| format!("{}{zone}", at(hours))).collect();
        of(&times.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let rejected =
        |text: &str| read(text, "1h", &[("import.timezone", "UTC")]).expect("reads").rejected.len();
    assert_eq!([rejected(&ahead(1, "Z")), rejected(&ahead(6, "Z"))], [0, 1]);
    assert_eq!([rejected(&ahead(14, "")), rejected(&ahead(20, ""))], [0, 1], "east of UTC it is later");
}
