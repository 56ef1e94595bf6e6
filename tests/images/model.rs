//! A client's directory as anybody would write it down: lists that are searched from the front.

use std::collections::BTreeMap;

use rollcall::model::activity::Channel;
use rollcall::model::id::{DepartmentId, UserId};
use rollcall::model::timestamp::Timestamp;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    pub username: String,
    pub user_key: String,
    pub external_id: Option<String>,
    pub is_active: bool,
    /// `first_name` and the like.
    pub profile: BTreeMap<&'static str, String>,
    pub departments: Vec<DepartmentId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub is_deleted: bool,
    pub desktop_at: Option<Timestamp>,
    pub web_at: Option<Timestamp>,
}

/// A department that is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub id: DepartmentId,
    pub name: String,
    pub description: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What somebody is created from.
#[derive(Debug, Clone)]
pub struct New {
    pub username: String,
    pub user_key: String,
    pub external_id: Option<String>,
    pub departments: Vec<DepartmentId>,
}

/// One client's directory.
#[derive(Debug, Default)]
pub struct Model {
    pub name: String,
    pub people: Vec<Person>,
    pub sections: Vec<Section>,
}

/// How text is compared where case does not count, letter by letter.
pub fn fold(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect()
}

impl Person {
    /// The later of the channels.
    pub fn seen_at(&self) -> Option<Timestamp> {
        self.desktop_at.max(self.web_at)
    }

    /// Takes a report in: no time moves back.
    pub fn see(&mut self, channel: Channel, at: Timestamp) {
        let known = match channel {
            Channel::Desktop => &mut self.desktop_at,
            Channel::Web => &mut self.web_at,
        };
        *known = (*known).max(Some(at));
    }

    fn change(&mut self, now: Timestamp, work: impl FnOnce(&mut Self)) {
        let before = self.clone();
        work(self);
        if *self != before {
            self.updated_at = self.updated_at.max(now);
        }
    }
}

impl Model {
    /// The person of that id, deleted or not.
    pub fn person(&mut self, id: UserId) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.id == id)
    }

    /// The person of that id, unless deleted.
    pub fn live(&mut self, id: UserId) -> Option<&mut Person> {
        self.person(id).filter(|person| !person.is_deleted)
    }

    /// The department of that id, unless deleted.
    pub fn section(&self, id: DepartmentId) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// Whom creating somebody would bring back; `Err` when it would be refused; nobody: they are
    /// new.
    pub fn former(&self, new: &New) -> Result<Option<UserId>, ()> {
        let by_external_id = self
            .people
            .iter()
            .find(|person| new.external_id.is_some() && person.external_id == new.external_id);
        let key = fold(&new.user_key);
        let by_key = self
            .people
            .iter()
            .find(|person| fold(&person.user_key) == key);
        let found = [by_external_id, by_key];
        if found.iter().flatten().any(|person| !person.is_deleted) {
            return Err(());
        }
        match found {
            [Some(one), Some(other)] if one.id != other.id => Err(()),
            [one, other] => Ok(one.or(other).map(|person| person.id)),
        }
    }

    /// Creates somebody under the id, or brings the one of that id back.
    pub fn create(&mut self, id: UserId, new: New, now: Timestamp) {
        if let Some(former) = self.person(id) {
            former.change(now, |former| {
                former.username = new.username;
                former.user_key = new.user_key;
                former.external_id = new.external_id.or_else(|| former.external_id.take());
                former.is_active = true;
                former.departments = new.departments;
                former.is_deleted = false;
            });
            return;
        }
        self.people.push(Person {
            id,
            username: new.username,
            user_key: new.user_key,
            external_id: new.external_id,
            is_active: true,
            profile: BTreeMap::new(),
            departments: new.departments,
            created_at: now,
            updated_at: now,
            is_deleted: false,
            desktop_at: None,
            web_at: None,
        });
    }

    /// Changes a person; nothing that changes nothing moves their time.
    pub fn change(&mut self, id: UserId, now: Timestamp, work: impl FnOnce(&mut Person)) {
        self.person(id).unwrap().change(now, work);
    }

    /// Changes a department, and with it the time of all whose record shows it.
    pub fn change_section(
        &mut self,
        id: DepartmentId,
        now: Timestamp,
        work: impl FnOnce(&mut Section),
    ) {
        let mut sections = self.sections.iter_mut();
        let section = sections.find(|section| section.id == id).unwrap();
        let before = section.clone();
        work(section);
        if *section == before {
            return;
        }
        section.updated_at = section.updated_at.max(now);
        self.touch_members(id, now);
    }

    /// Takes a department away, from everybody too.
    pub fn delete_section(&mut self, id: DepartmentId, now: Timestamp) {
        self.touch_members(id, now);
        self.sections.retain(|section| section.id != id);
        for person in &mut self.people {
            person.departments.retain(|known| *known != id);
        }
    }

    fn touch_members(&mut self, id: DepartmentId, now: Timestamp) {
        for person in &mut self.people {
            if person.departments.contains(&id) {
                person.updated_at = person.updated_at.max(now);
            }
        }
    }
}
