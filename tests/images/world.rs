//! Apps over one database, and the model of what they hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rollcall::model::change::Source;
use rollcall::model::client::NewClient;
use rollcall::model::environment::Clock;
use rollcall::model::id::ClientId;
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::{ClientSet, NewToken, Secret};
use rollcall::operations::app::App;
use rollcall::operations::caller::{Access, AdminAccess, Caller};
use rollcall::operations::write::Done;
use rollcall::operations::{clients, housekeeping, nodes, tokens};
use rollcall::store::{Location, Store};

use crate::model::Model;
use crate::support::databases::{Backend, Empty};
use crate::support::{Dice, HandClock};

/// Clients in each world: with less than their memory, reading one lets another go.
const CLIENTS: usize = 3;

/// Apps over one database, as many processes would be.
pub struct World {
    pub apps: Vec<App>,
    /// Each client and what it should hold.
    pub clients: Vec<(ClientId, Model)>,
    pub clock: Arc<HandClock>,
    pub dice: Dice,
    /// Where a failure was found.
    pub context: String,
    database: Empty,
    budget: usize,
    secret: Secret,
    seeds: AtomicU64,
}

impl World {
    /// Some clients without people.
    pub async fn new(on: Backend, seed: u64, apps: usize, budget: usize) -> Self {
        let clock = Arc::new(HandClock::new());
        let mut world = Self {
            apps: Vec::new(),
            clients: Vec::new(),
            clock,
            dice: Dice::new(seed),
            context: String::new(),
            database: Empty::of(on),
            budget,
            secret: Secret::from_random(&[7; 64]).unwrap(),
            seeds: AtomicU64::new(seed << 32),
        };
        for _ in 0..apps {
            let app = world.open().await;
            world.apps.push(app);
        }
        let (app, admin) = (&world.apps[0], AdminAccess::of_command_line());
        for number in 0..CLIENTS {
            let name = format!("Client {number}");
            let new = NewClient {
                id: None,
                name: name.as_str().into(),
                partner: None,
                enrollment_token: None,
            };
            let Done::Now(client) = clients::create(app, &admin, new, None).await.unwrap() else {
                panic!("it was not created before");
            };
            let model = Model {
                name,
                ..Model::default()
            };
            world.clients.push((client.id, model));
        }
        let new = NewToken {
            name: None,
            clients: ClientSet::All,
            scopes: vec![Scope::ActivityWrite, Scope::UsersEnroll],
            limits: Limits::default(),
            expires_at: None,
        };
        world.secret = tokens::create(app, &admin, new).await.unwrap().1;
        world
    }

    /// One more app over the same database.
    pub async fn open(&self) -> App {
        let store = Store::open(self.location()).await.unwrap();
        let clock: Arc<HandClock> = Arc::clone(&self.clock);
        let entropy = Arc::new(Dice::new(self.seeds.fetch_add(1, Ordering::SeqCst)));
        App::new(store, self.budget, clock, entropy).await.unwrap()
    }

    /// Opens one of the apps anew.
    pub async fn restart(&mut self, index: usize) {
        self.apps[index] = self.open().await;
    }

    /// Folds the activity log on that node, which keeps house from then on.
    pub async fn fold(&self, app: usize) {
        let app = &self.apps[app];
        nodes::beat(app).await.unwrap();
        if app.nodes().housekeeping_fence().is_none() {
            // Whoever does is silent until it looks dead.
            let milliseconds = nodes::LEASE.as_millis();
            self.clock.advance(i64::try_from(milliseconds).unwrap());
            nodes::beat(app).await.unwrap();
        }
        assert!(app.nodes().housekeeping_fence().is_some());
        housekeeping::fold(app).await.unwrap();
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.database.location
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The command line's access to a client.
    pub fn access(&self, client: usize) -> Access {
        Access::of_command_line(self.clients[client].0, Source::CommandLine)
    }

    /// The access of a token that may create whom it reports.
    pub async fn enrolling(&self, app: usize, client: usize) -> Access {
        let caller = Caller::authenticate(&self.apps[app], self.secret.reveal());
        let id = self.clients[client].0;
        let caller = caller.await.unwrap();
        caller
            .access(Some(id), id.as_str(), Scope::ActivityWrite)
            .unwrap()
    }
}
