//! A set of slots, a bit each.

/// Slots below a bound.
#[derive(Debug, Clone)]
pub struct SlotSet {
    words: Vec<u64>,
    count: usize,
}

impl SlotSet {
    /// An empty set of slots below `bound`.
    pub fn new(bound: usize) -> Self {
        Self {
            words: vec![0; bound.div_ceil(64)],
            count: 0,
        }
    }

    /// Adds a slot that is not in it yet.
    pub fn insert(&mut self, slot: u32) {
        self.words[slot as usize / 64] |= 1 << (slot % 64);
        self.count += 1;
    }

    /// Whether a slot is in it.
    pub fn contains(&self, slot: u32) -> bool {
        self.words[slot as usize / 64] & (1 << (slot % 64)) != 0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// One after the other, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0_u32..)
            .step_by(64)
            .zip(&self.words)
            .flat_map(|(first, word)| {
                let mut rest = *word;
                std::iter::from_fn(move || {
                    let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                    rest &= rest - 1;
                    Some(first + bit)
                })
            })
    }
}
