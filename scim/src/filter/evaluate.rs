//! Asks a resource whether it passes.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{Comparison, Condition, Expression, Literal, Operator, Prepared, Test};
use crate::path::lookup;
use crate::schema::Type;
use crate::{Map, moment};

impl Condition {
    pub(super) fn holds(&self, resource: &Map) -> bool {
        match self {
            Self::Attribute(comparison) => comparison.holds(resource),
            Self::Elements { path, filter, then } => path.any(resource, |found| {
                as_object(found, |object| {
                    filter.expression.holds(|inner| inner.holds(object))
                        && then.as_ref().is_none_or(|then| then.holds(object))
                })
            }),
        }
    }
}

/// Whether one value of a list passes the filter in the brackets.
pub(super) fn element(expression: &Expression<Comparison>, element: &Value) -> bool {
    as_object(element, |object| {
        expression.holds(|inner| inner.holds(object))
    })
}

/// A value of a list as an object; a plain one is the `value` of it.
fn as_object<Answer>(element: &Value, ask: impl FnOnce(&Map) -> Answer) -> Answer {
    if let Value::Object(object) = element {
        return ask(object);
    }
    ask(&Map::from_iter([("value".to_owned(), element.clone())]))
}

impl Comparison {
    fn holds(&self, resource: &Map) -> bool {
        let (operator, literal) = match &self.test {
            Test::Present => return self.path.any(resource, is_present),
            Test::Compare(operator, literal) => (*operator, literal),
        };
        let mut found = false;
        let holds = self.path.any(resource, |value| {
            let value = match value {
                Value::Object(object) => lookup(object, "value").unwrap_or(&Value::Null),
                plain => plain,
            };
            found |= !value.is_null();
            !value.is_null() && self.holds_for(value, operator, literal)
        });
        if found {
            return holds;
        }
        match operator {
            Operator::Eq => *literal == Literal::Null,
            Operator::Ne => *literal != Literal::Null,
            _ => false,
        }
    }

    /// Whether a value that is there passes.
    fn holds_for(&self, value: &Value, operator: Operator, literal: &Literal) -> bool {
        let ordering = match (value, literal, &self.prepared) {
            (Value::String(text), _, Prepared::Moment(wanted)) => {
                moment::nanoseconds(text).map(|found| found.cmp(wanted))
            }
            (Value::String(text), Literal::Text(_), Prepared::Folded(wanted)) => {
                return compare_texts(&folded(text), operator, wanted);
            }
            (Value::String(text), Literal::Text(wanted), Prepared::Exact) => {
                return compare_texts(text, operator, wanted);
            }
            (Value::Number(found), Literal::Number(wanted, _), _) => compare_numbers(found, wanted),
            (Value::Bool(found), literal, _) => boolean(literal).map(|wanted| found.cmp(&wanted)),
            _ => None,
        };
        // What is of another type is not equal, and neither above nor below.
        match operator {
            Operator::Eq => ordering == Some(Ordering::Equal),
            Operator::Ne => ordering != Some(Ordering::Equal),
            Operator::Gt => ordering == Some(Ordering::Greater),
            Operator::Ge => ordering.is_some_and(Ordering::is_ge),
            Operator::Lt => ordering == Some(Ordering::Less),
            Operator::Le => ordering.is_some_and(Ordering::is_le),
            Operator::Co | Operator::Sw | Operator::Ew => false,
        }
    }
}

/// Makes a literal ready for the values that it will be compared with.
///
/// # Errors
/// A sentence, if they cannot be compared (RFC 7644 3.4.2.2, table 3, `gt`).
pub(super) fn prepare(
    kind: Option<Type>,
    case_exact: bool,
    operator: Operator,
    literal: &Literal,
) -> Result<Prepared, String> {
    let is_part = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
    match (kind, literal) {
        (Some(Type::Boolean | Type::Binary), _) if operator.is_ordering() => Err(format!(
            "{} has no meaning for this attribute",
            operator.name()
        )),
        (Some(Type::DateTime), Literal::Text(text)) if !is_part => moment::nanoseconds(text)
            .map(Prepared::Moment)
            .ok_or_else(|| {
                let text = crate::error::shown(text);
                format!("{text} is not a time such as \"2011-05-13T04:42:34Z\"")
            }),
        (_, Literal::Text(text)) if !case_exact => Ok(Prepared::Folded(folded(text).into())),
        _ => Ok(Prepared::Exact),
    }
}

/// A text without case: what differs only in it is then the same.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    let is_folded = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(is_folded) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

fn compare_texts(found: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Eq => found == wanted,
        Operator::Ne => found != wanted,
        Operator::Co => found.contains(wanted),
        Operator::Sw => found.starts_with(wanted),
        Operator::Ew => found.ends_with(wanted),
        Operator::Gt => found > wanted,
        Operator::Ge => found >= wanted,
        Operator::Lt => found < wanted,
        Operator::Le => found <= wanted,
    }
}

/// Whole numbers exactly, others as floating point.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// `"True"` is Entra's way to say true.
fn boolean(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Boolean(boolean) => Some(*boolean),
        Literal::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Literal::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether a value counts for `pr`: not empty, and an object with something in it.
fn is_present(value: &Value) -> bool {
    let is_filled = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    match value {
        Value::Object(object) => object.values().any(is_filled),
        plain => is_filled(plain),
    }
}
