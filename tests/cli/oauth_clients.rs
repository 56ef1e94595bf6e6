//! `rollcall oauth-client`, and a real OAuth client against the built binary.

use std::future::Future;
use std::pin::Pin;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RequestTokenError, Scope,
    TokenResponse, TokenUrl,
};
use serde_json::{Value, json};

use crate::server::Server;
use crate::shell::{CLIENT, Shell, is_moment, keys};

/// Sends what the library makes.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let request = reqwest::Request::try_from(request)?;
    let answer = reqwest::Client::new().execute(request).await?;
    let mut response = HttpResponse::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}

fn sending(
    request: HttpRequest,
) -> Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>> {
    Box::pin(send(request))
}

#[test]
fn a_secret_is_shown_once_and_never_listed() {
    let shell = Shell::with_client();
    let line = format!(
        "oauth-client create --client {CLIENT} --scope scim,gateway:read --name Okta \
         --limit gateway-list=60"
    );
    let created = shell.json(&line);
    let expected = [
        "id",
        "name",
        "client_id",
        "scopes",
        "limits",
        "created_at",
        "revoked_at",
        "last_used_at",
        "client_secret",
    ];
    assert_eq!(keys(&created), expected);
    assert_eq!(created["name"], "Okta");
    assert_eq!(created["client_id"], CLIENT);
    assert_eq!(created["scopes"], json!(["gateway:read", "scim"]));
    assert_eq!(created["limits"], json!({ "gateway-list": 60 }));
    let id = created["id"].as_str().unwrap();
    let rotated = shell.json(&format!("oauth-client rotate {id} --overlap 1h"));
    assert_ne!(rotated["client_secret"], created["client_secret"]);
    let listed = shell.objects("oauth-client list");
    let secrets = listed[0]["secrets"].as_array().unwrap();
    let ends: Vec<bool> = secrets
        .iter()
        .map(|one| is_moment(&one["expires_at"]))
        .collect();
    assert_eq!(ends, [true, false]);
    let text = listed[0].to_string();
    assert!(!text.contains("rc_") && !text.contains("hash"), "{text}");
    // At once there is only the new one.
    shell.json(&format!("oauth-client rotate {id} --at-once"));
    assert_eq!(
        shell.objects("oauth-client list")[0]["secrets"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let revoked = shell.json(&format!("oauth-client revoke {id}"));
    assert!(is_moment(&revoked["revoked_at"]));
    assert_eq!(shell.json(&format!("oauth-client revoke {id}")), revoked);
    let error = shell.error(&format!("oauth-client rotate {id}"));
    assert!(error.contains("was revoked"), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let shell = Shell::with_client();
    for arguments in [
        "create --scope scim".to_owned(),
        format!("create --client {CLIENT}"),
        format!("create --client {CLIENT} --scope scum"),
        format!("rotate {CLIENT} --overlap 1h --at-once"),
        "rotate x".to_owned(),
    ] {
        shell.usage_error(&format!("oauth-client {arguments}"));
    }
    for scope in ["admin", "console"] {
        let line = format!("oauth-client create --client {CLIENT} --scope {scope}");
        let error = shell.error(&line);
        assert!(error.contains("people"), "{error}");
    }
    let error = shell.error(&format!("oauth-client revoke {CLIENT}"));
    assert_eq!(error, format!("error: there is no OAuth client {CLIENT}"));
    assert_eq!(shell.objects("oauth-client list"), Vec::<Value>::new());
}

#[tokio::test]
async fn a_real_oauth_client_gets_a_token_and_reads_with_it() {
    let shell = Shell::with_client();
    shell.json(&format!("instance create acme --client {CLIENT}"));
    let server = Server::start(&shell, "");
    // Made beside the running server, which looks for it.
    let line = format!("oauth-client create --client {CLIENT} --scope gateway:read,scim");
    let created = shell.json(&line);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let url = format!("http://{}/oauth2/token", server.address);
    for (auth_type, scope) in [
        (AuthType::BasicAuth, "gateway:read"),
        (AuthType::RequestBody, "gateway:read scim"),
    ] {
        let client = BasicClient::new(ClientId::new(text(&created["id"])))
            .set_client_secret(ClientSecret::new(text(&created["client_secret"])))
            .set_token_uri(TokenUrl::new(url.clone()).unwrap())
            .set_auth_type(auth_type);
        let exchange = client
            .exchange_client_credentials()
            .add_scope(Scope::new(scope.to_owned()));
        let issued = exchange.request_async(&sending).await.unwrap();
        assert_eq!(issued.expires_in().unwrap().as_secs(), 3_600);
        let scopes = issued.scopes().unwrap().iter().map(|scope| scope.as_str());
        assert_eq!(scopes.collect::<Vec<_>>().join(" "), scope);
        let token = issued.access_token().secret();
        let users = server.json("/acme/users", token).await;
        assert_eq!(users, json!({ "results": [] }));
        let admin = client
            .exchange_client_credentials()
            .add_scope(Scope::new("admin".to_owned()));
        match admin.request_async(&sending).await {
            Err(RequestTokenError::ServerResponse(refused)) => {
                assert_eq!(refused.error().to_string(), "invalid_scope");
            }
            other => panic!("{other:?}"),
        }
    }
}
