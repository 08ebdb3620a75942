//! What the headers of a request say before anybody is looked up: its origin, its token, its language, its host.
//! `origin` runs before every handler; the gate, forms and pages ask the rest.
//! It reads headers alone and looks nothing up.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use stimmwerk_core::rejection::Code;

use crate::app::AppState;
use crate::cookies;
use crate::problem::{self, Fault};

/// Refuses writes and sockets from foreign pages (DESIGN §4): they must carry the public origin. A request with a token
/// and no cookie needs none, since no browser sends one by itself.
pub async fn origin(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let unsafe_method = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let socket = request.headers().contains_key(header::SEC_WEBSOCKET_KEY);
    if (unsafe_method || socket) && !is_ours(request.headers(), request.uri(), app.config.public_url.as_deref()) {
        return problem::respond(&Fault::of(Code::Origin), language(&request));
    }
    next.run(request).await
}

fn is_ours(headers: &HeaderMap, uri: &Uri, public_url: Option<&str>) -> bool {
    if bearer(headers).is_some() && !headers.contains_key(header::COOKIE) {
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

/// The token of the request, if it has one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The interface language: asked for, chosen before, or preferred by the browser.
pub fn language<B>(request: &axum::http::Request<B>) -> &'static str {
    let asked = request.uri().query().and_then(|query| {
        serde_urlencoded::from_str::<Vec<(String, String)>>(query)
            .ok()?
            .into_iter()
            .find_map(|(name, value)| (name == "lang").then_some(value))
    });
    let chosen = cookies::get(request.headers(), "lang");
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
