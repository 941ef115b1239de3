//! What the tests of this module's parts share.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Bytes that mean something to some part of the reader.
const TELLING: &[u8] = b"0169-+:.,;|T Ze\"'\r\t\0/nxZ\xff";

/// Tries `property` on the same `cases` values in each run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` try others.
pub(super) fn holds<S: Strategy<Value: Debug>>(cases: u32, values: &S, property: impl Fn(S::Value)) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    let tried = TestRunner::new(config).run(values, |value| {
        property(value);
        Ok(())
    });
    tried.unwrap_or_else(|e| panic!("{e}"));
}

/// Texts of this form.
pub(super) fn like(regex: &str) -> impl Strategy<Value = String> + use<> {
    proptest::string::string_regex(regex).expect("a regular expression")
}

/// `text` with a byte changed, put in, taken out or doubled at each of these places.
pub(super) fn mutated(mut text: Vec<u8>, changes: &[(Index, u8)]) -> Vec<u8> {
    for (place, how) in changes {
        let at = place.index(text.len() + 1);
        let telling = TELLING[usize::from(how / 4) % TELLING.len()];
        match how % 4 {
            0 if at < text.len() => text[at] = telling,
            1 if at < text.len() => _ = text.remove(at),
            2 if at < text.len() => text.insert(at, text[at]),
            _ => text.insert(at, telling),
        }
    }
    text
}
