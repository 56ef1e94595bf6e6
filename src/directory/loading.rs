//! Reading images from the database: whole, and what happened since.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::directory::image::{Delta, Image};
use crate::directory::{Live, REPORTS_AT_ONCE_MAX};
use crate::model::activity::LastActivity;
use crate::model::client::Client;
use crate::model::department::Department;
use crate::model::id::{ClientId, UserId};
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::store::clients::Latest;
use crate::store::users::Rename;
use crate::store::{self, Error, Store, Tx};

/// Entries of the activity log that are read at once: each may hold thousands of reports.
const ENTRIES_AT_ONCE_MAX: i64 = 64;

/// Reads a client's whole directory, as of one moment; `None` when there is no such client.
///
/// The records, which are the most of it, are read on one connection and all else beside them on
/// another, whose moment may be a little later: it brings the records that changed in between.
pub(super) async fn load(
    store: &Store,
    client: ClientId,
    serial: u64,
) -> Result<Option<Arc<Live>>, Error> {
    let (sender, begun) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let records = store.read(move |tx| {
        let begun = read_number(tx, client)?;
        // Nobody is told when it is run again: then the moments will differ.
        let sender = sender.lock().take();
        if let (Some(begun), Some(sender)) = (begun, sender) {
            sender.send(begun.number).ok();
        }
        read_records(tx, client)
    });
    let rest = async {
        match begun.await {
            // There may be no other connection: then it comes when the records have been read.
            Ok(since) => store.read(move |tx| read_rest(tx, client, since)).await,
            Err(_) => Ok(None),
        }
    };
    let (records, rest) = tokio::join!(records, rest);
    let (Some(mut records), Some(mut rest)) = (records?, rest?) else {
        return Ok(None);
    };
    if records.moment != rest.since {
        // The reading was disturbed, or the database went back meanwhile.
        let whole = store.read(move |tx| {
            let Some(records) = read_records(tx, client)? else {
                return Ok::<_, Error>(None);
            };
            let rest = read_rest(tx, client, records.moment.number)?;
            Ok(rest.map(|rest| (records, rest)))
        });
        let Some(whole) = whole.await? else {
            return Ok(None);
        };
        (records, rest) = whole;
    }
    let assembling = spawn_blocking(move || assemble(records, rest)).await;
    let image = assembling.map_err(|error| Error::Failed(error.to_string()))?;
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
            let latest = read_activity(tx, client, |user, seen| activity.push((user, seen)))?;
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
    mut each: impl FnMut(UserId, LastActivity),
) -> Result<i64, Error> {
    store::activity::each(tx, client, |user, seen| {
        each(user, seen);
        Ok::<(), Error>(())
    })?;
    let numbers = store::activity::numbers(tx, client)?;
    for (user, seen) in store::activity::latest_since(tx, client, numbers.folded)? {
        each(user, seen);
    }
    Ok(numbers.latest)
}

/// How far each client has come by now, by its id.
pub(super) async fn latest(store: &Store) -> Result<HashMap<ClientId, Latest>, Error> {
    let latest = store.read(store::clients::latest).await?;
    Ok(latest.into_iter().map(|one| (one.client, one)).collect())
}

/// A moment of a client's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    /// The latest change.
    number: i64,
    /// When that was, as the log has it.
    at: Option<Timestamp>,
}

/// Everybody's record by id.
struct Records {
    moment: Moment,
    users: Vec<User>,
}

/// All else of a client's directory, and what the records of an earlier moment lack.
struct Rest {
    /// That moment, as it is known later.
    since: Moment,
    /// The later one.
    moment: Moment,
    client: Client,
    departments: Vec<Department>,
    /// The records that changed in between.
    changed: Vec<User>,
    renames: Vec<Rename>,
    activity: Vec<(UserId, LastActivity)>,
    /// The log's latest entry in that.
    activity_number: i64,
}

fn read_number(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<Moment>, Error> {
    let Some(number) = store::clients::change_number(tx, client)? else {
        return Ok(None);
    };
    let at = store::changes::moment(tx, client, number)?;
    Ok(Some(Moment { number, at }))
}

fn read_records(tx: &mut Tx<'_>, client: ClientId) -> Result<Option<Records>, Error> {
    let Some(moment) = read_number(tx, client)? else {
        return Ok(None);
    };
    let mut users = Vec::new();
    store::users::each(tx, client, |user| {
        users.push(user);
        Ok::<(), Error>(())
    })?;
    Ok(Some(Records { moment, users }))
}

fn read_rest(tx: &mut Tx<'_>, client: ClientId, since: i64) -> Result<Option<Rest>, Error> {
    let Some(record) = store::clients::find(tx, client)? else {
        return Ok(None);
    };
    let Some(moment) = read_number(tx, client)? else {
        return Ok(None);
    };
    let since = Moment {
        number: since,
        at: store::changes::moment(tx, client, since)?,
    };
    let mut activity = Vec::new();
    let activity_number = read_activity(tx, client, |user, seen| activity.push((user, seen)))?;
    Ok(Some(Rest {
        since,
        moment,
        client: record,
        departments: store::departments::changed_since(tx, client, -1)?,
        changed: read_changed(tx, client, since.number, moment.number)?,
        renames: store::users::renames_since(tx, client, -1)?,
        activity,
        activity_number,
    }))
}

/// Makes an image of the later moment.
fn assemble(records: Records, rest: Rest) -> Image {
    let mut users = records.users;
    for changed in rest.changed {
        match users.binary_search_by_key(&changed.id, |user| user.id) {
            Ok(known) => users[known] = changed,
            Err(place) => users.insert(place, changed),
        }
    }
    let mut image = Image::new(rest.client);
    image.apply(Delta {
        number: rest.moment.number,
        at: rest.moment.at,
        client: None,
        departments: rest.departments,
        users,
        renames: rest.renames,
    });
    for (user, seen) in rest.activity {
        image.merge_activity(user, seen);
    }
    image.set_activity_number(rest.activity_number);
    image
}

/// The users whom the changes after number `since` up to the latest, `latest`, touched.
fn read_changed(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    latest: i64,
) -> Result<Vec<User>, Error> {
    match store::changes::users_touched(tx, client, since, latest)? {
        Some(ids) => store::users::find_many(tx, client, &ids),
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
    use crate::model::id::{DepartmentId, Id};
    use crate::model::profile::Profile;
    use crate::model::user::State;
    use crate::store::Location;

    const CLIENT: u64 = 0;

    fn id(number: u64) -> Id {
        Id::parse(&format!("0190a000-0000-7000-8000-{number:012x}")).unwrap()
    }

    fn user_of(number: u64, revision: i64, departments: &[DepartmentId]) -> User {
        let name = format!("user {number} at {revision}");
        User {
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
            revision,
        }
    }

    fn department(number: u64) -> Department {
        Department {
            id: DepartmentId(id(number)),
            name: format!("department {number}").as_str().into(),
            description: None,
            created_at: Timestamp::from_milliseconds(0),
            updated_at: Timestamp::from_milliseconds(0),
            deleted_at: None,
            revision: 1,
        }
    }

    #[tokio::test]
    async fn what_changed_between_the_two_moments_is_of_the_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("rollcall.db"));
        let store = Store::open(&location).await.unwrap();
        let client = ClientId(id(CLIENT));
        let (lab, sales) = (DepartmentId(id(1)), DepartmentId(id(2)));
        let before = store.write(move |tx| {
            let record = Client {
                id: client,
                name: "Client".into(),
                partner: None,
                enrollment_token: None,
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
            Ok::<_, Error>(())
        });
        before.await.unwrap();
        let records = store.read(move |tx| read_records(tx, client)).await;
        let records = records.unwrap().unwrap();
        let between = store.write(move |tx| {
            for (number, departments) in [(1, &[][..]), (3, &[sales]), (5, &[])] {
                store::users::insert(tx, client, &user_of(number, 2, departments))?;
            }
            store::users::update(tx, client, &user_of(4, 2, &[sales, lab]))?;
            store::clients::set_change_number(tx, client, 2)
        });
        between.await.unwrap();
        let rest = store.read(move |tx| read_rest(tx, client, 1)).await;
        let rest = rest.unwrap().unwrap();
        assert_eq!(rest.since, records.moment);
        let image = assemble(records, rest);
        assert_eq!(image.number(), 2);
        let known = |number: u64, username: &str, departments: &[DepartmentId]| {
            let user = image.user(UserId(id(number))).unwrap();
            let ids = user.departments.iter().map(|department| department.id);
            assert_eq!(user.username, username);
            assert_eq!(ids.collect::<Vec<_>>(), departments);
        };
        known(1, "user 1 at 2", &[]);
        known(2, "user 2 at 1", &[lab, sales]);
        known(3, "user 3 at 2", &[sales]);
        known(4, "user 4 at 2", &[sales, lab]);
        known(5, "user 5 at 2", &[]);
        let loaded = load(&store, client, 0).await.unwrap().unwrap();
        assert_eq!(loaded.read().user_count(), image.user_count());
    }
}
