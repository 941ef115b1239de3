//! The cryptography that TLS connections use.

/// Chooses it for this process, unless that was done before. The HTTP clients of buckets and of the span export need a
/// choice before they are made, even if they use no TLS.
pub(crate) fn choose() {
    // An error says that there is a choice.
    _ = rustls::crypto::ring::default_provider().install_default();
}
