//! Codes never lock: whoever guesses shuts out nobody, and looking at pages guesses nothing.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Client, command_id, question};
use stimmwerk_core::network::{CodeKind, NetworkCommand, Visibility};
use stimmwerk_core::people::{Actor, Audience, Role};
use stimmwerk_core::poll::{Electorate, PollCommand};
use stimmwerk_core::tally;
use tokio::time::timeout;
use uuid::Uuid;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World, code_of};
use crate::address::Address;
use crate::chance;

/// Addresses as the proxy of this machine says them.
const GUESSER: &str = "203.0.113.1";
const HALL: &str = "198.51.100.7";

async fn post_from(address: &str, client: &Client, path: &str, body: &Value) -> Response {
    client.request(Method::POST, path).header("x-forwarded-for", address).json(body).send().await.expect("an answer")
}

async fn form_from(address: &str, client: &Client, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let request = client.request(Method::POST, path).header("x-forwarded-for", address);
    let body = serde_urlencoded::to_string(fields).expect("pairs");
    let answer = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send().await;
    let answer = answer.expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

fn wrong_from(world: &World, address: &str) -> u32 {
    world.app.limits.guesses.counted(Address::from(address.parse::<std::net::IpAddr>().expect("an address")))
}

fn join(code: &str) -> Value {
    json!({ "code": code, "notice": stimmwerk_core::people::NOTICE_VERSION })
}

/// Guesses so often that the address shares a budget with others who do.
async fn guess(world: &World) {
    for nth in 0..300 {
        let body = join(&format!("BCDF{nth:04}"));
        let answer = post_from(GUESSER, &world.visitor(), "/api/v1/join", &body).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "it waits, and is not shut out");
    }
    assert_eq!(wrong_from(world, GUESSER), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_who_guesses_then_right_codes_of_every_kind_still_lead_in_from_there_too() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let back = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let words = world.app.give_return_code(back).await.expect("words");
    let (spoken, link) = (world.code(&here, CodeKind::Spoken), world.code(&here, CodeKind::Link));
    guess(&world).await;
    for address in [HALL, GUESSER] {
        let post = async |path: &str, body: Value| post_from(address, &world.visitor(), path, &body).await.status();
        assert_eq!(post("/api/v1/join", join(&spoken)).await, StatusCode::CREATED, "{address}");
        assert_eq!(post("/api/v1/join", join(&link)).await, StatusCode::CREATED, "{address}");
        assert_eq!(post("/api/v1/return", json!({ "code": words })).await, StatusCode::OK, "{address}");
        assert_eq!(post("/api/v1/return", json!({ "code": "a-b-c-d-e" })).await, StatusCode::NOT_FOUND, "{address}");
        let token = world.login_link(back).await;
        assert_eq!(post("/api/v1/login/link/confirm", json!({ "token": token })).await, StatusCode::OK, "{address}");
    }
    assert_eq!(wrong_from(&world, HALL), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_as_many_as_the_line_holds_then_who_comes_to_it_is_told_to_wait_and_a_clean_address_is_not() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    guess(&world).await;
    let mut guessers = tokio::task::JoinSet::new();
    for _ in 0..400 {
        let client = world.visitor();
        guessers.spawn(async move { post_from(GUESSER, &client, "/api/v1/join", &join("BCDFGHJK")).await });
    }
    let told = async {
        while let Some(answer) = guessers.join_next().await {
            let answer = answer.expect("no panic");
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                assert!(answer.headers().contains_key("retry-after"));
                return answer.json::<Value>().await.expect("a problem");
            }
        }
        panic!("nobody was told to wait")
    };
    let told = timeout(Duration::from_secs(30), told).await.expect("they are told soon");
    assert!(told["title"].as_str().is_some_and(|title| title.contains("warten Sie")), "{told}");
    let right = post_from(HALL, &world.visitor(), "/api/v1/join", &join(&world.code(&here, CodeKind::Spoken))).await;
    assert_eq!(right.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn given_pages_that_are_asked_for_with_codes_then_they_count_nothing_and_tell_right_from_wrong_for_links_alone() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let page = async |path: String| {
        let asked = world.visitor().request(Method::GET, &path).header("x-forwarded-for", HALL).send().await;
        let asked = asked.expect("a page");
        let status = asked.status();
        let body = asked.text().await.expect("a body");
        (status, body.contains("role=\"alert\""), body.contains("Verfahren"))
    };
    let spoken = world.code(&here, CodeKind::Spoken);
    for code in ["", "WRONGONE", "wrong-one", &spoken, &spoken.to_lowercase()] {
        assert_eq!(page(format!("/join?code={code}")).await, (StatusCode::OK, false, false), "{code}");
        if !code.is_empty() {
            assert_eq!(page(format!("/j/{code}")).await, (StatusCode::OK, false, false), "{code}");
        }
    }
    let link = world.code(&here, CodeKind::Link);
    assert_eq!(page(format!("/j/{link}")).await, (StatusCode::OK, false, true));
    let wrong: String = link.chars().rev().collect();
    assert_eq!(page(format!("/j/{wrong}")).await, (StatusCode::NOT_FOUND, true, false));
    assert_eq!(page("/return?code=a-b-c-d-e".to_owned()).await, (StatusCode::OK, false, false));
    assert_eq!(wrong_from(&world, HALL), 0);
}

#[tokio::test]
async fn given_a_code_typed_at_home_then_it_is_judged_before_anything_is_asked_and_counts_as_a_guess() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let typed = async |code: &str, more: &[(&str, &str)]| {
        let fields = [&[("code", code), ("next", "/join")], more].concat();
        form_from(HALL, &world.visitor(), "/api/v1/join", &fields).await
    };
    let spoken = world.code(&here, CodeKind::Spoken);
    let (status, page) = typed(&spoken, &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Verfahren") && !page.contains("role=\"alert\""), "{page}");
    assert!(page.contains(&format!("/join?code={spoken}")), "the code stays when the language changes");
    let (status, page) = typed("WRONGONE", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("role=\"alert\"") && page.contains("value=\"WRONGONE\""), "{page}");
    assert_eq!(wrong_from(&world, HALL), 1);
    // On the way in: a name that cannot be taken, with the process still there; and then in.
    let (status, page) = typed(&spoken, &[("notice", "2"), ("name", "123")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Verfahren") && page.contains("role=\"alert\"") && page.contains("value=\"123\""), "{page}");
    assert_eq!(typed(&spoken, &[("notice", "2"), ("name", "Amal")]).await.0, StatusCode::SEE_OTHER);
    // Sent from elsewhere it is not judged, and so nothing tells a right code from a wrong one.
    let foreign = async |code: &str| {
        let request =
            reqwest::Client::new().post(format!("{}/api/v1/join", world.url)).header("origin", "https://e.example");
        let fields = serde_urlencoded::to_string([("code", code), ("next", "/join")]).expect("pairs");
        let answer = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(fields).send().await;
        let answer = answer.expect("an answer");
        (answer.status(), answer.text().await.expect("a body").contains("Verfahren"))
    };
    assert_eq!(foreign(&spoken).await, (StatusCode::FORBIDDEN, false));
    assert_eq!(foreign("WRONGONE").await, (StatusCode::FORBIDDEN, false));
}

#[tokio::test]
async fn given_a_new_return_code_then_it_has_five_harmless_words_and_older_ones_still_count() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let back = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let returns = async |code: &str| {
        let body = json!({ "code": code });
        post_from(HALL, &world.visitor(), "/api/v1/return", &body).await.status()
    };
    let new = world.app.give_return_code(back).await.expect("words");
    assert_eq!(new.split('-').count(), 5, "{new}");
    assert_eq!(returns(&new.replace('-', " ").to_uppercase().replace('I', "İ")).await, StatusCode::OK, "{new}");
    // Of four words, one of them no longer given out.
    world.app.accounts.set_return_code(chance::hash("affe-haus-tisch-ofen"), back).await.expect("set");
    assert_eq!(returns(" Affe  HAUS–Tisch ｏｆｅｎ").await, StatusCode::OK);
    assert_eq!(returns("affe-haus-tisch").await, StatusCode::NOT_FOUND);
    let words: Vec<&str> = include_str!("../return_words.txt").lines().collect();
    let distinct: std::collections::HashSet<_> = words.iter().collect();
    assert!(words.len() >= 600 && distinct.len() == words.len(), "46 bits: {}", words.len());
    for word in &words {
        assert_eq!(stimmwerk_core::code::words(word), [*word], "it is kept as it is shown");
    }
    for hurts in
        "affe schwein esel ziege kuh hund rind kamel schaf gans lager ofen asche rampe seife volk stamm rakete \
                  banane flasche rat bad boot flut welle lawine kuss brust hunger grenze"
            .split_whitespace()
    {
        assert!(!words.contains(&hurts), "{hurts}");
    }
}

/// A poll in which cards vote, and two of them.
async fn with_cards(
    world: &World,
    here: &Place,
) -> (stimmwerk_core::ids::PollId, stimmwerk_core::ids::StreamId, [String; 2]) {
    let mut question = question("Weiter so?", tally::Method::YesNo, &[]);
    question.electorate = Electorate::Cards;
    let create =
        NetworkCommand::CreatePoll { process: here.process, forum: Some(here.forum), question: Box::new(question) };
    let system = Actor::system;
    let done = world.app.network.issue(create, chance::command_id(), system(), Uuid::nil()).await.expect("made");
    world.app.run_follow_ups().await;
    let poll = stimmwerk_core::ids::PollId(done.object.expect("an object"));
    let place = world.app.directory().poll(poll).expect("it was made");
    let staff = world.caller(Caller::NetworkStaff(Role::Moderator), By::Token, here, here).await;
    let staff = world.speak(staff, By::Token).await;
    let codes = staff.issue_cards(poll, 2).await.expect("cards").codes;
    let room = world.app.poll(place, Audience::Staff).await.expect("there");
    room.issue(PollCommand::Open { seconds: None }, chance::command_id(), system(), Uuid::nil()).await.expect("opened");
    (poll, place.stream, codes.try_into().expect("two"))
}

#[tokio::test(flavor = "multi_thread")]
async fn given_wrong_cards_then_they_are_guesses_by_either_door_and_right_ones_count_all_the_same() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let (poll, stream, [first, second]) = with_cards(&world, &here).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    let path = format!("/api/v1/polls/{poll}/ballots");
    let ballot = |card: &str| json!({ "round": 1, "marks": [1, 0, 0], "card": card });
    let rest = async |address: &str, card: &str| {
        let answer = post_from(address, &guest, &path, &ballot(card)).await;
        (answer.status(), code_of(&answer.bytes().await.expect("a body")))
    };
    let unknown = (StatusCode::UNPROCESSABLE_ENTITY, "card_unknown".to_owned());
    for _ in 0..30 {
        assert_eq!(rest(GUESSER, "BBBB-BBBB-BBBB").await, unknown);
    }
    assert_eq!(wrong_from(&world, GUESSER), 30);
    // The socket comes from this machine itself.
    let mut socket = Asking::open(&guest).await;
    let vote = |card: &str| {
        let command = json!({ "type": "vote", "round": 1, "marks": [1, 0, 0], "card": card });
        json!({ "type": "command", "id": command_id(), "stream": stream, "command": command })
    };
    let answer = socket.ask(&vote("BBBB-BBBB-BBBB"), &["accepted"]).await;
    assert_eq!(answer["problem"]["code"], "card_unknown");
    assert_eq!(wrong_from(&world, "127.0.0.1"), 1);
    assert_eq!(socket.ask(&vote(&first), &["accepted"]).await["type"], "accepted");
    assert_eq!(rest(GUESSER, &second).await.0, StatusCode::OK, "a right one, from where somebody guesses");
    assert_eq!((wrong_from(&world, GUESSER), wrong_from(&world, "127.0.0.1")), (30, 1));
}

#[tokio::test]
async fn given_callers_who_are_no_trusted_proxy_then_their_own_address_counts_whatever_they_say() {
    let world = World::with(|config| {
        config.trusted_proxy = serde_json::from_value(json!(["192.0.2.0/24"])).expect("a network");
    });
    let world = world.await;
    let answer = post_from(GUESSER, &world.visitor(), "/api/v1/join", &join("BCDFGHJK")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!((wrong_from(&world, GUESSER), wrong_from(&world, "127.0.0.1")), (0, 1));
}

#[tokio::test]
async fn given_somebody_who_is_in_when_they_open_the_link_again_then_they_are_told_so() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let link = format!("/j/{}", world.code(&here, CodeKind::Link));
    let person = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(person, By::Session).await;
    let asked = guest.request(Method::GET, &link).send().await.expect("an answer");
    let next = asked.headers()["location"].to_str().expect("an address").to_owned();
    let page = guest.request(Method::GET, &next).send().await.expect("a page").text().await.expect("a body");
    assert!(page.contains("Sie sind dabei") && page.contains("Zum Gespräch"), "{page}");
}

#[tokio::test]
async fn given_wrong_links_then_they_are_refused_and_count_as_no_guesses() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let long = world.code(&here, CodeKind::Link).chars().rev().collect::<String>();
    let answer = post_from(HALL, &world.visitor(), "/api/v1/join", &join(&long)).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer = post_from(HALL, &world.visitor(), "/api/v1/login/link/confirm", &json!({ "token": long })).await;
    assert_eq!(answer.status(), StatusCode::GONE);
    assert_eq!(wrong_from(&world, HALL), 0);
}
