//! The Group.

use super::{Attribute, GROUP_URN, Mutability, Schema};

pub(super) static GROUP: Schema = Schema {
    urn: GROUP_URN,
    name: "Group",
    description: "People who belong together.",
    attributes: &ATTRIBUTES,
};

static ATTRIBUTES: [Attribute; 2] = [
    Attribute::new("displayName", "The group's name.")
        .required()
        .unique(),
    Attribute::list("members", "Who is in the group.", &MEMBER),
];

static MEMBER: [Attribute; 4] = [
    Attribute::new("value", "The member's id.")
        .case_exact()
        .mutability(Mutability::Immutable),
    Attribute::reference("$ref", "The member's address.", &["User"])
        .mutability(Mutability::Immutable),
    Attribute::new("type", "The kind of member.")
        .canonical(&["User"])
        .mutability(Mutability::Immutable),
    Attribute::new("display", "The member's name.").mutability(Mutability::ReadOnly),
];
