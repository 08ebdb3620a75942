//! Plain HTML forms: each is turned into the write it stands for, and the answer into a redirection or its page again.
//! It stands around the whole router; handlers take their input by [`Input`] or [`Fields`] and mostly know no forms.
//! What was typed is never lost: a refused form comes back with every field, save for secrets.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use stimmwerk_core::live::MAX_CLIENT_FRAME;
use stimmwerk_core::live::Problem;
use stimmwerk_core::rejection::Code;
use stimmwerk_ui::data::Refused;
use tower::ServiceExt;

use crate::app::AppState;
use crate::guard;
use crate::problem::{self, Answer, Fault};

/// What a form brought beside the fields of the write.
#[derive(Clone, Debug, Default)]
pub struct FormPost {
    /// Its fields, without those that begin with `_` and the ones below.
    pub fields: Vec<(String, String)>,
    /// The command id the page gave it.
    pub idempotency_key: Option<String>,
    /// The local address to go on to.
    pub next: String,
}

/// The header by which a handler says where a form goes on to: see [`redirect_to`].
const REDIRECT: &str = "x-next";

/// Sets where a plain form is redirected to, if the handler knows better than the page: into the forum that was joined.
pub fn redirect_to(response: &mut Response, next: &str) {
    if let Ok(next) = HeaderValue::from_str(next) {
        response.headers_mut().insert(REDIRECT, next);
    }
}

/// Fields that never come back into a page.
const SECRET: [&str; 2] = ["token", "password"];

/// Turns a form post into the write it stands for, and its answer into a page.
pub async fn forms(request: Request, inner: axum::Router) -> Response {
    let is_form = request.method() == Method::POST
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return inner.oneshot(request).await.into_response();
    }
    let lang = guard::language(&request);
    let switch = Switch::of(&request);
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_CLIENT_FRAME).await else {
        return problem::respond(&Fault::of(Code::TooLarge), lang);
    };
    let Ok(pairs) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&body) else {
        return problem::respond(&Fault::bad_request("the form cannot be read"), lang);
    };
    let mut action = parts.uri.path().to_owned();
    let mut form = FormPost { next: "/".to_owned(), ..FormPost::default() };
    let mut chosen = None;
    for (name, value) in pairs {
        match name.as_str() {
            "_method" if switch.is_none() => {
                if let Ok(method @ (Method::PUT | Method::PATCH | Method::DELETE)) = value.parse() {
                    parts.method = method;
                }
            }
            "idempotency_key" => form.idempotency_key = Some(value),
            "next" => form.next = local(&value),
            Switch::FIELD if switch.is_some() => chosen = Some(value),
            _ => form.fields.push((name, value)),
        }
    }
    let cookies = parts.headers.get_all(header::COOKIE).iter().cloned().collect::<Vec<_>>();
    let language = parts.headers.get(header::ACCEPT_LANGUAGE).cloned();
    // The answer is read here, so it must not be compressed.
    let encoding = parts.headers.remove(header::ACCEPT_ENCODING);
    let method = parts.method.clone();
    let mut write = form.clone();
    if let Some(switch) = &switch {
        // Only the choice of the language is written. The other fields go back into the page.
        (write.fields, write.idempotency_key) =
            (chosen.iter().map(|lang| ("lang".to_owned(), lang.clone())).collect(), None);
        // A field with the language of the page says nothing any more.
        form.fields.retain(|(name, value)| name != "lang" || value != lang);
        (action, form.next) = (switch.form.clone(), switch.page.clone());
    }
    parts.extensions.insert(write);
    let response = inner.clone().oneshot(Request::from_parts(parts, Body::empty())).await.into_response();
    let switched = switch.is_some() && response.status().is_success();
    if response.status().is_success() && !switched {
        return see_other(response.headers(), &form.next);
    }
    if response.status().is_redirection() {
        return response;
    }
    // The form was refused, or the language was switched: its page is shown again with what was typed.
    let status = response.status();
    let (set, problem) = if switched {
        (response.headers().get_all(header::SET_COOKIE).iter().cloned().collect(), None)
    } else {
        let body = to_bytes(response.into_body(), MAX_CLIENT_FRAME).await.ok();
        let problem = body.and_then(|body| serde_json::from_slice::<Problem>(&body).ok());
        let Some(problem) = problem else { return status.into_response() };
        (Vec::new(), Some(problem))
    };
    let typed: Vec<(String, String)> =
        form.fields.into_iter().filter(|(name, _)| !SECRET.contains(&name.as_str())).collect();
    let key = form.idempotency_key.map(|key| ("idempotency_key", key));
    let method = Some(method).filter(|method| method != Method::POST).map(|method| ("_method", method.to_string()));
    let beside = key.into_iter().chain(method).chain([("next", form.next.clone())]);
    let again =
        if typed.is_empty() { Vec::new() } else { beside.map(|(name, value)| (name.to_owned(), value)).collect() };
    let again = again.into_iter().chain(typed.iter().cloned()).collect();
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in typed {
        fields
            .entry(name)
            .and_modify(|have| {
                have.push('\n');
                have.push_str(&value);
            })
            .or_insert(value);
    }
    let mut page = Request::new(Body::empty());
    *page.uri_mut() = form.next.parse().unwrap_or_else(|_| Uri::from_static("/"));
    // Of several cookies with one name the first counts, so the new language comes first.
    let fresh = set.iter().filter_map(|set| set.to_str().ok()?.split(';').next()?.parse().ok());
    for cookie in fresh.chain(cookies) {
        page.headers_mut().append(header::COOKIE, cookie);
    }
    if let Some(language) = language {
        page.headers_mut().insert(header::ACCEPT_LANGUAGE, language);
    }
    if let Some(encoding) = encoding {
        page.headers_mut().insert(header::ACCEPT_ENCODING, encoding);
    }
    page.extensions_mut().insert(Refused { action, fields, again, problem });
    let mut response = inner.oneshot(page).await.into_response();
    for cookie in set {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Another language was chosen beside a form that was being filled in: all its fields come along, and go back into its
/// page. See `address::in_language` of the interface.
struct Switch {
    /// Where the form would have been sent.
    form: String,
    /// The address of its page.
    page: String,
}

impl Switch {
    /// The field of the choice. Forms have one of their own for the language of a text.
    const FIELD: &str = "interface";

    fn of(request: &Request) -> Option<Self> {
        let query = request.uri().query().filter(|_| request.uri().path() == "/api/v1/language")?;
        let asked: BTreeMap<String, String> = serde_urlencoded::from_str(query).ok()?;
        // If the page has no place for the fields, it shows a form that sends them to this address.
        let form = asked.get("form").filter(|form| form.starts_with("/api/v1/") && form.parse::<Uri>().is_ok())?;
        Some(Self { form: form.clone(), page: local(asked.get("page")?) })
    }
}

/// A path of this site, or `/`. Nothing a form says may lead elsewhere.
pub fn local(next: &str) -> String {
    let fine = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && !next.starts_with("/api/")
        && next.parse::<Uri>().is_ok();
    if fine { next.to_owned() } else { "/".to_owned() }
}

/// Where joining leads on to: the poll or forum that `next` in the address of its page says, and nothing else.
pub fn onward(page: &str) -> Option<String> {
    let (_, query) = page.split_once('?')?;
    let asked: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
    let (_, next) = asked.into_iter().find(|(name, _)| name == "next")?;
    let (kind, id) = next.strip_prefix('/')?.split_once('/')?;
    let id: uuid::Uuid = id.parse().ok()?;
    // The address is built anew from what was parsed, so nothing that was typed can lead elsewhere.
    matches!(kind, "p" | "f").then(|| format!("/{kind}/{id}"))
}

fn see_other(headers: &HeaderMap, next: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    for cookie in headers.get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    if let Some(what) = headers.get("clear-site-data") {
        response.headers_mut().insert("clear-site-data", what.clone());
    }
    let to = headers.get(REDIRECT).cloned().or_else(|| HeaderValue::from_str(next).ok());
    response.headers_mut().insert(header::LOCATION, to.unwrap_or(HeaderValue::from_static("/")));
    response
}

/// The body of a write: JSON, or the fields of a form (empty ones count as left out).
#[derive(Clone, Copy, Debug)]
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Input<T> {
    type Rejection = Fault;

    async fn from_request(mut request: Request, _app: &AppState) -> Answer<Self> {
        if let Some(form) = request.extensions_mut().remove::<FormPost>() {
            let filled: Vec<(String, String)> =
                form.fields.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
            let encoded = serde_urlencoded::to_string(&filled).map_err(|e| Fault::bad_request(e.to_string()))?;
            return serde_urlencoded::from_str(&encoded).map(Self).map_err(|error| missing(&error.to_string()));
        }
        let body: Bytes =
            to_bytes(request.into_body(), MAX_CLIENT_FRAME).await.map_err(|_| Fault::of(Code::TooLarge))?;
        let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
        serde_json::from_slice(body).map(Self).map_err(|error| missing(&error.to_string()))
    }
}

/// The body of a write whose form has fields that repeat or are numbered: JSON as it is, or the filled fields.
#[derive(Clone, Debug)]
pub enum Fields<T> {
    /// JSON.
    Json(T),
    /// A form, without its empty fields.
    Form(Vec<(String, String)>),
}

impl<T: DeserializeOwned> FromRequest<AppState> for Fields<T> {
    type Rejection = Fault;

    async fn from_request(mut request: Request, app: &AppState) -> Answer<Self> {
        if let Some(form) = request.extensions_mut().remove::<FormPost>() {
            return Ok(Self::Form(form.fields.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()));
        }
        Input::from_request(request, app).await.map(|Input(input)| Self::Json(input))
    }
}

/// An empty text field of a form is a text problem, not a broken request.
fn missing(error: &str) -> Fault {
    if error.contains("missing field `text`") {
        return stimmwerk_core::rejection::Rejection::from(stimmwerk_core::text::TextProblem::Empty).into();
    }
    Fault::bad_request(error)
}

#[cfg(test)]
mod tests {
    use super::{local, onward};

    #[test]
    fn given_an_address_elsewhere_then_it_leads_home() {
        assert_eq!(local("/f/1?topic=2"), "/f/1?topic=2");
        for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/api/v1/me", ""]
        {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }

    #[test]
    fn given_who_joins_on_the_way_to_a_poll_or_forum_then_it_leads_there_and_nowhere_else() {
        let id = "019b7a2c-0000-7000-8000-000000000001";
        for next in [format!("/p/{id}"), format!("/f/{id}")] {
            assert_eq!(onward(&format!("/join?code=abc&next={next}")), Some(next.clone()));
            assert_eq!(onward(&format!("/join?next={}", next.replace('/', "%2F"))), Some(next));
        }
        let elsewhere = [
            "https://evil.example".to_owned(),
            "//evil.example".to_owned(),
            "/\\evil.example".to_owned(),
            "https:evil".to_owned(),
            "javascript:1".to_owned(),
            "/login".to_owned(),
            "/p/".to_owned(),
            format!("//p/{id}"),
            format!("/p/{id}/cards"),
            format!("/p/{id}?card=1"),
            format!("/p/{id}%0d%0aset-cookie: a=b"),
            format!("/api/{id}"),
            format!("p/{id}"),
            String::new(),
        ];
        for next in elsewhere {
            assert_eq!(onward(&format!("/join?next={next}")), None, "{next}");
        }
        assert_eq!(onward("/join"), None);
    }
}
