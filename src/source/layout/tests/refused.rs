//! Files that are refused, and with which words. Read wrong, each of them would be wrong silently.

use super::{file, read};

pub(super) const OHLCV: &str = "open,high,low,close,volume";

/// Rows of these times.
pub(super) fn of(times: &[&str]) -> String {
    file(&format!("time,{OHLCV}"), times.len(), |i| format!("{},1,2,0.5,1.5,1", times[i]))
}

pub(super) fn refused(text: &str, timeframe: &str, settings: &[(&'static str, &str)], part: &str) {
    match read(text, timeframe, settings) {
        Ok(got) => panic!("{text}\nis read: {:?} {:?}", got.bars, got.rejected),
        Err(e) => assert!(e.contains(part), "{text}\n{e}"),
    }
}

#[test]
fn numbers_that_are_no_plausible_times() {
    for (times, timeframe, part) in [
        (&["0", "1", "2"][..], "1h", "look like the numbers of the rows"),
        (&["240102", "240103"], "1d", "dates of two-digit years (YYMMDD); give --time-format '%y%m%d'"),
        (&["2401020930", "2401020931"], "1m", "(YYMMDDHHMM); give --time-format '%y%m%d%H%M'"),
        (&["1701020930", "1701020931"], "1m", "(YYMMDDHHMM)"),
        (&["02012024", "03012024"], "1d", "(DDMMYYYY)"),
        (&["12312024", "12302024"], "1d", "(MMDDYYYY)"),
        (&["2023", "2024"], "1y", "look"),
        (&["202401", "202402"], "1mo", "months (YYYYMM)"),
        (&["45294", "45295.5"], "1d", "day numbers (of a spreadsheet, or since 1970)"),
        (&["11324", "11326"], "1d", "day numbers"),
        (&["739253.395833", "739254.395833"], "1d", "day numbers of MATLAB"),
        (&["2460312.5", "2460314.5"], "1d", "Julian day numbers"),
        (&["638396586000000000", "638397450000000000"], "1d", "ticks of .NET"),
        (&["28401570", "28401571", "28401573"], "1m", "minutes since 1970"),
        (&["25670102", "25670104"], "1d", "Buddhist"),
        (&["34200", "34260"], "1m", "day numbers"),
        (&["93000", "93100"], "1m", "no plausible time"),
        // Seconds, where the bars are an hour apart.
        (
            &["1772409600", "1772409601", "1772409602"],
            "1h",
            "the steps between the rows do not fit the timeframe",
        ),
    ] {
        let text = of(times).replace("looks", "look");
        match read(&text, timeframe, &[]) {
            Ok(got) => panic!("{text}\nis read: {:?} {:?}", got.bars, got.rejected),
            Err(e) => assert!(e.replace("looks", "look").contains(part), "{text}\n{e}"),
        }
    }
}

#[test]
fn numbers_that_could_be_several_times() {
    refused(
        &of(&["1701020930", "1701020931"]),
        "tick",
        &[],
        "give --time-format unix or --time-format '%y%m%d%H%M'",
    );
    // No bars are a millisecond apart.
    let minutes = read(&of(&["202603020930", "202603020931"]), "tick", &[]).expect("reads");
    assert_eq!(minutes.times(), ["2026-03-02T09:30:00Z", "2026-03-02T09:31:00Z"]);
}

#[test]
fn dates_whose_order_is_open() {
    for (times, part) in [
        (&["01/02/2024", "02/02/2024"][..], "give --time-format '%d/%m/%Y' or --time-format '%m/%d/%Y'"),
        (&["01.02.24", "02.02.24"], "can be read in several ways"),
        (&["24/01/02", "24/01/03"], "can be read in several ways"),
    ] {
        refused(&of(times), "1d", &[], part);
    }
    refused(&of(&["13/01/2024", "01/14/2024"]), "1d", &[], "the times change their form");
    refused(
        &of(&["2024-01-02", "03.01.2024"]),
        "1d",
        &[],
        "the times change their form: `03.01.2024` here, `2024-01-02` in line 2",
    );
    refused(&of(&["12/31/62", "12/31/63"]), "1d", &[], "write years with four digits");
}

/// One row that only the other order can read, among many that are in order.
#[test]
fn a_stray_row_does_not_decide_the_order_of_day_and_month() {
    let open = "the order of day and month is open";
    let text = file(&format!("time,{OHLCV}"), 60, |i| match i {
        30 => "02/13/2024,1,2,0.5,1.5,1".into(),
        i => format!("{:02}/{:02}/2024,1,2,0.5,1.5,1", 1 + i % 12, 1 + i / 12),
    });
    refused(&text, "1d", &[], open);
    // In order both ways: all of one day, but for one.
    let text = file(&format!("time,{OHLCV}"), 200, |i| match i {
        199 => "13/03/2024 09:00,1,2,0.5,1.5,1".into(),
        i => format!("04/03/2024 {:02}:{:02},1,2,0.5,1.5,1", i / 60, i % 60),
    });
    refused(&text, "1m", &[], open);
    let text = file(&format!("time,{OHLCV}"), 13, |i| match i {
        12 => "13/01/2024,1,2,0.5,1.5,1".into(),
        i => format!("01/{:02}/2024,1,2,0.5,1.5,1", i + 1),
    });
    refused(&text, "1d", &[], open);
    // A month 13 among many is a bad row.
    let text = file(&format!("time,{OHLCV}"), 200, |i| match i {
        50 => "2024-13-01 09:35,1,2,0.5,1.5,1".into(),
        i => format!("2024-01-2{} 09:{:02},1,2,0.5,1.5,1", i / 60, i % 60),
    });
    let got = read(&text, "1m", &[]).expect("read");
    assert_eq!((got.bars.len(), got.rejected.len(), got.times()[0]), (199, 1, "2024-01-20T09:00:00Z"));
}

#[test]
fn later_rows_that_show_that_the_first_were_read_wrong() {
    // Behind the first rows, which are all of a day that may be a month.
    let year_day =
        |i: usize| format!("2024-{:02}-01 {:02}:{:02},1,2,0.5,1.5,1", 1 + i / 240, i % 240 / 60, i % 60);
    refused(
        &file(&format!("time,{OHLCV}"), 3600, year_day),
        "1m",
        &[],
        "day and month stand in the other order here",
    );
    let swapped = |i: usize| match i {
        0..=299 => format!("2{}/03/2024 09:{:02},1,2,0.5,1.5,{i}", i / 60, i % 60),
        i => format!("03/2{}/2024 10:{:02},1,2,0.5,1.5,{i}", i / 60, i % 60),
    };
    refused(
        &file(&format!("time,{OHLCV}"), 400, swapped),
        "1m",
        &[],
        "line 302: column 1: the time `03/25/2024 10:00` does not fit",
    );
    let translated = file("Date,Open,High,Low,Close,Volume", 300, |i| match i {
        250 => "Datum,Schluss,Hoch,Tief,Eröffnung,Volumen".into(),
        i => format!("{},1,2,0.5,1.5,1", day(i)),
    });
    refused(&translated, "1d", &[], "line 252: a second header");
}

/// A day of the years from 1990.
fn day(i: usize) -> jiff::civil::Date {
    jiff::civil::date(1990, 1, 1).saturating_add(jiff::Span::new().days(i as i64))
}

#[test]
fn counts_of_another_unit_further_down_are_rejected() {
    for (first, other) in
        [(1_704_067_200_000_000_u64, 1_000), (1_704_067_200_000, 1_000), (1_704_067_200_000_000, 1_000_000)]
    {
        let step = first / 1_704_067_200 * 60;
        let text = file(&format!("time,{OHLCV}"), 300, |i| {
            let time = first + i as u64 * step;
            format!("{},1,2,0.5,1.5,1", if i < 250 { time } else { time / other })
        });
        let got = read(&text, "1m", &[]).expect("read");
        assert_eq!((got.bars.len(), got.rejected.len()), (250, 50), "{:?}", got.rejected.first());
        let mixed = file(&format!("time,{OHLCV}"), 100, |i| {
            let time = first + i as u64 * step;
            format!("{},1,2,0.5,1.5,1", if i % 3 > 0 { time } else { time / other })
        });
        assert!(read(&mixed, "1m", &[]).is_err());
    }
    refused(
        &of(&["1772409600", "1772413200"]),
        "1h",
        &[("csv.time_format", "unix-ms")],
        "looks like seconds since 1970",
    );
}

#[test]
fn years_of_two_digits_further_down_do_not_lie_ahead() {
    let text = file(&format!("time,{OHLCV}"), 1200, |i| {
        let week = jiff::civil::date(2024, 12, 28).saturating_sub(jiff::Span::new().weeks((i * 3) as i64));
        format!("{},1,2,0.5,1.5,1", week.strftime("%m/%d/%y"))
    });
    let got = read(&text, "1w", &[]).expect("read");
    assert!(got.times().iter().all(|time| *time < "2026"), "{:?}", got.times().last());
    assert!(got.rejected[0].contains("in the future"), "{:?}", got.rejected[0]);
}

#[test]
fn a_row_number_is_no_time_of_day() {
    for name in ["", "index"] {
        let text = format!(
            "{name},Date,Open,High,Low,Close,Volume\n1210,2024-01-02,10,12,9,11,1000\n1211,2024-01-03,11,13,10,12,1000\n"
        );
        let got = read(&text, "1d", &[]).expect("read");
        assert_eq!(got.times(), ["2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"]);
    }
    let price = "2024-01-02,1010,1030,1000,1020,50000\n2024-01-03,1015,1035,1005,1025,60000\n";
    assert_eq!(
        read(price, "1d", &[]).expect("read").times(),
        ["2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"]
    );
}

#[test]
fn another_time_does_not_stand_for_one_that_is_not_read() {
    for (header, row, part) in [
        (
            "open_time,open,high,low,close,volume,close_time",
            "01/02/2024 00:00,10,12,9,11,5,2024-02-01 00:59:59",
            "several ways",
        ),
        ("Date,Open,High,Low,Close,Volume,Settle Date", "01/02/2024,10,12,9,11,5,2024-02-03", "several ways"),
        ("Date,Open,High,Low,Close,Volume,Update Date", "45294,10,12,9,11,5,2024-06-01", "day numbers"),
        (
            "open,high,low,close,volume,close_time",
            "10,12,9,11,5,2024-02-01 00:59:59",
            "lacks a column for time",
        ),
        (
            "Date,Open,High,Low,Close,Volume,Timestamp",
            "2024-01-02,10,12,9,11,5,2024-06-01 08:15:01",
            "hold different times",
        ),
        (
            "trade_date,tradingday,Open,High,Low,Close,Volume",
            "2024-01-02,2024-01-03,10,12,9,11,5",
            "hold different times",
        ),
    ] {
        refused(&format!("{header}\n{row}\n"), "1d", &[], part);
    }
    // The moment of a daily bar is that of its day.
    let text = "date,timestamp,open,high,low,close,volume\n2024-01-02,1704205800,1,2,0.5,1.5,1\n";
    assert_eq!(read(text, "1d", &[]).expect("read").times(), ["2024-01-02T00:00:00Z"]);
}

#[test]
fn zones_that_change_or_are_named_elsewhere() {
    let text = of(&["2024-01-03 09:31:00-05:00", "2024-01-03 09:32:00"]);
    refused(&text, "1m", &[], "some name a zone, and others do not");
    let text = file(&format!("time,{OHLCV}"), 300, |i| {
        let zone = if i < 250 { "-05:00" } else { "" };
        format!("2024-01-{:02} 09:{:02}:00{zone},1,2,0.5,1.5,1", 3 + i / 60, i % 60)
    });
    let got = read(&text, "1m", &[]).expect("read");
    assert_eq!((got.bars.len(), got.rejected.len()), (250, 50), "{:?}", got.rejected.first());
    assert!(got.rejected[0].contains("names no zone, unlike"), "{:?}", got.rejected[0]);
    // Midnight as a bare date among times that end with Z.
    assert_eq!(read(&of(&["2024-03-08T14:30Z", "2024-03-09"]), "1h", &[]).expect("read").bars.len(), 2);
    let new_york: &[_] = &[("import.timezone", "America/New_York")];
    for name in ["Time (UTC)", "time_gmt"] {
        let text = of(&["2024-01-02 09:00", "2024-01-02 10:00"]).replacen("time", name, 1);
        refused(&text, "1h", new_york, "names times in UTC");
    }
    for name in ["Time (EST)", "datetime_est", "Local time"] {
        let text = of(&["2024-01-02 09:00", "2024-01-02 10:00"]).replacen("time", name, 1);
        refused(&text, "1h", &[], "names local times: give --timezone");
        assert_eq!(read(&text, "1h", new_york).expect("read").times()[0], "2024-01-02T14:00:00Z");
    }
    refused(&of(&["2024-01-02 09:30:00 CST"]).replacen("time", "", 1), "1h", &[], "has no times");
}

#[test]
fn clocks_whose_steps_do_not_fit() {
    // Half past nine in seconds of the day; the first minutes of a day without their leading zeros.
    let clock = |timeframe: &str, clocks: &[&str]| {
        let rows: Vec<String> =
            clocks.iter().map(|clock| format!("20240102,{clock},1,2,0.5,1.5,1\n")).collect();
        read(&format!("Date,Time,{OHLCV}\n{}", rows.concat()), timeframe, &[])
    };
    assert!(clock("5m", &["34200", "34500", "34800"]).is_err());
    let minutes = clock("1m", &["0", "100", "200", "300"]).expect("read");
    assert_eq!(minutes.times()[3], "2024-01-02T00:03:00Z");
    let hours = clock("1h", &["0", "100", "200", "300"]).expect("read");
    assert_eq!(hours.times()[3], "2024-01-02T03:00:00Z");
    let text = file(&format!("time,{OHLCV}"), 28, |i| {
        let hour = [9, 10, 11, 12, 1, 2, 3][i % 7];
        format!("2024-01-{:02} {hour:02}:30,1,2,0.5,1.5,1", 2 + i / 7)
    });
    refused(&text, "1h", &[], "twelve hours without AM and PM");
    let named: &[_] = &[("csv.columns.date", "Date"), ("csv.columns.time", "Hour")];
    let text = file(&format!("Date,Hour,{OHLCV}"), 24, |i| format!("2024-01-02,{i},1,2,0.5,1.5,1"));
    assert_eq!(read(&text, "1h", named).expect("read").times()[23], "2024-01-02T23:00:00Z");
}

#[test]
fn several_instruments_in_one_file() {
    refused(
        "ticker,volume,open,close,high,low,window_start,transactions\n\
         AAAA,51000,10.10,10.40,10.55,10.05,1772409600000000000,310\n\
         BBBB,8700,250.00,252.50,253.10,249.20,1772409600000000000,120\n",
        "1d",
        &[],
        "`ticker` is `BBBB` here and `AAAA` before",
    );
    refused(
        "date,open,high,low,close,volume,Name\n2026-03-02,1.0,1.2,0.9,1.1,100,AAX\n2026-03-04,71.0,72.0,70.5,71.5,9000,ZZX\n",
        "1d",
        &[],
        "line 3: the rows are of several instruments: `Name` is `ZZX` here and `AAX` before",
    );
    // Behind what was looked at first.
    let text = file("date,symbol,open,high,low,close,volume", 30_000, |i| {
        let day = jiff::civil::date(1900, 1, 1).saturating_add(jiff::Span::new().days(i as i64));
        format!("{day},{},1,2,0.5,1.5,1", if i < 25_000 { "A" } else { "B" })
    });
    refused(&text, "1d", &[], "line 25002: the rows are of several instruments");
    let company = file("date,open,high,low,close,volume,Company", 500, |i| {
        format!("{},1,2,0.5,1.5,1,{}", day(i), if i < 250 { "Facebook" } else { "Tesla" })
    });
    refused(&company, "1d", &[], "line 252: the rows are of several instruments");
    let spelled = file("date,symbol,open,high,low,close,volume", 10, |i| {
        format!("{},{},1,2,0.5,1.5,1", day(i), if i < 5 { "NA" } else { "NAN" })
    });
    refused(&spelled, "1d", &[], "several instruments");
    let without_header: Vec<String> = (0..60)
        .map(|i| format!("{},1,2,0.5,1.5,100,{}\n", day(i), if i < 30 { "AAPL" } else { "MSFT" }))
        .collect();
    refused(&without_header.concat(), "1d", &[], "column 7 is `MSFT` here and `AAPL` before");
    let unknown = file("date,open,high,low,close,volume,venue", 8, |i| {
        format!("2026-03-0{},1,2,0.5,1.5,1,{}", 1 + i / 4, ["a", "b", "c", "d"][i % 4])
    });
    refused(&unknown, "1d", &[], "does `venue` name several instruments?");
    refused(
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\nTicker,A,B,A,B,A,B,A,B,A,B\nDate,,,,,,,,,,\n\
         2026-03-02,1,1,2,2,0.5,0.5,1,1,1,1\n",
        "1d",
        &[],
        "several instruments",
    );
}

#[test]
fn columns_that_change_or_are_not_what_they_seem() {
    refused(
        "Date,Open,High,Low,Close,Volume\n2026-02-26,50.10,51.20,49.80,50.90,1000000\n\
         Date,Close,High,Low,Open,Volume\n2026-03-02,51.90,52.30,50.80,51.00,1200000\n",
        "1d",
        &[],
        "line 3: a second header, with the columns in another order",
    );
    refused(
        "2026-03-02 00:00:00,11.2410,11.2532,11.2701,11.2305\n2026-03-03 00:00:00,11.2535,11.2444,11.2610,11.2390\n",
        "1d",
        &[],
        "columns 2 to 5 are not open, high, low and close in this order",
    );
    refused(
        "2026-03-02 00:00:00,11.2410,11.2532,11.2701,11.2305\n",
        "1d",
        &[("csv.header", "false")],
        "columns 2 to 5 are not open",
    );
    // An average price where the volume would be, as Kraken's API has it.
    refused(
        "1772409600,0.5102,0.5144,0.5090,0.5131,0.5120,18220.55,140\n1772413200,0.5131,0.5160,0.5120,0.5155,0.5140,20110.10,161\n",
        "1h",
        &[],
        "column 6 looks like a price",
    );
    refused(
        &format!("date,Umsatz,{}\n2026-03-02,7,1,2,0.5,1.5\n", "open,high,low,close"),
        "1d",
        &[],
        "--column volume=Umsatz, or --column volume=none",
    );
    refused(
        "date,open,high,low,close,成交量\n2026-03-02,1,2,0.5,1.5,7\n",
        "1d",
        &[],
        "--column volume=成交量",
    );
    refused(
        "unix,open,high,low,close,Volume BTC,Volume USD\n1772409600,1,2,0.5,1.5,7,9\n",
        "1h",
        &[],
        "`Volume BTC`",
    );
}

#[test]
fn a_close_that_stands_first_in_a_file_without_a_header() {
    let text = file("", 30, |i| {
        let close = |i: usize| 10.0 + (i as f64 * 0.7).sin() * 3.0;
        let (open, close) = (close(i), close(i + 1));
        let (high, low) = (open.max(close) + 0.1, open.min(close) - 0.1);
        format!("2026-03-{:02},{close},{high},{low},{open},5", i + 1)
    });
    refused(text.trim_start(), "1d", &[], "its close seems to stand before its open");
}

#[test]
fn intraday_bars_with_dates_alone() {
    refused(
        "date,Hour,open,high,low,close,volume\n2026-03-02,9,1,2,0.5,1.5,1\n2026-03-03,10,1,2,0.5,1.5,2\n",
        "1h",
        &[],
        "give --column date=date --column time=Hour",
    );
    let text = file(&format!("date,{OHLCV}"), 8, |i| format!("2026-03-0{},1,2,0.5,1.5,{i}", 1 + i / 4));
    refused(&text, "1h", &[], "8 different rows have only 2 different times");
}

#[test]
fn local_times_beside_those_of_utc() {
    let both = "datetime_utc,local_time,open,high,low,close,volume\n2026-03-02 05:00,2026-03-02 00:00,1,2,0.5,1.5,1\n";
    refused(both, "1h", &[], "give --column time=datetime_utc or --column time=local_time");
    refused(
        "Gmt time,open,high,low,close,volume\n2026-03-02 05:00,1,2,0.5,1.5,1\n",
        "1h",
        &[("import.timezone", "America/New_York")],
        "`Gmt time` names times in UTC, but --timezone is America/New_York",
    );
}

#[test]
fn numbers_that_contradict_each_other() {
    let text = file(&format!("date,{OHLCV}"), 300, |i| {
        let day = jiff::civil::date(2024, 1, 1).saturating_add(jiff::Span::new().days(i as i64));
        let volume = if i < 299 { "812.400" } else { "1.204.500" };
        format!("{day},985,998,980,995,{volume}")
    });
    refused(&text, "1d", &[], "`1.204.500` (line 301) has points between thousands, but nearly all others");
    let open = "separates thousands or decimals";
    let points = "Date;Open;High;Low;Close;Volume\n2024-01-02;1.005;1.030;1.000;1.025;950.100\n2024-01-03;1.025;1.040;1.010;1.015;804.500\n";
    match read(points, "1d", &[]) {
        Ok(got) => panic!("{:?}", got.bars),
        Err(e) => assert!(
            e.contains("separates thousands or decimals: give --thousands . or --thousands none"),
            "{e}"
        ),
    }
    assert_eq!(
        read(points, "1d", &[("csv.thousands", ".")]).expect("read").bars[0],
        "2024-01-02T00:00:00Z 1005 1030 1000 1025 950100"
    );
    assert_eq!(
        read(points, "1d", &[("csv.thousands", "none")]).expect("read").bars[0],
        "2024-01-02T00:00:00Z 1.005 1.03 1 1.025 950.1"
    );
    refused(&points.replace("1.005;1.030;1.000;1.025", "985;998;980;995"), "1d", &[], open);
    let garbage = file("Date;Open;High;Low;Close;Volume", 60, |i| {
        format!("{};2.345;2.350;2.340;2.345;{}", day(i), if i == 20 { "1.512.340" } else { "7" })
    });
    refused(&garbage, "1d", &[], "give --thousands none to have it rejected");
    refused(
        "date;open;high;low;close;volume\n2026-03-02;1,234;2,345;1,111;1,500;5\n",
        "1d",
        &[],
        "give --thousands , or --decimal-comma",
    );
}

#[test]
fn a_column_without_times() {
    refused(&of(&["09:30", "09:31"]), "1m", &[], "`time` holds a time of day, and no column the date");
    refused(",open,high,low,close,volume\nx,1,2,0.5,1.5,1\n", "1d", &[], "has no times: `x` is none");
    // If its name leaves no doubt, every row is rejected.
    let rows = read(&of(&["yesterday", "today"]), "1d", &[]).expect("read").rejected;
    assert_eq!(rows.len(), 2, "{rows:?}");
    refused("a,b\n1,2\n", "1d", &[], "lacks a column for time, open, high, low, close");
}

#[test]
fn a_time_that_is_open_is_not_passed_over_for_another_without_a_zone() {
    let text = |other: &str| format!("date,datetime,{OHLCV}\n01/02/2024,{other},1,2,0.5,1.5,1\n");
    refused(&text("2024-02-01 00:00:00"), "1h", &[], "can be read in several ways");
    let got = read(&text("2024-02-01T00:00:00Z"), "1h", &[]).expect("the zone decides");
    assert_eq!(got.times(), ["2024-02-01T00:00:00Z"]);
    // Nor is one in a form that is not known.
    let text = format!("Date,timestamp,{OHLCV}\n231120 14:25:00,2023-11-20 15:25:00,1,2,0.5,1.5,1\n");
    refused(
        &text,
        "1h",
        &[],
        "`Date` has no times: `231120 14:25:00` is none; name the format with --time-format",
    );
}

#[test]
fn days_of_a_spreadsheet_are_no_row_numbers() {
    refused(&of(&["45294", "45295", "45296"]), "1d", &[], "day numbers (of a spreadsheet");
}

#[test]
fn numbers_and_dates_tell_instruments_apart() {
    for name in ["permno", "strike"] {
        let header = format!("date,{name},{OHLCV}");
        let text = file(&header, 4, |i| format!("2024-01-0{},{},1,2,0.5,1.5,1", i + 1, 100 + i % 2));
        refused(&text, "1d", &[], "several instruments");
    }
    let text = file(&format!("date,expiry,{OHLCV}"), 4, |i| {
        format!("2024-01-0{},2024-0{}-20,1,2,0.5,1.5,1", i + 1, 3 + i % 2)
    });
    refused(&text, "1d", &[], "several instruments");
}

#[test]
fn two_whole_columns_behind_the_prices_without_a_header() {
    let text = file("2024-01-02,10,12,9,11,5,1000", 4, |i| format!("2024-01-0{},11,13,10,12,6,2000", i + 3));
    let message = "column 6 or 7 may be the volume: give --column volume=6 or volume=7";
    refused(&text, "1d", &[], message);
    for text in [
        "2024-01-02\t10\t12\t9\t11\t1,005,000\t7,641,334\n2024-01-03\t11\t13\t10\t12\t1,005,010\t9,948,260\n",
        "2024-01-02;10,5;12;9;11;5 000;867,88K\n2024-01-03;11,5;13;10;12;5 010;625,87K\n",
        "2024-01-02;10;12;9;11;5000;70000\n2024-01-03;11;13;10;12;5010;551684\nSource: X\n",
    ] {
        refused(text, "1d", &[], message);
    }
}

#[test]
fn a_running_total_is_no_volume() {
    let text = |volume: &dyn Fn(usize) -> usize| {
        file("2024-01-02 09:30:00,10,12,9,11,1000,1000", 10, |i| {
            format!("2024-01-02 09:{},10,12,9,11,{},{}", 31 + i, volume(i), 1000 + i * 7 % 5)
        })
    };
    refused(&text(&|i| 2000 + i * 1000), "1m", &[], "column 6 or 7 may be the volume");
    let got = read(&text(&|i| 2000 - i * 13 % 7 * 100), "1m", &[]).expect("a volume that varies");
    assert!(got.bars[1].ends_with(" 2000"), "{:?}", got.bars);
}

#[test]
fn rows_that_show_the_order_of_prices_name_the_flags() {
    // Time, close, low, high, open.
    let text = file("2024-01-01,11,9,13,10", 12, |i| {
        let open = 11 + i * 2;
        format!("2024-01-{:02},{},{},{},{open}", i + 2, open + 2, open - 1, open + 3)
    });
    refused(
        &text,
        "1d",
        &[],
        "--column time=1 --column open=5 --column high=4 --column low=3 --column close=2",
    );
    // Too few of them show it.
    let text = "2024-01-01,11,9,13,10\n2024-01-02,13,10,14,11\n";
    refused(text, "1d", &[], "--column open=N --column high=N");
}

#[test]
fn milliseconds_since_midnight_are_no_times() {
    let text = file(&format!("time,{OHLCV}"), 4, |i| format!("{},1,2,0.5,1.5,1", 34_200_000 + i * 60_000));
    refused(&text, "1m", &[], "looks like milliseconds since midnight (QuantConnect's); write the date");
}

#[test]
fn a_volume_with_its_word_in_the_name_is_named_first() {
    let text = "time,open,high,low,close,cci,totalvolumetraded,openinterest\n2024-01-02,1,2,0.5,1.5,3,10,7\n";
    refused(text, "1d", &[], "give --column volume=totalvolumetraded");
}

#[test]
fn a_header_of_another_width_than_all_rows_names_nothing() {
    let row = |i: usize| format!("2006-01-02,09:{:02}:00,10,12,9,11,100,0", i + 10);
    let text = file("Date,Open,High,Low,Close,OpenInterest", 3, row);
    refused(
        &text,
        "1m",
        &[],
        "line 1: the header names 6 columns, and every row has 8 fields: mend the header",
    );
    let text =
        file("Date,Open,High,Low,Close,Volume,OpenInterest", 3, |i| format!("2006-01-0{},10,12,9,11", i + 1));
    refused(&text, "1d", &[], "the header names 7 columns, and every row has 5 fields");
}

#[test]
fn an_offset_in_a_name_or_before_the_header_is_no_utc() {
    let rows = "2024-03-04 09:00,1,2,0.5,1.5,1\n2024-03-04 10:00,1,2,0.5,1.5,1\n";
    for name in ["Time (UTC+3)", "Time (GMT-4)", "Time (UTC-05:00)", "Timestamp KST", "Time (Europe/Berlin)"]
    {
        refused(&format!("{name},{OHLCV}\n{rows}"), "1h", &[], "names local times: give --timezone");
    }
    for line in ["# All times are UTC+2", "Time zone: CET", "# tz=Asia/Kolkata", "Times in GMT -5"] {
        let text = format!("{line}\ntime,{OHLCV}\n{rows}");
        refused(&text, "1h", &[], "names a time zone, and the times do not: give --timezone");
        read(&text, "1h", &[("import.timezone", "UTC")]).expect("a zone was given");
        let zoned = text.replace(":00,", ":00Z,");
        read(&zoned, "1h", &[]).expect("the rows have one");
    }
    read(&format!("# All times are UTC\ntime,{OHLCV}\n{rows}"), "1h", &[]).expect("UTC");
}

#[test]
fn dates_at_midnight_beside_a_time_of_day_are_not_the_time() {
    let text =
        file(&format!("Date,Time,{OHLCV}"), 5, |i| format!("2024-03-04 00:00:00,09:0{i},1,2,0.5,1.5,{i}"));
    refused(&text, "1m", &[], "`Date` holds dates at 00:00, and `Time` looks like the time of day");
}

#[test]
fn the_form_of_a_few_rows_is_not_that_of_the_file() {
    let text = file(&format!("time,{OHLCV}"), 10, |i| match i {
        9 => "2024-03-04 09:45,1,2,0.5,1.5,1".to_owned(),
        i => format!("{},1,2,0.5,1.5,1", 1_709_542_800_000_u64 + i as u64 * 300_000),
    });
    refused(&text, "5m", &[], "no plausible time");
    let text = file(&format!("time,{OHLCV}"), 6, |i| match i {
        5 => "2016-06-28T17:25:00,1,2,0.5,1.5,1".to_owned(),
        i => format!("2016-06-28T17:0{i}:00 CET,1,2,0.5,1.5,1"),
    });
    refused(&text, "5m", &[], "`time` has times of two forms");
    let text = file(&format!("time,{OHLCV}"), 12, |i| {
        let zone = if i < 3 { "-05:00" } else { "" };
        format!("2024-03-04 {:02}:00:00{zone},1,2,0.5,1.5,1", i + 9)
    });
    refused(&text, "1h", &[], "some name a zone, and others do not");
}

#[test]
fn a_comma_that_would_make_prices_a_thousand_times_larger_is_asked_about() {
    let text = "Date;Open;High;Low;Close;Volume\n2024-01-07;150.17;151.25;149.307;150.407;507\n\
                2024-01-08;150,108;151,208;149,308;150,408;508\n";
    refused(text, "1d", &[], "`150,108` (line 3) would be 150108, far from the other prices");
}

#[test]
fn an_adjusted_close_is_not_taken_before_the_close_itself() {
    let text = file("Date,Open,High,Low,LTP,Adj Close,Volume", 3, |i| {
        format!("2024-01-0{},100,102,99,101,91,500", i + 1)
    });
    refused(&text, "1d", &[], "give --column close=LTP or --column 'close=Adj Close'");
    let text = text.replace("LTP", "VWAP");
    read(&text, "1d", &[]).expect("an average is no close");
}

#[test]
fn day_and_month_that_change_places_are_shown_by_the_order() {
    let dates =
        ["29/07/2025", "30/07/2025", "31/07/2025", "04/08/2025", "05/08/2025", "08/06/2025", "08/07/2025"];
    refused(&of(&dates), "1d", &[], "line 7: day and month change places: `08/06/2025` does not go on");
}

#[test]
fn columns_that_are_exchanged() {
    let rows = |header: &str| {
        file(header, 10, |i| format!("2024-01-{:02},10{i},12{i},9{i},11{i},5000{i},9{i}.5", i + 1))
    };
    let read = |header: &str| read(&rows(header), "1d", &[]);
    assert_eq!(read("time,open,high,low,close,volume,note").expect("reads").bars.len(), 10);
    for (header, part) in [
        (
            "time,open,low,high,close,volume,note",
            "give --column open=open --column high=low --column low=high",
        ),
        ("time,open,volume,low,close,high,note", "give --column open=open --column high=volume"),
        ("time,open,high,low,volume,close,vwap", "--column close=volume"),
    ] {
        let e = read(header).map(|got| got.bars).expect_err(header);
        assert!(e.contains(part), "{header}: {e}");
    }
    let adjusted = file("time,open,high,low,close,volume,adj", 10, |i| {
        format!("2024-01-{:02},100,120,90,70,5000,11{i}", i + 1)
    });
    refused(&adjusted, "1d", &[], "give --column close=adj or --column close=close");
    let named = super::read(&adjusted, "1d", &[("csv.columns.close", "close")]).expect("reads");
    assert_eq!((named.bars.len(), named.issues), (10, 10));
}

#[test]
fn whole_prices_of_which_a_few_are_small() {
    let lean = file("20240101 00:00,1102500,1103800,1093700,1099300,100", 300, |i| {
        let price = if i == 250 { 9000 } else { 1_100_000 };
        format!("{} 00:00,{price},{price},{price},{price},100", 20_240_102 + i % 28)
    });
    refused(&lean, "1d", &[], "give --price-decimals 4");
}

#[test]
fn prices_that_stand_there_twice() {
    let rows = |second: &str| {
        let row = |i: usize| format!("2024-01-{:02},101.{i},120,90,110.{i},5000,{second}", i + 1);
        file(&row(0), 9, |i| row(i + 1))
    };
    refused(&rows("101.5,121,91,111,300"), "1d", &[], "columns 7 to 10 look like prices as well");
    assert_eq!(read(&rows("1,0.5,7,2,300"), "1d", &[]).expect("reads").bars.len(), 10);
}

#[test]
fn instruments_in_a_column_of_another_name() {
    let text = file(&format!("Stock Symbol,time,{OHLCV}"), 4, |i| {
        format!("{},2024-01-0{},1,2,0.5,1.5,1", ["A", "B"][i / 2], i + 2)
    });
    refused(&text, "1d", &[], "line 4: the rows are of several instruments: `Stock Symbol` is `B` here");
    // A future is one series, whatever contract it is.
    let contracts = text.replace("Stock Symbol", "contract_symbol");
    assert_eq!(read(&contracts, "1d", &[]).expect("reads").bars.len(), 4);
}

#[test]
fn a_count_unlike_the_others_is_named() {
    let times = ["1704189600", "1704193200", "1704196800000", "1704200400", "1704204000"];
    refused(&of(&times), "1h", &[], "`1704196800000` (line 4) is no plausible time as seconds since 1970");
}
