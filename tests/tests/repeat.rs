//! Commands are safe to repeat: one event, one answer, for whoever sent it and for nobody else.

use stimmwerk_client::{Client, Error, Follow, Outcome, Written, command_id};
use stimmwerk_core::forum::ForumCommand;
use stimmwerk_core::ids::CommandId;
use stimmwerk_tests::{World, made, refusal, saying};
use tokio::task::JoinSet;

/// The same command at once: 25 times over REST, 25 times over five sockets.
async fn fifty_times(world: &World, client: &Client, id: CommandId, command: &ForumCommand) -> Vec<Written> {
    let mut all = JoinSet::new();
    for _ in 0..25 {
        let (client, forum, command) = (client.clone(), world.forum, command.clone());
        all.spawn(async move { client.command(forum, id, &command).await.expect("an acknowledgement") });
    }
    for _ in 0..5 {
        let follower = std::sync::Arc::new(Follow::stream(client, world.stream).start());
        for _ in 0..5 {
            let (follower, command) = (std::sync::Arc::clone(&follower), command.clone());
            all.spawn(async move {
                let outcome = follower.command_as(id, command).await;
                outcome.acknowledged().unwrap_or_else(|| panic!("an acknowledgement, not {outcome:?}"))
            });
        }
    }
    all.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_command_when_sent_fifty_times_at_once_and_after_a_restart_then_one_event_and_one_answer() {
    let mut world = World::new().await;
    let guest = world.guest().await;
    let (id, command) = (command_id(), saying("Einmal ist genug."));

    let answers = fifty_times(&world, &guest, id, &command).await;
    assert_eq!(answers.len(), 50);
    let answer = answers[0];
    assert!(answers.iter().all(|other| *other == answer), "{answers:?}");
    let after_one = world.head().await;
    assert_eq!(after_one, answer.seq, "one event and no more");

    world.server.kill().await;
    world.server.start_again().await;
    let again = fifty_times(&world, &guest, id, &command).await;
    assert!(again.iter().all(|other| *other == answer), "{again:?}");
    assert_eq!(world.head().await, after_one);
    let view = world.fresh(&world.staff, 0).await.view;
    assert_eq!(view.contributions.len(), 1);
    assert_eq!(Some(view.contributions[0].id.0), answer.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_support_when_repeated_at_once_then_it_counts_once_and_every_answer_is_an_acknowledgement() {
    let world = World::new().await;
    let (author, guest) = (world.guest().await, world.guest().await);
    let contribution = world.say(&author, "Mehr Bänke.").await;
    let id = command_id();
    fifty_times(&world, &guest, id, &ForumCommand::Support { contribution }).await;
    assert_eq!(world.fresh(&guest, 0).await.view.contributions[0].support, 1);

    // Taken back, the old command does not come alive again.
    world.tell(&guest, ForumCommand::Unsupport { contribution }).await.expect("taken back");
    fifty_times(&world, &guest, id, &ForumCommand::Support { contribution }).await;
    assert_eq!(world.fresh(&guest, 0).await.view.contributions[0].support, 0, "an old command was carried out again");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_used_id_when_it_comes_with_another_body_or_actor_then_it_is_refused_and_nothing_changes() {
    let mut world = World::new().await;
    let (guest, other) = (world.guest().await, world.guest().await);
    let (id, command) = (command_id(), saying("Das erste Wort."));
    let first = guest.command(world.forum, id, &command).await.expect("an acknowledgement");
    let head = world.head().await;
    let reused = (409, "id_reused".to_owned());
    for round in ["before", "after"] {
        let body = guest.command(world.forum, id, &saying("Ein anderes Wort.")).await;
        assert_eq!(refusal(body), reused, "{round} the restart: another body");
        let actor = other.command(world.forum, id, &command).await;
        assert_eq!(refusal(actor), reused, "{round} the restart: another actor");
        let follower = world.follow(&other);
        let outcome = follower.command_as(id, command.clone()).await;
        assert_eq!(outcome.refused(), Some("id_reused"), "{round} the restart, over the socket: {outcome:?}");
        assert_eq!(guest.command(world.forum, id, &command).await.expect("the same answer"), first);
        assert_eq!(world.head().await, head);
        if round == "before" {
            world.server.kill().await;
            world.server.start_again().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_different_bodies_when_sent_under_one_id_at_once_then_exactly_one_wins() {
    let world = World::new().await;
    let guest = world.guest().await;
    let id = command_id();
    let mut all = JoinSet::new();
    for nth in 0..20 {
        let (guest, forum) = (guest.clone(), world.forum);
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
    assert_eq!(world.fresh(&guest, 0).await.view.contributions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_id_when_used_in_two_forums_then_both_take_it() {
    let world = World::new().await;
    let guest = world.guest().await;
    let (second, stream) = world.another_forum(stimmwerk_core::forum::Waiting::None).await;
    let id = command_id();
    let here = Outcome::from(&guest.command(world.forum, id, &saying("Hier.")).await);
    let there = Outcome::from(&guest.command(second, id, &saying("Dort.")).await);
    assert_ne!(made(&here), made(&there), "in {stream} it is another thing");
}
