//! tests/README.md names every file of tests, and every link of a page leads somewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// The Markdown files of the repository, but for those of tools and builds.
fn pages() -> Vec<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "findings", "tests", "tests/bars"].map(|f| repository.join(f));
    let entries = folders.iter().flat_map(|f| std::fs::read_dir(f).expect("listed"));
    entries
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect()
}

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    assert!(pages.len() > 10);
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page");
        let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        for target in targets.filter(|t| !t.contains("://")) {
            let (path, wanted) = target.split_once('#').unwrap_or((target, ""));
            let linked = if path.is_empty() { page.clone() } else { page.with_file_name("").join(path) };
            assert!(linked.exists(), "{}: {target} is not there", page.display());
            if !wanted.is_empty() && linked.extension().is_some_and(|e| e == "md") {
                let linked = std::fs::read_to_string(&linked).expect("a page");
                let mut headings = linked.lines().filter(|l| l.starts_with('#')).map(anchor);
                assert!(headings.any(|h| h == wanted), "{}: {target} has no such heading", page.display());
            }
        }
    }
}

#[test]
fn every_path_in_backticks_is_there() {
    let folders = ["src/", "tests/", "docs/", "benches/", "migrations/", "deploy/", "examples/"];
    let is_path = |n: &&str| {
        let plain = n.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./-".contains(&b));
        plain && folders.iter().any(|f| n.starts_with(f))
    };
    let mut found = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        // Blocks of code have backticks of their own.
        let prose: String = text.split("```").step_by(2).collect();
        for path in prose.split('`').skip(1).step_by(2).filter(is_path) {
            let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists();
            assert!(there, "{}: {path} is not there", page.display());
            found += 1;
        }
    }
    assert!(found > 50, "only {found} paths were found");
}
