//! What clients are called, for pages that are about several of them.

use std::collections::HashMap;

use crate::http::console::shown::Choice;
use crate::http::console::{Call, Failure};
use crate::model::id::ClientId;
use crate::model::invalid::Invalid;
use crate::operations::caller::AdminAccess;
use crate::operations::clients;

/// Clients that a list offers. Where there are more, one is named by its id.
const NAMED_MAX: usize = 500;

/// Clients by their ids.
pub(super) struct ClientNames {
    names: HashMap<ClientId, String>,
    is_whole: bool,
}

/// Where a form asks for a client: a list, or a field for the id of one of very many.
pub(super) struct ClientField {
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) typed: String,
}

impl ClientNames {
    /// The names of all clients, or of the first ones.
    pub(super) async fn of(call: &Call, access: &AdminAccess) -> Result<Self, Failure> {
        let listed = clients::list(call.app(), access, None, NAMED_MAX).await?;
        let names = listed.items.into_iter();
        Ok(Self {
            is_whole: listed.next.is_none(),
            names: names
                .map(|client| (client.id, client.name.into()))
                .collect(),
        })
    }

    /// The client's name, or the id where that is not at hand.
    pub(super) fn name(&self, client: ClientId) -> String {
        let name = self.names.get(&client).cloned();
        name.unwrap_or_else(|| client.to_string())
    }

    /// The field, with `before` its other choices, and what was chosen or typed.
    pub(super) fn field(&self, before: &[(&str, &str)], typed: &str) -> ClientField {
        let choice = |value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            is_chosen: value == typed,
        };
        let mut named: Vec<Choice> = self
            .names
            .iter()
            .map(|(id, name)| choice(id.as_str(), name))
            .collect();
        named.sort_by_cached_key(|choice| (choice.label.to_lowercase(), choice.value.clone()));
        let before = before.iter().map(|(value, label)| choice(value, label));
        ClientField {
            choices: self.is_whole.then(|| before.chain(named).collect()),
            typed: typed.to_owned(),
        }
    }
}

/// The client that a form names.
pub(super) fn client_of(call: &Call) -> Result<ClientId, Invalid> {
    let text = call.form.text("client").trim();
    let refused = || Invalid::new("client", "choose a client");
    ClientId::parse(text).ok_or_else(refused)
}
