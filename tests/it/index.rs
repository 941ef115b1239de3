//! tests/README.md names every file of tests.

use std::collections::BTreeSet;
use std::path::Path;

/// Files that hold tests or parts of them, below `tests/it`.
fn files(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("support") {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs")
            && !path.ends_with("main.rs")
            && !path.ends_with("mod.rs")
        {
            let relative =
                path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).expect("below tests");
            found.insert(relative.to_str().expect("UTF-8").to_owned());
        }
    }
}

#[test]
fn every_file_of_tests_is_in_the_index() {
    let mut there = BTreeSet::new();
    files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")), &mut there);
    let rows = include_str!("../README.md").lines().filter_map(|l| l.strip_prefix("| [")?.split_once("]("));
    let mut listed = BTreeSet::new();
    for (name, rest) in rows {
        let (path, guards) = rest.split_once(") | ").expect("a row: | [name](path) | what it guards |");
        assert!(path.ends_with(name), "{name} links to {path}");
        assert!(guards.len() > " |".len(), "{name} guards nothing");
        assert!(listed.insert(path.to_owned()), "{name} stands there twice");
    }
    assert_eq!(listed, there);
}
