//! Where the database is and how to reach it, said in libpq's ways: a URL, a service, and the PG variables.
//!
//! What the URL says wins over the service file, and that over the variables, as in libpq. [`url`] reads the URL, [`service`]
//! the service file; here all of it becomes sqlx's options. Invariant: no value gets into an error, for any of them may be
//! part of a password; a name does, unless the text looks like a password that was not encoded.

mod keyword;
mod service;
mod url;

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use ::url::form_urlencoded::Serializer;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::{Error, Result};

/// Variables that say which database is meant. The others only say how to reach it.
const NAMING: [&str; 6] = ["PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER"];

/// The variables of the keywords. PGOPTIONS is not among them: sqlx puts it before the URL's own options.
const VARIABLES: [(&str, &str); 14] = [
    ("service", "PGSERVICE"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("channel_binding", "PGCHANNELBINDING"),
];

/// When the kernel asks a silent server whether it is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keepalive {
    pub(crate) on: bool,
    /// After this silence.
    pub(crate) idle: Option<Duration>,
    /// And then again after each of these.
    pub(crate) interval: Option<Duration>,
    /// So often until it is given up.
    pub(crate) count: Option<u32>,
    /// How long what was sent may stay without an acknowledgement, in milliseconds.
    pub(crate) user_timeout: Option<u32>,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { on: true, idle: None, interval: None, count: None, user_timeout: None }
    }
}

/// What kind of server is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionAttrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
}

/// All that was said about the connection.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) options: PgConnectOptions,
    pub(super) keepalive: Keepalive,
    /// How long to wait for a connection, if that was said.
    pub(super) timeout: Option<Duration>,
    pub(super) attrs: SessionAttrs,
}

/// Where a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Url,
    /// A service file, and the line of it.
    Service(Rc<Path>, usize),
    Variable(&'static str),
}

impl Origin {
    /// What to call the parameter. A name that nobody knows may be part of a password.
    fn place(&self, name: &str) -> String {
        match self {
            Self::Url => format!("the parameter `{name}` of the database URL"),
            Self::Service(file, line) if keyword::is_known(name) => {
                format!("`{name}` in line {line} of {}", file.display())
            }
            Self::Service(file, line) => format!("a parameter in line {line} of {}", file.display()),
            Self::Variable(variable) => (*variable).to_owned(),
        }
    }
}

/// Keywords with their values.
type Parameters = HashMap<String, (String, Origin)>;

/// The database of this URL or, without one, of the PG variables; none if they name none either.
///
/// # Errors
/// [`Error::Config`]
pub(super) fn address(url: Option<&str>) -> Result<Option<Address>> {
    let mut parameters = match url {
        Some(text) => url::parse(text)?,
        None if NAMING.iter().any(|name| variable(name).is_some()) => Parameters::new(),
        None => return Ok(None),
    };
    let service = parameters.remove("service").map(|(name, _)| name).or_else(|| variable("PGSERVICE"));
    if let Some(service) = service {
        for (name, said) in service::read(&service)? {
            parameters.entry(name).or_insert(said);
        }
    }
    for (name, from) in VARIABLES {
        if let Some(value) = variable(from).filter(|_| name != "service") {
            parameters.entry(name.to_owned()).or_insert((value, Origin::Variable(from)));
        }
    }
    build(&parameters).map(Some)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn build(parameters: &Parameters) -> Result<Address> {
    keyword::check(parameters)?;
    let keepalive = Keepalive {
        on: number(parameters, "keepalives")? != Some(0),
        idle: seconds(parameters, "keepalives_idle")?,
        interval: seconds(parameters, "keepalives_interval")?,
        count: number(parameters, "keepalives_count")?.filter(|n| *n > 0),
        user_timeout: number(parameters, "tcp_user_timeout")?,
    };
    let timeout = seconds(parameters, "connect_timeout")?;
    let attrs = attrs(parameters)?;
    Ok(Address { options: options(parameters)?, keepalive, timeout, attrs })
}

/// Through a URL of sqlx's own kind: only there it looks into ~/.pgpass.
fn options(parameters: &Parameters) -> Result<PgConnectOptions> {
    let port: Option<u16> = parsed(parameters, "port")?;
    let mode: Option<PgSslMode> = parsed(parameters, "sslmode")?;
    let _: Option<usize> = parsed(parameters, "statement-cache-capacity")?;
    let host = match text(parameters, "hostaddr").or_else(|| text(parameters, "host")) {
        Some(host) => host.to_owned(),
        None => default_host(port.unwrap_or(5432)),
    };
    let user = match text(parameters, "user") {
        Some(user) => user.to_owned(),
        None => own_user()?,
    };
    let database = text(parameters, "dbname").unwrap_or(&user);
    let mut url = Serializer::new("postgres://localhost?".to_owned());
    url.append_pair("host", &host).append_pair("user", &user).append_pair("dbname", database);
    url.append_pair("port", &port.unwrap_or(5432).to_string());
    for (name, (value, _)) in parameters {
        if keyword::is_sqlx(name) {
            url.append_pair(name, value);
        }
    }
    // With a CA named, `require` asks it, as in psql. sqlx alone would not look at the certificate.
    let options = PgConnectOptions::from_str(&url.finish())
        .map_err(|_| bad_url("has a value that is not understood"))?;
    Ok(match mode {
        Some(PgSslMode::Require) if parameters.contains_key("sslrootcert") => {
            options.ssl_mode(PgSslMode::VerifyCa)
        }
        _ => options,
    })
}

/// The user of this process, as psql asks for it; sqlx would take "anonymous".
fn own_user() -> Result<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    user.map(|user| user.name)
        .ok_or_else(|| bad_url("names no user, and the user of this process has no name"))
}

/// The usual folders of the socket, or this machine over TCP.
fn default_host(port: u16) -> String {
    let folders = ["/var/run/postgresql", "/run/postgresql", "/private/tmp", "/tmp"];
    let there = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    folders.into_iter().find(there).unwrap_or("localhost").to_owned()
}

fn attrs(parameters: &Parameters) -> Result<SessionAttrs> {
    Ok(match text(parameters, "target_session_attrs") {
        // Of one server, the one that is there is preferred.
        None | Some("any" | "prefer-standby") => SessionAttrs::Any,
        Some("read-write") => SessionAttrs::ReadWrite,
        Some("read-only") => SessionAttrs::ReadOnly,
        Some("primary") => SessionAttrs::Primary,
        Some("standby") => SessionAttrs::Standby,
        Some(_) => return Err(bad_value(parameters, "target_session_attrs")),
    })
}

fn text<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.get(name).map(|(value, _)| value.as_str()).filter(|value| !value.is_empty())
}

fn parsed<T: FromStr>(parameters: &Parameters, name: &str) -> Result<Option<T>> {
    text(parameters, name).map(str::parse).transpose().map_err(|_| bad_value(parameters, name))
}

fn number(parameters: &Parameters, name: &str) -> Result<Option<u32>> {
    parsed(parameters, name)
}

/// To libpq, 0 and less mean the system's own.
fn seconds(parameters: &Parameters, name: &str) -> Result<Option<Duration>> {
    let given: Option<i32> = parsed(parameters, name)?;
    Ok(given.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0).map(Duration::from_secs))
}

/// A URL that is none, and what of it.
fn bad_url(what: &str) -> Error {
    Error::config(
        format!("the database URL {what}"),
        "write it as postgres://user:password@host:5432/name (DATABASE_URL or database.url), with @ / # ? % in \
         user and password as %40 %2F %23 %3F %25",
    )
}

fn bad_value(parameters: &Parameters, name: &str) -> Error {
    let url = "the database URL".to_owned();
    let (place, what) = match parameters.get(name).map(|(_, origin)| origin) {
        None | Some(Origin::Url) => (url, format!("has a value of `{name}` that is not understood")),
        Some(origin) => (origin.place(name), "has a value that is not understood".to_owned()),
    };
    Error::config(format!("{place} {what}"), format!("it takes {}", keyword::takes(name)))
}

/// Where all that is understood is written down.
const KNOWN: &str = "docs/connections.md lists what barlift understands";

#[cfg(test)]
mod tests;
