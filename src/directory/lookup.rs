//! People by keys that are not their record's own: e-mail addresses and display names, as identity
//! providers look for them.
//!
//! What somebody's keys are is for the one who asks to say. It is made when somebody first asks, and
//! kept current from then on: a directory that nobody provisions pays nothing. It holds hashes alone,
//! so that whoever is found may also be somebody else, and whoever asks compares.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::directory::image::Image;
use crate::model::user::UserView;

/// Says the keys by which somebody is found.
pub type KeysOf = fn(&UserView<'_>, &mut dyn FnMut(&str));

/// The lookup of an image, from when it was first asked for.
#[derive(Default)]
pub(super) struct Lookup(OnceLock<Made>);

struct Made {
    keys_of: KeysOf,
    hasher: DefaultHashBuilder,
    table: HashTable<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    hash: u64,
    slot: u32,
}

impl Made {
    fn add(&mut self, user: &UserView<'_>, slot: u32) {
        let (hasher, table) = (&self.hasher, &mut self.table);
        (self.keys_of)(user, &mut |key| {
            let hash = hasher.hash_one(key);
            table.insert_unique(hash, Entry { hash, slot }, |entry| entry.hash);
        });
    }

    fn remove(&mut self, user: &UserView<'_>, slot: u32) {
        let (hasher, table) = (&self.hasher, &mut self.table);
        (self.keys_of)(user, &mut |key| {
            let hash = hasher.hash_one(key);
            if let Ok(entry) = table.find_entry(hash, |entry| *entry == Entry { hash, slot }) {
                entry.remove();
            }
        });
    }
}

impl Image {
    /// Whether people can be looked up at once: if not, the first to ask has to look at everybody.
    pub fn has_lookup(&self) -> bool {
        self.lookup.0.get().is_some()
    }

    /// Who (not deleted) may be found by `key`, in the order of ids. All who ask name the same
    /// `keys_of`.
    pub fn looked_up(&self, key: &str, keys_of: KeysOf) -> Vec<UserView<'_>> {
        let made = self.lookup.0.get_or_init(|| self.make_lookup(keys_of));
        let hash = made.hasher.hash_one(key);
        let found = made.table.iter_hash(hash);
        let slots = found.filter(|entry| entry.hash == hash);
        let mut slots: Vec<u32> = slots.map(|entry| entry.slot).collect();
        slots.sort_unstable_by_key(|slot| self.person(*slot).id);
        // One person may have the same key twice.
        slots.dedup();
        slots.into_iter().map(|slot| self.view(slot)).collect()
    }

    fn make_lookup(&self, keys_of: KeysOf) -> Made {
        let mut made = Made {
            keys_of,
            hasher: DefaultHashBuilder::default(),
            table: HashTable::new(),
        };
        for slot in self.in_username_order.iter() {
            made.add(&self.view(slot), slot);
        }
        made
    }

    /// Lets somebody be looked up, if anybody was.
    pub(super) fn join_lookup(&mut self, slot: u32) {
        self.change_lookup(slot, Made::add);
    }

    /// Lets somebody be looked up no more. Their record is still the one by whose keys they are found.
    pub(super) fn leave_lookup(&mut self, slot: u32) {
        self.change_lookup(slot, Made::remove);
    }

    fn change_lookup(&mut self, slot: u32, change: fn(&mut Made, &UserView<'_>, u32)) {
        // Taken out meanwhile: the view borrows the image.
        if let Some(mut made) = self.lookup.0.take() {
            if self.person(slot).is_live() {
                change(&mut made, &self.view(slot), slot);
            }
            self.lookup = Lookup(OnceLock::from(made));
        }
    }

    /// Bytes of memory.
    pub(super) fn lookup_heap_bytes(&self) -> usize {
        let made = self.lookup.0.get();
        made.map_or(0, |made| made.table.allocation_size())
    }
}
