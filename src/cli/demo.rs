//! `rollcall serve --demo`: a client to try everything on, with the published examples' own people
//! and a thousand made-up ones.

mod days;
mod names;
pub mod people;

use std::io::Cursor;
use std::net::SocketAddr;

use crate::cli::failure::Failure;
use crate::model::change::Source;
use crate::model::client::NewClient;
use crate::model::id::ClientId;
use crate::model::instance::InstanceName;
use crate::model::page::UserQuery;
use crate::model::rate_limit::Limits;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, NewToken, Secret};
use crate::operations::app::App;
use crate::operations::caller::{Access, AdminAccess};
use crate::operations::import::{self, Format};
use crate::operations::{activity, clients, tokens, users};

/// The database when none was named: the demo's people never get among anybody's own.
pub const DATABASE: &str = "sqlite:rollcall-demo.db";
/// The client of the published examples.
pub const CLIENT: &str = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
/// The instance of the published examples.
pub const INSTANCE: &str = "myinstance1";

/// Reports that are sent at once: a commit each.
const REPORTED_AT_ONCE: usize = 10_000;

const TOKEN_NAME: &str = "demo";
const TOKEN_VALID_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const TOKEN_SCOPES: [Scope; 8] = [
    Scope::UsersRead,
    Scope::UsersWrite,
    Scope::UsersEnroll,
    Scope::DepartmentsWrite,
    Scope::ActivityWrite,
    Scope::GatewayRead,
    Scope::Scim,
    Scope::Console,
];

/// Makes the demo's client and people when the database is empty, and a fresh token in any case.
/// Refuses a database of others.
pub async fn prepare(app: &App) -> Result<Secret, Failure> {
    let admin = AdminAccess::of_command_line();
    let client = ClientId::parse(CLIENT).expect("the published client's id has an id's shape");
    make_client(app, &admin, client).await?;
    let access = Access::of_command_line(client, Source::Import);
    if is_empty(app, &access).await? {
        let lines = Cursor::new(text(app.now()));
        let totals = import::import(app, &access, lines, Format::Jsonl, false, |_| ()).await?;
        tracing::debug!(?totals, "made the demo's people");
        for reports in days::reports(app.now()).chunks(REPORTED_AT_ONCE) {
            let reports = reports.iter().cloned().map(Ok).collect();
            activity::report(app, &access, reports, None).await?;
        }
    }
    fresh_token(app, &admin, client).await
}

async fn make_client(app: &App, admin: &AdminAccess, client: ClientId) -> Result<(), Failure> {
    // Two would be enough to see that the database is somebody's; ours may come late by its id.
    let mut after = None;
    let mut is_empty = true;
    loop {
        let page = clients::list(app, admin, after, 500).await?;
        if page.items.iter().any(|found| found.id == client) {
            return Ok(());
        }
        is_empty &= page.items.is_empty();
        after = page.next.and(page.items.last()).map(|last| last.id);
        if after.is_none() {
            break;
        }
    }
    if !is_empty {
        return Err(Failure::because(
            "--demo is for a database of its own, and this one holds other clients: name another \
             with --database sqlite:FILE",
        ));
    }
    let instance = InstanceName::parse(INSTANCE).expect("the published instance is well named");
    let new = NewClient {
        id: Some(client),
        name: "Example Organisation".into(),
        partner: None,
        enrollment_token: None,
    };
    clients::create_with_instances(app, admin, new, vec![instance]).await?;
    Ok(())
}

async fn is_empty(app: &App, access: &Access) -> Result<bool, Failure> {
    let query = UserQuery::default();
    let count = users::list(app, access, &query, None, 1, |page| page.total_count).await?;
    Ok(count == 0)
}

/// Makes a token and revokes those of earlier starts, so that none pile up.
async fn fresh_token(app: &App, admin: &AdminAccess, client: ClientId) -> Result<Secret, Failure> {
    let former = tokens::list(app, admin).await?;
    let former = former.iter().filter(|token| {
        token.name.as_deref() == Some(TOKEN_NAME)
            && token.clients == ClientSet::One(client)
            && token.revoked_at.is_none()
    });
    for token in former {
        tokens::revoke(app, admin, token.id).await?;
    }
    let new = NewToken {
        name: Some(TOKEN_NAME.into()),
        clients: ClientSet::One(client),
        scopes: TOKEN_SCOPES.to_vec(),
        limits: Limits::default(),
        expires_at: Some(app.now().plus_milliseconds(TOKEN_VALID_MS)),
    };
    let (_, secret) = tokens::create(app, admin, new).await?;
    Ok(secret)
}

fn text(now: Timestamp) -> Vec<u8> {
    let mut text = Vec::new();
    for line in people::lines(now) {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

/// Two requests to paste into a shell, one for each API.
pub fn instructions(address: SocketAddr, token: &Secret) -> String {
    let host = if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    let (token, user, external_id) = (token.reveal(), people::MIKE, people::JOHN);
    format!(
        "curl http://{host}/v2/clients/{CLIENT}/users/{user} -H \"Authorization: Bearer {token}\"\n\
         curl http://{host}/{INSTANCE}/users/{external_id} -H \"Authorization: Bearer {token}\""
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cli::system::{OsEntropy, SystemClock};
    use crate::model::id::UserId;
    use crate::model::page::{SortOrder, UserSort};
    use crate::operations::caller::Caller;
    use crate::operations::days as operations_days;
    use crate::store::{Location, Store};

    async fn app(folder: &tempfile::TempDir) -> App {
        let location = Location::Sqlite(folder.path().join("demo.db"));
        let store = Store::open(&location).await.unwrap();
        let clock = Arc::new(SystemClock::new());
        App::new(store, 1 << 20, clock, Arc::new(OsEntropy))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn each_start_makes_a_token_and_revokes_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder).await;
        let first = prepare(&app).await.unwrap();
        let lines = people::lines(app.now()).count();
        assert_eq!(lines, 12 + 4 + people::GENERATED);
        Caller::authenticate(&app, first.reveal()).await.unwrap();
        let second = prepare(&app).await.unwrap();
        Caller::authenticate(&app, second.reveal()).await.unwrap();
        Caller::authenticate(&app, first.reveal())
            .await
            .unwrap_err();
        let admin = AdminAccess::of_command_line();
        let instances = crate::operations::instances::list(&app, &admin);
        assert_eq!(instances.await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn people_have_days_and_were_last_seen_when_their_lines_say() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder).await;
        prepare(&app).await.unwrap();
        let client = ClientId::parse(CLIENT).unwrap();
        let access = Access::of_command_line(client, Source::Import);
        let mike = UserId::parse(people::MIKE).unwrap();
        let mikes = users::get(&app, &access, mike, |user| user.last_activity.at());
        let published = Timestamp::parse("2026-02-24T21:23:53.082Z");
        assert_eq!(mikes.await.unwrap(), published);
        let query = UserQuery {
            sort: UserSort::LastActivity,
            order: SortOrder::Descending,
            ..UserQuery::default()
        };
        let latest = users::list(&app, &access, &query, None, 10, |page| {
            page.items.iter().map(|user| user.id).collect::<Vec<_>>()
        });
        let mut counts = Vec::new();
        for user in latest.await.unwrap() {
            let seen = operations_days::of_user(&app, &access, user).await.unwrap();
            counts.push(seen.desktop.iter().count() + seen.web.iter().count());
        }
        let often = counts.iter().filter(|count| **count > 30).count();
        assert!(often > 5, "{counts:?}");
    }

    #[tokio::test]
    async fn another_ones_database_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder).await;
        let admin = AdminAccess::of_command_line();
        let new = NewClient {
            id: None,
            name: "Somebody".into(),
            partner: None,
            enrollment_token: None,
        };
        clients::create(&app, &admin, new, None).await.unwrap();
        let refused = prepare(&app).await;
        assert!(matches!(refused, Err(Failure::Because(_))));
        assert!(tokens::list(&app, &admin).await.unwrap().is_empty());
        let page = clients::list(&app, &admin, None, 10).await.unwrap();
        assert_eq!(page.total_count, 1);
    }

    #[test]
    fn the_curl_lines_name_the_port_and_a_host_that_answers() {
        let secret = Secret::from_random(&[7; 64]).unwrap();
        for (address, host) in [
            ("127.0.0.1:41234", "localhost:41234"),
            ("0.0.0.0:80", "localhost:80"),
            ("[::]:80", "localhost:80"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            let lines = instructions(address.parse().unwrap(), &secret);
            let mut lines = lines.lines();
            let token = secret.reveal();
            assert_eq!(
                lines.next().unwrap(),
                format!(
                    "curl http://{host}/v2/clients/aa7cf840-9ca9-46a3-9778-9015d6580d50/users/\
                     a1d97031-04e2-4907-a249-093f7436207b -H \"Authorization: Bearer {token}\""
                )
            );
            assert_eq!(
                lines.next().unwrap(),
                format!(
                    "curl http://{host}/myinstance1/users/1234-5678-9012-3456 \
                     -H \"Authorization: Bearer {token}\""
                )
            );
            assert_eq!(lines.next(), None);
        }
    }
}
