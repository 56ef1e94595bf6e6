//! `/scim/v2/{client_id}`: what identity providers write.

mod breaker;
mod bulk;
mod cursors;
mod entra;
mod errors;
mod found;
mod groups;
mod lists;
mod log;
mod okta;
mod pins;
mod runs;
mod search;
mod users;

use rollcall::model::change::Source;
use rollcall::model::client::ClientChange;
use rollcall::model::provisioning::ProvisioningChange;
use rollcall::model::scope::Scope;
use rollcall::operations::caller::Access;
use rollcall::operations::clients;
use rollcall::operations::precondition::Precondition;
use serde_json::{Value, json};

use crate::support::{Answer, Bearer, Caller, Tenant};

/// A client, and an identity provider that provisions it.
struct Provider {
    tenant: Tenant,
    bearer: Bearer,
}

impl Provider {
    async fn new() -> Self {
        let tenant = Tenant::new().await;
        tenant.instance("acme").await;
        let bearer = tenant.token(&[Scope::Scim]).await;
        Self { tenant, bearer }
    }

    fn path(&self, rest: &str) -> String {
        format!("/scim/v2/{}{rest}", self.tenant.id)
    }

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    async fn send(&self, method: &str, rest: &str, body: Value) -> Answer {
        let question = self.bearer.ask(method, &self.path(rest));
        let question = question.header("content-type", "application/scim+json");
        let question = question.header("host", "directory.example.com");
        question.body(body.to_string()).send().await
    }

    async fn get(&self, rest: &str) -> Answer {
        let question = self.bearer.ask("GET", &self.path(rest));
        question.header("host", "directory.example.com").send().await
    }

    /// Whoever sits at the database's own machine.
    fn person(&self) -> Access {
        Access::of_command_line(self.tenant.id, Source::CommandLine)
    }

    async fn settings(&self, provisioning: ProvisioningChange) {
        let change = ClientChange {
            provisioning,
            ..ClientChange::default()
        };
        let app = self.tenant.world.app();
        clients::update(app, &self.person(), change, Precondition::None).await.unwrap();
    }

    async fn delete(&self, rest: &str) -> Answer {
        self.bearer.delete(&self.path(rest)).await
    }

    /// Creates somebody, and says the id.
    async fn user(&self, body: Value) -> String {
        self.send("POST", "/Users", body).await.must_be(201).at("/id")
    }

    async fn patch(&self, id: &str, operations: Value) -> Answer {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send("PATCH", &format!("/Users/{id}"), body).await
    }

    /// The ids that a filter finds.
    async fn found(&self, filter: &str) -> Vec<String> {
        let filter = escaped(filter);
        let found = self.get(&format!("/Users?filter={filter}")).await.must_be(200);
        found.each("/Resources", "/id")
    }

    /// What the Identity Gateway says of somebody.
    async fn gateway(&self, external_id: &str) -> Value {
        let path = format!("/acme/users/{external_id}");
        self.tenant.gateway(&path).await.must_be(200).json()
    }
}

/// A text as a query has it.
fn escaped(text: &str) -> String {
    let bytes = text.bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}
