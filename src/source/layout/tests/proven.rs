//! Files whose name and rows prove a preset, which sets the zone of their times.

use super::read_named;
use crate::source::reader::ReadOptions;

const HISTDATA: &str =
    "20240702 170000;1.10427;1.10440;1.10420;1.10429;0\n20240702 170100;1.10429;1.10450;1.10400;1.10420;0\n";
const VANTAGE: &str = "timestamp,open,high,low,close,volume\n2024-07-16 19:55:00,1,2,0.5,1.5,10\n2024-07-16 19:50:00,1,2,0.5,1.5,10\n";

#[test]
fn the_zone_is_that_of_the_preset() {
    let name = "DAT_ASCII_EURUSD_M1_202407.csv";
    // Without daylight saving, in summer too.
    let got = read_named(name, HISTDATA, "1m", &[]).expect("a file");
    assert_eq!(got.times(), ["2024-07-02T22:00:00Z", "2024-07-02T22:01:00Z"]);
    let note = got.notes.last().expect("a note");
    assert!(note.contains("Etc/GMT+5") && note.contains("histdata") && note.contains("--timezone"), "{note}");
    // With daylight saving.
    let got = read_named("intraday_5min_IBM.csv", VANTAGE, "5m", &[]).expect("a file");
    assert_eq!(got.times(), ["2024-07-16T23:50:00Z", "2024-07-16T23:55:00Z"]);
}

#[test]
fn a_zone_that_is_set_counts_whatever_the_file_proves() {
    let name = "DAT_ASCII_EURUSD_M1_202407.csv";
    for (settings, first) in [
        (&[("import.timezone", "UTC")][..], "2024-07-02T17:00:00Z"),
        (&[("import.timezone", "Asia/Tokyo")], "2024-07-02T08:00:00Z"),
        (&[("import.preset", "ninjatrader")], "2024-07-02T17:00:00Z"),
        // Not set.
        (&[("import.timezone", "")], "2024-07-02T22:00:00Z"),
        (&[("import.preset", "backtrader"), ("csv.delimiter", ";")], "2024-07-02T22:00:00Z"),
    ] {
        let got = read_named(name, HISTDATA, "1m", settings).expect("a file");
        assert_eq!(got.times()[0], first, "{settings:?}");
        let is_told = got.notes.iter().any(|note| note.contains("histdata"));
        assert_eq!(is_told, first.contains("22:00"), "{:?}", got.notes);
    }
}

#[test]
fn a_name_alone_or_rows_alone_prove_nothing() {
    let utc = HISTDATA.replace("20240702 17", "2024-07-02 17:").replace("00;", ";");
    for (name, text) in
        [("EURUSD_1m.csv", HISTDATA), ("DAT_ASCII_EURUSD_M1_202407.csv", &utc), ("IBM.csv", VANTAGE)]
    {
        let got = read_named(name, text, "1m", &[]).expect(name);
        assert!(got.times()[0].contains("T17:00") || got.times()[0].contains("T19:50"), "{:?}", got.times());
        assert!(got.notes.iter().all(|note| !note.contains("preset")), "{:?}", got.notes);
    }
}

#[test]
fn files_are_known_again_by_the_zone_that_they_may_be_read_in() {
    let options = |settings: &[_]| {
        let config = crate::config::load(None, settings).expect("settings");
        ReadOptions::of(&config)
    };
    let (not_set, utc) = (options(&[]), options(&[("import.timezone", "UTC".to_owned())]));
    let (proven, usual) = ("a/DAT_MT_EURUSD_M1_202407.csv", "a/EURUSD_1m.csv");
    // As earlier versions, which always named a zone.
    assert_eq!(not_set.to_be_hashed(usual), utc);
    assert_eq!(utc.to_be_hashed(proven), utc);
    assert_ne!(not_set.to_be_hashed(proven), utc);
    assert_eq!((not_set.zone_by_name(usual), not_set.zone_by_name(proven)), (Some("UTC"), None));
    assert_eq!(utc.zone_by_name(proven), Some("UTC"));
    let zones: Vec<String> = not_set.zones().into_iter().map(|(zone, _)| zone).collect();
    assert_eq!(zones, ["UTC", "America/New_York", "Etc/GMT+5", "Etc/GMT+5"]);
    assert_eq!(utc.zones(), [("UTC".to_owned(), utc.clone())]);
}
