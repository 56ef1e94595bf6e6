//! What people may who sign in through their OpenID provider: by the groups that it says they are in.

use std::fmt;

use crate::model::id::ClientId;
use crate::model::scope::{Scope, Scopes};
use crate::model::token::ClientSet;

/// Groups that are granted something at most.
const GRANTS_MAX: usize = 100;

/// What the members of a group may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The group's name, as the provider says it.
    pub group: Box<str>,
    /// For which clients.
    pub clients: ClientSet,
    /// What.
    pub scopes: Scopes,
}

/// What each group may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// Reads `GROUP = all SCOPE…; GROUP = CLIENT_ID SCOPE…`. The error is the rest of a sentence that
    /// begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let grants = parts.map(grant).collect::<Result<Vec<_>, _>>()?;
        if grants.len() > GRANTS_MAX {
            return Err(format!("must not have more than {GRANTS_MAX} grants"));
        }
        Ok(Self(grants))
    }

    /// Whether nobody is granted anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The groups among `named` that something is granted to, each once: of the others nothing needs to
    /// be kept.
    pub fn known<'n>(&self, named: impl IntoIterator<Item = &'n str>) -> Vec<Box<str>> {
        let named: Vec<&str> = named.into_iter().collect();
        let mut known: Vec<Box<str>> = Vec::new();
        for grant in &self.0 {
            if named.contains(&&*grant.group) && !known.contains(&grant.group) {
                known.push(grant.group.clone());
            }
        }
        known
    }

    /// What members of these groups may: for each set of clients all that is granted for it.
    pub fn of(&self, groups: &[Box<str>]) -> Vec<(ClientSet, Scopes)> {
        let mut all: Vec<(ClientSet, Scopes)> = Vec::new();
        for grant in self.0.iter().filter(|grant| groups.contains(&grant.group)) {
            match all
                .iter_mut()
                .find(|(clients, _)| *clients == grant.clients)
            {
                Some((_, scopes)) => *scopes = scopes.iter().chain(grant.scopes.iter()).collect(),
                None => all.push((grant.clients, grant.scopes)),
            }
        }
        all
    }
}

fn grant(text: &str) -> Result<Grant, String> {
    let form =
        "must be grants such as \"GROUP = all console users:read; GROUP = CLIENT_ID console\"";
    let (group, granted) = text.split_once('=').ok_or(form)?;
    let mut words = granted.split_whitespace();
    let clients = match words.next().ok_or(form)? {
        "all" => ClientSet::All,
        id => ClientSet::One(ClientId::parse(id).ok_or(form)?),
    };
    let scope =
        |name: &str| Scope::parse(name).ok_or_else(|| format!("names {name:?}, which is no scope"));
    let scopes: Scopes = words
        .map(scope)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .collect();
    if group.trim().is_empty() || !scopes.contains(Scope::Console) {
        return Err(format!("{form}, each with the scope console"));
    }
    if scopes.contains(Scope::Admin) && clients != ClientSet::All {
        return Err("grants the scope admin, which is for all clients, for one".to_owned());
    }
    Ok(Grant {
        group: group.trim().into(),
        clients,
        scopes,
    })
}

impl fmt::Display for Grants {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, grant) in self.0.iter().enumerate() {
            let divider = if index == 0 { "" } else { "; " };
            write!(formatter, "{divider}{} = ", grant.group)?;
            match grant.clients {
                ClientSet::All => formatter.write_str("all")?,
                ClientSet::One(client) => write!(formatter, "{client}")?,
            }
            write!(formatter, " {}", grant.scopes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "a1d97031-04e2-4907-a249-093f7436207b";

    #[test]
    fn grants_are_read_as_they_are_written() {
        let text =
            format!("Directory admins = all console admin; Help = {CLIENT} users:read console");
        let grants = Grants::parse(&text).unwrap();
        let written =
            format!("Directory admins = all console admin; Help = {CLIENT} users:read console");
        assert_eq!(grants.to_string(), written);
        assert!(Grants::parse(" ; ").unwrap().is_empty());
    }

    #[test]
    fn what_is_granted_twice_for_the_same_clients_adds_up() {
        let text = format!(
            "a = all console users:read; b = all console users:write; b = {CLIENT} console scim"
        );
        let grants = Grants::parse(&text).unwrap();
        let groups = grants.known(["b", "a", "x", "b"]);
        assert_eq!(groups, ["a", "b"].map(Box::<str>::from));
        let all = grants.of(&groups);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].1.to_string(), "users:read users:write console");
        assert!(grants.of(&["x".into()]).is_empty());
    }

    #[test]
    fn what_is_no_grant_is_refused() {
        for text in [
            "a",
            "a =",
            "a = all",
            "a = all users:read",
            "a = everybody console",
            "= all console",
            "a = all console shoes",
            "a = a1d97031-04e2-4907-a249-093f7436207b console admin",
        ] {
            assert!(Grants::parse(text).is_err(), "{text}");
        }
    }
}
