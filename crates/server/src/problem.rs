//! Refusals of requests: a stable code with parameters, and later a sentence in the reader's language.
//! Everything that answers a request returns [`Answer`]; `finish.rs` words a refusal when it leaves.
//! A refusal holds no words and no names of people.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use stimmwerk_core::live::Problem;
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_eventlog::accounts::AccountError;
use stimmwerk_eventlog::log::ReadError;

/// Why a request is refused. Words come when it leaves: see [`Fault::problem`].
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub code: Code,
    /// The code's parameters.
    pub params: Map<String, Value>,
}

/// What handlers and use cases return.
pub type Answer<T> = Result<T, Fault>;

impl Fault {
    /// A refusal without parameters.
    pub fn new(status: StatusCode, code: Code) -> Self {
        Self { status, code, params: Map::new() }
    }

    /// The refusal of a request with this code, which always has the same status. What the rules of the domain refuse is
    /// a [`Rejection`].
    pub fn of(code: Code) -> Self {
        let status = match code {
            Code::BadRequest | Code::IdReserved => StatusCode::BAD_REQUEST,
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden | Code::Origin => StatusCode::FORBIDDEN,
            Code::NotFound | Code::CodeUnknown | Code::ReturnUnknown => StatusCode::NOT_FOUND,
            Code::Hidden | Code::LinkInvalid => StatusCode::GONE,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::Notice => StatusCode::UNPROCESSABLE_ENTITY,
            Code::TooManyRequests | Code::RenamedTooOften => StatusCode::TOO_MANY_REQUESTS,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::NotClosed | Code::OutcomeUnknown | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::CONFLICT,
        };
        Self::new(status, code)
    }

    /// With one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// Nothing there, or nothing the caller may know of: the same answer.
    pub fn not_found() -> Self {
        Self::of(Code::NotFound)
    }

    /// The same to a stranger. It says that nobody is known: perhaps their session has ended.
    pub fn not_here() -> Self {
        Self::not_found().with("known", false)
    }

    /// It was here, and a moderator has hidden it.
    pub fn hidden() -> Self {
        Self::of(Code::Hidden)
    }

    /// Log in or join first.
    pub fn unauthorized() -> Self {
        Self::of(Code::Unauthorized)
    }

    /// Not with this role.
    pub fn forbidden() -> Self {
        Self::of(Code::Forbidden)
    }

    /// The request cannot be read.
    pub fn bad_request(why: impl Into<String>) -> Self {
        Self::of(Code::BadRequest).with("reason", why.into())
    }

    /// Too often; again after some seconds.
    pub fn too_many_requests(retry_after: u64) -> Self {
        Self::of(Code::TooManyRequests).with("retry_after", retry_after)
    }

    /// Something is broken here.
    pub fn internal() -> Self {
        Self::of(Code::Internal)
    }

    /// As it is said to a reader of `lang`.
    pub fn problem(&self, lang: &str) -> Problem {
        Problem {
            code: self.code.as_str().to_owned(),
            status: self.status.as_u16(),
            title: stimmwerk_ui::problem_title(lang, self.code, &self.params),
            params: self.params.clone(),
        }
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        let status = StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::CONFLICT);
        let mut params = match serde_json::to_value(&rejection) {
            Ok(Value::Object(params)) => params,
            _ => Map::new(),
        };
        params.remove("code");
        Self { status, code: rejection.kind(), params }
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "reading failed");
        Self::of(Code::Unavailable)
    }
}

impl From<AccountError> for Fault {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::StorageFull => Self::of(Code::StorageFull),
            // Somebody who was erased while this was under way.
            AccountError::NoPerson => Self::unauthorized(),
            AccountError::Exists => Self::of(Code::Exists),
            AccountError::Storage(why) => {
                tracing::error!(why, "accounts");
                Self::of(Code::Unavailable)
            }
        }
    }
}

/// Until the middleware that knows the reader's language has worded it, a refusal travels as an extension.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The worded refusal.
pub fn respond(fault: &Fault, lang: &str) -> Response {
    let body = serde_json::to_vec(&json!(fault.problem(lang))).unwrap_or_default();
    let mut response = (fault.status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    if let Some(seconds) = fault.params.get("retry_after").and_then(Value::as_u64) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
