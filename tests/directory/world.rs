//! An app with clients, and another process beside it.

use std::sync::Arc;

use rollcall::model::activity::Channel;
use rollcall::model::change::{Actor, Entity, Source};
use rollcall::model::client::NewClient;
use rollcall::model::id::{ClientId, UserId};
use rollcall::model::provenance::TracedUser;
use rollcall::model::user::NewUser;
use rollcall::operations::activity::{SentReport, Subject, report};
use rollcall::operations::app::App;
use rollcall::operations::caller::{Access, AdminAccess};
use rollcall::operations::precondition::Precondition;
use rollcall::operations::write::Done;
use rollcall::operations::{clients, users};
use rollcall::store::changes::{self, Change};
use rollcall::store::users::Rename;
use rollcall::store::{self, Location, Store};

use crate::support::databases::{Backend, Empty};
use crate::support::{Dice, HandClock};

/// A day of the clock's.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Everything stays loaded.
pub const AMPLE: usize = 1 << 30;
/// No two images fit: each load lets the others go.
pub const NONE: usize = 1;

/// An app over a database, and another store over the same.
pub struct World {
    pub app: App,
    /// What another process holds.
    pub beside: Store,
    pub clock: Arc<HandClock>,
    clients: Vec<ClientId>,
    database: Empty,
}

impl World {
    /// Clients without people.
    pub async fn new(on: Backend, count: usize, budget: usize) -> Arc<Self> {
        let database = Empty::of(on);
        let location = &database.location;
        let clock = Arc::new(HandClock::new());
        let app = open(location, &clock, 1, budget).await;
        let admin = AdminAccess::of_command_line();
        let mut made = Vec::new();
        for _ in 0..count {
            let new = NewClient {
                id: None,
                name: "Client".into(),
                partner: None,
                enrollment_token: None,
            };
            match clients::create(&app, &admin, new, None).await.unwrap() {
                Done::Now(client) => made.push(client.id),
                Done::Before(_) => panic!("it bears no key"),
            }
        }
        Arc::new(Self {
            app,
            beside: Store::open(location).await.unwrap(),
            clock,
            clients: made,
            database,
        })
    }

    /// One more app over the same database.
    pub async fn another_app(&self) -> App {
        open(&self.database.location, &self.clock, 2, AMPLE).await
    }

    /// The command line's access to a client.
    pub fn access(&self, client: usize) -> Access {
        Access::of_command_line(self.clients[client], Source::CommandLine)
    }

    /// Creates somebody whose key and username are `name`.
    pub async fn create(&self, client: usize, name: &str) -> UserId {
        create(&self.app, &self.access(client), name).await
    }

    /// Reports that somebody of the first client is seen now.
    pub async fn see(&self, user: UserId, channel: Channel) {
        see(&self.app, &self.access(0), user, channel).await;
    }

    /// Deletes somebody of the first client.
    pub async fn delete(&self, user: UserId) {
        let access = self.access(0);
        let deleting = users::delete(&self.app, &access, user, Precondition::None);
        deleting.await.unwrap();
    }

    /// Waits until a transaction waits for another's lock, where that can be seen: SQLite's one writer
    /// shows nobody who waits.
    pub async fn until_one_waits(&self) {
        if matches!(self.database.location, Location::Sqlite(_)) {
            return;
        }
        let sql = "SELECT COUNT(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..5_000 {
            let waiting = self
                .beside
                .read(move |tx| tx.one(sql, &[], |row| row.number(0)));
            if waiting.await.unwrap() == Some(1) {
                return;
            }
        }
        panic!("nobody waits");
    }

    /// Renames somebody of the first client as another process would, which the app learns of when
    /// it looks.
    pub async fn rename_beside(&self, user: UserId, name: &str) {
        let (client, name) = (self.clients[0], name.to_owned());
        let write = self.beside.write(move |tx| {
            let number = store::clients::lock(tx, client)?.unwrap() + 1;
            let old = store::users::find(tx, client, user)?.unwrap();
            let mut record = old.to_user();
            let rename = Rename {
                number,
                user,
                username: record.username.clone(),
            };
            record.username = name.as_str().into();
            record.revision = number;
            let record = TracedUser::stored(record, old.provenance().clone());
            store::users::update(tx, client, &record)?;
            store::users::remember_rename(tx, client, &rename, record.updated_at)?;
            let actor = Actor {
                token: None,
                source: Source::CommandLine,
            };
            let change = Change {
                number,
                at: record.updated_at,
                actor,
                entity: Entity::User,
                entity_id: user.as_str(),
                action: "updated",
                detail: "{}",
                previous: None,
            };
            changes::insert(tx, client, &change)?;
            store::clients::set_change_number(tx, client, number)
        });
        write.await.unwrap();
    }
}

async fn open(location: &Location, clock: &Arc<HandClock>, seed: u64, budget: usize) -> App {
    let store = Store::open(location).await.unwrap();
    let clock: Arc<HandClock> = Arc::clone(clock);
    App::new(store, budget, clock, Arc::new(Dice::new(seed)))
        .await
        .unwrap()
}

/// Creates somebody whose key and username are `name`.
pub async fn create(app: &App, access: &Access, name: &str) -> UserId {
    let new = NewUser::of_key(name.into());
    match users::create(app, access, new, None).await.unwrap() {
        Done::Now(created) => created.user.id,
        Done::Before(_) => panic!("it bears no key"),
    }
}

/// Reports that somebody is seen now.
pub async fn see(app: &App, access: &Access, user: UserId, channel: Channel) {
    let sent = SentReport {
        subject: Subject::Id(user),
        channel,
        at: app.now(),
    };
    match report(app, access, vec![Ok(sent)], None).await.unwrap() {
        Done::Now(receipt) => assert_eq!(receipt.accepted, 1),
        Done::Before(_) => panic!("it bears no key"),
    }
}
