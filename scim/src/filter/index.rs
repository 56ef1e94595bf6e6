//! Finds the comparison that an index can answer.

use super::{Comparison, Condition, Expression, Join, Literal, Operator, Test};
use crate::path::AttributePath;

/// An attribute by which resources can be looked up. Their order is that of usefulness: the first
/// ones find the fewest resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexAttribute {
    /// `id`, compared with case.
    Id,
    /// `externalId`, compared with case.
    ExternalId,
    /// `userName`, compared without case.
    UserName,
    /// `emails.value`, compared without case.
    EmailValue,
    /// `displayName`, compared without case.
    DisplayName,
    /// `members.value`, compared with case.
    MemberValue,
}

/// What every resource fulfils that passes the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexTerm<'f> {
    /// The attribute.
    pub attribute: IndexAttribute,
    /// What it is equal to, as it was written.
    pub text: &'f str,
}

/// The most useful term of those that hold for the whole expression.
pub(super) fn term(expression: &Expression<Condition>) -> Option<IndexTerm<'_>> {
    needed(expression, |condition| match condition {
        Condition::Attribute(comparison) => compared(None, comparison),
        Condition::Elements { path, filter, then } => {
            let inside = needed(&filter.expression, |found| compared(Some(path), found));
            then.as_ref()
                .and_then(|then| compared(Some(path), then))
                .or(inside)
        }
    })
}

/// A term is needed if it stands alone or beside an `and`; not below an `or` or a `not`.
fn needed<'f, Operand>(
    expression: &'f Expression<Operand>,
    term: impl FnMut(&'f Operand) -> Option<IndexTerm<'f>>,
) -> Option<IndexTerm<'f>> {
    expression.fold(
        term,
        |join, left, right| match join {
            Join::And => left
                .into_iter()
                .chain(right)
                .min_by_key(|term| term.attribute),
            Join::Or => None,
        },
        |_| None,
    )
}

fn compared<'f>(list: Option<&AttributePath>, found: &'f Comparison) -> Option<IndexTerm<'f>> {
    let Test::Compare(Operator::Eq, Literal::Text(text)) = &found.test else {
        return None;
    };
    let path = list.unwrap_or(&found.path);
    if path.extension().is_some() || (list.is_some() && found.path.extension().is_some()) {
        return None;
    }
    let names = match list {
        None => (path.attribute()?, found.path.sub_attribute()),
        Some(_) if path.sub_attribute().is_some() || found.path.sub_attribute().is_some() => {
            return None;
        }
        Some(_) => (path.attribute()?, Some(found.path.attribute()?)),
    };
    let attribute = match names {
        ("id", None) => IndexAttribute::Id,
        ("externalId", None) => IndexAttribute::ExternalId,
        ("userName", None) => IndexAttribute::UserName,
        ("emails", None | Some("value")) => IndexAttribute::EmailValue,
        ("displayName", None) => IndexAttribute::DisplayName,
        ("members", None | Some("value")) => IndexAttribute::MemberValue,
        _ => return None,
    };
    Some(IndexTerm { attribute, text })
}
