//! Files with columns that are not read, and change what the times mean.

use super::read;
use super::refused::{OHLCV, refused};

/// Two bars, with a column behind the time.
fn with_column(name: &str, values: [&str; 2]) -> String {
    let row = |minute: usize| format!("2024-01-02 09:3{minute},{},1,2,0.5,1.5,1\n", values[minute]);
    format!("time,{name},{OHLCV}\n{}{}", row(0), row(1))
}

#[test]
fn a_column_of_zones() {
    for (name, value, advice) in [
        ("tz", "America/New_York", "give --timezone America/New_York"),
        ("tz", "+02:00", "give --timezone with the name of their zone"),
        ("zone", "GMT+2", "give --timezone with the name of their zone"),
        ("zone", "CET", "give --timezone CET"),
        ("Gmtoffset", "-18000", "or write the times with their offset"),
        ("utc_offset", "-5", "or write the times with their offset"),
        ("utc_offset", "5.5", "or write the times with their offset"),
        ("tz", "ET", "give --timezone with the name of their zone"),
        ("timezone", "Eastern Standard Time", "give --timezone with the name of their zone"),
    ] {
        let text = with_column(name, [value; 2]);
        refused(&text, "1m", &[], &format!("`{name}` tells the zone of the times, such as `{value}`: "));
        refused(&text, "1m", &[], advice);
        assert!(read(&text, "1m", &[("import.timezone", "Asia/Tokyo")]).is_ok(), "{text}");
    }
    refused(&with_column("offset", ["-05:00", "-04:00"]), "1m", &[], "tells the zone");
    for (name, values) in [
        ("tz", ["UTC"; 2]),
        ("tz", ["+00:00"; 2]),
        ("tz", ["utc", "Etc/GMT"]),
        ("timezone", ["Zulu"; 2]),
        ("Gmtoffset", ["0", "0.0"]),
        ("currency", ["USD"; 2]),
        ("n", ["+5"; 2]),
        ("offset", ["1", "2"]),
        ("zone", ["1", "2"]),
        ("zone", ["GB"; 2]),
        ("ticker", ["MET"; 2]),
        ("clock", ["09:30", "09:31"]),
    ] {
        let text = with_column(name, values);
        assert_eq!(read(&text, "1m", &[]).map(|got| got.bars.len()), Ok(2), "{text}");
    }
    let zoned = with_column("tz", ["America/New_York"; 2])
        .replace(":30,", ":30-05:00,")
        .replace(":31,", ":31-05:00,");
    assert!(read(&zoned, "1m", &[]).is_ok(), "the times name it themselves");
}

#[test]
fn a_column_of_am_and_pm() {
    let text = with_column("half", ["AM", "pm"]);
    refused(&text, "1m", &[], "`half` holds AM and PM");
    refused(&text, "1m", &[("import.timezone", "UTC")], "write them behind the time of day");
    for (time, why) in [("14:31", "a clock of 24 hours"), ("12:31", "the same time by both clocks")] {
        assert!(read(&text.replace("09:31", time), "1m", &[]).is_ok(), "{why}");
    }
}
