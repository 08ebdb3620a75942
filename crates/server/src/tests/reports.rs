//! Reports: one road for both doors, bounded for each who makes them, and nothing in the log that tells from whom.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Client, command_id};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{Forum, ForumCommand, ReportReason, Reported};
use stimmwerk_core::ids::{CommandId, ContributionId};
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::Audience;
use stimmwerk_eventlog::log::CommandKey;
use uuid::Uuid;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World};

fn notice(place: &Place, contribution: ContributionId, text: &str) -> Value {
    json!({ "forum": place.forum, "contribution": contribution, "reason": "spam", "text": text })
}

async fn post(client: &Client, id: CommandId, notice: &Value) -> (StatusCode, Value) {
    let request = client.request(Method::POST, "/api/v1/notices").header("idempotency-key", id.to_string());
    let answer = request.json(notice).send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

fn frame(place: &Place, id: CommandId, contribution: ContributionId, text: &str) -> Value {
    let command = json!({ "type": "report", "contribution": contribution, "reason": "spam", "text": text });
    json!({ "type": "command", "id": id, "stream": place.stream, "command": command })
}

/// A public forum with one contribution.
async fn scene() -> (World, Place, ContributionId) {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let author = world.participant(author, &here).await.expect("they take part");
    let contribution = world.contribution(&here, author, "Kauft bei mir!").await;
    (world, here, contribution)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_report_through_both_doors_then_it_is_one_and_the_log_tells_of_nobody() {
    let (world, here, contribution) = scene().await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let moderator =
        world.caller(Caller::NetworkStaff(stimmwerk_core::people::Role::Moderator), By::Session, &here, &here);
    let moderator = moderator.await;
    let id = command_id();
    let (status, first) =
        post(&world.speak(guest, By::Session).await, id, &notice(&here, contribution, "Werbung")).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    // Whoever sends it again: nothing is left by which they could be told apart.
    for (person, by) in [(guest, By::Session), (moderator, By::Session)] {
        let client = world.speak(person, by).await;
        let mut socket = Asking::open(&client).await;
        let again = socket.ask(&frame(&here, id, contribution, "Werbung"), &["accepted"]).await;
        assert_eq!((&again["object"], &again["seq"]), (&first["id"], &first["seq"]), "{again}");
        assert_eq!(
            post(&client, id, &notice(&here, contribution, "Werbung")).await,
            (StatusCode::CREATED, first.clone())
        );
        let other = socket.ask(&frame(&here, id, contribution, "Anderes"), &["accepted"]).await;
        assert_eq!(other["problem"]["code"], "id_reused");
    }
    let state = world.room(&here).await.state();
    let desk = Forum::view(&state, Audience::Staff, &WindowRequest::default()).attention;
    assert_eq!(desk.iter().map(|one| one.reports.len()).collect::<Vec<_>>(), [1]);

    let seq = first["seq"].as_u64().expect("a number");
    let logged = world.app.log().read(here.stream, Seq(seq - 1), 1).await.expect("readable").remove(0);
    assert_eq!((logged.kind.as_str(), logged.actor), ("forum.reported", None));
    let (what, reason, text) = (Reported::Text, ReportReason::Spam, Some("Werbung".to_owned()));
    let command = ForumCommand::Report { contribution, what, reason, text };
    let recorded = world.app.log().find_command(here.stream, id).await.expect("readable").expect("there");
    let alone = CommandKey { id, digest: crate::room::digest(Uuid::nil(), &command) };
    let salts = recorded.salts.expect("nothing was erased");
    assert_eq!((logged.command, salts.len()), (Some(alone.keyed(&salts)), 1), "it is over the words alone");
    for participant in state_people(&world, &here, &[guest, moderator]).await {
        assert!(!String::from_utf8_lossy(&logged.body).contains(&participant));
    }
}

async fn state_people(world: &World, here: &Place, people: &[stimmwerk_eventlog::accounts::PersonId]) -> Vec<String> {
    let mut ids = Vec::new();
    for person in people {
        ids.push(person.0.to_string());
        ids.extend(world.participant(*person, here).await.map(|participant| participant.to_string()));
    }
    ids
}

async fn post_from(address: &str, client: &Client, notice: &Value) -> u16 {
    let request = client.request(Method::POST, "/api/v1/notices").header("x-forwarded-for", address);
    request.json(notice).send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_five_reports_by_one_person_or_address_then_they_count_once_until_they_were_dealt_with() {
    let (world, here, contribution) = scene().await;
    let reports = async || {
        let state = world.room(&here).await.state();
        let desk = Forum::view(&state, Audience::Staff, &WindowRequest::default()).attention;
        desk.first().map_or(0, |one| one.reports.len())
    };
    let [ada, ben] = [(); 2].map(|()| world.caller(Caller::Guest, By::Session, &here, &here));
    let (ada, ben) = (world.speak(ada.await, By::Session).await, world.speak(ben.await, By::Session).await);
    let mut socket = Asking::open(&ada).await;
    for nth in 0..5 {
        let text = format!("Werbung {nth}");
        let (status, answer) = post(&ada, command_id(), &notice(&here, contribution, &text)).await;
        assert_eq!((status, &answer["id"]), (StatusCode::CREATED, &json!(contribution)));
        let answer = socket.ask(&frame(&here, command_id(), contribution, &text), &["accepted"]).await;
        assert_eq!(answer["type"], "accepted", "{answer}");
    }
    assert_eq!(reports().await, 1);
    let mut name = notice(&here, contribution, "So heißt niemand");
    name["what"] = json!("name");
    post(&ada, command_id(), &name).await;
    assert_eq!(reports().await, 2, "the name is something else");
    let bogus = notice(&here, contribution, "Werbung");
    for address in ["203.0.113.7", "203.0.113.7", "203.0.113.7", "203.0.113.8"] {
        assert_eq!(post_from(address, &world.visitor(), &bogus).await, 201);
    }
    assert_eq!(reports().await, 4, "one of each address");
    let (one, other) = tokio::join!(post(&ben, command_id(), &bogus), post(&ben, command_id(), &bogus));
    assert_eq!((one.0, other.0, reports().await), (StatusCode::CREATED, StatusCode::CREATED, 5));
    let room = world.room(&here).await;
    let moderator = stimmwerk_core::people::Actor {
        roles: stimmwerk_core::people::Role::Moderator.into(),
        ..stimmwerk_core::people::Actor::default()
    };
    let dismiss = ForumCommand::Dismiss { contribution };
    room.issue(dismiss, command_id(), moderator, Uuid::nil()).await.expect("taken");
    post(&ada, command_id(), &notice(&here, contribution, "Immer noch")).await;
    post(&ada, command_id(), &notice(&here, contribution, "Immer noch!")).await;
    assert_eq!(reports().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_who_reports_without_end_then_they_wait_by_either_door_and_nobody_else_does() {
    let (world, here, contribution) = scene().await;
    let bogus = notice(&here, contribution, "Werbung");
    let troll = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let troll = world.speak(troll, By::Session).await;
    let mut answers = Vec::new();
    for nth in 0..300 {
        // Another address does not make them somebody else.
        answers.push(post_from(&format!("203.0.113.{}", nth % 200), &troll, &bogus).await);
    }
    let taken = answers.iter().filter(|status| **status == 201).count();
    assert!((20..60).contains(&taken) && answers[299] == 429, "{taken} were taken");
    let mut socket = Asking::open(&troll).await;
    let answer = socket.ask(&frame(&here, command_id(), contribution, "Werbung"), &["accepted"]).await;
    assert_eq!(answer["problem"]["code"], "too_many_requests", "{answer}");
    // Strangers behind one address share theirs, whatever they show, by either door.
    while post_from("203.0.113.7", &world.visitor(), &bogus).await != 429 {}
    assert_eq!(post_from("203.0.113.8", &world.visitor(), &bogus).await, 201);
    let mut socket = Asking::open(&world.visitor()).await;
    let mut taken = 0;
    loop {
        let answer = socket.ask(&frame(&here, command_id(), contribution, "Werbung"), &["accepted"]).await;
        if answer["type"] == "accepted" {
            taken += 1;
            assert!(taken < 80, "no end");
        } else if answer["problem"]["retry_after"] == json!(1) {
            // A socket has a pace of its own too.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        } else {
            assert_eq!(answer["problem"]["code"], "too_many_requests", "{answer}");
            break;
        }
    }
    assert_ne!(post_from("127.0.0.1", &world.visitor(), &bogus).await, 201);
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let guest = world.speak(guest, By::Session).await;
    assert_eq!(post_from("203.0.113.7", &guest, &bogus).await, 201, "known people have their own");
}
