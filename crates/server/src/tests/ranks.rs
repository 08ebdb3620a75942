//! Who may do something to whom, and what is left to somebody who was shut out.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::Client;
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::network::{NetworkCommand, Visibility};
use stimmwerk_core::people::{Actor, Audience, Role};
use stimmwerk_eventlog::accounts::{Accounts, PersonId, PersonKind};
use stimmwerk_eventlog::sqlite::SqliteStore;
use uuid::Uuid;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World, code_of, german};
use crate::{admin, chance};

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

async fn read(client: &Client, path: &str) -> Value {
    let answer = client.request(Method::GET, &format!("/api/v1{path}")).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn given_somebody_is_shut_out_then_what_waits_of_theirs_is_refused_in_every_forum_and_the_logs_tell_it() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let (_, moderator) = staff(&world, &here, Caller::Staff(Role::Moderator)).await;
    let [troll, newcomer] = [(); 2].map(|()| world.caller(Caller::Guest, By::Session, &here, &here));
    let (troll, newcomer) = (troll.await, newcomer.await);
    let title = json!({ "title": "Noch ein Gespräch" });
    let path = format!("/api/v1/processes/{}/forums", here.process);
    let made = moderator.request(Method::POST, &path).json(&title).send().await.expect("an answer");
    let made: Value = made.json().await.expect("JSON");
    let other = made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let forums = [here.forum.to_string(), other];
    let say = async |who: PersonId, forum: &str, text: &str| {
        let client = world.speak(who, By::Session).await;
        let path = format!("/forums/{forum}/contributions");
        assert_eq!(ask(&client, Method::POST, &path, &json!({ "text": text })).await.0, StatusCode::CREATED);
    };
    for forum in &forums {
        let path = format!("/forums/{forum}/waiting");
        assert_eq!(ask(&moderator, Method::POST, &path, &json!({ "waiting": "all" })).await.0, StatusCode::OK);
        for nth in 0..3 {
            say(troll, forum, &format!("Flut {nth}")).await;
        }
    }
    say(newcomer, &forums[0], "Darf ich?").await;
    let waiting = async |forum: &str| {
        let shown = read(&moderator, &format!("/forums/{forum}")).await;
        shown["view"]["waiting"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((waiting(&forums[0]).await, waiting(&forums[1]).await), (4, 3));
    let participant = world.participant(troll, &here).await.expect("they take part");
    // One that has not begun yet stands in nobody's way.
    let unbegun =
        NetworkCommand::CreateForum { process: here.process, title: german("Später"), waiting: Waiting::None };
    let made = world.app.network.issue(unbegun, chance::command_id(), Actor::system(), Uuid::nil()).await;
    made.expect("the program may do everything");
    let ban = about(&world, &here, troll, "ban").await;
    for (banned, did) in [(true, "shut_out"), (true, "shut_out"), (false, "let_in")] {
        assert_eq!(ask(&moderator, Method::POST, &ban, &json!({ "banned": banned })).await.0, StatusCode::OK);
        assert_eq!((waiting(&forums[0]).await, waiting(&forums[1]).await), (1, 0), "{banned}");
        for forum in &forums {
            let log = read(&moderator, &format!("/forums/{forum}/log")).await;
            let acts = log["acts"].as_array().expect("acts");
            let of: Vec<_> = acts.iter().filter(|act| act["person"] == json!(participant)).collect();
            assert_eq!((of.len(), &of[0]["did"]), (if banned { 1 } else { 2 }, &json!(did)), "{log}");
            assert!(of.iter().all(|act| act["by"].is_string()), "{log}");
            let hidden = acts.iter().filter(|act| act["did"] == "hidden");
            assert!(hidden.clone().all(|act| act["by"] == of[0]["by"]) && hidden.count() == 3, "{log}");
        }
    }
    let page = moderator.request(Method::GET, &format!("/f/{}/log", here.forum)).send().await.expect("an answer");
    let page = page.text().await.expect("a page");
    assert!(page.contains("ausgeschlossen.") && page.contains("wieder hereingelassen."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_colleague_was_first_then_the_conflict_names_them_by_both_doors() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let (kim, first) = staff(&world, &here, Caller::Staff(Role::Moderator)).await;
    let (_, second) = staff(&world, &here, Caller::NetworkStaff(Role::Admin)).await;
    let kim = world.participant(kim, &here).await.expect("they take part");
    world.app.accounts.rename(kim, Some("Kim".to_owned()), None).await.expect("renamed");
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let author = world.participant(author, &here).await.expect("they take part");
    world.tell(&here, Actor::system(), ForumCommand::SetWaiting { waiting: Waiting::All }).await;
    let mut ids = Vec::new();
    for nth in 0..2 {
        ids.push(world.contribution(&here, author, &format!("Satz {nth}")).await);
    }
    let path = |verb: &str| format!("/forums/{}/contributions/{}/{verb}", here.forum, ids[0]);
    assert_eq!(ask(&first, Method::POST, &path("approve"), &json!({})).await.0, StatusCode::OK);
    let answer = second.request(Method::POST, &format!("/api/v1{}", path("approve"))).json(&json!({}));
    let answer = answer.header("accept-language", "de").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!((&problem["code"], &problem["name"]), (&json!("decided"), &json!("Kim")), "{problem}");
    assert!(problem["title"].as_str().is_some_and(|title| title.contains("Kim") && title.contains("freigegeben")));
    let all = json!({ "reason": "spam" });
    let refuse = format!("/forums/{}/participants/{author}/refuse", here.forum);
    assert_eq!(ask(&first, Method::POST, &refuse, &all).await.0, StatusCode::OK);
    let again = json!({ "type": "refuse_all", "participant": author, "reason": "spam" });
    let answer = Asking::open(&second).await.command(here.stream, &again).await;
    assert_eq!(
        (&answer["problem"]["code"], &answer["problem"]["name"]),
        (&json!("decided"), &json!("Kim")),
        "{answer}"
    );
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
