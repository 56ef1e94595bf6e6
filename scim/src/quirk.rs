//! The liberties that a request took and was allowed.

/// A departure from the RFCs that was understood all the same. The server notes them beside the
/// request, so that somebody who debugs an identity provider sees what it really sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// An array of one for a single value.
    ArrayUnwrapped,
    /// A bare value or object for a list.
    ValueWrapped,
    /// A bare value for an object that has a `value`.
    BareValue,
    /// `"True"` or `"False"`, as text.
    BooleanText,
    /// A key such as `name.givenName`.
    DottedKey,
    /// A key such as `urn:…:User:employeeNumber`.
    UrnKey,
    /// `null`, or an empty list, where something could have been left out.
    NullMeansAbsent,
    /// `id`, `meta`, `groups` or `schemas`, which are not the client's to say.
    ReadOnlyIgnored,
    /// A password, which was thrown away.
    PasswordDropped,
    /// More than one primary value; the first one stays it.
    ManyPrimaries,
    /// A PATCH operation in another case than `add`, `replace`, `remove`.
    OperationCase,
    /// A PATCH without its schema.
    SchemaMissing,
    /// A path with a filter that matched nothing; the value was made as the filter describes it.
    TargetCreated,
    /// `remove` with a list of the values that go.
    RemoveByValue,
    /// An empty text that stands for nothing.
    EmptyMeansAbsent,
    /// A filter that tests what stands behind brackets: `emails[type eq "work"].value eq "x"`.
    TestBehindBrackets,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: [Self; 16] = [
        Self::ArrayUnwrapped,
        Self::ValueWrapped,
        Self::BareValue,
        Self::BooleanText,
        Self::DottedKey,
        Self::UrnKey,
        Self::NullMeansAbsent,
        Self::ReadOnlyIgnored,
        Self::PasswordDropped,
        Self::ManyPrimaries,
        Self::OperationCase,
        Self::SchemaMissing,
        Self::TargetCreated,
        Self::RemoveByValue,
        Self::EmptyMeansAbsent,
        Self::TestBehindBrackets,
    ];

    /// A short name for the log.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// A sentence for people.
    pub fn description(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ArrayUnwrapped => ("array-unwrapped", "a list of one was read as its one value"),
            Self::ValueWrapped => ("value-wrapped", "a bare value was read as a list of one"),
            Self::BareValue => (
                "bare-value",
                "a bare value was read as an object's \"value\"",
            ),
            Self::BooleanText => ("boolean-text", "a text was read as true or false"),
            Self::DottedKey => ("dotted-key", "a dotted key was read as a path"),
            Self::UrnKey => ("urn-key", "a key with a URN was read as a path"),
            Self::NullMeansAbsent => ("null-absent", "null or an empty list was read as absent"),
            Self::ReadOnlyIgnored => ("read-only-ignored", "a read-only attribute was ignored"),
            Self::PasswordDropped => ("password-dropped", "a password was thrown away"),
            Self::ManyPrimaries => (
                "many-primaries",
                "only the first primary value stays primary",
            ),
            Self::OperationCase => ("operation-case", "an operation was written in another case"),
            Self::SchemaMissing => ("schema-missing", "the message does not name its schema"),
            Self::TargetCreated => (
                "target-created",
                "a value that the path's filter describes was made",
            ),
            Self::RemoveByValue => ("remove-by-value", "the values to remove were listed"),
            Self::EmptyMeansAbsent => ("empty-absent", "an empty text was read as absent"),
            Self::TestBehindBrackets => (
                "test-behind-brackets",
                "a filter tests what stands behind brackets",
            ),
        }
    }
}

/// Notes a quirk once, however often it is met.
pub(crate) fn note(quirks: &mut Vec<Quirk>, quirk: Quirk) {
    if !quirks.contains(&quirk) {
        quirks.push(quirk);
    }
}
