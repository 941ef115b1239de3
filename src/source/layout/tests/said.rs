//! What is said of files that are read as they stand, and may be meant otherwise.

use super::{file, read};
use crate::source::reader::{BarReader, ReadOptions};

const HEADER: &str = "time,open,high,low,close,volume";

fn notes(text: &str, timeframe: &str, settings: &[(&'static str, &str)]) -> String {
    read(text, timeframe, settings).expect("a file").notes.join("; ")
}

/// Half-hourly bars from this time of day on, over three days.
fn days(first: u32, zone: &str) -> String {
    file(HEADER, 24, |i| {
        let minute = first + u32::try_from(i % 8).expect("small") * 30;
        format!("2024-01-0{} {:02}:{:02}{zone},1,2,0.5,1.5,1", i / 8 + 2, minute / 60, minute % 60)
    })
}

#[test]
fn times_without_a_zone_are_told() {
    let said = "times name no zone and are read as UTC";
    assert_eq!(notes(&days(14 * 60 + 30, ""), "30m", &[]), format!("{said}: --timezone names another"));
    for opening in ["09:30", "09:15", "10:00"] {
        let (hour, minute) = opening.split_once(':').expect("a clock");
        let first = hour.parse::<u32>().expect("an hour") * 60 + minute.parse::<u32>().expect("a minute");
        let notes = notes(&days(first, ""), "30m", &[]);
        assert!(notes.contains(&format!("but the trading day begins at {opening}")), "{notes}");
    }
    assert_eq!(notes(&days(570, "Z"), "30m", &[]), "");
    for zone in ["America/New_York", "UTC"] {
        assert_eq!(notes(&days(570, ""), "30m", &[("import.timezone", zone)]), "");
    }
    assert_eq!(notes(&days(570, "").replace("time,", "Gmt time,"), "30m", &[]), "");
    // A day that begins at 10:00 once is no trading day.
    let once = file(HEADER, 12, |i| format!("2024-01-02 {:02}:00,1,2,0.5,1.5,1", i + 10));
    assert_eq!(notes(&once, "1h", &[]), format!("{said}: --timezone names another"));
}

#[test]
fn daily_bars_with_a_time_of_day_are_told() {
    let daily = |clock: &str| file(HEADER, 3, |i| format!("2024-01-0{}{clock},1,2,0.5,1.5,1", i + 2));
    assert!(notes(&daily(" 00:00:00+05:30"), "1d", &[]).contains("a time of day (18:30 UTC)"));
    assert!(
        notes(&daily(" 16:00"), "1d", &[]).contains("a time of day (16:00), and are stored at that time")
    );
    for plain in ["", " 00:00", "T00:00:00Z"] {
        assert_eq!(notes(&daily(plain), "1d", &[]), "", "{plain}");
    }
}

#[test]
fn rows_that_are_not_a_timeframe_apart_are_told() {
    let apart = |minutes: usize, rows: usize| {
        file(HEADER, rows, |i| {
            let minute = i * minutes;
            format!(
                "2024-01-{:02}T{:02}:{:02}:00Z,1,2,0.5,1.5,1",
                minute / 1440 + 2,
                minute / 60 % 24,
                minute % 60
            )
        })
    };
    for (minutes, rows, timeframe, want) in [
        (1, 12, "1d", "the rows are 1m apart, and not 1d"),
        (1, 12, "5m", "the rows are 1m apart, and not 5m"),
        (1440, 12, "1m", "the rows are 1d apart, and not 1m"),
        (5, 12, "1m", "the rows are 5m apart, and not 1m"),
        (240, 12, "1h", "the rows are 4h apart, and not 1h"),
        (1440, 12, "12h", ""),
        (1, 9, "1d", ""),
    ] {
        let notes = notes(&apart(minutes, rows), timeframe, &[]);
        assert_eq!(notes.contains(" apart"), !want.is_empty(), "{minutes} {timeframe}: {notes}");
        assert!(notes.contains(want), "{minutes} {timeframe}: {notes}");
    }
}

#[test]
fn parts_of_the_volume_are_none() {
    let text = file("Date,Time,Open,High,Low,Close,Up,Down", 3, |i| {
        format!("01/16/2024,09:3{i},10,12,9,11,500,400")
    });
    let got = read(&text, "1m", &[]).expect("a file");
    assert!(got.bars[0].ends_with(" 11 -"), "{:?}", got.bars);
    assert!(
        got.notes.iter().any(|note| note.contains("`Up` and `Down` are parts of the volume")),
        "{:?}",
        got.notes
    );
}

#[test]
fn numbers_that_are_not_stored_as_they_are_written_are_told() {
    let text = "Date,Open,High,Low,Close,Volume\n2024-01-02,10,12,9,11.12345678901234567,1\n2024-01-03,10,12,9,11,1\n";
    let notes = notes(text, "1d", &[]);
    assert_eq!(
        notes,
        "numbers have more digits than a float64 holds, such as `11.12345678901234567` (line 2), which is stored as \
         11.123456789012346"
    );
}

#[test]
fn an_offset_that_is_not_the_usual_one_is_told() {
    let rows = |odd: &str| {
        let offset = |i: usize| if i == 20 { odd } else { ["-05:00", "-04:00"][i / 15] };
        file(HEADER, 30, |i| format!("2024-03-{:02} 09:30:00{},1,2,0.5,1.5,1", i + 1, offset(i)))
    };
    assert!(
        notes(&rows("+04:00"), "12h", &[])
            .contains("`2024-03-21 09:30:00+04:00` (line 22) has another offset")
    );
    assert!(!notes(&rows("-05:00"), "12h", &[]).contains("offset"));
}

#[test]
fn bars_of_the_future_are_told() {
    let years = |first: usize| file(HEADER, 30, |i| format!("{}-01-02,1,2,0.5,1.5,1", first + i));
    assert!(notes(&years(2090), "1y", &[]).contains("times lie in the future, up to 2119-01-02"));
    assert!(!notes(&years(1990), "1y", &[]).contains("future"));
}

#[test]
fn rows_of_a_longer_timeframe_behind_others_are_told() {
    let rows = |minutes: &dyn Fn(usize) -> usize| {
        file(HEADER, 40, |i| {
            format!("2024-01-02T{:02}:{:02}:00Z,1,2,0.5,1.5,1", minutes(i) / 60, minutes(i) % 60)
        })
    };
    let longer = rows(&|i| if i < 30 { i * 5 } else { 145 + (i - 29) * 30 });
    assert!(
        notes(&longer, "5m", &[])
            .contains("the rows from 2024-01-02T02:25:00Z to 2024-01-02T07:25:00Z are 30m apart, and not 5m")
    );
    // Days without trade do not hide them.
    let date = |day: usize| {
        let day = i64::try_from(day).expect("small");
        jiff::civil::date(2024, 1, 1).saturating_add(jiff::Span::new().days(day))
    };
    let weekly = file(HEADER, 50, |i| {
        let day = if i < 40 { i / 5 * 7 + i % 5 } else { 53 + (i - 39) * 7 };
        format!("{},1,2,0.5,1.5,1", date(day))
    });
    assert!(notes(&weekly, "1d", &[]).contains("are 1w apart, and not 1d"), "{}", notes(&weekly, "1d", &[]));
    // Nor do nights: seven hours a day, from some day on in steps of two.
    let sessions = |from: usize| {
        file(HEADER, 70, |i| {
            let (day, hour) = match i.checked_sub(from) {
                None => (i / 7, i % 7),
                Some(i) => (from / 7 + i / 4, i % 4 * 2),
            };
            format!("{} {:02}:30:00Z,1,2,0.5,1.5,1", date(day), 14 + hour)
        })
    };
    assert!(notes(&sessions(56), "1h", &[]).contains("are 2h apart, and not 1h"));
    assert!(!notes(&sessions(70), "1h", &[]).contains("apart"));
    // Where trade is thin, a few such steps come by chance.
    let thin = rows(&|i| if i < 30 { (i + i / 3) * 5 } else { 190 + (i - 29) * 10 });
    assert!(!notes(&thin, "5m", &[]).contains("apart"));
}

#[test]
fn a_column_that_names_another_symbol_is_told() {
    let text =
        format!("ticker,{HEADER}\nX:BTC/USD,2024-01-02,1,2,0.5,1.5,1\nX:BTC/USD,2024-01-03,1,2,0.5,1.5,1\n");
    let config = crate::config::load(None, &[]).expect("defaults");
    let reader = BarReader::open(text.as_bytes(), "A.csv", &ReadOptions::of(&config), 0).expect("opens");
    let layout = reader.layout().expect("a layout");
    assert_eq!(layout.notes_of("ETHUSD"), ["`ticker` is `X:BTC/USD` in every row, but the series is ETHUSD"]);
    for same in ["BTCUSD", "btc_usd", "BTC"] {
        assert!(layout.notes_of(same).is_empty(), "{same}");
    }
}

#[test]
fn a_volume_whose_name_has_a_unit_is_told() {
    let of = |name: &str| {
        notes(
            &format!("time,open,high,low,close,{name}\n2024-01-02,1,2,0.5,1.5,7\n"),
            "1d",
            &[("csv.columns.volume", "6")],
        )
    };
    for name in ["Volume (000s)", "Volume in thousands", "Vol (M)"] {
        assert!(of(name).contains("volumes are stored as they are written"), "{name}: {}", of(name));
    }
    for name in ["Volume", "000300.volume", "Slots"] {
        assert!(!of(name).contains("as they are written"), "{name}: {}", of(name));
    }
}

#[test]
fn a_row_number_is_no_volume() {
    let of = |number: &dyn Fn(usize) -> usize| {
        read(
            &file("time,open,high,low,close,i", 4, |i| {
                format!("2024-01-0{},1,2,0.5,1.5,{}", i + 2, number(i))
            }),
            "1d",
            &[],
        )
    };
    assert!(of(&|i| i + 1).expect("reads").bars.iter().all(|bar| bar.ends_with(" -")));
    assert!(of(&|i| 700 + i * i).is_err_and(|e| e.contains("give --column volume=i")));
}

#[test]
fn an_adjusted_close_that_stands_for_the_close_is_told() {
    let rows = |adjusted: &str| {
        file("time,open,high,low,adj close,volume", 5, |i| format!("2024-01-0{},10,12,9,{adjusted},1", i + 1))
    };
    let scaled = "close from `adj close`, which has another scale than open, high and low";
    assert!(notes(&rows("5.5"), "1d", &[]).contains(scaled));
    let within = notes(&rows("11"), "1d", &[]);
    assert!(within.contains("close from `adj close`") && !within.contains("scale"), "{within}");
}
