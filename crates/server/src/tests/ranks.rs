//! Who may do something to whom, and what is left to somebody who was shut out.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::Client;
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::{Audience, Role};
use stimmwerk_eventlog::accounts::{Accounts, PersonId, PersonKind};
use stimmwerk_eventlog::sqlite::SqliteStore;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World, code_of};
use crate::admin;

/// Staff with an account, who have been here: so they take part.
async fn staff(world: &World, here: &Place, caller: Caller) -> (PersonId, Client) {
    let person = world.caller(caller, By::Session, here, here).await;
    let client = world.speak(person, By::Session).await;
    let path = format!("/api/v1/forums/{}", here.forum);
    assert_eq!(client.request(Method::GET, &path).send().await.expect("an answer").status(), StatusCode::OK);
    (person, client)
}

async fn ask(client: &Client, method: Method, path: &str, body: &Value) -> (StatusCode, String) {
    let answer = client.request(method, &format!("/api/v1{path}")).json(body).send().await.expect("an answer");
    (answer.status(), code_of(&answer.bytes().await.expect("a body")))
}

async fn about(world: &World, here: &Place, person: PersonId, what: &str) -> String {
    let participant = world.participant(person, here).await.expect("they take part");
    format!("/processes/{}/participants/{participant}/{what}", here.process)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_staff_that_were_shut_out_then_the_desk_is_closed_to_them_by_every_door() {
    for (visibility, caller) in [
        (Visibility::Public, Caller::Staff(Role::Moderator)),
        (Visibility::Code, Caller::Staff(Role::Admin)),
        (Visibility::Public, Caller::NetworkStaff(Role::Admin)),
        (Visibility::Code, Caller::NetworkStaff(Role::Moderator)),
    ] {
        let world = World::new().await;
        let here = world.place(visibility).await;
        let (_, admin) = staff(&world, &here, Caller::NetworkStaff(Role::Admin)).await;
        let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
        let (person, client) = staff(&world, &here, caller).await;
        let socket = {
            let mut socket = Asking::open(&client).await;
            assert_eq!(socket.subscribe(here.stream, None).await["as"], "staff");
            socket
        };
        let (ban_me, ban_guest) = (about(&world, &here, person, "ban").await, about(&world, &here, guest, "ban").await);
        assert_eq!(ask(&admin, Method::POST, &ban_me, &json!({ "banned": true })).await.0, StatusCode::OK);
        socket.hears_goodbye().await;

        let closed = |status: StatusCode| matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
        let (process, forum, poll) = (here.process, here.forum, here.poll);
        for (method, path, body) in [
            (Method::GET, format!("/forums/{forum}/log"), json!({})),
            (Method::GET, format!("/processes/{process}/codes"), json!({})),
            (Method::POST, format!("/processes/{process}/codes"), json!({})),
            (Method::PATCH, format!("/processes/{process}"), json!({ "joining": "closed" })),
            (Method::POST, format!("/forums/{forum}/state"), json!({ "state": "locked" })),
            (Method::POST, format!("/polls/{poll}/close"), json!({})),
            (Method::POST, ban_guest, json!({ "banned": true })),
            (Method::POST, ban_me.clone(), json!({ "banned": false })),
        ] {
            let (status, code) = ask(&client, method, &path, &body).await;
            assert!(closed(status), "{caller:?}, {path}: {status} {code}");
        }
        let desk = client.request(Method::GET, &format!("/f/{forum}/moderation")).send().await.expect("an answer");
        assert!(closed(desk.status()), "{caller:?}: {}", desk.status());
        let mut socket = Asking::open(&client).await;
        assert_eq!(socket.subscribe(here.stream, Some(Audience::Staff)).await["type"], "rejected");
        for command in [
            json!({ "type": "renew_codes", "process": process }),
            json!({ "type": "set_visibility", "process": process, "visibility": "members" }),
        ] {
            let answer = socket.command(StreamId::NETWORK, &command).await;
            assert_eq!((&answer["type"], &answer["problem"]["status"]), (&json!("rejected"), &json!(403)), "{answer}");
        }
        let answer = socket.command(here.stream, &json!({ "type": "set_state", "state": "locked" })).await;
        assert_eq!(answer["type"], "rejected", "{answer}");

        assert_eq!(ask(&admin, Method::POST, &ban_me, &json!({ "banned": false })).await.0, StatusCode::OK);
        assert_eq!(ask(&client, Method::GET, &format!("/forums/{forum}/log"), &json!({})).await.0, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_staff_of_every_rank_then_nobody_shuts_out_lets_in_or_renames_upwards() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    // Ascending; who stands at the same place has the same say.
    let ranks: [&[Caller]; 6] = [
        &[Caller::Guest, Caller::AccountHere],
        &[Caller::Staff(Role::Editor), Caller::Staff(Role::Facilitator)],
        &[Caller::Staff(Role::Moderator)],
        &[Caller::NetworkStaff(Role::Moderator)],
        &[Caller::Staff(Role::Admin)],
        &[Caller::NetworkStaff(Role::Admin)],
    ];
    let mut people = Vec::new();
    for (rank, caller) in ranks.iter().enumerate().flat_map(|(rank, callers)| callers.iter().map(move |it| (rank, *it)))
    {
        people.push((rank, caller, staff(&world, &here, caller).await));
    }
    let acting = people.iter().filter(|(rank, ..)| *rank >= 2);
    for (mine, actor, (me, client)) in acting {
        for (theirs, other, (person, _)) in &people {
            let (ban, reset) =
                (about(&world, &here, *person, "ban").await, about(&world, &here, *person, "reset-name").await);
            let may = mine >= theirs && me != person;
            let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
            for banned in [true, false] {
                let answer = ask(client, Method::POST, &ban, &json!({ "banned": banned })).await;
                assert_eq!(answer.0, expected, "{actor:?} on {other:?}: {answer:?}");
            }
            if me != person {
                assert_eq!(ask(client, Method::POST, &reset, &json!({})).await.0, expected, "{actor:?} on {other:?}");
            }
        }
    }
    // Whoever was shut out keeps their place: a moderator does not let an admin in again either.
    let of = |caller: Caller| people.iter().find(|(_, it, _)| *it == caller).map(|(_, _, it)| it).expect("there");
    let ((admin, _), (_, moderator)) = (of(Caller::Staff(Role::Admin)), of(Caller::Staff(Role::Moderator)));
    let (_, boss) = of(Caller::NetworkStaff(Role::Admin));
    let ban = about(&world, &here, *admin, "ban").await;
    assert_eq!(ask(boss, Method::POST, &ban, &json!({ "banned": true })).await.0, StatusCode::OK);
    assert_eq!(ask(moderator, Method::POST, &ban, &json!({ "banned": false })).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_what_is_taken_from_staff_beside_a_running_server_then_it_counts_at_once_and_their_sockets_end() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let beside = SqliteStore::open_beside(&world.app.config.database().expect("a file")).await.expect("beside");
    let address = async |person| {
        let standing = world.app.accounts.standing(person).await.expect("readable").expect("there");
        standing.person.label.expect("an address")
    };
    let log = format!("/forums/{}/log", here.forum);

    // One role of two.
    let (person, client) = staff(&world, &here, Caller::Staff(Role::Moderator)).await;
    beside.grant(person, Some(here.process), Role::Editor).await.expect("granted");
    let email = address(person).await;
    assert_eq!(
        admin::staff(&*beside).await.expect("readable"),
        [format!("{email}\teditor in {0}, moderator in {0}", here.process)]
    );
    let mut socket = Asking::open(&client).await;
    assert_eq!(socket.subscribe(here.stream, None).await["as"], "staff");
    let process = Some(here.process);
    assert!(admin::revoke_staff(&*beside, &email, Some(Role::Admin), process).await.is_err(), "they do not have it");
    assert!(admin::revoke_staff(&*beside, &email, Some(Role::Moderator), None).await.is_err(), "not in the network");
    admin::revoke_staff(&*beside, &email.to_uppercase(), Some(Role::Moderator), process).await.expect("taken");
    assert_eq!(ask(&client, Method::GET, &log, &json!({})).await.0, StatusCode::FORBIDDEN);
    socket.hears_goodbye().await;

    // All of them, and the ways in.
    world.login_link(person).await;
    let invited = admin::invitations(&*beside).await.expect("readable");
    assert!(invited.len() == 1 && invited[0].starts_with(&format!("{email}\teditor in")), "{invited:?}");
    let mut socket = Asking::open(&client).await;
    assert_eq!(socket.subscribe(here.stream, None).await["as"], "participants");
    admin::revoke_staff(&*beside, &email, None, None).await.expect("taken");
    assert_eq!(ask(&client, Method::GET, "/me", &json!({})).await.0, StatusCode::UNAUTHORIZED);
    socket.hears_goodbye().await;
    assert!(admin::staff(&*beside).await.expect("readable").is_empty());
    assert!(admin::invitations(&*beside).await.expect("readable").is_empty());

    // A token, and a link nobody used.
    let token = world.caller(Caller::NetworkStaff(Role::Admin), By::Token, &here, &here).await;
    let client = world.speak(token, By::Token).await;
    let mut socket = Asking::open(&client).await;
    assert_eq!(socket.subscribe(here.stream, None).await["as"], "staff");
    let listed = admin::tokens(&*beside).await.expect("readable");
    assert_eq!(listed, [format!("{0}\ttoken\ttoken {0}\tadmin\tfor good", token.0)]);
    assert!(admin::revoke_token(&*beside, person).await.is_err(), "an account is no token");
    admin::revoke_token(&*beside, token).await.expect("taken");
    assert_eq!(ask(&client, Method::GET, &log, &json!({})).await.0, StatusCode::UNAUTHORIZED);
    socket.hears_goodbye().await;
    assert!(admin::tokens(&*beside).await.expect("readable").is_empty());
    let account = world.person(PersonKind::Account).await;
    world.login_link(account).await;
    admin::revoke_invitations(&*beside, &address(account).await).await.expect("taken");
    assert!(admin::invitations(&*beside).await.expect("readable").is_empty());
    assert!(admin::revoke_invitations(&*beside, "nobody@example.org").await.is_err());
    beside.close().await;
}
