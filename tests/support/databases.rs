//! Databases of both kinds, and the macro that runs a case on each.

use rollcall::store::Location;
use rollcall_testbed::postgres::Database;

/// Makes a test of each case of the module that it stands in, once a database, with so many threads.
/// A case is a private function over a [`Backend`], so one that is not listed is dead code, which
/// the compiler names.
macro_rules! on_both {
    (threads = 1: $($case:ident),+ $(,)?) => {
        on_both! { (flavor = "current_thread") $($case)+ }
    };
    (threads = 2: $($case:ident),+ $(,)?) => {
        on_both! { (flavor = "multi_thread", worker_threads = 2) $($case)+ }
    };
    (($($runtime:tt)+) $($case:ident)+) => {
        on_both! { sqlite Sqlite ($($runtime)+) $($case)+ }
        on_both! { postgres Postgres ($($runtime)+) $($case)+ }
    };
    ($name:ident $backend:ident $runtime:tt $($case:ident)+) => {
        mod $name {
            $(on_both! { @case $backend $runtime $case })+
        }
    };
    (@case $backend:ident ($($runtime:tt)+) $case:ident) => {
        #[tokio::test($($runtime)+)]
        async fn $case() {
            super::$case(crate::support::databases::Backend::$backend).await;
        }
    };
}

/// Which database a case runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// An empty database of a test's own; it goes with this.
pub struct Empty {
    pub location: Location,
    _made_of: MadeOf,
}

enum MadeOf {
    Folder { _folder: tempfile::TempDir },
    Database { _database: Database },
}

impl Empty {
    pub fn of(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                Self {
                    location: Location::Sqlite(folder.path().join("rollcall.db")),
                    _made_of: MadeOf::Folder { _folder: folder },
                }
            }
            Backend::Postgres => {
                let database = Database::create();
                Self {
                    location: Location::parse(&database.url()).unwrap(),
                    _made_of: MadeOf::Database {
                        _database: database,
                    },
                }
            }
        }
    }
}
