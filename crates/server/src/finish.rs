//! What holds for every answer: refusals get words, and every answer gets the headers that keep browsers safe.
//! The router puts it around all handlers.
//! It changes no answer that succeeded, save for its headers.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use stimmwerk_core::rejection::Code;
use stimmwerk_ui::data::Refused;

use crate::app::AppState;
use crate::guard;
use crate::pages;
use crate::problem::{self, Fault};

/// Words refusals in the reader's language (as a page, where a page was asked for) and sets what every answer carries.
pub async fn finish(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let lang = guard::language(&request);
    let path = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str).to_owned();
    let refused = request.extensions().get::<Refused>().cloned();
    let mut response = next.run(request).await;
    let fault = response.extensions_mut().remove::<Fault>().or_else(|| refused_by_the_framework(&response));
    if let Some(fault) = fault {
        let is_page = !path.starts_with("/api/") && !path.starts_with("/assets/");
        response = if is_page {
            pages::message(&app, &fault, lang, path, refused).await
        } else {
            problem::respond(&fault, lang)
        };
    }
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(header::CACHE_CONTROL, "private, no-store");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        header::HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    );
    response
}

/// What was refused before any handler could, or because one failed: the framework says it in plain text.
fn refused_by_the_framework(response: &Response) -> Option<Fault> {
    let plain = response.headers().get(header::CONTENT_TYPE)?.as_bytes().starts_with(b"text/plain");
    let code = match response.status() {
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        status if status.is_client_error() => Code::BadRequest,
        _ => return None,
    };
    plain.then(|| Fault::new(response.status(), code))
}
