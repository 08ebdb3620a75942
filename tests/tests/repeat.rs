//! Commands are safe to repeat: one event, one answer, for whoever sent it and for nobody else.

use stimmwerk_client::{Client, Error, LiveSocket, Written, command_id};
use stimmwerk_core::forum::{Forum, ForumCommand, Waiting};
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::live::{ClientFrame, Problem, ServerFrame};
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{Scene, Server, refusal, saying};
use tokio::task::JoinSet;

/// Sockets, and what each sends: fewer than it may in a second.
const SOCKETS: usize = 5;
const TIMES: usize = 5;

/// Sends a command over a socket several times before it reads any answer.
async fn over_a_socket(
    scene: &Scene,
    client: &Client,
    id: CommandId,
    command: &ForumCommand,
    times: usize,
) -> Vec<Result<Written, Problem>> {
    let mut socket = LiveSocket::connect(client).await.expect("a socket");
    let command = serde_json::to_value(command).expect("plain data");
    for _ in 0..times {
        let command = command.clone();
        socket.send(&ClientFrame::Command { id, stream: scene.stream, command }).await.expect("sent");
    }
    let mut answers = Vec::new();
    while answers.len() < times {
        match socket.next::<Forum>().await.expect("a frame").expect("an open socket") {
            ServerFrame::Accepted(accepted) => {
                assert_eq!(accepted.id, id);
                answers.push(Ok(Written { id: accepted.object, seq: accepted.seq }));
            }
            ServerFrame::Rejected(rejected) => answers.push(Err(rejected.problem)),
            _ => {}
        }
    }
    answers
}

/// The same command at once: 25 times over REST, 25 times over five sockets. The one answer.
async fn fifty_times(scene: &std::sync::Arc<Scene>, client: &Client, id: CommandId, command: &ForumCommand) -> Written {
    let mut all = JoinSet::new();
    for _ in 0..SOCKETS * TIMES {
        let (client, forum, command) = (client.clone(), scene.forum, command.clone());
        all.spawn(async move { vec![client.command(forum, id, &command).await.expect("an acknowledgement")] });
    }
    for _ in 0..SOCKETS {
        let (scene, client, command) = (scene.clone(), client.clone(), command.clone());
        all.spawn(async move {
            let answers = over_a_socket(&scene, &client, id, &command, TIMES).await;
            answers.into_iter().map(|answer| answer.expect("an acknowledgement")).collect()
        });
    }
    let answers: Vec<Written> = all.join_all().await.into_iter().flatten().collect();
    assert_eq!(answers.len(), 50);
    assert!(answers.iter().all(|other| *other == answers[0]), "{answers:?}");
    answers[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_command_when_sent_fifty_times_at_once_and_after_a_power_cut_then_one_event_and_one_answer() {
    let mut server = Server::start();
    let mut scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let mut guest = scene.guest(&server, "Amal").await;
    let (id, command) = (command_id(), saying("Einmal ist genug."));
    let before = scene.head().await;
    let mut first = None;
    for round in ["before", "after"] {
        let shared = std::sync::Arc::new(scene);
        let answer = fifty_times(&shared, &guest, id, &command).await;
        assert_eq!(*first.get_or_insert(answer), answer, "{round} the power cut");
        // The guest's first word brings their name, the second event is the contribution.
        assert_eq!(answer.seq.0, before.0 + 2, "{round}");
        assert_eq!(shared.head().await, answer.seq, "{round}: one contribution and no more");
        let view = shared.fresh(&shared.staff, 0).await.view;
        assert_eq!(view.contributions.iter().map(|c| Some(c.id.0)).collect::<Vec<_>>(), [answer.id], "{round}");
        scene = std::sync::Arc::into_inner(shared).expect("nobody else has it");
        server.kill_and_restart();
        (scene.staff, guest) = (server.anew(&scene.staff), server.anew(&guest));
    }
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn given_support_when_repeated_at_once_then_it_counts_once_and_an_old_repetition_does_not_come_alive() {
    let server = Server::start();
    let scene = std::sync::Arc::new(Scene::new(&server, Visibility::Code, Waiting::None).await);
    let (author, guest) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let contribution = scene.say(&author, "Mehr Bänke.").await;
    let id = command_id();
    let first = fifty_times(&scene, &guest, id, &ForumCommand::Support { contribution }).await;
    assert_eq!(scene.fresh(&guest, 0).await.view.contributions[0].support, 1);
    assert_eq!(scene.head().await, first.seq);

    scene.tell(&guest, ForumCommand::Unsupport { contribution }).await.expect("taken back");
    let again = fifty_times(&scene, &guest, id, &ForumCommand::Support { contribution }).await;
    assert_eq!(again, first);
    assert_eq!(scene.fresh(&guest, 0).await.view.contributions[0].support, 0, "an old command was carried out again");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_used_id_when_it_comes_with_another_body_or_actor_then_it_is_refused_and_nothing_changes() {
    let mut server = Server::start();
    let mut scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (mut guest, mut other) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let (id, command) = (command_id(), saying("Das erste Wort."));
    let first = guest.command(scene.forum, id, &command).await.expect("an acknowledgement");
    let head = scene.head().await;
    let reused = (409, "id_reused".to_owned());
    for round in ["before", "after"] {
        let body = guest.command(scene.forum, id, &saying("Ein anderes Wort.")).await;
        assert_eq!(refusal(body), reused, "{round} the power cut: another body");
        let actor = other.command(scene.forum, id, &command).await;
        assert_eq!(refusal(actor), reused, "{round} the power cut: another actor");
        for (client, command) in [(&other, &command), (&guest, &saying("Ein anderes Wort."))] {
            let answers = over_a_socket(&scene, client, id, command, 1).await;
            let problem = answers[0].as_ref().expect_err("a refusal");
            assert_eq!((problem.status, problem.code.clone()), reused, "{round} the power cut, over the socket");
        }
        assert_eq!(guest.command(scene.forum, id, &command).await.expect("the same answer"), first);
        assert_eq!(scene.head().await, head);
        server.kill_and_restart();
        (scene.staff, guest, other) = (server.anew(&scene.staff), server.anew(&guest), server.anew(&other));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_different_bodies_when_sent_under_one_id_at_once_then_exactly_one_wins() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let guest = scene.guest(&server, "Amal").await;
    let id = command_id();
    let mut all = JoinSet::new();
    for nth in 0..20 {
        let (guest, forum) = (guest.clone(), scene.forum);
        all.spawn(async move { guest.command(forum, id, &saying(&format!("Fassung {nth}"))).await });
    }
    let mut accepted = 0;
    for answer in all.join_all().await {
        match answer {
            Ok(_) => accepted += 1,
            Err(Error::Problem(problem)) => assert_eq!(problem.code, "id_reused"),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(scene.fresh(&guest, 0).await.view.contributions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_id_when_used_in_two_forums_then_both_take_it() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let guest = scene.guest(&server, "Amal").await;
    let title = stimmwerk_core::said::Texts::of(stimmwerk_core::said::Lang::german(), "Zweites");
    let second = scene.staff.create_forum(scene.process, &title, Waiting::None).await.expect("a forum");
    let id = command_id();
    let here = guest.command(scene.forum, id, &saying("Hier.")).await.expect("taken");
    let there = guest.command(second, id, &saying("Dort.")).await.expect("taken");
    assert_ne!(here.id, there.id, "it is another thing");
}
