//! Provenance: by which door each field of a person's record was last changed, and which fields
//! provisioning is to leave alone. Names of tokens and of clients are not here: the log has them,
//! under the number of the change.

use std::ops::Deref;

use crate::model::change::Source;
use crate::model::digits;
use crate::model::field::{ALL, Field, Fields};
use crate::model::profile::ProfileDraft;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// What last changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The door.
    pub source: Source,
    /// When.
    pub at: Timestamp,
    /// The number of the change in the client's log, which says whose token it was.
    pub number: i64,
}

/// Where the values of a person's fields come from, and which are pinned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// Each field in one of them at most: most people's were set in one or two writes.
    groups: Vec<(Origin, Fields)>,
    pinned: Fields,
    latest_change: Option<i64>,
}

impl Provenance {
    /// What last changed the field; `None` when nothing did since that is remembered.
    pub fn of(&self, field: Field) -> Option<Origin> {
        let mut groups = self.groups.iter();
        let (origin, _) = groups.find(|(_, fields)| fields.contains(field))?;
        Some(*origin)
    }

    /// The fields that provisioning leaves alone.
    pub fn pinned(&self) -> Fields {
        self.pinned
    }

    /// The number of the latest change of the record itself: its revision moves with its departments'
    /// changes too. `None` when the log has none.
    pub fn latest_change(&self) -> Option<i64> {
        self.latest_change
    }

    /// The fields of which something is known, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let groups = self.groups.iter();
        groups
            .fold(self.pinned, |all, (_, fields)| all | *fields)
            .iter()
    }

    fn stamped(&self, fields: Fields, origin: Origin) -> Vec<(Origin, Fields)> {
        let before = self.groups.iter();
        let before = before.map(|(origin, older)| (*origin, older.without(fields)));
        let groups = before.chain([(origin, fields)]);
        groups.filter(|(_, fields)| !fields.is_empty()).collect()
    }

    /// The text that is stored: for each group the door's letter, the moment, the change's number and
    /// the bits of the fields, with a space behind it, then the bits of those that are pinned, and last
    /// the latest change's number, to the base 10: a migration wrote it too.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(32 * self.groups.len() + 8);
        for (origin, fields) in &self.groups {
            text.push(letter(origin.source));
            digits::write(&mut text, origin.at.milliseconds().cast_unsigned(), 16);
            text.push('.');
            digits::write(&mut text, origin.number.cast_unsigned(), 16);
            text.push(':');
            digits::write(&mut text, fields.0.into(), 16);
            text.push(' ');
        }
        if !self.pinned.is_empty() {
            text.push('!');
            digits::write(&mut text, self.pinned.0.into(), 16);
        }
        if let Some(number) = self.latest_change {
            text.push('@');
            digits::write(&mut text, number.cast_unsigned(), 10);
        }
        text
    }

    /// Reads what [`Self::to_text`] wrote; `None` when it did not.
    pub fn from_text(text: &str) -> Option<Self> {
        let (text, latest_change) = match text.split_once('@') {
            None => (text, None),
            Some((text, number)) => {
                let is_written = number.bytes().all(|byte| byte.is_ascii_digit());
                let number = number.parse().ok().filter(|_| is_written)?;
                (text, Some(number))
            }
        };
        let (groups, pinned) = match text.split_once('!') {
            None => (text, Fields::default()),
            Some((groups, pinned)) => {
                let pinned = bits(digits::read_hexadecimal(pinned.as_bytes())?)?;
                if !pinned.iter().all(Field::is_pinnable) {
                    return None;
                }
                (groups, pinned)
            }
        };
        let mut known = Self {
            groups: Vec::new(),
            pinned,
            latest_change,
        };
        let (mut rest, mut seen) = (groups.as_bytes(), Fields::default());
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            let is_it = |source: &Source| letter(*source) == char::from(*first);
            let origin = Origin {
                source: Source::ALL.into_iter().find(is_it)?,
                at: Timestamp::from_milliseconds(number(&mut rest, b'.')?.cast_signed()),
                number: number(&mut rest, b':')?.cast_signed(),
            };
            let fields = bits(number(&mut rest, b' ')?)?;
            if seen.without(fields) != seen {
                return None;
            }
            seen = seen | fields;
            known.groups.push((origin, fields));
        }
        Some(known)
    }
}

/// The number that stands before the next `end`, and leaves what is behind it.
fn number(text: &mut &[u8], end: u8) -> Option<u64> {
    let length = text.iter().position(|byte| *byte == end)?;
    let number = digits::read_hexadecimal(&text[..length]);
    *text = &text[length + 1..];
    number
}

fn bits(bits: u64) -> Option<Fields> {
    let bits = u32::try_from(bits).ok()?;
    (bits != 0 && bits & !ALL == 0).then_some(Fields(bits))
}

/// The letter that stands for a door: of the first letters two are the same.
fn letter(source: Source) -> char {
    match source {
        Source::Api => 'a',
        Source::Activity => 'e',
        Source::Import => 'i',
        Source::Scim => 's',
        Source::CommandLine => 'c',
        Source::Console => 'o',
    }
}

/// A record with the provenance of its fields: what a write starts from and what it leaves behind.
/// Reads of many leave the provenance out, and what they give cannot be written back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedUser {
    user: User,
    provenance: Provenance,
}

impl TracedUser {
    /// The record as it was stored.
    pub fn stored(user: User, provenance: Provenance) -> Self {
        Self { user, provenance }
    }

    /// Somebody who was not there before, made by the change `origin`.
    pub fn created(user: User, origin: Origin) -> Self {
        let fields = Fields::differing(None, &user);
        let provenance = Provenance {
            groups: vec![(origin, fields)],
            pinned: Fields::default(),
            latest_change: Some(origin.number),
        };
        Self { user, provenance }
    }

    /// The same person as `user`, made so by the change `origin`, with these fields pinned.
    #[must_use]
    pub fn changed(&self, user: User, pinned: Fields, origin: Origin) -> Self {
        let fields = Fields::differing(Some(&self.user), &user);
        let provenance = Provenance {
            groups: self.provenance.stamped(fields, origin),
            pinned,
            latest_change: Some(origin.number),
        };
        Self { user, provenance }
    }

    /// `new`, but for the pinned fields, which stay as they are.
    pub fn with_pinned_kept(&self, mut new: User) -> User {
        let (old, pinned) = (&self.user, self.provenance.pinned);
        if pinned.is_empty() {
            return new;
        }
        if pinned.contains(Field::State) {
            new.state = old.state;
        }
        if pinned.contains(Field::Departments) {
            new.departments.clone_from(&old.departments);
        }
        if new.profile != old.profile {
            let mut draft = ProfileDraft::from(&new.profile);
            for field in pinned.iter() {
                match field {
                    Field::CustomAttributes => {
                        let custom = old.profile.custom_attributes();
                        draft.set_custom_attributes(custom.map(str::to_owned));
                    }
                    Field::Profile(field) => {
                        draft.set(field, old.profile.get(field).map(str::to_owned));
                    }
                    _ => {}
                }
            }
            new.profile = draft.finish();
        }
        new
    }

    /// Where the values come from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The record alone, to be changed.
    pub fn to_user(&self) -> User {
        self.user.clone()
    }

    /// The record alone.
    pub fn into_user(self) -> User {
        self.user
    }
}

impl Deref for TracedUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin() -> impl Strategy<Value = Origin> {
        let source = prop::sample::select(&Source::ALL[..]);
        (source, any::<i64>(), any::<i64>()).prop_map(|(source, at, number)| Origin {
            source,
            at: Timestamp::from_milliseconds(at),
            number,
        })
    }

    fn fields() -> impl Strategy<Value = Fields> {
        (0..=ALL).prop_map(Fields)
    }

    fn provenance() -> impl Strategy<Value = Provenance> {
        let stamps = prop::collection::vec((fields(), origin()), 0..6);
        let latest_change = prop::option::of(0..=i64::MAX);
        (stamps, fields(), latest_change).prop_map(|(stamps, pinned, latest_change)| {
            let mut known = Provenance::default();
            for (fields, origin) in stamps {
                known.groups = known.stamped(fields, origin);
            }
            known.pinned = pinned.iter().filter(|field| field.is_pinnable()).collect();
            known.latest_change = latest_change;
            known
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn what_is_written_is_read_as_it_was(known in provenance()) {
            prop_assert_eq!(Provenance::from_text(&known.to_text()), Some(known));
        }

        #[test]
        fn the_last_stamp_of_a_field_counts(
            known in provenance(), fields in fields(), origin in origin(),
        ) {
            let later = Provenance { groups: known.stamped(fields, origin), ..known };
            for field in Field::all() {
                let expected = if fields.contains(field) { Some(origin) } else { known.of(field) };
                prop_assert_eq!(later.of(field), expected);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[aeisco!@:. 0-9a-f+-]{0,40}|.{0,20}") {
            if let Some(known) = Provenance::from_text(&text) {
                prop_assert_eq!(Provenance::from_text(&known.to_text()), Some(known));
            }
        }
    }

    #[test]
    fn what_is_stored_stays_readable() {
        let text = "i19b0c3d4e5f.2a:17 a19b0c3d5000.1b3:2008 !2018@435";
        let known = Provenance::from_text(text).unwrap();
        assert_eq!(known.to_text(), text);
        let names: Vec<_> = known.fields().map(Field::name).collect();
        let role = "profile.employment_info.role";
        assert_eq!(
            names,
            [
                "username",
                "user_key",
                "external_id",
                "departments",
                "profile.state",
                role
            ]
        );
        let departments = known.of(Field::Departments).unwrap();
        assert_eq!(
            (departments.source, departments.number),
            (Source::Api, 0x1b3)
        );
        assert_eq!(known.of(Field::State).unwrap().source, Source::Import);
        assert_eq!(known.pinned().iter().count(), 3);
        assert_eq!(known.latest_change(), Some(435));
        assert_eq!(Provenance::from_text(""), Some(Provenance::default()));
    }

    #[test]
    fn text_that_was_not_written_by_us_is_not_read() {
        for text in [
            " ",
            "!",
            "!0",
            "!1",
            "!ffffffff",
            "@",
            "@+5",
            "@1b3",
            "@99999999999999999999",
            "@5!2018",
            "x19b0c3d4e5f.2a:17 ",
            "i19b0c3d4e5f:17 ",
            "i.2a:17 ",
            "i19b0c3d4e5f.2a:0 ",
            "i19b0c3d4e5f.2a:2000000 ",
            "i19b0c3d4e5f.2a:1 a19b0c3d4e5f.2b:3 ",
            "ä",
        ] {
            assert_eq!(Provenance::from_text(text), None, "{text:?}");
        }
    }
}
