//! A database URL, as libpq reads it: user, host, port and name may each be left out, a host may be an IPv6 address in
//! brackets or the folder of a socket.
//!
//! It is strict, and no error contains a part of the URL: if a password contains an `@`, `/`, `#` or `?` that is not
//! encoded, a part of it looks like a host, a name or a parameter.

use ::url::form_urlencoded;
use percent_encoding::percent_decode_str;

use super::{Origin, Parameters, bad_url, keyword};
use crate::error::{Error, Result};

pub(super) fn parse(text: &str) -> Result<Parameters> {
    let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let rest = rest.ok_or_else(|| bad_url("does not start with postgres://"))?;
    if rest.contains('#') {
        return Err(bad_url("has a # in it"));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // An @ behind the host is part of a password whose / or ? is not encoded.
    if path.contains('/') || path.contains('@') || query.contains('@') {
        return Err(bad_url("has more than a name behind its host"));
    }
    let mut found = Parameters::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            found.insert(keyword::libpq_name(name).to_owned(), (value, Origin::Url));
        }
    };
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains('@') {
        return Err(bad_url("has more than one @"));
    }
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    put("user", decoded(user)?);
    put("password", decoded(password)?);
    if place.contains(',') {
        return Err(several_servers());
    }
    let (host, port) = host_and_port(place)?;
    put("host", decoded(host)?);
    put("port", decoded(port)?);
    put("dbname", decoded(path)?);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !is_name(&name) {
            return Err(bad_url("has a parameter that is not understood"));
        }
        match (name.as_ref(), value.as_ref()) {
            // As in JDBC.
            ("ssl", "true") => put("sslmode", "require".to_owned()),
            _ => put(&name, value.into_owned()),
        }
    }
    Ok(found)
}

fn several_servers() -> Error {
    Error::config(
        "the database URL names several servers, and barlift connects to one",
        "name one: postgres://user:password@host:5432/name",
    )
}

fn host_and_port(place: &str) -> Result<(&str, &str)> {
    if let Some(address) = place.strip_prefix('[') {
        let (host, port) = address.split_once(']').ok_or_else(|| bad_url("has a [ without a ]"))?;
        return match (port.strip_prefix(':'), port) {
            (Some(port), _) => Ok((host, port)),
            (None, "") => Ok((host, "")),
            _ => Err(bad_url("has something behind the ] of its host")),
        };
    }
    let (host, port) = place.split_once(':').unwrap_or((place, ""));
    if port.contains(':') {
        return Err(bad_url("has an IPv6 address that is not in brackets, or more than one port"));
    }
    Ok((host, port))
}

/// Whether it looks like a keyword; anything else may be part of a password.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-[].".contains(&b);
    !name.is_empty() && name.bytes().all(plain)
}

fn decoded(text: &str) -> Result<String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| bad_url("is not in UTF-8"))?;
    if text.contains('\0') {
        return Err(bad_url("has a NUL in it"));
    }
    Ok(text.into_owned())
}
