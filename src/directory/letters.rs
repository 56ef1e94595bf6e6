//! How many people have a letter, or two next to each other, in their names: what `q` of one or two
//! letters counts, without a look at anybody.

/// The characters that are counted: ASCII's that can be seen, and the blank.
const FIRST: u8 = b' ';
const COUNT: usize = 95;
/// Each alone, and each before each.
const PLACES: usize = COUNT + COUNT * COUNT;

/// People by letters and pairs of letters.
#[derive(Debug)]
pub struct Letters {
    counts: Vec<u32>,
    /// Who was counted last at each place: somebody with `aa` twice counts once.
    last: Vec<u32>,
    person: u32,
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            counts: vec![0; PLACES],
            last: vec![0; PLACES],
            person: 0,
        }
    }
}

impl Letters {
    /// Counts somebody in, by all their names with control characters between them.
    pub fn add(&mut self, names: &str) {
        self.each(names, |count| *count += 1);
    }

    /// Counts somebody out who was counted in with the same names.
    pub fn remove(&mut self, names: &str) {
        self.each(names, |count| *count -= 1);
    }

    /// How many people have `text` in a name; `None` when that is not counted.
    pub fn count(&self, text: &str) -> Option<usize> {
        let place = match *text.as_bytes() {
            [one] => single(one),
            [one, other] => pair(one, other),
            _ => None,
        };
        place.map(|place| self.counts[place] as usize)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        (self.counts.capacity() + self.last.capacity()) * 4
    }

    fn each(&mut self, names: &str, change: impl Fn(&mut u32)) {
        self.person = self.person.wrapping_add(1);
        if self.person == 0 {
            // The numbers begin anew: nobody's mark may be taken for somebody else's.
            self.last.fill(0);
            self.person = 1;
        }
        let mut before = None;
        for byte in names.bytes() {
            let places = [single(byte), before.and_then(|before| pair(before, byte))];
            for place in places.into_iter().flatten() {
                if self.last[place] != self.person {
                    self.last[place] = self.person;
                    change(&mut self.counts[place]);
                }
            }
            before = Some(byte);
        }
    }
}

fn single(byte: u8) -> Option<usize> {
    let place = usize::from(byte.wrapping_sub(FIRST));
    (place < COUNT).then_some(place)
}

fn pair(one: u8, other: u8) -> Option<usize> {
    Some(COUNT + single(one)? * COUNT + single(other)?)
}
