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
    assert_eq!(texts, [Ok("x".into()), Ok("y".into())]);
}
