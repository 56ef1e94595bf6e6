//! What is wrong with a value: which one, and why, in a sentence.

/// A value that was refused. `field` names it as the caller wrote it, `reason` is a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The field, parameter or column, by the name that the caller used.
    pub field: String,
    /// What is wrong with it, as a sentence for the person who sent it.
    pub reason: String,
}

impl Invalid {
    /// A refusal of `field` for `reason`.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}
