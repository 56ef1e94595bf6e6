//! The whole product as its users meet it: a server of the built binary, real connections, the
//! command line beside it.

use std::process::Command;
use std::time::Duration;

use rollcall::store::leases::{self, Lease};
use rollcall::store::{Location, Store};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;
use crate::shell::{CLIENT, Shell};

const SCOPES: &str = "users:read,users:write,activity:write,gateway:read";

fn token(shell: &Shell) -> Value {
    shell.json(&format!("token create --client {CLIENT} --scope {SCOPES}"))
}

fn secret(token: &Value) -> &str {
    token["token"].as_str().unwrap()
}

/// What a line pasted into a shell prints.
fn pasted(line: &str) -> Value {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_demos_curl_lines_work_when_pasted_and_show_the_published_users() {
    let shell = Shell::new();
    let server = Server::start(&shell, "--demo");
    let published = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mike = pasted(&server.said[0]);
    assert_eq!(
        mike.to_string(),
        published(include_str!("../published/mikechang.json")).to_string()
    );
    let john = pasted(&server.said[1]);
    assert_eq!(
        john.to_string(),
        published(include_str!("../published/john_doe.json")).to_string()
    );
    let token = server.said[0].split("Bearer ").nth(1).unwrap();
    let token = token.trim_end_matches('"');
    let new_user = "/v2/clients/aa7cf840-9ca9-46a3-9778-9015d6580d50/users/\
                    c3f19253-26g4-6129-c461-215h9658429d";
    assert_eq!(
        server.json(new_user, token).await.to_string(),
        published(include_str!("../published/newuser.json")).to_string()
    );
    // The published line for the gateway, with the port of this test.
    let line = format!(
        "curl http://{}/myinstance1/users/userId \\\n-H \"Authorization: Bearer {token}\"",
        server.address
    );
    assert_eq!(pasted(&line)["system_identity"]["id"], "userId");
    let list = server.json("/myinstance1/users", token).await;
    assert_eq!(list["results"].as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn what_the_command_line_makes_beside_a_server_is_seen_at_once() {
    let shell = Shell::new();
    let server = Server::start(&shell, "");
    shell.json(&format!(
        "client create --name Example --id {CLIENT} --instance example"
    ));
    let token = token(&shell);
    let path = format!("/v2/clients/{CLIENT}");
    assert_eq!(server.json(&path, secret(&token)).await["name"], "Example");
    let list = server.json("/example/users", secret(&token)).await;
    assert_eq!(list, json!({ "results": [] }));
    shell.text(&format!("token revoke {}", token["id"].as_str().unwrap()));
    let until_refused = async {
        while server.get(&path, secret(&token)).await.status() != 401 {
            tokio::task::yield_now().await;
        }
    };
    let within = Duration::from_secs(2);
    tokio::time::timeout(within, until_refused).await.unwrap();
}

#[tokio::test]
async fn people_imported_beside_a_server_are_walked_through_both_lists() {
    let shell = Shell::new();
    let server = Server::start(&shell, "");
    shell.json(&format!(
        "client create --name Example --id {CLIENT} --instance example"
    ));
    let token = token(&shell);
    let path = format!("/v2/clients/{CLIENT}/users");
    assert_eq!(server.json(&path, secret(&token)).await["total_count"], 0);
    let mut file = String::from("username,external_id,departments,employment_info.role\n");
    for number in 0..5_000 {
        let department = number % 7;
        file += &format!("person{number},E{number},Department {department},Role {number}\n");
    }
    shell.write("people.csv", &file);
    let import = format!("import --client {CLIENT} people.csv");
    let rehearsed = shell.json(&format!("{import} --dry-run"));
    assert_eq!(
        (&rehearsed["created"], &rehearsed["bad"]),
        (&json!(5_000), &json!(0))
    );
    assert_eq!(server.json(&path, secret(&token)).await["total_count"], 0);
    assert_eq!(shell.json(&import)["created"], 5_000);
    assert_eq!(shell.json(&import)["unchanged"], 5_000);
    // Both are remembered, and the dry run is not.
    let imports = format!("/v2/clients/{CLIENT}/imports");
    let imports = server.json(&imports, secret(&token)).await;
    let facts = imports["data"].as_array().unwrap().iter().map(|import| {
        let (name, totals) = (&import["file_name"], &import["totals"]);
        json!([
            name,
            import["state"],
            import["actor"],
            totals["created"],
            totals["unchanged"]
        ])
    });
    let expected = [
        json!(["people.csv", "done", null, 0, 5_000]),
        json!(["people.csv", "done", null, 5_000, 0]),
    ];
    assert_eq!(facts.collect::<Vec<_>>(), expected);

    let until_seen = async {
        while server.json(&path, secret(&token)).await["total_count"] != 5_000 {
            tokio::task::yield_now().await;
        }
    };
    let within = Duration::from_secs(2);
    tokio::time::timeout(within, until_seen).await.unwrap();
    assert_eq!(
        walk_clients_api(&server, &path, secret(&token)).await,
        5_000
    );
    assert_eq!(walk_gateway(&server, secret(&token)).await, 5_000);

    let exported = shell.text(&format!("export --client {CLIENT}"));
    shell.write("people.jsonl", &exported);
    let other = crate::shell::OTHER_CLIENT;
    shell.json(&format!("client create --name Other --id {other}"));
    shell.json(&format!("import --client {other} people.jsonl"));
    assert_eq!(shell.text(&format!("export --client {other}")), exported);
}

/// The published loop: until `next_cursor` is null. Returns how many different users it met.
async fn walk_clients_api(server: &Server, path: &str, token: &str) -> usize {
    let mut met = std::collections::HashSet::new();
    let mut cursor = String::new();
    loop {
        let page = server
            .json(&format!("{path}?page_size=500{cursor}"), token)
            .await;
        for user in page["data"].as_array().unwrap() {
            assert!(met.insert(user["id"].to_string()), "{user} comes twice");
        }
        match &page["next_cursor"] {
            Value::Null => return met.len(),
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
}

/// The published loop: until `next_page_token` is not there.
async fn walk_gateway(server: &Server, token: &str) -> usize {
    let mut met = std::collections::HashSet::new();
    let mut page_token = String::new();
    loop {
        let path = format!("/example/users?pageSize=1000{page_token}");
        let page = server.json(&path, token).await;
        for user in page["results"].as_array().unwrap() {
            let id = user["system_identity"]["id"].to_string();
            assert!(met.insert(id), "{user} comes twice");
        }
        match page.get("next_page_token") {
            None => return met.len(),
            Some(next) => page_token = format!("&pageToken={}", next.as_str().unwrap()),
        }
    }
}

#[test]
fn a_bad_row_is_told_and_stops_no_other() {
    let shell = Shell::with_client();
    shell.write(
        "people.csv",
        "username,state\ngood,ACTIVE\nbad,ASLEEP\nbetter,INACTIVE\n",
    );
    let line = format!("import --client {CLIENT} people.csv");
    let output = shell.command(&line).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("2 new, 0 changed, 0 unchanged"), "{said}");
    assert!(said.contains("bad rows: 1"), "{said}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("people.csv line 3: state: "), "{error}");
    assert!(error.ends_with("error: 1 row was refused\n"), "{error}");
}

#[tokio::test]
async fn a_request_in_progress_is_finished_before_the_server_ends() {
    let shell = Shell::with_client();
    let mut server = Server::start(&shell, "");
    let token = token(&shell);
    let body = r#"{"username":"late","user_key":"late"}"#;
    let (first, rest) = body.split_at(10);
    let head = format!(
        "POST /v2/clients/{CLIENT}/users HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {}\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        secret(&token),
        body.len()
    );
    let mut connection = TcpStream::connect(&server.address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the request is in its hands.
    let mut interim = [0; 25];
    connection.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(first.as_bytes()).await.unwrap();
    server.terminate();
    while TcpStream::connect(&server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(server.is_running());
    connection.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
}

/// The lines of `/metrics`.
async fn figures(server: &Server) -> Vec<String> {
    let url = format!("http://{}/metrics", server.address);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_server_that_stops_gives_its_leases_back() {
    let shell = Shell::new();
    let mut server = Server::start(&shell, "");
    let figures = figures(&server).await;
    for line in ["rollcall_nodes_alive 1", "rollcall_housekeeping_leader 1"] {
        assert!(figures.contains(&line.to_owned()), "{line}: {figures:?}");
    }
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
    let location = Location::Sqlite(shell.path("rollcall.db"));
    let store = Store::open(&location).await.unwrap();
    let leases = store.read(leases::all).await.unwrap();
    assert_eq!(leases.len(), 2);
    assert!(leases.iter().all(Lease::is_free), "{leases:?}");
    // So the next server keeps house from its first moment.
    drop(store);
    let server = Server::start(&shell, "");
    let figures = self::figures(&server).await;
    assert!(figures.contains(&"rollcall_housekeeping_leader 1".to_owned()));
}

#[tokio::test]
async fn probes_figures_and_documents_need_no_token() {
    let shell = Shell::new();
    let server = Server::start(&shell, "");
    for (path, part) in [
        ("/healthz", "ok"),
        ("/readyz", "ready"),
        ("/metrics", "rollcall_http_requests_total"),
        ("/openapi.json", "\"openapi\":\"3.1"),
        ("/docs/", "swagger-ui"),
        ("/llms.txt", "# Rollcall"),
        ("/llms-full.txt", "next_page_token"),
        ("/", "Rollcall"),
    ] {
        let answer = reqwest::get(format!("http://{}{path}", server.address))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(part), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_put_back_whole() {
    let shell = Shell::with_client();
    let token = token(&shell);
    {
        let server = Server::start(&shell, "");
        shell.write("people.csv", "username\nann\nbob\n");
        shell.json(&format!("import --client {CLIENT} people.csv"));
        shell.text("backup copy.db");
        let error = shell.error("restore copy.db --force");
        assert!(error.contains("in use"), "{error}");
        let path = format!("/v2/clients/{CLIENT}/users");
        assert_eq!(server.get(&path, secret(&token)).await.status(), 200);
    }
    let before = shell.text(&format!("export --client {CLIENT}"));
    shell.write("people.csv", "username\ncarl\n");
    shell.json(&format!("import --client {CLIENT} people.csv"));
    shell.text("restore copy.db --force");
    assert_eq!(shell.text(&format!("export --client {CLIENT}")), before);
    let server = Server::start(&shell, "");
    let path = format!("/v2/clients/{CLIENT}/users");
    assert_eq!(server.json(&path, secret(&token)).await["total_count"], 2);
}
