//! The address of the database, given as libpq takes it: a URL, a service, and the PG variables.
//!
//! The URL has precedence over the service file, and that over the variables, as in libpq. [`url`] reads the URL,
//! [`service`] the service file, [`keyword`] checks the names; here all of it becomes sqlx's options.
//!
//! Invariant: no error contains a value, since any of them may be part of a password. It shows parameter
//! names only if they cannot be part of an unencoded password.

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

use crate::config::Config;
use crate::error::{Error, Result};

/// Variables that name a database. The others only say how to reach it.
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

/// TCP keepalive: when the kernel probes a silent server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keepalive {
    pub(crate) on: bool,
    /// The silence before the first probe.
    pub(crate) idle: Option<Duration>,
    /// The time between probes.
    pub(crate) interval: Option<Duration>,
    /// How many probes may stay without an answer.
    pub(crate) count: Option<u32>,
    /// How long sent data may stay without an acknowledgement, in milliseconds.
    pub(crate) user_timeout: Option<u32>,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { on: true, idle: None, interval: None, count: None, user_timeout: None }
    }
}

/// `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionAttrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
}

/// Where the database is and how to connect to it.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) options: PgConnectOptions,
    pub(super) keepalive: Keepalive,
    /// `connect_timeout`, if it is given.
    timeout: Option<Duration>,
    pub(super) attrs: SessionAttrs,
}

impl Address {
    /// An address with nothing but sqlx's options.
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, keepalive: Keepalive::default(), timeout: None, attrs: SessionAttrs::Any }
    }

    /// How long to wait for a connection.
    pub(super) fn timeout(&self, config: &Config) -> Duration {
        self.timeout.unwrap_or(config.database.connect_timeout)
    }
}

/// Where a parameter was given.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Url,
    /// A service file and its line.
    Service(Rc<Path>, usize),
    Variable(&'static str),
}

impl Origin {
    /// How errors name the parameter. An unknown name may be part of a password.
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

/// The address in this URL or, without a URL, in the PG variables; none if they name no database.
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

/// sqlx's options, made from a URL, since sqlx reads ~/.pgpass only for a URL.
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
    // With a CA, `require` checks the certificate, as in psql. sqlx alone would not.
    let options = PgConnectOptions::from_str(&url.finish())
        .map_err(|_| bad_url("has a value that is not understood"))?;
    Ok(match mode {
        Some(PgSslMode::Require) if parameters.contains_key("sslrootcert") => {
            options.ssl_mode(PgSslMode::VerifyCa)
        }
        _ => options,
    })
}

/// The user of this process, as in psql. sqlx's default would be "anonymous".
fn own_user() -> Result<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    user.map(|user| user.name)
        .ok_or_else(|| bad_url("names no user, and the user of this process has no name"))
}

/// The first usual folder that has the server's socket, else this machine over TCP.
fn default_host(port: u16) -> String {
    let folders = ["/var/run/postgresql", "/run/postgresql", "/private/tmp", "/tmp"];
    let there = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    folders.into_iter().find(there).unwrap_or("localhost").to_owned()
}

fn attrs(parameters: &Parameters) -> Result<SessionAttrs> {
    Ok(match text(parameters, "target_session_attrs") {
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

/// None for 0 and less, which mean the system's default in libpq.
fn seconds(parameters: &Parameters, name: &str) -> Result<Option<Duration>> {
    let given: Option<i32> = parsed(parameters, name)?;
    Ok(given.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0).map(Duration::from_secs))
}

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

const KNOWN: &str = "docs/connections.md lists what barlift understands";

#[cfg(test)]
mod tests;
