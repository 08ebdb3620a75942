//! What must agree beyond one stream is found when it does not.

use std::path::{Path, PathBuf};

use stimmwerk_core::domain::{Domain, StreamKind};
use stimmwerk_core::forum::Forum;
use stimmwerk_core::ids::{ParticipantId, ProcessId, StreamId};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Accounts, Participant, PersonKind};
use stimmwerk_eventlog::log::{Batch, NewEvent, Riders, StateSnapshot};
use stimmwerk_eventlog::sqlite::SqliteStore;
use uuid::Uuid;

use super::world::{Place, World};
use crate::verify::damage_of;

/// A process with a forum and a poll, and something said.
async fn scene() -> (World, Place, PathBuf) {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let person = world.person(PersonKind::Guest).await;
    let participant = world.take_part(person, &here, true).await;
    world.contribution(&here, participant, "Mehr Licht.").await;
    let path = world.app.config.database().expect("a file");
    assert_eq!(damage_of(&path).await.expect("readable"), Vec::<String>::new());
    (world, here, path)
}

async fn append(world: &World, stream: StreamId, kind: StreamKind, events: Vec<NewEvent>, riders: Riders) {
    let expected = world.app.log().head(stream).await.expect("readable").seq;
    world.app.log().append(Batch { stream, kind, expected, events, riders }).await.expect("written");
}

fn event(kind: &'static str, body: &serde_json::Value) -> NewEvent {
    let body = serde_json::to_vec(body).expect("JSON");
    NewEvent { at: Some(Timestamp(1)), actor: None, command: None, kind, version: 1, body }
}

async fn finds(path: &Path, what: &str) {
    let damage = damage_of(path).await.expect("readable");
    assert!(damage.iter().any(|found| found.contains(what)), "{what}: {damage:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_streams_and_their_directory_when_one_lacks_the_other_then_it_is_found() {
    let (world, _, path) = scene().await;
    let nowhere = StreamId(Uuid::now_v7());
    append(&world, nowhere, StreamKind::Forum, Vec::new(), Riders::default()).await;
    finds(&path, "is named by no event of the network").await;

    let (world, here, path) = scene().await;
    let created = serde_json::json!({ "process": here.process, "forum": Uuid::now_v7(), "stream": nowhere });
    let created = vec![event("network.forum_created", &created)];
    append(&world, StreamId::NETWORK, StreamKind::Network, created, Riders::default()).await;
    finds(&path, &format!("stream {nowhere} is missing")).await;
    append(&world, nowhere, StreamKind::Poll, Vec::new(), Riders::default()).await;
    finds(&path, "is of kind Poll, not Forum").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_people_of_a_process_that_does_not_exist_then_it_is_found() {
    let (world, here, path) = scene().await;
    let elsewhere = Place { process: ProcessId(Uuid::now_v7()), ..here };
    let person = world.person(PersonKind::Guest).await;
    world.take_part(person, &elsewhere, true).await;
    finds(&path, "people belong to process").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_what_is_derived_from_a_stream_when_it_does_not_follow_from_its_events_then_it_is_found() {
    for (riders, what) in [
        (Riders { due: Some(Some(Timestamp(9))), ..Riders::default() }, "the next moment it waits for"),
        (Riders { summary: Some(b"{}".to_vec()), ..Riders::default() }, "its row for lists"),
    ] {
        let (world, here, path) = scene().await;
        append(&world, here.stream, StreamKind::Forum, Vec::new(), riders).await;
        finds(&path, what).await;
    }
    let (world, here, path) = scene().await;
    append(
        &world,
        here.stream,
        StreamKind::Forum,
        vec![event("forum.sung", &serde_json::json!({}))],
        Riders::default(),
    )
    .await;
    finds(&path, "cannot be read").await;
    let (world, here, path) = scene().await;
    let seq = world.app.log().head(here.stream).await.expect("readable").seq;
    let mut state = serde_json::to_value(&*world.room(&here).await.state()).expect("JSON");
    state["visible_total"] = 77.into();
    let body = serde_json::to_vec(&state).expect("JSON");
    let snapshot = StateSnapshot { seq, format: Forum::STATE_FORMAT, body };
    world.app.log().put_snapshot(here.stream, snapshot).await.expect("written");
    finds(&path, "its snapshot does not follow").await;
}

#[tokio::test]
async fn given_a_fresh_database_then_nothing_is_wrong_and_without_one_there_is_nothing_to_look_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stimmwerk.db");
    assert!(damage_of(&path).await.is_err());
    assert!(!path.exists());
    SqliteStore::open(&path).await.expect("made").close().await;
    assert_eq!(damage_of(&path).await.expect("readable"), Vec::<String>::new());
    let store = SqliteStore::open(&path).await.expect("opened");
    let person = stimmwerk_eventlog::accounts::PersonId(Uuid::from_u128(1));
    store
        .join_as_guest(
            stimmwerk_eventlog::accounts::Person { id: person, kind: PersonKind::Guest, label: None },
            Participant {
                id: ParticipantId(Uuid::from_u128(2)),
                process: ProcessId(Uuid::from_u128(3)),
                person,
                name: None,
                lang: None,
                notice: 1,
                banned: false,
                guest: true,
                joined_at: Timestamp(0),
            },
        )
        .await
        .expect("joined");
    store.close().await;
    finds(&path, "people belong to process").await;
}
