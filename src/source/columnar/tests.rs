//! Columnar files that this crate writes itself; files of other programs are in tests/columnar.

use std::io::Read as _;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{Field, Schema};
use parquet::data_type::{DoubleType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::super::text::SourceText;

/// The text of a file, or why it has none.
fn text(bytes: &[u8]) -> Result<String, String> {
    let mut out = String::new();
    let mut text = SourceText::new(bytes).map_err(|e| e.to_string())?;
    text.read_to_string(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, a)| a).collect())
        .expect("a batch")
}

fn numbers(values: &[i64]) -> RecordBatch {
    batch(vec![("n", Arc::new(Int64Array::from(values.to_vec())))])
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut out = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("begun");
    batches.iter().for_each(|batch| out.write(batch).expect("written"));
    out.into_inner().expect("ended")
}

fn file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut out = FileWriter::try_new(Vec::new(), &batches[0].schema()).expect("begun");
    batches.iter().for_each(|batch| out.write(batch).expect("written"));
    out.into_inner().expect("ended")
}

#[test]
fn batches_follow_one_another() {
    let all = [numbers(&[1, 2]), numbers(&[]), numbers(&[3])];
    for bytes in [stream(&all), file(&all)] {
        assert_eq!(text(&bytes).as_deref(), Ok("n\n1\n2\n3\n"));
    }
}

#[test]
fn a_stream_is_read_whole_or_not_at_all() {
    let whole = stream(&[numbers(&[1]), numbers(&[2])]);
    let two = [whole.as_slice(), &whole].concat();
    assert!(text(&two).is_err_and(|e| e.contains("something stands behind the end")));
    // Wherever it is cut, between two messages, too.
    for end in 8..whole.len() {
        assert!(text(&whole[..end]).is_err(), "{end} of {}", whole.len());
    }
}

#[test]
fn dictionaries_and_nulls_are_understood() {
    let words: DictionaryArray<arrow_array::types::Int8Type> =
        [Some("b"), None, Some("a"), Some("b")].into_iter().collect();
    let none: DictionaryArray<arrow_array::types::Int8Type> = [None::<&str>; 4].into_iter().collect();
    let floats = Float64Array::from(vec![Some(1.5), None, Some(-0.0), Some(f64::NAN)]);
    let texts = StringArray::from(vec![Some("x,y"), Some(""), None, Some("z")]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("w", Arc::new(words)),
        ("none", Arc::new(none)),
        ("f", Arc::new(floats)),
        ("a \"b\", c", Arc::new(texts)),
    ];
    let want = "w,none,f,\"a \"\"b\"\", c\"\nb,,1.5,\"x,y\"\n,,,\na,,-0,\nb,,NaN,z\n";
    assert_eq!(text(&stream(&[batch(columns)])).as_deref(), Ok(want));
}

/// The values of a row group.
type Group<'a> = (&'a [Option<f64>], &'a [[u32; 3]]);

/// A Parquet file of an optional `double` and an `int96`, of these row groups.
fn parquet(groups: &[Group<'_>]) -> Vec<u8> {
    let message = "message bars { optional double f; required int96 t; }";
    let schema = ::parquet::schema::parser::parse_message_type(message).expect("a schema").into();
    let properties =
        WriterProperties::builder().set_data_page_row_count_limit(1_000).set_write_batch_size(500).build();
    let mut out = SerializedFileWriter::new(Vec::new(), schema, properties.into()).expect("begun");
    for (floats, times) in groups {
        let mut group = out.next_row_group().expect("begun");
        let mut column = group.next_column().expect("begun").expect("a column");
        let there: Vec<f64> = floats.iter().copied().flatten().collect();
        let levels: Vec<i16> = floats.iter().map(|f| i16::from(f.is_some())).collect();
        column.typed::<DoubleType>().write_batch(&there, Some(&levels), None).expect("written");
        column.close().expect("ended");
        let mut column = group.next_column().expect("begun").expect("a column");
        let times: Vec<Int96> = times.iter().map(|t| Int96::from(t.to_vec())).collect();
        column.typed::<Int96Type>().write_batch(&times, None, None).expect("written");
        column.close().expect("ended");
        group.close().expect("ended");
    }
    out.into_inner().expect("ended")
}

#[test]
fn nulls_across_pages_and_row_groups_keep_their_rows() {
    let float = |i: usize| (i % 3 != 1).then_some(i as f64);
    let floats: Vec<Option<f64>> = (0..20_000).map(float).collect();
    let times = vec![[1_000, 0, 2_440_588]; 20_000];
    let bytes = parquet(&[(&floats, &times), (&[], &[]), (&floats[..7], &times[..7])]);
    let text = text(&bytes).expect("reads");
    let row = |i: usize| {
        format!("{},1970-01-01T00:00:00.000001\n", float(i).map(|f| f.to_string()).unwrap_or_default())
    };
    let want: String = (0..20_000).chain(0..7).map(row).collect();
    assert!(text == format!("f,t\n{want}"));
}

#[test]
fn an_int96_beyond_64_bits_of_nanoseconds_is_no_other_time() {
    let day = |n: u32| [0, 0, 2_440_588 + n];
    // 9999-12-31 and 1970-01-02, half a second and a nanosecond later.
    let bytes = parquet(&[(&[None, None], &[day(2_932_896), [500_000_001, 0, 2_440_589]])]);
    assert_eq!(text(&bytes).as_deref(), Ok("f,t\n,9999-12-31T00:00:00\n,1970-01-02T00:00:00.500000001\n"));
}

#[test]
fn a_parquet_file_that_is_cut_off_is_damaged() {
    let bytes = parquet(&[(&[Some(1.0)], &[[0, 0, 2_440_588]])]);
    for end in 8..bytes.len() {
        assert!(
            text(&bytes[..end]).is_err_and(|e| e.starts_with("the file is damaged: its Parquet data")),
            "{end}"
        );
    }
}

/// A list beside the prices: its place counts, and its values are no numbers.
#[test]
fn what_no_bar_has_keeps_its_place_and_says_so() {
    let lists = arrow_array::ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>([
        Some(vec![Some(1)]),
        Some(vec![Some(2), Some(3)]),
    ]);
    let columns: Vec<(&str, ArrayRef)> =
        vec![("list", Arc::new(lists)), ("n", Arc::new(Int64Array::from(vec![7, 8])))];
    let read = text(&file(&[batch(columns)])).expect("reads");
    assert_eq!(
        read.lines().map(|line| line.rsplit(',').next()).collect::<Vec<_>>(),
        [Some("n"), Some("7"), Some("8")]
    );
    assert!(
        read.lines().nth(1).is_some_and(|line| line.starts_with("\"(List(") || line.starts_with("(List(")),
        "{read}"
    );
}

/// pandas has no days, and writes them as midnights; what it writes as CSV are days.
#[test]
fn midnights_alone_are_days() {
    use arrow_array::TimestampMicrosecondArray as Times;
    const DAY: i64 = 86_400_000_000;
    let read = |all: &[&[i64]]| {
        let batches = all
            .iter()
            .map(|times| batch(vec![("t", Arc::new(Times::from(times.to_vec())))]))
            .collect::<Vec<_>>();
        text(&stream(&batches)).expect("reads")
    };
    assert_eq!(read(&[&[0, DAY], &[2 * DAY]]), "t\n1970-01-01\n1970-01-02\n1970-01-03\n");
    assert_eq!(read(&[&[], &[0, DAY]]), "t\n1970-01-01\n1970-01-02\n");
    // A batch with a midnight of minutes.
    assert_eq!(
        read(&[&[1_000_000, DAY], &[DAY]]),
        "t\n1970-01-01T00:00:01\n1970-01-02T00:00:00\n1970-01-02T00:00:00\n"
    );
    assert_eq!(read(&[&[0], &[DAY]]), "t\n1970-01-01T00:00:00\n1970-01-02T00:00:00\n");
}
