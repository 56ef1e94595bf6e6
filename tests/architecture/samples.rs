//! The rules shown files that break them, and near misses that do not: a rule that finds nothing
//! anywhere would pass on any tree.

use super::*;

/// The lines that `rule` finds in a made-up file.
fn lines(rule: fn(&Source) -> Findings, path: &str, text: &str) -> Vec<usize> {
    rule(&Source::parse(path, text))
        .into_iter()
        .map(|(line, _)| line)
        .collect()
}

#[test]
fn a_store_file_that_names_http_is_found() {
    let text = "use crate::model::User;\nfn f() -> u16 {\n    crate::http::status()\n}\n";
    let findings = arrow(&Source::parse("src/store/users.rs", text));
    assert_eq!(
        findings,
        [(3, "`store` must not name `crate::http`".to_owned())]
    );
}

#[test]
fn the_arrow_is_followed_in_every_layer() {
    let all = ["cli", "http", "operations", "directory", "store", "model"];
    let named_by = |layer: &str| {
        let text: String = all
            .iter()
            .map(|named| format!("use crate::{named}::X;\n"))
            .collect();
        let found = lines(arrow, &format!("src/{layer}/file.rs"), &text);
        found
            .into_iter()
            .map(|line| all[line - 1])
            .collect::<Vec<_>>()
    };
    assert!(named_by("cli").is_empty());
    assert_eq!(named_by("http"), ["cli", "directory", "store"]);
    assert_eq!(named_by("operations"), ["cli", "http"]);
    assert_eq!(named_by("directory"), ["cli", "http", "operations"]);
    assert_eq!(
        named_by("store"),
        ["cli", "http", "operations", "directory"]
    );
    assert_eq!(
        named_by("model"),
        ["cli", "http", "operations", "directory", "store"]
    );
}

#[test]
fn every_way_to_name_a_layer_is_read() {
    for text in [
        "use crate::{model::User, store::{users, Tx}};",
        "use crate::{\n    model::{User as Person, Page},\n    store as rows,\n};",
        "use {crate::model::Page, crate::store};",
        "use super::super::store::Tx;",
        "use super::super::{model, store};",
        "use super::{super::store, pages};",
        "use self::super::super::store;",
        "mod inner { mod deeper { use super::super::super::super::store::Tx; } }",
        "mod inner {} use super::super::store::Tx;",
        "fn f(r#type: &'static str) -> crate::store::Row { }",
        "fn f() { let quote = '\"'; crate::store::f(\"x\") }",
        "fn f<'a>() { vec::<crate::store::Row>() }",
        "pub(in crate::store) fn f() {}",
        "use crate::*;",
        "use super::super::*;",
        "fn f() { super::super::store::f() }",
        "use crate as root;",
        "use super::super as root;",
        "use crate::{self as root};",
        "use crate::somewhere::X;",
        "#[path = \"../store/users.rs\"] mod users;",
    ] {
        assert_eq!(lines(arrow, "src/http/users.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_way_up_is_let_be() {
    for text in [
        "// crate::store\n/* a /* nested */ crate::store */\n/// [`crate::store`]\n",
        "const A: &str = \"crate::store \\\" crate::store\";",
        "const A: &str = r#\"crate::store \" crate::store\"#;",
        "use super::store::Page;",
        "use super::super::{http::clients, operations};",
        "pub(crate) fn f() {}\npub(super) fn g() {}",
        "mod inner { use super::super::store; }",
        "#[cfg(test)]\nmod tests {\n    use crate::store::Tx;\n}\n",
        "#[cfg(test)]\n#[allow(dead_code)]\nfn f() -> crate::store::Tx { crate::store::f() }",
        "#[cfg(test)]\nuse crate::store::Tx;\n",
    ] {
        assert!(lines(arrow, "src/http/users.rs", text).is_empty(), "{text}");
    }
    let text = "#[cfg(test)]\nmod tests { fn f() { } }\nuse crate::store;";
    assert_eq!(
        lines(arrow, "src/http/users.rs", text),
        [3],
        "after the tests"
    );
    let text = "struct S { #[cfg(test)] a: u8 }\nfn f() { crate::store::f() }";
    assert_eq!(
        lines(arrow, "src/http/users.rs", text),
        [2],
        "after a field for tests"
    );
}

#[test]
fn a_folder_without_a_place_in_the_arrow_is_found() {
    assert_eq!(lines(arrow, "src/common/strings.rs", ""), [1]);
    assert_eq!(lines(arrow, "src/helpers.rs", ""), [1]);
    assert!(lines(arrow, "src/main.rs", "use rollcall::cli;").is_empty());
}

#[test]
fn a_file_of_tests_is_known_by_its_declaration() {
    let parent = Source::parse("src/store/mod.rs", "mod users;\n#[cfg(test)]\nmod tests;\n");
    assert!(Source::parse("src/store/tests.rs", "").is_test_of(&parent));
    assert!(Source::parse("src/store/tests/users.rs", "").is_test_of(&parent));
    assert!(!Source::parse("src/store/users.rs", "").is_test_of(&parent));
    assert!(!Source::parse("src/http/tests.rs", "").is_test_of(&parent));
}

#[test]
fn sql_is_found_outside_store_only() {
    for text in [
        "const A: &str = \"SELECT 1\";",
        "const A: &str = r#\"\n  INSERT INTO users\"#;",
        "fn f() { run(\"UPDATE users SET a = 1\") }",
        "fn f() { run(\"\\\n   DELETE FROM users\") }",
        "fn f() { run(b\"PRAGMA user_version\") }",
        "fn f() { run(\"BEGIN IMMEDIATE\") }",
        "fn f() { run(\"CREATE TABLE t\") }",
    ] {
        assert_eq!(
            lines(sql_outside_store, "src/operations/users.rs", text).len(),
            1,
            "{text}"
        );
        assert!(
            lines(sql_outside_store, "src/store/users.rs", text).is_empty(),
            "{text}"
        );
    }
    let text =
        "// \"SELECT 1\"\nconst A: [&str; 3] = [\"Select one\", \"SELECTED\", \"DELETE /users\"];";
    assert!(lines(sql_outside_store, "src/http/routes.rs", text).is_empty());
}

#[test]
fn http_is_found_below_http() {
    let text =
        "use matchit::Router;\nfn f() -> StatusCode {\n    http::Method::GET\n}\nuse hyper::body;";
    for layer in BELOW_HTTP {
        let mut found = lines(http_below_http, &format!("src/{layer}/users.rs"), text);
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3, 5], "{layer}");
    }
    assert!(lines(http_below_http, "src/http/users.rs", text).is_empty());
    let text = "// StatusCode\nfn f(http: bool) -> bool { http }";
    assert!(lines(http_below_http, "src/store/users.rs", text).is_empty());
}

#[test]
fn io_in_the_model_is_found() {
    for text in [
        "pub async fn f() {}",
        "use tokio::sync::Mutex;",
        "use std::fs;",
        "use std::{fmt, net::IpAddr};",
        "fn f() { ::std::fs::read(path) }",
        "use std::*;",
        "use rusqlite::Row;",
    ] {
        assert_eq!(
            lines(impure_model, "src/model/user.rs", text).len(),
            1,
            "{text}"
        );
        assert!(
            lines(impure_model, "src/cli/serve.rs", text).is_empty(),
            "{text}"
        );
    }
    assert!(
        lines(
            impure_model,
            "src/model/user.rs",
            "use std::{fmt, str::FromStr};"
        )
        .is_empty()
    );
}

#[test]
fn an_access_that_http_makes_up_is_found() {
    let text = "let access = Access::of_command_line(client, source);";
    assert_eq!(lines(access_made_up, "src/http/call.rs", text), [1]);
    assert!(lines(access_made_up, "src/cli/import.rs", text).is_empty());
}

#[test]
fn the_driver_outside_its_files_is_found() {
    let sqlite = "use rusqlite::Row;";
    let postgres = "use tokio_postgres::Row;";
    for text in [sqlite, postgres] {
        for path in ["src/store/users.rs", "src/lib.rs", "src/cli/serve.rs"] {
            assert_eq!(lines(drivers, path, text), [1], "{path}");
        }
        assert!(lines(drivers, "src/store/tx.rs", text).is_empty());
    }
    assert_eq!(lines(drivers, "src/store/postgres/mod.rs", sqlite), [1]);
    assert_eq!(lines(drivers, "src/store/sqlite.rs", postgres), [1]);
    assert!(lines(drivers, "src/store/postgres/mod.rs", postgres).is_empty());
    assert!(lines(drivers, "src/store/sqlite.rs", sqlite).is_empty());
}

#[test]
fn the_redis_driver_outside_its_file_is_found() {
    for text in [
        "use redis::Client;",
        "use ::redis::{Client, Script};",
        "use redis as driver;",
        "use redis;",
        "use {redis::Client, std::fmt};",
        "extern crate redis;",
        "fn f(client: &redis::Client) {}",
        "fn f() { ::redis::Client::open(url) }",
    ] {
        assert_eq!(
            lines(redis_driver, "src/operations/app.rs", text),
            [1],
            "{text}"
        );
        assert!(lines(redis_driver, REDIS_FILE, text).is_empty(), "{text}");
    }
    for text in [
        "mod redis;",
        "pub use self::redis::RedisUrl;",
        "use crate::operations::limits::redis::RedisUrl;",
        "struct Shared { redis: Redis }",
        "fn f() { self.redis.take() }",
    ] {
        assert!(
            lines(redis_driver, "src/operations/limits/mod.rs", text).is_empty(),
            "{text}"
        );
    }
}

#[test]
fn a_store_function_without_its_client_is_found() {
    for text in [
        "pub fn get(tx: &mut Tx, id: &UserId) {}",
        "pub fn get(tx: &mut Tx, id: &UserId, client: ClientId) {}",
        "pub fn get(client: ClientId, tx: &mut Tx) {}",
        "pub fn get(tx: &mut Tx, client: Option<ClientId>) {}",
        "pub fn get(tx: &mut Tx, client: &str) {}",
        "pub fn get(tx: &mut Tx, tenant: ClientId) {}",
        "pub fn get(tx: &mut Tx) {}",
        "pub fn get() {}",
        "pub(crate) async fn get<F: Fn(u8) -> u8>(tx: &mut Tx, f: F) {}",
        "impl Row { pub fn load(tx: &mut Tx) {} }",
    ] {
        assert_eq!(
            lines(client_first, "src/store/users.rs", text),
            [1],
            "{text}"
        );
        assert!(
            lines(client_first, "src/store/clients.rs", text).is_empty(),
            "{text}"
        );
        assert!(
            lines(client_first, "src/operations/users.rs", text).is_empty(),
            "{text}"
        );
    }
    for text in [
        "pub fn get(tx: &mut Tx, client: ClientId) {}",
        "pub fn get(tx: &mut Tx<'_>, client_id: &ClientId, name: &str) {}",
        "pub fn each<F: FnMut(Row) -> bool>(tx: &mut Tx, client: model::ClientId, f: F) {}",
        "fn read(row: &Row) {}",
        "pub(super) fn read(row: &Row) {}",
        "pub struct Row { pub name: String }",
        "impl Row { pub fn name(&self) {} pub fn into(mut self) {} }",
    ] {
        assert!(
            lines(client_first, "src/store/users.rs", text).is_empty(),
            "{text}"
        );
    }
}

#[test]
fn a_file_of_501_lines_is_found() {
    assert_eq!(
        lines(too_long, "src/http/routes.rs", &"\n".repeat(501)),
        [501]
    );
    assert!(lines(too_long, "src/http/routes.rs", &"\n".repeat(500)).is_empty());
}
