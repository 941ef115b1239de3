//! Files that are read.

use super::{file, read};

/// Text, timeframe, settings, the bars, and a part of the notes.
struct Case {
    text: &'static str,
    timeframe: &'static str,
    settings: &'static [(&'static str, &'static str)],
    bars: &'static [&'static str],
    note: &'static str,
}

const fn case(text: &'static str, timeframe: &'static str, bars: &'static [&'static str]) -> Case {
    Case { text, timeframe, settings: &[], bars, note: "" }
}

impl Case {
    const fn with(mut self, settings: &'static [(&'static str, &'static str)]) -> Self {
        self.settings = settings;
        self
    }

    const fn noting(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}

fn check(cases: &[Case]) {
    for case in cases {
        let got =
            read(case.text, case.timeframe, case.settings).unwrap_or_else(|e| panic!("{}\n{e}", case.text));
        assert_eq!(got.bars, case.bars, "{}\n{:?}", case.text, got.rejected);
        assert!(got.notes.join("; ").contains(case.note), "{}\n{:?}", case.text, got.notes);
    }
}

#[test]
fn numbers_that_are_times_are_read_as_the_whole_column_means_them() {
    check(&[
        case(
            "datetime,open,high,low,close,volume\n202603020930,410.10,410.55,409.90,410.40,1200\n\
             202603020931,410.40,411.00,410.35,410.90,950\n202603020932,410.90,411.20,410.60,411.15,1010\n",
            "1m",
            &[
                "2026-03-02T09:30:00Z 410.1 410.55 409.9 410.4 1200",
                "2026-03-02T09:31:00Z 410.4 411 410.35 410.9 950",
                "2026-03-02T09:32:00Z 410.9 411.2 410.6 411.15 1010",
            ],
        ),
        case(
            "datetime,open,high,low,close,volume\n20260302093000,1,2,0.5,1.5,1\n20260302093100,1,2,0.5,1.5,2\n",
            "1m",
            &["2026-03-02T09:30:00Z 1 2 0.5 1.5 1", "2026-03-02T09:31:00Z 1 2 0.5 1.5 2"],
        ),
        case(
            "date,open,high,low,close,volume\n-126230400000,80.10,80.90,79.80,80.50,1000\n\
             -86400000,91.90,92.40,91.60,92.10,1000\n86400000,92.30,93.10,92.00,92.90,1000\n\
             172800000,92.90,93.40,92.50,93.00,1000\n94694400000,118.00,119.10,117.60,118.90,1000\n\
             100051200000,111.00,112.10,110.60,111.90,1000\n1772409600000,6800.0,6850.0,6790.0,6841.0,1000\n",
            "1d",
            &[
                "1966-01-01T00:00:00Z 80.1 80.9 79.8 80.5 1000",
                "1969-12-31T00:00:00Z 91.9 92.4 91.6 92.1 1000",
                "1970-01-02T00:00:00Z 92.3 93.1 92 92.9 1000",
                "1970-01-03T00:00:00Z 92.9 93.4 92.5 93 1000",
                "1973-01-01T00:00:00Z 118 119.1 117.6 118.9 1000",
                "1973-03-04T00:00:00Z 111 112.1 110.6 111.9 1000",
                "2026-03-02T00:00:00Z 6800 6850 6790 6841 1000",
            ],
        )
        .noting("times are milliseconds since 1970"),
        case(
            "date,open,high,low,close,volume\n20260302.0,10.1,10.4,10.0,10.2,1200\n20260303.0,10.2,10.5,10.1,10.4,1300\n",
            "1d",
            &["2026-03-02T00:00:00Z 10.1 10.4 10 10.2 1200", "2026-03-03T00:00:00Z 10.2 10.5 10.1 10.4 1300"],
        ),
        // Two counts 500 days apart: seconds, and not milliseconds of January 1970.
        case(
            "time,open,high,low,close,volume\n1000000000,1,2,0.5,1.5,1\n1043200000,1,2,0.5,1.5,2\n",
            "1d",
            &["2001-09-09T01:46:40Z 1 2 0.5 1.5 1", "2003-01-22T01:46:40Z 1 2 0.5 1.5 2"],
        ),
        // A single row, and the days before 1970.
        case(
            "time,open,high,low,close,volume\n1772409600,1,2,0.5,1.5,1\n",
            "1h",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1"],
        ),
        case(
            "time,open,high,low,close,volume\n-604800000,1,2,0.5,1.5,1\n-604713600,1,2,0.5,1.5,2\n",
            "1d",
            &["1950-11-02T00:00:00Z 1 2 0.5 1.5 1", "1950-11-03T00:00:00Z 1 2 0.5 1.5 2"],
        ),
    ]);
}

#[test]
fn one_odd_count_is_a_rejected_row() {
    let text = file("time,open,high,low,close,volume", 40, |i| match i {
        7 => "17724096001,1,2,0.5,1.5,1".into(),
        9 => "1772409600.1234567,1,2,0.5,1.5,1".into(),
        i => format!("{},1,2,0.5,1.5,1", 1_772_409_600 + i * 60),
    });
    let got = read(&text, "1m", &[]).expect("read");
    assert_eq!((got.bars.len(), got.rejected.len()), (38, 2), "{:?}", got.rejected);
}

#[test]
fn the_time_is_the_column_that_has_times() {
    check(&[
        case(
            ",Gmt time,Open,High,Low,Close,Volume\n0,02.03.2026 00:00:00.000,19.8811,19.9034,19.8702,19.8954,812.31\n\
             1,02.03.2026 01:00:00.000,19.8954,19.9120,19.8890,19.9077,640.02\n\
             2,13.03.2026 02:00:00.000,19.9077,19.9155,19.8999,19.9012,701.44\n",
            "1h",
            &[
                "2026-03-02T00:00:00Z 19.8811 19.9034 19.8702 19.8954 812.31",
                "2026-03-02T01:00:00Z 19.8954 19.912 19.889 19.9077 640.02",
                "2026-03-13T02:00:00Z 19.9077 19.9155 19.8999 19.9012 701.44",
            ],
        )
        .noting("(line 4, `13.03.2026 02:00:00.000`, can be read no other way)"),
        case(
            ",ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n\
             0,000901.XX,20260303,9.19,9.22,9.15,9.20,9.21,-0.01,-0.11,733610.31,673673.6\n\
             1,000901.XX,20260302,9.39,9.42,9.21,9.21,9.39,-0.18,-1.92,1158366.45,1075742.3\n",
            "1d",
            &[
                "2026-03-02T00:00:00Z 9.39 9.42 9.21 9.21 1158366.45",
                "2026-03-03T00:00:00Z 9.19 9.22 9.15 9.2 733610.31",
            ],
        ),
        case(
            "Ticker,Date/Time,Open,High,Low,Close,Volume\nAMIX,2026-03-02 09:15:00,100,101,99,100.5,500\n\
             AMIX,2026-03-02 09:20:00,100.5,101.5,100,101,450\n",
            "5m",
            &["2026-03-02T09:15:00Z 100 101 99 100.5 500", "2026-03-02T09:20:00Z 100.5 101.5 100 101 450"],
        ),
        // R's timeSeries calls the column so.
        case(
            "\"%Y-%m-%d\";Open;High;Low;Close;Volume\n2000-09-27;63.4375;63.5625;59.8125;60.625;53077800\n\
             2000-09-26;63;64;62;63.5;100\n",
            "1d",
            &["2000-09-26T00:00:00Z 63 64 62 63.5 100", "2000-09-27T00:00:00Z 63.4375 63.5625 59.8125 60.625 53077800"],
        ),
        // A closing time is no opening time.
        case(
            "close_time,idx,open,high,low,close,volume,stamp\n1772413199,0,1,2,0.5,1.5,1,2026-03-02 00:00\n\
             1772416799,1,1,2,0.5,1.5,2,2026-03-02 01:00\n",
            "1h",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1", "2026-03-02T01:00:00Z 1 2 0.5 1.5 2"],
        ),
        // Seconds beside a local date: what names its zone.
        case(
            "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n\
             1772413200,2026-03-02 01:00:00,BTC/USD,1,2,0.5,1.5,7,700\n1772409600,2026-03-02 00:00:00,BTC/USD,1,2,0.5,1.5,8,800\n",
            "1h",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 8", "2026-03-02T01:00:00Z 1 2 0.5 1.5 7"],
        )
        .noting("volume from `Volume BTC`"),
    ]);
}

#[test]
fn a_date_and_a_time_of_day_go_together() {
    check(&[
        case(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n\
             2026.03.02\t00:00:00\t7.41230\t7.41510\t7.40980\t7.41300\t1840\t0\t12\n\
             2026.03.02\t01:00:00\t7.41310\t7.41700\t7.41200\t7.41650\t2211\t0\t11\n",
            "1h",
            &[
                "2026-03-02T00:00:00Z 7.4123 7.4151 7.4098 7.413 1840",
                "2026-03-02T01:00:00Z 7.4131 7.417 7.412 7.4165 2211",
            ],
        )
        .noting("volume from `<TICKVOL>`, as `<VOL>` has no value but 0"),
        case(
            "date,time,open,high,low,close,volume\n20260302,95800000,10.01,10.02,10.00,10.01,500\n\
             20260302,95900000,10.01,10.03,10.01,10.02,600\n20260302,100000000,10.02,10.04,10.01,10.03,700\n",
            "1m",
            &[
                "2026-03-02T09:58:00Z 10.01 10.02 10 10.01 500",
                "2026-03-02T09:59:00Z 10.01 10.03 10.01 10.02 600",
                "2026-03-02T10:00:00Z 10.02 10.04 10.01 10.03 700",
            ],
        ),
        case(
            "Date,Timestamp,Open,High,Low,Close,Volume\n20260302,00:00:00,1.2601,1.2604,1.2600,1.2603,55\n\
             20260302,00:01:00,1.2603,1.2605,1.2602,1.2604,41\n",
            "1m",
            &[
                "2026-03-02T00:00:00Z 1.2601 1.2604 1.26 1.2603 55",
                "2026-03-02T00:01:00Z 1.2603 1.2605 1.2602 1.2604 41",
            ],
        ),
        case(
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
             ABCX.US,5,20260302,153500,44.10,44.85,43.90,44.60,8100,0\n\
             ABCX.US,5,20260302,154000,44.65,45.40,44.50,45.25,9120,0\n",
            "5m",
            &[
                "2026-03-02T15:35:00Z 44.1 44.85 43.9 44.6 8100",
                "2026-03-02T15:40:00Z 44.65 45.4 44.5 45.25 9120",
            ],
        ),
        // Seconds in a column that is called time are no time of day.
        case(
            "date,time,open,high,low,close,volume\n2026-03-02,1772409600,1,2,0.5,1.5,1\n2026-03-02,1772413200,1,2,0.5,1.5,2\n",
            "1h",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1", "2026-03-02T01:00:00Z 1 2 0.5 1.5 2"],
        ),
        case(
            "trade_date,trade_time,open,high,low,close,vol\n20260302,930,1,2,0.5,1.5,1\n20260302,1000,1,2,0.5,1.5,2\n",
            "30m",
            &["2026-03-02T09:30:00Z 1 2 0.5 1.5 1", "2026-03-02T10:00:00Z 1 2 0.5 1.5 2"],
        ),
    ]);
}

#[test]
fn dates_are_read_in_the_order_that_the_file_proves() {
    check(&[
        case(
            "Date,Open,High,Low,Close,Volume\n02/03/2026,10.1,10.4,10.0,10.3,1000\n03/03/2026,10.3,10.5,10.2,10.4,1100\n\
             13/03/2026,10.9,11.1,10.8,11.0,1200\n",
            "1d",
            &[
                "2026-03-02T00:00:00Z 10.1 10.4 10 10.3 1000",
                "2026-03-03T00:00:00Z 10.3 10.5 10.2 10.4 1100",
                "2026-03-13T00:00:00Z 10.9 11.1 10.8 11 1200",
            ],
        ),
        case(
            "Date,Open,High,Low,Close,Volume\n2024-01-12,1,2,0.5,1.5,1\n2024-15-01,1,2,0.5,1.5,2\n",
            "1d",
            &["2024-01-15T00:00:00Z 1 2 0.5 1.5 2", "2024-12-01T00:00:00Z 1 2 0.5 1.5 1"],
        ),
        case(
            "Date,Open,High,Low,Close,Volume\n2024-01-02 9:30,1,2,0.5,1.5,1\n2024-01-02 10:30,1,2,0.5,1.5,2\n",
            "1h",
            &["2024-01-02T09:30:00Z 1 2 0.5 1.5 1", "2024-01-02T10:30:00Z 1 2 0.5 1.5 2"],
        ),
        case(
            "date,open,high,low,close,volume\n20260302 09:30:00 US/Eastern,1,2,0.5,1.5,1\n\
             20260310 09:30:00 US/Eastern,1,2,0.5,1.5,2\n",
            "1h",
            &["2026-03-02T14:30:00Z 1 2 0.5 1.5 1", "2026-03-10T13:30:00Z 1 2 0.5 1.5 2"],
        ),
    ]);
    // The order shows late in the file.
    let text = file("Date,Open,High,Low,Close,Volume", 3000, |i| {
        format!("{:02}/01/2024 {:02}:{:02},1,2,0.5,1.5,1", 1 + i / 200, i % 200 / 60, i % 200 % 60)
    });
    let got = read(&text, "1m", &[]).expect("read");
    assert_eq!((got.bars.len(), got.times()[2999]), (3000, "2024-01-15T03:19:00Z"), "{:?}", got.rejected);
}

#[test]
fn files_of_one_folder_may_differ() {
    let month_first = case(
        "Time,Open,High,Low,Last,Change,%Chg,Volume\n04/14/2025 13:00,0.6100,0.6120,0.6090,0.6110,0.0010,+0.16%,540\n\
         04/14/2025 12:00,0.6090,0.6105,0.6080,0.6100,0.0010,+0.16%,510\n\
         \"Downloaded from an example site as of 04-15-2025 01:00pm CDT\"\n",
        "1h",
        &["2025-04-14T12:00:00Z 0.609 0.6105 0.608 0.61 510", "2025-04-14T13:00:00Z 0.61 0.612 0.609 0.611 540"],
    )
    .noting("close from `Last`");
    let iso = case(
        "Time,Open,High,Low,Latest,Change,%Change,Volume\n\"2026-03-02 13:00\",0.6100,0.6120,0.6090,0.6110,0.0010,0.16%,540\n\
         \"2026-03-02 12:00\",0.6090,0.6105,0.6080,0.6100,0.0010,0.16%,510\n\
         \"Downloaded from an example site as of 03-03-2026 01:00pm CST\"\n",
        "1h",
        &[
            "2026-03-02T12:00:00Z 0.609 0.6105 0.608 0.61 510",
            "2026-03-02T13:00:00Z 0.61 0.612 0.609 0.611 540",
        ],
    );
    let format: &[_] = &[("csv.time_format", "%m/%d/%Y %H:%M")];
    let given = Case { settings: format, ..case(iso.text, iso.timeframe, iso.bars) };
    check(&[month_first, iso, given]);
}

#[test]
fn what_stands_before_the_data_is_passed_over() {
    check(&[
        case(
            "Data provided for personal use only; see terms at www.example.com\n\
             Trade Date,Open,High,Low,Close,Total Volume,Open Interest\n2026-03-02,19.10,19.85,18.90,19.60,8100,40200\n\
             2026-03-03,19.65,20.40,19.50,20.25,9120,40110\n",
            "1d",
            &["2026-03-02T00:00:00Z 19.1 19.85 18.9 19.6 8100", "2026-03-03T00:00:00Z 19.65 20.4 19.5 20.25 9120"],
        )
        .noting("passed over line 1 before the header: `Data provided"),
        case(
            "sep=;\nDate;Open;High;Low;Close;Volume\n2026-03-02;19.10;19.85;18.90;19.60;8100\n",
            "1d",
            &["2026-03-02T00:00:00Z 19.1 19.85 18.9 19.6 8100"],
        ),
        case(
            "Price,Close,High,Low,Open,Volume\nTicker,YFNX,YFNX,YFNX,YFNX,YFNX\nDate,,,,,\n\
             2026-03-02,61.5291,61.9965,60.2974,61.0105,8000100\n2026-03-03,62.1034,62.4010,61.1110,61.6002,7550400\n",
            "1d",
            &[
                "2026-03-02T00:00:00Z 61.0105 61.9965 60.2974 61.5291 8000100",
                "2026-03-03T00:00:00Z 61.6002 62.401 61.111 62.1034 7550400",
            ],
        ),
        case(
            "# made by a program\n#Date,Open,High,Low,Close,Volume\n2026-03-02,1,2,0.5,1.5,1\n",
            "1d",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1"],
        ),
        // R's write.table gives no name to the rows' names, and write.zoo separates with blanks.
        case(
            "Open,High,Low,Close,Volume\n2026-03-02,1,2,0.5,1.5,1\n2026-03-03,1,2,0.5,1.5,2\n",
            "1d",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1", "2026-03-03T00:00:00Z 1 2 0.5 1.5 2"],
        ),
        case(
            "\"Index\" \"Open\" \"High\" \"Low\" \"Close\"\n2026-03-02 44.13 45 42.88 43.38\n2026-03-03 43 45 42.88 43.38\n",
            "1d",
            &["2026-03-02T00:00:00Z 44.13 45 42.88 43.38 -", "2026-03-03T00:00:00Z 43 45 42.88 43.38 -"],
        ),
        // A delimiter at the end of each row.
        case(
            "date,open,high,low,close,volume\n2026-03-02,10,11,9,10.5,5,\n2026-03-03,10.5,11,10,10.7,6,\n",
            "1d",
            &["2026-03-02T00:00:00Z 10 11 9 10.5 5", "2026-03-03T00:00:00Z 10.5 11 10 10.7 6"],
        ),
    ]);
}

#[test]
fn a_file_without_a_header_is_read_if_its_values_prove_the_columns() {
    check(&[
        // Kraken, Binance, HistData, MetaTrader 4, Kibot.
        case(
            "1772409600,0.5102,0.5144,0.5090,0.5131,18220.55,140\n1772413200,0.5131,0.5160,0.5120,0.5155,20110.10,161\n",
            "1h",
            &["2026-03-02T00:00:00Z 0.5102 0.5144 0.509 0.5131 18220.55", "2026-03-02T01:00:00Z 0.5131 0.516 0.512 0.5155 20110.1"],
        )
        .noting("no header: columns are time 1, open 2, high 3, low 4, close 5, volume 6"),
        case(
            "1772409600000000,0.51,0.52,0.50,0.515,18.5,1772413199999999,9.4,14,7.1,3.6,0\n\
             1772413200000000,0.515,0.53,0.51,0.52,28.5,1772416799999999,9.4,14,7.1,3.6,0\n",
            "1h",
            &["2026-03-02T00:00:00Z 0.51 0.52 0.5 0.515 18.5", "2026-03-02T01:00:00Z 0.515 0.53 0.51 0.52 28.5"],
        ),
        case(
            "20260302 170000;1.306600;1.306600;1.306560;1.306560;0\n20260302 170100;1.306570;1.306580;1.306530;1.306560;0\n",
            "1m",
            &["2026-03-02T17:00:00Z 1.3066 1.3066 1.30656 1.30656 0", "2026-03-02T17:01:00Z 1.30657 1.30658 1.30653 1.30656 0"],
        ),
        case(
            "2026.03.02,00:00,1.30660,1.30670,1.30650,1.30656,81\n2026.03.02,00:01,1.30657,1.30668,1.30653,1.30656,90\n",
            "1m",
            &["2026-03-02T00:00:00Z 1.3066 1.3067 1.3065 1.30656 81", "2026-03-02T00:01:00Z 1.30657 1.30668 1.30653 1.30656 90"],
        ),
        case(
            "03/13/2026,09:30,10.1,10.4,10.0,10.3,1000\n03/13/2026,09:31,10.3,10.5,10.2,10.4,1100\n",
            "1m",
            &["2026-03-13T09:30:00Z 10.1 10.4 10 10.3 1000", "2026-03-13T09:31:00Z 10.3 10.5 10.2 10.4 1100"],
        ),
        case(
            "2026-03-02;1,5;2,5;0,5;2,0;100\n2026-03-03;1,5;2,5;0,5;2,0;100\n",
            "1d",
            &["2026-03-02T00:00:00Z 1.5 2.5 0.5 2 100", "2026-03-03T00:00:00Z 1.5 2.5 0.5 2 100"],
        ),
    ]);
}

#[test]
fn columns_that_are_named_by_number_make_no_header() {
    let settings: &[_] = &[
        ("csv.columns.time", "1"),
        ("csv.columns.open", "2"),
        ("csv.columns.close", "3"),
        ("csv.columns.high", "4"),
        ("csv.columns.low", "5"),
        ("csv.columns.volume", "6"),
    ];
    check(&[
        case(
            "1704067200000,100,101,103,99,5.5\n1704070800000,101,102,104,100,5.5\n",
            "1h",
            &["2024-01-01T00:00:00Z 100 103 99 101 5.5", "2024-01-01T01:00:00Z 101 104 100 102 5.5"],
        )
        .with(settings),
        // pandas numbers columns without names.
        case(
            "0,1,2,3,4,5,6\n1704067200000,100,103,99,101,5.5,9\n1704070800000,101,104,100,102,5.5,7\n",
            "1h",
            &["2024-01-01T00:00:00Z 100 103 99 101 5.5", "2024-01-01T01:00:00Z 101 104 100 102 5.5"],
        ),
        case(
            "Date,Open,High,Low,Close,Volume,\n2024-01-02,10,12,9,11,5\n2024-01-03,10,12,9,11,6\n",
            "1d",
            &["2024-01-02T00:00:00Z 10 12 9 11 5", "2024-01-03T00:00:00Z 10 12 9 11 6"],
        ),
        case(
            "\"Open\" \"High\" \"Low\" \"Close\" \"Volume\"\n\"2024-01-02\" 10 12 9 11 5\n",
            "1d",
            &["2024-01-02T00:00:00Z 10 12 9 11 5"],
        ),
        case(
            "Date;Open;High;Low;Close;Vol.;Change %\n2024-01-02;9.250;9.300;9.200;9.250;45M;\"0,54%\"\n",
            "1d",
            &["2024-01-02T00:00:00Z 9250 9300 9200 9250 45000000"],
        ),
    ]);
}

#[test]
fn numbers_are_read_as_their_file_proves() {
    check(&[
        case(
            "Date,Open,High,Low,Close,Volume\n2026-02-27,985,998,980,995,812.400\n2026-03-02,1.000,1.015,995,1.005,1.204.500\n\
             2026-03-03,1.005,1.030,1.000,1.025,950.100\n",
            "1d",
            &[
                "2026-02-27T00:00:00Z 985 998 980 995 812400",
                "2026-03-02T00:00:00Z 1000 1015 995 1005 1204500",
                "2026-03-03T00:00:00Z 1005 1030 1000 1025 950100",
            ],
        )
        .noting("numbers have a decimal comma and `.` between thousands"),
        case(
            "\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n\
             \"03/13/2026\",\"26,046.00\",\"25,944.00\",\"26,086.00\",\"25,876.00\",\"190.65K\",\"0.40%\"\n\
             \"03/12/2026\",\"25,941.00\",\"26,084.00\",\"26,149.00\",\"25,912.00\",\"-\",\"-0.60%\"\n",
            "1d",
            &["2026-03-12T00:00:00Z 26084 26149 25912 25941 -", "2026-03-13T00:00:00Z 25944 26086 25876 26046 190650"],
        )
        .noting("close from `Price`"),
        case(
            "Date,Close/Last,Volume,Open,High,Low\n03/13/2026,$61.52,8000100,$61.01,$61.99,$60.29\n\
             03/12/2026,$61.10,7100200,$60.40,$61.30,$60.22\n",
            "1d",
            &["2026-03-12T00:00:00Z 60.4 61.3 60.22 61.1 7100200", "2026-03-13T00:00:00Z 61.01 61.99 60.29 61.52 8000100"],
        ),
    ]);
}

#[test]
fn a_volume_may_be_unknown() {
    check(&[
        case(
            "Date,Open,High,Low,Close,Volume\n2026-03-02,643.1,643.2,643.0,643.15,\n2026-03-03,643.15,643.3,643.1,643.25,N/A\n",
            "1d",
            &["2026-03-02T00:00:00Z 643.1 643.2 643 643.15 -", "2026-03-03T00:00:00Z 643.15 643.3 643.1 643.25 -"],
        ),
        case(
            "datetime,open,high,low,close\n2026-03-02T00:00:00Z,43.1,43.2,43.0,43.15\n2026-03-02T01:00:00Z,43.15,43.3,43.1,43.25\n",
            "1h",
            &["2026-03-02T00:00:00Z 43.1 43.2 43 43.15 -", "2026-03-02T01:00:00Z 43.15 43.3 43.1 43.25 -"],
        )
        .noting("volume is unknown: no column has it"),
        case(
            "\"\",\"Open\",\"High\",\"Low\",\"Close\"\n\"2026-03-02\",50.03978,50.11778,49.95041,50.11778\n",
            "1d",
            &["2026-03-02T00:00:00Z 50.03978 50.11778 49.95041 50.11778 -"],
        ),
        // Said to be none, it hides no volume that is known.
        case(
            "date,open,high,low,close,volume\n2026-03-02,1,2,0.5,1.5,7\n",
            "1d",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 7"],
        )
        .with(&[("csv.columns.volume", "none")]),
        case(
            "date,open,high,low,close,Umsatz\n2026-03-02,1,2,0.5,1.5,7\n",
            "1d",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 -"],
        )
        .with(&[("csv.columns.volume", "none")]),
        case(
            "2026-03-02,1,2,0.5,1.5\n",
            "1d",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 -"],
        ),
    ]);
}

#[test]
fn an_hour_that_comes_twice_is_told_by_the_order_of_the_rows() {
    let settings: &[_] = &[("import.timezone", "America/New_York")];
    let rows = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"];
    let instants = ["04:30", "05:00", "05:30", "06:00", "06:30", "07:00"];
    for newest_first in [false, true] {
        let mut times: Vec<String> = rows.iter().map(|clock| format!("2025-11-02 {clock}:00")).collect();
        // What comes first tells the direction.
        times.insert(0, "2025-11-02 00:00:00".into());
        times.push("2025-11-02 02:30:00".into());
        if newest_first {
            times.reverse();
        }
        let text = file("timestamp,open,high,low,close,volume", times.len(), |i| {
            format!("{},1,2,0.5,1.5,{i}", times[i])
        });
        let got = read(&text, "30m", settings).expect("read");
        let want: Vec<String> = instants.iter().map(|clock| format!("2025-11-02T{clock}:00Z")).collect();
        assert_eq!(got.times()[1..7], want, "{:?}", got.rejected);
    }
    // Behind a hole, nothing tells.
    let text = "timestamp,open,high,low,close,volume\n2025-10-31 15:00,1,2,0.5,1.5,1\n2025-10-31 15:30,1,2,0.5,1.5,1\n\
                2025-11-02 01:30,1,2,0.5,1.5,1\n";
    assert_eq!(read(text, "30m", settings).expect("read").rejected.len(), 1);
}

#[test]
fn a_placeholder_is_no_bar() {
    let text = "Date,Open,High,Low,Close,Volume\n2026-03-16,15.45,15.90,15.30,15.80,91000\n\
                2026-03-17,0.00,0.00,0.00,0.00,-9223372036854775808\n";
    let got = read(text, "1d", &[]).expect("read");
    assert_eq!(
        (got.bars.len(), got.rejected),
        (1, vec!["3: all prices are 0, and there is no volume".to_owned()])
    );
}

#[test]
fn whole_prices_are_asked_for_their_decimals() {
    let databento = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n\
        1772409600000000000,35,1,5482,4783500000000,4790250000000,4780000000000,4789750000000,1200,ESH6\n";
    let lean = "20260302 00:00,1871500,1884400,1838800,1856400,82488700\n20260303 00:00,1842500,1858800,1834300,1842200,58414500\n";
    for (text, flag) in [(databento, "--price-decimals 9"), (lean, "--price-decimals 4")] {
        let e = read(text, "1d", &[]).err().expect("refused");
        assert!(e.contains(flag), "{e}");
    }
    let got = read(databento, "1d", &[("csv.price_decimals", "9")]).expect("read");
    assert_eq!(got.bars, ["2026-03-02T00:00:00Z 4783.5 4790.25 4780 4789.75 1200"]);
    let got = read(lean, "1d", &[("csv.price_decimals", "4")]).expect("read");
    assert_eq!(got.bars[0], "2026-03-02T00:00:00Z 187.15 188.44 183.88 185.64 82488700");
    assert!(read(lean, "1d", &[("csv.price_decimals", "0")]).is_ok());
}

#[test]
fn a_bare_date_of_daily_bars_is_a_day_of_the_calendar() {
    let settings: &[_] = &[("import.timezone", "Asia/Kolkata")];
    check(&[
        case(
            "date,open,high,low,close,volume\n2026-03-02 09:15:00,1,2,0.5,1.5,1\n",
            "15m",
            &["2026-03-02T03:45:00Z 1 2 0.5 1.5 1"],
        )
        .with(settings),
        case(
            "date,open,high,low,close,volume\n2026-03-02,1,2,0.5,1.5,1\n",
            "1d",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1"],
        )
        .with(settings),
        case(
            "date,open,high,low,close,volume\n20260302,1,2,0.5,1.5,1\n",
            "daily",
            &["2026-03-02T00:00:00Z 1 2 0.5 1.5 1"],
        )
        .with(settings),
    ]);
}

#[test]
fn a_month_is_its_first_day() {
    for (first, second) in [("2024-01", "2024-02"), ("2024/01", "2024/02"), ("Jan 2024", "Feb 2024")] {
        let text =
            format!("date,open,high,low,close,volume\n{first},1,2,0.5,1.5,1\n{second},1.5,2.5,1,2,3\n");
        let got = read(&text, "1mo", &[]).expect(first);
        assert_eq!(got.times(), ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"], "{first}");
    }
}

#[test]
fn a_header_that_comes_again_decides_nothing() {
    let header = "Date,Ticker,Open,High,Low,Close,Volume";
    let text = format!("{header}\n13/01/2024,X,1,2,0.5,1.5,1\n{header}\n14/01/2024,X,1,2,0.5,1.5,2\n");
    let got = read(&text, "1d", &[]).expect("a file");
    assert_eq!(got.times(), ["2024-01-13T00:00:00Z", "2024-01-14T00:00:00Z"]);
    assert_eq!(got.rejected, ["3: repeats the header"]);
}

#[test]
fn minutes_of_the_first_hour_are_times_of_day() {
    let text = file("date,time,open,high,low,close,volume", 40, |i| format!("20240102,{i},1,2,0.5,1.5,1"));
    let got = read(&text, "1m", &[]).expect("a file");
    assert_eq!((got.times()[0], got.times()[39]), ("2024-01-02T00:00:00Z", "2024-01-02T00:39:00Z"));
}

#[test]
fn blanks_between_thousands_leave_the_comma_for_decimals() {
    check(&[case(
        "date;open;high;low;close;volume\n2024-01-02;234,567;240,500;230,250;235,125;1 100\n",
        "1d",
        &["2024-01-02T00:00:00Z 234.567 240.5 230.25 235.125 1100"],
    )]);
}

#[test]
fn a_price_is_not_asked_about_as_a_volume() {
    check(&[case(
        "date,open,high,low,close,mid\n2024-01-02,1,2,0.5,1.5,1000\n2024-01-03,1,2,0.5,1.5,2000\n",
        "1d",
        &["2024-01-02T00:00:00Z 1 2 0.5 1.5 -", "2024-01-03T00:00:00Z 1 2 0.5 1.5 -"],
    )]);
}

#[test]
fn counts_under_a_name_that_says_utc_are_times() {
    let text = "Time (UTC),timestamp,open,high,low,close,volume\n896691900000000,1998-06-01 10:05:00,1,2,0.5,1.5,1\n\
                896692200000000,1998-06-01 10:10:00,1,2,0.5,1.5,1\n";
    let got = read(text, "5m", &[]).expect("a file");
    assert_eq!(got.times(), ["1998-06-01T09:05:00Z", "1998-06-01T09:10:00Z"]);
}

#[test]
fn of_two_volumes_that_of_the_base_currency_is_taken() {
    let text = |ticker: &str| {
        file("date,symbol,open,high,low,close,volume_btc,volume", 3, |i| {
            format!("2024-01-0{},{ticker},10,12,9,11,5,5000", i + 1)
        })
    };
    let got = read(&text("BTCUSD"), "1d", &[]).expect("a file");
    assert!(
        got.bars[0].ends_with(" 5") && got.notes.contains(&"volume from `volume_btc`".to_owned()),
        "{:?}",
        got.bars
    );
    let got = read(&text("X"), "1d", &[]).expect("a file");
    assert!(got.notes.contains(&"volume from `volume`, not from `volume_btc`".to_owned()), "{:?}", got.notes);
}
