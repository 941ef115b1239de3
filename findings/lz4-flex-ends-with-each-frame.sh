#!/usr/bin/env bash
# An lz4 file may be several frames one behind the other, as `cat a.lz4 b.lz4` makes it; the lz4 program and Python's lz4
# read all of them. lz4_flex 0.14.2's FrameDecoder says "end of file" (0 bytes) after each frame, so that `read_to_end` and
# `io::copy` return the first frame alone, without an error. Reading on gives the next one.
#
# barlift reads on until the stored bytes have ended.
#
# Needs: cargo.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "frames"
version = "0.0.0"
edition = "2021"

[dependencies]
lz4_flex = { version = "=0.14.2", default-features = false, features = ["std", "frame"] }
TOML
cat >"$work/src/main.rs" <<'RUST'
use std::io::{Read, Write};

use lz4_flex::frame::{FrameDecoder, FrameEncoder};

fn frame(text: &[u8]) -> Vec<u8> {
    let mut out = FrameEncoder::new(Vec::new());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

fn main() {
    let file = [frame(b"first,"), frame(b"second")].concat();
    let mut decoder = FrameDecoder::new(file.as_slice());
    let (mut once, mut again) = (String::new(), String::new());
    decoder.read_to_string(&mut once).unwrap();
    decoder.read_to_string(&mut again).unwrap();
    println!("lz4_flex 0.14.2, a file of two frames: read to its end {once:?}, and once more {again:?}");
    std::process::exit(if (once.as_str(), again.as_str()) == ("first,", "second") { 0 } else { 1 });
}
RUST
cargo run --quiet --manifest-path "$work/Cargo.toml" --target-dir "$work/target" || { status=$?; [ "$status" = 101 ] && exit 2; exit "$status"; }
