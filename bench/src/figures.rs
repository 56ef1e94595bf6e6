//! Figures of several rounds.

/// What the rounds gave, one figure each.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// Of at least one round.
    pub fn new(rounds: Vec<f64>) -> Self {
        assert!(!rounds.is_empty(), "a figure comes from at least one round");
        Self(rounds)
    }

    /// The one in the middle, or between the two in the middle.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// The smallest.
    pub fn minimum(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The largest.
    pub fn maximum(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Each round by the same round of another: what disturbed one round disturbed both.
    pub fn by(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self::new(pairs.map(|(own, other)| own / other).collect())
    }

    /// Each round by a number.
    pub fn by_number(&self, divisor: f64) -> Self {
        Self::new(self.0.iter().map(|own| own / divisor).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((Figures::new(vec![3.0, 1.0, 2.0]).median() - 2.0).abs() < 1e-9);
        assert!((Figures::new(vec![4.0, 1.0, 2.0, 3.0]).median() - 2.5).abs() < 1e-9);
        let figures = Figures::new(vec![3.0, 1.0, 2.0]);
        assert_eq!((figures.minimum(), figures.maximum()), (1.0, 3.0));
    }

    #[test]
    fn rounds_are_compared_with_the_round_beside_them() {
        let ratio = Figures::new(vec![1.0, 4.0]).by(&Figures::new(vec![2.0, 4.0]));
        assert_eq!(ratio, Figures::new(vec![0.5, 1.0]));
    }
}
