//! Bounds on what strangers can do, and rights that end at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use stimmwerk_client::{Client, Error, Join, LiveSocket, command_id};
use stimmwerk_core::forum::{Forum, ForumCommand, Waiting};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, StreamId};
use stimmwerk_core::live::{ClientFrame, MAX_CLIENT_FRAME, MAX_COMMANDS_PER_SECOND, MAX_SUBSCRIPTIONS, ServerFrame};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_tests::{SOON, Scene, Server, eventually, refusal, saying};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

fn subscribe(stream: StreamId) -> ClientFrame {
    ClientFrame::Subscribe { stream, after: None, audience: None, from: None }
}

/// The next frame of interest.
async fn next(socket: &mut LiveSocket, wanted: impl Fn(&ServerFrame<Forum>) -> bool) -> ServerFrame<Forum> {
    let search = async {
        loop {
            let frame = socket.next::<Forum>().await.expect("a frame").expect("an open socket");
            if wanted(&frame) {
                return frame;
            }
        }
    };
    timeout(SOON, search).await.expect("the frame comes")
}

async fn subscribed(client: &Client, stream: StreamId) -> LiveSocket {
    let mut socket = LiveSocket::connect(client).await.expect("a socket");
    socket.send(&subscribe(stream)).await.expect("sent");
    next(&mut socket, |frame| matches!(frame, ServerFrame::Snapshot(_))).await;
    socket
}

/// Reads until the server closes. Whether it said goodbye.
async fn closes(socket: &mut LiveSocket) -> bool {
    let mut bye = false;
    let to_the_end = async {
        while let Ok(Some(text)) = socket.next_text().await {
            bye |= text.contains(r#""type":"bye""#);
        }
    };
    timeout(SOON, to_the_end).await.expect("the socket closes");
    bye
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_frame_that_is_too_long_when_sent_then_it_is_not_taken_and_others_go_on() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let mut other = subscribed(&amal, scene.stream).await;
    let mut socket = subscribed(&amal, scene.stream).await;
    let command = |text: String| {
        let command = serde_json::to_value(saying(&text)).expect("plain data");
        serde_json::to_string(&ClientFrame::Command { id: command_id(), stream: scene.stream, command }).expect("plain")
    };
    // As long as may be: read, and refused for what it says.
    let around = command(String::new()).len();
    socket.send_text(command("x".repeat(MAX_CLIENT_FRAME - around))).await.expect("sent");
    let answer = next(&mut socket, |frame| matches!(frame, ServerFrame::Rejected(_))).await;
    let ServerFrame::Rejected(rejected) = answer else { unreachable!() };
    assert_eq!(rejected.problem.status, 422, "{rejected:?}");
    // Longer: refused without being looked at, and the connection stays.
    socket.send_text(command("x".repeat(MAX_CLIENT_FRAME))).await.expect("sent");
    let answer = next(&mut socket, |frame| matches!(frame, ServerFrame::Rejected(_))).await;
    let ServerFrame::Rejected(rejected) = answer else { unreachable!() };
    assert_eq!((rejected.problem.status, rejected.problem.code.as_str()), (413, "too_large"), "{rejected:?}");
    // Far longer than that: it is not read, and the line is cut.
    let _ = socket.send_text(command("x".repeat(5 * MAX_CLIENT_FRAME))).await;
    closes(&mut socket).await;

    let seq = scene.tell(&amal, saying("Es geht weiter.")).await.expect("taken").seq;
    next(&mut other, |frame| matches!(frame, ServerFrame::Deltas(deltas) if deltas.seq >= seq)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_as_many_subscriptions_as_may_be_when_one_more_is_asked_then_it_is_refused_and_the_others_stay() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let mut streams = vec![scene.stream];
    for nth in 0..MAX_SUBSCRIPTIONS {
        let title = Texts::of(Lang::german(), &format!("Gespräch {nth}"));
        let forum = scene.staff.create_forum(scene.process, &title, Waiting::None).await.expect("a forum");
        streams.push(scene.staff.forum(forum, &Default::default()).await.expect("the forum").stream);
    }
    let (last, first) = streams.split_last().expect("seventeen");
    let mut socket = LiveSocket::connect(&amal).await.expect("a socket");
    for stream in first {
        socket.send(&subscribe(*stream)).await.expect("sent");
        next(&mut socket, |frame| matches!(frame, ServerFrame::Snapshot(s) if s.stream == *stream)).await;
    }
    let answer = |frame: &ServerFrame<Forum>| matches!(frame, ServerFrame::Rejected(_) | ServerFrame::Snapshot(_));
    socket.send(&subscribe(*last)).await.expect("sent");
    let refused = next(&mut socket, answer).await;
    let ServerFrame::Rejected(rejected) = refused else { panic!("a refusal was due, not {refused:?}") };
    assert_eq!(rejected.problem.code, "too_many");
    assert_eq!(rejected.problem.params["stream"], json!(last));
    // Again is not one more, and one less makes room.
    socket.send(&subscribe(scene.stream)).await.expect("sent");
    assert!(matches!(next(&mut socket, answer).await, ServerFrame::Snapshot(_)));
    socket.send(&ClientFrame::Unsubscribe { stream: streams[1] }).await.expect("sent");
    socket.send(&subscribe(*last)).await.expect("sent");
    assert!(matches!(next(&mut socket, answer).await, ServerFrame::Snapshot(_)));
    let seq = scene.tell(&amal, saying("Hier noch?")).await.expect("taken").seq;
    next(
        &mut socket,
        |frame| matches!(frame, ServerFrame::Deltas(deltas) if deltas.stream == scene.stream && deltas.seq >= seq),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_socket_that_sends_too_fast_when_over_the_limit_then_it_is_told_to_wait_and_others_are_not() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (amal, oksana) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let mut socket = LiveSocket::connect(&amal).await.expect("a socket");
    let frame = |id: CommandId| {
        let command = serde_json::to_value(saying("Schnell")).expect("plain data");
        ClientFrame::Command { id, stream: scene.stream, command }
    };
    // Ten times what may be sent in a second: a machine that takes ten seconds for it is too slow for us.
    let sent: Vec<CommandId> = (0..10 * MAX_COMMANDS_PER_SECOND).map(|_| command_id()).collect();
    for id in &sent {
        socket.send(&frame(*id)).await.expect("sent");
    }
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    while accepted.len() + refused.len() < sent.len() {
        match next(&mut socket, |f| matches!(f, ServerFrame::Accepted(_) | ServerFrame::Rejected(_))).await {
            ServerFrame::Accepted(frame) => accepted.push(frame.id),
            ServerFrame::Rejected(frame) => {
                assert_eq!((frame.problem.status, frame.problem.code.as_str()), (429, "too_many_requests"));
                assert!(frame.problem.params["retry_after"].as_u64().is_some_and(|seconds| seconds > 0));
                refused.push(frame.id);
            }
            _ => {}
        }
    }
    assert!(!refused.is_empty(), "all {} were taken", sent.len());
    let within = &sent[..MAX_COMMANDS_PER_SECOND as usize];
    assert!(within.iter().all(|id| accepted.contains(id)), "refused before the limit");
    assert_eq!(scene.fresh(&amal, 0).await.view.contributions.len(), accepted.len(), "refused and carried out");
    // Another socket has its own limit, and this one may send again after a while, under the same id.
    let mut other = LiveSocket::connect(&oksana).await.expect("a socket");
    other.send(&frame(command_id())).await.expect("sent");
    next(&mut other, |frame| matches!(frame, ServerFrame::Accepted(_))).await;
    let socket = Arc::new(tokio::sync::Mutex::new(socket));
    let id = refused[0];
    eventually("it may send again", async || {
        let mut socket = socket.lock().await;
        socket.send(&frame(id)).await.expect("sent");
        let answer = next(&mut socket, |f| matches!(f, ServerFrame::Accepted(_) | ServerFrame::Rejected(_))).await;
        matches!(answer, ServerFrame::Accepted(accepted) if accepted.id == id)
    })
    .await;
}

/// Takes back a support that was never given, over REST, until told to stop. How many were accepted, and how many not.
async fn hammer(client: Client, forum: ForumId, contribution: ContributionId, stop: Arc<AtomicBool>) -> (u64, u64) {
    let (mut accepted, mut refused) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        match client.command(forum, command_id(), &ForumCommand::Unsupport { contribution }).await {
            Ok(_) => accepted += 1,
            refusing => {
                assert_eq!(refusal(refusing), (429, "too_many_requests".to_owned()));
                refused += 1;
            }
        }
    }
    (accepted, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_who_sends_without_end_then_they_wait_over_all_connections_together_and_nobody_else_does() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (amal, oksana) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let contribution = scene.say(&oksana, "Ein Treffpunkt").await;
    let mut socket = LiveSocket::connect(&amal).await.expect("a socket");
    let (stop, since) = (Arc::new(AtomicBool::new(false)), Instant::now());
    let mut hammers = JoinSet::new();
    for _ in 0..8 {
        hammers.spawn(hammer(amal.clone(), scene.forum, contribution, stop.clone()));
    }
    // The socket stays far below what one socket may send.
    let command = serde_json::to_value(ForumCommand::Unsupport { contribution }).expect("plain data");
    let waits = async {
        loop {
            let frame = ClientFrame::Command { id: command_id(), stream: scene.stream, command: command.clone() };
            socket.send(&frame).await.expect("sent");
            let answer = next(&mut socket, |f| matches!(f, ServerFrame::Accepted(_) | ServerFrame::Rejected(_))).await;
            if let ServerFrame::Rejected(frame) = answer {
                assert_eq!((frame.problem.status, frame.problem.code.as_str()), (429, "too_many_requests"));
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(SOON, waits).await.expect("it waits too");
    scene.say(&oksana, "Und ein Bus am Abend").await;
    scene.tell(&scene.staff, ForumCommand::SetWaiting { waiting: Waiting::All }).await.expect("taken");
    stop.store(true, Ordering::Relaxed);
    let (mut accepted, mut refused) = (0, 0);
    for (taken, not) in hammers.join_all().await {
        (accepted, refused) = (accepted + taken, refused + not);
    }
    assert!(refused > 0);
    let bound = 2_001 + 20 * (since.elapsed().as_secs() + 1);
    assert!((1_900..=bound).contains(&accepted), "{accepted} were taken, of {bound}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_sixty_people_behind_one_address_when_they_join_with_some_typos_then_all_get_in() {
    let server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Code, Waiting::None).await);
    let mut all = JoinSet::new();
    for nth in 0..60 {
        let (visitor, code) = (server.visitor(), scene.code.clone());
        all.spawn(async move {
            if nth % 3 == 0 {
                let typo = visitor.join(&Join::with_code("BBBBBBBB")).await.map(drop);
                assert_eq!(refusal(typo), (404, "code_unknown".to_owned()));
            }
            visitor.join(&Join::with_code(&code).named(&format!("Nachbar {nth}"))).await.expect("in").1.participant
        });
    }
    let people: std::collections::HashSet<_> = all.join_all().await.into_iter().collect();
    assert_eq!(people.len(), 60);
}

/// Joins from where the proxy of this machine says.
async fn join_from(address: &str, client: &Client, code: &str) -> u16 {
    let request = client.request(Method::POST, "/api/v1/join").header("x-forwarded-for", address);
    request
        .json(&json!({ "code": code, "notice": stimmwerk_core::people::NOTICE_VERSION }))
        .send()
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_someone_who_guesses_codes_when_they_go_on_then_they_get_slower_and_nobody_else_does() {
    const AT_ONCE: usize = 400;
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let inside = scene.guest(&server, "Schon da").await;
    let since = Instant::now();
    let (mut guesses, mut refused) = (0, 0);
    while refused == 0 {
        let mut wave = JoinSet::new();
        for nth in 0..AT_ONCE {
            let (visitor, code) = (server.visitor(), format!("BBBB{nth:04}"));
            wave.spawn(async move { join_from("203.0.113.1", &visitor, &code).await });
        }
        // While all of them wait: a hall that nobody guesses in, and one that somebody does.
        sleep(Duration::from_millis(500)).await;
        let mut hall = JoinSet::new();
        for _ in 0..60 {
            let (visitor, code) = (server.visitor(), scene.code.clone());
            hall.spawn(async move { join_from("198.51.100.7", &visitor, &code).await });
        }
        assert!(hall.join_all().await.into_iter().all(|status| status == 201), "sixty people get in");
        for status in wave.join_all().await {
            match status {
                404 => guesses += 1,
                429 => refused += 1,
                _ => panic!("{status}"),
            }
        }
    }
    let bound = 20 + 60 * 2 + 60 * (since.elapsed().as_secs() + 1);
    assert!(guesses <= bound, "{guesses} guesses, of {bound}");
    assert_eq!(join_from("203.0.113.1", &server.visitor(), &scene.code).await, 201, "they are not shut out either");
    // Pages tell nothing of what can be guessed.
    let page =
        server.visitor().request(Method::GET, &format!("/join?code={}", scene.code)).send().await.expect("a page");
    assert!(!page.text().await.expect("a body").contains("Probe"), "pages tell right codes from wrong ones");
    // Whoever is in stays in, and staff let people in as ever.
    scene.say(&inside, "Ich bin schon da.").await;
    scene.staff.join(&Join::with_code(&scene.code)).await.expect("a moderator's token has no limits");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_body_that_is_too_large_when_sent_then_it_is_refused_as_a_problem() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let path = format!("/api/v1/forums/{}/contributions", scene.forum);
    for size in [MAX_CLIENT_FRAME, 4 * 1024 * 1024] {
        let sent = amal.request(Method::POST, &path).json(&json!({ "text": "x".repeat(size) })).send().await;
        // A server that does not read on may cut the line while the client still writes.
        let Ok(response) = sent else {
            assert!(size > MAX_CLIENT_FRAME * 2, "no answer to {size} bytes: {sent:?}");
            continue;
        };
        assert_eq!(response.status(), 413, "{size} bytes");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.json::<Value>().await.expect("a problem")["code"], "too_large");
    }
    // A plain form is answered by a page that says so.
    let form = amal.request(Method::POST, &path).header("content-type", "application/x-www-form-urlencoded");
    let response =
        form.body(format!("next=%2F&text={}", "x".repeat(MAX_CLIENT_FRAME))).send().await.expect("an answer");
    assert_eq!(response.status(), 413);
    assert!(!response.text().await.expect("a body").is_empty(), "a blank page says nothing");
    scene.say(&amal, "Es geht weiter.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_open_socket_when_its_person_logs_out_then_it_closes_and_the_session_is_over() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (amal, oksana) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let mut socket = subscribed(&amal, scene.stream).await;
    let mut other = subscribed(&oksana, scene.stream).await;
    let _: Value = amal.write(Method::POST, "/logout", None, &json!({})).await.expect("logged out");
    assert!(closes(&mut socket).await, "without a goodbye");
    assert_eq!(refusal(amal.read::<Value>("/me").await).0, 401);
    assert_eq!(refusal(amal.forum(scene.forum, &Default::default()).await).0, 404);
    let seq = scene.tell(&oksana, saying("Ich bin noch da.")).await.expect("taken").seq;
    next(&mut other, |frame| matches!(frame, ServerFrame::Deltas(deltas) if deltas.seq >= seq)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_open_socket_when_its_person_is_shut_out_then_it_closes_until_they_are_let_in_again() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (amal, joined) = scene.guest_who(&server, "Amal").await;
    let oksana = scene.guest(&server, "Oksana").await;
    let mut sockets = [subscribed(&amal, scene.stream).await, subscribed(&amal, scene.stream).await];
    let mut other = subscribed(&oksana, scene.stream).await;
    // They speak, and wait to speak again.
    let (ask, next_one) = (ForumCommand::AskFloor { interpreted: false }, ForumCommand::GiveFloor { entry: None });
    scene.tell(&scene.staff, ForumCommand::SetFloor { open: true, seconds: 60 }).await.expect("open");
    scene.tell(&amal, ask.clone()).await.expect("on the list");
    scene.tell(&scene.staff, next_one).await.expect("speaks");
    scene.tell(&amal, ask).await.expect("on the list again");
    let path = format!("/processes/{}/participants/{}/ban", scene.process, joined.participant);
    assert_eq!(refusal(oksana.write::<Value>(Method::POST, &path, None, &json!({ "banned": true })).await).0, 403);
    let _: Value = scene.staff.write(Method::POST, &path, None, &json!({ "banned": true })).await.expect("shut out");
    let floor = scene.staff.forum(scene.forum, &Default::default()).await.expect("the forum").view.floor;
    assert!(floor.speaking.is_none() && floor.entries.is_empty(), "{floor:?}");
    for socket in &mut sockets {
        assert!(closes(socket).await, "without a goodbye");
    }
    // Who was shut out is a stranger again.
    let mut again = LiveSocket::connect(&amal).await.expect("a socket");
    again.send(&subscribe(scene.stream)).await.expect("sent");
    let answer = next(&mut again, |_| true).await;
    assert!(matches!(&answer, ServerFrame::Rejected(r) if r.problem.code == "not_found"), "{answer:?}");
    assert_eq!(refusal(amal.forum(scene.forum, &Default::default()).await).0, 404);
    assert_eq!(refusal(scene.tell(&amal, saying("Trotzdem")).await).0, 404);
    let rejoined = amal.join(&Join::with_code(&scene.code)).await.map(drop);
    assert_eq!(refusal(rejoined), (403, "banned".to_owned()));
    let seq = scene.tell(&oksana, saying("Ich bin noch da.")).await.expect("taken").seq;
    next(&mut other, |frame| matches!(frame, ServerFrame::Deltas(deltas) if deltas.seq >= seq)).await;

    let _: Value = scene.staff.write(Method::POST, &path, None, &json!({ "banned": false })).await.expect("let in");
    subscribed(&amal, scene.stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_public_process_when_it_closes_then_strangers_sockets_close_and_participants_stay() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let (amal, joined) = scene.guest_who(&server, "Amal").await;
    let (banned, shut_out) = scene.guest_who(&server, "Störer").await;
    let path = format!("/processes/{}/participants/{}/ban", scene.process, shut_out.participant);
    let _: Value = scene.staff.write(Method::POST, &path, None, &json!({ "banned": true })).await.expect("shut out");
    assert_ne!(joined.participant, shut_out.participant);
    let mut strangers = [subscribed(&server.visitor(), scene.stream).await, subscribed(&banned, scene.stream).await];
    let mut inside = subscribed(&amal, scene.stream).await;
    let close = json!({ "visibility": "code" });
    let process = format!("/processes/{}", scene.process);
    let _: Value = scene.staff.write(Method::PATCH, &process, None, &close).await.expect("closed");
    scene.say(&amal, "Unter uns").await;
    for socket in &mut strangers {
        let to_the_end = async {
            while let Ok(Some(text)) = socket.next_text().await {
                assert!(!text.contains("Unter uns"), "a stranger reads what was written after the process closed");
            }
        };
        timeout(SOON, to_the_end).await.expect("the socket closes");
    }
    let head = scene.head().await;
    next(&mut inside, |frame| matches!(frame, ServerFrame::Deltas(deltas) if deltas.seq >= head)).await;
    let refused = server.visitor().forum(scene.forum, &Default::default()).await;
    assert!(matches!(refused, Err(Error::Problem(problem)) if problem.status == 404));
}
