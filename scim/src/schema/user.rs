//! The User, its enterprise extension, and what all resources have in common.

use super::{Attribute, ENTERPRISE_URN, Mutability, Returned, Schema, Type, USER_URN};

/// What every resource has (RFC 7643 3.1), and `schemas` (RFC 7643 3).
pub(super) static COMMON: [Attribute; 4] = [
    Attribute::reference("schemas", "The schemas of the resource.", &["uri"])
        .many()
        .mutability(Mutability::ReadOnly)
        .returned(Returned::Always),
    Attribute::new("id", "The server's own identifier of the resource.")
        .case_exact()
        .unique()
        .mutability(Mutability::ReadOnly)
        .returned(Returned::Always),
    Attribute::new("externalId", "The client's identifier of the resource.").case_exact(),
    Attribute::complex("meta", "What the server knows about the resource.", &META)
        .mutability(Mutability::ReadOnly),
];

static META: [Attribute; 5] = [
    Attribute::new("resourceType", "The kind of resource.")
        .case_exact()
        .mutability(Mutability::ReadOnly),
    Attribute::new("created", "When it was created.")
        .of_type(Type::DateTime)
        .mutability(Mutability::ReadOnly),
    Attribute::new("lastModified", "When it was last changed.")
        .of_type(Type::DateTime)
        .mutability(Mutability::ReadOnly),
    Attribute::reference("location", "Its address.", &["uri"])
        .case_exact()
        .mutability(Mutability::ReadOnly),
    Attribute::new("version", "Its entity tag.")
        .case_exact()
        .mutability(Mutability::ReadOnly),
];

pub(super) static USER: Schema = Schema {
    urn: USER_URN,
    name: "User",
    description: "A person.",
    attributes: &USER_ATTRIBUTES,
};

static ENTERPRISE_USER: Schema = Schema {
    urn: ENTERPRISE_URN,
    name: "EnterpriseUser",
    description: "A person's place in an organisation.",
    attributes: &ENTERPRISE_ATTRIBUTES,
};

/// What a User may have besides.
pub(super) static EXTENSIONS: [&Schema; 1] = [&ENTERPRISE_USER];

static USER_ATTRIBUTES: [Attribute; 21] = [
    Attribute::new("userName", "The name that the person signs in with.")
        .required()
        .unique(),
    Attribute::complex("name", "The parts of the person's name.", &NAME),
    Attribute::new("displayName", "The name to show."),
    Attribute::new("nickName", "How the person is called."),
    Attribute::reference("profileUrl", "The person's page.", &["external"]),
    Attribute::new("title", "The person's job title."),
    Attribute::new("userType", "How the person belongs to the organisation."),
    Attribute::new("preferredLanguage", "The languages that the person likes."),
    Attribute::new(
        "locale",
        "How dates and numbers are written for the person.",
    ),
    Attribute::new("timezone", "The person's time zone."),
    Attribute::boolean("active", "Whether the person may use the service."),
    Attribute::new("password", "Accepted and thrown away.")
        .case_exact()
        .mutability(Mutability::WriteOnly)
        .returned(Returned::Never),
    Attribute::list("emails", "E-mail addresses.", &EMAIL),
    Attribute::list("phoneNumbers", "Telephone numbers.", &PHONE_NUMBER),
    Attribute::list("ims", "Instant messaging addresses.", &INSTANT_MESSAGING),
    Attribute::list("photos", "Pictures of the person.", &PHOTO),
    Attribute::list("addresses", "Postal addresses.", &ADDRESS),
    Attribute::list("groups", "The groups that the person is in.", &GROUP)
        .mutability(Mutability::ReadOnly),
    Attribute::list("entitlements", "What the person is entitled to.", &PLAIN),
    Attribute::list("roles", "The person's roles.", &PLAIN),
    Attribute::list(
        "x509Certificates",
        "The person's certificates.",
        &CERTIFICATE,
    ),
];

static NAME: [Attribute; 6] = [
    Attribute::new("formatted", "The whole name."),
    Attribute::new("familyName", "The family name."),
    Attribute::new("givenName", "The given name."),
    Attribute::new("middleName", "The middle names."),
    Attribute::new("honorificPrefix", "What stands before the name."),
    Attribute::new("honorificSuffix", "What stands after the name."),
];

const DISPLAY: Attribute = Attribute::new("display", "The value as people read it.");
const TYPE: Attribute = Attribute::new("type", "What the value is for.");
const PRIMARY: Attribute = Attribute::boolean("primary", "Whether it is the one to prefer.");

static EMAIL: [Attribute; 4] = [
    Attribute::new("value", "The address."),
    DISPLAY,
    TYPE.canonical(&["work", "home", "other"]),
    PRIMARY,
];

static PHONE_NUMBER: [Attribute; 4] = [
    Attribute::new("value", "The number."),
    DISPLAY,
    TYPE.canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

static INSTANT_MESSAGING: [Attribute; 4] = [
    Attribute::new("value", "The address."),
    DISPLAY,
    TYPE.canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

static PHOTO: [Attribute; 4] = [
    Attribute::reference("value", "Where the picture is.", &["external"]).case_exact(),
    DISPLAY,
    TYPE.canonical(&["photo", "thumbnail"]),
    PRIMARY,
];

static ADDRESS: [Attribute; 8] = [
    Attribute::new("formatted", "The whole address."),
    Attribute::new(
        "streetAddress",
        "The street, the number, and what else is above the town.",
    ),
    Attribute::new("locality", "The town."),
    Attribute::new("region", "The state or region."),
    Attribute::new("postalCode", "The postal code."),
    Attribute::new("country", "The country, in two letters."),
    TYPE.canonical(&["work", "home", "other"]),
    PRIMARY,
];

static GROUP: [Attribute; 4] = [
    Attribute::new("value", "The group's id.")
        .case_exact()
        .mutability(Mutability::ReadOnly),
    Attribute::reference("$ref", "The group's address.", &["Group"])
        .mutability(Mutability::ReadOnly),
    Attribute::new("display", "The group's name.").mutability(Mutability::ReadOnly),
    Attribute::new("type", "Whether the membership is direct.")
        .canonical(&["direct", "indirect"])
        .mutability(Mutability::ReadOnly),
];

static PLAIN: [Attribute; 4] = [
    Attribute::new("value", "The value."),
    DISPLAY,
    TYPE,
    PRIMARY,
];

static CERTIFICATE: [Attribute; 4] = [
    Attribute::new("value", "The certificate, DER in base 64.")
        .of_type(Type::Binary)
        .case_exact(),
    DISPLAY,
    TYPE,
    PRIMARY,
];

static ENTERPRISE_ATTRIBUTES: [Attribute; 6] = [
    Attribute::new(
        "employeeNumber",
        "The number that the organisation gave the person.",
    ),
    Attribute::new("costCenter", "The cost centre."),
    Attribute::new("organization", "The organisation."),
    Attribute::new("division", "The division."),
    Attribute::new("department", "The department."),
    Attribute::complex("manager", "The person's manager.", &MANAGER),
];

static MANAGER: [Attribute; 3] = [
    Attribute::new("value", "The manager's id."),
    Attribute::reference("$ref", "The manager's address.", &["User"]),
    Attribute::new("displayName", "The manager's name, as it was sent."),
];
