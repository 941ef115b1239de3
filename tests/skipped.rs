//! The last target that `cargo test` runs: it says which tests skipped themselves, and why.

#![allow(missing_docs, unreachable_pub)]
// Helpers of tests may fail as tests do, and this is for people.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

#[path = "it/support/skips.rs"]
mod skips;

fn main() {
    // Tools that list tests find none here.
    if std::env::args().any(|a| a == "--list") {
        return;
    }
    println!("\n{}", skips::line(&std::fs::read_to_string(skips::notes()).unwrap_or_default()));
    skips::forget();
}
