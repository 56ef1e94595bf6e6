//! What the attributes are: the User, its enterprise extension, and the Group (RFC 7643 4, 4.3, 7).
//!
//! The tables say what this crate does with an attribute, and no more. Where they differ from
//! RFC 7643 8.7 it is because the server would otherwise announce what it does not do:
//! - a `password` is accepted and thrown away: `writeOnly`, and never returned;
//! - members and groups are known by our own ids, which are compared with case;
//! - `manager.displayName` is kept as it was sent, since nobody here works it out;
//! - a Group's `displayName` is required and unique.

mod documents;
mod group;
mod user;

pub use documents::{
    AuthenticationScheme, BulkLimits, ServiceProvider, resource_type, resource_types, schema,
    schemas, service_provider_config,
};

/// The schema of a User (RFC 7643 4.1).
pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of the enterprise extension (RFC 7643 4.3).
pub const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of a Group (RFC 7643 4.2).
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Which kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A User.
    User,
    /// A Group.
    Group,
}

/// The type of an attribute (RFC 7643 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A moment, as RFC 3339 writes it.
    DateTime,
    /// A URI.
    Reference,
    /// Bytes in base 64.
    Binary,
    /// An object of sub-attributes.
    Complex,
}

/// Who may change an attribute (RFC 7643 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Only the server.
    ReadOnly,
    /// The client too.
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, and nobody reads it.
    WriteOnly,
}

/// When an attribute is in an answer (RFC 7643 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// Whatever was asked for.
    Always,
    /// Whatever was asked for, it is not.
    Never,
    /// Unless it was excluded, or only others were asked for.
    Default,
    /// Only when asked for by name.
    Request,
}

/// How far an attribute's value is unlike all others (RFC 7643 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Not at all.
    None,
    /// Within one client.
    Server,
}

/// One attribute or sub-attribute (RFC 7643 2, 7).
#[derive(Debug)]
pub struct Attribute {
    /// The name in its canonical spelling.
    pub name: &'static str,
    /// What it is, for `/Schemas`.
    pub description: &'static str,
    /// The type of the value, or of each value.
    pub kind: Type,
    /// Whether it is a list.
    pub multi_valued: bool,
    /// Whether it has to be there.
    pub required: bool,
    /// Whether texts are compared with case.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// How far its value is unlike all others.
    pub uniqueness: Uniqueness,
    /// Values that are suggested; any other is taken too.
    pub canonical_values: &'static [&'static str],
    /// What a reference may lead to.
    pub reference_types: &'static [&'static str],
    /// The sub-attributes of a complex one.
    pub sub_attributes: &'static [Attribute],
}

/// An attribute is only ever the same as itself.
impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A schema: a URN and its attributes.
#[derive(Debug)]
pub struct Schema {
    /// The URN in its canonical spelling.
    pub urn: &'static str,
    /// A name for people.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The attributes, without the common ones (RFC 7643 3.1).
    pub attributes: &'static [Attribute],
}

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// `User` or `Group`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The path under the base address: `/Users` or `/Groups`.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The schema that every resource of the kind has.
    pub fn core(self) -> &'static Schema {
        match self {
            Self::User => &user::USER,
            Self::Group => &group::GROUP,
        }
    }

    /// The extensions that are known.
    pub fn extensions(self) -> &'static [&'static Schema] {
        match self {
            Self::User => &user::EXTENSIONS,
            Self::Group => &[],
        }
    }

    /// A core or common attribute by its name in any case.
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        find(self.core().attributes, name).or_else(|| find(&user::COMMON, name))
    }

    /// A known extension by its URN in any case.
    pub fn extension(self, urn: &str) -> Option<&'static Schema> {
        let mut all = self.extensions().iter().copied();
        all.find(|schema| schema.urn.eq_ignore_ascii_case(urn))
    }
}

impl Schema {
    /// An attribute by its name in any case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }
}

fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// How the tables are written: text, single, optional and without case unless said otherwise
/// (RFC 7643 2.2).
impl Attribute {
    const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            kind: Type::String,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
        }
    }

    const fn boolean(name: &'static str, description: &'static str) -> Self {
        let mut attribute = Self::new(name, description);
        attribute.kind = Type::Boolean;
        attribute
    }

    const fn reference(
        name: &'static str,
        description: &'static str,
        types: &'static [&'static str],
    ) -> Self {
        let mut attribute = Self::new(name, description);
        attribute.kind = Type::Reference;
        attribute.reference_types = types;
        attribute
    }

    const fn complex(
        name: &'static str,
        description: &'static str,
        sub_attributes: &'static [Self],
    ) -> Self {
        let mut attribute = Self::new(name, description);
        attribute.kind = Type::Complex;
        attribute.sub_attributes = sub_attributes;
        attribute
    }

    const fn list(
        name: &'static str,
        description: &'static str,
        sub_attributes: &'static [Self],
    ) -> Self {
        let mut attribute = Self::complex(name, description, sub_attributes);
        attribute.multi_valued = true;
        attribute
    }

    const fn of_type(mut self, kind: Type) -> Self {
        self.kind = kind;
        self
    }

    const fn many(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    const fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    const fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }

    /// A sub-attribute by its name in any case.
    pub fn sub_attribute(&self, name: &str) -> Option<&'static Self> {
        find(self.sub_attributes, name)
    }
}
