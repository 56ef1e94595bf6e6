//! Values as pages show them.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::model::timestamp::Timestamp;

/// A moment: in UTC until the page's script says it in the reader's zone, and exactly when one points
/// at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When(pub Timestamp);

impl fmt::Display for When {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.0.with_milliseconds();
        let (day, time) = (&exact[..10], &exact[11..16]);
        write!(
            formatter,
            "<time datetime=\"{exact}\" title=\"{exact}\">{day} {time} UTC</time>"
        )
    }
}

impl HtmlSafe for When {}

/// A choice of a list.
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is the one that holds.
    pub is_chosen: bool,
}

/// Choices by their values and labels, of which one holds.
pub fn choices(all: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    let choices = all.iter().map(|(value, label)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        is_chosen: *value == chosen,
    });
    choices.collect()
}

/// Items of a list that a page shows at most, where the whole list is at hand.
const PART_SIZE: usize = 50;

/// A part of a list that is at hand as a whole.
pub struct Part<T> {
    /// What it shows.
    pub items: Vec<T>,
    /// How many there are in all parts.
    pub count: usize,
    /// Its number, from 1.
    pub number: usize,
    /// Whether another one follows.
    pub has_more: bool,
}

impl<T> Part<T> {
    /// That part of the list.
    pub fn of(all: Vec<T>, number: usize) -> Self {
        let (count, number) = (all.len(), number.max(1));
        let begin = (number - 1).saturating_mul(PART_SIZE);
        Self {
            items: all.into_iter().skip(begin).take(PART_SIZE).collect(),
            count,
            number,
            has_more: begin.saturating_add(PART_SIZE) < count,
        }
    }

    /// The numbers of the parts before and behind it, as they stand in an address.
    pub fn beside(&self) -> (Option<String>, Option<String>) {
        let before = (self.number > 1).then(|| (self.number - 1).to_string());
        let behind = self.has_more.then(|| (self.number + 1).to_string());
        (before, behind)
    }
}

/// A number with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 user`, `2,000 users`.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (number, text) in [(0, "0 users"), (1, "1 user"), (1_000, "1,000 users")] {
            assert_eq!(counted(number, "user"), text);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
    }

    #[test]
    fn a_moment_is_shown_in_utc_and_exactly() {
        let moment = Timestamp::parse("2026-02-24T21:23:53.082Z").unwrap();
        let expected = "<time datetime=\"2026-02-24T21:23:53.082Z\" \
                        title=\"2026-02-24T21:23:53.082Z\">2026-02-24 21:23 UTC</time>";
        assert_eq!(When(moment).to_string(), expected);
    }
}
