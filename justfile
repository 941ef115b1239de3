# The commands of CONTRIBUTING.md, which .ci/run runs, too. `just` lists them.

# Show this list
default:
    @"{{just_executable()}}" --list --unsorted

# Type-check everything, with its tests and benches
check:
    cargo check --locked --all-targets

# Check the format, and run the lints with and without Arrow and Parquet
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --lib --no-default-features -- -D warnings

# Run all tests (about 13 minutes on two cores)
test:
    cargo test --locked

# Run the unit tests whose path contains NAME (all: `just unit ''`)
unit NAME:
    cargo test --locked --lib '{{NAME}}'

# Run the integration tests whose path contains NAME, such as `bundles` or `cli::help`
test-one NAME:
    cargo test --locked --test it '{{NAME}}'

# Run integration tests as `test-one`, and accept what they print as their snapshots
snapshots NAME:
    INSTA_UPDATE=always cargo test --locked --test it '{{NAME}}'

# Let the property tests try 20,000 inputs each
properties:
    PROPTEST_CASES=20000 cargo test --locked --test it properties

# Kill workers and restart servers for some minutes; print what was done
chaos:
    BARLIFT_CHAOS=long cargo test --locked --test it chaos -- --nocapture

# Look for deadlocks for some minutes
deadlocks:
    BARLIFT_LOCKS=long cargo test --locked --test it deadlocks -- --nocapture

# Build the documentation of the library
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet

# Check the licences and sources of the dependencies
deny:
    cargo deny --log-level error check licenses bans sources

# Measure reader, comparison and encoder alone
bench-parts:
    cargo bench --locked --no-default-features --bench parts

# Compare barlift with other tools (an hour or two; `just bench-peers --scenario fresh --rounds 3` is shorter)
bench-peers *FLAGS:
    cargo bench --locked --bench peers -- {{FLAGS}}

# Measure what exporting spans costs
bench-tracing:
    cargo bench --locked --bench tracing

# Run everything that has to pass
ci:
    .ci/run
