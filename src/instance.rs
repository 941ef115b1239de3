//! The id of this process, unique among all processes of any machine and at any time.
//!
//! Invariant: the same for the whole life of the process; pids and host names of containers come again, this does
//! not.

use std::sync::LazyLock;

/// Eight letters and digits.
#[must_use]
pub fn id() -> &'static str {
    static ID: LazyLock<String> = LazyLock::new(|| {
        let id = ulid::Ulid::generate().to_string().to_lowercase();
        // The random end.
        id[18..].to_owned()
    });
    &ID
}
