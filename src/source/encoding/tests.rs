//! Texts in each encoding, whole, in several pieces and cut off.

use std::io::{Read as _, Write as _};

use super::super::text::SourceText;
use super::*;

/// A text as gzip stores it.
pub(in crate::source) fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text).expect("written");
    out.finish().expect("ended")
}

fn zstded(text: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(text, 3).expect("compressed")
}

fn bzipped(text: &[u8]) -> Vec<u8> {
    let mut out = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::default());
    out.write_all(text).expect("written");
    out.finish().expect("ended")
}

fn xzed(text: &[u8]) -> Vec<u8> {
    let mut out =
        lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(6)).expect("begun");
    out.write_all(text).expect("written");
    out.finish().expect("ended")
}

fn lz4ed(text: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut out = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    out.write_all(text).expect("written");
    out.finish().expect("ended")
}

type Encoder = fn(&[u8]) -> Vec<u8>;

const ALL: [(&str, Encoder); 5] =
    [("gzip", gzipped), ("zstd", zstded), ("bzip2", bzipped), ("xz", xzed), ("lz4", lz4ed)];

/// A text that does not compress to nothing.
fn text() -> Vec<u8> {
    let row = |i: u32| format!("{i},{},{}\n", i.wrapping_mul(2_654_435_761), i.wrapping_mul(40_503) % 1_000);
    (0..60_000).map(row).collect::<String>().into_bytes()
}

/// As much as can be read, and the error after it.
fn decoded(stored: &[u8]) -> (Vec<u8>, Option<String>) {
    let mut text = Vec::new();
    let read = SourceText::new(stored).and_then(|mut source| {
        let read = source.read_to_end(&mut text).map(drop);
        read.map(|()| assert_eq!(source.stored().bytes_read(), stored.len() as u64))
    });
    (text, read.err().map(|e| e.to_string()))
}

#[test]
fn every_encoding_is_read_whole_and_in_pieces() {
    let text = text();
    let (first, second) = text.split_at(text.len() / 3);
    for (name, encode) in ALL {
        let whole = encode(&text);
        assert!(whole.len() < text.len() && of(&whole).is_some_and(|encoding| encoding.name == name));
        assert!(decoded(&whole) == (text.clone(), None), "{name}");
        // As `cat a.gz b.gz` and parallel compressors write it.
        let pieces = [encode(first), encode(second)].concat();
        assert!(decoded(&pieces) == (text.clone(), None), "{name} in two pieces");
    }
}

#[test]
fn layers_are_taken_off_one_by_one() {
    let utf16: Vec<u8> = "\u{feff}time,open\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decoded(&gzipped(&utf16)), ("\u{feff}time,open\n".as_bytes().to_vec(), None));
    assert_eq!(decoded(&zstded(&gzipped(b"x"))), (b"x".to_vec(), None));
    let four = gzipped(&gzipped(&gzipped(&gzipped(b"x"))));
    assert!(decoded(&four).1.is_some_and(|e| e.contains("compressed more than 3 times")));
}

#[test]
fn what_was_whole_is_given_before_the_damage_is_told() {
    let text = text();
    for (name, encode) in ALL {
        let whole = encode(&text);
        let (read, error) = decoded(&whole[..whole.len() / 2]);
        let error = error.expect(name);
        assert!(text.starts_with(&read), "{name}");
        // bzip2 gives whole blocks only, and they are large.
        assert!(name == "bzip2" || !read.is_empty(), "{name}: {} bytes", read.len());
        assert!(error.contains("the file is damaged: it is cut off"), "{name}: {error}");
        assert!(error.contains(&format!("its {name} data")), "{name}: {error}");

        let mut broken = whole.clone();
        for byte in &mut broken[whole.len() / 2..whole.len() / 2 + 64] {
            *byte ^= 0x55;
        }
        let (read, error) = decoded(&broken);
        assert!(error.expect(name).starts_with("the file is damaged: "), "{name}");
        assert!(read.len() < text.len() + text.len() / 2, "{name}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_damaged() {
    let text = &text()[..3_000];
    for (name, encode) in ALL {
        let whole = encode(text);
        // Behind what tells the encoding.
        for end in START..whole.len() {
            let (read, error) = decoded(&whole[..end]);
            assert!(error.is_some(), "{name}: {end} of {} bytes gave {}", whole.len(), read.len());
        }
    }
    // Between two blocks, of which each has its length before it.
    let long: Vec<u8> = (0..40).flat_map(|_| self::text()).take(300_000).collect();
    let whole = lz4ed(&long);
    let first =
        7 + 4 + (u32::from_le_bytes([whole[7], whole[8], whole[9], whole[10]]) & 0x7fff_ffff) as usize;
    let (read, error) = decoded(&whole[..first]);
    assert!(read.len() == 65_536 && error.is_some_and(|e| e.contains("cut off")), "{}", read.len());
}

#[test]
fn a_file_may_decode_to_so_much_and_no_more() {
    let mut csv = crate::config::load(None, &[]).expect("defaults").csv;
    let bomb = gzipped(&vec![b'\n'; 80_000_000]);
    let read = |csv: &crate::config::CsvConfig| {
        let mut text = SourceText::new(bomb.as_slice()).expect("opens").limited(csv);
        io::copy(&mut text, &mut io::sink()).map_err(|e| e.to_string())
    };
    let error = read(&csv).expect_err("1,000 bytes for each");
    assert!(
        error.starts_with("its text is over 500 times as long as what is stored (csv.max_ratio"),
        "{error}"
    );
    csv.max_ratio = 2_000;
    assert_eq!(read(&csv), Ok(80_000_000));
    csv.max_text = bytesize::ByteSize(1_000_000);
    let error = read(&csv).expect_err("too long");
    assert!(error.starts_with("its text is longer than 1000000 bytes (csv.max_text"), "{error}");
}

#[test]
fn what_parallel_compressors_write_first_is_passed_over() {
    for compressed in [zstded(b"x"), lz4ed(b"x")] {
        let frames =
            [b"\x50\x2a\x4d\x18\x04\0\0\0abcd\x5f\x2a\x4d\x18\0\0\0\0".as_slice(), &compressed].concat();
        assert_eq!(decoded(&frames), (b"x".to_vec(), None));
        assert!(decoded(&frames[..10]).1.is_some_and(|e| e.contains("cut off")));
    }
}

#[test]
fn zeros_behind_gzip_fill_a_block_and_nothing_else_may() {
    let padded = |more: &[u8]| [gzipped(b"x").as_slice(), &gzipped(b"y"), &[0; 600], more].concat();
    assert_eq!(decoded(&padded(b"")), (b"xy".to_vec(), None));
    let (_, error) = decoded(&padded(b"z"));
    assert!(error.is_some_and(|e| e.contains("something stands behind its end")));
}

#[test]
fn a_window_that_is_too_large_is_no_damage() {
    let mut out = ::zstd::Encoder::new(Vec::new(), 1).expect("begun");
    out.window_log(28).expect("set");
    out.write_all(&text()).expect("written");
    let (_, error) = decoded(&out.finish().expect("ended"));
    let error = error.expect("too large");
    assert!(error.starts_with("its zstd data need a larger window than is read"), "{error}");
}

/// Each read is interrupted once before it gives something.
struct Interrupted<'a>(&'a [u8], bool);

impl io::Read for Interrupted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = buffer.len().min(16);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn a_read_that_is_interrupted_ends_no_file() {
    let text = &text()[..5_000];
    for (name, encode) in ALL {
        let two = [encode(text), encode(text)].concat();
        let mut read = Vec::new();
        SourceText::new(Interrupted(&two, false)).and_then(|mut t| t.read_to_end(&mut read)).expect(name);
        assert!(read == text.repeat(2), "{name}: {} bytes", read.len());
    }
}
