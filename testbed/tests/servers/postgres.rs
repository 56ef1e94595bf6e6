//! PostgreSQL: what a test asks of it.

use std::{net::TcpStream, path::Path};

use rollcall_testbed::postgres::{Address, Database, Locale, Options, Server};

fn setting(address: &Address, name: &str) -> String {
    address.query("postgres", &format!("SHOW {name}"))
}

#[test]
fn a_database_is_empty_and_in_the_order_of_bytes() {
    let database = Database::create();
    let tables = database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables, "0");
    let how = "SELECT pg_encoding_to_char(encoding), datcollate, datlocprovider \
               FROM pg_database WHERE datname = current_database()";
    assert_eq!(database.query(how), "UTF8|C|c");
}

#[test]
fn two_databases_see_nothing_of_each_other() {
    let one = Database::create();
    let other = Database::create();
    assert_ne!(one.url(), other.url());
    one.query("CREATE TABLE only_here (id BIGINT)");
    assert_eq!(other.query("SELECT to_regclass('only_here') IS NULL"), "t");
}

#[test]
fn a_database_is_dropped_with_its_guard_whoever_is_connected() {
    let database = Database::create();
    let name = database.name().to_owned();
    let url = database.url();
    let address = Address::new(&url);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| address.try_query(&name, "SELECT pg_sleep(600)"));
        let connected = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
        while address.query("postgres", &connected) == "0" {}
        drop(database);
        let cut = waiting.join().expect("it does not panic");
        assert!(cut.expect_err("its database is gone").contains("57P01"));
    });
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(address.query("postgres", &left), "0");
}

#[test]
fn a_database_can_have_a_foreign_collation() {
    let database = Database::create_with("LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
    assert_eq!(database.query("SELECT 'a' < 'B'"), "t");
    assert_eq!(Database::create().query("SELECT 'a' < 'B'"), "f");
}

#[test]
fn a_server_can_have_a_foreign_collation() {
    let icu = Server::launch(&Options {
        locale: Locale::Icu("en-US".to_owned()),
        ..Options::default()
    });
    let how = "SELECT datlocprovider, daticulocale FROM pg_database WHERE datname = 'postgres'";
    assert_eq!(icu.address().query("postgres", how), "i|en-US");
    icu.create_database("another");
    assert_eq!(icu.address().query("another", "SELECT 'a' < 'B'"), "t");
}

#[test]
fn what_was_committed_survives_a_crash_and_a_restart() {
    for durable in [false, true] {
        let server = Server::launch(&Options {
            durable,
            ..Options::default()
        });
        let address = server.address();
        assert_eq!(
            setting(address, "fsync"),
            if durable { "on" } else { "off" }
        );
        server.create_database("kept");
        address.query("kept", "CREATE TABLE numbers AS SELECT 42 AS number");
        let url = server.url("kept");
        server.stop_immediate();
        assert_eq!(server.process_id(), None);
        assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
        server.start();
        assert!(server.log().contains("automatic recovery in progress"));
        assert_eq!(address.query("kept", "SELECT number FROM numbers"), "42");
        server.restart();
        assert_eq!(server.url("kept"), url);
        assert_eq!(address.query("kept", "SELECT number FROM numbers"), "42");
        server.drop_database("kept");
        assert!(address.try_query("kept", "SELECT 1").is_err());
    }
}

#[test]
fn settings_and_files_of_the_caller_win() {
    let server = Server::launch(&Options {
        settings: vec![("max_connections".to_owned(), "7".to_owned())],
        files: vec![(
            "pg_hba.conf".to_owned(),
            "host all postgres 127.0.0.1/32 trust\n".to_owned(),
        )],
        ..Options::default()
    });
    assert_eq!(setting(server.address(), "max_connections"), "7");
    let others = server.url("postgres").replace("postgres@", "somebody@");
    let refused = Address::new(&others).try_query("postgres", "SELECT 1");
    let sentence = refused.expect_err("only postgres is let in");
    assert!(sentence.contains("no pg_hba.conf entry"), "{sentence}");
}

#[test]
fn a_password_is_demanded_when_there_is_one() {
    let server = Server::launch(&Options {
        password: Some("p@ss/word".to_owned()),
        ..Options::default()
    });
    assert_eq!(server.address().query("postgres", "SELECT 1"), "1");
    let wrong = server.url("postgres").replace("p%40ss", "wrong");
    let refused = Address::new(&wrong).try_query("postgres", "SELECT 1");
    let sentence = refused.expect_err("the password is wrong");
    assert!(
        sentence.contains("password authentication failed"),
        "{sentence}"
    );
}

#[test]
fn a_server_that_cannot_start_says_what_postgresql_says() {
    let outcome = Server::try_launch(&Options {
        settings: vec![("shared_buffers".to_owned(), "much".to_owned())],
        ..Options::default()
    });
    let sentence = outcome.expect_err("`much` is no size");
    assert!(
        sentence.starts_with("PostgreSQL does not start:"),
        "{sentence}"
    );
    assert!(sentence.contains("shared_buffers"), "{sentence}");
}

#[test]
fn dropping_a_server_leaves_nothing_behind() {
    let server = Server::launch(&Options::default());
    let directory = server.socket_directory().to_owned();
    let socket = directory.join(format!(".s.PGSQL.{}", server.port()));
    assert!(socket.exists());
    let process = server.process_id().expect("it runs");
    drop(server);
    assert!(!directory.exists());
    assert!(!Path::new(&format!("/proc/{process}")).exists());
}
