//! libpq's keywords: which ones barlift supports, which it may ignore, which it must refuse.

use std::net::Ipv6Addr;

use super::{KNOWN, Origin, Parameters};
use crate::error::{Error, Result};

/// Keywords that sqlx supports.
const OF_SQLX: [&str; 7] =
    ["password", "sslmode", "sslrootcert", "sslcert", "sslkey", "options", "statement-cache-capacity"];

/// Keywords that barlift supports.
const OWN: [&str; 12] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "dbname",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "target_session_attrs",
];

/// Keywords that may be ignored if they have one of these values, which is what barlift does anyway; an empty list stands
/// for any value.
const IGNORED: [(&str, &[&str]); 9] = [
    ("application_name", &[]),
    ("fallback_application_name", &[]),
    ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "auto"]),
    ("channel_binding", &["prefer", "disable"]),
    ("gssencmode", &["prefer", "disable"]),
    ("sslnegotiation", &["postgres"]),
    ("sslcompression", &["0"]),
    ("sslsni", &["1"]),
    ("load_balance_hosts", &["disable"]),
];

/// libpq's other keywords, as of PostgreSQL 18: barlift refuses them.
const OTHERS: [&str; 26] = [
    "gssdelegation",
    "gsslib",
    "krbsrvname",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslkeylogfile",
    "sslpassword",
    "authtype",
];

/// sqlx's other names for libpq's keywords.
const ALIASES: [(&str, &str); 5] = [
    ("ssl-mode", "sslmode"),
    ("ssl-root-cert", "sslrootcert"),
    ("ssl-ca", "sslrootcert"),
    ("ssl-cert", "sslcert"),
    ("ssl-key", "sslkey"),
];

pub(super) fn libpq_name(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name)
}

/// Whether sqlx takes it unchanged.
pub(super) fn is_sqlx(name: &str) -> bool {
    OF_SQLX.contains(&name) || name.starts_with("options[")
}

/// Whether it is a keyword of libpq or sqlx, which an error may contain.
pub(super) fn is_known(name: &str) -> bool {
    let ignored = IGNORED.iter().any(|(ignored, _)| *ignored == name);
    ignored || is_sqlx(name) || OWN.contains(&name) || OTHERS.contains(&name)
}

/// The values that a keyword takes, for hints.
pub(super) fn takes(name: &str) -> &'static str {
    match name {
        "port" => "a number from 1 to 65535",
        "sslmode" => "disable, allow, prefer, require, verify-ca or verify-full",
        "target_session_attrs" => "any, read-write, read-only, primary, standby or prefer-standby",
        "connect_timeout" => "whole seconds, such as 10",
        _ => "a whole number",
    }
}

/// Whether the value is a host with a port, or anything else but a host.
fn is_more_than_a_host(value: &str) -> bool {
    let address = value.split('%').next().unwrap_or(value);
    value.contains(':') && !value.starts_with('/') && address.parse::<Ipv6Addr>().is_err()
}

/// Refuses unknown keywords and those that barlift cannot support. The error names the keyword, not its value.
pub(super) fn check(parameters: &Parameters) -> Result<()> {
    // Sorted, so that the error names the same one each time.
    let mut names: Vec<&String> = parameters.keys().collect();
    names.sort();
    for name in names {
        let (value, origin) = &parameters[name];
        let list = ["host", "hostaddr", "port"].contains(&name.as_str()) && value.contains(',');
        if list {
            return Err(refused(origin, name, "names several servers, and barlift connects to one"));
        }
        if ["host", "hostaddr"].contains(&name.as_str()) && is_more_than_a_host(value) {
            return Err(more_than_a_host(origin, name));
        }
        if is_sqlx(name) || OWN.contains(&name.as_str()) {
            continue;
        }
        match IGNORED.iter().find(|(ignored, _)| ignored == name) {
            None => return Err(refused(origin, name, "is not understood")),
            Some((_, values)) if !values.is_empty() && !values.contains(&value.as_str()) => {
                let what = format!("cannot be followed; barlift can do {}", values.join(" or "));
                return Err(refused(origin, name, &what));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn refused(origin: &Origin, name: &str, what: &str) -> Error {
    let name: String = name.chars().take(60).collect();
    Error::config(format!("{} {what}", origin.place(&name)), KNOWN)
}

fn more_than_a_host(origin: &Origin, name: &str) -> Error {
    let instead = match origin {
        Origin::Url => "?host=db.example&port=5432",
        Origin::Service(..) => "port=5432 in a line of its own",
        Origin::Variable(_) => "PGPORT=5432",
    };
    Error::config(
        format!("{} has more than a host in it", origin.place(name)),
        format!("write the port by itself: {instead}"),
    )
}
