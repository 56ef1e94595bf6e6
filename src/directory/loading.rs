//! Reading images from the database: whole, and what happened since.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::RwLock;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::directory::image::{Delta, Image};
use crate::directory::{Live, REPORTS_AT_ONCE_MAX};
use crate::model::activity::LastActivity;
use crate::model::id::{ClientId, UserId};
use crate::model::user::User;
use crate::store::clients::Latest;
use crate::store::users::Rename;
use crate::store::{self, Error, Store, Tx};

/// Entries of the activity log that are read at once: each may hold thousands of reports.
const ENTRIES_AT_ONCE_MAX: i64 = 64;
/// Rows that one thread reads and hands to another at once.
const ROWS_AT_ONCE: usize = 1_024;
/// So often are they handed over before the one that reads waits.
const PARTS_AHEAD_MAX: usize = 2;

/// Reads a client's whole directory, as of one moment; `None` when there is no such client.
///
/// One thread reads the rows and another makes the image of them meanwhile, a few at a time: nothing
/// of the directory is in memory twice.
pub(super) async fn load(
    store: &Store,
    client: ClientId,
    serial: u64,
) -> Result<Option<Arc<Live>>, Error> {
    let building = store.read(move |tx| {
        let Some((image, count)) = begin(tx, client)? else {
            return Ok::<_, Error>(None);
        };
        start_building(tx, client, image, count).map(Some)
    });
    let Some(building) = building.await? else {
        return Ok(None);
    };
    let image = building.await;
    let image = image.map_err(|error| Error::Failed(error.to_string()))?;
    Ok(Some(Arc::new(Live {
        image: RwLock::new(image),
        catching_up: tokio::sync::Mutex::new(()),
        used: AtomicU64::new(0),
        serial,
    })))
}

/// Makes the image contain change `number`, by reading what later changes than its own touched.
pub(super) async fn catch_up(
    store: &Store,
    client: ClientId,
    live: &Live,
    number: i64,
) -> Result<(), Error> {
    // Whoever comes while another catches up finds, as a rule, that it is done.
    let _turn = live.catching_up.lock().await;
    loop {
        let (known, at) = {
            let image = live.read();
            (image.number(), image.at())
        };
        if known >= number {
            return Ok(());
        }
        let delta = store
            .read(move |tx| {
                // A standby that took over, or a backup put back, may lack what this image has seen.
                if store::changes::moment(tx, client, known)? != at {
                    return Err(Error::Failed(format!(
                        "change {known} is not the one that was seen: the database went back"
                    )));
                }
                read_delta(tx, client, known)
            })
            .await?;
        let Some(delta) = delta else {
            return Ok(());
        };
        let mut image = live.image.write();
        // Meanwhile somebody may have handed over what they wrote: then this may be older.
        if image.number() == known {
            image.apply(delta);
            return Ok(());
        }
    }
}

/// Makes the image contain the activity log up to entry `number`.
pub(super) async fn catch_up_activity(
    store: &Store,
    client: ClientId,
    live: &Live,
    number: i64,
) -> Result<(), Error> {
    let _turn = live.catching_up.lock().await;
    loop {
        let known = live.read().activity_number();
        if known >= number {
            return Ok(());
        }
        let entries = store
            .read(move |tx| store::activity::logged(tx, client, known, ENTRIES_AT_ONCE_MAX))
            .await?;
        // Entries are taken out by their age, and clocks are set back: any one may be missing.
        let numbers = entries.iter().map(|(number, _)| *number);
        if entries.is_empty() || !numbers.eq((known + 1..).take(entries.len())) {
            break;
        }
        for (number, reports) in entries {
            live.take_reports(number, &reports);
        }
    }
    // The entries in between were folded and taken out: the table has them.
    let (activity, latest) = store
        .read(move |tx| {
            let mut activity = Vec::new();
            let latest = read_activity(tx, client, |user, seen| {
                activity.push((user, seen));
                Ok(())
            })?;
            Ok::<_, Error>((activity, latest))
        })
        .await?;
    for part in activity.chunks(REPORTS_AT_ONCE_MAX) {
        let mut image = live.image.write();
        for (user, seen) in part {
            image.merge_activity(*user, *seen);
        }
    }
    let mut image = live.image.write();
    let latest = latest.max(image.activity_number());
    image.set_activity_number(latest);
    Ok(())
}

/// Hands what is known of users' activity to `each`, of some in two parts, and says the number of the
/// log's latest entry in it.
fn read_activity(
    tx: &mut Tx<'_>,
    client: ClientId,
    mut each: impl FnMut(UserId, LastActivity) -> Result<(), Error>,
) -> Result<i64, Error> {
    store::activity::each(tx, client, &mut each)?;
    let numbers = store::activity::numbers(tx, client)?;
    for (user, seen) in store::activity::latest_since(tx, client, numbers.folded)? {
        each(user, seen)?;
    }
    Ok(numbers.latest)
}

/// How far each client has come by now, by its id.
pub(super) async fn latest(store: &Store) -> Result<HashMap<ClientId, Latest>, Error> {
    let latest = store.read(store::clients::latest).await?;
    Ok(latest.into_iter().map(|one| (one.client, one)).collect())
}

/// Some of a client's rows, in the order in which they are sent.
enum Part {
    /// Everybody's records by id, deleted ones too.
    Users(Vec<User>),
    /// By user first, and then of anybody a second time.
    Activity(Vec<(UserId, LastActivity)>),
    /// Who was renamed, and the number of the log's latest entry in the activity.
    End(Vec<Rename>, i64),
}

/// An image with the client's departments and moment alone, and how many users it has.
fn begin(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<(Image, usize)>, Error> {
    let (Some(record), Some(number)) = (
        store::clients::find(tx, client)?,
        store::clients::change_number(tx, client)?,
    ) else {
        return Ok(None);
    };
    let mut image = Image::new(record);
    image.apply(Delta {
        number,
        at: store::changes::moment(tx, client, number)?,
        departments: store::departments::changed_since(tx, client, -1)?,
        ..Delta::default()
    });
    Ok(Some((image, store::users::count(tx, client)?)))
}

/// Reads all that [`begin`] has left, and says who makes the image whole of it.
fn start_building(
    tx: &mut Tx<'_>,
    client: ClientId,
    image: Image,
    count: usize,
) -> Result<JoinHandle<Image>, Error> {
    let (sender, parts) = sync_channel(PARTS_AHEAD_MAX);
    // Not before there is something to read: who waits for a connection needs no thread.
    let building = spawn_blocking(move || build(image, count, &parts));
    read_parts(tx, client, &sender)?;
    Ok(building)
}

/// Reads all that [`begin`] has left.
fn read_parts(tx: &mut Tx<'_>, client: ClientId, sender: &SyncSender<Part>) -> Result<(), Error> {
    let send = |part: Part| {
        let ended = |_| Error::Failed("nobody builds the image any more".to_owned());
        sender.send(part).map_err(ended)
    };
    let mut users = Gathered::new(|users| send(Part::Users(users)));
    store::users::each(tx, client, |user| users.push(user))?;
    users.flush()?;
    let mut activity = Gathered::new(|activity| send(Part::Activity(activity)));
    let latest = read_activity(tx, client, |user, seen| activity.push((user, seen)))?;
    activity.flush()?;
    send(Part::End(
        store::users::renames_since(tx, client, -1)?,
        latest,
    ))
}

/// Makes an image whole of what [`read_parts`] sends. When that fails it ends early, and nobody looks
/// at what it made.
fn build(mut image: Image, count: usize, parts: &Receiver<Part>) -> Image {
    image.reserve(count);
    let (mut near, mut is_sorted) = (0, false);
    for part in parts {
        // While what comes behind the users is read.
        if !is_sorted && !matches!(part, Part::Users(_)) {
            image.sort();
            is_sorted = true;
        }
        match part {
            Part::Users(users) => users.into_iter().for_each(|user| image.load_user(user)),
            Part::Activity(activity) => image.load_activity(&activity, &mut near),
            Part::End(renames, activity_number) => {
                renames.iter().for_each(|rename| image.put_rename(rename));
                image.set_activity_number(activity_number);
            }
        }
    }
    image.list_members();
    image.list_seen();
    image
}

/// Rows that are handed on [`ROWS_AT_ONCE`] at a time.
struct Gathered<T, F> {
    rows: Vec<T>,
    hand_on: F,
}

impl<T, F: FnMut(Vec<T>) -> Result<(), Error>> Gathered<T, F> {
    fn new(hand_on: F) -> Self {
        let rows = Vec::with_capacity(ROWS_AT_ONCE);
        Self { rows, hand_on }
    }

    fn push(&mut self, row: T) -> Result<(), Error> {
        if self.rows.len() >= ROWS_AT_ONCE {
            self.flush()?;
        }
        self.rows.push(row);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let next = Vec::with_capacity(ROWS_AT_ONCE);
        (self.hand_on)(std::mem::replace(&mut self.rows, next))
    }
}

/// The users whom the changes after number `since` up to the latest, `latest`, touched.
fn read_changed(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    latest: i64,
) -> Result<Vec<User>, Error> {
    match store::changes::users_touched(tx, client, since, latest)? {
        Some(ids) => store::users::records_of(tx, client, &ids),
        None => store::users::changed_since(tx, client, since),
    }
}

fn read_delta(tx: &mut Tx<'_>, client: ClientId, since: i64) -> Result<Option<Delta>, Error> {
    let Some(number) = store::clients::change_number(tx, client)? else {
        return Ok(None);
    };
    let record = store::clients::find(tx, client)?;
    Ok(Some(Delta {
        number,
        at: store::changes::moment(tx, client, number)?,
        client: record,
        departments: store::departments::changed_since(tx, client, since)?,
        users: read_changed(tx, client, since, number)?,
        renames: store::users::renames_since(tx, client, since)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::Client;
    use crate::model::department::Department;
    use crate::model::id::{DepartmentId, Id};
    use crate::model::profile::Profile;
    use crate::model::provenance::{Provenance, TracedUser};
    use crate::model::provisioning::Provisioning;
    use crate::model::timestamp::Timestamp;
    use crate::model::user::State;
    use crate::store::Location;

    const CLIENT: u64 = 0;

    fn id(number: u64) -> Id {
        Id::parse(&format!("0190a000-0000-7000-8000-{number:012x}")).unwrap()
    }

    fn user_of(number: u64, revision: i64, departments: &[DepartmentId]) -> TracedUser {
        let name = format!("user {number} at {revision}");
        let user = User {
            id: UserId(id(number)),
            username: name.as_str().into(),
            user_key: name.as_str().into(),
            external_id: None,
            state: State::Active,
            profile: Profile::default(),
            departments: departments.to_vec(),
            created_at: Timestamp::from_milliseconds(0),
            updated_at: Timestamp::from_milliseconds(revision),
            deleted_at: None,
            held: None,
            revision,
        };
        TracedUser::stored(user, Provenance::default())
    }

    fn department(number: u64) -> Department {
        Department {
            id: DepartmentId(id(number)),
            name: format!("department {number}").as_str().into(),
            description: None,
            external_id: None,
            created_at: Timestamp::from_milliseconds(0),
            updated_at: Timestamp::from_milliseconds(0),
            deleted_at: None,
            revision: 1,
        }
    }

    #[tokio::test]
    async fn what_changes_while_it_is_read_is_not_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("rollcall.db"));
        let store = Arc::new(Store::open(&location).await.unwrap());
        let client = ClientId(id(CLIENT));
        let (lab, sales) = (DepartmentId(id(1)), DepartmentId(id(2)));
        let before = store.write(move |tx| {
            let record = Client {
                id: client,
                name: "Client".into(),
                partner: None,
                enrollment_token: None,
                provisioning: Provisioning::default(),
                created_at: Timestamp::from_milliseconds(0),
                updated_at: Timestamp::from_milliseconds(0),
                revision: 1,
            };
            store::clients::insert(tx, &record)?;
            for number in [1, 2] {
                store::departments::insert(tx, client, &department(number))?;
            }
            for number in [2, 4] {
                store::users::insert(tx, client, &user_of(number, 1, &[lab, sales]))?;
            }
            store::clients::set_change_number(tx, client, 1)
        });
        before.await.unwrap();
        let (begun, reading) = std::sync::mpsc::channel();
        let (go_on, written) = std::sync::mpsc::channel();
        let written = parking_lot::Mutex::new(written);
        let reader = Arc::clone(&store);
        let building = tokio::spawn(async move {
            let building = reader.read(move |tx| {
                let (image, count) = begin(tx, client)?.unwrap();
                begun.send(()).unwrap();
                written.lock().recv().unwrap();
                start_building(tx, client, image, count)
            });
            building.await.unwrap().await.unwrap()
        });
        tokio::task::spawn_blocking(move || reading.recv().unwrap())
            .await
            .unwrap();
        let between = store.write(move |tx| {
            for (number, departments) in [(1, &[][..]), (3, &[sales]), (5, &[])] {
                store::users::insert(tx, client, &user_of(number, 2, departments))?;
            }
            store::users::update(tx, client, &user_of(4, 2, &[sales, lab]))?;
            store::clients::set_change_number(tx, client, 2)
        });
        between.await.unwrap();
        go_on.send(()).unwrap();
        let earlier = building.await.unwrap();
        assert_eq!((earlier.number(), earlier.user_count()), (1, 2));
        assert_known(&earlier, 2, "user 2 at 1", &[lab, sales]);
        assert_known(&earlier, 4, "user 4 at 1", &[lab, sales]);
        let later = load(&store, client, 0).await.unwrap().unwrap();
        let later = later.read();
        assert_eq!((later.number(), later.user_count()), (2, 5));
        assert_known(&later, 1, "user 1 at 2", &[]);
        assert_known(&later, 2, "user 2 at 1", &[lab, sales]);
        assert_known(&later, 3, "user 3 at 2", &[sales]);
        assert_known(&later, 4, "user 4 at 2", &[sales, lab]);
        assert_known(&later, 5, "user 5 at 2", &[]);
        let of_lab = later.department(lab).unwrap().member_count;
        let of_sales = later.department(sales).unwrap().member_count;
        assert_eq!((of_lab, of_sales), (2, 3));
    }

    fn assert_known(image: &Image, number: u64, username: &str, departments: &[DepartmentId]) {
        let user = image.user(UserId(id(number))).unwrap();
        let ids = user.departments.iter().map(|department| department.id);
        assert_eq!(user.username, username);
        assert_eq!(ids.collect::<Vec<_>>(), departments);
    }
}
