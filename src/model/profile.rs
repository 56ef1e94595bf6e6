//! The identity profile that the gateway serves, packed: most people have few of its fields, and
//! there may be millions of people.

pub use crate::model::profile_field::ProfileField;

/// Divides the packed fields. It is a control character, which no field may hold.
const DIVIDER: char = '\u{1f}';
/// The mask's bit for the custom attributes, behind all fields.
const CUSTOM: u32 = 31;

/// The profile fields that are set, and the client's custom attributes. Immutable: see
/// [`ProfileDraft`] for making and changing one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Which fields are set, a bit each in the order of [`ProfileField::ALL`].
    mask: u32,
    /// Their values in that order, divided by [`DIVIDER`], the custom attributes' JSON last.
    text: Box<str>,
}

impl Profile {
    /// Packs the values of all fields, in the order of [`ProfileField::ALL`], and the custom
    /// attributes. None may hold a control character.
    pub(super) fn packed(
        values: &[Option<&str>; ProfileField::ALL.len()],
        custom_attributes: Option<&str>,
    ) -> Self {
        let all = || {
            let custom_attributes = (CUSTOM as usize, custom_attributes);
            let values = values.iter().copied().enumerate();
            values.chain([custom_attributes])
        };
        let bytes = all().map(|(_, value)| value.map_or(0, |value| value.len() + 1));
        let mut text = String::with_capacity(bytes.sum::<usize>().saturating_sub(1));
        let mut mask = 0;
        for (bit, value) in all() {
            let Some(value) = value else { continue };
            if mask != 0 {
                text.push(DIVIDER);
            }
            mask |= 1 << bit;
            text.push_str(value);
        }
        Self {
            mask,
            text: text.into(),
        }
    }

    /// A field's value, if it is set.
    pub fn get(&self, field: ProfileField) -> Option<&str> {
        self.at(field as u32)
    }

    /// The values of all fields, in the order of [`ProfileField::ALL`].
    pub fn values(&self) -> [Option<&str>; ProfileField::ALL.len()] {
        let mut values = [None; ProfileField::ALL.len()];
        let mut texts = self.text.split(DIVIDER);
        for (bit, value) in values.iter_mut().enumerate() {
            if self.mask & (1 << bit) != 0 {
                *value = texts.next();
            }
        }
        values
    }

    /// The custom attributes: the text of a JSON object that is not empty.
    pub fn custom_attributes(&self) -> Option<&str> {
        self.at(CUSTOM)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.mask == 0
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.text.len()
    }

    fn at(&self, bit: u32) -> Option<&str> {
        if self.mask & (1 << bit) == 0 {
            return None;
        }
        let before = (self.mask & ((1 << bit) - 1)).count_ones();
        self.text.split(DIVIDER).nth(before as usize)
    }
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

/// A profile that is being made or changed. Its values have been checked by who sets them: none
/// holds a control character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileDraft {
    values: [Option<String>; ProfileField::ALL.len()],
    custom_attributes: Option<String>,
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

    /// Packs it.
    pub fn finish(self) -> Profile {
        let values = self.values.each_ref().map(Option::as_deref);
        Profile::packed(&values, self.custom_attributes.as_deref())
    }
}

impl From<&Profile> for ProfileDraft {
    fn from(profile: &Profile) -> Self {
        let mut draft = Self::default();
        for field in ProfileField::ALL {
            draft.set(field, profile.get(field).map(str::to_owned));
        }
        draft.set_custom_attributes(profile.custom_attributes().map(str::to_owned));
        draft
    }
}

const _: () = assert!(
    ProfileField::ALL.len() < CUSTOM as usize,
    "each field needs its bit"
);
