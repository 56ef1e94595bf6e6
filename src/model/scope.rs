//! What a token may be used for.

use std::fmt;

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read users, departments and the client itself.
    UsersRead,
    /// Change users.
    UsersWrite,
    /// Create unknown users by reporting their activity.
    UsersEnroll,
    /// Change departments and their members.
    DepartmentsWrite,
    /// Report activity.
    ActivityWrite,
    /// Read through the Identity Gateway.
    GatewayRead,
    /// Provision through SCIM 2.0.
    Scim,
    /// Sign in to the console.
    Console,
    /// Create, change and list clients.
    Admin,
}

impl Scope {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::UsersRead,
        Self::UsersWrite,
        Self::UsersEnroll,
        Self::DepartmentsWrite,
        Self::ActivityWrite,
        Self::GatewayRead,
        Self::Scim,
        Self::Console,
        Self::Admin,
    ];

    /// The name that tokens are made with: `users:read`.
    pub fn name(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::UsersEnroll => "users:enroll",
            Self::DepartmentsWrite => "departments:write",
            Self::ActivityWrite => "activity:write",
            Self::GatewayRead => "gateway:read",
            Self::Scim => "scim",
            Self::Console => "console",
            Self::Admin => "admin",
        }
    }

    /// What it allows, in one sentence for who is about to give it away.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UsersRead => {
                "Read users with their profiles, departments, activity, imports and the client itself."
            }
            Self::UsersWrite => {
                "Create, change, deactivate, delete and restore users, one by one or by an import."
            }
            Self::UsersEnroll => {
                "Create unknown users by reporting their activity, together with activity:write."
            }
            Self::DepartmentsWrite => {
                "Create, change and delete departments, and say who belongs to them."
            }
            Self::ActivityWrite => "Report when users were seen, and where.",
            Self::GatewayRead => {
                "Read users with their profiles through the client's gateway instances."
            }
            Self::Scim => {
                "Provision users and groups through SCIM 2.0: read, create, change and delete them."
            }
            Self::Console => {
                "Sign in to the console, where the token's other scopes say what is shown and done."
            }
            Self::Admin => {
                "Create, change and list clients; in the console also tokens, gateway instances and \
                 OAuth clients."
            }
        }
    }

    /// The scope of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Whether the scope is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// The scopes of the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }

    /// Reads names divided by spaces; names that this release does not know grant nothing.
    pub fn parse(names: &str) -> Self {
        names.split(' ').filter_map(Scope::parse).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(
            scopes
                .into_iter()
                .fold(0, |set, scope| set | 1 << scope as u16),
        )
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(formatter, "{space}{scope}")?;
        }
        Ok(())
    }
}
