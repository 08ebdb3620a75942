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
