//! How people get into an image's indexes and out of them, one by one.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use crate::directory::image::Image;
use crate::directory::names::{Names, Place};
use crate::directory::person::Person;
use crate::model::text::folded;
use crate::model::user::User;

impl Image {
    /// Takes a record in, of somebody known or new.
    pub(super) fn put_user(&mut self, user: User) {
        let Some(slot) = self.slot_of(user.id) else {
            let slot = self.add(user);
            let people = &self.people;
            let id = people[slot as usize].id;
            self.in_id_order
                .insert(slot, |other| people[other as usize].id.cmp(&id));
            self.link_keys(slot);
            self.join_lists(slot);
            self.join_sections(slot);
            self.join_lookup(slot);
            return;
        };
        let known = self.person(slot);
        let place = known.place;
        let is_found_as_before = self.folded_username(slot) == folded(&user.username)
            && self.folded_user_key(slot) == folded(&user.user_key)
            && known.is_live() == user.deleted_at.is_none()
            && known.created_at == user.created_at
            && known.external_id() == user.external_id.as_deref();
        self.leave_sections(slot);
        self.leave_lookup(slot);
        if is_found_as_before {
            // Most changes touch nothing that people are found or ordered by.
            self.replace(slot, user, place);
        } else {
            self.unlink_keys(slot);
            self.leave_lists(slot);
            self.names.remove(place);
            let place = self.keep_names(slot, &user);
            self.replace(slot, user, place);
            self.link_keys(slot);
            self.join_lists(slot);
            let people = &mut self.people;
            self.names
                .compact(|slot, to| people[slot as usize].place.moved(&to));
        }
        self.join_sections(slot);
        self.join_lookup(slot);
    }

    /// Gives somebody who is not there yet a slot.
    pub(super) fn add(&mut self, user: User) -> u32 {
        let slot = u32::try_from(self.people.len()).expect("fewer than 4 billion people");
        let place = self.keep_names(slot, &user);
        let person = self.record(user, place);
        let seen = self.early.remove(&person.id).unwrap_or_default();
        self.activity.push(seen);
        self.people.push(person);
        slot
    }

    fn replace(&mut self, slot: u32, user: User, place: Place) {
        let former = self.person(slot);
        let (bytes, held) = (former.heap_bytes(), former.held);
        self.people_heap_bytes -= bytes;
        if let Some(intent) = held {
            self.held_counts[intent as usize] -= 1;
        }
        self.people[slot as usize] = self.record(user, place);
    }

    fn record(&mut self, user: User, place: Place) -> Person {
        // Departments are read before the records or with them, so each is known.
        let sections = user.departments.iter();
        let sections = sections
            .filter_map(|id| self.section_by_id.get(id))
            .copied()
            .collect();
        let person = Person::new(user, sections, place, &self.names);
        self.people_heap_bytes += person.heap_bytes();
        if let Some(intent) = person.held {
            self.held_counts[intent as usize] += 1;
        }
        person
    }

    fn keep_names(&mut self, slot: u32, user: &User) -> Place {
        let (username, user_key) = (folded(&user.username), folded(&user.user_key));
        let is_live = user.deleted_at.is_none();
        self.names.add(slot, &username, &user_key, is_live)
    }

    /// Lets a slot be found by its keys.
    pub(super) fn link_keys(&mut self, slot: u32) {
        let (people, names, hasher) = (&self.people, &self.names, &self.hasher);
        let person = |slot: &u32| &people[*slot as usize];
        let by_user_key = |slot: &u32| hasher.hash_one(names.user_key(person(slot).place));
        let by_external_id = |slot: &u32| hasher.hash_one(person(slot).external_id());
        let by_id = |slot: &u32| hasher.hash_one(person(slot).id);
        self.by_user_key
            .insert_unique(by_user_key(&slot), slot, by_user_key);
        if person(&slot).external_id().is_some() {
            self.by_external_id
                .insert_unique(by_external_id(&slot), slot, by_external_id);
        }
        self.by_id.insert_unique(by_id(&slot), slot, by_id);
    }

    fn unlink_keys(&mut self, slot: u32) {
        let hasher = &self.hasher;
        let person = &self.people[slot as usize];
        let by_user_key = hasher.hash_one(self.names.user_key(person.place));
        let by_external_id = hasher.hash_one(person.external_id());
        for (table, hash) in [
            (&mut self.by_user_key, by_user_key),
            (&mut self.by_external_id, by_external_id),
            (&mut self.by_id, hasher.hash_one(person.id)),
        ] {
            // Who has no external id is not in that table.
            if let Ok(entry) = table.find_entry(hash, |other| *other == slot) {
                entry.remove();
            }
        }
    }

    /// Puts a live slot into the lists.
    fn join_lists(&mut self, slot: u32) {
        let (people, names) = (&self.people, &self.names);
        if !people[slot as usize].is_live() {
            return;
        }
        self.in_username_order
            .insert(slot, |other| by_username(people, names, other, slot));
        self.in_created_order
            .insert(slot, |other| by_created(people, other, slot));
        self.recency
            .set(slot, None, self.activity[slot as usize].at());
    }

    fn leave_lists(&mut self, slot: u32) {
        let (people, names) = (&self.people, &self.names);
        if !people[slot as usize].is_live() {
            return;
        }
        self.in_username_order
            .remove(slot, |other| by_username(people, names, other, slot));
        self.in_created_order
            .remove(slot, |other| by_created(people, other, slot));
        self.recency
            .set(slot, self.activity[slot as usize].at(), None);
    }

    /// Makes a live slot a member of its departments.
    fn join_sections(&mut self, slot: u32) {
        let person = &self.people[slot as usize];
        for section in person.departments().iter().filter(|_| person.is_live()) {
            let members = &mut self.sections[*section as usize].members;
            members.insert(slot, |other| other.cmp(&slot));
        }
    }

    fn leave_sections(&mut self, slot: u32) {
        let person = &self.people[slot as usize];
        for section in person.departments().iter().filter(|_| person.is_live()) {
            let members = &mut self.sections[*section as usize].members;
            members.remove(slot, |other| other.cmp(&slot));
        }
    }
}

/// The first sixteen bytes of a name, as a number that compares as they do.
pub(super) fn beginning(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

pub(super) fn by_username(people: &[Person], names: &Names, one: u32, other: u32) -> Ordering {
    let (one, other) = (&people[one as usize], &people[other as usize]);
    names
        .username(one.place)
        .cmp(names.username(other.place))
        .then_with(|| one.id.cmp(&other.id))
}

fn by_created(people: &[Person], one: u32, other: u32) -> Ordering {
    let (one, other) = (&people[one as usize], &people[other as usize]);
    one.created_at
        .cmp(&other.created_at)
        .then_with(|| one.id.cmp(&other.id))
}
