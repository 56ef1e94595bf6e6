//! Signing in through an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0
//! 3.1, RFC 7636), by the crate `openidconnect`. Who somebody is says the provider; what they may say
//! the grants of the configuration.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderMap;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AsyncHttpClient, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::Http;
use crate::http::answer::Response;
use crate::http::console::entrance::after;
use crate::http::console::form::{Form, encoded};
use crate::http::console::{Failure, security, see_other};
use crate::http::query::decoded;
use crate::http::router::Asked;
use crate::model::session::{Operator, SESSION_LIFETIME_MS};
use crate::operations::error::Error;
use crate::operations::sessions;

/// Where the provider sends people back to, behind the server's own address.
pub const CALLBACK: &str = "/console/oidc/callback";
/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what the provider says of itself is believed: its keys change now and then.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// The longest answer of the provider's that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Names of groups that are looked at.
const GROUPS_MAX: usize = 10_000;

/// How the provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its issuer identifier; its configuration is found below it (OpenID Connect Discovery 1.0 4).
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret there.
    pub client_secret: String,
    /// The scopes that are asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that has the names of somebody's groups.
    pub groups_claim: String,
    /// The address under which browsers reach this server.
    pub public_url: String,
    /// What the provider is called on the sign-in page.
    pub name: String,
}

/// The provider.
pub struct Provider {
    settings: Settings,
    line: Line,
    known: tokio::sync::Mutex<Option<(Duration, Arc<Known>)>>,
}

/// All claims that the standard has no name for: one of them has the groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OtherClaims {
    #[serde(flatten)]
    all: HashMap<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// The provider as it described itself, and we as it knows us.
type Known = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What is remembered in the browser between going to the provider and coming back.
struct Errand {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
}

impl Errand {
    /// Without what a cookie cannot hold.
    fn to_text(&self) -> String {
        [&self.state, &self.nonce, &self.verifier, &self.next]
            .map(|part| encoded(part))
            .join("!")
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut parts = text
            .split('!')
            .map(|part| Some(decoded(part)?.into_owned()));
        let errand = Self {
            state: parts.next()??,
            nonce: parts.next()??,
            verifier: parts.next()??,
            next: parts.next()??,
        };
        parts.next().is_none().then_some(errand)
    }
}

/// `GET /console/oidc/start`
pub async fn start(http: Arc<Http>, asked: Arc<Asked>) -> Result<Response, Failure> {
    let query = Form::parse(asked.head.uri.query().unwrap_or_default(), &["next"])?;
    let provider = http.oidc.as_ref().ok_or(Failure::NoSuchPage)?;
    security::assert_few_attempts(&http, &asked).await?;
    let client = provider.known(http.app.clock().monotonic()).await?;
    // Of 64 digits each: RFC 7636 4.1 wants 43 characters of a verifier at least.
    let [state, nonce, verifier] = [(); 3].map(|()| sessions::fresh_secret(&http.app).reveal());
    let verifier = PkceCodeVerifier::new(verifier);
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let mut request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        )
        .set_pkce_challenge(challenge);
    for scope in &provider.settings.scopes {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    let (url, state, nonce) = request.url();
    let errand = Errand {
        state: state.secret().clone(),
        nonce: nonce.secret().clone(),
        verifier: verifier.secret().clone(),
        next: after(query.text("next")).to_owned(),
    };
    let mut response = see_other(url.as_str());
    security::keep_errand(&mut response, &errand.to_text());
    Ok(response)
}

/// `GET /console/oidc/callback`
pub async fn callback(http: Arc<Http>, asked: Arc<Asked>) -> Result<Response, Failure> {
    let provider = http.oidc.as_ref().ok_or(Failure::NoSuchPage)?;
    security::assert_few_attempts(&http, &asked).await?;
    let answer = Form::read(asked.head.uri.query().unwrap_or_default())?;
    let errand = errand(&asked.head.headers).ok_or(Failure::NoCookie)?;
    // Whoever was sent here with somebody else's code has another state, or none.
    if answer.text("state") != errand.state {
        return Err(Failure::ForeignForm);
    }
    if let Some(error) = answer.get("error") {
        tracing::info!(error, "the OpenID provider let nobody in");
        return Err(Failure::NotIdentified);
    }
    let code = answer.get("code").ok_or(Failure::NotIdentified)?;
    let operator = provider.operator(&http, code, &errand).await?;
    let session = match sessions::sign_in_operator(&http.app, operator).await {
        Ok(session) => session,
        Err(Error::Unauthorized(_)) => return Err(Failure::NotGranted),
        Err(error) => return Err(error.into()),
    };
    let mut response = see_other(after(&errand.next));
    security::keep_session(&mut response, &session, SESSION_LIFETIME_MS / 1_000);
    security::forget_errand(&mut response);
    Ok(response)
}

fn errand(headers: &HeaderMap) -> Option<Errand> {
    Errand::from_text(security::errand(headers)?)
}

impl Provider {
    /// A provider that is asked when somebody first signs in through it.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            // Whoever could redirect us could make us ask others.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build();
        let failed = |error| Error::Internal(format!("the client of the OpenID provider: {error}"));
        Ok(Self {
            settings,
            line: Line(http.map_err(failed)?),
            known: tokio::sync::Mutex::default(),
        })
    }

    /// What the provider is called.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    async fn known(&self, now: Duration) -> Result<Arc<Known>, Failure> {
        let mut known = self.known.lock().await;
        if let Some((since, client)) = &*known
            && now.saturating_sub(*since) < KEPT
        {
            return Ok(Arc::clone(client));
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(unreachable)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.line).await;
        let client_id = ClientId::new(self.settings.client_id.clone());
        let secret = ClientSecret::new(self.settings.client_secret.clone());
        let back = format!(
            "{}{CALLBACK}",
            self.settings.public_url.trim_end_matches('/')
        );
        let back = RedirectUrl::new(back).map_err(unreachable)?;
        let client =
            Known::from_provider_metadata(metadata.map_err(unreachable)?, client_id, Some(secret));
        let client = Arc::new(client.set_redirect_uri(back));
        *known = Some((now, Arc::clone(&client)));
        Ok(client)
    }

    /// Exchanges a code for who it is that signs in.
    async fn operator(
        &self,
        http: &Http,
        code: &str,
        errand: &Errand,
    ) -> Result<Operator, Failure> {
        let client = self.known(http.app.clock().monotonic()).await?;
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let exchange = exchange.map_err(unreachable)?;
        let verifier = PkceCodeVerifier::new(errand.verifier.clone());
        let tokens = exchange
            .set_pkce_verifier(verifier)
            .request_async(&self.line)
            .await;
        let tokens = tokens.map_err(refused)?;
        let id_token = tokens.id_token().ok_or(Failure::NotIdentified)?;
        // Its signature, issuer, audience, age, and that it was made for this very errand.
        let nonce = Nonce::new(errand.nonce.clone());
        let claims = id_token
            .claims(&client.id_token_verifier(), &nonce)
            .map_err(refused)?;
        let mut name = claims
            .name()
            .and_then(|name| name.get(None))
            .map(|name| name.to_string());
        name = name.or_else(|| claims.email().map(|email| email.to_string()));
        let mut groups = self.groups(&claims.additional_claims().all);
        if groups.is_none() || name.is_none() {
            // Many providers say only there what a token has no room for.
            let subject = Some(claims.subject().clone());
            if let Ok(question) = client.user_info(tokens.access_token().clone(), subject) {
                let info: UserInfoClaims<OtherClaims, CoreGenderClaim> =
                    question.request_async(&self.line).await.map_err(refused)?;
                groups = groups.or_else(|| self.groups(&info.additional_claims().all));
                let told = info
                    .name()
                    .and_then(|name| name.get(None))
                    .map(|name| name.to_string());
                name = name
                    .or(told)
                    .or_else(|| info.email().map(|email| email.to_string()));
            }
        }
        Ok(Operator {
            issuer: claims.issuer().as_str().into(),
            subject: claims.subject().as_str().into(),
            name: name.map(|name| name.chars().take(200).collect::<String>().into()),
            groups: groups.unwrap_or_default(),
        })
    }

    /// The groups among the claims; `None` when they say nothing of groups.
    fn groups(&self, claims: &HashMap<String, Value>) -> Option<Vec<Box<str>>> {
        match claims.get(&self.settings.groups_claim)? {
            Value::String(group) => Some(vec![group.as_str().into()]),
            Value::Array(groups) => {
                let texts = groups.iter().take(GROUPS_MAX).filter_map(Value::as_str);
                Some(texts.map(Into::into).collect())
            }
            _ => None,
        }
    }
}

/// How the provider is asked.
struct Line(reqwest::Client);

impl Line {
    /// One request, and its answer within bounds.
    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let request = reqwest::Request::try_from(request)?;
        let mut response = self.0.execute(request).await?;
        let mut answer = hyper::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await? {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(Unanswered::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        answer.body(body).map_err(|_| Unanswered::TooLong)
    }
}

impl<'l> AsyncHttpClient<'l> for Line {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'l>>;

    fn call(&'l self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// Why the provider did not answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Failed(#[from] reqwest::Error),
    #[error("its answer is too long")]
    TooLong,
}

fn unreachable(error: impl std::error::Error) -> Failure {
    tracing::warn!(error = %chain(&error), "the OpenID provider cannot be asked");
    Failure::NoProvider
}

fn refused(error: impl std::error::Error) -> Failure {
    tracing::warn!(error = %chain(&error), "what the OpenID provider said is not believed");
    Failure::NotIdentified
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_read_as_it_was_written() {
        let errand = Errand {
            state: "s".to_owned(),
            nonce: "n-_".to_owned(),
            verifier: "v~".to_owned(),
            next: "/console/clients/x/users?q=a b!".to_owned(),
        };
        let text = errand.to_text();
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b';')
        );
        let read = Errand::from_text(&text).unwrap();
        assert_eq!((read.state, read.nonce), ("s".to_owned(), "n-_".to_owned()));
        assert_eq!((read.verifier, read.next), ("v~".to_owned(), errand.next));
        for text in ["", "a!b!c", "a!b!c!d!e", "a!b!%ff!d"] {
            assert!(Errand::from_text(text).is_none(), "{text}");
        }
    }
}
