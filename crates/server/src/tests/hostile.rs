//! One hostile string in every field there is: pages show it as text, JSON carries it as data, the log holds nothing
//! of it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use stimmwerk_client::{Client, Identity};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::Role;
use stimmwerk_core::text::{TextLimits, clean};
use tracing_subscriber::EnvFilter;

use super::world::{By, Caller, World};

/// Ends what it stands in, in every language of the web, of spreadsheets and of shells.
const HOSTILE: &str = "=cmd|' /C calc'!A1 </script><!--<script>alert(1)</script><img src=x onerror=alert(2)> \
                       \" onmouseover=\"alert(3) ' ` ${7*7} {{7*7}} \u{202E}gnp.exe\u{2066} &lt;b&gt; <svg/onload=alert(4)>";
/// As a title, which is shorter.
const HOSTILE_TITLE: &str =
    "=cmd|'!A1 </script><!--<script>alert(1)</script><img src=x> \" onmouseover=\"alert(3) \u{202E}x";
/// As a name, which has forty characters.
const HOSTILE_NAME: &str = "=A1</script><!--<b>\"'\u{202E}x<img src=x>";

/// What is left of it, without what no text may hold.
fn harmless(text: &str) -> String {
    clean(text, TextLimits::CONTRIBUTION).expect("a text like others").as_str().to_owned()
}

/// Collects what is logged.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic while held")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic while held").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The tags of a page, without what stands in quotes.
fn tags(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for rest in html.split('<').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())) {
        let mut quoted = false;
        let mut tag = String::new();
        for c in rest.chars() {
            match c {
                '"' => quoted = !quoted,
                '>' if !quoted => break,
                c if !quoted => tag.push(c),
                _ => {}
            }
        }
        tags.push(tag);
    }
    tags
}

/// Nothing of it may stand in a page but as text. What is embedded as data has no `<` at all.
fn assert_harmless(what: &str, html: &str) {
    for sign in ["<img", "<svg/", "<!--<", "alert(1)</script>", "<script>", "<b>\""] {
        assert!(!html.contains(sign), "{what} holds {sign}");
    }
    for tag in tags(html) {
        assert!(!tag.contains(" on") && !tag.contains("javascript:"), "{what} holds <{tag}>");
    }
    assert!(!html.contains("href=\"javascript:"), "{what} leads into a script");
    for data in html.split("<script type=\"application/json\"").skip(1) {
        let data = data.split_once("</script>").expect("it ends").0;
        assert!(!data.contains('<'), "{what} embeds what may end it");
    }
}

async fn write(client: &Client, method: Method, path: &str, body: Value) -> Value {
    let answer = client.request(method, &format!("/api/v1{path}")).json(&body).send().await.expect("an answer");
    let status = answer.status();
    let body: Value = answer.json().await.expect("JSON");
    assert!(status.is_success(), "{path}: {status} {body}");
    body
}

// One thread, so that all that is logged meanwhile is heard.
#[tokio::test]
async fn given_a_hostile_text_in_every_field_then_pages_show_it_json_carries_it_and_the_log_is_silent() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("debug,sqlx=warn,hyper=warn,tokio_tungstenite=warn,tungstenite=warn"))
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    tracing::info!("listening");
    let world = World::new().await;
    let place = world.place(Visibility::Public).await;
    let admin = world.caller(Caller::NetworkStaff(Role::Admin), By::Token, &place, &place).await;
    let admin = world.speak(admin, By::Token).await;
    let guest = world.caller(Caller::Guest, By::Session, &place, &place).await;
    let guest = world.speak(guest, By::Session).await;
    let forum = format!("/forums/{}", place.forum);
    let process = format!("/processes/{}", place.process);
    let title = json!({ "title": HOSTILE_TITLE });

    write(&admin, Method::PATCH, "/network", title.clone()).await;
    write(&admin, Method::PATCH, &process, title.clone()).await;
    write(&admin, Method::PATCH, &forum, title.clone()).await;
    let topic = write(&admin, Method::POST, &format!("{forum}/topics"), title.clone()).await;
    write(&admin, Method::POST, "/processes", title.clone()).await;
    write(&admin, Method::POST, &format!("{process}/forums"), title).await;
    let name = json!({ "process": place.process, "name": HOSTILE_NAME, "lang": HOSTILE });
    write(&guest, Method::PATCH, "/me", name).await;
    let body = json!({ "text": HOSTILE, "topic": topic["id"], "lang": "de" });
    let first = write(&guest, Method::POST, &format!("{forum}/contributions"), body).await;
    let id = first["id"].as_str().expect("an id").to_owned();
    let body = json!({ "text": format!("**x** {HOSTILE} [x](javascript:alert(5)) [y](https://e.example/\"onclick=)") });
    let second = write(&guest, Method::POST, &format!("{forum}/contributions"), body).await;
    let second = second["id"].as_str().expect("an id").to_owned();
    write(&guest, Method::POST, &format!("{forum}/contributions/{id}/edit"), json!({ "text": HOSTILE })).await;
    let third = write(&guest, Method::POST, &format!("{forum}/contributions"), json!({ "text": HOSTILE })).await;
    let third = third["id"].as_str().expect("an id").to_owned();
    let hide = json!({ "reason": "other", "note": HOSTILE });
    write(&admin, Method::POST, &format!("{forum}/contributions/{third}/hide"), hide).await;
    write(&admin, Method::POST, &format!("{forum}/waiting"), json!({ "waiting": "all" })).await;
    write(&guest, Method::POST, &format!("{forum}/contributions"), json!({ "text": HOSTILE })).await;
    write(&guest, Method::POST, &format!("{forum}/contributions/{second}/edit"), json!({ "text": HOSTILE })).await;

    // As data, to the last sign.
    let view: Value = admin.read(&forum).await.expect("readable");
    let (view, text) = (&view["view"], harmless(HOSTILE));
    assert_eq!(view["contributions"].as_array().map(Vec::len), Some(3));
    let of = |id: &str| {
        let all = view["contributions"].as_array().expect("a list");
        all.iter().find(|contribution| contribution["id"] == id).expect("it is there").clone()
    };
    assert_eq!(of(&id)["text"], text.as_str());
    assert_eq!(of(&second)["pending"], text.as_str(), "{}", of(&second));
    assert_eq!(of(&second)["links"].as_array().map(Vec::len), Some(1), "only what is an address leads anywhere");
    assert_eq!(of(&second)["links"][0]["href"], "https://e.example/");
    assert_eq!(of(&third)["hidden"]["note"], text.as_str());
    assert_eq!(view["waiting"][0]["text"], text.as_str());
    assert_eq!(view["topics"][0]["title"]["texts"]["de"], harmless(HOSTILE_TITLE));
    assert_eq!(view["forum"]["title"]["texts"]["de"], harmless(HOSTILE_TITLE));
    let named = view["people"][of(&id)["author"].to_string()]["name"].as_str().map(str::to_owned);
    assert_eq!(named.as_deref(), Some(HOSTILE_NAME.replace('\u{202E}', "").as_str()));

    // As text, in every page, also in what a refused form brings back and in what only the address holds.
    let staff = world.caller(Caller::NetworkStaff(Role::Admin), By::Session, &place, &place).await;
    let staff = world.speak(staff, By::Session).await;
    let asked = serde_urlencoded::to_string([("code", HOSTILE)]).expect("pairs");
    let token = serde_urlencoded::to_string([("token", HOSTILE), ("next", HOSTILE)]).expect("pairs");
    let forum_page = format!("/f/{}", place.forum);
    for path in [
        "/".to_owned(),
        forum_page.clone(),
        format!("{forum_page}?{asked}&topic={}", topic["id"].as_str().expect("an id")),
        format!("{forum_page}/moderation"),
        format!("/join?{asked}"),
        format!("/j/{}", asked.trim_start_matches("code=").replace('+', "%20")),
        format!("/login/link?{token}"),
        format!("/nowhere/{}", asked.trim_start_matches("code=").replace('+', "%20")),
    ] {
        for client in [&guest, &staff, &world.visitor()] {
            let answer = client.request(Method::GET, &path).send().await.expect("an answer");
            let html = answer.text().await.expect("a page");
            assert!(html.contains("</html>"), "{path} is no whole page");
            assert_harmless(&path, &html);
            // What somebody else wrote turns no letters around. Their own address and typing come back as they are.
            if path.starts_with("/f/") || path == "/" {
                assert!(!html.contains(['\u{202E}', '\u{2066}', '\u{2028}']), "{path} holds a control");
            }
        }
    }
    let shown = staff.request(Method::GET, &forum_page).send().await.expect("an answer").text().await.expect("a page");
    assert!(shown.contains("&lt;img src=x onerror=alert(2)&gt;"), "it is not shown as text");
    for (path, next) in [
        (format!("{forum}/contributions"), forum_page.clone()),
        (format!("{forum}/contributions/{id}/edit"), format!("{forum_page}?edit={id}")),
        ("/join".to_owned(), "/join".to_owned()),
        ("/language".to_owned(), "/".to_owned()),
        ("/login/link/confirm".to_owned(), "/login/link".to_owned()),
        (format!("{forum}/state"), format!("{forum_page}/moderation")),
        (format!("{forum}/contributions/{id}/hide"), format!("{forum_page}/moderation")),
    ] {
        let long = HOSTILE.repeat(20);
        let fields: Vec<(&str, &str)> =
            ["text", "name", "code", "lang", "state", "reason", "note", "token", "title", "reply_to", "topic", HOSTILE]
                .into_iter()
                .map(|name| (name, long.as_str()))
                .chain([("next", next.as_str())])
                .collect();
        let body = serde_urlencoded::to_string(fields).expect("pairs");
        let request = staff.request(Method::POST, &format!("/api/v1{path}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        assert_harmless(&path, &answer.text().await.expect("a page"));
    }

    // Nothing of it is logged, nor who they are, nor what they show at the door.
    world.app.run_follow_ups().await;
    let logged = log.text();
    let mut secrets = vec!["alert(".to_owned(), "onmouseover".to_owned(), "example.org".to_owned(), "calc".to_owned()];
    for client in [&guest, &admin, &staff] {
        match client.identity() {
            Identity::Bearer(secret) => secrets.push(secret.clone()),
            Identity::Session(cookie) => secrets.push(cookie.split_once('=').expect("a pair").1.to_owned()),
            Identity::Nobody => {}
        }
    }
    assert!(logged.contains("listening"));
    for secret in secrets {
        assert!(!logged.contains(&secret), "{secret} was logged:\n{logged}");
    }
}
