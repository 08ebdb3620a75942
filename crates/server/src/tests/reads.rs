//! What is read is bounded: no reader keeps others from being served, and whoever is polite meets no bound.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Error, LiveSocket, command_id};
use stimmwerk_core::forum::ForumCommand;
use stimmwerk_core::network::Visibility;
use tokio::time::timeout;

use super::world::{By, Caller, Place, World};
use crate::reads::SOCKETS_EACH;

/// Nothing here measures time; but what never comes is to fail, not to hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// A public forum with contributions of two thousand letters each.
async fn long_forum(contributions: usize) -> (World, Place) {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let author = world.participant(author, &here).await.expect("they take part");
    let text = "Ein *langer* Beitrag, über viele Zeilen.\n".repeat(48);
    for _ in 0..contributions {
        world.contribution(&here, author, &text).await;
    }
    (world, here)
}

fn code(answer: Result<LiveSocket, Error>) -> String {
    match answer {
        Ok(_) => String::new(),
        Err(Error::Problem(problem)) => problem.code,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_stranger_who_asks_for_everything_without_end_then_they_are_told_to_wait_and_others_are_served() {
    let (world, here) = long_forum(300).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    let mut greedy = Vec::new();
    for _ in 0..8 {
        greedy.push(LiveSocket::connect(&world.visitor()).await.expect("a socket"));
    }
    let answered = AtomicU32::new(0);
    let ask = json!({ "type": "subscribe", "stream": here.stream, "after": null, "from": 0 }).to_string();
    let others = async {
        for nth in 0..30 {
            let alive = world.visitor().request(Method::GET, "/livez").send().await.expect("an answer");
            assert_eq!(alive.status(), StatusCode::OK);
            let text = format!("Beitrag {nth}");
            let say = ForumCommand::Contribute { text, lang: None, topic: None, reply_to: None, hall: None };
            guest.command(here.forum, command_id(), &say).await.expect("accepted");
        }
    };
    let flood = join_all(greedy.iter_mut().map(|socket| async {
        // Without end.
        for _ in 0..u64::MAX {
            socket.send_text(ask.clone()).await.expect("an open socket");
            // Until the end of the answer.
            loop {
                let text = socket.next_text().await.expect("an open socket").expect("an open socket");
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                match frame["type"].as_str() {
                    Some("snapshot") => _ = answered.fetch_add(1, Ordering::Relaxed),
                    Some("rejected") => {
                        assert_eq!(frame["problem"]["code"], "too_many_requests", "{frame}");
                        assert_eq!(frame["problem"]["stream"], json!(here.stream));
                        assert!(frame["problem"]["retry_after"].as_u64().is_some_and(|seconds| seconds > 0));
                        break;
                    }
                    Some("presence") => break,
                    _ => {}
                }
            }
        }
    }));
    let both = async {
        tokio::select! {
            () = others => {}
            _ = flood => panic!("the flood has no end"),
        }
    };
    timeout(PATIENCE, both).await.expect("others are served");
    assert!(answered.load(Ordering::Relaxed) > 0, "nothing was asked for meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_budgets_that_are_used_up_then_reads_are_refused_the_ways_in_are_not_and_budgets_refill() {
    let (world, here) = long_forum(3).await;
    let search = format!("/api/v1/forums/{}/search?sort=supported", here.forum);
    let status =
        async |path: &str| world.visitor().request(Method::GET, path).send().await.expect("an answer").status();
    let mut taken = 0;
    while status(&search).await == StatusCode::OK {
        taken += 1;
        assert!(taken < 20_000, "no bound");
    }
    assert!(taken >= 500, "a hall at once meets no bound: {taken}");
    let refused = world.visitor().request(Method::GET, &search).send().await.expect("an answer");
    assert!(refused.headers().contains_key("retry-after") || refused.status() == StatusCode::OK);
    assert_eq!(status("/livez").await, StatusCode::OK);
    for way_in in ["/", "/join"] {
        assert_eq!(status(way_in).await, StatusCode::OK, "strangers keep nobody from joining");
    }
    // Whoever is known has a budget of their own.
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    for read in [&search, &format!("/f/{}", here.forum)] {
        assert_eq!(guest.request(Method::GET, read).send().await.expect("an answer").status(), StatusCode::OK);
    }
    let again = async {
        while status(&search).await != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("it refills");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_with_as_many_sockets_as_they_may_have_then_the_next_is_refused_and_others_get_theirs() {
    let (world, here) = long_forum(1).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    let mut open = Vec::new();
    for _ in 0..SOCKETS_EACH {
        open.push(LiveSocket::connect(&guest).await.expect("a socket"));
    }
    assert_eq!(code(LiveSocket::connect(&guest).await), "too_many_requests");
    let other = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let other = world.speak(other, By::Session).await;
    assert_eq!(code(LiveSocket::connect(&other).await), "");
    assert_eq!(code(LiveSocket::connect(&world.visitor()).await), "");
    open.pop().expect("one").close().await;
    let again = async {
        while !code(LiveSocket::connect(&guest).await).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("one has closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_who_takes_name_after_name_then_a_few_are_taken_and_others_still_can() {
    let (world, here) = long_forum(1).await;
    let rename = async |client: &stimmwerk_client::Client, name: &str| {
        let body = json!({ "process": here.process, "name": name });
        let answer = client.request(Method::PATCH, "/api/v1/me").json(&body).send().await.expect("an answer");
        (answer.status(), answer.json::<Value>().await.expect("JSON"))
    };
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    for name in ["Ada", "Ben", "Cem", "Dana", "Emil"] {
        assert_eq!(rename(&guest, name).await.0, StatusCode::OK, "{name}");
    }
    let (status, problem) = rename(&guest, "Fatma").await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("renamed_too_often")));
    assert!(problem["title"].as_str().is_some_and(|title| title.contains("Namen")), "{problem}");
    // The name they have is no new one.
    assert_eq!(rename(&guest, "Emil").await.0, StatusCode::OK);
    let other = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let other = world.speak(other, By::Session).await;
    assert_eq!(rename(&other, "Fatma").await.0, StatusCode::OK);
}
