//! The users whom some rows may mean: looked up together before the first row is applied, and kept as
//! the rows change them. After that no row asks the database for anybody.

use std::collections::HashMap;
use std::rc::Rc;

use crate::model::activity::LastActivity;
use crate::model::days::Day;
use crate::model::id::UserId;
use crate::model::provenance::TracedUser;
use crate::model::text::fold;
use crate::model::user::User;
use crate::operations::error::Error;
use crate::operations::housekeeping::LOG_KEPT_MS;
use crate::operations::import::row::{Row, UserRow};
use crate::operations::write::Write;
use crate::store;

/// Everybody who has a key that one of the rows names; who is not here does not exist.
#[derive(Default)]
pub(super) struct People {
    by_id: HashMap<UserId, Rc<TracedUser>>,
    by_user_key: HashMap<String, UserId>,
    by_external_id: HashMap<Box<str>, UserId>,
    activity: HashMap<UserId, LastActivity>,
}

impl People {
    /// Looks up all whom the rows name, deleted or not, with their activity if a row tells some.
    pub(super) fn of(
        write: &mut Write<'_, '_>,
        rows: &[(u64, Row)],
        is_rehearsal: bool,
    ) -> Result<Self, Error> {
        let rows: Vec<&UserRow> = rows
            .iter()
            .filter_map(|(_, row)| match row {
                Row::User(row) => Some(&**row),
                Row::Department(_) => None,
            })
            .collect();
        let mut people = Self::default();
        people.look_up(write, &rows)?;
        let is_told = |row: &&UserRow| row.last_activity.at().is_some();
        if rows.iter().any(is_told) && !people.by_id.is_empty() {
            people.look_up_activity(write, is_rehearsal)?;
        }
        Ok(people)
    }

    /// Each kind of key in one round trip; keys of those who were found by another are left out.
    fn look_up(&mut self, write: &mut Write<'_, '_>, rows: &[&UserRow]) -> Result<(), Error> {
        let (tx, client) = (&mut *write.tx, write.client);
        let external_ids = rows.iter().flat_map(|row| {
            let external_id = row.external_id.as_ref().and_then(Option::as_deref);
            [external_id, row.system_id.as_deref()]
        });
        let external_ids = external_ids.flatten();
        let found = store::users::find_many_by_external_id(tx, client, external_ids)?;
        self.extend(found);
        let ids: Vec<UserId> = rows
            .iter()
            .flat_map(|row| [row.id, row.system_id.as_deref().and_then(UserId::parse)])
            .flatten()
            .filter(|id| !self.by_id.contains_key(id))
            .collect();
        let found = store::users::find_many(tx, client, &ids)?;
        self.extend(found);
        let folded_keys: Vec<String> = rows
            .iter()
            .filter_map(|row| row.new_user_key().map(fold))
            .filter(|key| !self.by_user_key.contains_key(key))
            .collect();
        let found = store::users::find_many_by_user_key(tx, client, &folded_keys)?;
        self.extend(found);
        Ok(())
    }

    fn look_up_activity(
        &mut self,
        write: &mut Write<'_, '_>,
        is_rehearsal: bool,
    ) -> Result<(), Error> {
        let (tx, client) = (&mut *write.tx, write.client);
        let numbers = store::activity::numbers(tx, client)?;
        // Once a batch the log is folded: otherwise each would read all that those before it
        // reported.
        if !is_rehearsal && numbers.folded < numbers.latest {
            let keep_since = write.now.plus_milliseconds(-LOG_KEPT_MS);
            let first_day = Day::of(write.now).first_kept();
            store::activity::fold(tx, client, keep_since, first_day)?;
        }
        let known = store::activity::of_users(tx, client, self.by_id.keys())?;
        self.activity.extend(known);
        Ok(())
    }

    fn extend(&mut self, found: Vec<TracedUser>) {
        for user in found {
            self.by_user_key.insert(fold(&user.user_key), user.id);
            if let Some(external_id) = &user.external_id {
                self.by_external_id.insert(external_id.clone(), user.id);
            }
            self.by_id.insert(user.id, Rc::new(user));
        }
    }

    /// The user of that id.
    pub(super) fn find(&self, id: UserId) -> Option<&Rc<TracedUser>> {
        self.by_id.get(&id)
    }

    /// The user of that key, whatever its case.
    pub(super) fn find_by_user_key(&self, user_key: &str) -> Option<&Rc<TracedUser>> {
        self.find(*self.by_user_key.get(&fold(user_key))?)
    }

    /// The user of that external id.
    pub(super) fn find_by_external_id(&self, external_id: &str) -> Option<&Rc<TracedUser>> {
        self.find(*self.by_external_id.get(external_id)?)
    }

    /// When that user was last seen.
    pub(super) fn activity(&self, id: UserId) -> LastActivity {
        self.activity.get(&id).copied().unwrap_or_default()
    }

    /// Has `new`, as it is to be written, in the place of `old`.
    pub(super) fn put(&mut self, old: Option<&User>, new: TracedUser) {
        if let Some(old) = old {
            self.by_user_key.remove(&fold(&old.user_key));
            if let Some(external_id) = &old.external_id {
                self.by_external_id.remove(external_id);
            }
        }
        self.extend(vec![new]);
    }
}
