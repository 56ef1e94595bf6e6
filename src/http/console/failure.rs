//! What went wrong, as a page that says so and what to do next.

use askama::Template;
use hyper::header::{HeaderName, RETRY_AFTER};
use hyper::{Method, StatusCode};

use crate::http::answer::{self, Response};
use crate::http::body::BodyError;
use crate::http::console::assets;
use crate::http::console::form::address;
use crate::http::console::security;
use crate::http::console::see_other;
use crate::http::observe::RequestId;
use crate::http::request_log::FailureReason;
use crate::http::router::Asked;
use crate::model::invalid::Invalid;
use crate::operations::error::{Error, Noun};

/// Why a page is not what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The directory says no.
    Directory(Error),
    /// The form could not be read.
    Body(BodyError),
    /// Nobody is signed in.
    NotSignedIn,
    /// The form is none that we made for who sends it.
    ForeignForm,
    /// The browser keeps no cookie of ours, or not long enough.
    NoCookie,
    /// The OpenID provider cannot be asked.
    NoProvider,
    /// The OpenID provider did not say who somebody is, or not so that it can be believed.
    NotIdentified,
    /// Somebody's groups are granted nothing.
    NotGranted,
    /// The link belongs to a list that was filtered or sorted differently.
    StaleLink,
    /// Too many attempts.
    TooMany,
    /// There is no such page at all.
    NoSuchPage,
    /// The page does not know the method.
    MethodNotAllowed,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthorized(_) => Self::NotSignedIn,
            error => Self::Directory(error),
        }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Directory(invalid.into())
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page<'a> {
    title: &'static str,
    message: String,
    next: &'static str,
    request_id: &'a str,
}

/// Asks again from a page of ours, so that the browser sends the session's cookie.
#[derive(Template)]
#[template(path = "again.html")]
struct Again<'a> {
    path: &'a str,
}

impl Failure {
    /// The page that says so.
    pub fn render(self, asked: &Asked) -> Response {
        let head = &asked.head;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        if self == Self::NotSignedIn {
            return not_signed_in(asked, path);
        }
        self.page(&asked.id)
    }

    /// The page, whoever asked for what.
    pub fn page(self, id: &RequestId) -> Response {
        let reason = match &self {
            Self::Directory(error) => FailureReason::of(error),
            _ => None,
        };
        let (status, title, message, next) = self.parts();
        let page = Page {
            title,
            message,
            next,
            request_id: id.as_str(),
        };
        let mut response = security::html(status, text_of(&page));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer::set(&mut response, RETRY_AFTER, "1");
        }
        if let Some(reason) = reason {
            response.extensions_mut().insert(reason);
        }
        response
    }

    fn parts(self) -> Parts {
        const HOME: &str = "Begin anew from the console's first page.";
        let (status, title, message, next) = match self {
            Self::Directory(error) => return of_directory(error),
            Self::Body(error) => return of_body(&error),
            Self::NoCookie | Self::NoProvider | Self::NotIdentified | Self::NotGranted => {
                return self.of_entrance();
            }
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "This form is out of date",
                "It was made for another session, or not by this console. Nothing was changed.",
                "Go back, load the page anew, and send it again.",
            ),
            Self::StaleLink => (
                StatusCode::BAD_REQUEST,
                "This link is out of date",
                "It belongs to a list that was filtered or sorted differently.",
                HOME,
            ),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many attempts",
                "Somebody asked too often, from your address or with your token.",
                "Wait a minute, and try it again.",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "That does not work here",
                "The page does not know what to do with this request.",
                HOME,
            ),
            Self::NoSuchPage | Self::NotSignedIn => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The address may be misspelt, or what it was about is gone.",
                HOME,
            ),
        };
        (status, title, message.to_owned(), next)
    }

    /// Why somebody did not get in.
    fn of_entrance(self) -> Parts {
        let (status, title, message, next) = match self {
            Self::NoCookie => (
                StatusCode::FORBIDDEN,
                "Your browser sent no cookie",
                "Signing in needs one. Browsers keep ours only when the console is reached over \
                 HTTPS, or on the server's own machine, and when cookies are allowed.",
                "Open the console by its https:// address, and sign in again.",
            ),
            Self::NoProvider => (
                StatusCode::BAD_GATEWAY,
                "Signing in does not work at present",
                "Your organisation's sign-in service does not answer as it should.",
                "Try it again in a moment, or sign in with a token. What went wrong is in the \
                 server's log.",
            ),
            Self::NotGranted => (
                StatusCode::FORBIDDEN,
                "You may not use this console",
                "You are known, but none of your groups may use it.",
                "Ask whoever runs the server to grant something to a group of yours.",
            ),
            _ => (
                StatusCode::FORBIDDEN,
                "You were not signed in",
                "Your organisation's sign-in service did not let you in, or took too long.",
                "Try it again from the console's first page.",
            ),
        };
        (status, title, message.to_owned(), next)
    }
}

/// A failure's parts: status, title, what happened, what to do next.
type Parts = (StatusCode, &'static str, String, &'static str);

fn of_body(error: &BodyError) -> Parts {
    let (status, message) = match error {
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The form is too long."),
        BodyError::FileTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "The file is too long."),
        BodyError::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "The form did not arrive in time.",
        ),
        BodyError::UnsupportedMediaType | BodyError::NotAFile | BodyError::Invalid(_) => {
            (StatusCode::BAD_REQUEST, "The form could not be read.")
        }
    };
    let next = "Go back, and try it again with what is said here.";
    (status, "That did not work", message.to_owned(), next)
}

fn of_directory(error: Error) -> Parts {
    let message = error.to_string();
    match error {
        Error::NotFound(noun, _) => (
            StatusCode::NOT_FOUND,
            "It is not there",
            format!("There is no such {}, or it is gone.", noun.name_within()),
            match noun {
                Noun::User => "Look for them in the list of users; who was deleted is found by that state.",
                _ => "Begin anew from the console's first page.",
            },
        ),
        Error::Forbidden | Error::Unauthorized(_) => (
            StatusCode::FORBIDDEN,
            "You may not do that",
            "The token that you signed in with does not allow it for this client.".to_owned(),
            "Ask whoever gave you the token for one with more scopes, and sign in with that.",
        ),
        Error::Invalid(invalid) => (
            StatusCode::BAD_REQUEST,
            "That was not understood",
            format!("{}: {}. Nothing was changed.", invalid.field, invalid.reason),
            "Go back, mend it, and send it again.",
        ),
        Error::Degraded(_) => (
            StatusCode::CONFLICT,
            "Nobody can say who is stale",
            format!("{message}. Nothing was changed."),
            "See on the overview which channel is silent, and have its agents report again first.",
        ),
        Error::Conflict(_) | Error::KeyReused => (
            StatusCode::CONFLICT,
            "That does not fit what is there",
            format!("{message}. Nothing was changed."),
            "Go back, load the page anew to see what is there now, and decide again.",
        ),
        Error::PreconditionFailed(_) => (
            StatusCode::PRECONDITION_FAILED,
            "Somebody was quicker",
            format!("{message}, and what you sent was made for how it was before. Nothing was changed."),
            "Go back, load the page anew to see what is there now, and decide again.",
        ),
        Error::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The directory is busy",
            "The database does not answer at the moment. Nothing was changed that was not said to be."
                .to_owned(),
            "Try it again in a moment.",
        ),
        Error::Internal(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            "It is our fault, and it is in the server's log.".to_owned(),
            "Try it again; if it stays so, tell whoever runs the server the number below.",
        ),
    }
}

/// Leads to where one signs in and from there back, if there was only something to be looked at.
fn not_signed_in(asked: &Asked, path: &str) -> Response {
    let headers = &asked.head.headers;
    let reads = matches!(asked.head.method, Method::GET | Method::HEAD);
    if reads && security::came_from_elsewhere(headers) {
        return security::html(StatusCode::OK, text_of(&Again { path }));
    }
    let sign_in = address(
        "/console/sign-in",
        &[("next", if reads { path } else { "" })],
    );
    // A part of a page that a script asks for must not become the sign-in page.
    if headers.contains_key("hx-request") {
        let mut response = answer::empty(StatusCode::UNAUTHORIZED);
        let name = HeaderName::from_static("hx-redirect");
        answer::set(&mut response, name, &sign_in);
        return response;
    }
    see_other(&sign_in)
}

/// A template as text.
pub fn text_of(page: &impl Template) -> String {
    page.render()
        .expect("our templates have no part that fails")
}
