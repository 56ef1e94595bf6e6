//! The text that `q` looks into: every live person's folded names in one stretch of memory, which a
//! plain scan goes through faster than any index could be kept.

use memchr::memmem::Finder;

/// Ends each of a person's names. It is a control character, which no name and no `q` that can
/// match holds, so that a match never reaches from one name into the next.
const END: u8 = 0x1f;

/// Names by slot.
#[derive(Debug, Default)]
pub struct SearchText {
    text: Vec<u8>,
    /// Where each entry begins, ascending, and whose it is.
    entries: Vec<(u32, u32)>,
    /// A slot's entry, or `NONE`.
    entry_of: Vec<u32>,
    /// Bytes of entries that are nobody's any more.
    dead_bytes: usize,
}

const NONE: u32 = u32::MAX;

impl SearchText {
    /// Sets a slot's folded names; none takes it out.
    pub fn set(&mut self, slot: u32, names: &[&str]) {
        self.forget(slot);
        if names.is_empty() {
            return;
        }
        let start = u32::try_from(self.text.len()).expect("less than 4 GiB of names in a client");
        let entry = u32::try_from(self.entries.len()).expect("fewer entries than bytes");
        for name in names {
            self.text.extend_from_slice(name.as_bytes());
            self.text.push(END);
        }
        self.entries.push((start, slot));
        let index = slot as usize;
        if self.entry_of.len() <= index {
            self.entry_of.resize(index + 1, NONE);
        }
        self.entry_of[index] = entry;
        if self.dead_bytes > 64 * 1024 && self.dead_bytes > self.text.len() / 2 {
            self.compact();
        }
    }

    /// The slots with a name that contains `folded`, each once, in no order that means anything.
    pub fn matches(&self, folded: &str) -> Vec<u32> {
        if folded.as_bytes().contains(&END) {
            return Vec::new();
        }
        let mut slots = Vec::new();
        if folded.is_empty() {
            slots.extend(
                self.entries
                    .iter()
                    .filter(|entry| entry.1 != NONE)
                    .map(|entry| entry.1),
            );
            return slots;
        }
        let finder = Finder::new(folded.as_bytes());
        let mut from = 0;
        while let Some(found) = finder.find(&self.text[from..]) {
            let at = from + found;
            let entry = self.entries.partition_point(|entry| entry.0 as usize <= at) - 1;
            if self.entries[entry].1 != NONE {
                slots.push(self.entries[entry].1);
            }
            from = self.end_of(entry);
        }
        slots
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * 8 + self.entry_of.capacity() * 4
    }

    fn end_of(&self, entry: usize) -> usize {
        self.entries
            .get(entry + 1)
            .map_or(self.text.len(), |next| next.0 as usize)
    }

    fn forget(&mut self, slot: u32) {
        let Some(entry_of) = self.entry_of.get_mut(slot as usize) else {
            return;
        };
        if *entry_of != NONE {
            let entry = std::mem::replace(entry_of, NONE) as usize;
            self.entries[entry].1 = NONE;
            self.dead_bytes += self.end_of(entry) - self.entries[entry].0 as usize;
        }
    }

    fn compact(&mut self) {
        let old = std::mem::take(self);
        self.entry_of = vec![NONE; old.entry_of.len()];
        for (index, (start, slot)) in old.entries.iter().enumerate() {
            if *slot != NONE {
                let text = &old.text[*start as usize..old.end_of(index)];
                self.entry_of[*slot as usize] =
                    u32::try_from(self.entries.len()).expect("no more entries than before");
                let start = u32::try_from(self.text.len()).expect("no more text than before");
                self.entries.push((start, *slot));
                self.text.extend_from_slice(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(mut slots: Vec<u32>) -> Vec<u32> {
        slots.sort_unstable();
        slots
    }

    #[test]
    fn a_match_lies_within_one_name() {
        let mut text = SearchText::default();
        text.set(3, &["anna", "anna.key"]);
        text.set(1, &["bob", "bob"]);
        assert_eq!(sorted(text.matches("a")), [3]);
        assert_eq!(sorted(text.matches("b")), [1]);
        assert_eq!(sorted(text.matches("")), [1, 3]);
        assert_eq!(text.matches("annaanna"), [0_u32; 0]);
        assert_eq!(text.matches("\u{1f}"), [0_u32; 0]);
        text.set(3, &[]);
        assert_eq!(text.matches("anna"), [0_u32; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..Default::default() })]
        #[test]
        fn it_finds_what_a_look_at_each_name_finds(
            writes in proptest::collection::vec((0_u32..300, "[ab]{0,300}", any::<bool>()), 0..900),
            needle in "[ab]{0,4}",
        ) {
            let mut model = std::collections::BTreeMap::new();
            let mut text = SearchText::default();
            for (slot, name, there) in &writes {
                if *there {
                    model.insert(*slot, name.as_str());
                    text.set(*slot, &[name, "zz"]);
                } else {
                    model.remove(slot);
                    text.set(*slot, &[]);
                }
            }
            let expected: Vec<u32> = model
                .iter().filter(|(_, name)| name.contains(&needle)).map(|(slot, _)| *slot).collect();
            prop_assert_eq!(sorted(text.matches(&needle)), expected);
        }
    }
}
