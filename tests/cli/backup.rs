//! `rollcall backup` and `rollcall restore`.

use rollcall::store::{Location, Store};

use crate::shell::{CLIENT, Shell, keys};

#[test]
fn a_backup_brings_everything_back() {
    let shell = Shell::with_client();
    let backup = shell.json("backup saved.db");
    assert_eq!(keys(&backup), ["file", "database", "bytes"]);
    let bytes = std::fs::metadata(shell.path("saved.db")).unwrap().len();
    assert_eq!(backup["bytes"], bytes);
    shell.json("client create --name Later");
    let restored = shell.json("restore saved.db --force");
    assert_eq!(restored["bytes"], bytes);
    let listed = shell.objects("client list");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], CLIENT);
    let text = shell.text("restore saved.db --database sqlite:elsewhere.db");
    assert!(text.contains("KiB"), "{text}");
    assert_eq!(
        shell.objects("client list --database sqlite:elsewhere.db"),
        listed
    );
}

#[test]
fn a_backup_never_overwrites_a_file() {
    let shell = Shell::with_client();
    shell.write("saved.db", "mine");
    assert_eq!(
        shell.error("backup saved.db"),
        "error: saved.db exists already"
    );
    assert_eq!(std::fs::read(shell.path("saved.db")).unwrap(), b"mine");
    let error = shell.error("backup other.db --database sqlite:missing.db");
    assert_eq!(error, "error: there is no database missing.db");
    assert!(!shell.path("other.db").exists() && !shell.path("missing.db").exists());
    shell.error("backup no/such/folder/other.db");
}

#[test]
fn a_database_is_overwritten_only_by_force_and_only_with_one_of_ours() {
    let shell = Shell::with_client();
    shell.text("backup saved.db");
    let error = shell.error("restore saved.db");
    assert_eq!(error, "error: rollcall.db exists: --force overwrites it");
    shell.write("text.db", "no database");
    shell.write("empty.db", "");
    for file in ["text.db", "empty.db", "missing.db"] {
        let error = shell.error(&format!("restore {file} --force"));
        assert!(error.starts_with(&format!("error: {file}: ")), "{error}");
    }
    assert_eq!(shell.objects("client list").len(), 1);
    let is_ours = |name: &str| shell.path(name).exists();
    assert!(!is_ours("rollcall.db-unfinished") && !is_ours("missing.db"));
}

#[tokio::test]
async fn a_database_in_use_is_not_overwritten() {
    let shell = Shell::with_client();
    shell.text("backup saved.db");
    let location = Location::Sqlite(shell.path("rollcall.db"));
    let store = Store::open(&location).await.unwrap();
    let error = shell.error("restore saved.db --force");
    assert!(error.contains("in use"), "{error}");
    drop(store);
}
