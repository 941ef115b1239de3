use super::*;
use crate::bar::columns::{self, CLOSE, COUNT, OPEN, VOLUME};
use crate::bar::{FIRST_MICROS, Micros, Ohlcv, UNKNOWN, known};
use crate::source::reader::ReadOptions;

const FORMATS: [Format; 5] =
    [Format::Csv, Format::JsonLines, Format::ArrowStream, Format::ArrowFile, Format::Parquet];

/// What is easily lost on the way through text.
const NASTY: [f64; 14] = [
    -0.0,
    0.0,
    5e-324,
    2.225_073_858_507_201e-308,
    f64::MAX,
    f64::MIN,
    0.1 + 0.2,
    1e-7,
    1e22,
    1e23,
    123_456_789_012_345_680.0,
    9_007_199_254_740_993.0,
    202.02,
    15_812.0,
];

fn series() -> SeriesName {
    SeriesName { symbol: "BRK.B, \"x\"".into(), timeframe: "1h".into() }
}

fn nasty() -> Bars {
    const LAST: Micros = crate::bar::END_MICROS - 1;
    let times = [FIRST_MICROS, -86_400_000_001, -1, 0, 1, 1_704_187_800_250_000, 1_704_187_800_250_001, LAST];
    let mut bars = Bars::default();
    for (i, time) in times.into_iter().enumerate() {
        let at = |n: usize| NASTY[(i * 5 + n) % NASTY.len()];
        bars.push(time, Ohlcv::new(at(0), at(1), at(2), at(3), at(4)));
    }
    bars
}

fn written(format: Format, chunks: &[Bars]) -> Vec<u8> {
    let mut writer = BarWriter::new(format, &series(), Vec::new()).expect("begun");
    for bars in chunks {
        writer.write(bars).expect("written");
    }
    writer.finish().expect("finished")
}

fn options() -> ReadOptions {
    let config = crate::config::load(None, &[]).expect("defaults");
    ReadOptions::of(&config)
}

fn read(format: Format, bytes: &[u8]) -> crate::error::Result<Bars> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bars");
    std::fs::write(&path, bytes).expect("written");
    let mut all = Bars::default();
    let mut file = BarFile::open(&path, "1h", &options())?;
    while let Some(bars) = file.next_chunk()? {
        all.append(&bars);
    }
    assert_eq!(file.issues() > 0, all.len() < 100, "{format:?}: only the long series is sound");
    Ok(all)
}

/// Bit by bit: `==` takes -0.0 for 0.0.
fn bits(bars: &Bars) -> Vec<(Micros, [u64; COUNT])> {
    let of = |i| {
        let v = bars.values(i);
        (bars.time[i], v.to_array().map(f64::to_bits))
    };
    (0..bars.len()).map(of).collect()
}

#[test]
fn what_is_written_is_read_bit_by_bit() {
    let bars = nasty();
    let mut later = nasty();
    later.truncate(1);
    later.time[0] = 1_704_187_800_250_002;
    let mut all = bars.clone();
    all.truncate(7);
    let chunks = [all.clone(), Bars::default(), later.clone()];
    all.append(&later);
    for format in FORMATS.into_iter().filter(|f| *f != Format::JsonLines) {
        let read = read(format, &written(format, &chunks)).expect("read");
        assert_eq!(bits(&read), bits(&all), "{format:?}");
    }
}

#[test]
fn json_lines_carry_exact_values() {
    let bars = nasty();
    let text = String::from_utf8(written(Format::JsonLines, std::slice::from_ref(&bars))).expect("UTF-8");
    let want = r#"{"time":"1700-01-01T00:00:00Z","open":-0.0,"high":0.0,"low":5e-324,"close":2.225073858507201e-308,"volume":1.7976931348623157e+308}"#;
    assert_eq!(text.lines().next(), Some(want));
    assert_eq!(text.lines().count(), bars.len());
    for (i, line) in text.lines().enumerate() {
        let values: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let time: jiff::Timestamp = values["time"].as_str().and_then(|t| t.parse().ok()).expect("a time");
        assert_eq!(time.as_microsecond(), bars.time[i]);
        // serde_json reads numbers a little off, Rust itself does not.
        let exact = |name: &str| {
            let (_, rest) = line.split_once(&format!("\"{name}\":")).expect(name);
            let text = rest.split([',', '}']).next().expect("a number");
            text.parse::<f64>().expect(text).to_bits()
        };
        let v = bars.values(i);
        for (name, value) in columns::names().zip(v.to_array()).filter(|(_, value)| known(*value).is_some()) {
            assert_eq!(exact(name), value.to_bits(), "{line}");
        }
    }
}

#[test]
fn what_is_not_finite_crashes_nothing() {
    let mut bars = Bars::default();
    let values = Ohlcv::new(f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0, 1.0);
    bars.push(0, values);
    bars.push(Micros::MAX, values.with(OPEN, 1.0));
    let text = |format| String::from_utf8(written(format, std::slice::from_ref(&bars))).expect("UTF-8");
    let further = ",".repeat(COUNT - 5);
    assert!(text(Format::Csv).contains(&format!("\n1970-01-01T00:00:00Z,NaN,inf,-inf,1.0,1.0{further}\n")));
    assert!(text(Format::JsonLines).starts_with(
        "{\"time\":\"1970-01-01T00:00:00Z\",\"open\":null,\"high\":null,\"low\":null,\"close\":1.0,\"volume\":1.0}\n"
    ));
    let bytes = |format| written(format, std::slice::from_ref(&bars));
    let stream = bytes(Format::ArrowStream);
    let mut stream = arrow_ipc::reader::StreamReader::try_new(&stream[..], None).expect("read");
    let batch = stream.next().expect("a batch").expect("read");
    let open: &arrow_array::Float64Array = batch.column(1).as_any().downcast_ref().expect("float64");
    assert!(open.value(0).is_nan() && open.value(1) == 1.0);
    for format in [Format::ArrowFile, Format::ArrowStream, Format::Parquet] {
        let e = read(format, &bytes(format)).expect_err("barlift takes no such bars").to_string();
        assert!(e.contains("open `NaN` is not a finite number (row group 1, row 1)"), "{e}");
    }
    let e = read(Format::Csv, text(Format::Csv).as_bytes()).expect_err("no bars").to_string();
    assert!(e.ends_with("line 2: column 2: open `NaN` is not a finite number"), "{e}");
}

#[test]
fn no_bars_at_all_are_a_sound_file() {
    for format in FORMATS {
        let bytes = written(format, &[]);
        match format {
            Format::JsonLines => assert_eq!(bytes, b""),
            Format::Csv => {
                let names: Vec<_> = columns::names().collect();
                assert_eq!(names[..5], ["open", "high", "low", "close", "volume"]);
                assert_eq!(bytes, format!("time,{}\n", names.join(",")).as_bytes());
            }
            _ => {
                let folder = tempfile::tempdir().expect("a folder");
                let path = folder.path().join("none");
                std::fs::write(&path, &bytes).expect("written");
                let none =
                    BarFile::open(&path, "1h", &options()).and_then(|mut f| f.next_chunk()).expect("read");
                assert_eq!(none, None, "{format:?}");
            }
        }
    }
}

#[test]
fn files_say_which_series_they_are_and_how_their_times_are_meant() {
    let bytes = written(Format::ArrowStream, &[nasty()]);
    let reader = arrow_ipc::reader::StreamReader::try_new(&bytes[..], None).expect("read");
    let schema = reader.schema();
    assert_eq!(schema.metadata()["symbol"], series().symbol);
    assert_eq!(schema.metadata()["timeframe"], "1h");
    let described: Vec<_> = schema
        .fields()
        .iter()
        .map(|f| format!("{} {} {}", f.name(), f.data_type(), f.is_nullable()))
        .collect();
    assert_eq!(described[0], "time Timestamp(µs, \"UTC\") false");
    assert_eq!(described[4], "close Float64 false");
    assert_eq!(described[5], "volume Float64 true");

    use ::parquet::file::reader::FileReader as _;
    let bytes = written(Format::Parquet, &[nasty()]);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("x"), bytes).expect("written");
    let file = std::fs::File::open(folder.path().join("x")).expect("opened");
    let file = ::parquet::file::reader::SerializedFileReader::new(file).expect("read");
    let about = file.metadata().file_metadata();
    let entries = about.key_value_metadata().expect("metadata");
    assert!(entries.iter().any(|e| e.key == "symbol" && e.value == Some(series().symbol)));
    let column = file.metadata().row_group(0).column(0);
    assert!(column.encodings().any(|e| e == ::parquet::basic::Encoding::DELTA_BINARY_PACKED), "{column:?}");
}

#[test]
fn long_series_are_several_row_groups() {
    let mut chunk = Bars::default();
    for i in 0..100_000 {
        chunk.push(i, Ohlcv::new(1.0, 2.0, 0.5, 1.5, i as f64));
    }
    let mut chunks = Vec::new();
    for n in 0..4 {
        let mut next = chunk.clone();
        next.time.iter_mut().for_each(|t| *t += n * 100_000);
        chunks.push(next);
    }
    let bytes = written(Format::Parquet, &chunks);
    let got = read(Format::Parquet, &bytes).expect("read");
    assert_eq!(got.len(), 400_000);
    assert!(got.time.iter().copied().eq(0..400_000));
    assert_eq!(got[VOLUME][399_999], 99_999.0);
}

#[test]
fn other_files_are_refused_with_their_reason() {
    for (bytes, part) in [
        (&b"PAR1 but not really"[..], "bars: "),
        (b"ARROW1 but not really", "bars: "),
        (b"\xff\xff\xff\xff\x01", "bars: "),
        (b"{\"time\":\"2024-01-01\"}\n", "header"),
        (b"", "is empty"),
    ] {
        let e = read(Format::ArrowFile, bytes).expect_err("no bars").to_string();
        assert!(e.contains(part), "{e}");
    }
    let bytes = written(Format::Parquet, &[nasty()]);
    let mut piped = BarFile::read(Box::new(std::io::Cursor::new(bytes)), "stdin".into(), "1h", &options())
        .expect("opens");
    assert_eq!(piped.next_chunk().expect("read").map(|bars| bits(&bars)), Some(bits(&nasty())));
}

#[test]
fn extensions_name_formats() {
    for (name, format) in [
        ("a.csv", Some(Format::Csv)),
        ("a.b.JSONL", Some(Format::JsonLines)),
        ("a.arrow", Some(Format::ArrowFile)),
        ("a.arrows", Some(Format::ArrowStream)),
        ("/x/a.parquet", Some(Format::Parquet)),
        ("a.txt", None),
        ("csv", None),
    ] {
        assert_eq!(Format::of(Path::new(name)), format, "{name}");
    }
}

/// Without some values of a column; the first bar breaks a rule.
fn lacking(column: usize) -> Bars {
    let mut bars = Bars::default();
    for (time, value) in (0..).zip([UNKNOWN, 7.0, UNKNOWN, 0.0]) {
        let bar = Ohlcv::new(1.0, if time == 0 { 0.5 } else { 2.0 }, 0.5, 1.5, 1.0);
        bars.push(time * 1_000_000, bar.with(column, value));
    }
    bars
}

#[test]
fn an_unknown_value_stays_unknown() {
    let written = |format| written(format, &[lacking(VOLUME)]);
    let text = |format| String::from_utf8(written(format)).expect("UTF-8");
    assert!(text(Format::Csv).contains("\n1970-01-01T00:00:00Z,1.0,0.5,0.5,1.5,"));
    assert!(!text(Format::Csv).contains("NaN"));
    assert_eq!(
        text(Format::JsonLines).lines().nth(2),
        Some(r#"{"time":"1970-01-01T00:00:02Z","open":1.0,"high":2.0,"low":0.5,"close":1.5}"#)
    );
    for format in FORMATS.into_iter().filter(|f| *f != Format::JsonLines) {
        let bytes = written(format);
        let got = read(format, &bytes).expect("read");
        assert_eq!(bits(&got), bits(&lacking(VOLUME)), "{format:?}");
    }
}

/// As a number it would be a NaN.
#[test]
fn a_required_value_that_is_missing_is_no_number() {
    for format in [Format::Parquet, Format::ArrowFile, Format::ArrowStream] {
        let mut writer = BarWriter::new(format, &series(), Vec::new()).expect("begun");
        let error =
            writer.write(&lacking(CLOSE)).and_then(|()| writer.finish().map(drop)).expect_err("refused");
        assert!(error.to_string().contains("close"), "{format:?}: {error}");
    }
}

#[test]
fn a_required_column_may_not_have_nulls_or_be_missing() {
    for format in [Format::Parquet, Format::ArrowFile] {
        // What is allowed of the volume, in a file that calls it close.
        for (bytes, part) in [
            (
                with_names(format, &["open", "high", "low", "volume", "close"]),
                "line 2: column 6: close is empty (row group 1, row 1)",
            ),
            (
                with_names(format, &["open", "high", "low", "other", "volume"]),
                "line 1: the header lacks a column for close; it has: `time`, `open`, `high`, `low`, `other`, `volume`",
            ),
        ] {
            let e = read(format, &bytes).expect_err("required").to_string();
            assert!(e.contains(part), "{format:?}: {e}");
        }
    }
}

/// A file whose last value column has nulls, with these names.
fn with_names(format: Format, names: &[&str; COUNT]) -> Vec<u8> {
    if format == Format::Parquet {
        return parquet_with_names(names);
    }
    let bytes = written(Format::ArrowFile, &[lacking(VOLUME)]);
    let reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).expect("read");
    let old = reader.schema();
    let fields: Vec<_> = std::iter::once("time")
        .chain(names.iter().copied())
        .zip(old.fields())
        .map(|(name, field)| field.as_ref().clone().with_name(name))
        .collect();
    let schema = std::sync::Arc::new(arrow_schema::Schema::new(fields));
    let batches = reader.map(|batch| batch.expect("read").columns().to_vec());
    let mut file = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &schema).expect("begun");
    for columns in batches {
        let batch =
            arrow_array::RecordBatch::try_new(std::sync::Arc::clone(&schema), columns).expect("a batch");
        file.write(&batch).expect("written");
    }
    file.into_inner().expect("ended")
}

fn parquet_with_names(names: &[&str; COUNT]) -> Vec<u8> {
    let bars = lacking(VOLUME);
    let fields: String = names[..VOLUME].iter().map(|name| format!("required double {name}; ")).collect();
    let message = format!(
        "message bars {{ required int64 time (TIMESTAMP(MICROS,true)); {fields} optional double {}; }}",
        names[VOLUME]
    );
    let schema = ::parquet::schema::parser::parse_message_type(&message).expect("a schema").into();
    let mut file = ::parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Default::default())
        .expect("begun");
    let mut group = file.next_row_group().expect("begun");
    let mut time = group.next_column().expect("begun").expect("a column");
    time.typed::<::parquet::data_type::Int64Type>().write_batch(&bars.time, None, None).expect("written");
    time.close().expect("ended");
    for values in bars.columns() {
        let mut column = group.next_column().expect("begun").expect("a column");
        let there: Vec<f64> = values.iter().copied().filter_map(known).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(known(*value).is_some())).collect();
        let levels = (there.len() < values.len()).then_some(levels.as_slice());
        column
            .typed::<::parquet::data_type::DoubleType>()
            .write_batch(&there, levels, None)
            .expect("written");
        column.close().expect("ended");
    }
    group.close().expect("ended");
    file.into_inner().expect("ended")
}

#[test]
fn a_file_may_lack_an_optional_column() {
    let bytes = written(Format::ArrowFile, &[nasty()]);
    let columns = Some(vec![0, 1, 2, 3, 4]);
    let reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), columns).expect("read");
    let mut arrow = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &reader.schema()).expect("begun");
    reader.for_each(|batch| arrow.write(&batch.expect("read")).expect("written"));
    let arrow = arrow.into_inner().expect("ended");

    let message = "message bars { required int64 time (TIMESTAMP(MICROS,true)); required double open;
        required double high; required double low; required double close; }";
    let schema = ::parquet::schema::parser::parse_message_type(message).expect("a schema").into();
    let mut parquet =
        ::parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Default::default())
            .expect("begun");
    let mut group = parquet.next_row_group().expect("begun");
    let mut time = group.next_column().expect("begun").expect("a column");
    let times = nasty().time;
    time.typed::<::parquet::data_type::Int64Type>().write_batch(&times, None, None).expect("written");
    time.close().expect("ended");
    for values in &nasty().columns()[..VOLUME] {
        let mut column = group.next_column().expect("begun").expect("a column");
        column.typed::<::parquet::data_type::DoubleType>().write_batch(values, None, None).expect("written");
        column.close().expect("ended");
    }
    group.close().expect("ended");
    let parquet = parquet.into_inner().expect("ended");

    let mut want = nasty();
    want[VOLUME] = vec![UNKNOWN; want.len()];
    for (format, bytes) in [(Format::ArrowFile, arrow), (Format::Parquet, parquet)] {
        let got = read(format, &bytes).expect("read");
        assert_eq!(bits(&got), bits(&want), "{format:?}");
    }
}
