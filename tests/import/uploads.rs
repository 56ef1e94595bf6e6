//! Files that are uploaded, looked at and applied, on whichever node.

use rollcall::model::change::{Entity, Source};
use rollcall::model::id::UploadId;
use rollcall::model::import::{Import, ImportState, Upload};
use rollcall::operations::changes::{Difference, Shown};
use rollcall::operations::error::{Error, Noun};
use rollcall::operations::housekeeping;
use rollcall::operations::import::jobs::{self, apply};
use rollcall::operations::import::rehearsal::{EFFECTS_MAX, Effect, What, rehearse};
use rollcall::operations::import::uploads::{self, FILE_BYTES_MAX, UPLOADS_MAX, begin};
use rollcall::operations::import::{Format, Totals};
use rollcall::operations::nodes;
use rollcall::store::{self, Tx};

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 1:
    a_file_of_several_parts_is_read_back_whole,
    any_bytes_are_kept_and_told_row_by_row,
    a_rehearsal_tells_what_each_row_would_come_to,
    a_rehearsal_tells_no_more_than_so_many_rows,
    a_file_that_was_applied_is_forgotten,
    a_file_that_failed_may_be_applied_again_or_cancelled,
    four_files_wait_and_no_more,
    a_file_waits_an_hour,
    who_hangs_up_is_in_nobodys_way,
    a_file_that_is_too_long_is_refused,
}

const PEOPLE: &str = "username,departments,state\nann,Lab,ACTIVE\nben,Lab;Sales,INACTIVE\n";

impl Place {
    /// Uploads a file, in pieces as a network hands them over.
    pub(crate) async fn upload(&self, content: &[u8], format: Format) -> Result<Upload, Error> {
        let name = format!("people.{}", format.name());
        let mut uploading = begin(&self.app, &self.access, &name, format).await?;
        for piece in content.chunks(300_000) {
            uploading.push(piece).await?;
        }
        uploading.finish(&self.app).await
    }

    pub(crate) async fn csv_upload(&self, content: &str) -> UploadId {
        let upload = self.upload(content.as_bytes(), Format::Csv).await;
        upload.unwrap().id
    }

    /// Applies an upload and waits until that is over.
    pub(crate) async fn applied(&self, upload: UploadId) -> Import {
        let (begun, running) = apply(&self.app, &self.access, upload).await.unwrap();
        assert_eq!(begun.state, ImportState::Running);
        running.await.unwrap();
        let found = jobs::find(&self.app, &self.access, begun.id).await;
        found.unwrap().import
    }

    /// How many parts of files lie in the database.
    async fn parts(&self) -> i64 {
        let store = self.store().await;
        let count = |tx: &mut Tx<'_>| {
            tx.one("SELECT COUNT(*) FROM upload_parts", &[], |row| {
                row.number(0)
            })
        };
        let count = store.read(count).await;
        count.unwrap().unwrap()
    }
}

fn unknown(id: UploadId) -> Error {
    Error::not_found(Noun::Upload, id.as_str())
}

async fn a_file_of_several_parts_is_read_back_whole(on: Backend) {
    let place = Place::new(on).await;
    let rows = (0..40_000).map(|number| format!("user{number},Title of number {number}\n"));
    let content = format!("username,first_name\n{}", rows.collect::<String>());
    let id = place.csv_upload(&content).await;
    assert_eq!(place.parts().await, 2);
    let import = place.applied(id).await;
    assert_eq!(
        (import.state, import.totals.created),
        (ImportState::Done, 40_000)
    );
    let bytes = i64::try_from(content.len()).unwrap();
    assert_eq!((import.bytes, import.bytes_done), (bytes, bytes));
    let last = place.user("user39999").await;
    assert_eq!(last["profile"]["first_name"], "Title of number 39999");
}

async fn any_bytes_are_kept_and_told_row_by_row(on: Backend) {
    let place = Place::new(on).await;
    let content = b"username,first_name\nann,\xff\nben,\0\ncem,fine\n";
    let upload = place.upload(content, Format::Csv).await.unwrap();
    let import = place.applied(upload.id).await;
    assert_eq!((import.totals.created, import.totals.bad), (1, 2));
    let bad: Vec<_> = import.bad.iter().map(|bad| bad.line).collect();
    assert_eq!(bad, [2, 3]);
    assert_eq!(import.bad[0].reason, "first_name is not UTF-8");
}

fn written(
    line: u64,
    entity: Entity,
    name: &str,
    action: &'static str,
    fields: &[Difference],
) -> Effect {
    let what = What::Written {
        entity,
        name: name.into(),
        action,
        fields: fields.to_vec(),
    };
    Effect { line, what }
}

async fn a_rehearsal_tells_what_each_row_would_come_to(on: Backend) {
    let place = Place::new(on).await;
    place.csv(PEOPLE).await;
    let file = r#"{"username":"ann","departments":["Lab"],"state":"ACTIVE"}
{"username":"ben","departments":["Lab"],"profile":{"first_name":"Dr."},"last_activity":{"web_at":"2026-02-01T00:00:00Z"}}
{"username":"cem","departments":["Field"]}
{"username":"ann","deleted_at":"2026-02-01T00:00:00Z"}
{"name":"Sales","description":"Who sells"}
{"username":"ann2","user_key":"ann","deleted_at":"nonsense"}
"#;
    let upload = place.upload(file.as_bytes(), Format::Jsonl).await.unwrap();
    let before = place.export().await;
    let rehearsal = rehearse(&place.app, &place.access, upload.id)
        .await
        .unwrap();
    assert_eq!(place.export().await, before);
    let (user, department) = (Entity::User, Entity::Department);
    let refused = |line, column: &str, reason: &str| {
        let (column, reason) = (Some(column.to_owned()), reason.to_owned());
        let what = What::Refused { column, reason };
        Effect { line, what }
    };
    let time = "deleted_at must be a time like 2026-02-24T21:23:53.082Z";
    let differs = |field: &str, from: Option<Shown>, to: Option<Shown>| {
        let field = field.to_owned().into();
        Difference { field, from, to }
    };
    let text = |text: &str| Some(Shown::Text(text.into()));
    let list = |names: &[&str]| Some(Shown::List(names.iter().map(|it| (*it).into()).collect()));
    let ben = [
        differs("departments", list(&["Lab", "Sales"]), list(&["Lab"])),
        differs("profile.first_name", None, text("Dr.")),
        differs("last_activity", None, None),
    ];
    let sales = [differs("description", None, text("Who sells"))];
    let expected = [
        written(2, user, "ben", "updated", &ben),
        written(3, department, "Field", "created", &[]),
        written(3, user, "cem", "created", &[]),
        refused(4, "user_key", "Line 1 is about the same"),
        written(5, department, "Sales", "updated", &sales),
        refused(6, "deleted_at", time),
    ];
    assert_eq!(rehearsal.effects, expected);
    let totals = Totals {
        created: 1,
        changed: 1,
        unchanged: 1,
        bad: 2,
        departments_created: 1,
        departments_changed: 1,
    };
    assert_eq!(rehearsal.totals, totals);
    // What is done is what was told, through the door `import`.
    let import = place.applied(upload.id).await;
    assert_eq!(import.totals, totals);
    let (client, store) = (place.access.client(), place.store().await);
    let log = store
        .read(move |tx| store::changes::page(tx, client, 0, 100))
        .await;
    let last = log.unwrap().pop().unwrap();
    assert_eq!(&*last.source, Source::Import.name());
}

async fn a_rehearsal_tells_no_more_than_so_many_rows(on: Backend) {
    let place = Place::new(on).await;
    let rows = (0..3_000).map(|number| format!("user{number}\n"));
    let content = format!("username\n{}", rows.collect::<String>());
    let id = place.csv_upload(&content).await;
    let rehearsal = rehearse(&place.app, &place.access, id).await.unwrap();
    assert_eq!(rehearsal.totals.created, 3_000);
    let lines = rehearsal.effects.iter().map(|effect| effect.line);
    assert!(lines.eq(2..2 + EFFECTS_MAX as u64));
}

async fn a_file_that_was_applied_is_forgotten(on: Backend) {
    let place = Place::new(on).await;
    let id = place.csv_upload(PEOPLE).await;
    place.applied(id).await;
    assert_eq!(place.parts().await, 0);
    let again = apply(&place.app, &place.access, id).await;
    assert_eq!(again.map(drop), Err(unknown(id)));
    let looked_at = rehearse(&place.app, &place.access, id).await;
    assert_eq!(looked_at.map(drop), Err(unknown(id)));
}

async fn a_file_that_failed_may_be_applied_again_or_cancelled(on: Backend) {
    let place = Place::new(on).await;
    let id = place.csv_upload("name\nann\n").await;
    for _ in 0..2 {
        let import = place.applied(id).await;
        let reason = r#"There is no column "name" to import"#;
        assert_eq!(import.state, ImportState::Failed);
        assert_eq!(import.failure.as_deref(), Some(reason));
    }
    uploads::cancel(&place.app, &place.access, id)
        .await
        .unwrap();
    assert_eq!(place.parts().await, 0);
    let again = uploads::cancel(&place.app, &place.access, id).await;
    assert_eq!(again, Err(unknown(id)));
}

async fn four_files_wait_and_no_more(on: Backend) {
    let place = Place::new(on).await;
    let mut all = Vec::new();
    for _ in 0..UPLOADS_MAX {
        all.push(place.csv_upload(PEOPLE).await);
    }
    let refused = place.upload(b"username\n", Format::Csv).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let listed = uploads::list(&place.app, &place.access).await.unwrap();
    assert!(
        listed
            .iter()
            .map(|upload| upload.id)
            .eq(all.iter().copied())
    );
    let first = all[0];
    uploads::cancel(&place.app, &place.access, first)
        .await
        .unwrap();
    place.csv_upload(PEOPLE).await;
}

async fn a_file_waits_an_hour(on: Backend) {
    let place = Place::new(on).await;
    let id = place.csv_upload(PEOPLE).await;
    nodes::beat(&place.app).await.unwrap();
    place.clock.advance(59 * 60);
    housekeeping::purge(&place.app).await.unwrap();
    assert!(uploads::find(&place.app, &place.access, id).await.is_ok());
    place.clock.advance(60);
    let found = uploads::find(&place.app, &place.access, id).await;
    assert_eq!(found.map(drop), Err(unknown(id)));
    place.clock.advance(10 * 60);
    housekeeping::purge(&place.app).await.unwrap();
    assert_eq!(place.parts().await, 0);
}

async fn who_hangs_up_is_in_nobodys_way(on: Backend) {
    let place = Place::new(on).await;
    let (app, access) = (&place.app, &place.access);
    let mut uploading = begin(app, access, "people.csv", Format::Csv).await.unwrap();
    uploading.push(&[b'x'; 2_000_000]).await.unwrap();
    assert_eq!(place.parts().await, 1);
    assert_eq!(uploads::list(app, access).await.unwrap(), []);
    drop(uploading);
    // It is removed beside: each look gives it a turn.
    while place.parts().await > 0 {}
}

async fn a_file_that_is_too_long_is_refused(on: Backend) {
    let place = Place::new(on).await;
    let (app, access) = (&place.app, &place.access);
    let mut uploading = begin(app, access, "people.csv", Format::Csv).await.unwrap();
    let content = vec![b'x'; FILE_BYTES_MAX + 1];
    let refused = uploading.push(&content).await.unwrap_err();
    assert_eq!(refused.to_string(), "file: the file is longer than 64 MiB");
    for name in ["", "a\nb", &"x".repeat(257)] {
        let refused = begin(app, access, name, Format::Csv).await;
        assert!(
            matches!(refused.map(drop), Err(Error::Invalid(_))),
            "{name}"
        );
    }
}
