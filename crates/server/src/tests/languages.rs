//! Whoever has chosen a language reads every page a participant can reach in it, refusals too: nothing on a page comes
//! from the words of another language.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Client, question};
use stimmwerk_core::forum::{ForumCommand, HideReason, Mode, Stage, Waiting};
use stimmwerk_core::network::{CodeKind, Visibility};
use stimmwerk_core::people::{Actor, Role};
use stimmwerk_core::poll::{Question, Secrecy};
use stimmwerk_core::tally;
use stimmwerk_ui::{LANGUAGES, autonym, direction};
use uuid::Uuid;

use super::world::{By, Caller, Place, World};
use crate::access::ROUTES;

/// The sets of words participants read.
const SETS: [&str; 4] = ["participant", "poll", "document", "problem"];

/// In every text that somebody typed.
const TYPED: &str = "Zz";

/// What stands the same in every language: titles that the world gives, and what is no word.
const SAME: [&str; 6] = ["Gespräch", "Verfahren", "Weiter so?", "Stimmwerk", "127.0.0.1", "BCDF GHJK"];

/// The words of a language. A pattern is what stands between its values.
struct Words {
    patterns: Vec<Vec<String>>,
    months: Vec<String>,
}

impl Words {
    fn of(lang: &str) -> Self {
        fn collect(value: &Value, key: &str, texts: &mut BTreeMap<String, String>) {
            match value {
                Value::String(text) => _ = texts.insert(key.to_owned(), text.clone()),
                Value::Object(members) => {
                    members.iter().for_each(|(name, value)| collect(value, &format!("{key}.{name}"), texts));
                }
                _ => {}
            }
        }
        let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend/ui/locales");
        let mut texts = BTreeMap::new();
        for set in SETS {
            let json = fs::read_to_string(locales.join(set).join(format!("{lang}.json"))).expect("a file of words");
            collect(&serde_json::from_str(&json).expect("JSON"), set, &mut texts);
        }
        let months = texts.iter().filter(|(key, _)| key.contains(".month_")).map(|(_, text)| text.clone()).collect();
        let patterns = texts.values().map(|text| {
            let mut parts = text.split('{');
            let first = parts.next().unwrap_or_default().to_owned();
            std::iter::once(first)
                .chain(parts.map(|part| part.split_once('}').map_or("", |(_, rest)| rest).to_owned()))
                .collect()
        });
        Self { patterns: patterns.collect(), months }
    }

    /// Is this one of the texts, with anything in the places of its values?
    fn says(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let (first, rest) = pattern.split_first().expect("a part");
            let Some((last, between)) = rest.split_last() else { return text == first };
            let mut left = match text.strip_prefix(first.as_str()).and_then(|left| left.strip_suffix(last.as_str())) {
                Some(left) if pattern.iter().any(|part| letters(part)) || !letters(left) => left,
                _ => return false,
            };
            between.iter().all(|part| match left.split_once(part.as_str()) {
                Some((_, after)) => {
                    left = after;
                    true
                }
                None => false,
            })
        })
    }

    /// Is this one of the texts, or of no language?
    fn knows(&self, text: &str) -> bool {
        let month = || self.months.iter().any(|month| !letters(&text.replacen(month.as_str(), "", 1)));
        !letters(text) || text.contains(TYPED) || SAME.contains(&text) || named(text) || self.says(text) || month()
    }

    /// Is this made of such texts, one after the other?
    fn cover(&self, text: &str) -> bool {
        let text = text.trim();
        let bare = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || "·–:,()".contains(c)).to_owned();
        let knows = |text: &str| self.knows(text.trim()) || self.knows(&bare(text));
        let ends = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
        knows(text)
            || ends.collect::<Vec<_>>().into_iter().rev().any(|at| {
                let (start, rest) = text.split_at(at);
                knows(start) && self.cover(rest)
            })
    }
}

/// Languages have their own names everywhere, and options of a table letters.
fn named(text: &str) -> bool {
    LANGUAGES.iter().any(|lang| autonym(lang) == text) || (text.len() == 1 && text.is_ascii())
}

fn letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// What people see or hear of a page: its texts, and the attributes that are read aloud. Without texts that say of
/// themselves in which language they are.
fn texts(html: &str) -> Vec<String> {
    const EMPTY: [&str; 4] = ["input", "meta", "link", "br"];
    let mut found = Vec::new();
    // Of each open element whether its texts are of no language, or of one they name.
    let mut open: Vec<bool> = Vec::new();
    let plain = |text: &str| {
        let text = text.replace(['\u{2068}', '\u{2069}'], "");
        let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
        signs.iter().fold(text, |text, (written, sign)| text.replace(written, sign))
    };
    for piece in html.split('<').skip(1).filter(|piece| !piece.starts_with('!')) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            open.pop();
        } else {
            let within = open.last().copied().unwrap_or_default();
            let apart = name != "html" && tag.contains(" lang=\"");
            let apart = apart || ["script", "style", "code", "bdi"].contains(&name) || tag.contains("translate=\"no\"");
            for attribute in ["aria-label", "alt", "title", "placeholder"] {
                let value = tag.split_once(&format!(" {attribute}=\"")).and_then(|(_, rest)| rest.split_once('"'));
                found.extend(value.filter(|_| !within && !apart).map(|(value, _)| plain(value)));
            }
            if !tag.ends_with('/') && !EMPTY.contains(&name) {
                open.push(within || apart);
            }
        }
        if !open.last().copied().unwrap_or_default() {
            found.push(plain(text));
        }
    }
    found.into_iter().filter(|text| letters(text)).collect()
}

#[test]
fn given_a_page_with_words_of_another_language_then_the_walk_finds_them() {
    let html = "<!DOCTYPE html><html lang=\"ar\"><p>حفظ</p><p lang=\"de\">Etwas</p><br><input title=\"Save\"><b>2026</b><i>Noch 3 Zeichen</i>";
    let words = Words::of("ar");
    let foreign: Vec<_> = texts(html).into_iter().filter(|text| !words.cover(text)).collect();
    assert_eq!(foreign, ["Save", "Noch 3 Zeichen"]);
}

async fn get(client: &Client, lang: &str, path: &str) -> (StatusCode, String) {
    let answer = client.request(Method::GET, path).header(ACCEPT_LANGUAGE, lang).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

async fn send(client: &Client, lang: &str, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let body = serde_urlencoded::to_string(fields).expect("pairs");
    let request = client.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.header(ACCEPT_LANGUAGE, lang).body(body).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

/// Polls of every method and label that are over, with votes of the hall where nobody else votes.
async fn polls(world: &World, here: &Place, moderator: &Client) -> Vec<String> {
    let methods = [
        tally::Method::Single,
        tally::Method::Multiple { min: 1, max: 2 },
        tally::Method::YesNo,
        tally::Method::Scale { steps: 5 },
        tally::Method::Resistance,
        tally::Method::Dots { points: 5 },
        tally::Method::Ranking,
    ];
    let mut polls = vec![here.poll.to_string()];
    for (nth, method) in methods.into_iter().enumerate() {
        let options: &[&str] = if method == tally::Method::YesNo { &[] } else { &["Zz eins", "Zz zwei"] };
        let secrecy = [Secrecy::Open, Secrecy::Confidential, Secrecy::Secret][nth % 3];
        let asked = Question { secrecy, ..question("Zz was?", method, options) };
        let poll = moderator.create_poll(here.process, Some(here.forum), &asked).await.expect("a poll");
        let tell = async |way: &str, body: Value| {
            let path = format!("/api/v1/polls/{poll}{way}");
            let answer = moderator.request(Method::POST, &path).json(&body).send().await.expect("an answer");
            assert!(answer.status().is_success(), "{method:?} {way}: {}", answer.text().await.expect("a body"));
        };
        tell("/open", json!({})).await;
        for _ in 0..5 {
            let voter = world.caller(Caller::Guest, By::Session, here, here).await;
            let voter = world.speak(voter, By::Session).await;
            let marks = match method {
                tally::Method::YesNo => json!([1, 0, 0]),
                tally::Method::Resistance => json!([1, 2, 3]),
                tally::Method::Dots { .. } => json!([2, 3]),
                tally::Method::Scale { .. } | tally::Method::Ranking => json!([1, 2]),
                _ => json!([1, 0]),
            };
            let path = format!("/api/v1/polls/{poll}/ballots");
            let ballot = json!({ "round": 1, "marks": marks });
            let answer = voter.request(Method::POST, &path).json(&ballot).send().await.expect("an answer");
            assert!(answer.status().is_success(), "{method:?}: {}", answer.text().await.expect("a body"));
        }
        tell("/close", json!({ "seconds": 0 })).await;
        if nth != 5 {
            tell("/reveal", json!({})).await;
        }
        polls.push(poll.to_string());
    }
    polls
}

#[tokio::test(flavor = "multi_thread")]
async fn given_any_language_then_every_page_a_participant_can_reach_is_in_it() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let moderator = world.caller(Caller::Staff(Role::Moderator), By::Session, &here, &here).await;
    let moderator = world.speak(moderator, By::Session).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let author = world.participant(guest, &here).await.expect("they take part");
    let guest = world.speak(guest, By::Session).await;
    let polls = polls(&world, &here, &moderator).await;
    let words: BTreeMap<&str, Words> = LANGUAGES.iter().map(|lang| (*lang, Words::of(lang))).collect();

    // A forum with everything in it that moderators decide.
    let tell = async |command| world.tell(&here, Actor::system(), command).await;
    let contribution = world.contribution(&here, author, "Zz ein Gedanke").await;
    let [gone, back] =
        [world.contribution(&here, author, "Zz weg").await, world.contribution(&here, author, "Zz da").await];
    for contribution in [gone, back] {
        tell(ForumCommand::Hide { contribution, reason: HideReason::Hatred, note: Some("Zz leider".to_owned()) }).await;
    }
    tell(ForumCommand::Restore { contribution: back }).await;
    for waiting in [Waiting::All, Waiting::FirstOfGuest, Waiting::None] {
        tell(ForumCommand::SetWaiting { waiting }).await;
    }
    for mode in [Mode::Locked, Mode::Closed, Mode::Slow { seconds: 30 }, Mode::Slow { seconds: 120 }, Mode::Open] {
        tell(ForumCommand::SetState { mode, until: None, minutes: None }).await;
    }
    tell(ForumCommand::SetSummary { text: Some("Zz kurz".to_owned()) }).await;
    tell(ForumCommand::CountHall { people: Some(40) }).await;
    world.on_the_list(&here).await;

    let screen = world.app.screen_link(here.forum).await.expect("a link");
    let code = world.code(&here, CodeKind::Link);
    let nothing = Uuid::now_v7();
    let (forum, stranger) = (format!("/f/{}", here.forum), world.visitor());
    let mut paths: Vec<String> = Vec::new();
    for rule in ROUTES.iter().filter(|rule| rule.method == "GET" && !rule.path.starts_with("/api/")) {
        if ["/livez", "/readyz", "/assets/{*name}"].contains(&rule.path) {
            continue;
        }
        for poll in polls.iter().take(if rule.path.contains("{poll}") { polls.len() } else { 1 }) {
            let path = rule.path.replace("{process}", &here.process.to_string()).replace("{poll}", poll);
            let path = path.replace("{forum}", &here.forum.to_string()).replace("/screen/{token}", &screen);
            paths.push(path.replace("{contribution}", &contribution.to_string()).replace("{code}", &code));
        }
    }
    paths.extend([
        format!("{forum}/c/{gone}"),
        format!("{forum}/c/{contribution}/report?sent=1"),
        format!("{forum}/list?q=nichts"),
        format!("{forum}?reply={contribution}"),
        format!("/f/{nothing}"),
        format!("/p/{nothing}"),
        "/nowhere".to_owned(),
        "/j/zz-no-code-of-anybody-that-is-long-enough".to_owned(),
    ]);
    let forms = [
        (format!("/api/v1/forums/{}/contributions", here.forum), vec![("text", ""), ("next", forum.as_str())]),
        (format!("/api/v1/forums/{nothing}/contributions"), vec![("text", "Zz"), ("next", "/f/zz")]),
        (format!("/api/v1/polls/{}/ballots", here.poll), vec![("round", "1"), ("next", "/")]),
        ("/api/v1/join".to_owned(), vec![("code", "BCDF GHJK"), ("notice", "2"), ("next", "/join")]),
        ("/api/v1/return".to_owned(), vec![("code", "Zz"), ("next", "/return")]),
    ];
    for stage in [Stage::Welcome, Stage::Speaking, Stage::Poll { poll: here.poll }, Stage::Off] {
        tell(ForumCommand::SetStage { stage: stage.clone(), seen: None }).await;
        for (lang, words) in &words {
            let mut pages = vec![(format!("{screen} with {stage:?}"), get(&stranger, lang, &screen).await)];
            if stage == Stage::Welcome {
                // Each person has a budget for what is read.
                let reader = world.caller(Caller::Guest, By::Session, &here, &here).await;
                let reader = world.speak(reader, By::Session).await;
                pages.push(("its author".to_owned(), get(&guest, lang, &format!("{forum}?edit={contribution}")).await));
                for (who, client) in [("guest", &reader), ("stranger", &stranger)] {
                    for path in &paths {
                        pages.push((format!("{who} {path}"), get(client, lang, path).await));
                    }
                    for (path, fields) in &forms {
                        pages.push((format!("{who} sends {path}"), send(client, lang, path, fields).await));
                    }
                }
            }
            for (what, (status, html)) in pages {
                if status == StatusCode::SEE_OTHER {
                    continue;
                }
                assert_ne!(status, StatusCode::TOO_MANY_REQUESTS, "{lang} {what}");
                let head = format!("<!DOCTYPE html><html lang=\"{lang}\" dir=\"{}\"", direction(lang));
                assert!(html.starts_with(&head), "{lang} {what} {status}: {}", &html[..html.len().min(200)]);
                let foreign: Vec<_> = texts(&html).into_iter().filter(|text| !words.cover(text)).collect();
                assert!(foreign.is_empty(), "{lang} {what} {status}: {foreign:#?}");
            }
        }
    }
}
