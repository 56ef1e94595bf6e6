//! SQLite's files: whose they are, how new they are, and whole copies of them.

use std::path::{Path, PathBuf};

use rollcall::store::backup::{backup, restore};
use rollcall::store::{Error, Location, Store, users};

use crate::world::{A, client_id, traced, user, user_id};

/// A directory of files, gone with the test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn location(&self, name: &str) -> Location {
        Location::Sqlite(self.path(name))
    }

    async fn open(&self, name: &str) -> Store {
        Store::open(&self.location(name)).await.unwrap()
    }

    /// A closed database of ours with `count` users.
    async fn with_users(&self, name: &str, count: u64) {
        let store = self.open(name).await;
        insert(&store, 1..=count).await;
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

async fn insert(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
    let write = store.write(move |tx| {
        for number in numbers.clone() {
            users::insert(
                tx,
                client_id(A),
                &traced(user(number, &format!("u{number}"))),
            )?;
        }
        Ok::<(), Error>(())
    });
    write.await.unwrap();
}

async fn count(store: &Store) -> usize {
    let read = store.read(|tx| users::page(tx, client_id(A), None, 1_000_000));
    read.await.unwrap().len()
}

async fn refusal(location: &Location) -> String {
    match Store::open(location).await {
        Err(Error::Refused(reason)) => reason,
        Err(other) => panic!("not refused but: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

fn refused(result: Result<(), Error>) -> String {
    match result {
        Err(Error::Refused(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_location_is_a_url_of_a_known_database() {
    assert_eq!(
        Location::parse("sqlite:some/file.db").unwrap(),
        Location::Sqlite("some/file.db".into())
    );
    for url in ["", "sqlite:", "rollcall.db", "mysql://x", "postgres://x"] {
        assert!(
            matches!(Location::parse(url), Err(Error::Refused(_))),
            "{url}"
        );
    }
}

#[tokio::test]
async fn nobody_but_the_owner_reads_what_we_make() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Files::new();
    let store = folder.open("a.db").await;
    insert(&store, 1..=1).await;
    backup(&folder.location("a.db"), &folder.path("b.db")).unwrap();
    for name in ["a.db", "a.db-wal", "a.db-shm", "b.db"] {
        let metadata = std::fs::metadata(folder.path(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let files = Files::new();
    files.with_users("a.db", 3).await;
    let (one, other) = (files.open("a.db").await, files.open("a.db").await);
    assert_eq!((count(&one).await, count(&other).await), (3, 3));
}

#[tokio::test]
async fn a_newer_releases_database_is_refused_and_left_alone() {
    let files = Files::new();
    files.with_users("a.db", 1).await;
    let newer = rusqlite::Connection::open(files.path("a.db")).unwrap();
    newer
        .execute_batch("INSERT INTO schema_steps (number) VALUES (9999)")
        .unwrap();
    let reason = refusal(&files.location("a.db")).await;
    assert!(reason.contains("newer release"), "{reason}");
    let users: i64 = newer
        .query_row("SELECT COUNT(*) FROM users", [], |row| row.get(0))
        .unwrap();
    assert_eq!(users, 1);
}

#[tokio::test]
async fn another_programs_file_is_refused_and_left_alone() {
    let files = Files::new();
    let other = rusqlite::Connection::open(files.path("other.db")).unwrap();
    other
        .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
        .unwrap();
    other.close().unwrap();
    std::fs::write(files.path("note.txt"), "no database at all".repeat(100)).unwrap();
    for name in ["other.db", "note.txt"] {
        let before = std::fs::read(files.path(name)).unwrap();
        refusal(&files.location(name)).await;
        refused(backup(&files.location(name), &files.path("copy.db")));
        let after = std::fs::read(files.path(name)).unwrap();
        assert!(before == after, "{name} was written to");
    }
    assert_eq!(files.names(), ["note.txt", "other.db"]);
}

#[tokio::test]
async fn a_backup_is_one_whole_file_while_writes_go_on() {
    let files = Files::new();
    files.with_users("a.db", 20_000).await;
    let store = files.open("a.db").await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let (first, has_written) = tokio::sync::oneshot::channel();
    let writes = tokio::spawn(async move {
        let mut first = Some(first);
        // Each write adds two or none: no moment has an odd number.
        for number in (100_000..).step_by(2) {
            insert(&store, number..=number + 1).await;
            if let Some(first) = first.take() {
                first.send(()).unwrap();
            }
            if stopped.try_recv().is_ok() {
                return count(&store).await;
            }
        }
        unreachable!("the test says when to stop")
    });
    has_written.await.unwrap();
    let (from, to) = (files.location("a.db"), files.path("copy.db"));
    let copied = tokio::task::spawn_blocking(move || backup(&from, &to));
    copied.await.unwrap().unwrap();
    stop.send(()).unwrap();
    let at_the_end = writes.await.unwrap();
    // It has no log beside it that would have to be copied too.
    assert!(
        files
            .names()
            .iter()
            .all(|name| !name.starts_with("copy.db-"))
    );
    let copy = files.open("copy.db").await;
    let copied = count(&copy).await;
    assert!(
        copied > 20_000 && copied <= at_the_end && copied % 2 == 0,
        "{copied}"
    );
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_needs_a_database() {
    let files = Files::new();
    files.with_users("a.db", 1).await;
    std::fs::write(files.path("precious"), "mine").unwrap();
    refused(backup(&files.location("a.db"), &files.path("precious")));
    assert_eq!(std::fs::read(files.path("precious")).unwrap(), b"mine");
    refused(backup(&files.location("none.db"), &files.path("copy.db")));
    let nowhere = files.path("no/such/folder/copy.db");
    refused(backup(&files.location("a.db"), &nowhere));
    assert!(!files.path("none.db").exists(), "looking makes no database");
}

#[tokio::test]
async fn a_backup_is_restored_as_it_was() {
    let files = Files::new();
    files.with_users("a.db", 5).await;
    backup(&files.location("a.db"), &files.path("copy.db")).unwrap();
    restore(&files.path("copy.db"), &files.location("new.db"), false).unwrap();
    let store = files.open("new.db").await;
    assert_eq!(count(&store).await, 5);
    insert(&store, 6..=6).await;
    assert_eq!(count(&store).await, 6);
}

#[tokio::test]
async fn a_database_is_overwritten_only_when_that_was_asked_for_and_nobody_uses_it() {
    let files = Files::new();
    files.with_users("a.db", 5).await;
    backup(&files.location("a.db"), &files.path("copy.db")).unwrap();
    let store = files.open("a.db").await;
    insert(&store, 6..=9).await;
    let copy = files.path("copy.db");
    refused(restore(&copy, &files.location("a.db"), false));
    refused(restore(&copy, &files.location("a.db"), true));
    assert_eq!(count(&store).await, 9, "it was in use");
    // Dropping it closes it: nothing of it is open when this returns.
    drop(store);
    refused(restore(&copy, &files.location("a.db"), false));
    restore(&copy, &files.location("a.db"), true).unwrap();
    let store = files.open("a.db").await;
    assert_eq!(count(&store).await, 5);
    let later = store.read(|tx| users::find(tx, client_id(A), user_id(6)));
    assert_eq!(later.await.unwrap(), None);
}

#[tokio::test]
async fn a_damaged_foreign_newer_or_missing_backup_is_refused() {
    let files = Files::new();
    files.with_users("a.db", 2_000).await;
    backup(&files.location("a.db"), &files.path("whole")).unwrap();
    let whole = std::fs::read(files.path("whole")).unwrap();
    std::fs::write(files.path("cut"), &whole[..whole.len() / 2]).unwrap();
    let mut overwritten = whole.clone();
    for byte in &mut overwritten[8_192..40_960] {
        *byte ^= 0x5a;
    }
    std::fs::write(files.path("overwritten"), overwritten).unwrap();
    std::fs::write(files.path("text"), "no database at all".repeat(100)).unwrap();
    std::fs::write(files.path("empty"), "").unwrap();
    std::fs::write(files.path("newer"), &whole).unwrap();
    let newer = rusqlite::Connection::open(files.path("newer")).unwrap();
    newer
        .execute_batch("INSERT INTO schema_steps (number) VALUES (9999)")
        .unwrap();
    newer.close().unwrap();
    let foreign = rusqlite::Connection::open(files.path("foreign")).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    foreign.close().unwrap();
    for name in [
        "cut",
        "overwritten",
        "text",
        "empty",
        "newer",
        "foreign",
        "none",
    ] {
        refused(restore(&files.path(name), &files.location("a.db"), true));
        refused(restore(&files.path(name), &files.location("new.db"), false));
    }
    assert!(!exists(&files.path("new.db")));
    assert_eq!(count(&files.open("a.db").await).await, 2_000);
}

fn exists(path: &Path) -> bool {
    path.exists()
}
