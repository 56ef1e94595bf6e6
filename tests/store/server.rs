//! What only PostgreSQL has: a server that is reached over a network, refuses, goes away and comes
//! back, and writers that are in each other's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rollcall::cli::system::{OsEntropy, SystemClock};
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::model::token::{ClientSet, NewToken};
use rollcall::operations::app::App;
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::tokens;
use rollcall::store::{
    Condition, Error, Location, Store, Tx, idempotency, registry, secrets, tokens as store_tokens,
    users,
};
use rollcall_testbed::postgres::{Database, Options, Server};
use tokio::sync::Barrier;

use crate::world::{A, at, client_id, traced, user, user_id};

fn location(url: &str) -> Location {
    Location::parse(url).unwrap()
}

async fn open(url: &str) -> Store {
    Store::open(&location(url)).await.unwrap()
}

async fn refusal(url: &str) -> String {
    match Store::open(&location(url)).await {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{url} was opened"),
    }
}

/// One text that the server says.
async fn said(store: &Store, sql: &'static str) -> String {
    let answer = store.read(move |tx| tx.one(sql, &[], |row| row.text(0).map(str::to_owned)));
    answer.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_database_that_sorts_by_a_language_is_refused_with_what_to_do() {
    let database = Database::create_with("LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
    let error = refusal(&database.url()).await;
    let command = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
        database.name()
    );
    assert!(error.contains(&command), "{error}");
    assert!(error.contains(" of ICU"), "{error}");
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.query(tables).trim(), "0");
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_without_the_password() {
    let database = Database::create();
    let elsewhere = database.url().replace(database.name(), "nowhere");
    let error = refusal(&elsewhere).await;
    assert_eq!(error, "database \"nowhere\" does not exist (3D000)");
    // Nobody listens on port 1.
    let error = refusal("postgres://anna:s3cret@127.0.0.1:1/rollcall").await;
    assert!(error.contains("Connection refused"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_schema() {
    let database = Database::create();
    let place = location(&database.url());
    assert_eq!(Store::inspect(&place).await.unwrap(), Condition::Absent);
    let opened = futures_util::future::join_all((0..8).map(|_| Store::open(&place))).await;
    assert!(opened.iter().all(Result::is_ok));
    let steps = "SELECT COUNT(*) = MAX(number) FROM schema_steps";
    assert_eq!(database.query(steps).trim(), "t");
    assert_eq!(Store::inspect(&place).await.unwrap(), Condition::Current);
}

#[tokio::test]
async fn a_newer_releases_schema_is_refused() {
    let database = Database::create();
    drop(open(&database.url()).await);
    database.query("INSERT INTO schema_steps (number) VALUES (9999)");
    let error = refusal(&database.url()).await;
    assert!(error.contains("newer release"), "{error}");
}

#[tokio::test]
async fn a_request_waits_for_a_connection_only_so_long() {
    let database = Database::create();
    let url = format!("{}?connection_limit=2&pool_timeout=1", database.url());
    let store = Arc::new(open(&url).await);
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = Arc::new(parking_lot::Mutex::new(gate));
    let all_began = Arc::new(Barrier::new(3));
    let mut held = Vec::new();
    for _ in 0..2 {
        let (store, gate, began) = (store.clone(), gate.clone(), all_began.clone());
        held.push(tokio::spawn(async move {
            let read = store.read(move |tx| {
                tx.script("SELECT 1")?;
                tokio::runtime::Handle::current().block_on(began.wait());
                let _ended = gate.lock().recv();
                Ok::<(), Error>(())
            });
            read.await
        }));
    }
    all_began.wait().await;
    let third: Result<(), Error> = store.read(|_| Ok(())).await;
    let Err(Error::Busy(reason)) = third else {
        panic!("{third:?}");
    };
    assert_eq!(reason, "all connections to PostgreSQL are in use");
    drop(open);
    for read in held {
        read.await.unwrap().unwrap();
    }
    store.read(|_| Ok::<(), Error>(())).await.unwrap();
}

#[tokio::test]
async fn who_loses_its_connections_gets_others() {
    let database = Database::create();
    let store = open(&database.url()).await;
    for round in 0..20 {
        // The read comes at once, when it may not be noticed yet.
        database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let key = format!("key {round}");
        let kept = store.write(move |tx| secrets::find_or_insert(tx, &key, "kept"));
        assert_eq!(kept.await.unwrap(), "kept");
    }
}

#[tokio::test]
async fn writers_that_lock_crosswise_both_get_through() {
    let database = Database::create();
    let store = Arc::new(open(&database.url()).await);
    for name in ["one", "two"] {
        let insert = store.write(move |tx| secrets::find_or_insert(tx, name, "0"));
        insert.await.unwrap();
    }
    let runs = Arc::new(AtomicUsize::new(0));
    let both = Arc::new(Barrier::new(2));
    let crosswise = |first: &'static str, second: &'static str| {
        let (store, runs, both) = (store.clone(), runs.clone(), both.clone());
        tokio::spawn(async move {
            let write = store.write(move |tx| {
                let append = "UPDATE secrets SET value = value || '1' WHERE name = $1";
                tx.execute(append, &[first.into()])?;
                // Only the first time do both hold one lock each.
                if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                    tokio::runtime::Handle::current().block_on(both.wait());
                }
                tx.execute(append, &[second.into()]).map(drop)
            });
            write.await
        })
    };
    let (one, another) = tokio::join!(crosswise("one", "two"), crosswise("two", "one"));
    one.unwrap().unwrap();
    another.unwrap().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    let values = said(&store, "SELECT MIN(value) || MAX(value) FROM secrets").await;
    assert_eq!(values, "011011");
}

#[tokio::test]
async fn who_comes_second_with_a_key_sees_what_the_first_one_did() {
    let database = Database::create();
    let store = Arc::new(open(&database.url()).await);
    let both = Arc::new(Barrier::new(2));
    let runs = Arc::new(AtomicUsize::new(0));
    let ask = |answer: &'static str| {
        let (store, both, runs) = (store.clone(), both.clone(), runs.clone());
        tokio::spawn(async move {
            let write = store.write(move |tx| {
                let before = idempotency::find(tx, None, "actor", "key", at(0))?;
                if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                    tokio::runtime::Handle::current().block_on(both.wait());
                }
                if let Some(before) = before {
                    return Ok(before.answer);
                }
                let remembered = idempotency::Remembered {
                    fingerprint: "f".into(),
                    answer: answer.into(),
                };
                idempotency::remember(tx, None, "actor", "key", &remembered, at(0), at(0))?;
                Ok::<_, Error>(answer.to_owned())
            });
            write.await.unwrap()
        })
    };
    let (one, another) = tokio::join!(ask("first"), ask("second"));
    assert_eq!(one.unwrap(), another.unwrap());
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_token_that_is_being_revoked_leaves_no_successor() {
    let database = Database::create();
    let beside = Arc::new(open(&database.url()).await);
    let clock = Arc::new(SystemClock::new());
    let app = App::new(open(&database.url()).await, 0, clock, Arc::new(OsEntropy)).await;
    let (app, admin) = (app.unwrap(), AdminAccess::of_command_line());
    let new = NewToken {
        name: None,
        clients: ClientSet::All,
        scopes: vec![Scope::Admin],
        limits: Limits::default(),
        expires_at: None,
    };
    let (token, _) = tokens::create(&app, &admin, new).await.unwrap();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = parking_lot::Mutex::new(gate);
    let has_revoked = Arc::new(Barrier::new(2));
    let (store, revoked) = (beside.clone(), has_revoked.clone());
    let revoking = tokio::spawn(async move {
        let revoke = store.write(move |tx| {
            let number = registry::advance(tx)?;
            store_tokens::revoke(tx, token.id, at(0), number)?;
            tokio::runtime::Handle::current().block_on(revoked.wait());
            let _ended = gate.lock().recv();
            Ok::<(), Error>(())
        });
        revoke.await
    });
    has_revoked.wait().await;
    let waiting = "SELECT COUNT(*)::text FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = async {
        while said(&beside, waiting).await == "0" {
            tokio::task::yield_now().await;
        }
        drop(open);
    };
    let (rotated, ()) = tokio::join!(tokens::rotate(&app, &admin, token.id), waits);
    revoking.await.unwrap().unwrap();
    assert!(rotated.is_err(), "{rotated:?}");
    let left = tokens::list(&app, &admin).await.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn a_failure_that_is_ignored_is_no_success() {
    let database = Database::create();
    let store = open(&database.url()).await;
    let ignoring = |tx: &mut Tx<'_>| {
        users::insert(tx, client_id(A), &traced(user(1, "anna")))?;
        drop(tx.execute("INSERT INTO nowhere (x) VALUES ($1)", &[1.into()]));
        Ok::<(), Error>(())
    };
    let alone = store.write(ignoring).await;
    assert!(matches!(alone, Err(Error::Failed(_))), "{alone:?}");
    let in_its_lane = store.write_for(client_id(A), ignoring).await;
    assert!(
        matches!(in_its_lane, Err(Error::Failed(_))),
        "{in_its_lane:?}"
    );
    let found = store.read(|tx| users::find(tx, client_id(A), user_id(1)));
    assert_eq!(found.await.unwrap(), None);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let database = Database::create();
    let url = format!("{}?options=-c%20statement_timeout%3D50ms", database.url());
    let store = open(&url).await;
    let slow: Result<(), Error> = store.write(|tx| tx.script("SELECT pg_sleep(60)")).await;
    assert!(matches!(slow, Err(Error::Busy(_))), "{slow:?}");
    store.write(|tx| tx.script("SELECT 1")).await.unwrap();
}

#[tokio::test]
async fn what_is_answered_is_durable_though_the_servers_default_is_not() {
    let database = Database::create();
    let name = database.name();
    let setting = "SELECT current_setting('synchronous_commit')";
    for (default, kept) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        database.query(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = {default}"
        ));
        let store = open(&database.url()).await;
        assert_eq!(said(&store, setting).await, kept, "{default}");
    }
}

/// A server that speaks TLS as `localhost`, the authority that vouches for it, and another one.
fn server_with_tls(folder: &tempfile::TempDir) -> (Server, String, String) {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, other) = (authority("Ours"), authority("Other"));
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ours).unwrap();
    let server = Server::launch(&Options {
        settings: vec![("ssl".into(), "on".into())],
        files: vec![
            ("server.crt".into(), certificate.pem()),
            ("server.key".into(), key.serialize_pem()),
        ],
        ..Options::default()
    });
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (ours, other) = (
        write("ours.pem", ours.pem()),
        write("other.pem", other.pem()),
    );
    (server, ours, other)
}

#[tokio::test]
async fn the_mode_says_whom_tls_must_vouch_for() {
    let folder = tempfile::tempdir().unwrap();
    let (server, ours, other) = server_with_tls(&folder);
    server.create_database("rollcall");
    let by_address = server.url("rollcall");
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let is_secret = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for (base, query, secret) in [
        (&by_address, "sslmode=disable".to_owned(), "false"),
        (&by_address, "sslmode=prefer".to_owned(), "true"),
        (&by_address, "sslmode=require".to_owned(), "true"),
        (
            &by_address,
            format!("sslmode=verify-ca&sslrootcert={ours}"),
            "true",
        ),
        (
            &by_name,
            format!("sslmode=verify-full&sslrootcert={ours}"),
            "true",
        ),
    ] {
        let store = open(&format!("{base}?{query}")).await;
        assert_eq!(said(&store, is_secret).await, secret, "{query}");
    }
    for (base, query, reason) in [
        (
            &by_address,
            format!("sslmode=verify-full&sslrootcert={ours}"),
            "not valid for name",
        ),
        (
            &by_name,
            format!("sslmode=verify-full&sslrootcert={other}"),
            "UnknownIssuer",
        ),
        (
            &by_name,
            format!("sslmode=verify-ca&sslrootcert={other}"),
            "UnknownIssuer",
        ),
        (
            &by_name,
            format!("sslmode=require&sslrootcert={other}"),
            "UnknownIssuer",
        ),
        (
            &by_name,
            "sslmode=verify-full&sslrootcert=missing.pem".into(),
            "missing.pem",
        ),
    ] {
        let error = refusal(&format!("{base}?{query}")).await;
        assert!(error.contains(reason), "{query}: {error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let database = Database::create();
    let error = refusal(&format!("{}?sslmode=require", database.url())).await;
    assert!(error.contains("TLS"), "{error}");
    open(&format!("{}?sslmode=prefer", database.url())).await;
}
