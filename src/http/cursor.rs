//! Cursors: where a page ended, sealed so that nobody reads, alters or transplants one.
//!
//! A cursor is encrypted and authenticated together with what it is for (the list, the client, the
//! filters and the order): used for anything else it does not open. The key lives in the database,
//! so cursors outlive the server.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::model::id::Id;
use crate::model::page::{Position, SortKey};
use crate::model::timestamp::Timestamp;

/// No cursor of ours is longer, in characters.
const LENGTH_MAX: usize = 4_096;

/// Seals and opens cursors.
pub struct Seal(LessSafeKey);

impl Seal {
    /// A seal with that key.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, key).expect("the key has the cipher's length");
        Self(LessSafeKey::new(key))
    }

    /// The cursor for a position in the list that `purpose` describes. The same position makes the
    /// same cursor.
    pub fn seal(&self, position: &Position, purpose: &str) -> String {
        self.seal_text(&write(position), purpose)
    }

    /// A short text that only we can read, and only for that purpose.
    pub fn seal_text(&self, text: &str, purpose: &str) -> String {
        let mut sealed = text.as_bytes().to_vec();
        // The nonce follows from the content, so that different cursors never share one.
        let digest = Sha256::new()
            .chain_update(purpose)
            .chain_update(&sealed)
            .finalize();
        let nonce: [u8; NONCE_LEN] = digest[..NONCE_LEN]
            .try_into()
            .expect("a digest is longer than a nonce");
        let aad = Aad::from(purpose.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .expect("what we seal is far shorter than the cipher's limit");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// The position in a cursor that was sealed for `purpose`; `None` for any other text.
    pub fn open(&self, cursor: &str, purpose: &str) -> Option<Position> {
        read(&self.open_text(cursor, purpose)?)
    }

    /// The text that [`Self::seal_text`] sealed for that purpose.
    pub fn open_text(&self, sealed: &str, purpose: &str) -> Option<String> {
        if sealed.len() > LENGTH_MAX {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let aad = Aad::from(purpose.as_bytes());
        let plain = self.0.open_in_place(nonce, aad, sealed).ok()?;
        std::str::from_utf8(plain).ok().map(str::to_owned)
    }
}

fn write(position: &Position) -> String {
    let key = match &position.key {
        SortKey::Text(text) => format!("s{text}"),
        SortKey::Time(None) => "n".to_owned(),
        SortKey::Time(Some(moment)) => format!("t{}", moment.milliseconds()),
        SortKey::Number(number) => format!("c{number}"),
        SortKey::Id => "i".to_owned(),
    };
    format!("{} {} {key}", position.since, position.id)
}

fn read(text: &str) -> Option<Position> {
    let (since, rest) = text.split_once(' ')?;
    let (id, key) = rest.split_once(' ')?;
    let value = key.get(1..)?;
    let key = match key.as_bytes()[0] {
        b's' => SortKey::Text(value.into()),
        b'n' => SortKey::Time(None),
        b't' => SortKey::Time(Some(Timestamp::from_milliseconds(value.parse().ok()?))),
        b'c' => SortKey::Number(value.parse().ok()?),
        b'i' => SortKey::Id,
        _ => return None,
    };
    Some(Position {
        key,
        id: Id::parse(id)?,
        since: since.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_unaltered_and_for_its_purpose() {
        let seal = Seal::new(&[7; 32]);
        let id = Id::parse("a1d97031-04e2-4907-a249-093f7436207b").unwrap();
        for key in [
            SortKey::Text("a name with spaces".into()),
            SortKey::Time(None),
            SortKey::Time(Some(Timestamp::from_milliseconds(-5))),
            SortKey::Number(9),
            SortKey::Id,
        ] {
            let position = Position { key, id, since: 41 };
            let cursor = seal.seal(&position, "users of A");
            assert_eq!(seal.open(&cursor, "users of A").as_ref(), Some(&position));
            assert_eq!(seal.open(&cursor, "users of B"), None);
            assert_eq!(Seal::new(&[8; 32]).open(&cursor, "users of A"), None);
            for index in 0..cursor.len() {
                let mut altered = cursor.clone().into_bytes();
                altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
                let altered = String::from_utf8(altered).unwrap();
                assert_eq!(seal.open(&altered, "users of A"), None);
            }
        }
        for garbage in ["", "A", "ü", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(seal.open(garbage, "users of A"), None);
        }
    }
}
