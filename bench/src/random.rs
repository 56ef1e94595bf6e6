//! Numbers that look random and are the same in every run.

/// SplitMix64: a generator of one number, good enough to choose names and orders with.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed. Each use has a seed of its own, so that what one draws does not
    /// depend on how much another drew before.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let scaled = (u128::from(self.next()) * end as u128) >> 64;
        usize::try_from(scaled).expect("it is below a usize")
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of these.
    pub fn choose<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of these, the first ones far more often than the last: the place is the product of two
    /// draws, as surnames are spread in real directories.
    pub fn choose_skewed<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let end = self.below(of.len()) + 1;
        &of[self.below(end)]
    }

    /// Puts them in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_in_every_run() {
        let drawn: Vec<u64> = std::iter::repeat_with({
            let mut random = Random::new(1);
            move || random.next()
        })
        .take(2)
        .collect();
        assert_eq!(drawn, [0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67]);
    }

    #[test]
    fn a_shuffle_loses_nothing_and_moves_something() {
        let mut items: Vec<usize> = (0..100).collect();
        Random::new(7).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_skewed_choice_prefers_the_first() {
        let mut random = Random::new(3);
        let places: Vec<usize> = (0..10).collect();
        let mut counts = [0; 10];
        for _ in 0..10_000 {
            counts[*random.choose_skewed(&places)] += 1;
        }
        assert!(counts[0] > 10 * counts[9], "{counts:?}");
        assert!(counts[9] > 0, "{counts:?}");
    }
}
