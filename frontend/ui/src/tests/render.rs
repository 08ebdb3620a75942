//! Every kind of page as HTML.

use std::collections::BTreeMap;

use stimmwerk_core::forum::{
    AuthorView, ContributionView, ForumView, Header, HiddenView, HideReason, Mode, OwnHidden, OwnView, OwnWaiting,
    TopicView, Totals, Waiting, Window,
};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, ParticipantId, ProcessId, StreamId, TopicId};
use stimmwerk_core::live::{Problem, Seq};
use stimmwerk_core::network::Joining;
use stimmwerk_core::people::Role;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::time::{Timestamp, Zone};
use uuid::Uuid;

use crate::data::{
    Codes, ForumCard, ForumPage, Home, Join, LoginLink, Me, Message, PageData, PageKind, ProcessCard, Refused, Shell,
};
use crate::{LANGUAGES, document, embedded, problem_title, render};

/// Tried in every text.
const HOSTILE: &str = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;</textarea><!--";

const NOW: i64 = 1_795_430_000_000;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 | n)
}

fn texts(text: &str) -> Texts {
    Texts::of(Lang::german(), text)
}

fn contribution(n: u128, name: Option<&str>, text: &str) -> ContributionView {
    ContributionView {
        id: ContributionId(uuid(n)),
        position: n as u64,
        author: AuthorView { name: name.map(Into::into), number: n as u32, role: None, participant: None },
        text: text.into(),
        html: None,
        lang: Some(Lang::german()),
        at: Timestamp(NOW - (100 - n as i64) * 600_000),
        edited: false,
        reply_to: None,
        topic: None,
        support: 0,
        replies: 0,
        waits: false,
        pending: None,
        additions: Vec::new(),
        hall: None,
        addition: None,
        reports: Vec::new(),
        claim: None,
        hidden: None,
    }
}

fn forum_page() -> ForumPage {
    let topic = TopicId(uuid(500));
    let mut first = contribution(40, Some("Amira K."), "Wir brauchen einen Ort, an dem sich alle treffen können.");
    first.support = 12;
    first.replies = 1;
    first.topic = Some(topic);
    let mut reply = contribution(41, Some("Moderation Süd"), "Danke! Welcher Ort wäre gut?");
    reply.author.role = Some(Role::Moderator);
    reply.reply_to = Some(first.id);
    let mut list = contribution(42, None, "Zwei Dinge");
    list.html = Some("<p>Zwei Dinge:</p><ul><li>Räume</li><li>Zeit</li></ul>".to_owned());
    list.edited = true;
    let mut persian = contribution(43, Some("مریم"), "ما به فضای بیشتری نیاز داریم.");
    persian.lang = Lang::try_from("fa".to_owned()).ok();
    let mine = contribution(44, Some("Lena"), "Ich finde das gut.");
    let own = OwnView {
        mine: vec![mine.id],
        supported: vec![first.id],
        waiting: vec![OwnWaiting {
            addition: false,
            id: ContributionId(uuid(60)),
            text: "Noch ein Gedanke von mir.".into(),
            at: Timestamp(NOW),
            reply_to: None,
        }],
        hidden: vec![OwnHidden {
            id: ContributionId(uuid(61)),
            why: HiddenView {
                reason: HideReason::PrivateData,
                note: Some("Bitte ohne Telefonnummer.".into()),
                by: None,
                appeal: None,
            },
        }],
        next_at: None,
    };
    ForumPage {
        stream: StreamId(uuid(1)),
        seq: Seq(90),
        view: ForumView {
            forum: Header {
                id: ForumId(uuid(2)),
                process: ProcessId(uuid(3)),
                title: texts("Wie wollen wir zusammen leben?"),
                mode: Mode::Open,
                until: None,
                waiting: Waiting::FirstOfGuest,
            },
            totals: Totals { contributions: 57, waiting: None },
            topics: vec![
                TopicView { id: topic, title: texts("Räume und Treffpunkte") },
                TopicView { id: TopicId(uuid(501)), title: texts("Sprache") },
            ],
            contributions: vec![mine, persian, list, reply, first],
            waiting: Vec::new(),
            attention: Vec::new(),
            window: Window { from: 40, topic: None },
        },
        own: Some(own),
        moderates: false,
        idempotency_key: CommandId(uuid(77)),
        now: Timestamp(NOW),
        codes: None,
    }
}

fn staff_page() -> ForumPage {
    let mut page = forum_page();
    page.moderates = true;
    for one in &mut page.view.contributions {
        one.author.participant = Some(ParticipantId(uuid(one.position.into())));
    }
    page.view.totals.waiting = Some(2);
    let mut waiting = contribution(50, Some("Yusuf"), "Darf ich auch etwas sagen?");
    waiting.waits = true;
    waiting.author.participant = Some(ParticipantId(uuid(50)));
    page.view.waiting = vec![waiting];
    page.view.contributions[1].pending = Some("Wir brauchen mehr Platz.".into());
    page.view.attention = vec![page.view.contributions[1].clone()];
    let hidden = &mut page.view.contributions[2];
    hidden.hidden = Some(HiddenView { reason: HideReason::Spam, note: None, by: None, appeal: None });
    hidden.text = "".into();
    hidden.html = None;
    page.codes = Some(Codes {
        spoken: "BCDF GHJK".to_owned(),
        url: "https://stimm.example/j/abcdef".to_owned(),
        picture: String::new(),
    });
    page
}

fn page(lang: &str, kind: PageKind) -> PageData {
    PageData {
        lang: lang.to_owned(),
        zone: Zone { offsets: vec![(Timestamp(0), 60)] },
        network: Some(texts("Netzwerk der Vereine")),
        path: match &kind {
            PageKind::Forum(page) => format!("/f/{}", page.view.forum.id),
            PageKind::Moderation(page) => format!("/f/{}/moderation", page.view.forum.id),
            PageKind::Join(_) => "/join?code=BCDFGHJK".to_owned(),
            _ => "/".to_owned(),
        },
        me: Some(Me { name: Some("Lena".to_owned()), guest: true }),
        refused: None,
        page: kind,
    }
}

fn join() -> PageKind {
    PageKind::Join(Join {
        code: "BCDFGHJK".to_owned(),
        process: Some(texts("Unser Land, unsere Stimmen")),
        notice: 1,
        idempotency_key: CommandId(uuid(78)),
    })
}

fn home() -> PageKind {
    let forum = |n, title: &str, state: &str| ForumCard {
        id: ForumId(uuid(n)),
        title: texts(title),
        state: state.to_owned(),
        count: 57,
        last_at: Some(Timestamp(NOW)),
    };
    PageKind::Home(Home {
        processes: vec![ProcessCard {
            id: ProcessId(uuid(3)),
            title: texts("Unser Land, unsere Stimmen"),
            joined: true,
            joining: Joining::Open,
            forums: vec![
                forum(2, "Wie wollen wir zusammen leben?", "open"),
                forum(4, "Sprache und Schule", "locked"),
                forum(5, "Erste Gedanken", "closed"),
            ],
        }],
    })
}

fn problem(code: &str, status: u16) -> Problem {
    let title = problem_title("de", code, &serde_json::Map::new());
    Problem { code: code.to_owned(), status, title, params: serde_json::Map::new() }
}

fn kinds() -> Vec<(&'static str, PageKind)> {
    vec![
        ("home", home()),
        ("join", join()),
        ("forum", PageKind::Forum(Box::new(forum_page()))),
        ("moderation", PageKind::Moderation(Box::new(staff_page()))),
        ("login", PageKind::LoginLink(LoginLink { token: "geheim".to_owned() })),
        ("message", PageKind::Message(Message { problem: problem("not_found", 404) })),
    ]
}

fn shell() -> Shell {
    let assets = ["participant.js", "participant.wasm", "staff.js", "staff.wasm", "loader.js", "style.css", "icon.svg"];
    Shell {
        nonce: "n0nce".to_owned(),
        assets: assets
            .iter()
            .map(|name| {
                let (stem, extension) = name.split_once('.').expect("an extension");
                ((*name).to_owned(), format!("{stem}-1234.{extension}"))
            })
            .collect(),
        data_url: None,
    }
}

/// Tags in order, as `(name, attributes as written)`. Enough of a reader for our own HTML.
fn tags(html: &str) -> Vec<(String, String)> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
        .filter(|tag| !tag.starts_with('!'))
        .map(|tag| {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            (name.to_owned(), attributes.to_owned())
        })
        .collect()
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = attributes.find(&format!("{name}=\""))?;
    let value = &attributes[start + name.len() + 2..];
    value.split('"').next()
}

#[test]
fn given_any_page_in_any_language_then_the_document_is_whole() {
    for lang in LANGUAGES {
        for (name, kind) in kinds() {
            let (staff, lives) = (name == "moderation", kind.lives());
            let html = document(&page(lang, kind), &shell());
            assert!(html.starts_with(&format!("<!DOCTYPE html><html lang=\"{lang}\" dir=\"ltr\">")), "{name}");
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(html.contains("name=\"viewport\"") && html.contains("href=\"/assets/style-1234.css\""));
            assert_eq!(html.contains("data-wasm=\"/assets/staff-1234.wasm\""), staff, "{name}");
            assert_eq!(html.contains("data-wasm=\"/assets/participant-1234.wasm\""), lives && !staff, "{name}");
            assert_eq!(html.contains("<script type=\"application/json\""), lives, "{name}: data only for a program");
            assert!(!html.contains("style=\"") && !html.contains(" onclick"), "{name}: the policy allows no inline");
            let mut open = Vec::new();
            for (tag, _) in tags(
                html.split("<script type=\"application/json\"")
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches("</body></html>"),
            ) {
                let empty = ["meta", "link", "input", "br", "circle/", "path/"];
                match tag.strip_prefix('/') {
                    Some(tag) => assert_eq!(open.pop().as_deref(), Some(tag), "{name}"),
                    None if empty.contains(&tag.as_str()) || ["path", "circle", "use"].contains(&tag.as_str()) => {}
                    None => open.push(tag),
                }
            }
            assert_eq!(open, ["html", "body"], "{name}");
        }
    }
}

#[test]
fn given_any_page_then_ids_are_unique_and_every_field_has_a_label() {
    for (name, kind) in kinds() {
        let html = document(&page("de", kind), &shell());
        let tags = tags(&html);
        let mut ids = std::collections::BTreeSet::new();
        for id in tags.iter().filter_map(|(_, attributes)| attribute(attributes, " id").or(attribute(attributes, "id")))
        {
            assert!(ids.insert(id.to_owned()), "{name}: {id} twice");
        }
        let mut inside_label = false;
        for (tag, attributes) in &tags {
            match tag.as_str() {
                "label" => inside_label = true,
                "/label" => inside_label = false,
                "input" | "textarea" | "select" if attribute(attributes, "type") != Some("hidden") => {
                    let id = attribute(attributes, "id").unwrap_or_default();
                    let labelled =
                        tags.iter().any(|(tag, label)| tag == "label" && attribute(label, "for") == Some(id));
                    assert!(inside_label || labelled, "{name}: {tag} {attributes}");
                }
                _ => {}
            }
            for reference in ["aria-describedby", "aria-labelledby", "for"] {
                for id in attribute(attributes, reference).unwrap_or_default().split(' ').filter(|id| !id.is_empty()) {
                    assert!(ids.contains(id), "{name}: {reference}={id}");
                }
            }
        }
    }
}

#[test]
fn given_any_page_then_every_form_is_a_plain_form() {
    for (name, kind) in kinds() {
        let html = document(&page("de", kind), &shell());
        let mut forms = 0;
        for form in html.split("<form").skip(1) {
            let (opening, rest) = form.split_once('>').expect("an end");
            let body = rest.split("</form>").next().unwrap_or_default();
            let action = attribute(opening, "action").expect("an address");
            assert!(body.contains("<button"), "{name}: {action} has no button");
            if attribute(opening, "method") == Some("post") {
                assert!(action.starts_with("/api/v1/"), "{name}: {action}");
                assert!(body.contains("name=\"next\""), "{name}: {action} leads nowhere");
            } else {
                assert_eq!(action, "/join");
            }
            forms += 1;
        }
        assert!(forms > 0, "{name}");
    }
}

#[test]
fn given_a_forum_page_then_only_the_text_form_has_the_command_id() {
    let html = render(page("de", PageKind::Forum(Box::new(forum_page()))));
    assert_eq!(html.matches("idempotency_key").count(), 1);
    assert!(html.contains(&uuid(77).to_string()));
}

#[test]
fn given_a_forum_page_then_contributions_say_language_direction_and_time() {
    let html = render(page("de", PageKind::Forum(Box::new(forum_page()))));
    assert!(html.contains("<div lang=\"fa\" class=\"text\"><p dir=\"auto\">") || html.contains("lang=\"fa\""));
    assert_eq!(html.matches("<time datetime=\"2026-").count(), 5);
    assert!(html.contains("<bdi class=\"author\">Amira K.</bdi>"));
    assert!(html.contains("Gast 42"), "without a name");
    assert!(html.contains("<ul><li>Räume</li><li>Zeit</li></ul>"), "safe HTML as it is");
    assert!(html.contains("aria-live=\"polite\""), "in the first HTML");
    assert!(html.contains("Antwort an Amira K."));
    assert!(html.contains("Bitte ohne Telefonnummer."));
    assert!(html.contains("?before=40"));
}

#[test]
fn given_a_visitor_then_there_is_a_way_in_and_nothing_to_press() {
    let mut forum = forum_page();
    forum.own = None;
    let mut data = page("de", PageKind::Forum(Box::new(forum)));
    data.me = None;
    let html = render(data);
    assert!(html.contains("href=\"/join\""));
    assert!(!html.contains("<textarea") && !html.contains("/support"));
    assert!(html.contains("<span translate=\"no\" aria-hidden=\"true\">12</span>"), "but the count is seen");
}

#[test]
fn given_a_closed_forum_then_nobody_writes_or_supports() {
    let mut forum = forum_page();
    forum.view.forum.mode = Mode::Closed;
    let html = render(page("de", PageKind::Forum(Box::new(forum))));
    assert!(!html.contains("/support\""));
    let form = html.split("/contributions\"").nth(1).and_then(|rest| rest.split('>').next()).expect("the form");
    assert!(form.contains("hidden"), "{form}");
}

#[test]
fn given_an_address_that_asks_to_reply_or_change_then_the_text_form_is_for_that() {
    for (query, action, kept) in [
        (format!("reply={}", uuid(40)), "/contributions\"".to_owned(), "Sie antworten: Amira K."),
        (format!("edit={}", uuid(44)), format!("/contributions/{}/edit\"", uuid(44)), ">Ich finde das gut.</textarea>"),
        (format!("edit={}", uuid(60)), format!("/contributions/{}/edit\"", uuid(60)), ">Noch ein Gedanke von mir.<"),
        (format!("edit={}", uuid(40)), "/contributions\"".to_owned(), "Ihr Beitrag"),
    ] {
        let mut data = page("de", PageKind::Forum(Box::new(forum_page())));
        data.path = format!("{}?{query}", data.path);
        let html = render(data);
        assert!(html.contains(&action) && html.contains(kept), "{query}");
    }
    let mut data = page("de", PageKind::Forum(Box::new(forum_page())));
    data.path = format!("{}?reply={}", data.path, uuid(40));
    assert!(render(data).contains(&format!("name=\"reply_to\" value=\"{}\"", uuid(40))));
}

#[test]
fn given_a_refused_form_then_it_says_why_and_keeps_what_was_typed() {
    let mut data = page("de", PageKind::Forum(Box::new(forum_page())));
    data.refused = Some(Refused {
        action: format!("/api/v1/forums/{}/contributions", uuid(2)),
        fields: BTreeMap::from([
            ("text".to_owned(), HOSTILE.to_owned()),
            ("reply_to".to_owned(), uuid(40).to_string()),
            ("lang".to_owned(), "en".to_owned()),
        ]),
        problem: problem("forum_locked", 409),
    });
    let html = render(data);
    let form = html.split("<form").find(|form| form.contains("<textarea")).expect("the form");
    assert!(form.contains("role=\"alert\"") && form.contains("Gerade schreibt nur die Moderation."));
    assert!(form.contains("&lt;/script>&lt;script>alert(1)&lt;/script>"), "kept");
    assert!(form.contains(&format!("name=\"reply_to\" value=\"{}\"", uuid(40))));
    assert!(form.contains("<option value=\"en\" selected"));
    assert_eq!(html.matches("role=\"alert\"").count(), 1);

    let mut data = page("de", PageKind::Forum(Box::new(forum_page())));
    data.refused = Some(Refused {
        action: format!("/api/v1/forums/{}/contributions/{}/support", uuid(2), uuid(40)),
        fields: BTreeMap::new(),
        problem: problem("not_found", 404),
    });
    assert_eq!(render(data).matches("role=\"alert\"").count(), 1, "at the top where no text is to be kept");

    let mut data = page("de", join());
    data.refused = Some(Refused {
        action: "/api/v1/join".to_owned(),
        fields: BTreeMap::from([("name".to_owned(), "\"><b>".to_owned()), ("code".to_owned(), "XXXX".to_owned())]),
        problem: problem("code_unknown", 404),
    });
    let html = render(data);
    assert!(html.contains("value=\"&quot;&gt;&lt;b&gt;\"") || html.contains("value=\"&quot;><b>\""), "{html}");
    assert!(html.contains("id=\"code\"") && html.contains("Diesen Code kennen wir nicht."));
}

#[test]
fn given_hostile_words_everywhere_then_they_are_words() {
    let hostile = || Some(HOSTILE.into());
    let mut forum = staff_page();
    forum.view.forum.title = texts(HOSTILE);
    forum.view.topics[0].title = texts(HOSTILE);
    for one in &mut forum.view.contributions {
        one.text = HOSTILE.into();
        one.author.name = hostile();
        one.pending = hostile();
    }
    forum.view.contributions[2].hidden =
        Some(HiddenView { reason: HideReason::Other, note: hostile(), by: None, appeal: None });
    forum.view.waiting[0].text = HOSTILE.into();
    let own = forum.own.as_mut().expect("joined");
    own.waiting[0].text = HOSTILE.into();
    own.hidden[0].why.note = hostile();
    let kinds = [
        PageKind::Forum(Box::new(forum.clone())),
        PageKind::Moderation(Box::new(forum)),
        PageKind::Message(Message { problem: Problem { title: HOSTILE.to_owned(), ..problem("internal", 500) } }),
        PageKind::LoginLink(LoginLink { token: HOSTILE.to_owned() }),
        PageKind::Join(Join {
            code: HOSTILE.to_owned(),
            process: Some(texts(HOSTILE)),
            notice: 1,
            idempotency_key: CommandId(uuid(1)),
        }),
    ];
    for kind in kinds {
        let mut data = page("de", kind);
        data.network = Some(texts(HOSTILE));
        data.me = Some(Me { name: Some(HOSTILE.to_owned()), guest: true });
        data.path = format!("/?x={HOSTILE}");
        data.refused = Some(Refused {
            action: HOSTILE.to_owned(),
            fields: BTreeMap::from([("text".to_owned(), HOSTILE.to_owned())]),
            problem: Problem { title: HOSTILE.to_owned(), ..problem("internal", 500) },
        });
        let shell = Shell { data_url: Some(HOSTILE.to_owned()), ..shell() };
        let html = document(&data, &shell);
        let (body, scripts) = html.split_once("<script type=\"application/json\"").unwrap_or((&html, ""));
        let allowed = "<script type=\"module\" id=\"loader\"";
        assert_eq!(body.matches("<script").count(), body.matches(allowed).count());
        assert!(!body.contains("<img") && !body.contains("<!--"));
        let blocks = if data.page.lives() { 2 } else { 0 };
        assert_eq!(scripts.matches("</script>").count(), blocks, "nothing ends the data but its end");
        assert!(!scripts.contains("<!--"));
    }
}

#[test]
fn given_page_data_when_embedded_then_it_reads_back_the_same() {
    for (name, kind) in kinds().into_iter().filter(|(_, kind)| kind.lives()) {
        let data = PageData { network: None, ..page("de", kind) };
        let json = embedded(&data).expect("plain data");
        assert_eq!(serde_json::from_str::<PageData>(&json).expect(name), data);
    }
}

#[test]
fn given_no_assets_then_the_page_is_plain() {
    let html = document(&page("de", join()), &Shell::default());
    assert!(!html.contains("type=\"module\"") && !html.contains("preload"));
    assert!(html.contains("action=\"/api/v1/join\""));
}

#[test]
fn given_a_staff_page_then_what_waits_can_be_approved_and_what_is_hidden_restored() {
    let html = render(page("de", PageKind::Moderation(Box::new(staff_page()))));
    assert_eq!(html.matches("/approve\"").count(), 2, "a contribution and a change");
    assert_eq!(html.matches("/restore\"").count(), 1);
    assert!(html.contains("BCDF GHJK") && html.contains("https://stimm.example/j/abcdef"));
    assert!(html.contains(&format!("/participants/{}/ban", uuid(50))));
    assert!(html.contains("value=\"private_data\""));
    for state in ["open", "slow", "locked", "closed"] {
        assert!(html.contains(&format!("name=\"state\" value=\"{state}\"")), "{state}");
    }
}

/// Not a test of anything: writes the pages where a browser can look at them.
#[test]
fn write_the_pages_where_asked() {
    let Ok(folder) = std::env::var("STIMMWERK_PAGES") else { return };
    let manifest = std::env::var("STIMMWERK_MANIFEST").ok().and_then(|path| std::fs::read(path).ok());
    let assets: BTreeMap<String, String> =
        manifest.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_else(|| shell().assets);
    for lang in LANGUAGES {
        for (name, kind) in kinds() {
            let shell = Shell { assets: assets.clone(), ..shell() };
            let path = std::path::Path::new(&folder).join(format!("{name}.{lang}.html"));
            std::fs::write(path, document(&page(lang, kind), &shell)).expect("a folder to write to");
        }
    }
}
