//! Projectors: what their link opens, and what it never does.

use axum::http::StatusCode;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use stimmwerk_core::forum::{ForumCommand, Stage};
use stimmwerk_core::network::{CodeKind, Visibility};
use stimmwerk_core::people::{Actor, Audience, Role};

use super::sockets::Asking;
use super::world::{By, Caller, Place, World};
use crate::access::ROUTES;

const FORM: &str = "application/x-www-form-urlencoded";

/// A link for a projector, and the token in it.
async fn link(world: &World, place: &Place) -> (String, String) {
    let path = world.app.screen_link(place.forum).await.expect("a link");
    let token = path.trim_start_matches("/screen/").to_owned();
    (path, token)
}

async fn get(world: &World, path: &str) -> Response {
    world.visitor().request(Method::GET, path).send().await.expect("an answer")
}

async fn html(world: &World, path: &str) -> String {
    let answer = get(world, path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("a page")
}

async fn put_on(world: &World, place: &Place, stage: Stage) {
    world.tell(place, Actor::system(), ForumCommand::SetStage { stage, seen: None }).await;
}

fn status_of(answer: &Value) -> Option<u64> {
    answer["problem"]["status"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_projector_then_it_reads_its_forum_and_its_poll_and_nothing_of_others() {
    for visibility in [Visibility::Code, Visibility::Members, Visibility::Public] {
        let world = World::new().await;
        let (here, elsewhere) = (world.place(visibility).await, world.place(Visibility::Code).await);
        // Everyone may read the forums of public processes.
        let beside = match visibility {
            Visibility::Public => elsewhere,
            _ => world.place_in(here.process, visibility).await,
        };
        let (path, token) = link(&world, &here).await;
        let answer = get(&world, &path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        for (name, value) in
            [("cache-control", "private, no-store"), ("x-robots-tag", "noindex"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(answer.headers()[name], value, "{name}");
        }
        let of = |place: &Place| {
            [
                format!("/f/{}?", place.forum),
                format!("/p/{}?", place.poll),
                format!("/api/v1/forums/{}?", place.forum),
                format!("/api/v1/polls/{}?", place.poll),
                format!("/api/v1/streams/{}/deltas?after=0&", place.stream),
                format!("/api/v1/streams/{}/deltas?after=0&", place.poll_stream),
            ]
        };
        for path in of(&here) {
            assert_eq!(get(&world, &format!("{path}screen={token}")).await.status(), StatusCode::OK, "{path}");
        }
        for path in of(&elsewhere).into_iter().chain(of(&beside)) {
            assert_eq!(get(&world, &format!("{path}screen={token}")).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let mut socket = Asking::open_screen(&world.visitor(), &token).await.expect("a socket");
        for stream in [here.stream, here.poll_stream] {
            assert_eq!(socket.subscribe(stream, None).await["as"], "participants");
            assert_eq!(status_of(&socket.subscribe(stream, Some(Audience::Staff)).await), Some(403));
        }
        for stream in [elsewhere.stream, elsewhere.poll_stream, beside.stream, beside.poll_stream] {
            assert_eq!(status_of(&socket.subscribe(stream, None).await), Some(404));
        }
        assert_eq!(world.room(&here).await.people_present(), 0, "a projector is nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_projector_then_it_writes_nowhere() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let (path, token) = link(&world, &here).await;
    let mut tried = 0;
    for rule in ROUTES.iter().filter(|rule| rule.method != "GET") {
        let made = rule
            .path
            .replace("{process}", &here.process.to_string())
            .replace("{forum}", &here.forum.to_string())
            .replace("{poll}", &here.poll.to_string())
            .replace("{stream}", &here.stream.to_string());
        let method: Method = rule.method.parse().expect("a method");
        let body = json!({ "code": world.code(&here, CodeKind::Link), "notice": stimmwerk_core::people::NOTICE_VERSION, "text": "Mehr Licht.", "lang": "de" });
        let (visitor, program) = (world.visitor(), world.visitor().with_token(&token));
        for (client, path) in [(visitor, format!("{made}?screen={token}")), (program, made.clone())] {
            let answer = client.request(method.clone(), &path).json(&body).send().await.expect("an answer");
            let refused = matches!(answer.status().as_u16(), 401 | 403 | 404);
            assert!(refused, "{} {}: {}", rule.method, rule.path, answer.status());
        }
        tried += 1;
    }
    assert!(tried > 50, "{tried} routes");
    let mut socket = Asking::open_screen(&world.visitor(), &token).await.expect("a socket");
    let contribute = json!({ "type": "contribute", "text": "Mehr Licht." });
    assert_eq!(status_of(&socket.command(here.stream, &contribute).await), Some(403));
    let vote = json!({ "type": "vote", "round": 1, "marks": [1, 0, 0] });
    assert_eq!(status_of(&socket.command(here.poll_stream, &vote).await), Some(403));
    let unchanged = html(&world, &path).await;
    assert!(!unchanged.contains("Licht"));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_revoked_links_then_open_sockets_hear_goodbye_and_nothing_opens_any_more() {
    let world = World::new().await;
    let (here, elsewhere) = (world.place(Visibility::Public).await, world.place(Visibility::Public).await);
    let (path, token) = link(&world, &here).await;
    let (others, _) = link(&world, &elsewhere).await;
    let mut socket = Asking::open_screen(&world.visitor(), &token).await.expect("a socket");
    socket.subscribe(here.stream, None).await;
    let moderator = world.caller(Caller::Staff(Role::Moderator), By::Token, &here, &elsewhere).await;
    let moderator = world.speak(moderator, By::Token).await;
    let screens = format!("/api/v1/forums/{}/screens", here.forum);
    let answer = moderator.request(Method::DELETE, &screens).send().await.expect("an answer");
    assert!(answer.status().is_success());
    socket.hears_goodbye().await;
    let made_up = format!("/screen/{}", "0123456789abcdef".repeat(2));
    for path in [path, made_up, format!("/api/v1/forums/{}?screen={token}", here.forum)] {
        assert_eq!(get(&world, &path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert!(Asking::open_screen(&world.visitor(), &token).await.is_err());
    assert_eq!(get(&world, &others).await.status(), StatusCode::OK, "another forum's stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_contributions_on_stage_then_old_ones_are_there_as_typed_without_links_and_hidden_ones_are_not() {
    let world = World::new().await;
    let (here, elsewhere) = (world.place(Visibility::Code).await, world.place(Visibility::Code).await);
    let author = world.caller(Caller::Author, By::Session, &here, &elsewhere).await;
    let author = world.participant(author, &here).await.expect("they take part");
    let old = world.contribution(&here, author, "Lies [das hier](https://evil.example), **bitte**.").await;
    let other = world.contribution(&here, author, "Das verschwindet.").await;
    for nth in 0..60 {
        world.contribution(&here, author, &format!("Und noch etwas, Nummer {nth}.")).await;
    }
    let (path, _) = link(&world, &here).await;
    put_on(&world, &here, Stage::Contributions { contributions: vec![old, other] }).await;
    let page = html(&world, &path).await;
    assert!(page.contains("Lies [das hier](https://evil.example), **bitte**.") && page.contains("Das verschwindet."));
    assert!(!page.contains("<a "), "nothing can be pressed in the hall");
    let hide = ForumCommand::Hide { contribution: other, reason: stimmwerk_core::forum::HideReason::Spam, note: None };
    world.tell(&here, Actor::system(), hide).await;
    let page = html(&world, &path).await;
    assert!(page.contains("Lies [das hier]") && !page.contains("Das verschwindet."));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_way_in_then_it_stands_on_every_stage_but_the_dark_one_and_only_while_it_leads_in() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let (path, _) = link(&world, &here).await;
    let spoken = world.code(&here, CodeKind::Spoken);
    let group = spoken.chars().filter(|c| c.is_alphanumeric()).take(4).collect::<String>();
    for (stage, there) in
        [(Stage::Welcome, true), (Stage::Poll { poll: here.poll }, true), (Stage::Speaking, true), (Stage::Off, false)]
    {
        put_on(&world, &here, stage.clone()).await;
        let page = html(&world, &path).await;
        assert_eq!(page.contains(&group) && page.contains("class=\"qr\""), there, "{stage:?}");
    }
    put_on(&world, &here, Stage::Welcome).await;
    let closed = stimmwerk_core::network::NetworkCommand::SetJoining {
        process: here.process,
        joining: stimmwerk_core::network::Joining::Closed,
    };
    let id = crate::chance::command_id();
    world.app.network.issue(closed, id, Actor::system(), uuid::Uuid::nil()).await.expect("accepted");
    assert!(!html(&world, &path).await.contains(&group));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_words_changed_since_a_moderator_read_them_then_no_door_puts_them_on_stage() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let author = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let author = world.participant(author, &here).await.expect("they take part");
    let contribution = world.contribution(&here, author, "Gelesen").await;
    let staff = world.caller(Caller::Staff(Role::Moderator), By::Token, &here, &here).await;
    let staff = world.speak(staff, By::Token).await;
    let page = staff.request(Method::GET, &format!("/api/v1/forums/{}", here.forum)).send().await.expect("an answer");
    let read = page.json::<Value>().await.expect("a forum")["seq"].as_u64().expect("a number");
    let edit = ForumCommand::Edit { contribution, text: "Ungelesen".to_owned() };
    world.tell(&here, Actor { participant: Some(author), guest: true, ..Actor::default() }, edit).await;
    let path = format!("/api/v1/forums/{}/stage", here.forum);
    let stage = |seen: u64| json!({ "shows": "contributions", "contributions": [contribution], "seen": seen });
    let form = |seen: u64| format!("shows=contributions&contribution={contribution}&seen={seen}&next=/");
    for (seen, as_json, as_form) in
        [(read, StatusCode::CONFLICT, StatusCode::CONFLICT), (read + 1, StatusCode::OK, StatusCode::SEE_OTHER)]
    {
        let answer = staff.request(Method::POST, &path).json(&stage(seen)).send().await.expect("an answer");
        assert_eq!(answer.status(), as_json, "{seen}");
        let form = staff.request(Method::POST, &path).header(CONTENT_TYPE, FORM).body(form(seen));
        assert_eq!(form.send().await.expect("an answer").status(), as_form, "{seen}");
    }
}
