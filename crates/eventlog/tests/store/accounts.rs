//! People, credentials, roles.

use std::sync::Arc;

use futures_util::future::join_all;
use stimmwerk_core::ids::{ParticipantId, ProcessId};
use stimmwerk_core::people::{Role, Roles};
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{
    AccountError, Accounts, Participant, Person, PersonId, PersonKind, SessionRow, Standing,
};
use stimmwerk_eventlog::log::EventLog;
use stimmwerk_eventlog::sqlite::SqliteStore;
use uuid::Uuid;

use crate::fixture::{Folder, farewell};

fn person(nth: u128, kind: PersonKind) -> Person {
    let label = match kind {
        PersonKind::Guest => None,
        PersonKind::Account => Some(format!("person{nth}@example.org")),
        PersonKind::Token => Some("import".to_owned()),
        PersonKind::Screen => Some("saal".to_owned()),
    };
    Person { id: PersonId(Uuid::from_u128(nth)), kind, label }
}

fn participant(nth: u128, process: u128, of: &Person) -> Participant {
    Participant {
        id: ParticipantId(Uuid::from_u128(nth)),
        process: ProcessId(Uuid::from_u128(process)),
        person: of.id,
        name: Some(format!("Name {nth}")),
        lang: Some("tr".to_owned()),
        notice: 3,
        banned: false,
        guest: of.kind == PersonKind::Guest,
        joined_at: Timestamp(1000),
    }
}

fn session(nth: u8, of: Option<PersonId>) -> SessionRow {
    SessionRow { id: [nth; 16], data: vec![nth, 1, 2], person: of, expires_at: Timestamp(100) }
}

async fn store() -> (Folder, Arc<SqliteStore>) {
    let folder = Folder::new();
    let store = folder.open().await;
    (folder, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_login_link_when_fifty_use_it_at_once_then_one_gets_in() {
    let (_folder, store) = store().await;
    let someone = person(1, PersonKind::Account);
    store.add_person(someone.clone()).await.unwrap();
    store.add_login_link([7; 32], someone.id, Timestamp(10)).await.unwrap();
    assert_eq!(store.use_login_link([7; 32], Timestamp(10)).await, Ok(None), "it has expired");

    let tries = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.use_login_link([7; 32], Timestamp(9)).await.unwrap() })
    });

    let winners = join_all(tries).await.into_iter().filter_map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(winners, [someone.id]);
}

#[tokio::test]
async fn given_a_return_code_then_the_newest_leads_back_until_the_person_is_erased() {
    let (_folder, store) = store().await;
    let someone = person(1, PersonKind::Guest);
    store.add_person(someone.clone()).await.unwrap();
    for hash in [[1; 32], [2; 32]] {
        store.set_return_code(hash, someone.id).await.unwrap();
        assert_eq!(store.returning(hash).await.unwrap(), Some(someone.id));
    }
    assert_eq!(store.returning([1; 32]).await.unwrap(), None, "it was replaced");
    assert!(store.set_return_code([3; 32], PersonId(Uuid::from_u128(404))).await.is_err());
    store.erase_person(someone.id, farewell).await.unwrap();
    assert_eq!(store.returning([2; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn given_a_session_when_its_id_is_created_again_then_it_is_refused_and_stays() {
    let (_folder, store) = store().await;
    store.create_session(session(1, None)).await.unwrap();

    let other = SessionRow { data: vec![9], ..session(1, None) };
    assert_eq!(store.create_session(other).await, Err(AccountError::Exists));

    assert_eq!(store.load_session([1; 16], Timestamp(99)).await.unwrap(), Some(session(1, None)));
    assert_eq!(store.load_session([1; 16], Timestamp(100)).await.unwrap(), None, "it has expired");
}

#[tokio::test]
async fn given_an_ended_session_when_a_late_request_saves_it_then_it_stays_ended() {
    let (_folder, store) = store().await;
    let someone = person(1, PersonKind::Account);
    store.add_person(someone.clone()).await.unwrap();
    store.create_session(session(1, None)).await.unwrap();
    store.save_session(session(1, Some(someone.id))).await.unwrap();
    assert_eq!(store.load_session([1; 16], Timestamp(0)).await.unwrap(), Some(session(1, Some(someone.id))));

    store.delete_sessions_of(someone.id).await.unwrap();
    store.save_session(session(1, Some(someone.id))).await.unwrap();

    assert_eq!(store.load_session([1; 16], Timestamp(0)).await.unwrap(), None);
}

#[tokio::test]
async fn given_expired_sessions_and_links_when_swept_then_the_others_stay() {
    let (_folder, store) = store().await;
    let someone = person(1, PersonKind::Account);
    store.add_person(someone.clone()).await.unwrap();
    store.create_session(session(1, None)).await.unwrap();
    store.create_session(SessionRow { expires_at: Timestamp(200), ..session(2, None) }).await.unwrap();
    store.add_login_link([1; 32], someone.id, Timestamp(100)).await.unwrap();
    store.add_login_link([2; 32], someone.id, Timestamp(200)).await.unwrap();

    store.sweep(Timestamp(100)).await.unwrap();

    assert!(store.load_session([1; 16], Timestamp(0)).await.unwrap().is_none());
    assert!(store.load_session([2; 16], Timestamp(0)).await.unwrap().is_some());
    assert_eq!(store.use_login_link([1; 32], Timestamp(0)).await, Ok(None));
    assert_eq!(store.use_login_link([2; 32], Timestamp(0)).await, Ok(Some(someone.id)));
}

#[tokio::test]
async fn given_a_guest_whose_participant_id_is_taken_when_they_join_then_nothing_of_them_is_written() {
    let (_folder, store) = store().await;
    let first = person(1, PersonKind::Guest);
    store.join_as_guest(first.clone(), participant(10, 5, &first)).await.unwrap();

    let second = person(2, PersonKind::Guest);
    let joined = store.join_as_guest(second.clone(), participant(10, 5, &second)).await;

    assert_eq!(joined, Err(AccountError::Exists));
    assert_eq!(store.standing(second.id).await.unwrap(), None);
    assert_eq!(store.count_participants(ProcessId(Uuid::from_u128(5))).await.unwrap(), 1);
}

#[tokio::test]
async fn given_a_refused_change_among_others_when_written_together_then_the_others_hold() {
    let (_folder, store) = store().await;
    store.add_person(person(50, PersonKind::Account)).await.unwrap();

    let answers = join_all((0..100).map(|nth| store.add_person(person(nth, PersonKind::Account)))).await;

    let refused = answers.iter().enumerate().filter(|(_, answer)| answer.is_err()).map(|(nth, _)| nth);
    assert_eq!(refused.collect::<Vec<_>>(), [50]);
    for nth in 0..100 {
        assert!(store.account(&format!("person{nth}@example.org")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn given_somebody_in_a_process_when_added_again_then_they_stay_as_they_are() {
    let (_folder, store) = store().await;
    let someone = person(1, PersonKind::Account);
    store.add_person(someone.clone()).await.unwrap();
    let first = participant(10, 5, &someone);
    assert_eq!(store.add_participant(first.clone()).await, Ok(first.clone()));

    assert_eq!(store.add_participant(participant(11, 5, &someone)).await, Ok(first.clone()));

    let other = person(2, PersonKind::Account);
    store.add_person(other.clone()).await.unwrap();
    assert_eq!(store.add_participant(participant(10, 5, &other)).await, Err(AccountError::Exists));
    assert_eq!(store.participant(first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn given_roles_and_participants_when_a_person_is_looked_up_then_all_of_it_is_there() {
    let (_folder, store) = store().await;
    let someone = person(1, PersonKind::Account);
    store.add_person(someone.clone()).await.unwrap();
    let (one, two) = (participant(10, 5, &someone), participant(11, 6, &someone));
    store.add_participant(one.clone()).await.unwrap();
    store.add_participant(two.clone()).await.unwrap();
    store.grant(someone.id, None, Role::Advisor).await.unwrap();
    store.grant(someone.id, Some(one.process), Role::Moderator).await.unwrap();
    store.grant(someone.id, Some(one.process), Role::Moderator).await.unwrap();
    store.grant(someone.id, Some(two.process), Role::Editor).await.unwrap();
    store.revoke(someone.id, Some(two.process), Role::Editor).await.unwrap();
    store.rename(one.id, Some("Ayşe".to_owned()), None).await.unwrap();
    store.set_banned(two.id, true).await.unwrap();

    let standing = store.standing(someone.id).await.unwrap().unwrap();

    let renamed = Participant { name: Some("Ayşe".to_owned()), lang: None, ..one.clone() };
    let roles = vec![(None, Role::Advisor), (Some(one.process), Role::Moderator)];
    let participants = vec![renamed, Participant { banned: true, ..two.clone() }];
    assert_eq!(standing, Standing { person: someone.clone(), roles, participants });
    assert_eq!(standing.network_roles(), Roles::NONE.with(Role::Advisor));
    assert_eq!(standing.roles_in(one.process), Roles::NONE.with(Role::Advisor).with(Role::Moderator));
    assert_eq!(store.staff_names().await.unwrap(), ["Ayşe", "Name 11"]);
    assert_eq!(store.names_in(one.process).await.unwrap(), [(one.id, "Ayşe".to_owned())]);
}

#[tokio::test]
async fn given_a_person_when_erased_then_all_that_hangs_on_them_is_gone() {
    let (_folder, store) = store().await;
    let (someone, other) = (person(1, PersonKind::Account), person(2, PersonKind::Account));
    for (nth, who) in [&someone, &other].into_iter().enumerate() {
        let nth = nth as u8;
        store.add_person(who.clone()).await.unwrap();
        store.add_participant(participant(10 + u128::from(nth), 5, who)).await.unwrap();
        store.grant(who.id, None, Role::Admin).await.unwrap();
        store.add_token([nth; 32], who.id, None).await.unwrap();
        store.add_login_link([nth; 32], who.id, Timestamp(100)).await.unwrap();
        store.create_session(session(nth, Some(who.id))).await.unwrap();
    }

    store.erase_person(someone.id, farewell).await.unwrap();

    assert_eq!(store.standing(someone.id).await.unwrap(), None);
    assert_eq!(store.account("person1@example.org").await.unwrap(), None);
    assert_eq!(store.token_holder([0; 32], Timestamp(0)).await.unwrap(), None);
    assert_eq!(store.use_login_link([0; 32], Timestamp(0)).await, Ok(None));
    assert_eq!(store.load_session([0; 16], Timestamp(0)).await.unwrap(), None);
    // Everything of the other one went through the rebuilding of the tables.
    assert_eq!(store.standing(other.id).await.unwrap().unwrap().participants.len(), 1);
    assert_eq!(store.standing(other.id).await.unwrap().unwrap().roles, [(None, Role::Admin)]);
    assert_eq!(store.token_holder([1; 32], Timestamp(0)).await.unwrap(), Some(other.id));
    assert_eq!(store.load_session([1; 16], Timestamp(0)).await.unwrap(), Some(session(1, Some(other.id))));
    assert_eq!(store.use_login_link([1; 32], Timestamp(0)).await, Ok(Some(other.id)));
    // Foreign keys hold again afterwards.
    assert_eq!(store.add_token([9; 32], someone.id, None).await, Err(AccountError::NoPerson));
    // Who was under way into a process comes in nowhere, and of every participant it is written down that they left.
    assert_eq!(store.add_participant(participant(12, 6, &someone)).await, Err(AccountError::NoPerson));
    assert_eq!(store.follow_ups().await.unwrap(), [farewell(&participant(10, 5, &someone))]);
}

#[tokio::test]
async fn given_tokens_then_they_hold_until_they_expire_or_are_revoked() {
    let (_folder, store) = store().await;
    let robot = person(1, PersonKind::Token);
    store.add_person(robot.clone()).await.unwrap();
    store.add_person(person(2, PersonKind::Token)).await.unwrap();
    store.add_token([1; 32], robot.id, Some(Timestamp(10))).await.unwrap();
    store.add_token([2; 32], robot.id, None).await.unwrap();
    assert_eq!(store.add_token([2; 32], robot.id, None).await, Err(AccountError::Exists));

    assert_eq!(store.token_holder([1; 32], Timestamp(9)).await.unwrap(), Some(robot.id));
    assert_eq!(store.token_holder([1; 32], Timestamp(10)).await.unwrap(), None);
    store.revoke_tokens(robot.id).await.unwrap();
    assert_eq!(store.token_holder([2; 32], Timestamp(0)).await.unwrap(), None);
}

#[tokio::test]
async fn given_a_setting_when_written_twice_then_the_first_holds() {
    let (_folder, store) = store().await;
    assert_eq!(store.setting("secret").await.unwrap(), None);
    assert_eq!(store.init_setting("secret", vec![1]).await, Ok(vec![1]));
    assert_eq!(store.init_setting("secret", vec![2]).await, Ok(vec![1]));
    assert_eq!(store.setting("secret").await.unwrap(), Some(vec![1]));
}

#[tokio::test]
async fn given_labels_then_people_of_a_kind_are_found_by_them() {
    let (_folder, store) = store().await;
    let screen = |number, label: &str| Person {
        id: PersonId(Uuid::from_u128(number)),
        kind: PersonKind::Screen,
        label: Some(label.to_owned()),
    };
    let (one, two, other) = (screen(1, "saal"), screen(2, "saal"), screen(3, "foyer"));
    let token = Person { kind: PersonKind::Token, ..screen(4, "saal") };
    for person in [&one, &two, &other, &token] {
        store.add_person(person.clone()).await.unwrap();
    }
    assert_eq!(store.labelled(PersonKind::Screen, "saal").await.unwrap(), [one.id, two.id]);
    assert_eq!(store.standing(one.id).await.unwrap().unwrap().person, one);
    store.erase_person(one.id, farewell).await.unwrap();
    assert_eq!(store.labelled(PersonKind::Screen, "saal").await.unwrap(), [two.id]);
    assert_eq!(store.labelled(PersonKind::Screen, "").await.unwrap(), []);
}
