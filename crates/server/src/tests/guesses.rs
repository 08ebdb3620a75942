//! Whoever guesses codes shuts out nobody who holds something that cannot be guessed.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_core::network::{CodeKind, Visibility};

use super::world::{By, Caller, World};
use crate::limits::Bucket;

fn drain(bucket: &Bucket) {
    while bucket.take().is_ok() {}
}

#[tokio::test]
async fn given_as_many_wrong_codes_as_the_server_bears_then_links_and_the_other_kind_of_code_still_work() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let back = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let words = world.app.give_return_code(back).await.expect("four words");
    let limits = &world.app.limits;
    let post = async |path: &str, body: Value| {
        let request = world.visitor().request(Method::POST, path).json(&body);
        request.send().await.expect("an answer").status()
    };
    let (spoken, link) = (world.code(&here, CodeKind::Spoken), world.code(&here, CodeKind::Link));
    let join = |code: &str| json!({ "code": code, "notice": 1 });

    drain(&limits.codes);
    assert_eq!(post("/api/v1/join", join(&spoken)).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(post("/api/v1/join", join(&link)).await, StatusCode::CREATED, "a link is not guessed");
    let page = world.visitor().request(Method::GET, &format!("/j/{link}")).send().await.expect("a page");
    assert!(page.text().await.expect("a body").contains("Verfahren"));
    assert_eq!(post("/api/v1/return", json!({ "code": words })).await, StatusCode::OK, "return codes have their own");

    drain(&limits.returns);
    assert_eq!(post("/api/v1/return", json!({ "code": words })).await, StatusCode::TOO_MANY_REQUESTS);
    let token = world.login_link(back).await;
    assert_eq!(post("/api/v1/login/link/confirm", json!({ "token": token })).await, StatusCode::OK);
}

#[tokio::test]
async fn given_a_code_typed_at_home_then_it_is_judged_before_anything_is_asked_and_counts_as_a_guess() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let page = async |code: &str| {
        let asked = world.visitor().request(Method::GET, &format!("/join?code={code}")).send().await.expect("a page");
        (asked.status(), asked.text().await.expect("a body").contains("role=\"alert\""))
    };
    assert_eq!(page("").await, (StatusCode::OK, false));
    assert_eq!(page(&world.code(&here, CodeKind::Spoken)).await, (StatusCode::OK, false));
    for _ in 0..10 {
        assert_eq!(page("WRONGONE").await, (StatusCode::NOT_FOUND, true));
    }
    let left = std::iter::repeat_with(|| world.app.limits.codes.take()).take_while(Result::is_ok).count();
    assert!(left < 300, "{left}");
    assert_eq!(page(&world.code(&here, CodeKind::Spoken)).await, (StatusCode::TOO_MANY_REQUESTS, true));
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
async fn given_wrong_links_then_they_are_refused_and_take_nothing_from_those_who_speak_a_code() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let long = world.code(&here, CodeKind::Link).chars().rev().collect::<String>();
    drain(&world.app.limits.codes);
    let body = json!({ "code": long, "notice": 1 });
    let answer = world.visitor().request(Method::POST, "/api/v1/join").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let body = json!({ "token": long });
    let confirm = world.visitor().request(Method::POST, "/api/v1/login/link/confirm").json(&body);
    assert_eq!(confirm.send().await.expect("an answer").status(), StatusCode::GONE);
}
