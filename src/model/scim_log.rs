//! What identity providers asked, as it is kept for who has to find out what they really sent.

use serde::{Deserialize, Serialize};

use crate::model::id::TokenId;
use crate::model::timestamp::Timestamp;

/// A request and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// What a list of requests tells.
    pub summary: Summary,
    /// What else is told of one.
    pub facts: Facts,
    /// What was sent: see [`Facts::sent`].
    pub sent: Option<Box<str>>,
    /// What was answered: see [`Facts::answered`].
    pub answered: Option<Box<str>>,
}

/// A request in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// When it came.
    pub at: Timestamp,
    /// The token that was used, or the OAuth client that it was issued to.
    pub actor: Option<TokenId>,
    /// The method.
    pub method: Box<str>,
    /// The path, and the query behind it.
    pub target: Box<str>,
    /// The status of the answer; `None` when nobody waited for one.
    pub status: Option<i64>,
    /// From the request's head to the answer, in microseconds.
    pub duration_us: i64,
    /// The names of the liberties that were taken in reading it, a space between two.
    pub quirks: Box<str>,
    /// What it changed.
    pub changes: Changes,
}

/// What is known of a request beside its line and its bodies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Its headers, those that mean something.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// Whether something was removed from the path or the query, because it may be a secret or there
    /// was too much of it.
    pub is_target_cut: bool,
    /// Of the body that was sent.
    pub sent: BodyFacts,
    /// Of the body that was answered.
    pub answered: BodyFacts,
}

/// What became of a body in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BodyFacts {
    /// How long it was.
    pub bytes: usize,
    /// How many values were removed from it because they are secrets, or look like some.
    pub removed: usize,
    /// Whether what is kept is not all of it.
    pub is_cut: bool,
}

impl Facts {
    /// As it is stored.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("there are texts and numbers in it, and no maps")
    }

    /// What [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Spans of a request's changes that are told apart at most; of more only the number is known.
const SPANS_MAX: usize = 64;

/// Which of the client's changes a request made, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// From the first of each span to its last. Between two spans others wrote.
    pub spans: Vec<(i64, i64)>,
    /// How many there are beside those in the spans.
    pub more: i64,
}

impl Changes {
    /// Adds those that a transaction made. The parts of a request may be done at once, and end in
    /// another order than that of their numbers.
    pub fn add(&mut self, first: i64, last: i64) {
        let place = self.spans.partition_point(|(_, end)| *end < first);
        let continues = place > 0 && self.spans[place - 1].1 + 1 == first;
        let is_continued = self.spans.get(place).is_some_and(|next| next.0 == last + 1);
        match (continues, is_continued) {
            (true, true) => self.spans[place - 1].1 = self.spans.remove(place).1,
            (true, false) => self.spans[place - 1].1 = last,
            (false, true) => self.spans[place].0 = first,
            (false, false) if self.spans.len() < SPANS_MAX => {
                self.spans.insert(place, (first, last));
            }
            (false, false) => self.more += last - first + 1,
        }
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        let in_spans: i64 = self
            .spans
            .iter()
            .map(|(first, last)| last - first + 1)
            .sum();
        in_spans + self.more
    }

    /// As it is stored: `41-44 50-50 +3`.
    pub fn to_text(&self) -> String {
        let mut parts: Vec<String> = self
            .spans
            .iter()
            .map(|(first, last)| format!("{first}-{last}"))
            .collect();
        if self.more > 0 {
            parts.push(format!("+{}", self.more));
        }
        parts.join(" ")
    }

    /// What [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut changes = Self::default();
        for part in text.split_whitespace() {
            if let Some(more) = part.strip_prefix('+') {
                changes.more = more.parse().ok()?;
            } else {
                let (first, last) = part.split_once('-')?;
                changes
                    .spans
                    .push((first.parse().ok()?, last.parse().ok()?));
            }
        }
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_spans_and_those_that_are_too_many_are_counted() {
        let mut changes = Changes::default();
        changes.add(1, 2);
        changes.add(3, 3);
        assert_eq!((changes.to_text().as_str(), changes.count()), ("1-3", 3));
        let mut at_once = Changes::default();
        for number in [4, 2, 9, 3, 8, 1] {
            at_once.add(number, number);
        }
        assert_eq!((&*at_once.to_text(), at_once.count()), ("1-4 8-9", 6));
        for number in 5..200 {
            changes.add(number * 2, number * 2);
        }
        assert_eq!(changes.count(), 3 + 195);
        assert_eq!(changes.spans.len(), SPANS_MAX);
        assert_eq!(Changes::parse(&changes.to_text()), Some(changes));
        assert_eq!(Changes::parse(""), Some(Changes::default()));
        assert_eq!(Changes::parse("x"), None);
    }
}
