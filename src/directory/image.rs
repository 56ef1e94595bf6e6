//! One client's people in memory: records in slots, and the indexes that the lists need.
//!
//! An image is one moment of the database: the numbers of the latest change and the latest activity
//! that it contains say which. It never asks anybody for anything; who loads it and keeps it
//! current is [`crate::directory`].

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::directory::lookup::Lookup;
use crate::directory::names::Names;
use crate::directory::order::Order;
use crate::directory::person::Person;
use crate::directory::recency::Recency;
use crate::model::activity::{LastActivity, Report};
use crate::model::client::Client;
use crate::model::department::{Department, DepartmentView, Numbered};
use crate::model::id::{DepartmentId, UserId};
use crate::model::provisioning::Intent;
use crate::model::text::fold;
use crate::model::timestamp::Timestamp;
use crate::model::user::{Summary, User, UserView};
use crate::store::users::Rename;

/// A department and who (not deleted) belongs to it.
pub(super) struct Section {
    pub(super) department: Department,
    pub(super) members: Order,
}

/// What happened after the moment of an image.
#[derive(Debug, Default)]
pub struct Delta {
    /// The number of the latest change in it.
    pub number: i64,
    /// When that was, as the log has it.
    pub at: Option<Timestamp>,
    /// The client's own record.
    pub client: Option<Client>,
    /// Departments that were touched, deleted ones too.
    pub departments: Vec<Department>,
    /// Users that were touched, deleted ones too, with their departments.
    pub users: Vec<User>,
    /// Who was renamed.
    pub renames: Vec<Rename>,
}

/// One client's directory at one moment.
pub struct Image {
    pub(super) client: Client,
    pub(super) number: i64,
    pub(super) at: Option<Timestamp>,
    pub(super) activity_number: i64,
    pub(super) people: Vec<Person>,
    pub(super) activity: Vec<LastActivity>,
    pub(super) sections: Vec<Section>,
    pub(super) section_by_id: HashMap<DepartmentId, u32>,
    /// By the folded name; those that are not deleted.
    section_by_name: HashMap<String, u32>,
    pub(super) by_id: HashTable<u32>,
    pub(super) by_user_key: HashTable<u32>,
    pub(super) by_external_id: HashTable<u32>,
    pub(super) hasher: DefaultHashBuilder,
    /// Everybody, deleted ones too.
    pub(super) in_id_order: Order,
    /// The live ones.
    pub(super) in_username_order: Order,
    /// The live ones.
    pub(super) in_created_order: Order,
    /// The live ones that were seen.
    pub(super) recency: Recency,
    /// Everybody's.
    pub(super) names: Names,
    /// The live ones'.
    pub(super) lookup: Lookup,
    /// Change number, slot and the folded username before it; by number.
    pub(super) renames: Vec<(i64, u32, Box<str>)>,
    /// Activity of people whose record comes with a change that the image does not contain yet.
    pub(super) early: HashMap<UserId, LastActivity>,
    pub(super) people_heap_bytes: usize,
    /// Of how many something is held, by what it is.
    pub(super) held_counts: [usize; 2],
}

impl Image {
    /// The image of a client without people, at the beginning of its history.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            number: 0,
            at: None,
            activity_number: 0,
            people: Vec::new(),
            activity: Vec::new(),
            sections: Vec::new(),
            section_by_id: HashMap::new(),
            section_by_name: HashMap::new(),
            by_id: HashTable::new(),
            by_user_key: HashTable::new(),
            by_external_id: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            in_id_order: Order::default(),
            in_username_order: Order::default(),
            in_created_order: Order::default(),
            recency: Recency::default(),
            names: Names::default(),
            lookup: Lookup::default(),
            renames: Vec::new(),
            early: HashMap::new(),
            people_heap_bytes: 0,
            held_counts: [0; 2],
        }
    }

    /// The client's own record.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The number of the latest change that it contains.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// When the latest change that it contains was made, as the log has it.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// The number of the latest entry of the activity log that it contains.
    pub fn activity_number(&self) -> i64 {
        self.activity_number
    }

    /// Both numbers: of changes and of activity.
    pub fn numbers(&self) -> (i64, i64) {
        (self.number, self.activity_number)
    }

    /// The user of that id, unless deleted.
    pub fn user(&self, id: UserId) -> Option<UserView<'_>> {
        self.slot_of(id)
            .filter(|slot| self.person(*slot).is_live())
            .map(|slot| self.view(slot))
    }

    /// The user of that id, deleted or not.
    pub fn user_or_deleted(&self, id: UserId) -> Option<UserView<'_>> {
        self.slot_of(id).map(|slot| self.view(slot))
    }

    /// The user of that key, whatever its case, deleted or not.
    pub fn user_by_key(&self, user_key: &str) -> Option<UserView<'_>> {
        self.slot_of_user_key(user_key).map(|slot| self.view(slot))
    }

    /// The user of that external id, deleted or not.
    pub fn user_by_external_id(&self, external_id: &str) -> Option<UserView<'_>> {
        self.slot_of_external_id(external_id)
            .map(|slot| self.view(slot))
    }

    /// The department of that id, unless deleted.
    pub fn department(&self, id: DepartmentId) -> Option<DepartmentView<'_>> {
        self.section_of(id).map(|slot| self.department_view(slot))
    }

    /// The department of that name, whatever its case, unless deleted.
    pub fn department_named(&self, name: &str) -> Option<DepartmentView<'_>> {
        let slot = self.section_by_name.get(&fold(name))?;
        Some(self.department_view(*slot))
    }

    /// All departments that are not deleted, in no order that means anything.
    pub fn departments(&self) -> impl Iterator<Item = DepartmentView<'_>> {
        let live = |section: &&Section| section.department.deleted_at.is_none();
        self.sections.iter().filter(live).map(Section::view)
    }

    /// How many users (not deleted) there are.
    pub fn user_count(&self) -> usize {
        self.in_username_order.count()
    }

    /// Of how many users something is held back.
    pub fn held_count(&self) -> usize {
        self.held_counts.iter().sum()
    }

    /// Of how many users this is held back.
    pub fn held_count_of(&self, intent: Intent) -> usize {
        self.held_counts[intent as usize]
    }

    /// How many users were seen at `since` or later, and how many were not.
    pub fn summary(&self, since: Timestamp) -> Summary {
        let active = self
            .recency
            .count_since(since, |slot| self.activity(slot).at());
        Summary {
            active: active as u64,
            stale: (self.user_count() - active) as u64,
        }
    }

    /// Bytes of memory, near enough to keep a budget by.
    pub fn heap_bytes(&self) -> usize {
        let per_person = size_of::<Person>() + size_of::<LastActivity>() + 3 * 6;
        self.people.capacity() * per_person
            + self.people_heap_bytes
            + self.in_id_order.heap_bytes()
            + self.in_username_order.heap_bytes()
            + self.in_created_order.heap_bytes()
            + self.recency.heap_bytes()
            + self.names.heap_bytes()
            + self.lookup_heap_bytes()
            + self
                .sections
                .iter()
                .map(|section| 256 + section.members.heap_bytes())
                .sum::<usize>()
            + self.renames.len() * 64
    }

    /// Moves the image to the moment of `delta`.
    pub fn apply(&mut self, delta: Delta) {
        if let Some(client) = delta.client {
            self.client = client;
        }
        for department in delta.departments {
            self.put_department(department);
        }
        // A directory that is loaded sorts once; one that is kept current inserts.
        if self.people.is_empty() {
            self.reserve(delta.users.len());
            for user in delta.users {
                self.load_user(user);
            }
            self.sort();
            self.list_members();
            self.list_seen();
            // Of nobody it was made quickly.
            self.lookup = Lookup::default();
        } else {
            delta.users.into_iter().for_each(|user| self.put_user(user));
        }
        for rename in &delta.renames {
            self.put_rename(rename);
        }
        self.number = delta.number;
        self.at = delta.at;
    }

    /// Takes an entry of the activity log in, whose number is `number`.
    pub fn apply_reports(&mut self, number: i64, reports: &[Report]) {
        for report in reports {
            self.see(report.user, |seen| seen.take(report.channel, report.at));
        }
        self.activity_number = number;
    }

    /// Takes in what the activity table holds of a user.
    pub fn merge_activity(&mut self, user: UserId, activity: LastActivity) {
        self.see(user, |seen| seen.merge(activity));
    }

    /// Says that it contains the activity log up to entry `number`.
    pub fn set_activity_number(&mut self, number: i64) {
        self.activity_number = number;
    }

    fn see(&mut self, user: UserId, take: impl FnOnce(&mut LastActivity)) {
        let Some(slot) = self.slot_of(user) else {
            take(self.early.entry(user).or_default());
            return;
        };
        let seen = &mut self.activity[slot as usize];
        let before = seen.at();
        take(seen);
        if self.people[slot as usize].is_live() {
            self.recency.set(slot, before, seen.at());
        }
    }

    pub(super) fn person(&self, slot: u32) -> &Person {
        &self.people[slot as usize]
    }

    pub(super) fn activity(&self, slot: u32) -> LastActivity {
        self.activity[slot as usize]
    }

    pub(super) fn section(&self, slot: u32) -> &Section {
        &self.sections[slot as usize]
    }

    /// The slot of a department that is not deleted.
    pub(super) fn section_of(&self, id: DepartmentId) -> Option<u32> {
        let slot = *self.section_by_id.get(&id)?;
        self.section(slot)
            .department
            .deleted_at
            .is_none()
            .then_some(slot)
    }

    pub(super) fn slot_of(&self, id: UserId) -> Option<u32> {
        let same = |slot: &u32| self.person(*slot).id == id;
        self.by_id.find(self.hasher.hash_one(id), same).copied()
    }

    pub(super) fn slot_of_user_key(&self, user_key: &str) -> Option<u32> {
        let folded = fold(user_key);
        let same = |slot: &u32| self.folded_user_key(*slot) == folded;
        self.by_user_key
            .find(self.hasher.hash_one(&folded), same)
            .copied()
    }

    pub(super) fn slot_of_external_id(&self, external_id: &str) -> Option<u32> {
        let same = |slot: &u32| self.person(*slot).external_id() == Some(external_id);
        self.by_external_id
            .find(self.hasher.hash_one(Some(external_id)), same)
            .copied()
    }

    pub(super) fn view(&self, slot: u32) -> UserView<'_> {
        self.person(slot)
            .view(&self.names, self, self.activity(slot))
    }

    pub(super) fn folded_username(&self, slot: u32) -> &str {
        self.names.username(self.person(slot).place)
    }

    pub(super) fn folded_user_key(&self, slot: u32) -> &str {
        self.names.user_key(self.person(slot).place)
    }

    pub(super) fn department_view(&self, slot: u32) -> DepartmentView<'_> {
        self.section(slot).view()
    }

    pub(super) fn put_rename(&mut self, rename: &Rename) {
        if let Some(slot) = self.slot_of(rename.user) {
            let username = fold(&rename.username).into();
            self.renames.push((rename.number, slot, username));
        }
    }

    fn put_department(&mut self, department: Department) {
        if let Some(slot) = self.section_by_id.get(&department.id).copied() {
            self.name_section(slot, &department);
            self.sections[slot as usize].department = department;
            return;
        }
        let slot = u32::try_from(self.sections.len()).expect("fewer than 4 billion departments");
        self.name_section(slot, &department);
        self.section_by_id.insert(department.id, slot);
        self.sections.push(Section {
            department,
            members: Order::default(),
        });
    }
}

impl Image {
    /// Lets a department be found by the name that it is to have, and no more by its present one, which
    /// may be another's by now: what changed together comes in any order.
    fn name_section(&mut self, slot: u32, new: &Department) {
        if let Some(section) = self.sections.get(slot as usize) {
            let name = fold(&section.department.name);
            if self.section_by_name.get(&name) == Some(&slot) {
                self.section_by_name.remove(&name);
            }
        }
        if new.deleted_at.is_none() {
            self.section_by_name.insert(fold(&new.name), slot);
        }
    }
}

impl Numbered for Image {
    fn department(&self, number: u32) -> &Department {
        &self.section(number).department
    }
}

impl Section {
    fn view(&self) -> DepartmentView<'_> {
        DepartmentView {
            department: &self.department,
            member_count: self.members.count() as u64,
        }
    }
}
