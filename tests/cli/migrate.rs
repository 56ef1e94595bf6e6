//! `rollcall migrate`: who moves finds everything as it was. Each case is run for every pair of
//! databases.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rollcall::store::{Location, Store};
use serde_json::{Value, json};

use crate::server::Server;
use rollcall_testbed::postgres::Database;

use crate::shell::{CLIENT, Shell, keys};

/// A database to leave and one to move into, which nobody has made yet.
struct Move {
    shell: Shell,
    from: String,
    to: String,
    /// Dropped, and so deleted, with the rest.
    _databases: Vec<Database>,
}

/// What a database is of.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Makes a test of each case for every direction that there is.
macro_rules! directions {
    ($($case:ident),+ $(,)?) => {
        mod sqlite_to_sqlite {
            use super::Kind::Sqlite;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&super::Move::new(Sqlite, Sqlite)).await;
                }
            )+
        }

        mod sqlite_to_postgres {
            use super::Kind::{Postgres, Sqlite};

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&super::Move::new(Sqlite, Postgres)).await;
                }
            )+
        }

        mod postgres_to_sqlite {
            use super::Kind::{Postgres, Sqlite};

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&super::Move::new(Postgres, Sqlite)).await;
                }
            )+
        }

        mod postgres_to_postgres {
            use super::Kind::Postgres;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&super::Move::new(Postgres, Postgres)).await;
                }
            )+
        }
    };
}

directions! {
    tokens_cursors_etags_and_answers_go_on_working,
    a_copy_that_is_killed_leaves_nothing_and_is_made_again,
    a_second_run_says_that_it_is_there_already,
    a_target_with_other_data_is_refused_and_unchanged,
    a_missing_source_is_refused_and_not_made,
    a_source_in_use_is_copied_only_when_that_is_asked_for,
    a_database_is_not_moved_into_itself,
}

impl Move {
    fn new(from: Kind, to: Kind) -> Self {
        let shell = Shell::new();
        let mut databases = Vec::new();
        let mut url = |kind, name| match kind {
            Kind::Sqlite => format!("sqlite:{}", shell.path(name).display()),
            Kind::Postgres => {
                let database = Database::create();
                let url = database.url();
                databases.push(database);
                url
            }
        };
        let (from, to) = (url(from, "old.db"), url(to, "new.db"));
        Self {
            shell,
            from,
            to,
            _databases: databases,
        }
    }

    /// The client of the tests, at the database to leave.
    fn make_client(&self) {
        let line = format!("client create --name Example --id {CLIENT} --instance example");
        self.shell.json(&format!("{line} --database {}", self.from));
    }

    /// Takes `person0` and so on in, at the database to leave.
    fn import_people(&self, count: usize) {
        let mut file = String::from("username,departments,employment_info.role\n");
        for number in 0..count {
            file += &format!("person{number},Department {},Role\n", number % 7);
        }
        self.shell.write("people.csv", &file);
        let line = format!(
            "import --client {CLIENT} people.csv --database {}",
            self.from
        );
        self.shell.json(&line);
    }

    fn line(&self) -> String {
        format!("migrate --from {} --to {}", self.from, self.to)
    }

    async fn open(&self, url: &str) -> Store {
        Store::open(&Location::parse(url).unwrap()).await.unwrap()
    }

    fn export(&self, url: &str) -> String {
        let line = format!("export --client {CLIENT} --database {url}");
        self.shell.text(&line)
    }

    fn clients(&self, url: &str) -> Vec<Value> {
        let line = format!("client list --database {url}");
        self.shell.objects(&line)
    }
}

/// An answer's status, `ETag` and body.
async fn whole(answer: reqwest::Response) -> (u16, Option<String>, String) {
    let status = answer.status().as_u16();
    let etag = answer.headers().get("etag");
    let etag = etag.map(|etag| etag.to_str().unwrap().to_owned());
    (status, etag, answer.text().await.unwrap())
}

async fn tokens_cursors_etags_and_answers_go_on_working(house: &Move) {
    let Move {
        shell, from, to, ..
    } = house;
    house.make_client();
    let scopes = "users:read,users:write,activity:write,gateway:read";
    let line = format!("token create --client {CLIENT} --scope {scopes} --database {from}");
    let token = shell.json(&line);
    let token = token["token"].as_str().unwrap();
    let users = format!("/v2/clients/{CLIENT}/users");
    let activity = format!("/v2/clients/{CLIENT}/activity");
    let late = json!({ "username": "late", "user_key": "late" });
    let seen = json!({ "reports": [
        { "user_key": "person3", "channel": "web", "at": "2026-01-02T03:04:05Z" },
    ] });
    let mut paths = vec![
        users.clone(),
        format!("{users}/summary"),
        "/example/users".to_owned(),
    ];
    let (created, page, gateway_page, answers);
    {
        let server = Server::start(shell, &format!("--database {from}"));
        house.import_people(700);
        created = whole(server.post(&users, token, "once", &late).await).await;
        assert_eq!(created.0, 201, "{}", created.2);
        let received = server.post(&activity, token, "seen", &seen).await;
        assert!(received.status().is_success());
        page = server.json(&format!("{users}?page_size=300"), token).await;
        gateway_page = server.json("/example/users?pageSize=300", token).await;
        let created: Value = serde_json::from_str(&created.2).unwrap();
        paths.push(format!("{users}/{}", created["id"].as_str().unwrap()));
        let next = page["next_cursor"].as_str().unwrap();
        paths.push(format!("{users}?page_size=300&cursor={next}"));
        let next = gateway_page["next_page_token"].as_str().unwrap();
        paths.push(format!("/example/users?pageSize=300&pageToken={next}"));
        answers = all(&server, &paths, token).await;
    }
    let exported = house.export(from);
    let done = shell.json(&house.line());
    assert_eq!(
        keys(&done),
        [
            "from",
            "to",
            "online",
            "already_there",
            "rows",
            "digest",
            "tables"
        ]
    );
    assert_eq!((&done["from"], &done["to"]), (&json!(from), &json!(to)));
    assert_eq!(done["already_there"], false);
    assert_eq!(done["tables"]["users"], 701);
    assert_eq!(house.export(to), exported);
    let server = Server::start(shell, &format!("--database {to}"));
    for (path, (old, new)) in paths
        .iter()
        .zip(answers.iter().zip(all(&server, &paths, token).await))
    {
        assert_eq!(*old, new, "{path}");
    }
    let again = whole(server.post(&users, token, "once", &late).await).await;
    assert_eq!(again, created);
}

async fn all(server: &Server, paths: &[String], token: &str) -> Vec<(u16, Option<String>, Value)> {
    let mut answers = Vec::new();
    for path in paths {
        let (status, etag, text) = whole(server.get(path, token).await).await;
        assert_eq!(status, 200, "{path}: {text}");
        let mut body: Value = serde_json::from_str(&text).unwrap();
        // Each page's own cursor is sealed anew.
        for name in ["next_cursor", "next_page_token"] {
            if let Some(next) = body.get_mut(name) {
                *next = json!(next.is_null());
            }
        }
        answers.push((status, etag, body));
    }
    answers
}

async fn a_copy_that_is_killed_leaves_nothing_and_is_made_again(house: &Move) {
    let Move {
        shell, from, to, ..
    } = house;
    house.make_client();
    let store = house.open(from).await;
    // So many rows that the copy is far from its end when the test has read its first line.
    let fill = "INSERT INTO renames (client_id, number, user_id, username, at)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                SELECT 'client', i, 'user ' || i, 'somebody with a long name', i FROM n";
    let filled = store.write(|tx| tx.script(fill));
    filled.await.unwrap();
    drop(store);
    // Its connections are closed by tasks, whose turn this is.
    tokio::task::yield_now().await;
    let mut child = shell
        .command(&house.line())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("Copying 1000"), "{line}");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(house.clients(to), Vec::<Value>::new());
    let done = shell.json(&house.line());
    assert_eq!(
        (&done["already_there"], &done["tables"]["renames"]),
        (&json!(false), &json!(100_000))
    );
    assert_eq!(house.clients(to), house.clients(from));
}

async fn a_second_run_says_that_it_is_there_already(house: &Move) {
    let Move {
        shell, from, to, ..
    } = house;
    house.make_client();
    let first = shell.text(&house.line());
    assert!(
        first.contains(&format!("rows from {from} to {to}\n")),
        "{first}"
    );
    let second = shell.text(&house.line());
    assert!(second.contains("Everything is already there: "), "{second}");
    let digest = |text: &str| text.lines().last().unwrap().to_owned();
    assert_eq!(digest(&first), digest(&second));
    assert_eq!(shell.json(&house.line())["already_there"], true);
    // Back again, the first house is not empty; it holds the same.
    let back = shell.json(&format!("migrate --from {to} --to {from}"));
    assert_eq!(back["already_there"], true);
}

async fn a_target_with_other_data_is_refused_and_unchanged(house: &Move) {
    let Move { shell, to, .. } = house;
    house.make_client();
    shell.json(&format!("client create --name Other --database {to}"));
    let before = house.clients(to);
    let error = shell.error(&house.line());
    assert_eq!(
        error,
        format!("error: {to} holds other data already: name an empty database")
    );
    assert_eq!(house.clients(to), before);
}

async fn a_missing_source_is_refused_and_not_made(house: &Move) {
    let Move {
        shell, from, to, ..
    } = house;
    for _ in 0..2 {
        let error = shell.error(&house.line());
        assert_eq!(error, format!("error: there is no database {from}"));
    }
    shell.usage_error(&format!("migrate --from {from}"));
    let error = shell.error(&format!(
        "migrate --from nosql://me:secret@host/x --to {to}"
    ));
    assert!(!error.contains("secret"), "{error}");
}

async fn a_source_in_use_is_copied_only_when_that_is_asked_for(house: &Move) {
    let Move {
        shell, from, to, ..
    } = house;
    house.make_client();
    let server = Server::start(shell, &format!("--database {from}"));
    let error = shell.error(&house.line());
    assert!(
        error.contains("in use") && error.contains("--online"),
        "{error}"
    );
    let said = shell.text(&format!("{} --online", house.line()));
    assert!(said.contains("from now on is not copied"), "{said}");
    drop(server);
    assert_eq!(house.clients(to), house.clients(from));
    // And into a house that somebody lives in, not at all.
    let server = Server::start(shell, &format!("--database {to}"));
    let error = shell.error(&format!("{} --online", house.line()));
    assert!(
        error.contains("the target: ") && error.contains("in use"),
        "{error}"
    );
    drop(server);
}

async fn a_database_is_not_moved_into_itself(house: &Move) {
    let Move { shell, from, .. } = house;
    house.make_client();
    let error = shell.error(&format!("migrate --from {from} --to {from}"));
    assert!(error.ends_with("are the same database"), "{error}");
}

#[test]
fn a_file_is_the_same_by_whatever_path() {
    let shell = Shell::with_client();
    std::os::unix::fs::symlink("rollcall.db", shell.path("link.db")).unwrap();
    for to in ["sqlite:./rollcall.db", "sqlite:link.db"] {
        let error = shell.error(&format!("migrate --from sqlite:rollcall.db --to {to}"));
        assert!(error.ends_with("are the same database"), "{error}");
    }
}

#[test]
fn a_source_of_another_release_is_refused_and_left_alone() {
    let shell = Shell::with_client();
    let database = rusqlite::Connection::open(shell.path("rollcall.db")).unwrap();
    let line = "migrate --from sqlite:rollcall.db --to sqlite:new.db";
    for (change, said) in [
        (
            "INSERT INTO schema_steps (number) VALUES (9999)",
            "newer release",
        ),
        (
            "DELETE FROM schema_steps WHERE number > 1",
            "earlier release",
        ),
    ] {
        database.execute_batch(change).unwrap();
        let error = shell.error(line);
        assert!(error.contains(said), "{error}");
        assert!(!shell.path("new.db").exists());
    }
}
