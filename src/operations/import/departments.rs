//! Departments as an import names them: found, or made.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::model::change::Entity;
use crate::model::department::Department;
use crate::model::id::DepartmentId;
use crate::model::invalid::Invalid;
use crate::model::text::fold;
use crate::operations::changes::{Difference, Shown};
use crate::operations::departments;
use crate::operations::error::Error;
use crate::operations::import::apply::Applying;
use crate::operations::import::effects::{difference, moment};
use crate::operations::import::row::{DepartmentReference, DepartmentRow, Row};
use crate::operations::import::seen::{Digest, Kind};
use crate::operations::write::Write;
use crate::store;

/// The departments that were looked for or written. Within one transaction it saves looking them
/// up for each row; through a whole rehearsal it stands for what would have been written.
#[derive(Default, Clone)]
pub(super) struct Departments {
    by_id: HashMap<DepartmentId, Option<Department>>,
    by_name: HashMap<String, Option<DepartmentId>>,
}

impl Departments {
    /// Looks up all that the rows name and that is not known yet.
    pub(super) fn look_up(
        &mut self,
        write: &mut Write<'_, '_>,
        rows: &[(u64, Row)],
    ) -> Result<(), Error> {
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        let mut name = |name: &str| {
            let folded = fold(name);
            if !self.by_name.contains_key(&folded) {
                names.insert(folded);
            }
        };
        for (_, row) in rows {
            match row {
                Row::User(row) => {
                    for reference in row.departments.iter().flatten() {
                        match reference {
                            DepartmentReference::Text(text) => name(text),
                            DepartmentReference::Record { id, name: text, .. } => {
                                ids.insert(*id);
                                name(text);
                            }
                        }
                    }
                }
                Row::Department(row) => {
                    ids.extend(row.id);
                    name(&row.name);
                }
            }
        }
        ids.retain(|id| !self.by_id.contains_key(id));
        let mut found = store::departments::find_many_by_name(write.tx, write.client, &names)?;
        for department in &found {
            self.by_name
                .insert(fold(&department.name), Some(department.id));
        }
        found.extend(store::departments::find_many(write.tx, write.client, &ids)?);
        for department in found {
            self.by_id.entry(department.id).or_insert(Some(department));
        }
        // The others are not there.
        for folded in names {
            self.by_name.entry(folded).or_insert(None);
        }
        for id in ids {
            self.by_id.entry(id).or_insert(None);
        }
        Ok(())
    }

    /// The department of that id, deleted or not.
    fn find(
        &mut self,
        write: &mut Write<'_, '_>,
        id: DepartmentId,
    ) -> Result<Option<&Department>, Error> {
        let known = match self.by_id.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let known = store::departments::find_or_deleted(write.tx, write.client, id)?;
                place.insert(known)
            }
        };
        Ok(known.as_ref())
    }

    /// What the department of that id is called; the id where there is none.
    pub(super) fn name(
        &mut self,
        write: &mut Write<'_, '_>,
        id: DepartmentId,
    ) -> Result<Box<str>, Error> {
        let known = self.find(write, id)?;
        Ok(known.map_or_else(|| id.as_str().into(), |known| known.name.clone()))
    }

    /// The id of the department of that name, unless it was deleted.
    fn find_by_name(
        &mut self,
        write: &mut Write<'_, '_>,
        name: &str,
    ) -> Result<Option<DepartmentId>, Error> {
        let folded = fold(name);
        if let Some(known) = self.by_name.get(&folded) {
            return Ok(*known);
        }
        let known = store::departments::find_by_name(write.tx, write.client, name)?;
        let id = known.as_ref().map(|department| department.id);
        if let Some(known) = known {
            self.by_id.entry(known.id).or_insert(Some(known));
        }
        self.by_name.insert(folded, id);
        Ok(id)
    }

    fn put(&mut self, old: Option<&Department>, new: Department) {
        if let Some(old) = old.filter(|old| old.deleted_at.is_none()) {
            self.by_name.insert(fold(&old.name), None);
        }
        self.by_name.insert(fold(&new.name), Some(new.id));
        self.by_id.insert(new.id, Some(new));
    }
}

/// A department that a row names: it is there, or it is to be made.
pub(super) enum Wanted<'r> {
    There(DepartmentId),
    New {
        id: Option<DepartmentId>,
        name: &'r str,
        description: Option<&'r str>,
    },
}

impl Applying<'_, '_, '_> {
    /// What a row's names of departments mean; nothing is written yet.
    pub(super) fn wanted<'r>(
        &mut self,
        references: &'r [DepartmentReference],
    ) -> Result<Vec<Wanted<'r>>, Error> {
        references.iter().map(|one| self.wanted_one(one)).collect()
    }

    fn wanted_one<'r>(&mut self, reference: &'r DepartmentReference) -> Result<Wanted<'r>, Error> {
        match reference {
            DepartmentReference::Text(text) => {
                if let Some(id) = self.departments.find_by_name(self.write, text)? {
                    return Ok(Wanted::There(id));
                }
                self.assert_may_write_departments("departments", text)?;
                let new = Wanted::New {
                    id: None,
                    name: text,
                    description: None,
                };
                let Some(id) = DepartmentId::parse(text) else {
                    return Ok(new);
                };
                let known = self.departments.find(self.write, id)?;
                match known.filter(|known| known.deleted_at.is_none()) {
                    Some(known) => Ok(Wanted::There(known.id)),
                    // Who writes an id does not mean a name.
                    None => Err(Error::Invalid(Invalid::new(
                        "departments",
                        format!("{id} is not a department"),
                    ))),
                }
            }
            DepartmentReference::Record {
                id,
                name,
                description,
            } => {
                let known = self.departments.find(self.write, *id)?;
                if known.is_some_and(|known| known.deleted_at.is_none()) {
                    return Ok(Wanted::There(*id));
                }
                if let Some(id) = self.departments.find_by_name(self.write, name)? {
                    return Ok(Wanted::There(id));
                }
                self.assert_may_write_departments("departments", name)?;
                Ok(Wanted::New {
                    id: Some(*id),
                    name,
                    description: description.as_deref(),
                })
            }
        }
    }

    /// Refuses a row that would create or change a department when whoever imports may not.
    fn assert_may_write_departments(&self, field: &str, name: &str) -> Result<(), Error> {
        if self.terms.may_write_departments {
            return Ok(());
        }
        let reason = format!(
            "The token may not create or change the department {name}: that needs the scope \
             departments:write"
        );
        Err(Error::Invalid(Invalid::new(field, reason)))
    }

    /// The ids of the departments that are wanted, each once, in order; makes those that are not
    /// there.
    pub(super) fn make(&mut self, wanted: Vec<Wanted<'_>>) -> Result<Vec<DepartmentId>, Error> {
        let mut ids = Vec::with_capacity(wanted.len());
        for one in wanted {
            let id = match one {
                Wanted::There(id) => id,
                Wanted::New {
                    id,
                    name,
                    description,
                } => {
                    // The row may name it twice, and so have made it just now.
                    let mut known = self.departments.find_by_name(self.write, name)?;
                    if let (None, Some(id)) = (known, id) {
                        let made = self.departments.find(self.write, id)?;
                        known = made
                            .filter(|made| made.deleted_at.is_none())
                            .map(|made| made.id);
                    }
                    let row = DepartmentRow {
                        id,
                        name: name.into(),
                        description: Some(description.map(Into::into)),
                        external_id: None,
                        created_at: None,
                        updated_at: None,
                    };
                    match known {
                        Some(id) => id,
                        None => self.create_department(&row)?,
                    }
                }
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Creates the department of a row whose name is free, or brings back the deleted one of its id.
    fn create_department(&mut self, row: &DepartmentRow) -> Result<DepartmentId, Error> {
        let id = row.id.unwrap_or_else(|| DepartmentId(self.new_id()));
        let now = self.write.now;
        self.assert_may_write_departments("name", &row.name)?;
        let old = self.departments.find(self.write, id)?.cloned();
        self.totals.departments_created += 1;
        let action = if old.is_some() { "restored" } else { "created" };
        self.tell(Entity::Department, &row.name, action, Vec::new);
        if let Some(old) = old {
            self.save_department(&old, row)?;
            return Ok(id);
        }
        self.check_external_id(id, row)?;
        let mut department = Department {
            id,
            name: row.name.clone(),
            description: row.description.clone().flatten(),
            external_id: row.external_id.clone().flatten(),
            created_at: row.created_at.unwrap_or(now),
            updated_at: row.updated_at.unwrap_or(now),
            deleted_at: None,
            revision: 0,
        };
        if !self.terms.is_rehearsal {
            department = departments::insert(self.write, department)?;
        }
        self.departments.put(None, department);
        Ok(id)
    }

    /// Refuses the external id of another department.
    fn check_external_id(&mut self, id: DepartmentId, row: &DepartmentRow) -> Result<(), Error> {
        let Some(Some(external_id)) = &row.external_id else {
            return Ok(());
        };
        let (tx, client) = (&mut *self.write.tx, self.write.client);
        let other = store::departments::find_by_external_id(tx, client, external_id)?;
        if other.is_some_and(|other| other.id != id) {
            return Err(Error::conflict("external_id", "The external_id is taken"));
        }
        Ok(())
    }

    /// Makes a department what its row says; says whether that changed it. The name is free.
    fn save_department(&mut self, old: &Department, row: &DepartmentRow) -> Result<bool, Error> {
        let new = Department {
            name: row.name.clone(),
            description: row
                .description
                .clone()
                .unwrap_or_else(|| old.description.clone()),
            external_id: row
                .external_id
                .clone()
                .unwrap_or_else(|| old.external_id.clone()),
            created_at: row.created_at.unwrap_or(old.created_at),
            deleted_at: None,
            ..old.clone()
        };
        if new == *old {
            return Ok(false);
        }
        self.assert_may_write_departments("name", &row.name)?;
        self.check_external_id(old.id, row)?;
        if !self.terms.is_rehearsal {
            // It marks its members as changed, and those whom the rows before made members too.
            self.write_users()?;
            departments::save(self.write, old, new.clone())?;
        }
        self.departments.put(Some(old), new);
        Ok(true)
    }

    /// Does what a department's own row says.
    pub(super) fn department(&mut self, line: u64, row: &DepartmentRow) -> Result<(), Error> {
        let by_name = self.departments.find_by_name(self.write, &row.name)?;
        let by_id = match row.id {
            Some(id) => self.departments.find(self.write, id)?.cloned(),
            None => None,
        };
        let id = match (&by_id, by_name) {
            (Some(known), Some(other)) if known.id != other && known.deleted_at.is_none() => {
                let reason = format!("{} is the name of another department, {other}", row.name);
                return Err(Error::Invalid(Invalid::new("name", reason)));
            }
            (_, Some(id)) => Some(id),
            (Some(known), None) => Some(known.id),
            (None, None) => None,
        };
        let live = match id {
            Some(id) => self.departments.find(self.write, id)?.cloned(),
            None => None,
        };
        let live = live.filter(|known| known.deleted_at.is_none());
        if let Some(live) = &live {
            self.refuse_repeated("id", Digest::of(Kind::Department, live.id.as_str()))?;
        }
        let id = match live {
            Some(live) => {
                let changed = self.save_department(&live, row)?;
                if changed {
                    self.totals.departments_changed += 1;
                    let fields = || differing_departments(&live, row);
                    self.tell(Entity::Department, &row.name, "updated", fields);
                }
                live.id
            }
            None => self.create_department(row)?,
        };
        self.seen
            .insert(Digest::of(Kind::Department, id.as_str()), line);
        Ok(())
    }
}

/// What a row would make different of a department that is there.
fn differing_departments(old: &Department, row: &DepartmentRow) -> Vec<Difference> {
    let text = |text: &Option<Box<str>>| text.clone().map(Shown::Text);
    // What the row does not tell stays.
    let told = |told: &Option<Option<Box<str>>>, old: &Option<Box<str>>| {
        (text(old), text(told.as_ref().unwrap_or(old)))
    };
    let name = |name: &str| Some(Shown::Text(name.into()));
    let created_at = row.created_at.unwrap_or(old.created_at);
    let fields = [
        ("name", (name(&old.name), name(&row.name))),
        ("description", told(&row.description, &old.description)),
        ("external_id", told(&row.external_id, &old.external_id)),
        (
            "created_at",
            (moment(Some(old.created_at)), moment(Some(created_at))),
        ),
    ];
    let fields = fields.into_iter();
    fields
        .filter_map(|(name, (from, to))| difference(name, from, to))
        .collect()
}
