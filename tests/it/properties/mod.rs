//! Properties that hold for every input. proptest generates the inputs.
//!
//! Every run tries the same inputs. `PROPTEST_CASES=20000` tries more for each property, and `PROPTEST_RNG_SEED=7`
//! other ones. What they find becomes a plain test beside the code that had the fault.

mod corpus;
mod model;
mod reader;
mod roundtrip;
mod settings;
mod values;

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Tries `property` on `cases` values, or as many as the environment says; panics with the smallest that
/// breaks it.
pub fn holds<S>(cases: u32, values: &S, property: impl Fn(S::Value))
where
    S: Strategy<Value: Debug>,
{
    let tried = runner(cases).run(values, |value| {
        property(value);
        Ok(())
    });
    if let Err(e) = tried {
        panic!("{e}");
    }
}

fn runner(cases: u32) -> TestRunner {
    let mut config = Config::default();
    let given = |name: &str| std::env::var_os(name).is_some();
    if !given("PROPTEST_CASES") {
        config.cases = cases;
    }
    if !given("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(1);
    }
    // Finds are kept as tests, not as seeds that mean something else after the next change.
    config.failure_persistence = None;
    TestRunner::new(config)
}

/// A text made of `pieces`, at most `most` of them: nearer to what a parser knows than random characters.
fn spliced(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(pieces), 0..=most).prop_map(|p| p.concat())
}
