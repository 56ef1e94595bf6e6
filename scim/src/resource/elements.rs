//! Changes of the values of a list: of all, or of those that a filter lets through
//! (RFC 7644 3.5.2).

use serde_json::Value;

use super::edit::Edit;
use super::{coerce, list};
use crate::Map;
use crate::error::{ScimError, ScimType};
use crate::filter::{Comparison, ElementFilter, Join, Literal, Operator, Test};
use crate::patch::Op;
use crate::path::{AttributePath, Path};
use crate::quirk::{Quirk, note};
use crate::schema::{Attribute, Type};

impl Edit<'_> {
    /// What becomes of a list.
    pub(super) fn list(
        &mut self,
        op: Op,
        path: &Path,
        list: &mut Vec<Value>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let attribute = &path.attribute;
        match (&path.filter, attribute.sub_attribute()) {
            (Some(filter), _) => self.filtered(op, attribute, filter, list, value),
            (None, Some(_)) => {
                let all = (0..list.len()).collect();
                if list.is_empty() && op != Op::Remove {
                    list.push(Value::Object(Map::new()));
                    return self.elements(op, attribute, list, vec![0], value);
                }
                self.elements(op, attribute, list, all, value)
            }
            (None, None) => self.whole_list(op, attribute, list, value),
        }
    }

    fn whole_list(
        &mut self,
        op: Op,
        attribute: &AttributePath,
        list: &mut Vec<Value>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let top = attribute.top();
        let new = match (value, top) {
            (None | Some(Value::Null), _) if op != Op::Add => {
                list.clear();
                return Ok(());
            }
            (None, _) => return Ok(()),
            (Some(value), Some(top)) => {
                coerce::elements(top, &attribute.to_string(), value, self.quirks)?
            }
            (Some(value), None) => match coerce::unknown(value, self.quirks) {
                Some(Value::Array(new)) => new,
                other => other.into_iter().collect(),
            },
        };
        match op {
            Op::Add => list::add(top, list, new),
            Op::Remove => {
                note(self.quirks, Quirk::RemoveByValue);
                list::remove(top, list, &new);
            }
            Op::Replace => {
                *list = new;
                if list::keep_first_primary(list) {
                    note(self.quirks, Quirk::ManyPrimaries);
                }
            }
        }
        Ok(())
    }

    /// The values of a list that a filter lets through.
    fn filtered(
        &mut self,
        op: Op,
        attribute: &AttributePath,
        filter: &ElementFilter,
        list: &mut Vec<Value>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let places: Vec<usize> = (0..list.len())
            .filter(|&place| filter.matches(&list[place]))
            .collect();
        let is_clearing = op == Op::Remove || value.as_ref().is_none_or(Value::is_null);
        if !places.is_empty() {
            if attribute.sub_attribute().is_none() && !is_clearing && op == Op::Replace {
                // What the filter says of a value stays true of the one in its place.
                for &place in &places {
                    list[place] =
                        Value::Object(described(attribute.top(), filter).unwrap_or_default());
                }
            }
            return self.elements(op, attribute, list, places, value);
        }
        // To remove a member who is not there is to have what was wanted; so is to clear a value.
        if is_clearing && (op != Op::Remove || list::is_of_ids(attribute.top())) {
            return Ok(());
        }
        let is_made = op == Op::Add || (op == Op::Replace && attribute.sub_attribute().is_some());
        match described(attribute.top(), filter).filter(|_| is_made) {
            Some(made) => {
                note(self.quirks, Quirk::TargetCreated);
                list.push(Value::Object(made));
                let place = list.len() - 1;
                if list::is_primary(&list[place]) {
                    list::keep_primary(list, place);
                }
                self.elements(op, attribute, list, vec![place], value)
            }
            None => {
                let detail = format!(
                    "no value of {} matches the filter",
                    attribute.without_sub_attribute()
                );
                Err(ScimError::new(ScimType::NoTarget, detail))
            }
        }
    }

    /// Changes some values of a list, or removes them.
    fn elements(
        &mut self,
        op: Op,
        attribute: &AttributePath,
        list: &mut Vec<Value>,
        places: Vec<usize>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let value = value.filter(|value| !value.is_null() && op != Op::Remove);
        let mut primary = None;
        for place in places {
            let was_primary = list::is_primary(&list[place]);
            let mut object = match list[place].take() {
                Value::Object(object) => object,
                plain => Map::from_iter([("value".to_owned(), plain)]),
            };
            match (attribute.sub_attribute(), &value) {
                (Some(name), value) => {
                    let value = value.clone();
                    self.sub_attribute(op, attribute, &mut object, name, value)?;
                }
                (None, None) => object.clear(),
                (None, Some(value)) => object.extend(self.element(attribute, value)?),
            }
            list[place] = Value::Object(object);
            if list::is_primary(&list[place]) && !was_primary && primary.is_none() {
                primary = Some(place);
            }
        }
        if let Some(primary) = primary {
            list::keep_primary(list, primary);
        }
        list.retain(|element| !list::is_hollow(element));
        Ok(())
    }

    /// One value for a list, as an object.
    fn element(&mut self, attribute: &AttributePath, value: &Value) -> Result<Map, ScimError> {
        let value = match value {
            Value::Array(list) if list.len() == 1 => list[0].clone(),
            other => other.clone(),
        };
        let value = match attribute.top() {
            Some(top) => coerce::single(top, &attribute.to_string(), value, self.quirks)?,
            None => coerce::unknown(value, self.quirks),
        };
        match value {
            Some(Value::Object(object)) => Ok(object),
            None => Ok(Map::new()),
            Some(plain) => Ok(Map::from_iter([("value".to_owned(), plain)])),
        }
    }
}

/// The value that a filter describes: `type eq "work" and primary eq true` does, with `or`, `not`
/// or another operator it does not.
fn described(list: Option<&'static Attribute>, filter: &ElementFilter) -> Option<Map> {
    filter.expression().fold(
        |comparison: &Comparison| {
            let Test::Compare(Operator::Eq, literal) = &comparison.test else {
                return None;
            };
            let path = &comparison.path;
            let name = path
                .attribute()
                .filter(|_| path.extension().is_none() && path.sub_attribute().is_none())?;
            let is_boolean = list
                .and_then(|list| list.sub_attribute(name))
                .is_some_and(|sub| sub.kind == Type::Boolean);
            let value = match literal {
                Literal::Text(text) if is_boolean => Value::Bool(coerce::boolean(text)?),
                Literal::Text(text) => Value::from(&**text),
                Literal::Number(number, _) => Value::Number(number.clone()),
                Literal::Boolean(boolean) => Value::Bool(*boolean),
                Literal::Null => return None,
            };
            Some(Map::from_iter([(name.to_owned(), value)]))
        },
        |join, left: Option<Map>, right| match join {
            Join::And => {
                let mut both = left?;
                both.extend(right?);
                Some(both)
            }
            Join::Or => None,
        },
        |_| None,
    )
}
