//! What the program itself issues: nobody takes its ids first, and what can never be carried out holds nothing up.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Client, command_id};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{Forum, ForumCommand};
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::live::WindowRequest;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::{Actor, Audience, Role};
use stimmwerk_core::poll::{GRACE_MS, Phase, Poll, PollCommand};
use stimmwerk_core::time::Timestamp;
use uuid::Uuid;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World};
use crate::chance;

async fn speaker(world: &World, caller: Caller, here: &Place) -> Client {
    let person = world.caller(caller, By::Session, here, here).await;
    world.speak(person, By::Session).await
}

/// When the open poll ends.
async fn end(world: &World, here: &Place) -> Timestamp {
    let place = world.app.directory().poll(here.poll).expect("it was made");
    let state = world.app.poll(place, Audience::Staff).await.expect("it is there").state();
    Poll::next_due(&state).expect("it has an end").plus_ms(-GRACE_MS)
}

async fn phase(world: &World, here: &Place) -> Phase {
    let place = world.app.directory().poll(here.poll).expect("it was made");
    world.app.poll(place, Audience::Staff).await.expect("it is there").state().phase()
}

/// How the forum says that its poll stands.
async fn told(world: &World, here: &Place) -> Vec<Phase> {
    let state = world.room(here).await.state();
    let view = Forum::view(&state, Audience::Participants, &WindowRequest::default());
    view.polls.iter().map(|poll| poll.phase).collect()
}

/// Sends a write with an id of the sender's choice, as JSON or as a form.
async fn post(client: &Client, path: &str, id: CommandId, body: &Value) -> (StatusCode, Value) {
    let request = client.request(Method::POST, path).header("idempotency-key", id.to_string());
    let answer = request.json(body).send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn given_ids_that_the_program_will_issue_when_a_guest_sends_them_first_then_no_door_takes_them_and_polls_close() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let moderator = speaker(&world, Caller::Staff(Role::Moderator), &here).await;
    let guest = speaker(&world, Caller::Guest, &here).await;
    let path = format!("/api/v1/polls/{}", here.poll);
    let (status, _) = post(&moderator, &format!("{path}/end"), command_id(), &json!({ "seconds": 3 })).await;
    assert_eq!(status, StatusCode::OK);

    // As anyone can work them out: the id of the tick that closes the poll, and of what follows from it in the forum.
    let tick = CommandId::of_moment(here.poll_stream, end(&world, &here).await.plus_ms(GRACE_MS));
    let follow_up = CommandId(tick.derive(here.stream, &format!("follow-up of {}", here.poll_stream)));
    let ballot = json!({ "round": 1, "marks": [1, 0, 0] });
    let words = json!({ "text": "Zuerst" });
    let mut socket = Asking::open(&guest).await;
    let mut vote = ballot.clone();
    vote["type"] = "vote".into();
    let contribute = json!({ "type": "contribute", "text": "Zuerst" });
    let contributions = format!("/api/v1/forums/{}/contributions", here.forum);
    for (id, stream, command, path, body) in [
        (tick, here.poll_stream, &vote, format!("{path}/ballots"), &ballot),
        (follow_up, here.stream, &contribute, contributions, &words),
    ] {
        let frame = json!({ "type": "command", "id": id, "stream": stream, "command": command });
        let answer = socket.ask(&frame, &["accepted"]).await;
        let problem = &answer["problem"];
        assert_eq!(
            (&answer["id"], &problem["status"], &problem["code"]),
            (&json!(id), &json!(400), &json!("id_reserved"))
        );
        let (status, problem) = post(&guest, &path, id, body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("id_reserved")), "{path}");
        let form = [("idempotency_key", id.to_string()), ("text", "Zuerst".to_owned()), ("round", "1".to_owned())];
        let answer = guest.request(Method::POST, &path).form(&form).send().await.expect("an answer");
        assert_ne!(answer.status(), StatusCode::SEE_OTHER, "a form comes back with the page it was on");
    }

    let soon = tokio::time::Instant::now() + Duration::from_secs(20);
    while told(&world, &here).await != [Phase::Closed] {
        world.app.run_follow_ups().await;
        assert!(
            tokio::time::Instant::now() < soon,
            "{:?}, {:?}",
            phase(&world, &here).await,
            told(&world, &here).await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(phase(&world, &here).await, Phase::Closed);
    assert!(world.app.log().follow_ups().await.expect("readable").is_empty());
    assert!(world.app.log().refused_follow_ups().await.expect("readable").is_empty());
}

#[test]
fn given_what_clients_and_pages_choose_then_it_is_never_of_the_kind_that_the_program_issues() {
    let stream = stimmwerk_core::ids::StreamId(Uuid::now_v7());
    for id in [command_id(), chance::command_id()] {
        assert!(!id.is_derived());
        assert!(CommandId(id.derive(stream, "bare")).is_derived());
    }
    assert!(CommandId::of_moment(stream, chance::now()).is_derived());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_close_now_then_the_answer_is_what_became_of_it() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let moderator = speaker(&world, Caller::Staff(Role::Moderator), &here).await;
    let path = format!("/api/v1/polls/{}", here.poll);
    let close = async |id| post(&moderator, &format!("{path}/close"), id, &json!({ "seconds": 0 })).await;
    // Another moderator takes the end back before the clock has closed it.
    let place = world.app.directory().poll(here.poll).expect("it was made");
    let room = world.app.poll(place, Audience::Staff).await.expect("it is there");
    let take_back = async {
        while !room.state().is_closing() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let open = PollCommand::SetEnd { seconds: None };
        room.issue(open, chance::command_id(), Actor::system(), Uuid::nil()).await.expect("accepted");
    };
    let ((status, problem), ()) = tokio::join!(close(command_id()), take_back);
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_closed")), "{problem}");
    assert_eq!(phase(&world, &here).await, Phase::Open);

    let id = command_id();
    let (status, answer) = close(id).await;
    assert_eq!((status, phase(&world, &here).await), (StatusCode::OK, Phase::Closed), "{answer}");
    assert_eq!(told(&world, &here).await, [Phase::Closed]);
    assert_eq!(close(id).await, (status, answer), "repeated");
    assert_eq!(close(command_id()).await.0, StatusCode::CONFLICT, "nothing is left to be closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_follow_up_that_can_never_be_accepted_then_it_is_set_aside_and_the_next_one_is_carried_out() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let place = world.app.directory().poll(here.poll).expect("it was made");
    let room = world.app.poll(place, Audience::Staff).await.expect("it is there");
    // Only the program can do this to itself: the id of what will follow is used for something else.
    let close = PollCommand::Close { seconds: Some(0) };
    room.issue(close, chance::command_id(), Actor::system(), Uuid::nil()).await.expect("accepted");
    let tick = CommandId::of_moment(here.poll_stream, end(&world, &here).await.plus_ms(GRACE_MS));
    let follow_up = CommandId(tick.derive(here.stream, &format!("follow-up of {}", here.poll_stream)));
    let other = ForumCommand::CountHall { people: Some(60) };
    world.room(&here).await.issue(other, follow_up, Actor::system(), Uuid::nil()).await.expect("accepted");
    while phase(&world, &here).await != Phase::Closed {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.app.run_follow_ups().await;

    let log = world.app.log();
    assert!(log.follow_ups().await.expect("readable").is_empty(), "nothing is tried again");
    let refused = log.refused_follow_ups().await.expect("readable");
    let refused: Vec<_> = refused.iter().map(|(one, why)| (one.stream, one.id, why.as_str())).collect();
    assert_eq!(refused, [(here.stream, follow_up, "id_reused")]);
    // What comes after it comes through.
    room.issue(PollCommand::Reveal, chance::command_id(), Actor::system(), Uuid::nil()).await.expect("accepted");
    world.app.run_follow_ups().await;
    assert_eq!(told(&world, &here).await, [Phase::Revealed]);
    assert!(log.follow_ups().await.expect("readable").is_empty());
    assert_eq!(log.refused_follow_ups().await.expect("readable").len(), 1);
}
