//! Writes filters in their canonical form.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::{Comparison, Condition, ElementFilter, Expression, Filter, Join, Literal, Test};

/// A printed part, and how loosely it holds together.
struct Printed {
    text: String,
    /// The join on its outside; none for what holds together by itself.
    join: Option<Join>,
}

impl Printed {
    /// The part as it stands beside a join.
    ///
    /// The right side keeps its parentheses even where the join is the same: without them the
    /// filter would mean the same, but parse to another one.
    fn beside(self, join: Join, right: bool) -> String {
        match self.join {
            Some(own) if own != join && join == Join::And => format!("({})", self.text),
            Some(own) if own == join && right => format!("({})", self.text),
            _ => self.text,
        }
    }
}

fn print<Operand: Display>(expression: &Expression<Operand>) -> String {
    let printed = expression.fold(
        |operand| Printed {
            text: operand.to_string(),
            join: None,
        },
        |join, left, right| {
            let word = match join {
                Join::And => "and",
                Join::Or => "or",
            };
            let (left, right) = (left.beside(join, false), right.beside(join, true));
            Printed {
                text: format!("{left} {word} {right}"),
                join: Some(join),
            }
        },
        |inner| Printed {
            text: format!("not ({})", inner.text),
            join: None,
        },
    );
    printed.text
}

impl Display for Filter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&print(&self.expression))
    }
}

impl Display for ElementFilter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&print(&self.expression))
    }
}

impl Display for Condition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(comparison) => comparison.fmt(formatter),
            Self::Elements { path, filter, then } => {
                write!(formatter, "{path}[{filter}]")?;
                then.iter()
                    .try_for_each(|then| write!(formatter, ".{then}"))
            }
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.test {
            Test::Present => write!(formatter, "{path} pr"),
            Test::Compare(operator, literal) => {
                write!(formatter, "{path} {} {literal}", operator.name())
            }
        }
    }
}

impl Display for Literal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{}", Value::from(&**text)),
            Self::Number(_, text) => formatter.write_str(text),
            Self::Boolean(boolean) => write!(formatter, "{boolean}"),
            Self::Null => formatter.write_str("null"),
        }
    }
}
