//! Where a PostgreSQL database is: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`.
//!
//! The parameters are those of libpq, as far as `tokio-postgres` knows them, and four that are read
//! here: `sslmode` (libpq's six values but `allow`), `sslrootcert`, `connection_limit` and
//! `pool_timeout`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

use crate::store::error::Error;

/// Connections of one process, unless `connection_limit` says otherwise.
const CONNECTIONS: usize = 16;
/// The most that can be asked for: PostgreSQL serves a few hundred at best.
const CONNECTIONS_MAX: usize = 1_000;
/// How long a request waits for a connection, unless `pool_timeout` says otherwise.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long connecting may take: a host that does not answer must not hold up the next one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a peer may leave what was sent unacknowledged before its connection counts as lost.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(10);
/// What each session is set to. A write that waits for another's lock for longer is told that the
/// database is busy; `options` of the URL come behind these and win.
const SESSION: &str = "-c statement_timeout=60s -c lock_timeout=10s \
                       -c idle_in_transaction_session_timeout=5min -c TimeZone=UTC \
                       -c client_min_messages=warning";

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verification {
    /// Whoever answers is believed.
    None,
    /// Somebody whom an authority vouches for, under any name.
    Authority,
    /// The host that was asked for.
    Host,
}

/// A database on a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    config: Config,
    pub(super) verification: Verification,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) connections: usize,
    pub(super) pool_timeout: Duration,
}

impl Url {
    /// Reads a URL. The error never shows it: there may be a password in it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut url = Self {
            text: text.to_owned(),
            config: Config::new(),
            verification: Verification::None,
            root_certificates: None,
            connections: CONNECTIONS,
            pool_timeout: POOL_TIMEOUT,
        };
        let mut ssl_mode = None;
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| refused(format!("{name} is no UTF-8")))?;
            match name {
                "sslmode" => ssl_mode = Some(value.into_owned()),
                "sslrootcert" => url.root_certificates = Some(PathBuf::from(&*value)),
                "connection_limit" => {
                    url.connections = number(name, &value, 2..=CONNECTIONS_MAX)?;
                }
                "pool_timeout" => {
                    let seconds = number(name, &value, 1..=600)?;
                    url.pool_timeout = Duration::from_secs(seconds as u64);
                }
                _ => rest.push(pair),
            }
        }
        let base = format!("{address}?{}", rest.join("&"));
        url.config = Config::from_str(&base).map_err(|error| {
            let source = std::error::Error::source(&error);
            refused(source.map_or_else(|| error.to_string(), ToString::to_string))
        })?;
        url.protect(ssl_mode.as_deref())?;
        url.settle()?;
        Ok(url)
    }

    /// What `sslmode` asks for, as libpq reads it.
    fn protect(&mut self, ssl_mode: Option<&str>) -> Result<(), Error> {
        let has_roots = self.root_certificates.is_some();
        let (mode, verification) = match ssl_mode.unwrap_or("prefer") {
            "disable" => (SslMode::Disable, Verification::None),
            "prefer" => (SslMode::Prefer, Verification::None),
            // Whoever names an authority wants it asked.
            "require" if has_roots => (SslMode::Require, Verification::Authority),
            "require" => (SslMode::Require, Verification::None),
            "verify-ca" => (SslMode::Require, Verification::Authority),
            "verify-full" => (SslMode::Require, Verification::Host),
            other => {
                return Err(refused(format!(
                    "sslmode is disable, prefer, require, verify-ca or verify-full, not {other:?}"
                )));
            }
        };
        self.config.ssl_mode(mode);
        self.verification = verification;
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Error> {
        if self.config.get_hosts().is_empty() {
            return Err(refused("a host is missing".to_owned()));
        }
        if self.config.get_dbname().is_none() {
            return Err(refused("the database's name is missing".to_owned()));
        }
        let own = self.config.get_options().unwrap_or_default();
        let options = format!("{SESSION} {own}");
        let config = &mut self.config;
        config
            .options(options.trim())
            .keepalives_idle(UNACKNOWLEDGED_MAX)
            .keepalives_interval(UNACKNOWLEDGED_MAX / 5)
            .keepalives_retries(3)
            .tcp_user_timeout(UNACKNOWLEDGED_MAX);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("rollcall");
        }
        // A standby takes no writes: among several hosts the one that does is meant.
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(())
    }

    /// Whether both name the same database of the same server.
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |url: &Self| {
            let config = &url.config;
            let hosts = config.get_hosts().to_vec();
            (
                hosts,
                config.get_ports().to_vec(),
                url.database().to_owned(),
            )
        };
        place(self) == place(other)
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The database's name.
    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }
}

fn number(name: &str, value: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, Error> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        refused(format!("{name} is a whole number from {least} to {most}"))
    })
}

fn refused(reason: impl fmt::Display) -> Error {
    Error::Refused(format!(
        "the PostgreSQL URL is refused: {reason}; write \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    ))
}

/// Without the password.
impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.text.split_once("://").unwrap_or(("postgres", ""));
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        let shown = match authority.rsplit_once('@') {
            None => authority.to_owned(),
            Some((user, host)) => match user.split_once(':') {
                None => authority.to_owned(),
                Some((user, _)) => format!("{user}:…@{host}"),
            },
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameters: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some(("password", _)) => "password=…".to_owned(),
                _ => pair.to_owned(),
            })
            .collect();
        let query = parameters.join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        write!(formatter, "{scheme}://{shown}{path}{mark}{query}")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mode_asks_for_is_what_is_verified() {
        for (query, mode, verification) in [
            ("", SslMode::Prefer, Verification::None),
            ("?sslmode=disable", SslMode::Disable, Verification::None),
            ("?sslmode=require", SslMode::Require, Verification::None),
            (
                "?sslmode=require&sslrootcert=ca.pem",
                SslMode::Require,
                Verification::Authority,
            ),
            (
                "?sslmode=verify-ca",
                SslMode::Require,
                Verification::Authority,
            ),
            ("?sslmode=verify-full", SslMode::Require, Verification::Host),
        ] {
            let url = Url::parse(&format!("postgres://u@h/d{query}")).unwrap();
            assert_eq!(url.config.get_ssl_mode(), mode, "{query}");
            assert_eq!(url.verification, verification, "{query}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://anna:s3cret@db.example:5433/rollcall?sslmode=disable",
            "postgresql://anna:s3cret:x@a,b/rollcall",
            "postgres://anna@h/d?password=s3cret&connection_limit=4",
            "postgres://anna:p@s3cret@h/d",
        ] {
            let shown = format!("{:?}", Url::parse(text).unwrap());
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(shown.contains("anna"), "{shown}");
        }
        for text in [
            "postgres://anna:s3cret@h:port/d",
            "postgres://anna:s3cret@h/d?sslmode=maybe",
            "postgres://anna:s3cret@h/d?nonsense=1",
            "postgres://anna:s3cret@h",
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, reason) in [
            ("postgres:///d", "a host is missing"),
            ("postgres://h", "the database's name is missing"),
            ("postgres://h/d?sslmode=allow", "sslmode is disable, "),
            ("postgres://h/d?connection_limit=1", "connection_limit is a"),
            ("postgres://h/d?pool_timeout=0", "pool_timeout is a whole"),
            ("postgres://h/d?sslcert=x", "sslcert"),
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn among_several_hosts_the_one_that_writes_is_taken() {
        let url = Url::parse("postgres://u@one:1,two:2/d").unwrap();
        assert_eq!(url.config.get_hosts().len(), 2);
        assert_eq!(
            url.config.get_target_session_attrs(),
            TargetSessionAttrs::ReadWrite
        );
    }
}
