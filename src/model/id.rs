//! Ids: text in the shape of a UUID.
//!
//! Ours are UUIDs of version 7. An id that was given to us (by an import) may use any letter where
//! a UUID has hexadecimal digits: the published example of a user does. So an id is 36 bytes of
//! text, compared as text, which is also how both databases order it.

use std::fmt;

/// 8-4-4-4-12 characters of `0-9a-z`, in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; Id::LENGTH]);

impl Id {
    /// The number of characters.
    pub const LENGTH: usize = 36;

    /// Reads an id in any case; `None` when the text does not have the shape.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes: [u8; Self::LENGTH] = text.as_bytes().try_into().ok()?;
        if [8, 13, 18, 23].map(|index| bytes[index]) != [b'-'; 4] {
            return None;
        }
        // Without a branch, all bytes are looked at at once.
        let (mut is_known, mut dashes) = (true, 0_u8);
        for byte in &mut bytes {
            let is_dash = *byte == b'-';
            is_known &= byte.is_ascii_alphanumeric() | is_dash;
            dashes += u8::from(is_dash);
            *byte |= u8::from(byte.is_ascii_uppercase()) << 5;
        }
        if !is_known || dashes != 4 {
            return None;
        }
        Some(Self(bytes))
    }

    /// The id as it is written, in bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id holds only ASCII: `parse` checked each byte")
    }
}

impl From<uuid::Uuid> for Id {
    fn from(uuid: uuid::Uuid) -> Self {
        let mut bytes = [0; Self::LENGTH];
        uuid.hyphenated().encode_lower(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Ids of different nouns are different types, so that one is never taken for another.
macro_rules! id_of {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Id);

        impl $name {
            /// Reads an id in any case; `None` when the text does not have the shape of one.
            pub fn parse(text: &str) -> Option<Self> {
                Id::parse(text).map(Self)
            }

            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

id_of!(
    /// A client organisation.
    ClientId
);
id_of!(
    /// A person in one client's directory.
    UserId
);
id_of!(
    /// A department of one client.
    DepartmentId
);
id_of!(
    /// A token; never its secret.
    TokenId
);
id_of!(
    /// An OAuth client; the `client_id` of RFC 6749.
    OauthClientId
);
id_of!(
    /// A file that was uploaded to be imported.
    UploadId
);
id_of!(
    /// A run of an import.
    ImportId
);
id_of!(
    /// A public key of a gateway instance.
    KeyId
);
