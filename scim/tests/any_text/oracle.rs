//! The crate `scim_v2` reads filters too. Whatever it accepts, ours does, as the same tree.
//!
//! Three things are ours to refuse, and are seen by what the error says: a longer or deeper filter
//! than we read, an order of booleans or of bytes, and a time that is none.

use proptest::prelude::*;
use scim::Kind;
use scim::filter::{self, Condition, ElementFilter, Filter, Join, Literal, Test};
use scim_v2::filter as theirs;

use crate::FILTERS;
use crate::damaged::damage;

#[derive(Debug, PartialEq)]
enum Tree {
    Leaf(String),
    List(String, Box<Tree>),
    Not(Box<Tree>),
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

fn and(parts: impl IntoIterator<Item = Tree>) -> Tree {
    let flat = parts.into_iter().flat_map(|part| match part {
        Tree::And(inner) => inner,
        other => vec![other],
    });
    Tree::And(flat.collect())
}

fn or(parts: impl IntoIterator<Item = Tree>) -> Tree {
    let flat = parts.into_iter().flat_map(|part| match part {
        Tree::Or(inner) => inner,
        other => vec![other],
    });
    Tree::Or(flat.collect())
}

fn join(join: Join, left: Tree, right: Tree) -> Tree {
    match join {
        Join::And => and([left, right]),
        Join::Or => or([left, right]),
    }
}

fn not(inner: Tree) -> Tree {
    Tree::Not(Box::new(inner))
}

fn our_leaf(comparison: &filter::Comparison) -> Tree {
    let path = comparison.path.to_string().to_lowercase();
    Tree::Leaf(match &comparison.test {
        Test::Present => format!("{path} pr"),
        Test::Compare(operator, literal) => {
            let literal = match literal {
                Literal::Text(text) => format!("{text:?}"),
                Literal::Number(number, _) => number.to_string(),
                Literal::Boolean(boolean) => boolean.to_string(),
                Literal::Null => "null".to_owned(),
            };
            format!("{path} {} {literal}", operator.name())
        }
    })
}

fn our_element(filter: &ElementFilter) -> Tree {
    filter.expression().fold(our_leaf, join, not)
}

fn ours(filter: &Filter) -> Tree {
    let leaf = |condition: &Condition| match condition {
        Condition::Attribute(comparison) => our_leaf(comparison),
        Condition::Elements { path, filter, then } => {
            assert_eq!(*then, None, "they do not know it");
            Tree::List(
                path.to_string().to_lowercase(),
                Box::new(our_element(filter)),
            )
        }
    };
    filter.expression().fold(leaf, join, not)
}

fn their_path(path: &theirs::AttrPath) -> String {
    let uri = path
        .uri
        .as_ref()
        .map(|uri| format!("{uri}:"))
        .unwrap_or_default();
    let sub = path
        .sub_attr
        .as_ref()
        .map(|sub| format!(".{sub}"))
        .unwrap_or_default();
    let whole = format!("{uri}{}{sub}", path.name).to_lowercase();
    let core = "urn:ietf:params:scim:schemas:core:2.0:user:";
    match whole.strip_prefix(core) {
        // A longer URN that only begins alike is another one.
        Some(name) if !name.contains(':') => name.to_owned(),
        _ => whole,
    }
}

fn their_leaf(expression: &theirs::AttrExp) -> Tree {
    Tree::Leaf(match expression {
        theirs::AttrExp::Present(path) => format!("{} pr", their_path(path)),
        theirs::AttrExp::Comparison(path, operator, value) => {
            let value = match value {
                theirs::CompValue::Str(text) => format!("{text:?}"),
                theirs::CompValue::Number(number) => number.to_string(),
                theirs::CompValue::True => "true".to_owned(),
                theirs::CompValue::False => "false".to_owned(),
                theirs::CompValue::Null => "null".to_owned(),
            };
            let operator = operator.to_string();
            format!("{} {} {value}", their_path(path), operator.trim())
        }
    })
}

fn their_element(filter: &theirs::ValFilter) -> Tree {
    match filter {
        theirs::ValFilter::Attr(expression) => their_leaf(expression),
        theirs::ValFilter::Not(inner) => not(their_element(inner)),
        theirs::ValFilter::And(parts) => and(parts.iter().map(their_element)),
        theirs::ValFilter::Or(parts) => or(parts.iter().map(their_element)),
    }
}

fn their_tree(filter: &theirs::Filter) -> Tree {
    match filter {
        theirs::Filter::Attr(expression) => their_leaf(expression),
        theirs::Filter::ValuePath(list) => Tree::List(
            their_path(&list.attr),
            Box::new(their_element(&list.filter)),
        ),
        theirs::Filter::Not(inner) => not(their_tree(inner)),
        theirs::Filter::And(parts) => and(parts.iter().map(their_tree)),
        theirs::Filter::Or(parts) => or(parts.iter().map(their_tree)),
    }
}

/// Whether they accept the text. If they do, so do we, and as the same tree.
#[track_caller]
fn check(text: &str) -> bool {
    let Ok(theirs) = text.parse::<theirs::Filter>() else {
        return false;
    };
    let ours_to_refuse = [
        "longer than",
        "deeper than",
        "has no meaning",
        "is not a time",
    ];
    match Filter::parse(text, Kind::User) {
        Ok(filter) => assert_eq!(ours(&filter), their_tree(&theirs), "{text}"),
        Err(error)
            if ours_to_refuse
                .iter()
                .any(|word| error.message.contains(word)) => {}
        Err(error) => panic!("{text}: {error}"),
    }
    true
}

#[test]
fn real_filters_are_the_same_trees() {
    let accepted = FILTERS.iter().filter(|text| check(text)).count();
    // They refuse Entra's comparison behind brackets, and words in the place of names.
    assert!(accepted >= FILTERS.len() - 4, "only {accepted}");
}

/// A filter as text, with the liberties of the grammar.
fn filters() -> impl Strategy<Value = String> {
    let name = "[a-zA-Z][a-zA-Z0-9_-]{0,4}(\\.[a-zA-Z][a-z0-9]{0,3})?";
    let name = prop_oneof![
        name.prop_map(String::from),
        "urn:[a-z]{1,4}:[0-9.]{1,3}:[A-Za-z]{1,3}".prop_map(String::from),
        prop::sample::select(vec!["userName", "emails.TYPE", "meta.created"])
            .prop_map(str::to_owned),
    ];
    let literal = prop_oneof![
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter_map("finite", |number| {
            number
                .is_finite()
                .then(|| serde_json::Value::from(number).to_string())
        }),
        prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
    ];
    let operator = prop::sample::select(vec!["eq", "NE", "co", "Sw", "ew", "gt", "ge", "lT", "le"]);
    let gap = prop::sample::select(vec![" ", "  ", "\t", " \n"]);
    let test = (name.clone(), operator, literal, gap.clone(), any::<bool>()).prop_map(
        |(name, operator, literal, gap, present)| {
            if present {
                format!("{name}{gap}pr")
            } else {
                format!("{name}{gap}{operator}{gap}{literal}")
            }
        },
    );
    let joined = |inner: BoxedStrategy<String>| {
        let gap = prop::sample::select(vec![" ", "  ", "\t"]);
        prop_oneof![
            (
                inner.clone(),
                inner.clone(),
                gap.clone(),
                prop::sample::select(vec!["and", "or", "AND"])
            )
                .prop_map(|(left, right, gap, word)| format!("{left}{gap}{word}{gap}{right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            (inner, gap).prop_map(|(inner, gap)| format!("not{gap}({inner})")),
        ]
    };
    let element = test
        .clone()
        .prop_recursive(2, 6, 2, move |inner| joined(inner.boxed()));
    let list = (name, element).prop_map(|(name, element)| format!("{name}[{element}]"));
    let operand = prop_oneof![3 => test, 1 => list];
    operand.prop_recursive(5, 24, 2, move |inner| joined(inner.boxed()))
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    #[test]
    fn filters_that_they_accept_are_the_same_trees(text in filters()) {
        check(&text);
    }

    #[test]
    fn damaged_filters_that_they_accept_are_the_same_trees(
        text in prop::sample::select(&FILTERS[..]),
        dice in prop::collection::vec(any::<u16>(), 1..12),
    ) {
        check(&damage(text, &dice));
    }
}
