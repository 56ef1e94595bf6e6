//! The identity profile that the gateway serves, packed: most people have few of its fields, and
//! there may be millions of people.

use crate::model::json;
pub use crate::model::profile_field::ProfileField;

/// The mask's bits for the fields.
const FIELDS: u32 = (1 << ProfileField::ALL.len()) - 1;
/// The mask's bit for values that JSON cannot show as they are.
const ESCAPED: u32 = 1 << 30;
/// The mask's bit for the custom attributes, behind all fields.
const CUSTOM: u32 = 1 << 31;

/// The profile fields that are set, and the client's custom attributes. Immutable: see
/// [`ProfileDraft`] for making and changing one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Which fields are set, a bit each in the order of [`ProfileField::ALL`].
    mask: u32,
    /// The lengths of their values in that order, two characters each, then the values, and the
    /// custom attributes' JSON last.
    text: Box<str>,
    /// See [`Self::provisioned`].
    provisioned: Option<Box<str>>,
}

impl Profile {
    /// Packs the values of all fields, in the order of [`ProfileField::ALL`], and the custom
    /// attributes.
    pub(super) fn packed(
        values: &[Option<&str>; ProfileField::ALL.len()],
        custom_attributes: Option<&str>,
        provisioned: Option<&str>,
    ) -> Self {
        let set = || values.iter().flatten();
        let bytes = set().map(|value| value.len() + 2).sum::<usize>();
        let mut text = String::with_capacity(bytes + custom_attributes.map_or(0, str::len));
        let mut mask = 0;
        for (bit, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            mask |= 1 << bit;
            text.extend(as_characters(value.len()));
        }
        for value in set() {
            text.push_str(value);
        }
        if !json::is_plain(&text[2 * set().count()..]) {
            mask |= ESCAPED;
        }
        if let Some(custom_attributes) = custom_attributes {
            mask |= CUSTOM;
            text.push_str(custom_attributes);
        }
        Self {
            mask,
            text: text.into(),
            provisioned: provisioned.map(Into::into),
        }
    }

    /// A field's value, if it is set.
    pub fn get(&self, field: ProfileField) -> Option<&str> {
        let bit = 1 << field as u32;
        if self.mask & bit == 0 {
            return None;
        }
        let before = self.mask & FIELDS & (bit - 1);
        self.texts().nth(before.count_ones() as usize)
    }

    /// The values of all fields, in the order of [`ProfileField::ALL`].
    pub fn values(&self) -> [Option<&str>; ProfileField::ALL.len()] {
        let mut values = [None; ProfileField::ALL.len()];
        let mut texts = self.texts();
        for (bit, value) in values.iter_mut().enumerate() {
            if self.mask & (1 << bit) != 0 {
                *value = texts.next();
            }
        }
        values
    }

    /// Whether each value can stand between quotes in JSON as it is.
    pub fn is_plain(&self) -> bool {
        self.mask & ESCAPED == 0
    }

    /// The custom attributes: the text of a JSON object that is not empty.
    pub fn custom_attributes(&self) -> Option<&str> {
        if self.mask & CUSTOM == 0 {
            return None;
        }
        let lengths = self.lengths();
        let before = lengths.clone().sum::<usize>() + 2 * lengths.len();
        Some(&self.text[before..])
    }

    /// What an identity provider sent that no field holds as it was sent: the text of a JSON object
    /// that is not empty. Only SCIM shows it.
    pub fn provisioned(&self) -> Option<&str> {
        self.provisioned.as_deref()
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.mask == 0 && self.provisioned.is_none()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.text.len() + self.provisioned().map_or(0, str::len)
    }

    /// The values that are set, one after the other.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let lengths = self.lengths();
        let mut end = 2 * lengths.len();
        lengths.map(move |length| {
            let start = end;
            end += length;
            &self.text[start..end]
        })
    }

    fn lengths(&self) -> impl ExactSizeIterator<Item = usize> + Clone {
        let count = (self.mask & FIELDS).count_ones() as usize;
        let (lengths, _) = self.text.as_bytes().as_chunks();
        lengths[..count]
            .iter()
            .map(|length| from_characters(*length))
    }
}

/// A length below 16,384 in two characters of seven bits: no value is so long.
fn as_characters(length: usize) -> [char; 2] {
    assert!(length < 1 << 14, "a field has 256 letters at most");
    [length & 0x7f, length >> 7].map(|bits| char::from(bits as u8))
}

fn from_characters([low, high]: [u8; 2]) -> usize {
    usize::from(low) | usize::from(high) << 7
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = formatter.debug_map();
        for field in ProfileField::ALL {
            if let Some(value) = self.get(field) {
                map.entry(&field.path(), &value);
            }
        }
        if let Some(custom) = self.custom_attributes() {
            map.entry(&"custom_attributes", &custom);
        }
        map.finish()
    }
}

/// A profile that is being made or changed. Its values have been checked by who sets them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileDraft {
    values: [Option<String>; ProfileField::ALL.len()],
    custom_attributes: Option<String>,
    provisioned: Option<String>,
}

impl ProfileDraft {
    /// Sets a field, or takes it away.
    pub fn set(&mut self, field: ProfileField, value: Option<String>) {
        self.values[field as usize] = value;
    }

    /// Sets the custom attributes (the compact text of a JSON object), or takes them away.
    pub fn set_custom_attributes(&mut self, json: Option<String>) {
        self.custom_attributes = json;
    }

    /// Sets what an identity provider sent beside the fields (the compact text of a JSON object), or
    /// takes it away.
    pub fn set_provisioned(&mut self, json: Option<String>) {
        self.provisioned = json;
    }

    /// Packs it.
    pub fn finish(self) -> Profile {
        let values = self.values.each_ref().map(Option::as_deref);
        let (custom_attributes, provisioned) = (&self.custom_attributes, &self.provisioned);
        Profile::packed(
            &values,
            custom_attributes.as_deref(),
            provisioned.as_deref(),
        )
    }
}

impl From<&Profile> for ProfileDraft {
    fn from(profile: &Profile) -> Self {
        let mut draft = Self::default();
        for field in ProfileField::ALL {
            draft.set(field, profile.get(field).map(str::to_owned));
        }
        draft.set_custom_attributes(profile.custom_attributes().map(str::to_owned));
        draft.set_provisioned(profile.provisioned().map(str::to_owned));
        draft
    }
}

const _: () = assert!(FIELDS & (ESCAPED | CUSTOM) == 0, "each field needs its bit");
