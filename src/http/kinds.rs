//! JSON that is taken in while it is read, by the kind of each value: no tree of it is made, and
//! texts stay where they are in the body.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What is made of a value. What is in a value of a kind that is not expected is read all the same,
/// and refused where [`Value`] refuses it.
pub trait ByKind<'de>: Sized {
    /// Of a value that is none of what follows.
    fn of_other() -> Self;

    /// Of a text.
    fn of_text(_text: Cow<'de, str>) -> Self {
        Self::of_other()
    }

    /// Of a list.
    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Value>()?.is_some() {}
        Ok(Self::of_other())
    }

    /// Of an object.
    fn of_object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<String, Value>()?.is_some() {}
        Ok(Self::of_other())
    }
}

/// A value, as it is asked for by what is to be made of it.
pub struct Kind<T>(pub T);

impl<'de, T: ByKind<'de>> Deserialize<'de> for Kind<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(KindVisitor(PhantomData))
            .map(Self)
    }
}

struct KindVisitor<T>(PhantomData<T>);

impl<'de, T: ByKind<'de>> Visitor<'de> for KindVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::of_text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::of_text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::of_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::of_object(object)
    }
}

/// A text, or something else.
pub enum Text<'de> {
    /// The text.
    Text(Cow<'de, str>),
    /// Something else.
    Other,
}

impl<'de> ByKind<'de> for Text<'de> {
    fn of_other() -> Self {
        Self::Other
    }

    fn of_text(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }
}
