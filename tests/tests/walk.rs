//! The forum as its people meet it, over REST, forms and the socket.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use stimmwerk_client::{Follow, command_id};
use stimmwerk_core::forum::{ForumCommand, ForumView, HideReason, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId};
use stimmwerk_core::live::WindowRequest;
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{Scene, Server, saying};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn given_a_guest_when_their_first_contribution_is_approved_and_hidden_then_readers_see_just_that() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::FirstOfGuest).await;
    let (amal, oksana) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let reader = Follow::stream(&oksana, scene.stream).start();
    let moderator = Follow::stream(&scene.staff, scene.stream).start();
    assert!(reader.shows(SOON, |_| true).await, "a snapshot comes");

    let written = amal.command(scene.forum, command_id(), &saying("Ein Raum für alle")).await.expect("taken");
    let contribution = ContributionId(written.id.expect("an id"));
    assert!(moderator.shows(SOON, |view| view.waiting.iter().any(|c| c.id == contribution)).await);
    let own = amal.forum(scene.forum, &WindowRequest::default()).await.expect("readable").own.expect("joined");
    assert_eq!(own.waiting.len(), 1, "the author sees that it waits");
    assert!(reader.view().expect("a view").contributions.is_empty(), "nobody else sees it");

    scene
        .staff
        .command(scene.forum, command_id(), &ForumCommand::Approve { contribution, seen: None })
        .await
        .expect("approved");
    assert!(reader.shows(SOON, |view| view.contributions.iter().any(|c| c.id == contribution)).await);
    oksana.command(scene.forum, command_id(), &ForumCommand::Support { contribution }).await.expect("supported");
    assert!(reader.shows(SOON, |view| view.contributions.iter().any(|c| c.support == 1)).await);
    let refused = amal.command(scene.forum, command_id(), &ForumCommand::Support { contribution }).await;
    assert_eq!(refused.expect_err("own").code(), Some("own_contribution"));

    let hide = ForumCommand::Hide { contribution, reason: HideReason::Other, note: Some("Bitte anders".to_owned()) };
    scene.staff.command(scene.forum, command_id(), &hide).await.expect("hidden");
    let only_its_place = |view: &ForumView| {
        view.totals.contributions == 0
            && view.contributions.iter().all(|one| one.is_placeholder() && one.id == contribution)
    };
    assert!(reader.shows(SOON, only_its_place).await);
    let own = amal.forum(scene.forum, &WindowRequest::default()).await.expect("readable").own.expect("joined");
    assert_eq!(own.hidden.len(), 1, "the author is told why");
    scene.staff.command(scene.forum, command_id(), &ForumCommand::Restore { contribution }).await.expect("restored");
    assert!(reader.shows(SOON, |view| view.totals.contributions == 1).await);

    let fresh = oksana.whole_forum(scene.forum).await.expect("readable");
    assert!(reader.reaches(fresh.seq, SOON).await);
    assert_eq!(reader.view().expect("a view"), fresh.view, "socket and REST show the same");
    assert!(reader.seen().violations.is_empty(), "{:?}", reader.seen().violations);
}

#[tokio::test]
async fn given_a_stranger_when_they_ask_for_a_closed_process_then_it_is_not_there() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let stranger = server.visitor();
    let refused = stranger.forum(scene.forum, &WindowRequest::default()).await.expect_err("not there");
    assert_eq!(refused.code(), Some("not_found"));
    let refused = stranger.deltas(scene.stream, Default::default()).await.expect_err("not there");
    assert_eq!(refused.code(), Some("not_found"));
    // Who writes and is nobody is asked to come back, whether or not there is such a forum: what they wrote is kept.
    for forum in [scene.forum, ForumId(scene.stream.0)] {
        let refused = stranger.command(forum, command_id(), &saying("x")).await.expect_err("not there");
        assert_eq!(refused.code(), Some("unauthorized"));
    }
    assert!(stranger.processes().await.expect("a list").is_empty());
}

#[tokio::test]
async fn given_a_plain_form_when_it_is_sent_then_it_redirects_and_a_refused_one_keeps_what_was_typed() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let page = format!("/f/{}", scene.forum);
    let post = |text: String| {
        let body = [("next", page.as_str()), ("text", text.as_str())]
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('/', "%2F")))
            .join("&");
        amal.request(Method::POST, &format!("/api/v1/forums/{}/contributions", scene.forum))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
    };
    let taken = post("Ohne JavaScript".to_owned()).await.expect("an answer");
    assert_eq!(taken.status(), 303);
    assert_eq!(taken.headers()["location"], page.as_str());
    let refused = post("zu lang ".repeat(400)).await.expect("an answer");
    assert_eq!(refused.status(), 422);
    let html = refused.text().await.expect("a page");
    assert!(html.contains("zu lang zu lang"), "what was typed is kept");
    assert!(html.contains("Ohne JavaScript"), "on the page it came from");
}

#[tokio::test]
async fn given_foreign_pages_when_they_write_then_they_are_refused() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let path = format!("{}/api/v1/forums/{}/contributions", server.url, scene.forum);
    let stimmwerk_client::Identity::Session(cookie) = amal.identity() else { panic!("a session") };
    let http = reqwest::Client::new();
    for origin in [None, Some("null".to_owned()), Some(format!("{}.evil.example", server.url))] {
        let mut request = http.post(&path).header("cookie", cookie).json(&json!({ "text": "x" }));
        if let Some(origin) = &origin {
            request = request.header("origin", origin);
        }
        assert_eq!(request.send().await.expect("an answer").status(), 403, "{origin:?}");
    }
}

#[tokio::test]
async fn given_the_same_command_fifty_times_when_sent_at_once_and_after_a_restart_then_one_event_and_one_answer() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (amal, other) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let (id, command) = (command_id(), saying("Nur einmal"));
    let sent: Vec<_> = (0..50)
        .map(|_| {
            let (amal, command) = (amal.clone(), command.clone());
            tokio::spawn(async move { amal.command(scene.forum, id, &command).await })
        })
        .collect();
    let mut answers = Vec::new();
    for one in sent {
        answers.push(one.await.expect("no panic").expect("accepted"));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "one answer");
    server.kill_and_restart();
    // Lines of before the restart are dead; whoever notices repeats, which is what ids are for.
    let mut again = amal.command(scene.forum, id, &command).await;
    for _ in 0..60 {
        if matches!(again, Err(stimmwerk_client::Error::Transport(_))) {
            again = amal.command(scene.forum, id, &command).await;
        }
    }
    let again = again.expect("accepted again");
    assert_eq!(again, answers[0]);
    let refused = amal.command(scene.forum, id, &saying("Etwas anderes")).await.expect_err("another body");
    assert_eq!(refused.code(), Some("id_reused"));
    let refused = other.command(scene.forum, id, &command).await.expect_err("another actor");
    assert_eq!(refused.code(), Some("id_reused"));
    assert_eq!(amal.whole_forum(scene.forum).await.expect("readable").view.contributions.len(), 1);
}
