//! What holds for every request: the origin rules, the headers that keep browsers safe, and words for refusals.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use stimmwerk_core::rejection::Code;
use stimmwerk_ui::data::Refused;

use crate::app::AppState;
use crate::problem::{self, Fault};

/// Refuses writes and sockets from foreign pages (DESIGN §4): they must carry the public origin. A request with a token
/// and no cookie needs none, since no browser sends one by itself.
pub async fn origin(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let unsafe_method = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let socket = request.headers().contains_key(header::SEC_WEBSOCKET_KEY);
    if (unsafe_method || socket) && !is_ours(request.headers(), request.uri(), app.config.public_url.as_deref()) {
        return problem::respond(&Fault::new(StatusCode::FORBIDDEN, Code::Origin), language(&request));
    }
    next.run(request).await
}

fn is_ours(headers: &HeaderMap, uri: &Uri, public_url: Option<&str>) -> bool {
    if crate::gate::bearer(headers).is_some() && !headers.contains_key(header::COOKIE) {
        return true;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
        (Some(origin), None) => {
            let Ok(origin) = origin.to_str() else { return false };
            if let Some(public) = public_url {
                return origin == public;
            }
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let host = host.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
            let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            named.is_some() && named == host
        }
        _ => false,
    }
}

/// Words refusals in the reader's language (as a page, where a page was asked for) and sets what every answer carries.
pub async fn finish(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let lang = language(&request);
    let path = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str).to_owned();
    let refused = request.extensions().get::<Refused>().cloned();
    let mut response = next.run(request).await;
    let fault = response.extensions_mut().remove::<Fault>().or_else(|| refused_by_the_framework(&response));
    if let Some(fault) = fault {
        let is_page = !path.starts_with("/api/") && !path.starts_with("/assets/");
        response = if is_page {
            crate::pages::message(&app, &fault, lang, path, refused).await
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

/// The interface language: asked for, chosen before, or preferred by the browser.
pub fn language<B>(request: &axum::http::Request<B>) -> &'static str {
    let asked = request.uri().query().and_then(|query| {
        serde_urlencoded::from_str::<Vec<(String, String)>>(query)
            .ok()?
            .into_iter()
            .find_map(|(name, value)| (name == "lang").then_some(value))
    });
    let chosen = cookie(request.headers(), "lang");
    let preferred = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked
        .as_deref()
        .and_then(supported)
        .or_else(|| chosen.and_then(supported))
        .or_else(|| preferred.and_then(accepted))
        .unwrap_or(stimmwerk_ui::LANGUAGES[0])
}

fn supported(tag: &str) -> Option<&'static str> {
    let primary = match tag.trim().split('-').next()? {
        // Dari has a tag of its own beside fa-AF.
        dari if dari.eq_ignore_ascii_case("prs") => "fa",
        primary => primary,
    };
    stimmwerk_ui::LANGUAGES.iter().copied().find(|have| have.eq_ignore_ascii_case(primary))
}

/// The best of an `Accept-Language` list (RFC 9110, section 12.5.4).
fn accepted(list: &str) -> Option<&'static str> {
    let mut best: Option<(f32, &'static str)> = None;
    for item in list.split(',').take(20) {
        let (tag, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let quality: f32 = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()).unwrap_or(0.0);
        if let Some(lang) = supported(tag)
            && quality > best.map_or(0.0, |(best, _)| best)
        {
            best = Some((quality, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

/// The host that was asked.
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// A cookie by name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(have, _)| *have == name).map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &str)], public: Option<&str>) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header value"));
        }
        is_ours(&map, &Uri::from_static("/api/v1/live"), public)
    }

    #[test]
    fn given_foreign_missing_or_look_alike_origins_then_they_are_refused() {
        let public = Some("https://stimm.example");
        assert!(asked(&[("origin", "https://stimm.example")], public));
        assert!(asked(&[("origin", "http://127.0.0.1:80"), ("host", "127.0.0.1:80")], None));
        assert!(asked(&[("sec-fetch-site", "same-origin")], public));
        assert!(asked(&[("authorization", "Bearer x")], public));
        for refused in [
            &[("origin", "null")][..],
            &[],
            &[("origin", "https://stimm.example.evil.example")],
            &[("origin", "https://evil-stimm.example")],
            &[("origin", "http://stimm.example")],
            &[("origin", "https://stimm.example"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("authorization", "Bearer x"), ("cookie", "stimmwerk=1")],
            &[("authorization", "Basic eDp5")],
        ] {
            assert!(!asked(refused, public), "{refused:?}");
        }
    }

    #[test]
    fn given_a_preference_list_then_the_best_supported_language_is_taken() {
        for (list, best) in [
            ("xx;q=0.9, en;q=0.8, de;q=0.7", Some("en")),
            ("de-AT, en", Some("de")),
            ("fa-IR,fa;q=0.9,en;q=0.8", Some("fa")),
            ("prs, en;q=0.5", Some("fa")),
            ("ar-SY", Some("ar")),
            ("uk", Some("uk")),
            ("UK-ua , ru ; q=0.9", Some("uk")),
            ("zh-CN, tr ; q=0.2, fr; q=0.4", Some("fr")),
            ("ru;q=0, tr;q=0.1", Some("tr")),
            ("zh-CN, zh;q=0.9", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(accepted(list), best, "{list}");
        }
    }

    #[test]
    fn given_a_request_then_its_address_counts_before_its_cookie_and_that_before_the_browser() {
        let read = |address: &str, cookie: Option<&str>, list: Option<&str>| {
            let mut request = axum::http::Request::get(address);
            for (name, value) in [(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, list)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            language(&request.body(()).expect("a request"))
        };
        assert_eq!(read("/?lang=fr", Some("lang=ar"), Some("uk")), "fr");
        assert_eq!(read("/?lang=zh", Some("a=b; lang=ar"), Some("uk")), "ar");
        assert_eq!(read("/", Some("lang=zh"), Some("fa-IR")), "fa");
        assert_eq!(read("/", None, Some("ar-SY,ar;q=0.9")), "ar");
        assert_eq!(read("/", None, Some("zh-CN,zh;q=0.9")), "de", "nothing fits");
        assert_eq!(read("/", None, None), "de");
    }
}
