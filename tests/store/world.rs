//! An open, empty database, and records to put into it.

use rollcall::model::client::{Client, Partner};
use rollcall::model::department::Department;
use rollcall::model::id::{ClientId, DepartmentId, Id, UserId};
use rollcall::model::profile::Profile;
use rollcall::model::provenance::{Provenance, TracedUser};
use rollcall::model::provisioning::{KeySource, Provisioning};
use rollcall::model::timestamp::Timestamp;
use rollcall::model::user::{State, User};
use rollcall::store::{self, Error, Location, Store, Tx};
use rollcall_testbed::postgres::Database;

/// A database of one kind; what it is made of goes with it.
pub struct World {
    /// The open database.
    pub store: Store,
    _made_of: MadeOf,
}

enum MadeOf {
    Folder { _folder: tempfile::TempDir },
    Database { _database: Database },
}

impl World {
    /// SQLite, in a file of its own.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("rollcall.db"));
        Self {
            store: Store::open(&location).await.unwrap(),
            _made_of: MadeOf::Folder { _folder: folder },
        }
    }

    /// PostgreSQL, in a database of its own.
    pub async fn postgres() -> Self {
        Self::postgres_with("").await
    }

    /// As [`Self::postgres`], with more of a URL's parameters.
    pub async fn postgres_with(parameters: &str) -> Self {
        let database = Database::create();
        let url = database.url();
        let and = if url.contains('?') { '&' } else { '?' };
        let location = Location::parse(&format!("{url}{and}{parameters}")).unwrap();
        Self {
            store: Store::open(&location).await.unwrap(),
            _made_of: MadeOf::Database {
                _database: database,
            },
        }
    }

    /// The same database, opened once more: what another process would hold.
    pub async fn another(&self) -> Store {
        Store::open(self.store.location()).await.unwrap()
    }

    /// Waits until a transaction waits for another's lock, where that can be seen: SQLite's one writer
    /// shows nobody who waits.
    pub async fn until_one_waits(&self) {
        if matches!(self.store.location(), Location::Sqlite(_)) {
            return;
        }
        let sql = "SELECT COUNT(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..5_000 {
            let waiting = self.read(move |tx| tx.one(sql, &[], |row| row.number(0)));
            if waiting.await == Some(1) {
                return;
            }
        }
        panic!("nobody waits");
    }

    /// Writes what must succeed.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.write(work).await.unwrap()
    }

    /// Reads what must succeed.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.read(work).await.unwrap()
    }

    /// Adds the clients [`A`] and [`B`].
    pub async fn with_two_clients(&self) {
        self.write(|tx| {
            assert!(store::clients::insert(tx, &client(A))?);
            assert!(store::clients::insert(tx, &client(B))?);
            Ok(())
        })
        .await;
    }
}

/// A client.
pub const A: u64 = 0xa;
/// Another client.
pub const B: u64 = 0xb;

/// The id that ends in that number.
pub fn id(number: u64) -> Id {
    Id::parse(&format!("0190a000-0000-7000-8000-{number:012x}")).unwrap()
}

/// The client's id of that number.
pub fn client_id(number: u64) -> ClientId {
    ClientId(id(number))
}

/// The user's id of that number.
pub fn user_id(number: u64) -> UserId {
    UserId(id(number))
}

/// The department's id of that number.
pub fn department_id(number: u64) -> DepartmentId {
    DepartmentId(id(number))
}

/// The moment that many milliseconds after some beginning.
pub fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_700_000_000_000 + milliseconds)
}

/// A client with all that it can have.
pub fn client(number: u64) -> Client {
    Client {
        id: client_id(number),
        name: format!("Client {number}").into(),
        partner: Some(Partner {
            id: "p-1".into(),
            name: "Partner".into(),
        }),
        enrollment_token: Some("enrol".into()),
        provisioning: Provisioning {
            user_key: KeySource::Email,
            ..Provisioning::default()
        },
        created_at: at(0),
        updated_at: at(1),
        revision: 1,
    }
}

/// A user of that number, with that key.
pub fn user(number: u64, user_key: &str) -> User {
    User {
        id: user_id(number),
        username: user_key.into(),
        user_key: user_key.into(),
        external_id: None,
        state: State::Active,
        profile: Profile::default(),
        departments: Vec::new(),
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        held: None,
        revision: 2,
    }
}

/// The record of somebody of whose fields nothing is remembered.
pub fn traced(user: User) -> TracedUser {
    TracedUser::stored(user, Provenance::default())
}

/// A department of that number, with that name.
pub fn department(number: u64, name: &str) -> Department {
    Department {
        id: department_id(number),
        name: name.into(),
        description: None,
        external_id: None,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        revision: 2,
    }
}
