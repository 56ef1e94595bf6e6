//! PostgreSQL, 15 and newer: a pool of connections, one transaction each, and for every client a
//! lane in which its writes share commits.

mod lanes;
mod session;
mod tls;
mod transaction;
mod url;

use std::any::Any;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::error::SqlState;

use crate::model::id::ClientId;
use crate::store::error::Error;
use crate::store::migrations;
use crate::store::postgres::lanes::Lanes;
use crate::store::postgres::transaction::{Isolation, Work, transact};
use crate::store::tx::Tx;

pub use session::Session;
pub use url::Url;

/// `rollcall`: what processes that migrate at the same time wait for each other on.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(8246711382563613804)";
/// What was answered is durable, whatever the server does for others; what it does beyond that
/// (`remote_apply`) stays.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false)
                       WHERE current_setting('synchronous_commit') IN ('off', 'local')";
/// The oldest PostgreSQL that is tested.
const VERSION_MIN: i64 = 15;

/// How often, and how far apart, it is looked whether others have left.
const GOODBYES: usize = 10;
const GOODBYE: Duration = Duration::from_millis(100);

/// An open PostgreSQL database.
pub struct Postgres {
    url: Url,
    pool: Pool,
    lanes: Lanes,
}

impl Postgres {
    /// Connects, and refuses a database that would sort or encode text in another way than we do.
    pub async fn open(url: &Url) -> Result<Self, Error> {
        let postgres = Self {
            url: url.clone(),
            pool: pool(url)?,
            lanes: Lanes::new(url.pool_timeout),
        };
        postgres.assert_fit().await?;
        Ok(postgres)
    }

    /// Where it is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Brings the schema to this release's. Who comes while another does it waits and finds it done.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.write(|tx| {
            // Neither waiting nor building an index over millions of rows may be cut short.
            tx.script("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")?;
            tx.script(MIGRATION_LOCK)?;
            migrations::migrate(tx)
        })
        .await
    }

    /// What the schema lacks, without changing it; `None` when there is none of ours yet.
    pub async fn missing(&self) -> Result<Option<usize>, Error> {
        self.read(|tx| {
            let sql = "SELECT COUNT(*) FROM information_schema.tables
                       WHERE table_schema = current_schema() AND table_name = 'schema_steps'";
            match tx.one(sql, &[], |row| row.number(0))? {
                Some(0) | None => Ok(None),
                Some(_) => migrations::missing(tx).map(Some),
            }
        })
        .await
    }

    /// Refuses a database that anybody else is connected to.
    pub async fn assert_unused(&self) -> Result<(), Error> {
        // Of other roles' sessions no more is told than who and where; the server's own have no role.
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
                   AND usesysid IS NOT NULL AND pid <> pg_backend_pid()";
        // Who has just left is shown for a moment longer.
        for _ in 0..GOODBYES {
            let others = self.read(|tx| tx.one(sql, &[], |row| row.number(0)));
            if others.await? == Some(0) {
                return Ok(());
            }
            tokio::time::sleep(GOODBYE).await;
        }
        let place = &self.url;
        Err(Error::Refused(format!(
            "{place} is in use: stop its servers first"
        )))
    }

    /// Reads from one moment's state, and undoes what was written.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let pool = self.pool.clone();
        let mut read = transact(pool, Isolation::Moment, vec![work(read)]).await;
        opened(read.outcomes.pop())
    }

    /// Writes in a transaction of its own.
    pub async fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let pool = self.pool.clone();
        // Whoever asked may go: what was begun is ended all the same.
        let writing = tokio::spawn(async {
            let mut written = transact(pool, Isolation::Latest, vec![work(write)]).await;
            written.outcomes.pop()
        });
        opened(writing.await.unwrap_or_default())
    }

    /// Writes what begins by locking that client: in the client's lane, so that any number of its
    /// writers occupy one connection and share commits.
    pub async fn write_for<T, E, F>(&self, client: ClientId, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let outcome = self.lanes.write(&self.pool, client, work(write)).await;
        opened(Some(outcome))
    }

    async fn assert_fit(&self) -> Result<(), Error> {
        let sql = "SELECT datcollate, datlocprovider::text, pg_encoding_to_char(encoding)::text,
                   current_setting('server_version_num')::bigint
                   FROM pg_database WHERE datname = current_database()";
        let found = self
            .read(move |tx| {
                tx.one(sql, &[], |row| {
                    let collation = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                    Ok((collation, row.text(2)?.to_owned(), row.number(3)?))
                })
            })
            .await?;
        let (collation, encoding, version) = found
            .ok_or_else(|| Error::Failed("PostgreSQL does not know its database".to_owned()))?;
        if version / 10_000 < VERSION_MIN {
            let version = version / 10_000;
            return Err(Error::Refused(format!(
                "PostgreSQL {version} is too old: {VERSION_MIN} is the least"
            )));
        }
        // Ids and folded keys are compared by their bytes, here as in memory.
        let is_by_bytes = matches!(
            (collation.1.as_str(), collation.0.as_str()),
            ("c", "C" | "POSIX" | "C.UTF-8" | "C.utf8") | ("b", _)
        );
        if !is_by_bytes || encoding != "UTF8" {
            let name = self.url.database();
            let provider = match collation.1.as_str() {
                "i" => " of ICU",
                _ => "",
            };
            return Err(Error::Refused(format!(
                "the database {name} has the collation {}{provider} and the encoding {encoding}: it \
                 must be made with CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE \
                 'C' LC_CTYPE 'C'",
                collation.0
            )));
        }
        Ok(())
    }
}

fn pool(url: &Url) -> Result<Pool, Error> {
    let connector = tls::connector(url)?;
    let recycling = ManagerConfig {
        // What a transaction leaves behind is ended by ourselves; a closed connection is noticed.
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(url.config().clone(), connector, recycling);
    Pool::builder(manager)
        .max_size(url.connections)
        .wait_timeout(Some(url.pool_timeout))
        // `connect_timeout` is for each host; this is for all of them, and what follows.
        .create_timeout(Some(url.pool_timeout * 3))
        .runtime(Runtime::Tokio1)
        .post_create(Hook::async_fn(|connection, _| {
            Box::pin(async move {
                let made_durable = connection.batch_execute(DURABLE).await;
                made_durable.map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| Error::Failed(error.to_string()))
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        use deadpool_postgres::PoolError;
        match error {
            PoolError::Timeout(_) => Self::Busy("all connections to PostgreSQL are in use".into()),
            PoolError::Backend(error) => {
                let is_ours = error.code().is_some_and(|code| {
                    [
                        SqlState::INVALID_CATALOG_NAME,
                        SqlState::INVALID_PASSWORD,
                        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                        SqlState::INSUFFICIENT_PRIVILEGE,
                    ]
                    .contains(code)
                });
                match Self::from(error) {
                    Self::Busy(reason) | Self::Failed(reason) if is_ours => Self::Refused(reason),
                    Self::Failed(reason) => Self::Busy(reason),
                    error => error,
                }
            }
            error => Self::Busy(error.to_string()),
        }
    }
}

/// A closure whose types the transaction need not know.
fn work<T, E, F>(work: F) -> Work
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
{
    Box::new(move |tx| match work(tx) {
        Ok(value) => Ok(Box::new(value) as Box<dyn Any + Send>),
        Err(error) => Err(Box::new(error) as Box<dyn Any + Send>),
    })
}

/// What [`work`] closed up.
fn opened<T: 'static, E: From<Error> + 'static>(
    outcome: Option<Result<transaction::Outcome, Error>>,
) -> Result<T, E> {
    let outcome =
        outcome.unwrap_or_else(|| Err(Error::Failed("a transaction's task was ended".to_owned())));
    match outcome? {
        Ok(value) => Ok(*value.downcast().expect("the work's own value comes back")),
        Err(error) => Err(*error.downcast().expect("the work's own error comes back")),
    }
}
