//! The store's contract. Each case is a private function over a [`World`]; `contract!` makes a test
//! of it for every database that there is, so a case that is not listed is dead code, which the
//! compiler names. What only one database has is tested in `files` (SQLite)
//! and `server` (PostgreSQL).
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

/// Makes a test of each case of the module that it stands in, once a database.
macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            use crate::world::World;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&World::sqlite().await).await;
                }
            )+
        }

        mod postgres {
            use crate::world::World;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&World::postgres().await).await;
                }
            )+
        }
    };
}

mod activity;
mod copy;
mod days;
mod files;
mod lanes;
mod leases;
mod log;
mod migrations;
mod provenance;
mod records;
mod registry;
mod server;
mod transactions;
mod world;
