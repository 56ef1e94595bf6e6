//! The buckets in Redis: one key each, and one script that takes a request out.
//!
//! The time is Redis's own, so that all nodes go by one clock. Redis 5 or newer, or Valkey: a single
//! server, or one that a name leads to; not a cluster, whose nodes this does not find.

use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, Script};

use crate::model::rate_limit::Limit;

/// How long one question may take: a request waits for it.
const QUESTION_BUDGET: Duration = Duration::from_millis(50);
/// How long it may take to connect, with TLS. Only the start of a server waits for it.
const CONNECTION_BUDGET: Duration = Duration::from_millis(500);
/// Questions that may be on their way to the connection before more have to wait.
const QUEUE_LENGTH: usize = 1024;

/// The same rule as `model::rate_limit::decide`, over a key that holds when the bucket will be full
/// again. It answers what was owed, of which the caller makes the same decision, and by what time.
///
/// A key goes when its bucket is full. One that would be so later than any bucket can (Redis's clock
/// went back) is set to empty: otherwise it would stay empty for as long as the clock went back.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local owed = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - now, 0)
local after
if math.min(owed, capacity) + interval <= capacity then
  after = owed + interval
elseif owed > 120000000 then
  after = capacity
end
if after then
  redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', math.ceil(after / 1000))
end
return {owed, now}
";

/// Where Redis is: `redis://` or `rediss://` (with TLS, by the system's roots), a user and a password
/// if need be, a host, a port, the number of a database. The password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// Reads a URL; the error is the rest of a sentence, and does not repeat the URL.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be redis://HOST:PORT/NUMBER, or rediss:// for TLS; a user and a \
                            password stand before the host, percent-encoded: redis://user:password@HOST";
        let is_known = text.starts_with("redis://") || text.starts_with("rediss://");
        // A `#insecure` would turn the check of certificates off; no parameter is needed.
        if !is_known || text.contains(['?', '#']) {
            return Err(FORM);
        }
        let information = text.into_connection_info().map_err(|_| FORM)?;
        if information.redis_settings().db() < 0 {
            return Err(FORM);
        }
        Ok(Self(text.to_owned()))
    }

    /// The URL without its password.
    pub fn shown(&self) -> String {
        let information = self.0.as_str().into_connection_info();
        let information = information.expect("`parse` refuses what is no such URL");
        let (scheme, host, port) = match information.addr() {
            ConnectionAddr::Tcp(host, port) => ("redis", host, port),
            ConnectionAddr::TcpTls { host, port, .. } => ("rediss", host, port),
            _ => return "redis://***".to_owned(),
        };
        let settings = information.redis_settings();
        let user = settings.username().unwrap_or_default();
        let credentials = match settings.password() {
            Some(_) => format!("{user}:***@"),
            None if user.is_empty() => String::new(),
            None => format!("{user}@"),
        };
        // An IPv6 address comes without its brackets.
        let host = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.clone(),
        };
        format!("{scheme}://{credentials}{host}:{port}/{}", settings.db())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("RedisUrl")
            .field(&self.shown())
            .finish()
    }
}

/// Why Redis did not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    #[error("there is no connection yet")]
    Unconnected,
    #[error(transparent)]
    Failed(#[from] redis::RedisError),
}

/// What the script answers, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// What the bucket owed before this request.
    pub(super) owed_us: u64,
    /// Redis's time.
    pub(super) now_us: u64,
}

/// The connection.
pub(super) struct Redis {
    client: Client,
    script: Script,
    /// `None` until the first one was made.
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Redis {
    /// A Redis that was not connected to yet.
    pub(super) fn new(url: &RedisUrl) -> Self {
        Self {
            client: Client::open(url.0.as_str()).expect("`RedisUrl::parse` refuses what is no URL"),
            script: Script::new(TAKE),
            connection: Mutex::new(None),
        }
    }

    /// Takes a request out of the bucket, if there is one left. When this fails, the request may
    /// have been taken out all the same.
    pub(super) async fn take(&self, key: &str, limit: Limit) -> Result<Taken, Unanswered> {
        let connection = self.connection.lock().clone();
        let connection = connection.ok_or(Unanswered::Unconnected)?;
        self.take_through(connection, key, limit).await
    }

    /// Connects anew and asks as [`Self::take`] does; if that works, later questions go this way. The
    /// former connection may be broken, or stuck in a network that lost it.
    pub(super) async fn reconnect(&self, key: &str, limit: Limit) -> Result<(), Unanswered> {
        // The questions have a budget of their own.
        let configuration = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None)
            .set_pipeline_buffer_size(QUEUE_LENGTH);
        let connect = self
            .client
            .get_multiplexed_async_connection_with_config(&configuration);
        let connection = tokio::time::timeout(CONNECTION_BUDGET, connect)
            .await
            .map_err(|_| Unanswered::Late(CONNECTION_BUDGET))??;
        self.take_through(connection.clone(), key, limit).await?;
        *self.connection.lock() = Some(connection);
        Ok(())
    }

    async fn take_through(
        &self,
        mut connection: MultiplexedConnection,
        key: &str,
        limit: Limit,
    ) -> Result<Taken, Unanswered> {
        let mut invocation = self.script.key(key);
        invocation.arg(limit.interval_us()).arg(limit.capacity_us());
        let answer = invocation.invoke_async(&mut connection);
        let (owed_us, now_us) = tokio::time::timeout(QUESTION_BUDGET, answer)
            .await
            .map_err(|_| Unanswered::Late(QUESTION_BUDGET))??;
        Ok(Taken { owed_us, now_us })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://localhost:7000/3", "redis://localhost:7000/3"),
            ("rediss://r.example.com/", "rediss://r.example.com:6379/0"),
            ("redis://[::1]:7000/3", "redis://[::1]:7000/3"),
            ("redis://:geheim@10.0.0.1", "redis://:***@10.0.0.1:6379/0"),
            ("redis://anna:ge%40heim@r:1/2", "redis://anna:***@r:1/2"),
            (
                "redis://anna:geheim@gehe:im@r:1/2",
                "redis://anna:***@r:1/2",
            ),
            ("redis://anna@r:1", "redis://anna@r:1/0"),
        ] {
            let url = RedisUrl::parse(url).unwrap();
            assert_eq!(url.shown(), shown);
            assert_eq!(format!("{url:?}"), format!("RedisUrl({shown:?})"));
        }
    }

    #[test]
    fn what_is_no_url_of_redis_is_refused_and_not_repeated() {
        for text in [
            "localhost:6379",
            "http://geheim@localhost",
            "redis://",
            "redis://:geheim",
            "redis://localhost/geheim",
            "redis://localhost/-1",
            "redis://localhost:geheim",
            "redis://0.0.0.0",
            "redis://:geheim/@localhost",
            "redis://localhost/0?protocol=resp3",
            "rediss://localhost/0#insecure",
            "redis+unix:///run/redis.sock",
        ] {
            let error = RedisUrl::parse(text).unwrap_err();
            assert!(error.starts_with("must be redis://"), "{text}: {error}");
            assert!(!error.contains("geheim"), "{text}");
        }
    }
}
