//! From where one may write, how sessions are kept, and the headers that keep browsers safe.

use std::collections::BTreeSet;

use reqwest::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use stimmwerk_client::{Client, Identity};
use stimmwerk_core::network::{CodeKind, Visibility};
use stimmwerk_core::people::Role;
use stimmwerk_eventlog::accounts::PersonKind;

use super::world::{By, Caller, World, code_of, cookie_of};

const PUBLIC: &str = "https://stimm.example";

/// Headers a request comes with, beside cookie and token.
type From = &'static [(&'static str, &'static str)];

/// Under `https://stimm.example`: from where, and may it?
const UNDER_A_PUBLIC_URL: &[(From, bool)] = &[
    (&[("origin", PUBLIC)], true),
    (&[("origin", PUBLIC), ("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "same-origin")], true),
    (&[], false),
    (&[("origin", "")], false),
    (&[("origin", "null")], false),
    (&[("origin", "null"), ("sec-fetch-site", "same-origin")], false),
    (&[("origin", "https://stimm.example.evil.example")], false),
    (&[("origin", "https://evil-stimm.example")], false),
    (&[("origin", "https://stimm.example@evil.example")], false),
    (&[("origin", "https://evil.example/https://stimm.example")], false),
    (&[("origin", "https://sub.stimm.example")], false),
    (&[("origin", "http://stimm.example")], false),
    (&[("origin", "https://stimm.example:8443")], false),
    (&[("origin", "https://stimm.example"), ("origin", "https://evil.example")], false),
    (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
    (&[("origin", "https://evil.example"), ("host", "evil.example")], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "none")], false),
    (&[("referer", "https://stimm.example/")], false),
    (&[("x-forwarded-host", "evil.example"), ("origin", "https://evil.example")], false),
    (&[("authorization", "Basic eDp5")], false),
];

/// Without a public URL the host of the request counts.
const UNDER_ANY_HOST: &[(From, bool)] = &[
    (&[("host", "stimm.local:8080"), ("origin", "http://stimm.local:8080")], true),
    (&[("host", "stimm.local:8080"), ("origin", "https://stimm.local:8080")], true),
    (&[("host", "stimm.local:8080"), ("origin", "http://stimm.local")], false),
    (&[("host", "stimm.local:8080"), ("origin", "http://stimm.local:8081")], false),
    (&[("host", "stimm.local"), ("origin", "http://stimm.local.evil.example")], false),
    (&[("host", "stimm.local"), ("origin", "ftp://stimm.local")], false),
    (&[("host", "stimm.local"), ("origin", "stimm.local")], false),
    (&[("host", "stimm.local"), ("origin", "null")], false),
    (&[("host", "stimm.local")], false),
];

/// How one writes.
#[derive(Clone, Copy, Debug)]
enum Door {
    Rest,
    Form,
    Socket,
}

async fn knock(client: &reqwest::Client, url: &str, door: Door, from: From, more: &[(&str, String)]) -> Response {
    let path = if matches!(door, Door::Socket) { "live" } else { "language" };
    let method = if matches!(door, Door::Socket) { Method::GET } else { Method::POST };
    let mut request = client.request(method, format!("{url}/api/v1/{path}"));
    for (name, value) in from {
        request = request.header(*name, *value);
    }
    for (name, value) in more {
        request = request.header(*name, value);
    }
    request = match door {
        Door::Rest => request.json(&json!({ "lang": "en" })),
        Door::Form => request.header("content-type", "application/x-www-form-urlencoded").body("lang=en"),
        Door::Socket => request
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    };
    request.send().await.expect("an answer")
}

async fn holds(world: &World, table: &[(From, bool)]) {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("HTTP");
    let person = world.person(PersonKind::Account).await;
    let Identity::Bearer(token) = world.speak(person, By::Token).await.identity().clone() else { panic!("a token") };
    let cookie = (COOKIE.as_str(), "stimmwerk=none; lang=de".to_owned());
    let bearer = (AUTHORIZATION.as_str(), format!("Bearer {token}"));
    for door in [Door::Rest, Door::Form, Door::Socket] {
        for (from, may) in table {
            // With a cookie or without, and with a token beside the cookie, the origin counts.
            for more in [&[][..], std::slice::from_ref(&cookie), &[cookie.clone(), bearer.clone()]] {
                let basic = from.iter().any(|(name, _)| *name == "authorization");
                if basic && more.len() == 2 {
                    continue;
                }
                let answer = knock(&http, &world.url, door, from, more).await;
                let (status, page) = (answer.status(), matches!(door, Door::Form));
                assert_eq!(status != StatusCode::FORBIDDEN, *may, "{door:?} {from:?} {}: {status}", more.len());
                if !may && !page {
                    assert_eq!(code_of(&answer.bytes().await.expect("a body")), "origin");
                }
            }
            // No browser sends a token by itself, so one alone needs no origin.
            if !from.iter().any(|(name, _)| *name == "authorization") {
                let answer = knock(&http, &world.url, door, from, std::slice::from_ref(&bearer)).await;
                assert_ne!(answer.status(), StatusCode::FORBIDDEN, "{door:?} {from:?} with a token");
            }
        }
    }
}

#[tokio::test]
async fn given_a_public_url_then_writes_forms_and_sockets_must_carry_it() {
    let world = World::with(|config| config.public_url = Some(PUBLIC.to_owned())).await;
    holds(&world, UNDER_A_PUBLIC_URL).await;
}

#[tokio::test]
async fn given_no_public_url_then_writes_forms_and_sockets_must_come_from_the_host() {
    let world = World::new().await;
    holds(&world, UNDER_ANY_HOST).await;
}

#[tokio::test]
async fn given_reading_then_any_origin_may_ask() {
    let world = World::new().await;
    for origin in ["null", "https://evil.example"] {
        let client = world.visitor();
        let answer = client.request(Method::GET, "/api/v1/processes").header(ORIGIN, origin).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("access-control-allow-origin").is_none());
    }
}

fn attributes(answer: &Response) -> BTreeSet<String> {
    let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let session = cookies.into_iter().find(|cookie| cookie.contains("stimmwerk=")).expect("a session");
    session.split("; ").skip(1).map(str::to_lowercase).collect()
}

#[tokio::test]
async fn given_tls_or_not_then_the_session_cookie_is_as_strict_as_can_be() {
    for public in [None, Some(PUBLIC), Some("http://stimm.example")] {
        let world = World::with(|config| config.public_url = public.map(str::to_owned)).await;
        let place = world.place(Visibility::Code).await;
        let body =
            json!({ "code": world.code(&place, CodeKind::Link), "notice": stimmwerk_core::people::NOTICE_VERSION });
        let http = reqwest::Client::builder().no_proxy().build().expect("HTTP");
        let origin = public.unwrap_or(&world.url);
        let url = format!("{}/api/v1/join", world.url);
        let answer = http.post(url).header(ORIGIN, origin).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        let secure = public == Some(PUBLIC);
        let name = cookie_of(&answer).expect("a session");
        assert_eq!(name.starts_with("__Host-stimmwerk="), secure, "{public:?}");
        let attributes = attributes(&answer);
        for attribute in ["httponly", "samesite=lax", "path=/"] {
            assert!(attributes.contains(attribute), "{public:?}: {attributes:?}");
        }
        assert_eq!(attributes.contains("secure"), secure, "{public:?}");
        assert!(!attributes.iter().any(|attribute| attribute.starts_with("domain")), "{attributes:?}");
    }
}

#[tokio::test]
async fn given_tls_or_not_then_every_cookie_says_so() {
    for public in [None, Some(PUBLIC)] {
        let world = World::with(|config| config.public_url = public.map(str::to_owned)).await;
        let place = world.place(Visibility::Code).await;
        let join =
            json!({ "code": world.code(&place, CodeKind::Link), "notice": stimmwerk_core::people::NOTICE_VERSION });
        let http = reqwest::Client::builder().no_proxy().build().expect("HTTP");
        for (path, body, cookie) in [
            ("/api/v1/language", json!({ "lang": "en" }), "lang=en"),
            ("/api/v1/join", join, "welcome="),
            ("/api/v1/logout", json!({}), "welcome=;"),
        ] {
            let request = http.post(format!("{}{path}", world.url)).header(ORIGIN, public.unwrap_or(&world.url));
            let answer = request.json(&body).send().await.expect("an answer");
            let mut cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
            let set = cookies.find(|set| set.starts_with(cookie)).expect("the cookie");
            assert!(set.contains("; SameSite=Lax; HttpOnly"), "{set}");
            assert_eq!(set.ends_with("; Secure"), public.is_some(), "{set}");
        }
    }
}

#[tokio::test]
async fn given_a_session_when_somebody_logs_in_with_it_then_its_old_id_is_worth_nothing() {
    let world = World::new().await;
    let place = world.place(Visibility::Code).await;
    let guest = world.caller(Caller::Guest, By::Session, &place, &place).await;
    let guest = world.speak(guest, By::Session).await;
    let Identity::Session(before) = guest.identity().clone() else { panic!("a session") };
    let staff = world.caller(Caller::NetworkStaff(Role::Moderator), By::Session, &place, &place).await;
    let link = world.login_link(staff).await;
    let confirm = guest.request(Method::POST, "/api/v1/login/link/confirm").json(&json!({ "token": link }));
    let answer = confirm.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let after = cookie_of(&answer).expect("a new session");
    assert_ne!(before, after);
    let status =
        async |client: &Client| client.request(Method::GET, "/api/v1/me").send().await.expect("an answer").status();
    assert_eq!(status(&guest).await, StatusCode::UNAUTHORIZED);
    let staff = guest.as_identity(Identity::Session(after));
    assert_eq!(status(&staff).await, StatusCode::OK);
    // A link works once, and a session ends where it is ended.
    let again = world.visitor().request(Method::POST, "/api/v1/login/link/confirm").json(&json!({ "token": link }));
    assert_eq!(again.send().await.expect("an answer").status(), StatusCode::GONE);
    let out = staff.request(Method::POST, "/api/v1/logout").send().await.expect("an answer");
    assert_eq!(out.status(), StatusCode::OK);
    assert_eq!(status(&staff).await, StatusCode::UNAUTHORIZED);
    // An id that a stranger brings is not taken over.
    let brought = "stimmwerk=AAAAAAAAAAAAAAAAAAAAAA";
    let stranger = guest.as_identity(Identity::Session(brought.to_owned()));
    let body = json!({ "code": world.code(&place, CodeKind::Link), "notice": stimmwerk_core::people::NOTICE_VERSION });
    let join = stranger.request(Method::POST, "/api/v1/join").json(&body).send().await.expect("an answer");
    assert_ne!(cookie_of(&join).expect("a session"), brought);
}

/// The value of a header, once.
fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let mut values = answer.headers().get_all(name).iter();
    let value = values.next().unwrap_or_else(|| panic!("{} has no {name}", answer.url()));
    assert!(values.next().is_none(), "{} has {name} twice", answer.url());
    value.to_str().expect("words")
}

#[tokio::test]
async fn given_any_answer_then_it_carries_what_keeps_browsers_safe() {
    let world = World::new().await;
    let (hidden, public) = (world.place(Visibility::Code).await, world.place(Visibility::Public).await);
    let staff = world.caller(Caller::NetworkStaff(Role::Admin), By::Session, &hidden, &public).await;
    let staff = world.speak(staff, By::Session).await;
    let mut nonces = BTreeSet::new();
    let mut pages = 0;
    for client in [staff, world.visitor()] {
        for path in [
            "/".to_owned(),
            "/join".to_owned(),
            format!("/j/{}", world.code(&hidden, CodeKind::Link)),
            "/login/link?token=0".to_owned(),
            format!("/f/{}", hidden.forum),
            format!("/f/{}/moderation", hidden.forum),
            format!("/f/{}", public.forum),
            "/nowhere".to_owned(),
            "/join?code=a&code=b".to_owned(),
            "/livez".to_owned(),
            "/api/v1/processes".to_owned(),
            format!("/api/v1/forums/{}", hidden.forum),
            format!("/api/v1/forums/{}?before=x", public.forum),
            "/api/v1/live".to_owned(),
            "/api/v1/nowhere".to_owned(),
        ] {
            let answer = client.request(Method::GET, &path).send().await.expect("an answer");
            assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header(&answer, "referrer-policy"), "same-origin", "{path}");
            assert_eq!(header(&answer, "x-frame-options"), "DENY", "{path}");
            assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin", "{path}");
            assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-origin", "{path}");
            assert_eq!(header(&answer, "cache-control"), "private, no-store", "{path}");
            assert!(!header(&answer, "permissions-policy").is_empty(), "{path}");
            let policy = header(&answer, "content-security-policy").to_owned();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
            for loose in ["unsafe-inline", "'unsafe-eval'", "http:", "https:", "*", "blob:"] {
                assert!(!policy.contains(loose), "{path}: {policy}");
            }
            if !header(&answer, "content-type").starts_with("text/html") {
                continue;
            }
            pages += 1;
            assert_eq!(header(&answer, "x-robots-tag"), "noindex", "{path}");
            let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\'')).expect("a nonce").0;
            assert!(nonce.len() >= 22 && nonces.insert(nonce.to_owned()), "{path}: {nonce}");
            let html = answer.text().await.expect("a page");
            for script in html.split("<script").skip(1) {
                let tag = script.split('>').next().unwrap_or_default();
                assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
                let inline = tag.contains("application/json") || tag.contains("src=\"/assets/");
                assert!(inline, "{path}: an inline script <script{tag}>");
            }
            let lower = html.to_lowercase();
            assert!(!lower.contains("<style") && !lower.contains(" style=") && !lower.contains(" onclick="), "{path}");
            for foreign in ["src=\"http", "src=\"//", "<link rel=\"stylesheet\" href=\"http", "<iframe", "<base"] {
                assert!(!lower.contains(foreign), "{path}: {foreign}");
            }
        }
    }
    assert!(pages > 15, "only {pages} pages were seen");
}

#[tokio::test]
async fn given_a_host_header_made_up_then_no_page_or_redirection_leads_there() {
    let world = World::new().await;
    let place = world.place(Visibility::Public).await;
    for path in ["/".to_owned(), format!("/f/{}", place.forum)] {
        let client = world.visitor();
        let answer = client.request(Method::GET, &path).header(HOST, "evil.example").send().await.expect("an answer");
        assert!(!answer.text().await.expect("a page").contains("evil.example"));
    }
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/%0d%0ax: y"] {
        let body = serde_urlencoded::to_string([("lang", "en"), ("next", next)]).expect("pairs");
        let request = world.visitor().request(Method::POST, "/api/v1/language");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let to = header(&answer, "location");
        assert!(to == "/" || to == "/%0d%0ax: y", "{next} leads to {to}");
    }
}
