//! Runs of imports, as others see them.

use std::io::{self, Cursor, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

use rollcall::model::id::ImportId;
use rollcall::model::import::{Import, ImportState};
use rollcall::operations::error::{Error, Noun};
use rollcall::operations::import::jobs::{self, BAD_KEPT_MAX, File, KEPT, apply};
use rollcall::operations::import::{Format, uploads};
use rollcall::operations::{housekeeping, nodes};
use tokio::task::JoinHandle;

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 2:
    a_run_of_the_command_line_is_remembered,
    only_the_first_refusals_are_kept,
    only_the_newest_runs_are_kept,
    one_import_of_a_client_runs_at_a_time,
    a_file_that_is_being_imported_is_not_cancelled,
    whose_process_ended_is_told_to_have_failed,
    what_was_taken_for_dead_stays_so,
    a_server_that_stops_leaves_nothing_running,
}

/// A file whose end comes when the test says so.
struct Held(Cursor<String>, Receiver<()>);

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => {
                // The test drops the sender.
                self.1.recv().unwrap_err();
                Ok(0)
            }
            count => Ok(count),
        }
    }
}

fn file<R>(content: R) -> File<R> {
    File {
        name: "people.csv".into(),
        format: Format::Csv,
        bytes: 100,
        content,
    }
}

impl Place {
    /// Imports a file as the command line does.
    async fn run(&self, text: &str) {
        let file = file(Cursor::new(text.to_owned()));
        let done = jobs::run(&self.app, &self.access, file, |_| {}).await;
        done.unwrap();
    }

    async fn imports(&self) -> Vec<Import> {
        let listed = jobs::list(&self.app, &self.access, KEPT).await.unwrap();
        listed.into_iter().map(|listed| listed.import).collect()
    }

    async fn states(&self) -> Vec<ImportState> {
        let imports = self.imports().await;
        imports.into_iter().map(|import| import.state).collect()
    }

    /// Begins an import that goes on until the sender is dropped, or the task ends as a process does.
    async fn held(&self) -> (Sender<()>, JoinHandle<Result<(), Error>>) {
        let (sender, receiver) = channel();
        let content = Held(Cursor::new("username\nheld\n".to_owned()), receiver);
        let (app, access) = (self.app.clone(), self.access.clone());
        let running = tokio::spawn(async move {
            let done = jobs::run(&app, &access, file(content), |_| {}).await;
            done.map(drop)
        });
        // Its first beat comes at once, the next one a second later.
        let beats = |import: &Import| {
            import.state == ImportState::Running && import.updated_at > import.started_at
        };
        while !self.imports().await.iter().any(beats) {}
        (sender, running)
    }

    /// Lets the node watch, once before `seconds` pass and once after.
    async fn watch(&self, seconds: u64) {
        nodes::beat(&self.app).await.unwrap();
        self.clock.advance(seconds);
        nodes::beat(&self.app).await.unwrap();
    }
}

async fn a_run_of_the_command_line_is_remembered(on: Backend) {
    let place = Place::new(on).await;
    place.run("username\nann\nben\n,\n").await;
    place.run("username\nann\ncem\n").await;
    let imports = place.imports().await;
    let [second, first] = &imports[..] else {
        panic!("there are two: {imports:?}");
    };
    assert_eq!(&*first.file_name, "people.csv");
    assert_eq!((first.state, first.totals.created), (ImportState::Done, 2));
    assert_eq!((first.totals.bad, first.bad[0].line), (1, 4));
    assert_eq!((second.totals.created, second.totals.unchanged), (1, 1));
    assert!(first.actor.is_none() && first.upload.is_none() && first.failure.is_none());
    assert!(first.started_at < first.updated_at && first.updated_at < second.started_at);
    let found = jobs::find(&place.app, &place.access, first.id).await;
    assert_eq!(found.unwrap().import, *first);
    let nothing = ImportId(place.app.new_id());
    let found = jobs::find(&place.app, &place.access, nothing).await;
    let unknown = Error::not_found(Noun::Import, nothing.as_str());
    assert_eq!(found.map(drop), Err(unknown));
}

async fn only_the_first_refusals_are_kept(on: Backend) {
    let place = Place::new(on).await;
    let rows = "ann,x\n".repeat(2_500);
    place.run(&format!("username\n{rows}")).await;
    let import = place.imports().await.remove(0);
    assert_eq!(import.totals.bad, 2_500);
    assert!(
        import
            .bad
            .iter()
            .map(|bad| bad.line)
            .eq(2..2 + BAD_KEPT_MAX as u64)
    );
}

async fn only_the_newest_runs_are_kept(on: Backend) {
    let place = Place::new(on).await;
    let (sender, running) = place.held().await;
    let mut newest = Vec::new();
    for number in 0..KEPT + 2 {
        place.run(&format!("username\nuser{number}\n")).await;
        newest = place.imports().await;
    }
    assert_eq!(newest.len(), KEPT);
    assert!(
        newest
            .iter()
            .all(|import| import.state == ImportState::Done)
    );
    assert!(newest.is_sorted_by(|one, next| one.id > next.id));
    // What runs is not forgotten, however old.
    drop(sender);
    running.await.unwrap().unwrap();
}

async fn one_import_of_a_client_runs_at_a_time(on: Backend) {
    let place = Place::new(on).await;
    let (sender, running) = place.held().await;
    let id = place.csv_upload("username\nann\n").await;
    let refused = apply(&place.app, &place.access, id).await;
    let error = refused.map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Another import of this client is running"
    );
    assert!(uploads::find(&place.app, &place.access, id).await.is_ok());
    drop(sender);
    running.await.unwrap().unwrap();
    assert_eq!(place.applied(id).await.state, ImportState::Done);
}

async fn a_file_that_is_being_imported_is_not_cancelled(on: Backend) {
    let place = Place::new(on).await;
    // Nobody else runs on this thread between the beginning and the question.
    let rows = (0..20_000).map(|number| format!("user{number}\n"));
    let content = format!("username\n{}", rows.collect::<String>());
    let id = place.csv_upload(&content).await;
    let (_, running) = apply(&place.app, &place.access, id).await.unwrap();
    let refused = uploads::cancel(&place.app, &place.access, id).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "The file is being imported"
    );
    running.await.unwrap();
    assert_eq!(place.imports().await[0].totals.created, 20_000);
}

async fn whose_process_ended_is_told_to_have_failed(on: Backend) {
    let place = Place::new(on).await;
    let (sender, running) = place.held().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    drop(sender);
    // Nobody can know yet.
    place.watch(29).await;
    assert_eq!(place.states().await, [ImportState::Running]);
    place.watch(31).await;
    let import = place.imports().await.remove(0);
    assert_eq!(import.state, ImportState::Failed);
    assert!(import.failure.unwrap().contains("import the file again"));
    // The next one does not wait for it, and what was told is written down.
    let id = place.csv_upload("username\nann\n").await;
    assert_eq!(place.applied(id).await.state, ImportState::Done);
    let states = place.states().await;
    assert_eq!(states, [ImportState::Done, ImportState::Failed]);
}

async fn what_was_taken_for_dead_stays_so(on: Backend) {
    let place = Place::new(on).await;
    let (sender, running) = place.held().await;
    // It beats once a second of the real time, of which more may pass than one would think.
    while place.states().await != [ImportState::Failed] {
        place.watch(31).await;
        housekeeping::purge(&place.app).await.unwrap();
    }
    let failed = place.imports().await.remove(0);
    drop(sender);
    // Whether it ends or is stopped, it says nothing any more.
    drop(running.await.unwrap());
    assert_eq!(place.imports().await, [failed]);
}

async fn a_server_that_stops_leaves_nothing_running(on: Backend) {
    let place = Place::new(on).await;
    let (sender, running) = place.held().await;
    nodes::leave(&place.app).await.unwrap();
    assert_eq!(place.states().await, [ImportState::Failed]);
    drop(sender);
    drop(running.await);
}
