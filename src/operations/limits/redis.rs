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

/// How much longer than a question it may take to connect, with TLS. Only the start of a server
/// waits for it.
const CONNECTION_FACTOR: u32 = 10;
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
    /// How long a question may take.
    patience: Duration,
    /// `None` until the first one was made.
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Redis {
    /// A Redis that was not connected to yet.
    pub(super) fn new(url: &RedisUrl, patience: Duration) -> Self {
        Self {
            client: Client::open(url.0.as_str()).expect("`RedisUrl::parse` refuses what is no URL"),
            script: Script::new(TAKE),
            patience,
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
        // What waits does so in a timeout of ours.
        let configuration = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None)
            .set_pipeline_buffer_size(QUEUE_LENGTH);
        let connect = self
            .client
            .get_multiplexed_async_connection_with_config(&configuration);
        let patience = self.patience * CONNECTION_FACTOR;
        let connection = tokio::time::timeout(patience, connect)
            .await
            .map_err(|_| Unanswered::Late(patience))??;
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
        let (owed_us, now_us) = tokio::time::timeout(self.patience, answer)
            .await
            .map_err(|_| Unanswered::Late(self.patience))??;
        Ok(Taken { owed_us, now_us })
    }
}

#[cfg(test)]
mod tests {
    use rollcall_testbed::redis::Server;

    use super::*;
    use crate::model::rate_limit::{Bucket, decide};

    async fn connected(server: &Server) -> Redis {
        let redis = Redis::new(
            &RedisUrl::parse(&server.url()).unwrap(),
            Duration::from_secs(30),
        );
        let limit = Limit::per_minute(1).unwrap();
        redis.reconnect("trial", limit).await.unwrap();
        redis
    }

    /// The same requests at the same times to both: times that Redis tells, and limits that are
    /// drawn anew for each request, so that buckets run empty and fill up again without waiting.
    #[tokio::test]
    async fn redis_decides_as_a_bucket_in_memory_does() {
        let server = Server::launch();
        let redis = connected(&server).await;
        let mut state = 1_u64;
        let mut random = || {
            // xorshift: any sequence will do, as long as it is the same each time.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut bucket = Bucket::default();
        let (mut allowed, mut refused) = (0, 0);
        for number in 0..5_000 {
            let key = format!("bucket {}", number / 100);
            if number % 100 == 0 {
                bucket = Bucket::default();
            }
            let most = [10, 1_000, 100_000, 10_000_000][usize::try_from(random() % 4).unwrap()];
            let requests = u32::try_from(random() % most).unwrap() + 1;
            let limit = Limit::per_minute(requests).unwrap();
            let taken = redis.take(&key, limit).await.unwrap();
            let (decision, _) = decide(limit, taken.owed_us);
            let expected = bucket.take(limit, Duration::from_micros(taken.now_us));
            assert_eq!(decision, expected);
            *if decision.allowed {
                &mut allowed
            } else {
                &mut refused
            } += 1;
        }
        assert!(allowed > 100 && refused > 100, "{allowed} {refused}");
    }

    #[tokio::test]
    async fn a_burst_gets_exactly_the_limit() {
        let server = Server::launch();
        let redis = connected(&server).await;
        let limit = Limit::per_minute(5).unwrap();
        let mut allowed = 0;
        for _ in 0..20 {
            let taken = redis.take("bucket", limit).await.unwrap();
            allowed += u32::from(decide(limit, taken.owed_us).0.allowed);
        }
        assert_eq!(allowed, 5);
    }

    #[tokio::test]
    async fn a_clock_that_went_back_shuts_nobody_out_for_long() {
        let server = Server::launch();
        let redis = connected(&server).await;
        let limit = Limit::per_minute(60).unwrap();
        let now_us = redis.take("other", limit).await.unwrap().now_us;
        let mut connection = redis.connection.lock().clone().unwrap();
        let an_hour_later = now_us + 3_600_000_000;
        let mut set = redis::cmd("SET");
        set.arg("bucket").arg(an_hour_later);
        let _: () = set.query_async(&mut connection).await.unwrap();
        let first = redis.take("bucket", limit).await.unwrap();
        assert!(first.owed_us > 60_000_000);
        let second = redis.take("bucket", limit).await.unwrap();
        assert!(second.owed_us <= 60_000_000, "{second:?}");
    }

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
