//! A whole server but for the sockets, in a directory of its own.

use std::sync::Arc;
use std::time::Duration;

use rollcall::http::metrics::Metrics;
use rollcall::http::rate_limits::ResetForm;
use rollcall::http::request_log::{RequestLog, RequestLogMode};
use rollcall::http::router::Router;
use rollcall::http::{Http, Settings, routes};
use rollcall::model::client::NewClient;
use rollcall::model::id::{ClientId, TokenId};
use rollcall::model::instance::InstanceName;
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::{ClientSet, NewToken};
use rollcall::operations::app::App;
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::limits::RedisUrl;
use rollcall::operations::write::Done;
use rollcall::operations::{clients, housekeeping, instances, tokens};
use rollcall::store::{self, Error, Location, Store, Tx};
use rollcall_testbed::postgres::Database;
use tempfile::TempDir;

use super::callers::{Anonymous, Bearer};
use super::environment::{TestClock, TestEntropy};
use crate::BACKEND;

/// Which database a world stands on.
#[allow(dead_code, reason = "each suite stands on one of them")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// What a database is made of; it goes when the last world on it does.
#[derive(Clone)]
enum MadeOf {
    Folder { _folder: Arc<TempDir> },
    Database { _database: Arc<Database> },
}

/// A server's inside and its doors.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    router: Router,
    app: Arc<App>,
    clock: Arc<TestClock>,
    entropy: Arc<TestEntropy>,
    location: Location,
    sharing: Option<(RedisUrl, Duration)>,
    /// A second opening of the same database: what a test writes or looks at past the doors.
    beside: Store,
    made_of: MadeOf,
}

const IMAGE_BUDGET_BYTES: usize = 256 * 1024 * 1024;

impl World {
    pub async fn new() -> Self {
        Self::on(BACKEND, ResetForm::default()).await
    }

    /// The one function that makes a world.
    pub async fn on(backend: Backend, reset_form: ResetForm) -> Self {
        let (location, made_of) = match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let location = Location::Sqlite(folder.path().join("rollcall.db"));
                let _folder = Arc::new(folder);
                (location, MadeOf::Folder { _folder })
            }
            Backend::Postgres => {
                let database = Database::create();
                let location = Location::parse(&database.url()).unwrap();
                let _database = Arc::new(database);
                (location, MadeOf::Database { _database })
            }
        };
        let clock = Arc::new(TestClock::at_noon());
        let entropy = Arc::new(TestEntropy::default());
        Self::over(location, made_of, clock, entropy, reset_form, None).await
    }

    /// As [`Self::another_server`], one that shares its rate limits and waits for Redis that long.
    pub async fn sharing_server(&self, redis_url: &str, patience: Duration) -> Self {
        let url = RedisUrl::parse(redis_url).unwrap();
        self.beside(Some((url, patience))).await
    }

    /// A second server on the same database: what a restart, or another node, would be.
    pub async fn another_server(&self) -> Self {
        self.beside(self.0.sharing.clone()).await
    }

    async fn beside(&self, sharing: Option<(RedisUrl, Duration)>) -> Self {
        let inner = &self.0;
        let (location, made_of) = (inner.location.clone(), inner.made_of.clone());
        let (clock, entropy) = (Arc::clone(&inner.clock), Arc::clone(&inner.entropy));
        let reset_form = ResetForm::default();
        Self::over(location, made_of, clock, entropy, reset_form, sharing).await
    }

    async fn over(
        location: Location,
        made_of: MadeOf,
        clock: Arc<TestClock>,
        entropy: Arc<TestEntropy>,
        reset_form: ResetForm,
        sharing: Option<(RedisUrl, Duration)>,
    ) -> Self {
        let store = Store::open(&location).await.unwrap();
        let as_clock = Arc::<TestClock>::clone(&clock);
        let as_entropy = Arc::<TestEntropy>::clone(&entropy);
        let app = App::new(store, IMAGE_BUDGET_BYTES, as_clock, as_entropy).await;
        let mut app = app.unwrap();
        if let Some((url, patience)) = &sharing {
            app.share_limits(url, *patience).await.unwrap();
        }
        let app = Arc::new(app);
        let settings = Settings {
            reset_form,
            ..Settings::default()
        };
        let metrics = Arc::new(Metrics::new());
        let (nowhere, dropped) = (Box::new(std::io::sink()), metrics.dropped_log_lines());
        let log = Arc::new(RequestLog::start(RequestLogMode::Off, nowhere, dropped).unwrap());
        let http = Http::new(Arc::clone(&app), settings, metrics, log)
            .await
            .unwrap();
        let beside = Store::open(&location).await.unwrap();
        Self(Arc::new(Inner {
            router: routes::router(&http),
            app,
            clock,
            entropy,
            location,
            sharing,
            beside,
            made_of,
        }))
    }

    pub fn router(&self) -> &Router {
        &self.0.router
    }

    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The app, for who keeps it.
    pub fn shared_app(&self) -> Arc<App> {
        Arc::clone(&self.0.app)
    }

    pub fn clock(&self) -> &TestClock {
        &self.0.clock
    }

    pub fn anonymous(&self) -> Anonymous {
        Anonymous(self.clone())
    }

    /// Somebody with a secret that we may never have made.
    pub fn bearer(&self, secret: &str) -> Bearer {
        Bearer {
            world: self.clone(),
            secret: secret.into(),
            id: None,
        }
    }

    /// A new client.
    pub async fn client(&self, name: &str) -> ClientId {
        self.client_of(None, name).await
    }

    pub async fn client_of(&self, id: Option<&str>, name: &str) -> ClientId {
        let new = NewClient {
            id: id.map(|id| ClientId::parse(id).unwrap()),
            name: name.into(),
            partner: None,
            enrollment_token: None,
        };
        let access = AdminAccess::of_command_line();
        match clients::create(self.app(), &access, new, None).await {
            Ok(Done::Now(client)) => client.id,
            other => panic!("the client was not made: {other:?}"),
        }
    }

    pub async fn instance(&self, name: &str, client: ClientId) {
        let name = InstanceName::parse(name).unwrap();
        let access = AdminAccess::of_command_line();
        let made = instances::create(self.app(), &access, name, client).await;
        made.unwrap();
    }

    /// Lets the instance accept what this public key's private half signs for the audience.
    pub async fn instance_key(&self, name: &str, audience: &str, pem: &str) {
        let name = InstanceName::parse(name).unwrap();
        let access = AdminAccess::of_command_line();
        let added = instances::add_key(self.app(), &access, name, audience, pem).await;
        added.unwrap();
    }

    /// The bearer of a new token.
    pub async fn token(&self, clients: ClientSet, scopes: &[Scope]) -> Bearer {
        self.token_with(clients, scopes, "", None).await
    }

    /// As [`Self::token`], with limits (`api=10`) and an end.
    pub async fn token_with(
        &self,
        clients: ClientSet,
        scopes: &[Scope],
        limits: &str,
        expires_at: Option<Timestamp>,
    ) -> Bearer {
        let new = NewToken {
            name: None,
            clients,
            scopes: scopes.to_vec(),
            limits: Limits::parse(limits).unwrap(),
            expires_at,
        };
        let access = AdminAccess::of_command_line();
        let (token, secret) = tokens::create(self.app(), &access, new).await.unwrap();
        Bearer {
            world: self.clone(),
            secret: secret.reveal().into(),
            id: Some(token.id),
        }
    }

    pub async fn revoke(&self, id: TokenId) {
        let access = AdminAccess::of_command_line();
        tokens::revoke(self.app(), &access, id).await.unwrap();
    }

    /// The bearer of a token that may do everything everywhere.
    pub async fn admin(&self) -> Bearer {
        self.token(ClientSet::All, &Scope::ALL).await
    }

    /// Writes past the doors, as another process would, and has it noticed.
    pub async fn write_beside<T: Send + 'static>(
        &self,
        write: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        let written = self.0.beside.write(write).await.unwrap();
        housekeeping::poll(self.app()).await.unwrap();
        written
    }

    /// Takes the table from the database that every look begins at, or puts it back.
    pub async fn hide_database(&self, is_away: bool) {
        let rename = match is_away {
            true => "ALTER TABLE counters RENAME TO hidden",
            false => "ALTER TABLE hidden RENAME TO counters",
        };
        let renaming = self.0.beside.write(move |tx| tx.script(rename));
        renaming.await.unwrap();
    }

    /// Takes every table from the database.
    pub async fn hide_tables(&self) {
        let rename = |table: &store::copy::Table| {
            format!("ALTER TABLE {0} RENAME TO hidden_{0};", table.name)
        };
        let script: String = store::copy::TABLES.iter().map(rename).collect();
        let renaming = self.0.beside.write(move |tx| tx.script(&script));
        renaming.await.unwrap();
    }

    /// Looks at what others wrote, and says whether that succeeded.
    pub async fn poll(&self) -> bool {
        housekeeping::poll(self.app()).await.is_ok()
    }

    /// The client's log from its beginning.
    pub async fn log(&self, client: ClientId) -> Vec<store::changes::Entry> {
        let read = move |tx: &mut Tx<'_>| store::changes::page(tx, client, 0, 1_000);
        self.0.beside.read(read).await.unwrap()
    }

    /// The numbers of the client's latest change and activity: while they stand, nothing changed.
    pub async fn numbers(&self, client: ClientId) -> (i64, i64) {
        let read = move |tx: &mut Tx<'_>| {
            let change = store::clients::change_number(tx, client)?.unwrap_or(0);
            let activity = store::activity::numbers(tx, client)?.latest;
            Ok::<_, Error>((change, activity))
        };
        self.0.beside.read(read).await.unwrap()
    }
}
