//! Archives as programs write them, whole and cut off.

use std::io::{Cursor, Write as _};
use std::path::Path;

use ::tar as tar_crate;
use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};

use super::super::encoding::tests::gzipped;
use super::super::open::OpenSource;
use super::*;

const TEXT: &str = "date,open,high,low,close,volume\n2024-01-01,1,2,0.5,1.5,10\n";

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text).expect("written");
    out.finish().expect("ended")
}

fn crc(text: &[u8]) -> u32 {
    crc32fast::hash(text)
}

/// A local header, as a program writes it that does not know the sizes yet (`has_descriptor`) or does.
fn local(name: &str, text: &[u8], has_descriptor: bool) -> Vec<u8> {
    let packed = deflated(text);
    let mut out = b"PK\x03\x04\x14\0".to_vec();
    out.extend((if has_descriptor { 8_u16 } else { 0 }).to_le_bytes());
    out.extend(8_u16.to_le_bytes());
    out.extend([0; 4]);
    let sizes = [crc(text), packed.len() as u32, text.len() as u32].map(u32::to_le_bytes).concat();
    out.extend(if has_descriptor { vec![0; 12] } else { sizes.clone() });
    out.extend((name.len() as u16).to_le_bytes());
    out.extend([0; 2]);
    out.extend(name.as_bytes());
    out.extend(packed);
    if has_descriptor {
        out.extend(b"PK\x07\x08");
        out.extend(sizes);
    }
    out
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::STORE);
        zip.start_file(*name, options).expect("begun");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("ended").into_inner()
}

fn tarred(members: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar_crate::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar_crate::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).expect("added");
    }
    tar.into_inner().expect("ended")
}

/// What an archive of these bytes holds, and the text of each member, or why it cannot be read.
async fn read(bytes: &[u8]) -> (Members, Vec<Result<String, String>>) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("X.bin"), bytes).expect("written");
    let root = Root::open(folder.path().to_str().expect("UTF-8")).await.expect("opens");
    let found = members(&root, "X.bin").await.expect("reads").expect("an archive");
    let mut texts = Vec::new();
    for member in &found.members {
        let path = format!("X.bin!{}", member.name);
        let opened = OpenSource::open(&root, &path).await.map_err(|e| e.to_string());
        let text = tokio::task::spawn_blocking(move || {
            let (mut text, mut out) = (opened?.text().map_err(|e| e.to_string())?, String::new());
            text.read_to_string(&mut out).map_err(|e| e.to_string())?;
            Ok(out)
        });
        texts.push(text.await.expect("runs"));
    }
    (found, texts)
}

fn names(found: &Members) -> Vec<&str> {
    found.members.iter().map(|member| member.name.as_str()).collect()
}

#[tokio::test]
async fn members_are_read_in_any_order_and_compressed_again() {
    let gz = String::from_utf8_lossy(TEXT.as_bytes()).into_owned();
    let all = [("A.csv", TEXT), ("deep/B.csv", "b"), ("empty.csv", "")];
    for bytes in [zipped(&all), tarred(&all), gzipped(&tarred(&all))] {
        let (found, texts) = read(&bytes).await;
        assert_eq!(names(&found), ["A.csv", "deep/B.csv", "empty.csv"]);
        assert_eq!(texts, [Ok(gz.clone()), Ok("b".into()), Ok(String::new())]);
        assert!(found.cut.is_none() && found.unreadable.is_empty());
    }
}

#[tokio::test]
async fn a_member_that_is_compressed_itself_is_decoded_twice() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("A.csv.gz", SimpleFileOptions::default().compression_method(CompressionMethod::STORE))
        .expect("begun");
    zip.write_all(&gzipped(TEXT.as_bytes())).expect("written");
    let (_, texts) = read(&zip.finish().expect("ended").into_inner()).await;
    assert_eq!(texts, [Ok(TEXT.to_owned())]);
}

#[tokio::test]
async fn a_zip_without_its_directory_is_read_as_far_as_it_goes() {
    let text = TEXT.repeat(500);
    for has_descriptor in [false, true] {
        let (a, b) = (
            local("A.csv", text.as_bytes(), has_descriptor),
            local("B.csv", text.as_bytes(), has_descriptor),
        );
        let (found, texts) = read(&[&a[..], &b[..b.len() / 2]].concat()).await;
        assert_eq!(names(&found), ["A.csv", "B.csv"], "{has_descriptor}");
        assert!(found.cut.is_some_and(|cut| cut.starts_with("is cut off or damaged")));
        assert_eq!(texts[0], Ok(text.clone()));
        let error = texts[1].as_ref().expect_err("is cut");
        assert!(error.contains("it is cut off: its archive data end too early"), "{error}");
    }
}

#[tokio::test]
async fn a_tar_that_is_cut_off_is_read_as_far_as_it_goes() {
    let long = TEXT.repeat(100);
    let whole = tarred(&[("A.csv", &long), ("B.csv", &long)]);
    for bytes in [whole[..whole.len() - 3000].to_vec(), gzipped(&whole)[..200].to_vec()] {
        let (found, texts) = read(&bytes).await;
        assert!(found.cut.is_some_and(|cut| cut.starts_with("is cut off or damaged")));
        assert!(
            texts.last().is_some_and(|last| last.as_ref().is_err_and(|e| e.contains("cut off"))),
            "{texts:?}"
        );
    }
}

#[tokio::test]
async fn a_member_with_another_checksum_is_damaged() {
    let mut bytes = local("A.csv", TEXT.as_bytes(), false);
    bytes[14] ^= 1;
    let (_, texts) = read(&bytes).await;
    assert!(texts[0].as_ref().is_err_and(|e| e.contains("its checksum is another one")), "{texts:?}");
}

#[tokio::test]
async fn what_must_not_be_read_is_named() {
    let all = [
        ("A.csv", TEXT),
        ("../B.csv", TEXT),
        ("__MACOSX/._A.csv", "x"),
        ("a//b.csv", TEXT),
        ("/c.csv", TEXT),
    ];
    let (found, _) = read(&zipped(&all)).await;
    assert_eq!(names(&found), ["A.csv"]);
    let unreadable: Vec<&str> = found.unreadable.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(unreadable, ["../B.csv", "a//b.csv", "/c.csv"]);
    let twice = tarred(&[("A.csv", TEXT), ("B.csv", TEXT), ("A.csv", "x")]);
    let (found, _) = read(&twice).await;
    assert_eq!((names(&found), found.unreadable[0].0.as_str()), (vec!["B.csv"], "A.csv"));
}

#[tokio::test]
async fn long_names_and_links_of_a_tar_are_understood() {
    let name = format!("{}/A.csv", "folder".repeat(40));
    let mut tar = tar_crate::Builder::new(Vec::new());
    let mut header = tar_crate::Header::new_gnu();
    header.set_size(1);
    tar.append_data(&mut header, Path::new(&name), &b"x"[..]).expect("added");
    let mut link = tar_crate::Header::new_gnu();
    link.set_entry_type(tar_crate::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "B.csv", "A.csv").expect("added");
    let extended = [("path", "from pax.csv".as_bytes())];
    tar.append_pax_extensions(extended).expect("added");
    let mut header = tar_crate::Header::new_ustar();
    header.set_size(1);
    tar.append_data(&mut header, "short.csv", &b"y"[..]).expect("added");
    let (found, texts) = read(&tar.into_inner().expect("ended")).await;
    assert_eq!(names(&found), [name.as_str(), "from pax.csv"]);
    assert_eq!(
        found.unreadable,
        [("B.csv".into(), "is a link to another file: unpack the archive first".into())]
    );
    assert_eq!(texts, [Ok("x".into()), Ok("y".into())]);
}

#[tokio::test]
async fn a_stored_member_that_is_cut_off_is_damaged() {
    let whole = zipped(&[("A.csv", TEXT), ("B.csv", &TEXT.repeat(100))]);
    let (found, texts) = read(&whole[..whole.len() / 2]).await;
    assert_eq!((names(&found), texts[0].as_deref()), (vec!["A.csv", "B.csv"], Ok(TEXT)));
    assert!(texts[1].as_ref().is_err_and(|e| e.contains("it is cut off")), "{texts:?}");
}

/// Its end stands in the directory alone, which is lost; what comes behind it would be taken for its rows.
#[tokio::test]
async fn a_stored_member_whose_end_nobody_knows_is_named() {
    let mut stored = b"PK\x03\x04\x14\0\x08\0\0\0".to_vec();
    stored.extend([0; 16]);
    stored.extend([5, 0, 0, 0]);
    stored.extend(b"A.csv");
    stored.extend(TEXT.as_bytes());
    let (found, _) = read(&[stored, local("B.csv", TEXT.as_bytes(), false)].concat()).await;
    assert!(found.members.is_empty());
    assert!(found.unreadable[0].1.contains("its end is not known"), "{found:?}");
}

#[tokio::test]
async fn members_of_one_name_are_named_in_a_zip_too() {
    let (a, other) = (local("A.csv", TEXT.as_bytes(), false), local("A.csv", b"x", false));
    let b = local("B.csv", TEXT.as_bytes(), false);
    let mut bytes = [a.as_slice(), &b, &other].concat();
    // The directory of the three, and its end.
    let (start, mut at, mut directory) = (bytes.len() as u32, 0, Vec::new());
    for (name, header) in [("A.csv", &a), ("B.csv", &b), ("A.csv", &other)] {
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&header[4..30]);
        directory.extend([0; 10]);
        directory.extend(u32::try_from(at).expect("small").to_le_bytes());
        directory.extend(name.as_bytes());
        at += header.len();
    }
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0\x03\0\x03\0");
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    let (found, texts) = read(&bytes).await;
    assert_eq!((names(&found), texts), (vec!["B.csv"], vec![Ok(TEXT.to_owned())]));
    assert!(found.cut.is_none() && found.unreadable[0].1.contains("2 times"), "{found:?}");
}

#[tokio::test]
async fn a_tar_that_ends_between_two_members_is_not_whole() {
    let whole = tarred(&[("A.csv", TEXT), ("B.csv", TEXT)]);
    let (found, texts) = read(&whole[..1024]).await;
    assert_eq!((names(&found), texts), (vec!["A.csv"], vec![Ok(TEXT.to_owned())]));
    assert!(found.cut.is_some());
}

#[tokio::test]
async fn two_tars_one_behind_the_other_are_read() {
    let (a, b) = (gzipped(&tarred(&[("A.csv", TEXT)])), gzipped(&tarred(&[("B.csv", "b")])));
    let (found, texts) = read(&[a, b].concat()).await;
    assert_eq!((names(&found), texts), (vec!["A.csv", "B.csv"], vec![Ok(TEXT.to_owned()), Ok("b".into())]));
    assert!(found.cut.is_none());
}

#[tokio::test]
async fn a_replaced_archive_is_read_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Root::open(folder.path().to_str().expect("UTF-8")).await.expect("opens");
    for (kind, archive) in [("zip", zipped as fn(&[(&str, &str)]) -> Vec<u8>), ("tar", tarred)] {
        for text in ["first", "the second", "a third one"] {
            std::fs::write(folder.path().join("X"), archive(&[("A.csv", "a"), ("B.csv", text)]))
                .expect("written");
            let opened = OpenSource::open(&root, "X!B.csv").await.expect("opens");
            let read = tokio::task::spawn_blocking(move || {
                let mut out = String::new();
                opened.text().expect("opens").read_to_string(&mut out).map(|_| out)
            });
            assert_eq!(read.await.expect("runs").expect("reads"), text, "{kind}");
        }
    }
}

/// The checksum of a compressed tar is of all its members.
#[tokio::test]
async fn a_compressed_tar_with_another_checksum_is_not_read() {
    let mut bytes = gzipped(&tarred(&[("A.csv", TEXT)]));
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("X.tgz"), bytes).expect("written");
    let root = Root::open(folder.path().to_str().expect("UTF-8")).await.expect("opens");
    let e = members(&root, "X.tgz").await.expect_err("another checksum");
    assert!(e.reason.starts_with("the file is damaged: its gzip data"), "{e}");
}
