//! Everybody's folded names in one stretch of memory: records keep none of their own, and `q` is
//! answered by a plain scan of it, which is faster than any index could be kept.
//!
//! One kind of question is too common for a scan: what one or two letters match is nearly everybody.
//! For those a small table counts the people, and who asks walks a list until a page is full.

use memchr::memmem::Finder;

use crate::directory::letters::Letters;
use crate::directory::slots::SlotSet;

/// Ends each name. It is a control character, which no name and no `q` that can match holds, so
/// that a match never reaches from one name into the next.
const END: char = '\u{1f}';
/// With fewer people a scan is over before the table has been looked into.
const COUNTED_FROM: usize = 4_096;
/// What one person's names take, as a rule: an estimate that spares most directories to be moved while
/// they are loaded.
const NAMES_BYTES: usize = 40;
/// So many bytes may be nobody's before the rest is moved together.
const DEAD_BYTES_MAX: usize = 64 * 1024;

/// Where a person's names lie.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    start: u32,
    username_length: u16,
    /// 0: the folded key is the folded username.
    user_key_length: u16,
}

/// Names by slot.
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    /// Ascending by their beginnings.
    entries: Vec<Entry>,
    dead_bytes: usize,
    /// There from when the client has [`COUNTED_FROM`] people.
    letters: Option<Box<Letters>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    owner: Owner,
}

/// Whose names an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner(u32);

impl Owner {
    const NOBODY: Self = Self(u32::MAX);
    const HIDDEN: u32 = 1 << 31;

    fn new(slot: u32, is_found: bool) -> Self {
        assert!(slot < Self::HIDDEN, "fewer than 2 billion people");
        Self(if is_found { slot } else { slot | Self::HIDDEN })
    }

    /// The slot of somebody whom `q` finds.
    fn found(self) -> Option<u32> {
        (self.0 & Self::HIDDEN == 0).then_some(self.0)
    }
}

impl Names {
    /// Makes room for the names of `count` people.
    pub fn reserve(&mut self, count: usize) {
        self.text.reserve_exact(count * NAMES_BYTES);
        self.entries.reserve_exact(count);
    }

    /// Keeps a slot's folded names. Only who `is_found` is met by `q`.
    pub fn add(&mut self, slot: u32, username: &str, user_key: &str, is_found: bool) -> Place {
        let length = |name: &str| u16::try_from(name.len()).expect("a name is 256 letters at most");
        let place = Place {
            start: u32::try_from(self.text.len()).expect("less than 4 GiB of names in a client"),
            username_length: length(username),
            user_key_length: if user_key == username {
                0
            } else {
                length(user_key)
            },
        };
        self.text.push_str(username);
        self.text.push(END);
        if place.user_key_length > 0 {
            self.text.push_str(user_key);
            self.text.push(END);
        }
        let owner = Owner::new(slot, is_found);
        self.entries.push(Entry {
            start: place.start,
            owner,
        });
        match &mut self.letters {
            Some(letters) if is_found => letters.add(of(&self.text, place)),
            None if self.entries.len() == COUNTED_FROM => self.count_letters(),
            Some(_) | None => {}
        }
        place
    }

    /// Lets names go.
    pub fn remove(&mut self, place: Place) {
        let index = self.entry_at(place.start, 0);
        if let Some(letters) = &mut self.letters
            && self.entries[index].owner.found().is_some()
        {
            letters.remove(of(&self.text, place));
        }
        self.entries[index].owner = Owner::NOBODY;
        self.dead_bytes += of(&self.text, place).len();
    }

    /// Moves the names together when too many of the bytes are nobody's, and hands each slot and
    /// its new place's beginning to `moved`.
    pub fn compact(&mut self, mut moved: impl FnMut(u32, Moved)) {
        if self.dead_bytes <= DEAD_BYTES_MAX || self.dead_bytes <= self.text.len() / 2 {
            return;
        }
        let mut text = String::with_capacity(self.text.len() - self.dead_bytes);
        let mut entries = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.owner != Owner::NOBODY {
                let start = u32::try_from(text.len()).expect("no more text than before");
                text.push_str(&self.text[entry.start as usize..self.end_of(index)]);
                entries.push(Entry { start, ..*entry });
                moved(entry.owner.0 & !Owner::HIDDEN, Moved(start));
            }
        }
        (self.text, self.entries, self.dead_bytes) = (text, entries, 0);
    }

    /// The folded username.
    pub fn username(&self, place: Place) -> &str {
        let start = place.start as usize;
        &self.text[start..start + usize::from(place.username_length)]
    }

    /// The folded user key.
    pub fn user_key(&self, place: Place) -> &str {
        if place.user_key_length == 0 {
            return self.username(place);
        }
        let start = place.start as usize + usize::from(place.username_length) + 1;
        &self.text[start..start + usize::from(place.user_key_length)]
    }

    /// How many people have a name that contains `folded`, where a table tells it.
    pub fn count(&self, folded: &str) -> Option<usize> {
        self.letters.as_ref()?.count(folded)
    }

    /// The slots, below `slots`, of those who have a name that contains `folded`.
    pub fn matching(&self, folded: &str, slots: usize) -> SlotSet {
        let mut matching = SlotSet::new(slots);
        // The empty text is part of every name, and END of none.
        if folded.is_empty() || folded.contains(END) {
            let everybody = self.entries.iter().filter(|_| folded.is_empty());
            everybody
                .filter_map(|entry| entry.owner.found())
                .for_each(|slot| matching.insert(slot));
            return matching;
        }
        let finder = Finder::new(folded.as_bytes());
        let text = self.text.as_bytes();
        let (mut from, mut index) = (0, 0);
        while let Some(found) = finder.find(&text[from..]) {
            let at = u32::try_from(from + found).expect("less than 4 GiB of names in a client");
            index = self.entry_at(at, index);
            if let Some(slot) = self.entries[index].owner.found() {
                matching.insert(slot);
            }
            from = self.end_of(index);
            index += 1;
        }
        matching
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let letters = self.letters.as_ref().map_or(0, |it| it.heap_bytes());
        self.text.capacity() + self.entries.capacity() * size_of::<Entry>() + letters
    }

    fn count_letters(&mut self) {
        let mut letters = Box::<Letters>::default();
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.owner.found().is_some() {
                letters.add(&self.text[entry.start as usize..self.end_of(index)]);
            }
        }
        self.letters = Some(letters);
    }

    /// The entry in which byte `at` lies; it is `first` or comes after it. Matches mostly lie near
    /// each other, so the steps begin small.
    fn entry_at(&self, at: u32, first: usize) -> usize {
        let later = &self.entries[first..];
        let mut step = 1;
        while later.get(step).is_some_and(|entry| entry.start <= at) {
            step *= 2;
        }
        let near = &later[step / 2..later.len().min(step)];
        first + step / 2 + near.partition_point(|entry| entry.start <= at) - 1
    }

    fn end_of(&self, index: usize) -> usize {
        let next = self.entries.get(index + 1);
        next.map_or(self.text.len(), |next| next.start as usize)
    }
}

/// Where names begin that were moved.
pub struct Moved(u32);

impl Place {
    /// The same names where they are now.
    pub fn moved(&mut self, to: &Moved) {
        self.start = to.0;
    }
}

/// All of a person's names with their ends.
fn of(text: &str, place: Place) -> &str {
    let user_key = match place.user_key_length {
        0 => 0,
        length => usize::from(length) + 1,
    };
    let start = place.start as usize;
    &text[start..start + usize::from(place.username_length) + 1 + user_key]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn found(names: &Names, folded: &str) -> Vec<u32> {
        names.matching(folded, 1_000_000).iter().collect()
    }

    #[test]
    fn a_match_lies_within_one_name_of_somebody_who_is_found() {
        let mut names = Names::default();
        let anna = names.add(3, "anna", "anna.key", true);
        let bob = names.add(1, "bob", "bob", true);
        names.add(2, "annabob", "b", false);
        assert_eq!(
            (names.username(anna), names.user_key(anna)),
            ("anna", "anna.key")
        );
        assert_eq!((names.username(bob), names.user_key(bob)), ("bob", "bob"));
        assert_eq!(found(&names, "a"), [3]);
        assert_eq!(found(&names, "b"), [1]);
        assert_eq!(found(&names, ""), [1, 3]);
        assert_eq!(found(&names, "annaanna"), [0_u32; 0]);
        assert_eq!(found(&names, "\u{1f}"), [0_u32; 0]);
        names.remove(anna);
        assert_eq!(found(&names, "anna"), [0_u32; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..Default::default() })]
        #[test]
        fn it_finds_and_counts_what_a_look_at_each_name_does(
            before in 0_u32..8_000,
            writes in proptest::collection::vec((0_u32..300, "[abü]{1,300}", any::<bool>(), any::<bool>()), 0..900),
            needle in "[abzü]{0,4}",
        ) {
            let mut names = Names::default();
            let mut model = BTreeMap::new();
            // Enough of them that the table counts, in about half of the cases.
            for slot in (0..before).map(|slot| slot + 1_000) {
                let name = format!("{}{}", if slot % 3 == 0 { "ab" } else { "z" }, slot);
                model.insert(slot, (names.add(slot, &name, "zz", true), name, true));
            }
            for (slot, name, is_there, is_found) in writes {
                if let Some((place, ..)) = model.remove(&slot) {
                    names.remove(place);
                }
                if is_there {
                    model.insert(slot, (names.add(slot, &name, "zz", is_found), name, is_found));
                }
                names.compact(|slot, moved| model.get_mut(&slot).unwrap().0.moved(&moved));
            }
            for (place, name, _) in model.values() {
                prop_assert_eq!((names.username(*place), names.user_key(*place)), (name.as_str(), "zz"));
            }
            let matches = |(_, name, is_found): &(Place, String, bool)| {
                *is_found && (name.contains(&needle) || "zz".contains(&needle))
            };
            let expected: Vec<u32> =
                model.iter().filter(|(_, it)| matches(it)).map(|(slot, _)| *slot).collect();
            if let Some(count) = names.count(&needle) {
                prop_assert_eq!(count, expected.len());
            }
            prop_assert_eq!(found(&names, &needle), expected);
        }
    }
}
