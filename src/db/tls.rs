//! Hints for connections that fail because of TLS.

use std::io::ErrorKind;

use rustls::CertificateError;
use sqlx::postgres::PgConnectOptions;

/// sqlx's message; there is no error variant for it.
const NO_TLS: &str = "server does not support TLS";

const CHECK_FILES: &str = "check the files that sslrootcert, sslcert and sslkey name in the database URL";

/// The hint for a connection that has failed because of TLS; none if there is another reason.
pub(super) fn advice(options: &PgConnectOptions, e: &sqlx::Error) -> Option<&'static str> {
    match e {
        sqlx::Error::Tls(why) if why.to_string() == NO_TLS => Some(
            "turn TLS on at the server (ssl = on), or connect without it where the network is safe: ?sslmode=prefer",
        ),
        sqlx::Error::Tls(_) => Some(CHECK_FILES),
        sqlx::Error::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(why)) => Some(about_certificate(why)),
            // Over TCP, only certificates and keys are opened by a path.
            None if names_a_file(io.kind()) && options.get_socket().is_none() => Some(CHECK_FILES),
            _ => None,
        },
        _ => None,
    }
}

fn names_a_file(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory)
}

fn about_certificate(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "connect by a name that the server's certificate has; sslmode=verify-ca does not look at the name"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "name the CA that signed the server's certificate, ?sslrootcert=/path/to/ca.crt in the database URL; \
             without it, only the CAs of this system count"
        }
        _ => "the server needs another certificate; ask whoever runs it",
    }
}
