//! What somebody typed is never lost: whatever became of their session, of what they wrote to, or of its place, the
//! answer to a plain form holds every word, a reason, and a way to send them again.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use stimmwerk_client::Client;
use stimmwerk_core::forum::{ForumCommand, HideReason, Mode, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, PollId};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::Actor;
use uuid::Uuid;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World};

/// Typed by somebody, with signs that HTML writes in another way.
const TYPED: &str = "Mehr \"Bänke\" & <Bäume>\r\nam 'Platz'";

/// As it stands in a text area.
const SHOWN: &str = ">Mehr \"Bänke\" &amp; &lt;Bäume>\r\nam 'Platz'</textarea>";

/// Every form with words in it, of participants, voters and moderators: path, page, and its field with words.
fn forms(forum: ForumId, poll: PollId, contribution: ContributionId) -> Vec<(String, String, &'static str)> {
    let api = format!("/api/v1/forums/{forum}");
    let one = format!("{api}/contributions/{contribution}");
    let page = format!("/f/{forum}");
    let desk = format!("/f/{forum}/moderation");
    vec![
        (format!("{api}/contributions"), page.clone(), "text"),
        (format!("{api}/contributions"), format!("{page}/c/{contribution}"), "text"),
        (format!("{one}/edit"), format!("{page}?edit={contribution}"), "text"),
        (format!("{one}/add"), page.clone(), "text"),
        (format!("{one}/appeal"), page, "text"),
        (format!("{one}/hide"), desk.clone(), "note"),
        (format!("{one}/refuse"), desk.clone(), "note"),
        (format!("{one}/reject-appeal"), desk.clone(), "note"),
        (format!("{api}/topics"), desk, "title"),
        (format!("/api/v1/polls/{poll}/ballots"), format!("/p/{poll}"), "card"),
    ]
}

async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let body = serde_urlencoded::to_string(fields).expect("pairs");
    let request = client.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(body).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

/// A page without what differs each time.
fn plain(page: &str, ids: &[Uuid]) -> String {
    let ids = ids.iter().fold(page.to_owned(), |page, id| page.replace(&id.to_string(), "ID"));
    let nonce = ids.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    if nonce.is_empty() { ids } else { ids.replace(&nonce, "NONCE") }
}

async fn scene(visibility: Visibility) -> (World, Place, ContributionId) {
    let world = World::new().await;
    let here = world.place(visibility).await;
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let author = world.participant(author, &here).await.expect("they take part");
    let contribution = world.contribution(&here, author, "Mehr Licht.").await;
    (world, here, contribution)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_lost_login_when_something_is_sent_then_the_words_come_back_and_nothing_is_learned() {
    for visibility in [Visibility::Code, Visibility::Members, Visibility::Public] {
        let (world, here, contribution) = scene(visibility).await;
        let visitor = world.visitor();
        let (forum, poll) = (ForumId(Uuid::now_v7()), PollId(Uuid::now_v7()));
        let nothing = ContributionId(Uuid::now_v7());
        let made_up = forms(forum, poll, nothing);
        for ((path, next, field), (other, other_next, _)) in
            forms(here.forum, here.poll, contribution).into_iter().zip(made_up)
        {
            let fields = [(field, TYPED), ("reply_to", &contribution.to_string()), ("next", &next)];
            let (status, page) = send(&visitor, &path, &fields).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(page.contains(SHOWN), "{path} loses what was typed: {page}");
            assert!(page.contains("Kommen Sie mit Ihren Wörtern zurück."), "{path} says no way back");
            assert!(page.contains("href=\"/return\" target=\"_blank\""), "{path} has no way back");
            assert!(page.contains(&format!("action=\"{path}\"")), "{path} cannot be sent again");
            assert!(page.contains(&format!("name=\"reply_to\" value=\"{contribution}\"")), "{path} forgets the rest");
            assert!(!page.contains("Das finden wir nicht"), "{path} denies that it is there");
            if visibility == Visibility::Public {
                continue;
            }
            let fields = [(field, TYPED), ("reply_to", &contribution.to_string()), ("next", &other_next)];
            let (other_status, other_page) = send(&visitor, &other, &fields).await;
            assert_eq!(status, other_status, "{path}");
            let ids = [here.forum.0, here.poll.0, contribution.0, forum.0, poll.0, nothing.0];
            assert_eq!(plain(&page, &ids), plain(&other_page, &ids), "{path} tells what is there");
        }
        // Reading says it too.
        if visibility != Visibility::Public {
            for path in [format!("/f/{}", here.forum), format!("/f/{forum}"), format!("/p/{}", here.poll)] {
                let answer = visitor.request(Method::GET, &path).send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::NOT_FOUND);
                let page = answer.text().await.expect("a page");
                assert!(page.contains("Waren Sie schon hier?"), "{path}: {page}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_lost_login_when_the_form_that_came_back_is_sent_after_returning_then_it_is_taken() {
    let (world, here, _) = scene(Visibility::Code).await;
    let (path, next) = (format!("/api/v1/forums/{}/contributions", here.forum), format!("/f/{}", here.forum));
    let key = Uuid::now_v7().to_string();
    let fields = [("text", "Mehr Bäume."), ("idempotency_key", key.as_str()), ("next", next.as_str())];
    let (_, page) = send(&world.visitor(), &path, &fields).await;
    assert!(page.contains(&format!("name=\"idempotency_key\" value=\"{key}\"")), "it is the same command still");
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    let (status, _) = send(&guest, &path, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_twenty_of_theirs_wait_when_they_send_one_more_then_the_words_stay_and_it_says_why() {
    let (world, here, _) = scene(Visibility::Code).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let participant = world.participant(guest, &here).await.expect("they take part");
    world.tell(&here, Actor::system(), ForumCommand::SetWaiting { waiting: Waiting::All }).await;
    for nth in 0..20 {
        world.contribution(&here, participant, &format!("Satz {nth}")).await;
    }
    let guest = world.speak(guest, By::Session).await;
    let (path, next) = (format!("/api/v1/forums/{}/contributions", here.forum), format!("/f/{}", here.forum));
    let (status, page) = send(&guest, &path, &[("text", TYPED), ("next", &next)]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains(SHOWN), "it is lost: {page}");
    assert!(page.contains("20 Beiträge von Ihnen warten noch."), "{page}");
    let answer = guest.request(Method::POST, &path).json(&serde_json::json!({ "text": TYPED })).send().await;
    let problem: serde_json::Value = answer.expect("an answer").json().await.expect("JSON");
    assert_eq!((&problem["code"], &problem["max"]), (&"too_many_waiting".into(), &20.into()), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_parent_or_a_talk_that_is_gone_meanwhile_when_something_is_sent_then_the_words_stay() {
    let (world, here, contribution) = scene(Visibility::Code).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    let hide = ForumCommand::Hide { contribution, reason: HideReason::Spam, note: None };
    world.tell(&here, Actor::system(), hide).await;
    let thread = format!("/f/{}/c/{contribution}", here.forum);
    let path = format!("/api/v1/forums/{}/contributions", here.forum);
    let parent = contribution.to_string();
    for (reader, known) in [(&guest, true), (&world.visitor(), false)] {
        let answer = reader.request(Method::GET, &thread).send().await.expect("an answer");
        assert_eq!(answer.status(), if known { StatusCode::GONE } else { StatusCode::NOT_FOUND });
        let page = answer.text().await.expect("a page");
        assert_eq!(page.contains("Die Moderation hat diesen Beitrag ausgeblendet."), known, "{page}");
        assert!(!page.contains("Mehr Licht."));
    }
    let (status, page) = send(&guest, &path, &[("text", TYPED), ("reply_to", &parent), ("next", &thread)]).await;
    assert!(status.is_client_error(), "{status}");
    assert!(page.contains(SHOWN), "the reply is lost: {page}");
    let mode = ForumCommand::SetState { mode: Mode::Closed, until: None, minutes: None };
    world.tell(&here, Actor::system(), mode).await;
    for (path, next, field) in forms(here.forum, here.poll, contribution) {
        let (status, page) = send(&guest, &path, &[(field, TYPED), ("next", &next)]).await;
        assert!(status.is_client_error(), "{path}: {status}");
        let as_value = TYPED.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let shown = page.contains(SHOWN) || page.contains(&format!("value=\"{as_value}\""));
        assert!(shown, "{path} loses what was typed: {page}");
    }
}

/// A page, and where its buttons of another language send its form. Of an appeal it is the form's own.
fn switch(page: &str, action: &str) -> Option<String> {
    let mut ways = page.split("formaction=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let escaped = format!("/api/v1/language?form={action}&amp;");
    ways.find(|way| way.starts_with(&escaped)).map(|way| way.replace("&amp;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_form_that_is_being_filled_in_when_another_language_is_chosen_then_nothing_is_lost() {
    let (world, here, contribution) = scene(Visibility::Code).await;
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let own = world.participant(author, &here).await.expect("they take part");
    let (waits, hidden) =
        (world.contribution(&here, own, "Mein Text.").await, world.contribution(&here, own, "Verborgen.").await);
    let hide = ForumCommand::Hide { contribution: hidden, reason: HideReason::Spam, note: None };
    world.tell(&here, Actor::system(), hide).await;
    let author = world.speak(author, By::Session).await;
    let (api, page) = (format!("/api/v1/forums/{}", here.forum), format!("/f/{}", here.forum));
    let id = contribution.to_string();
    let text = ("text", TYPED);
    let forms = vec![
        (format!("{api}/contributions"), page.clone(), vec![text, ("lang", "ru")]),
        (format!("{api}/contributions"), format!("{page}?reply={id}"), vec![text, ("reply_to", &id)]),
        (format!("{api}/contributions/{waits}/edit"), format!("{page}?edit={waits}"), vec![text]),
        (format!("{api}/contributions"), format!("{page}/c/{id}"), vec![text, ("reply_to", &id)]),
        (format!("{api}/contributions/{hidden}/appeal"), page.clone(), vec![text]),
        ("/api/v1/notices".to_owned(), format!("{page}/c/{id}/report"), vec![text, ("reason", "spam")]),
        (format!("/api/v1/polls/{}/ballots", here.poll), format!("/p/{}", here.poll), vec![("option", "1")]),
    ];
    let join = ("/api/v1/join".to_owned(), "/join".to_owned(), vec![("name", "Änne"), ("code", "BCDF GHJK")]);
    let visitor = world.visitor();
    let all = forms.into_iter().map(|form| (&author, form)).chain([(&visitor, join)]);
    for (client, (action, path, fields)) in all {
        let before = client.request(Method::GET, &path).send().await.expect("an answer").text().await.expect("a page");
        let way = switch(&before, &action).unwrap_or_else(|| panic!("{path} has no choice of language for {action}"));
        let sent = [&fields[..], &[("interface", "ar"), ("next", "/elsewhere"), ("idempotency_key", "x")]].concat();
        let body = serde_urlencoded::to_string(&sent).expect("pairs");
        let request = client.request(Method::POST, &way).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{action}");
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
        assert!(cookie.starts_with("lang=ar;"), "{cookie}");
        let html = answer.text().await.expect("a page");
        assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{action}: {}", &html[..200]);
        for one in ["class=\"problem\" role=\"alert\"", "<section id=\"kept\""] {
            let found = html.split_once(one).map(|(_, rest)| rest.chars().take(900).collect::<String>());
            assert_eq!(found, None, "{action}: {one}");
        }
        // From there to a third language. A code that was typed stands in the address of its page then.
        let next = switch(&html, &action);
        assert!(next.as_ref().is_some_and(|next| next.starts_with(&way)), "{action}: {next:?} after {way}");
        for (name, value) in fields {
            let value = value.replace('&', "&amp;").replace('<', "&lt;");
            let shown = match name {
                "text" => html.contains(SHOWN),
                "lang" => html.contains("<option value=\"ru\" selected"),
                "option" | "reason" => {
                    let field =
                        html.split("<input ").find(|tag| tag.contains(&format!("name=\"{name}\" value=\"{value}\"")));
                    field.and_then(|tag| tag.split('>').next()).is_some_and(|tag| tag.contains(" checked"))
                }
                _ => html.contains(&format!("value=\"{value}\"")),
            };
            assert!(shown, "{action} loses {name}: {html}");
        }
    }
    // Where the page has no place for it any more, it is offered all the same; and nothing leads elsewhere.
    let way = format!("/api/v1/language?form={api}/contributions&page=//evil.example/");
    let (status, html) = send(&visitor, &way, &[text, ("interface", "en")]).await;
    assert!(
        status == StatusCode::OK && html.contains(SHOWN) && html.contains("<section id=\"kept\""),
        "{status} {html}"
    );
    let way = format!("/api/v1/language?form=https://evil.example/&page={page}");
    let (_, html) = send(&author, &way, &[text, ("interface", "en")]).await;
    assert!(!html.contains("evil.example"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_lost_login_when_a_command_comes_over_a_socket_then_it_says_to_come_back_whatever_is_there() {
    let (world, here, _) = scene(Visibility::Code).await;
    let mut socket = Asking::open(&world.visitor()).await;
    for stream in [here.stream, here.poll_stream, stimmwerk_core::ids::StreamId(Uuid::now_v7())] {
        let command = serde_json::json!({ "type": "contribute", "text": "Mehr Bäume." });
        let answer = socket.command(stream, &command).await;
        assert_eq!(answer["problem"]["code"], "unauthorized", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_names_that_look_alike_then_people_are_told_apart_and_nobody_takes_an_automatic_one() {
    let (world, here, _) = scene(Visibility::Code).await;
    let code = world.code(&here, stimmwerk_core::network::CodeKind::Link);
    let join = async |name: &str| {
        let body = serde_json::json!({ "code": code, "name": name, "notice": stimmwerk_core::people::NOTICE_VERSION });
        let answer = world.visitor().request(Method::POST, "/api/v1/join").json(&body).send().await.expect("an answer");
        let (status, cookie) = (answer.status(), super::world::cookie_of(&answer));
        (status, cookie, answer.json::<serde_json::Value>().await.expect("JSON"))
    };
    // All at once.
    let (one, two, three) = tokio::join!(join("Lena"), join("Lena"), join("L\u{435}na"));
    let cookie = one.1.clone().expect("a session");
    for (status, _, answer) in [one, two, three, join("lena").await, join("Lena (2)").await] {
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let names = world.app.accounts.names_in(here.process).await.expect("names");
    let looks: std::collections::BTreeSet<_> =
        names.iter().map(|(_, name)| stimmwerk_core::text::skeleton(name)).collect();
    assert_eq!((names.len(), looks.len()), (5, 5), "{names:?}");
    assert_eq!(names.iter().filter(|(_, name)| !name.contains('(')).count(), 1, "{names:?}");
    for automatic in ["Gast 7", "gast 12", "Guest 3", "Katılımcı 4", "Jemand im Saal", "G\u{430}st 9"] {
        let (status, _, answer) = join(automatic).await;
        assert_eq!(
            (status, &answer["problem"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &"looks_automatic".into()),
            "{automatic}"
        );
    }
    // Whoever keeps their name keeps it.
    let client = world.visitor().as_identity(stimmwerk_client::Identity::Session(cookie));
    let body = serde_json::json!({ "process": here.process, "name": names[0].1 });
    let answer = client.request(Method::PATCH, "/api/v1/me").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let after = world.app.accounts.names_in(here.process).await.expect("names");
    let looks: std::collections::BTreeSet<_> =
        after.iter().map(|(_, name)| stimmwerk_core::text::skeleton(name)).collect();
    assert_eq!(looks.len(), 5, "{after:?}");
}
