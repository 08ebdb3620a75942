//! Every kind of page as HTML.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

use stimmwerk_core::forum::{
    AdditionView, AppealView, ContributionView, FloorEntryView, FloorView, HallView, HiddenView, HideReason, Mode,
    OwnHidden, OwnRefused, OwnView, OwnWaiting, PersonView, SpeakingView, TopicView, Totals, Waiting,
};
use stimmwerk_core::ids::{CommandId, ContributionId, FloorId, ForumId, ParticipantId, ProcessId, TopicId};
use stimmwerk_core::json;
use stimmwerk_core::links::Link;
use stimmwerk_core::live::Problem;
use stimmwerk_core::network::Joining;
use stimmwerk_core::people::Role;
use stimmwerk_core::poll::Phase;
use stimmwerk_core::rejection::Code;
use stimmwerk_core::said::Lang;
use stimmwerk_core::tally::Method;
use stimmwerk_core::time::{Timestamp, Zone};

use super::{Kind, boxed, markup};
use crate::data::{Me, PageData, Refused, Shell};
use crate::page::{Document, LivePage, embedded};
use crate::pages::{
    Codes, DeskPage, ForumCard, ForumPage, Home, Join, ListPage, LoginLink, Message, Place, PollPage, ProcessCard,
    ReportPage, Return, ThreadPage, Welcome,
};
use crate::sample::{self, HOSTILE, NOW, me, texts, uuid};
use crate::words::Words;
use crate::{LANGUAGES, direction, document, problem_title};

fn contribution(n: u64, text: &str) -> ContributionView {
    ContributionView { at: Timestamp(NOW - (100 - n as i64) * 600_000), ..sample::contribution(n, text) }
}

fn hidden(n: u128, appeal: Option<bool>) -> OwnHidden {
    let appeal = appeal.map(|rejected| AppealView {
        text: "Das ist meine eigene Nummer.".into(),
        at: Timestamp(NOW),
        rejected,
        note: rejected.then(|| "Sie steht hier für alle.".into()),
    });
    let note = Some("Bitte ohne Telefonnummer.".into());
    OwnHidden {
        id: ContributionId(uuid(n)),
        text: format!("Meine Worte {n}").into(),
        at: Timestamp(NOW),
        why: HiddenView { reason: HideReason::PrivateData, note, by: None, appeal },
    }
}

fn forum_page() -> ForumPage {
    let topic = TopicId(uuid(500));
    let mut first = contribution(40, "Wir brauchen einen Ort, an dem sich alle treffen können.");
    first.support = 12;
    first.replies = 1;
    first.topic = Some(topic);
    let mut reply = contribution(41, "Danke! Welcher Ort wäre gut?");
    reply.reply_to = Some(first.id);
    let mut list = contribution(42, "Zwei *Dinge*:\n\n- Räume\n- Zeit");
    list.edited = true;
    let mut persian = contribution(43, "ما به فضای بیشتری نیاز داریم.");
    persian.lang = Lang::try_from("fa".to_owned()).ok();
    let mut mine = contribution(44, "Ich finde das gut.");
    mine.additions = vec![AdditionView { text: "Und zwar sehr.".into(), links: Vec::new(), at: Timestamp(NOW) }];
    let mut hall = contribution(45, "Wir brauchen einen Bus am Abend.");
    hall.hall = Some(HallView { name: Some("Karin".into()) });
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
        hidden: vec![hidden(61, None), hidden(62, Some(false)), hidden(63, Some(true))],
        refused: Vec::new(),
        next_at: None,
        floor: None,
        name_waits: false,
    };
    let mut page = sample::forum_page(vec![hall, mine, persian, list, reply, first]);
    let guests = [(40, "Amira K."), (43, "مریم"), (44, "Lena")];
    page.view.people = sample::people(guests);
    let moderator = PersonView { name: Some("Moderation Süd".into()), role: Some(Role::Moderator), participant: None };
    page.view.people.0.extend([(41, moderator.clone()), (45, moderator)]);
    page.view.forum.waiting = Waiting::FirstOfGuest;
    page.view.totals = Totals { contributions: 57, waiting: None };
    page.view.topics = vec![
        TopicView { id: topic, title: texts("Räume und Treffpunkte") },
        TopicView { id: TopicId(uuid(501)), title: texts("Sprache") },
    ];
    page.own = Some(own);
    page
}

fn staff_page() -> DeskPage {
    let mut page = forum_page();
    page.moderates = true;
    page.view.people.0.extend(sample::people([(50, "Yusuf")]).0);
    for (number, person) in &mut page.view.people.0 {
        person.participant = Some(ParticipantId(uuid(u128::from(*number))));
    }
    page.view.totals.waiting = Some(2);
    let mut waiting = contribution(50, "Darf ich auch etwas sagen?");
    waiting.waits = true;
    page.view.waiting = vec![waiting];
    page.view.contributions[2].pending = Some("Wir brauchen mehr Platz.".into());
    page.view.attention = vec![page.view.contributions[2].clone()];
    let hidden = &mut page.view.contributions[3];
    hidden.hidden = Some(HiddenView { reason: HideReason::Spam, note: None, by: None, appeal: None });
    hidden.text = "".into();
    let codes = Codes {
        spoken: "BCDF GHJK".to_owned(),
        url: "https://stimm.example/j/abcdef".to_owned(),
        picture: String::new(),
    };
    DeskPage { forum: page, codes: Some(codes), polls: Vec::new() }
}

pub(super) fn page(lang: &str, kind: Kind) -> PageData<Kind> {
    PageData {
        lang: lang.to_owned(),
        zone: Zone { offsets: vec![(Timestamp(0), 60)] },
        network: Some(texts("Netzwerk der Vereine")),
        path: path_of(&*kind),
        me: Some(Me { guest: true, ..me("Lena") }),
        refused: None,
        page: kind,
    }
}

/// The address of a page, where a test cares.
fn path_of(kind: &dyn Document) -> String {
    let kind: &dyn Any = kind;
    if let Some(page) = kind.downcast_ref::<ForumPage>() {
        format!("/f/{}", page.view.forum.id)
    } else if let Some(page) = kind.downcast_ref::<DeskPage>() {
        format!("/f/{}/moderation", page.forum.view.forum.id)
    } else if kind.is::<Join>() {
        "/join?code=BCDFGHJK".to_owned()
    } else if let Some(page) = kind.downcast_ref::<ListPage>() {
        format!("/f/{}/list?q=Ort&sort=supported", page.place.forum.id)
    } else if let Some(page) = kind.downcast_ref::<ThreadPage>() {
        format!("/f/{}/c/{}", page.place.forum.id, page.this)
    } else if let Some(page) = kind.downcast_ref::<ReportPage>() {
        format!("/f/{}/c/{}/report", page.place.forum.id, page.contribution.id)
    } else if let Some(page) = kind.downcast_ref::<PollPage>() {
        page.view.poll.as_ref().map_or_else(String::new, |poll| format!("/p/{}", poll.id))
    } else {
        "/".to_owned()
    }
}

/// The program of a page; `None`: it does not live.
fn program_of(kind: &dyn Document) -> Option<&'static str> {
    let kind: &dyn Any = kind;
    let programs = [
        (kind.is::<ForumPage>(), ForumPage::PROGRAM),
        (kind.is::<PollPage>(), PollPage::PROGRAM),
        (kind.is::<DeskPage>(), DeskPage::PROGRAM),
    ];
    programs.into_iter().find(|(is, _)| *is).map(|(_, program)| program)
}

fn join() -> Kind {
    boxed(Join {
        code: "BCDFGHJK".to_owned(),
        process: Some(texts("Unser Land, unsere Stimmen")),
        notice: 1,
        idempotency_key: CommandId(uuid(78)),
    })
}

fn home_page() -> Home {
    let forum = |n, title: &str, state: &str| ForumCard {
        id: ForumId(uuid(n)),
        title: texts(title),
        state: state.to_owned(),
        count: 57,
        last_at: Some(Timestamp(NOW)),
    };
    Home {
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
    }
}

fn home() -> Kind {
    boxed(home_page())
}

fn place() -> Place {
    sample::place(forum_page())
}

fn list_page() -> ListPage {
    let found = forum_page().view.contributions;
    let topic = Some(TopicId(uuid(501)));
    ListPage {
        place: place(),
        sort: "supported".to_owned(),
        words: "Ort".to_owned(),
        topic,
        total: found.len(),
        after: 0,
        found,
    }
}

fn thread_page() -> ThreadPage {
    let mut all = forum_page().view.contributions;
    all.reverse();
    ThreadPage { place: place(), this: all[1].id, thread: all[..4].to_vec() }
}

fn report_page(sent: bool) -> Kind {
    let contribution = thread_page().thread.remove(0);
    boxed(ReportPage { place: place(), contribution, sent })
}

fn welcome(code: Option<&str>) -> Kind {
    boxed(Welcome {
        process: ProcessId(uuid(3)),
        title: texts("Unser Land, unsere Stimmen"),
        code: code.map(str::to_owned),
        picture: code.map(|_| "<svg viewBox=\"0 0 9 9\"><path d=\"M0 0h3v3z\"/></svg>".to_owned()),
        forums: home_page().processes[0].forums[..1].to_vec(),
        next: None,
    })
}

pub(super) fn problem(code: &str, status: u16) -> Problem {
    let title = problem_title("de", Code::of(code).expect("a code"), &serde_json::Map::new());
    Problem { code: code.to_owned(), status, title, params: serde_json::Map::new() }
}

fn kinds() -> Vec<(&'static str, Kind)> {
    let mut kinds = super::poll::kinds();
    kinds.extend([
        ("home", home()),
        ("join", join()),
        ("forum", boxed(forum_page())),
        ("hall", boxed(hall_page(Some(701), true))),
        ("moderation", boxed(staff_page())),
        ("welcome", welcome(Some("apfel-lampe-regen-tisch-vogel"))),
        ("welcome-again", welcome(None)),
        ("return", boxed(Return { code: "apfel-lampe-regen-tisch".to_owned() })),
        ("list", boxed(list_page())),
        ("thread", boxed(thread_page())),
        ("report", report_page(false)),
        ("reported", report_page(true)),
        ("login", boxed(LoginLink { token: "geheim".to_owned(), next: "/".to_owned() })),
        ("message", boxed(Message { problem: problem("not_found", 404) })),
    ]);
    kinds
}

pub(super) fn shell() -> Shell {
    let programs = ["forum.js", "forum.wasm", "poll.js", "poll.wasm", "desk.js", "desk.wasm"];
    let assets = programs.into_iter().chain(["loader.js", "style.css", "icon.svg"]);
    Shell {
        nonce: "n0nce".to_owned(),
        assets: assets
            .map(|name| {
                let (stem, extension) = name.split_once('.').expect("an extension");
                (name.to_owned(), format!("{stem}-1234.{extension}"))
            })
            .collect(),
        data_url: None,
    }
}

/// Tags in order, as `(name, attributes as written)`. Enough of a reader for our own HTML.
pub(super) fn tags(html: &str) -> Vec<(String, String)> {
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

pub(super) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = attributes.find(&format!("{name}=\""))?;
    let value = &attributes[start + name.len() + 2..];
    value.split('"').next()
}

#[test]
fn given_any_page_in_any_language_then_the_document_is_whole() {
    for lang in LANGUAGES {
        for (name, kind) in kinds() {
            let (staff, program) = (name == "moderation", program_of(&*kind));
            let lives = program.is_some();
            // Staff words are in two languages.
            let shown = if staff && *lang != "de" { "en" } else { *lang };
            let html = document(&page(lang, kind), &shell());
            assert!(
                html.starts_with(&format!("<!DOCTYPE html><html lang=\"{shown}\" dir=\"{}\">", direction(shown))),
                "{name}"
            );
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(html.contains("name=\"viewport\"") && html.contains("href=\"/assets/style-1234.css\""));
            assert_eq!(html.contains(" data-wasm="), lives, "{name}");
            for one in ["forum", "poll", "desk"] {
                let loads = html.contains(&format!(" data-wasm=\"/assets/{one}-1234.wasm\""));
                assert_eq!(loads, program == Some(one), "{name}: {one}");
            }
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

/// Enter presses the first button of a form: that must not be one of the choice of language.
#[test]
fn given_a_page_that_people_write_on_then_another_language_takes_their_form_along_and_enter_still_sends_it() {
    let mut typed = 0;
    for (name, kind) in kinds() {
        let html = document(&page("de", kind), &shell());
        let Some(form) =
            tags(&html).into_iter().find(|(tag, attributes)| tag == "form" && attributes.contains("data-typed"))
        else {
            assert!(!html.contains("formaction=\"/api/v1/language"), "{name}");
            continue;
        };
        typed += 1;
        let id = attribute(&form.1, "id").expect("an id");
        let buttons = tags(&html)
            .into_iter()
            .filter(|(tag, attributes)| tag == "button" && attribute(attributes, "form") == Some(id));
        let buttons: Vec<_> = buttons.map(|(_, attributes)| attributes).collect();
        assert!(!buttons[0].contains("formaction") && buttons[0].contains("data-enter"), "{name}: {}", buttons[0]);
        assert_eq!(buttons.len(), LANGUAGES.len() + 1, "{name}");
        for button in &buttons[1..] {
            assert!(
                button.contains("formaction=\"/api/v1/language?form=/api/v1/") && button.contains("formnovalidate"),
                "{name}: {button}"
            );
        }
    }
    assert!(typed > 4, "{typed}");
}

#[test]
fn given_what_looks_like_markup_then_it_is_shown_as_typed_and_addresses_can_be_pressed() {
    let text = "Bürger*innen, 5*3 und 4*2:\n\n1. Müller\n7. <b> https://müller.de/x";
    let mut forum = forum_page();
    let one = &mut forum.view.contributions[0];
    one.text = text.into();
    let from = text.find("https").expect("an address") as u32;
    one.links = vec![Link {
        from,
        to: text.len() as u32,
        href: "https://xn--mller-kva.de/x".to_owned(),
        host: Some("xn--mller-kva.de".to_owned()),
    }];
    let html = markup(page("de", boxed(forum)));
    let shown =
        html.split("class=\"text plain-text\"").nth(1).and_then(|rest| rest.split("</div>").next()).expect("a text");
    assert!(shown.contains("Bürger*innen, 5*3 und 4*2:\n\n1. Müller\n7. &lt;b&gt; "), "{shown}");
    assert!(shown.contains("href=\"https://xn--mller-kva.de/x\""), "{shown}");
    assert!(shown.contains("rel=\"nofollow ugc noreferrer\"") && shown.contains(">https://müller.de/x"), "{shown}");
    assert!(shown.contains("(xn--mller-kva.de)</"), "{shown}");
}

#[test]
fn given_a_staff_page_for_a_reader_of_another_language_then_all_of_it_is_english() {
    let mut data = page("ar", boxed(staff_page()));
    let title = problem_title("ar", Code::NotFound, &serde_json::Map::new());
    let refused = Problem { title: title.clone(), ..problem("not_found", 404) };
    data.refused =
        Some(Refused { action: String::new(), again: Vec::new(), fields: BTreeMap::new(), problem: Some(refused) });
    let html = document(&data, &shell());
    assert!(html.contains("We cannot find this.") && !html.contains(&title));
    assert!(html.contains("value=\"ar\" lang=\"ar\" dir=\"rtl\" aria-pressed=\"true\""), "the choice is seen");
    assert!(html.contains("\"lang\":\"en\""), "the program reads it so");
}

#[test]
fn given_the_choice_of_languages_then_each_says_its_own_name_in_order() {
    for kind in [home(), join()] {
        let html = document(&page("fa", kind), &shell());
        let names: Vec<_> = html
            .split("<button ")
            .skip(1)
            .map(|rest| rest.split_once('>').expect("an end"))
            .filter(|(attributes, _)| {
                ["name=\"lang\"", "name=\"interface\""].iter().any(|name| attributes.contains(name))
            })
            .map(|(attributes, rest)| {
                let lang = attribute(attributes, "lang").expect("a language");
                assert_eq!(attribute(attributes, "dir"), Some(direction(lang)));
                assert_eq!(attributes.contains("aria-pressed=\"true\""), lang == "fa");
                rest.split('<').next().unwrap_or_default().trim()
            })
            .collect();
        assert_eq!(
            names,
            ["Deutsch", "English", "العربية", "فارسی / دری", "Français", "Русский", "Türkçe", "Українська"]
        );
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
                // Codes are sent, not asked for: a foreign page can have anything asked for.
                assert!(action.ends_with("/list"), "{name}: {action}");
            }
            forms += 1;
        }
        assert!(forms > 0, "{name}");
    }
}

#[test]
fn given_a_forum_page_then_only_the_text_form_has_the_command_id() {
    let html = markup(page("de", boxed(forum_page())));
    assert_eq!(html.matches("idempotency_key").count(), 1);
    assert!(html.contains(&uuid(77).to_string()));
}

#[test]
fn given_a_forum_page_then_contributions_say_language_direction_and_time() {
    let html = markup(page("de", boxed(forum_page())));
    assert!(html.contains("<div lang=\"fa\" class=\"text\"><p dir=\"auto\">") || html.contains("lang=\"fa\""));
    let times = html.matches("<time datetime=\"2026-").count();
    assert_eq!(times, 6 + 1 + 1 + 3, "contributions, an addition, what waits, and what was hidden");
    assert!(html.contains("<bdi class=\"author\">Amira K.</bdi>"));
    assert!(html.contains("Gast 42"), "without a name");
    assert!(html.contains("Zwei *Dinge*:\n\n- Räume\n- Zeit"), "as it was typed");
    assert!(html.contains("aria-live=\"polite\""), "in the first HTML");
    assert!(html.contains("Antwort an \u{2068}Amira K.\u{2069}"));
    assert!(html.contains("Bitte ohne Telefonnummer."));
    assert!(html.contains("?before=40"));
}

#[test]
fn given_a_visitor_then_there_is_a_way_in_and_nothing_to_press() {
    let mut forum = forum_page();
    forum.own = None;
    let mut data = page("de", boxed(forum));
    data.me = None;
    let html = markup(data);
    assert!(html.contains("href=\"/join\"") && html.contains("href=\"/return\""));
    assert!(!html.contains("<textarea") && !html.contains("/support"));
    assert!(html.contains("class=\"number\">12</span>"), "but the count is seen");
}

#[test]
fn given_nothing_was_said_then_its_button_is_not_there() {
    let html = markup(page("de", boxed(forum_page())));
    let (_, said) = html.split_once("class=\"said empty\"").expect("it stands in the first HTML");
    let (_, button) = said.split_once("<button").expect("a button");
    assert!(button.split('>').next().unwrap_or_default().contains("hidden"));
}

#[test]
fn given_a_closed_forum_then_nobody_writes_or_supports() {
    let mut forum = forum_page();
    forum.view.forum.mode = Mode::Closed;
    let html = markup(page("de", boxed(forum)));
    assert!(!html.contains("/support\""));
    let form = html.split("/contributions\"").nth(1).and_then(|rest| rest.split('>').next()).expect("the form");
    assert!(form.contains("hidden"), "{form}");
}

#[test]
fn given_an_address_that_asks_to_reply_or_change_then_the_text_form_is_for_that() {
    for (query, action, kept) in [
        (format!("reply={}", uuid(40)), "/contributions\"".to_owned(), "Sie antworten: \u{2068}Amira K.\u{2069}"),
        (format!("edit={}", uuid(44)), format!("/contributions/{}/edit\"", uuid(44)), ">Ich finde das gut.</textarea>"),
        (format!("edit={}", uuid(60)), format!("/contributions/{}/edit\"", uuid(60)), ">Noch ein Gedanke von mir.<"),
        (format!("edit={}", uuid(40)), "/contributions\"".to_owned(), "Ihr Beitrag"),
    ] {
        let mut data = page("de", boxed(forum_page()));
        data.path = format!("{}?{query}", data.path);
        let html = markup(data);
        assert!(html.contains(&action) && html.contains(kept), "{query}");
    }
    let mut data = page("de", boxed(forum_page()));
    data.path = format!("{}?reply={}", data.path, uuid(40));
    assert!(markup(data).contains(&format!("name=\"reply_to\" value=\"{}\"", uuid(40))));
}

#[test]
fn given_a_refused_form_then_it_says_why_and_keeps_what_was_typed() {
    let mut data = page("de", boxed(forum_page()));
    data.refused = Some(Refused {
        action: format!("/api/v1/forums/{}/contributions", uuid(2)),
        again: Vec::new(),
        fields: BTreeMap::from([
            ("text".to_owned(), HOSTILE.to_owned()),
            ("reply_to".to_owned(), uuid(40).to_string()),
            ("lang".to_owned(), "en".to_owned()),
        ]),
        problem: Some(problem("forum_locked", 409)),
    });
    let html = markup(data);
    let form = html.split("<form").find(|form| form.contains("<textarea")).expect("the form");
    assert!(form.contains("role=\"alert\"") && form.contains("Gerade schreibt nur die Moderation."));
    assert!(form.contains("&lt;/script>&lt;script>alert(1)&lt;/script>"), "kept");
    assert!(form.contains(&format!("name=\"reply_to\" value=\"{}\"", uuid(40))));
    assert!(form.contains("<option value=\"en\" selected"));
    assert_eq!(html.matches("role=\"alert\"").count(), 1);

    let mut data = page("de", boxed(forum_page()));
    data.refused = Some(Refused {
        action: format!("/api/v1/forums/{}/contributions/{}/support", uuid(2), uuid(40)),
        again: Vec::new(),
        fields: BTreeMap::new(),
        problem: Some(problem("not_found", 404)),
    });
    assert_eq!(markup(data).matches("role=\"alert\"").count(), 1, "at the top where no text is to be kept");

    let mut data = page("de", join());
    data.refused = Some(Refused {
        action: "/api/v1/join".to_owned(),
        again: Vec::new(),
        fields: BTreeMap::from([("name".to_owned(), "\"><b>".to_owned()), ("code".to_owned(), "XXXX".to_owned())]),
        problem: Some(problem("code_unknown", 404)),
    });
    let html = markup(data);
    assert!(html.contains("value=\"&quot;&gt;&lt;b&gt;\"") || html.contains("value=\"&quot;><b>\""), "{html}");
    assert!(html.contains("id=\"code\"") && html.contains("Diesen Code kennen wir nicht."));
}

#[test]
fn given_hostile_words_everywhere_then_they_are_words() {
    let hostile = || Some(HOSTILE.into());
    let mut desk = staff_page();
    let forum = &mut desk.forum;
    forum.view.forum.title = texts(HOSTILE);
    forum.view.topics[0].title = texts(HOSTILE);
    for one in &mut forum.view.contributions {
        one.text = HOSTILE.into();
        one.pending = hostile();
    }
    forum.view.people = sample::people(forum.view.people.0.keys().map(|number| (*number, HOSTILE)));
    forum.view.contributions[2].hidden =
        Some(HiddenView { reason: HideReason::Other, note: hostile(), by: None, appeal: None });
    forum.view.waiting[0].text = HOSTILE.into();
    let own = forum.own.as_mut().expect("joined");
    own.waiting[0].text = HOSTILE.into();
    own.hidden[0].why.note = hostile();
    own.hidden[1].why.appeal =
        Some(AppealView { text: HOSTILE.into(), at: Timestamp(NOW), rejected: true, note: hostile() });
    let mut place = place();
    place.forum = forum.view.forum.clone();
    place.topics = forum.view.topics.clone();
    place.people = forum.view.people.clone();
    let mut found = forum.view.contributions.clone();
    for one in &mut found {
        one.additions = vec![AdditionView { text: HOSTILE.into(), links: Vec::new(), at: Timestamp(NOW) }];
        one.hall = one.hall.as_ref().map(|_| HallView { name: hostile() });
    }
    forum.view.contributions.clone_from(&found);
    let one = found[0].clone();
    let kinds = [
        boxed(ReportPage { place: place.clone(), contribution: one.clone(), sent: true }),
        boxed(ThreadPage { place: place.clone(), this: one.id, thread: found.clone() }),
        boxed(ListPage {
            place,
            sort: HOSTILE.to_owned(),
            words: HOSTILE.to_owned(),
            topic: None,
            total: found.len() + 70,
            after: 50,
            found,
        }),
        boxed(Return { code: HOSTILE.to_owned() }),
        boxed(Welcome {
            process: ProcessId(uuid(3)),
            title: texts(HOSTILE),
            code: Some(HOSTILE.to_owned()),
            picture: None,
            forums: Vec::new(),
            next: Some(HOSTILE.to_owned()),
        }),
        boxed(forum.clone()),
        boxed(desk),
        boxed(Message { problem: Problem { title: HOSTILE.to_owned(), ..problem("internal", 500) } }),
        boxed(LoginLink { token: HOSTILE.to_owned(), next: HOSTILE.to_owned() }),
        boxed(Join {
            code: HOSTILE.to_owned(),
            process: Some(texts(HOSTILE)),
            notice: 1,
            idempotency_key: CommandId(uuid(1)),
        }),
    ];
    for kind in kinds {
        let mut data = page("de", kind);
        data.network = Some(texts(HOSTILE));
        data.me = Some(Me { guest: true, ..me(HOSTILE) });
        data.path = format!("/?x={HOSTILE}");
        data.refused = Some(Refused {
            action: HOSTILE.to_owned(),
            again: Vec::new(),
            fields: BTreeMap::from([("text".to_owned(), HOSTILE.to_owned())]),
            problem: Some(Problem { title: HOSTILE.to_owned(), ..problem("internal", 500) }),
        });
        let shell = Shell { data_url: Some(HOSTILE.to_owned()), ..shell() };
        let html = document(&data, &shell);
        let (body, scripts) = html.split_once("<script type=\"application/json\"").unwrap_or((&html, ""));
        let allowed = "<script type=\"module\" id=\"loader\"";
        assert_eq!(body.matches("<script").count(), body.matches(allowed).count());
        assert!(!body.contains("<img") && !body.contains("<!--"));
        let blocks = if program_of(&*data.page).is_some() { 2 } else { 0 };
        assert_eq!(scripts.matches("</script>").count(), blocks, "nothing ends the data but its end");
        assert!(!scripts.contains("<!--"));
    }
}

#[test]
fn given_what_was_added_or_said_in_the_hall_then_it_says_so() {
    for kind in [boxed(forum_page()), boxed(list_page())] {
        let html = markup(page("de", kind));
        assert!(html.contains("Ergänzt: heute, ") && html.contains("Und zwar sehr."), "{html}");
        assert!(html.contains("<bdi class=\"author\">Karin</bdi>") && html.contains("Im Saal gesagt."));
    }
    let mut nameless = forum_page();
    nameless.view.contributions[0].hall = Some(HallView { name: None });
    assert!(markup(page("de", boxed(nameless))).contains("Jemand im Saal"));
}

#[test]
fn given_a_contribution_then_others_report_it_and_its_author_changes_or_adds() {
    let html = markup(page("de", boxed(forum_page())));
    assert_eq!(html.matches("/report\"").count(), 5, "all but the own one");
    assert_eq!(html.matches("class=\"menu\"").count(), 6);
    let (edit, add) = (format!("?edit={}#write", uuid(44)), format!("?add={}#write", uuid(44)));
    let link = |html: &str, to: &str| {
        let at = html.find(to).map(|at| html[..at].rfind("<a").unwrap_or_default());
        at.map(|at| html[at..].split('>').next().unwrap_or_default().contains("hidden"))
    };
    assert_eq!((link(&html, &edit), link(&html, &add)), (Some(true), Some(false)), "too late for other words");
    let mut soon = forum_page();
    soon.view.contributions[1].at = Timestamp(NOW);
    let html = markup(page("de", boxed(soon)));
    assert_eq!((link(&html, &edit), link(&html, &add)), (Some(false), Some(true)));

    let mut data = page("de", boxed(forum_page()));
    data.path = format!("{}?add={}", data.path, uuid(44));
    let html = markup(data);
    assert!(html.contains(&format!("/contributions/{}/add\"", uuid(44))) && html.contains("Ihren Beitrag ergänzen"));
}

#[test]
fn given_something_hidden_then_its_readers_see_that_and_why_in_its_place_in_every_language() {
    let mut forum = forum_page();
    let at = forum.view.contributions.len() - 1;
    let first = forum.view.contributions[at].clone();
    let why = HiddenView { reason: HideReason::OffTopic, note: None, by: None, appeal: None };
    forum.view.contributions[at] =
        ContributionView { author: 0, text: "".into(), support: 0, replies: 0, hidden: Some(why), ..first.clone() };
    forum.view.forget_unnamed();
    let thread = ThreadPage {
        place: sample::place(forum.clone()),
        this: ContributionId(uuid(41)),
        thread: forum.view.contributions[at - 1..].iter().rev().cloned().collect(),
    };
    for lang in LANGUAGES {
        let words = Words::of(lang);
        for (kind, lives) in [(boxed(forum.clone()), true), (boxed(thread.clone()), false)] {
            let html = markup(page(lang, kind));
            let (_, row) = html.split_once("hidden-place").expect("its place");
            let row = row.split("</article>").next().unwrap_or_default();
            assert!(row.contains(words.item_hidden_place()) && row.contains(words.reason_off_topic()), "{lang}: {row}");
            assert!(!row.contains("<form") && !row.contains("<details") && !row.contains("class=\"author\""), "{row}");
            assert!(!html.contains("Amira K.") && !html.contains(&*first.text), "{lang}");
            assert_eq!(html.matches("hidden-place").count(), 1);
            // On the page of an answer it stands right above.
            assert_eq!(html.contains(words.item_reply_to_hidden()), lives, "{lang}");
        }
    }
}

#[test]
fn given_own_hidden_contributions_then_each_says_why_and_how_the_answer_stands() {
    let mut data = page("de", boxed(forum_page()));
    let action = format!("/api/v1/forums/{}/contributions/{}/appeal", uuid(2), uuid(61));
    let html = markup(&data);
    assert_eq!(html.matches("/appeal\"").count(), 1, "one answer each");
    assert_eq!(html.matches("Der Text verrät etwas Privates.").count(), 3);
    let state = |card: &&str| card.contains("class=\"state\"") && card.contains("Wartet auf die Moderation");
    assert_eq!(html.split("<li").filter(state).count(), 1);
    assert_eq!(html.matches("Er bleibt ausgeblendet.").count(), 1);
    assert!(html.contains("Sie steht hier für alle."));
    data.refused = Some(Refused {
        again: Vec::new(),
        action,
        fields: BTreeMap::from([("text".to_owned(), "So geht das nicht.".to_owned())]),
        problem: Some(problem("wrong_state", 409)),
    });
    let html = markup(data);
    assert!(html.contains(">So geht das nicht.</textarea>"), "kept");
    assert_eq!(html.matches("role=\"alert\"").count(), 1);
}

/// A page on which somebody speaks and two wait.
fn hall_page(own: Option<u128>, open: bool) -> ForumPage {
    let mut page = forum_page();
    page.view.floor = FloorView {
        open,
        seconds: 120,
        entries: vec![
            sample::speaker(701, Some("Amira K.")),
            FloorEntryView { hall: true, ..sample::speaker(702, None) },
        ],
        speaking: Some(SpeakingView {
            entry: sample::speaker(700, Some("Jonas")),
            since: Timestamp(NOW),
            seconds: 120,
        }),
    };
    page.own = page.own.map(|view| OwnView { floor: own.map(|n| FloorId(uuid(n))), ..view });
    page
}

#[test]
fn given_a_vote_then_everyone_is_called_to_it_and_later_to_the_last_result() {
    let html = |phases: &[Phase]| {
        let mut page = forum_page();
        for (at, phase) in phases.iter().enumerate() {
            let poll = sample::poll(600 + at as u128, *phase, "Was zuerst?", Method::Single);
            page.view.polls.push(sample::poll_place(at as u32 + 1, &poll));
        }
        markup(self::page("de", boxed(page)))
    };
    let open = html(&[Phase::Revealed, Phase::Open, Phase::Draft]);
    assert!(open.contains("Sie können jetzt abstimmen") && open.contains(&format!("/p/{}\"", uuid(601))));
    assert!(!open.contains("Das Ergebnis ist da"));
    assert!(html(&[Phase::Closed, Phase::Revealed, Phase::Draft]).contains("Das Ergebnis ist da"));
    assert!(!html(&[Phase::Revealed, Phase::Closed]).contains("vote-now"), "a newer vote is not told yet");
}

#[test]
fn given_a_speaking_list_then_who_may_ask_asks_and_who_waits_knows_the_place() {
    let html = |own, open| markup(page("de", boxed(hall_page(own, open))));
    let hidden = |html: &str, before: &str| {
        let tag = html.split('<').find(|tag| tag.contains(before)).expect("an element");
        tag.split('>').next().is_some_and(|tag| tag.contains(" hidden"))
    };
    let list = "class=\"panel floor-list\"";
    assert!(hidden(&html(None, false), list), "nobody can ask");
    assert!(!hidden(&html(Some(701), false), list), "who asked is told");
    let free = html(None, true);
    assert!(!hidden(&free, list) && free.contains("class=\"own-turn empty\"") && free.contains("Jemand im Saal"));
    assert!(html(Some(701), true).contains("Sie sind als Nächstes dran."));
    let place = html(Some(702), true).replace(['\u{2068}', '\u{2069}'], "");
    assert!(place.contains("Ihr Platz auf der Liste: 2"));
    assert!(html(Some(700), true).contains("Sie sind jetzt dran."));
    let mut visit = hall_page(None, true);
    visit.own = None;
    let visit = markup(page("de", boxed(visit)));
    assert!(hidden(
        &visit,
        "form method=\"post\" action=\"/api/v1/forums/01920000-0000-7000-8000-000000000002/speaking-list\""
    ));
}

#[test]
fn given_a_refused_change_then_its_author_is_told_why() {
    let mut data = forum_page();
    let refused =
        OwnRefused { id: ContributionId(uuid(44)), at: Timestamp(NOW), note: Some("Das stand schon da.".into()) };
    data.own = data.own.map(|own| OwnView { refused: vec![refused], ..own });
    let html = markup(page("de", boxed(data)));
    assert!(html.contains("Die Moderation hat die Änderung nicht übernommen") && html.contains("Das stand schon da."));
}

#[test]
fn given_a_name_that_nobody_has_read_then_its_owner_is_told_in_every_language() {
    let told = |lang: &str, name_waits| {
        let mut data = forum_page();
        data.own = data.own.map(|own| OwnView { name_waits, ..own });
        markup(page(lang, boxed(data))).contains(crate::words::Words::of(lang).own_name_waits())
    };
    for lang in LANGUAGES {
        assert!(told(lang, true) && !told(lang, false), "{lang}");
    }
}

#[test]
fn given_a_waiting_addition_then_it_cannot_be_mistaken_for_what_it_is_added_to() {
    let mut forum = forum_page();
    let own = forum.own.as_mut().expect("joined");
    own.waiting[0].id = ContributionId(uuid(44));
    own.waiting[0].addition = true;
    let mut data = page("de", boxed(forum));
    let html = markup(&data);
    let item =
        html.split("class=\"panel waiting\"").nth(1).and_then(|rest| rest.split("</li>").next()).expect("an item");
    assert!(item.contains("Noch ein Gedanke von mir.") && item.contains("<time"), "{item}");
    assert!(!item.contains("<form") && !item.contains("?edit="), "{item}");
    data.path = format!("{}?edit={}", data.path, uuid(44));
    assert!(markup(data).contains(">Ich finde das gut.</textarea>"));
}

#[test]
fn given_who_just_joined_then_the_words_are_there_once_and_can_be_had_anew() {
    let html = markup(page("de", welcome(Some("apfel-lampe-regen-tisch-vogel"))));
    for word in ["apfel", "lampe", "regen", "tisch", "vogel"] {
        assert!(html.contains(&format!("<li>{word}</li>")), "{word}");
    }
    assert!(html.contains("role=\"img\"") && html.contains(&format!("href=\"/f/{}\"", uuid(2))));
    assert!(!html.contains("/return-code"));
    let html = markup(page("de", welcome(None)));
    assert!(html.contains("action=\"/api/v1/me/return-code\"") && html.contains(&format!("value=\"{}\"", uuid(3))));
}

#[test]
fn given_who_comes_back_then_the_words_are_kept_and_success_leads_on() {
    let kind = || boxed(Return { code: "apfel-lampe".to_owned() });
    let mut data = page("de", kind());
    data.me = None;
    let html = markup(&data);
    assert!(html.contains("value=\"apfel-lampe\"") && !html.contains("Sie sind wieder da."));
    data.refused = Some(Refused {
        action: "/api/v1/return".to_owned(),
        again: Vec::new(),
        fields: BTreeMap::from([("code".to_owned(), "birne".to_owned())]),
        problem: Some(problem("return_unknown", 404)),
    });
    let html = markup(data);
    assert!(html.contains("value=\"birne\"") && html.contains("role=\"alert\""));
    assert!(markup(page("de", kind())).contains("Sie sind wieder da."));
    for page in [page("de", home()), page("de", join())] {
        assert!(markup(page).contains("href=\"/return\""), "the way there");
    }
}

#[test]
fn given_a_search_then_the_form_keeps_what_was_looked_for_and_results_can_be_acted_on() {
    let html = markup(page("de", boxed(list_page())));
    assert!(html.contains("name=\"q\"") && html.contains("value=\"Ort\""));
    assert!(html.contains("<option value=\"supported\" selected"));
    assert!(html.contains(&format!("<option value=\"{}\" selected", uuid(501))));
    assert!(html.contains("6 Beiträge gefunden"));
    assert_eq!(html.matches("/support\"").count(), 5, "not the own one");
    let next = format!("/f/{}/list?q=Ort&amp;sort=supported#c-{}", uuid(2), uuid(40));
    assert!(html.contains(&next), "back to the results");
    assert!(html.contains("value=\"DELETE\""), "support can be taken back");
    let mut none = list_page();
    none.found.clear();
    none.total = 0;
    none.place.own = None;
    let html = markup(page("de", boxed(none)));
    assert!(html.contains("Wir haben nichts gefunden."));
}

#[test]
fn given_a_thread_then_it_can_be_answered_where_one_may() {
    let kind = |page: ThreadPage| boxed(page);
    let html = markup(page("de", kind(thread_page())));
    assert!(html.contains("Beitrag von \u{2068}Moderation Süd\u{2069}") && html.contains("2 Antworten"));
    assert!(html.contains(&format!("name=\"reply_to\" value=\"{}\"", uuid(41))));
    assert!(html.find("Wir brauchen einen Ort").unwrap() < html.find("Danke! Welcher Ort").unwrap());
    let mut closed = thread_page();
    closed.place.forum.mode = Mode::Closed;
    let html = markup(page("de", kind(closed)));
    assert!(!html.contains("<textarea") && !html.contains("/support\""));
    let mut visitor = thread_page();
    visitor.place.own = None;
    assert!(!markup(page("de", kind(visitor))).contains("<textarea"));

    let mut data = page("de", kind(thread_page()));
    data.refused = Some(Refused {
        action: format!("/api/v1/forums/{}/contributions", uuid(2)),
        again: Vec::new(),
        fields: BTreeMap::from([("text".to_owned(), "Zu viel".to_owned())]),
        problem: Some(problem("slow_mode", 409)),
    });
    let html = markup(data);
    assert!(html.contains(">Zu viel</textarea>"));
    assert_eq!(html.matches("role=\"alert\"").count(), 1);
}

#[test]
fn given_a_report_then_it_asks_for_one_reason_and_thanks_once_sent() {
    let mut data = page("de", report_page(false));
    data.me = None;
    let html = markup(data);
    for reason in ["insult", "private_data", "spam", "other"] {
        assert!(html.contains(&format!("value=\"{reason}\"")), "{reason}");
    }
    assert!(html.contains("name=\"what\"") && html.contains("?sent=1\""));
    let mut data = page("de", report_page(true));
    let html = markup(&data);
    assert!(html.contains("Danke für Ihre Meldung") && !html.contains("<form"));
    // The address it would have gone on to, refused.
    data.refused = Some(Refused {
        action: "/api/v1/notices".to_owned(),
        again: Vec::new(),
        fields: BTreeMap::from([("reason".to_owned(), "spam".to_owned()), ("text".to_owned(), "Hm".to_owned())]),
        problem: Some(problem("too_many_requests", 429)),
    });
    let html = markup(data);
    assert!(!html.contains("Danke für Ihre Meldung") && html.contains(">Hm</textarea>"));
    let spam = html.split("value=\"spam\"").nth(1).and_then(|rest| rest.split('>').next()).expect("a field");
    assert!(spam.contains("checked"), "{spam}");
}

#[test]
fn given_home_then_what_goes_on_now_comes_first() {
    let mut home = home_page();
    home.processes[0].forums.reverse();
    let mut past = home.processes[0].clone();
    past.title = texts("Vergangenes");
    past.forums.retain(|forum| forum.state == "closed");
    home.processes.insert(0, past);
    let html = markup(page("de", boxed(home)));
    let at = |words: &str| html.find(words).expect("it is there");
    assert!(at("Wie wollen wir") < at("Sprache und Schule") && at("Sprache und Schule") < at("Vergangenes"));
    assert!(at("Vergangenes") < at("Sie haben einen Code?"));
}

#[test]
fn given_page_data_when_embedded_then_it_reads_back_the_same() {
    for (name, kind) in kinds() {
        let data = PageData { network: None, ..page("de", kind) };
        let kind: &dyn Any = &*data.page;
        if let Some(forum) = kind.downcast_ref::<ForumPage>() {
            comes_back(&data.around(forum.clone()), name);
        } else if let Some(poll) = kind.downcast_ref::<PollPage>() {
            comes_back(&data.around(poll.clone()), name);
        } else if let Some(desk) = kind.downcast_ref::<DeskPage>() {
            comes_back(&data.around(desk.clone()), name);
        }
    }
}

/// As the program of the page reads it.
pub(super) fn comes_back<P: LivePage + PartialEq + Debug>(data: &PageData<P>, name: &str) {
    let json = embedded(data).expect("plain data");
    assert_eq!(json::read::<PageData<P>>(&json).expect(name), *data);
}

#[test]
fn given_no_assets_then_the_page_is_plain() {
    let html = document(&page("de", join()), &Shell::default());
    assert!(!html.contains("type=\"module\"") && !html.contains("preload"));
    assert!(html.contains("action=\"/api/v1/join\""));
}

#[test]
fn given_a_staff_page_then_what_waits_can_be_approved_and_what_is_hidden_restored() {
    let html = markup(page("de", boxed(staff_page())));
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
