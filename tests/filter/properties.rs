//! What holds for every text, and for every tree against an evaluator written the naive way.

use proptest::prelude::*;
use rollcall::model::filter::{Attribute, Filter, LENGTH_BYTES_MAX, Subject};

use crate::{Person, all_attributes, anna};

/// The filter as a tree, evaluated the naive way.
#[derive(Debug, Clone)]
enum Tree {
    Comparison {
        attribute: Attribute,
        operator: &'static str,
        value: Value,
    },
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    /// How it is written, and the milliseconds that it means.
    Time(&'static str, i64),
}

const TIMES: [(&str, i64); 6] = [
    ("1969-12-31T23:59:59Z", -1_000),
    ("1970-01-01T01:00:00+01:00", 0),
    ("1970-01-01T00:00:00.000Z", 0),
    ("1970-01-01T00:00:00.5Z", 500),
    ("1969-12-31T12:00:01-12:00", 1_000),
    ("9999-12-31T23:59:59Z", 253_402_300_799_000),
];

fn naive(tree: &Tree, person: &Person) -> bool {
    match tree {
        Tree::And(left, right) => naive(left, person) && naive(right, person),
        Tree::Or(left, right) => naive(left, person) || naive(right, person),
        Tree::Comparison {
            attribute,
            operator,
            value,
        } => match value {
            Value::Text(text) => compare(person.texts.get(attribute), operator, text),
            Value::Time(_, time) => compare(person.times.get(attribute), operator, time),
        },
    }
}

fn compare<V: PartialOrd>(found: Option<&V>, operator: &str, wanted: &V) -> bool {
    let Some(found) = found else {
        return operator == "ne";
    };
    match operator {
        "eq" => found == wanted,
        "ne" => found != wanted,
        "gt" => found > wanted,
        "lt" => found < wanted,
        _ => unreachable!("the generator knows four operators"),
    }
}

/// Writes a tree with the liberties that the grammar allows, chosen by the dice.
struct Writer<'d> {
    text: String,
    dice: std::iter::Cycle<std::slice::Iter<'d, u8>>,
}

impl Writer<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.dice.next().map_or(0, |die| die % sides)
    }

    fn space(&mut self, needed: bool) {
        let spaces = if needed {
            [" ", "  ", "\t", "\n"]
        } else {
            ["", " ", "", "\r\n "]
        };
        let space = spaces[usize::from(self.roll(4))];
        self.text.push_str(space);
    }

    fn word(&mut self, word: &str) {
        match self.roll(3) {
            0 => self.text.push_str(&word.to_ascii_uppercase()),
            _ => self.text.push_str(word),
        }
    }

    fn tree(&mut self, tree: &Tree, inside_and: bool) {
        let needed = inside_and && matches!(tree, Tree::Or(..));
        let pairs = usize::from(needed) + usize::from(self.roll(8) == 0);
        self.text.push_str(&"(".repeat(pairs));
        self.space(false);
        match tree {
            Tree::And(left, right) => self.joined(left, "and", right),
            Tree::Or(left, right) => self.joined(left, "or", right),
            Tree::Comparison {
                attribute,
                operator,
                value,
            } => {
                let alias = *attribute == Attribute::LastUpdatedAt && self.roll(2) == 0;
                self.word(if alias {
                    "last_modified_at"
                } else {
                    attribute.path()
                });
                self.space(true);
                self.word(operator);
                self.space(false);
                match value {
                    Value::Text(text) => self.value(text),
                    Value::Time(text, _) => self.value(text),
                }
            }
        }
        self.space(false);
        self.text.push_str(&")".repeat(pairs));
    }

    fn joined(&mut self, left: &Tree, word: &str, right: &Tree) {
        self.tree(left, word == "and");
        self.space(false);
        self.word(word);
        self.space(true);
        self.tree(right, word == "and");
    }

    fn value(&mut self, text: &str) {
        let typographic = !text.contains(['“', '”']) && self.roll(3) == 0;
        let (opening, closing) = if typographic {
            ('“', '”')
        } else {
            ('"', '"')
        };
        self.text.push(opening);
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                self.text.push('\\');
            }
            self.text.push(character);
        }
        self.text.push(closing);
    }
}

fn text_of(tree: &Tree, dice: &[u8]) -> String {
    let mut writer = Writer {
        text: String::new(),
        dice: dice.iter().cycle(),
    };
    writer.tree(tree, false);
    writer.text
}

/// Few and close to each other, so that comparisons come out every way.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ab]{0,2}", 1 => "[aé“”\"\\\\( ]{0,4}", 1 => "[^\0]{0,6}"]
}

fn any_comparison() -> impl Strategy<Value = Tree> {
    let operator = prop::sample::select(vec!["eq", "ne", "gt", "lt"]);
    let time = prop::sample::select(TIMES.to_vec());
    // Two texts and the times make most of the comparisons, all the others the rest.
    let few = vec![
        Attribute::State,
        Attribute::SystemUsername,
        Attribute::LastUpdatedAt,
    ];
    let attribute =
        prop_oneof![3 => prop::sample::select(few), 1 => prop::sample::select(all_attributes())];
    (attribute, operator, any_text(), time).prop_map(|(attribute, operator, text, time)| {
        let value = if attribute.is_time() {
            Value::Time(time.0, time.1)
        } else {
            Value::Text(text)
        };
        Tree::Comparison {
            attribute,
            operator,
            value,
        }
    })
}

fn any_tree() -> impl Strategy<Value = Tree> {
    any_comparison().prop_recursive(6, 24, 2, |inner| {
        let (left, right) = (inner.clone(), inner);
        (any::<bool>(), left, right).prop_map(|(and, left, right)| {
            let (left, right) = (Box::new(left), Box::new(right));
            if and {
                Tree::And(left, right)
            } else {
                Tree::Or(left, right)
            }
        })
    })
}

/// Every attribute is absent as often as one of a few values.
fn any_person() -> impl Strategy<Value = Person> {
    let texts = prop::collection::vec(prop::option::of(any_text()), all_attributes().len());
    let seconds = prop::option::of(prop::sample::select(vec![-1_000_i64, 0, 1_000]));
    let times = prop::collection::vec(seconds, all_attributes().len());
    (texts, times).prop_map(|(texts, times)| {
        let mut person = Person::default();
        for ((attribute, text), time) in all_attributes().into_iter().zip(texts).zip(times) {
            if attribute.is_time() {
                person.times.extend(time.map(|time| (attribute, time)));
            } else {
                person.texts.extend(text.map(|text| (attribute, text)));
            }
        }
        person
    })
}

/// Counts what it is asked.
struct Counting<'p> {
    person: &'p Person,
    asked: std::cell::Cell<usize>,
}

impl Subject for Counting<'_> {
    fn text(&self, attribute: Attribute) -> Option<&str> {
        self.asked.set(self.asked.get() + 1);
        self.person.text(attribute)
    }

    fn time(&self, attribute: Attribute) -> Option<i64> {
        self.asked.set(self.asked.get() + 1);
        self.person.time(attribute)
    }
}

fn comparisons(tree: &Tree) -> usize {
    match tree {
        Tree::Comparison { .. } => 1,
        Tree::And(left, right) | Tree::Or(left, right) => comparisons(left) + comparisons(right),
    }
}

/// Pieces of the language in any order: closer to filters than arbitrary text is.
fn any_tokens() -> impl Strategy<Value = String> {
    let pieces = vec![
        "(",
        ")",
        "and",
        "or",
        "AND",
        "not",
        "eq",
        "ne",
        "GT",
        "lt",
        "ge",
        "user.state",
        "last_updated_at",
        "last_modified_at",
        "user.x",
        "\"A\"",
        "“A”",
        "\"A",
        "A”",
        "\"\\\"\"",
        "\"\\x\"",
        "\"2023-05-14T09:30:00Z\"",
        "\\",
        "\0",
        "\"",
        "“",
        "é",
        "user.state eq \"A\"",
        "and user.state ne \"B\"",
        "(user.state gt \"\"",
        "or last_updated_at lt \"2023-05-14T09:30:00Z\")",
    ];
    let spaced = (
        prop::sample::select(pieces),
        prop::sample::select(vec!["", " ", " ", "\n"]),
    );
    prop::collection::vec(spaced, 0..24).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|(piece, space)| format!("{piece}{space}"))
            .collect()
    })
}

/// What holds for every text: no panic, a place inside the text, and what parses also prints.
fn check_any(text: &str) -> Result<(), TestCaseError> {
    match Filter::parse(text) {
        Ok(filter) => {
            filter.matches(&anna());
            let printed = filter.to_string();
            prop_assert!(printed.len() <= LENGTH_BYTES_MAX);
            prop_assert_eq!(Filter::parse(&printed), Ok(filter));
        }
        Err(error) => {
            prop_assert!(text.is_char_boundary(error.position));
            prop_assert_eq!(text[..error.position].chars().count() + 1, error.character);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        check_any(&text)?;
        check_any(&format!("user.state eq \"{text}\""))?;
        check_any(&format!("last_updated_at eq \"{text}\""))?;
    }

    #[test]
    fn no_time_like_text_panics(text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?") {
        check_any(&format!("last_updated_at eq \"{text}\""))?;
    }

    #[test]
    fn no_sequence_of_tokens_panics(text in any_tokens()) {
        check_any(&text)?;
    }

    #[test]
    fn what_is_printed_parses_to_the_same_filter(
        tree in any_tree(),
        dice in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let filter = Filter::parse(&text_of(&tree, &dice)).unwrap();
        let printed = filter.to_string();
        let again = Filter::parse(&printed).unwrap();
        prop_assert_eq!(&again, &filter);
        prop_assert_eq!(again.to_string(), printed);
        // The liberties of writing leave no trace.
        prop_assert_eq!(Filter::parse(&text_of(&tree, &[7])).unwrap(), filter);
    }

    #[test]
    fn a_filter_means_what_its_tree_means(
        tree in any_tree(),
        dice in prop::collection::vec(any::<u8>(), 1..64),
        people in prop::collection::vec(any_person(), 1..8),
    ) {
        let text = text_of(&tree, &dice);
        let filter = Filter::parse(&text).unwrap();
        for person in &people {
            let counting = Counting { person, asked: std::cell::Cell::new(0) };
            prop_assert_eq!(filter.matches(&counting), naive(&tree, person), "{}", text);
            prop_assert!(counting.asked.get() <= comparisons(&tree));
        }
    }
}
