//! The live connection: every frame, subscription and command as every kind of caller; and that it tells nobody more
//! than the other door.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};
use stimmwerk_client::{Client, ForumMirror, LiveOptions, LiveSocket, Mirror, command_id};
use stimmwerk_core::domain::{Domain, StreamKind};
use stimmwerk_core::forum::{Forum, ForumCommand, HideReason, Waiting};
use stimmwerk_core::ids::{ContributionId, ParticipantId, StreamId};
use stimmwerk_core::live::{ClientFrame, MAX_CLIENT_FRAME, PAGE, Seq, ServerFrame, WindowRequest};
use stimmwerk_core::network::{Network, Visibility};
use stimmwerk_core::people::{Actor, Audience, Role};
use stimmwerk_eventlog::accounts::PersonKind;
use tokio::time::timeout;
use uuid::Uuid;

use super::world::{
    BANNED, By, Caller, Expected, FORBIDDEN, Facts, NOT_FOUND, NOT_JOINED, Place, UNAUTHORIZED, World, everyone, german,
};
use crate::access::{self, FRAMES, Needs};

/// Who may issue a command, in the words of the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    Program,
    Reader,
    Participant,
    Author,
    Moderator,
    Admin,
}

impl May {
    fn needs(self) -> Option<Needs> {
        match self {
            Self::Program => None,
            Self::Reader => Some(Needs::Sight),
            Self::Participant => Some(Needs::Joined),
            Self::Author => Some(Needs::Author),
            Self::Moderator => Some(Needs::Moderates),
            Self::Admin => Some(Needs::Admin),
        }
    }

    /// The plain rules for a command to a forum.
    fn in_forum(self, facts: &Facts, visibility: Visibility) -> Expected {
        match self {
            _ if !facts.sees(visibility) && !facts.known => UNAUTHORIZED,
            _ if !facts.sees(visibility) => NOT_FOUND,
            Self::Reader => Expected::Opens,
            _ if facts.banned => BANNED,
            Self::Participant | Self::Author if !facts.participant => NOT_JOINED,
            Self::Participant => Expected::Opens,
            Self::Author if facts.author => Expected::Opens,
            Self::Moderator if facts.moderates => Expected::Opens,
            Self::Admin if facts.admin => Expected::Opens,
            _ => FORBIDDEN,
        }
    }

    /// For a command to the network, where a role in one process counts for nothing.
    fn in_network(self, facts: &Facts) -> Expected {
        match self {
            Self::Moderator if facts.network_moderates => Expected::Opens,
            Self::Admin if facts.network_admin => Expected::Opens,
            _ => FORBIDDEN,
        }
    }
}

/// What a command is about.
struct Subject {
    place: Place,
    contribution: ContributionId,
    participant: ParticipantId,
    /// On the speaking list.
    entry: Option<Uuid>,
}

type Sample = (StreamKind, &'static str, May, fn(&Subject) -> Value);

/// A valid example of every command.
const COMMANDS: &[Sample] = &[
    (
        StreamKind::Forum,
        "found",
        May::Program,
        |s| json!({ "forum": s.place.forum, "process": s.place.process, "title": german("Neu"), "waiting": "none" }),
    ),
    (StreamKind::Forum, "set_title", May::Moderator, |_| json!({ "title": german("Neu") })),
    (StreamKind::Forum, "add_topic", May::Moderator, |_| json!({ "title": german("Thema") })),
    (StreamKind::Forum, "contribute", May::Participant, |_| json!({ "text": "Mehr Bänke." })),
    (StreamKind::Forum, "support", May::Participant, about),
    (StreamKind::Forum, "unsupport", May::Participant, about),
    (StreamKind::Forum, "edit", May::Author, |s| json!({ "contribution": s.contribution, "text": "Neu." })),
    (StreamKind::Forum, "add", May::Author, |s| json!({ "contribution": s.contribution, "text": "Dazu." })),
    (StreamKind::Forum, "withdraw", May::Author, about),
    (StreamKind::Forum, "appeal", May::Author, |s| json!({ "contribution": s.contribution, "text": "Doch." })),
    (StreamKind::Forum, "report", May::Reader, |s| json!({ "contribution": s.contribution, "reason": "spam" })),
    (StreamKind::Forum, "approve", May::Moderator, about),
    (StreamKind::Forum, "hide", May::Moderator, |s| json!({ "contribution": s.contribution, "reason": "spam" })),
    (StreamKind::Forum, "refuse", May::Moderator, about),
    (StreamKind::Forum, "restore", May::Moderator, about),
    (StreamKind::Forum, "put_back", May::Moderator, about),
    (StreamKind::Forum, "approve_all", May::Moderator, |s| json!({ "participant": s.participant })),
    (StreamKind::Forum, "refuse_all", May::Moderator, |s| json!({ "participant": s.participant, "reason": "spam" })),
    (StreamKind::Forum, "shut_out", May::Program, |s| json!({ "participant": s.participant, "banned": true })),
    (StreamKind::Forum, "claim", May::Moderator, about),
    (StreamKind::Forum, "dismiss", May::Moderator, about),
    (StreamKind::Forum, "reject_appeal", May::Moderator, about),
    (StreamKind::Forum, "reset_name", May::Moderator, |s| json!({ "participant": s.participant })),
    (StreamKind::Forum, "set_summary", May::Moderator, |_| json!({ "text": "Kurz." })),
    (StreamKind::Forum, "count_hall", May::Moderator, |_| json!({ "people": 60 })),
    (StreamKind::Forum, "set_state", May::Moderator, |_| json!({ "state": "open" })),
    (StreamKind::Forum, "set_waiting", May::Moderator, |_| json!({ "waiting": "none" })),
    (StreamKind::Forum, "introduce", May::Participant, |_| json!({})),
    (StreamKind::Forum, "erase", May::Admin, about),
    (StreamKind::Forum, "erase_person", May::Program, |s| json!({ "participant": s.participant })),
    (
        StreamKind::Forum,
        "poll_moved",
        May::Program,
        |s| json!({ "poll": s.place.poll, "stream": s.place.poll_stream, "phase": "open", "title": german("Ja?") }),
    ),
    (StreamKind::Forum, "set_stage", May::Moderator, |s| json!({ "stage": { "shows": "poll", "poll": s.place.poll } })),
    (StreamKind::Forum, "set_floor", May::Moderator, |_| json!({ "open": true, "seconds": 60 })),
    (StreamKind::Forum, "ask_floor", May::Participant, |_| json!({ "interpreted": true })),
    (StreamKind::Forum, "withdraw_floor", May::Participant, |_| json!({})),
    (StreamKind::Forum, "enter_floor", May::Moderator, |_| json!({ "name": "Frau Yıldız" })),
    (StreamKind::Forum, "give_floor", May::Moderator, |_| json!({})),
    (StreamKind::Forum, "end_floor", May::Moderator, |_| json!({})),
    (StreamKind::Forum, "drop_floor", May::Moderator, |s| json!({ "entry": s.entry })),
    (StreamKind::Forum, "pin_floor", May::Moderator, |s| json!({ "entry": s.entry })),
    (StreamKind::Forum, "tick", May::Program, |_| json!({ "moment": 1 })),
    (StreamKind::Network, "set_title", May::Admin, |_| json!({ "title": german("Netz") })),
    (StreamKind::Network, "create_process", May::Admin, |_| json!({ "title": german("Verfahren") })),
    (
        StreamKind::Network,
        "set_visibility",
        May::Admin,
        |s| json!({ "process": s.place.process, "visibility": s.place.visibility }),
    ),
    (
        StreamKind::Network,
        "set_process_title",
        May::Moderator,
        |s| json!({ "process": s.place.process, "title": german("Verfahren") }),
    ),
    (
        StreamKind::Network,
        "create_forum",
        May::Moderator,
        |s| json!({ "process": s.place.process, "title": german("Noch eins") }),
    ),
    (
        StreamKind::Network,
        "create_poll",
        May::Moderator,
        |s| json!({ "process": s.place.process, "question": { "title": german("Ja?"), "method": "yes_no" } }),
    ),
    (StreamKind::Network, "set_joining", May::Moderator, |s| json!({ "process": s.place.process, "joining": "open" })),
    (StreamKind::Network, "renew_codes", May::Moderator, |s| json!({ "process": s.place.process })),
    (
        StreamKind::Network,
        "erase_person",
        May::Program,
        |s| json!({ "process": s.place.process, "participant": s.participant }),
    ),
    (StreamKind::Network, "tick", May::Program, |_| json!({ "moment": 1 })),
    (
        StreamKind::Poll,
        "found",
        May::Program,
        |s| json!({ "poll": s.place.poll, "process": s.place.process, "question": asked() }),
    ),
    (StreamKind::Poll, "edit", May::Moderator, |_| json!({ "question": asked() })),
    (StreamKind::Poll, "open", May::Moderator, |_| json!({})),
    (StreamKind::Poll, "set_end", May::Moderator, |_| json!({ "seconds": 60 })),
    (StreamKind::Poll, "extend", May::Moderator, |_| json!({ "seconds": 60 })),
    (StreamKind::Poll, "close", May::Moderator, |_| json!({ "seconds": 60 })),
    (StreamKind::Poll, "reveal", May::Moderator, |_| json!({})),
    (StreamKind::Poll, "again", May::Moderator, |_| json!({})),
    (StreamKind::Poll, "vote", May::Participant, |_| json!({ "round": 1, "marks": [1, 0, 0] })),
    (StreamKind::Poll, "issue_cards", May::Moderator, |_| json!({ "hashes": ["0".repeat(64)] })),
    (StreamKind::Poll, "void_cards", May::Moderator, |_| json!({ "from": 1, "to": 1 })),
    (StreamKind::Poll, "count_hands", May::Moderator, |_| json!({ "counts": [1, 0, 0] })),
    (StreamKind::Poll, "set_paper", May::Moderator, |_| json!({ "marks": [1, 0, 0], "ballots": 1 })),
    (StreamKind::Poll, "erase_person", May::Program, |s| json!({ "participant": s.participant })),
    (StreamKind::Poll, "tick", May::Program, |_| json!({ "moment": 1 })),
];

fn asked() -> Value {
    json!({ "title": german("Ja?"), "method": "yes_no" })
}

fn about(subject: &Subject) -> Value {
    json!({ "contribution": subject.contribution })
}

/// Nothing here depends on how long something takes; but what never comes is to fail, not to hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// A socket that is asked one thing after the other.
pub struct Asking(LiveSocket);

impl Asking {
    pub async fn open(client: &Client) -> Self {
        Self(LiveSocket::connect(client).await.expect("a socket"))
    }

    /// As a projector.
    pub async fn open_screen(client: &Client, token: &str) -> Result<Self, stimmwerk_client::Error> {
        let options = LiveOptions { screen: Some(token.to_owned()), ..LiveOptions::default() };
        LiveSocket::connect_with(client, &options).await.map(Self)
    }

    /// Sends a frame and waits for the frame of one of these types, or for a refusal. What comes along is passed over.
    pub async fn ask(&mut self, frame: &Value, kinds: &[&str]) -> Value {
        self.send(frame).await;
        let answer =
            self.hear(|answer| answer["type"] == "rejected" || kinds.iter().any(|kind| answer["type"] == *kind)).await;
        // Refused, and answered after everything before it.
        let nowhere = StreamId(Uuid::now_v7());
        self.send(&json!({ "type": "page", "stream": nowhere, "before": 0 })).await;
        self.hear(|answer| answer["problem"]["stream"] == json!(nowhere)).await;
        answer
    }

    pub async fn send(&mut self, frame: &Value) {
        self.0.send_text(frame.to_string()).await.expect("an open socket");
    }

    async fn hear(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let heard = async {
            loop {
                let text = self.0.next_text().await.expect("an open socket").expect("an open socket");
                let answer = serde_json::from_str(&text).expect("JSON");
                if is_it(&answer) {
                    return answer;
                }
            }
        };
        timeout(PATIENCE, heard).await.expect("an answer at all")
    }

    pub async fn command(&mut self, stream: StreamId, command: &Value) -> Value {
        let frame = json!({ "type": "command", "id": command_id(), "stream": stream, "command": command });
        self.ask(&frame, &["accepted"]).await
    }

    pub async fn subscribe(&mut self, stream: StreamId, audience: Option<Audience>) -> Value {
        let frame = json!({ "type": "subscribe", "stream": stream, "after": null, "as": audience });
        self.ask(&frame, &["snapshot"]).await
    }

    /// Waits until the server says goodbye.
    pub async fn hears_goodbye(mut self) {
        self.hear(|answer| answer["type"] == "bye").await;
    }
}

/// Is this answer what was expected?
fn is(expected: Expected, answer: &Value) -> bool {
    let problem = &answer["problem"];
    let status = problem["status"].as_u64().unwrap_or(200) as u16;
    expected.is(StatusCode::from_u16(status).expect("a status"), problem["code"].as_str().unwrap_or_default())
}

async fn ask_everything(visibility: Visibility) {
    let world = World::new().await;
    let (here, elsewhere) = (world.place(visibility).await, world.place(Visibility::Code).await);
    let author = world.caller(Caller::Author, By::Session, &here, &elsewhere).await;
    let participant = world.participant(author, &here).await.expect("they take part");
    let mut wrong = Vec::new();
    for (caller, by) in everyone() {
        let facts = Facts::of(caller, by);
        let person = match caller {
            Caller::Author => author,
            _ => world.caller(caller, by, &here, &elsewhere).await,
        };
        let client = world.speak(person, by).await;
        let who = format!("{caller:?} by {by:?}, {visibility:?}");
        if facts.impostor {
            let refused = LiveSocket::connect(&client).await.expect_err("a token that is none");
            assert_eq!(refused.code(), Some("unauthorized"));
            continue;
        }
        let mut check = |what: &str, expected: Expected, answer: &Value| {
            if !is(expected, answer) {
                wrong.push(format!("{what} as {who}: {expected:?}, not {answer}"));
            }
        };
        let streams = [
            (StreamKind::Forum, here.stream),
            (StreamKind::Network, StreamId::NETWORK),
            (StreamKind::Poll, here.poll_stream),
        ];
        for (kind, stream) in streams {
            // Commands are counted per socket.
            let mut socket = Asking::open(&client).await;
            let mut second = Asking::open(&client).await;
            for (nth, (_, name, may, sample)) in COMMANDS.iter().filter(|sample| sample.0 == kind).enumerate() {
                if nth % 10 == 9 {
                    (socket, second) = (Asking::open(&client).await, Asking::open(&client).await);
                }
                let contribution = world.contribution(&here, participant, "Mehr Licht.").await;
                let entry = match *name {
                    "drop_floor" | "pin_floor" => Some(world.on_the_list(&here).await),
                    _ => None,
                };
                let mut command = sample(&Subject { place: here, contribution, participant, entry });
                command["type"] = (*name).into();
                let answer = socket.command(stream, &command).await;
                let expected = match kind {
                    // Whoever was shut out of the process that a command names is told so.
                    StreamKind::Network if facts.banned && command.get("process").is_some() => BANNED,
                    StreamKind::Network => may.in_network(&facts),
                    _ => may.in_forum(&facts, visibility),
                };
                check(name, expected, &answer);
                if expected == NOT_FOUND || expected == UNAUTHORIZED {
                    let mut made_up = second.command(StreamId(Uuid::now_v7()), &command).await;
                    made_up["id"] = answer["id"].clone();
                    assert_eq!(answer, made_up, "{name} as {who} tells what is there from what is not");
                }
            }
        }
        let mut socket = Asking::open(&client).await;
        let page = json!({ "type": "page", "stream": here.stream, "before": 10 });
        check("page of what is not followed", NOT_FOUND, &socket.ask(&page, &["page"]).await);
        for wanted in [None, Some(Audience::Public), Some(Audience::Participants), Some(Audience::Staff)] {
            let expected = match wanted {
                _ if !facts.sees(visibility) => NOT_FOUND,
                Some(Audience::Staff) if !facts.moderates => FORBIDDEN,
                Some(Audience::Participants) if !(facts.staff || facts.participant) || facts.banned => FORBIDDEN,
                _ => Expected::Opens,
            };
            let answer = socket.subscribe(here.stream, wanted).await;
            check(&format!("subscribing to the forum as {wanted:?}"), expected, &answer);
            if expected == Expected::Opens {
                check("page", Expected::Opens, &socket.ask(&page, &["page"]).await);
                let most = match () {
                    () if facts.moderates => "staff",
                    () if (facts.participant && !facts.banned) || facts.staff => "participants",
                    () => "public",
                };
                let given = wanted.map_or(json!(most), |wanted| json!(wanted));
                assert_eq!(answer["as"], given, "{who}");
            }
            if expected == NOT_FOUND {
                let other = StreamId(Uuid::now_v7());
                let made_up = socket.subscribe(other, wanted).await.to_string();
                assert_eq!(
                    answer.to_string(),
                    made_up.replace(&other.to_string(), &here.stream.to_string()),
                    "subscribing as {who} tells what is there from what is not"
                );
            }
            let unsubscribe = json!({ "type": "unsubscribe", "stream": here.stream });
            socket.send(&unsubscribe).await;
            check("page of what is no longer followed", NOT_FOUND, &socket.ask(&page, &["page"]).await);
            let expected = match wanted {
                None | Some(Audience::Public) => Expected::Opens,
                Some(_) if facts.network_moderates => Expected::Opens,
                Some(_) => FORBIDDEN,
            };
            let answer = socket.subscribe(StreamId::NETWORK, wanted).await;
            check(&format!("subscribing to the network as {wanted:?}"), expected, &answer);
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_process_behind_a_code_when_everyone_asks_for_everything_live_then_the_rules_hold() {
    ask_everything(Visibility::Code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_process_of_members_when_everyone_asks_for_everything_live_then_the_rules_hold() {
    ask_everything(Visibility::Members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_public_process_when_everyone_asks_for_everything_live_then_the_rules_hold() {
    ask_everything(Visibility::Public).await;
}

#[test]
fn given_the_tables_then_every_command_frame_and_audience_stands_in_them_and_in_these_tests() {
    let mut table: Vec<_> = access::commands().collect();
    let mut tried: Vec<_> = COMMANDS.iter().map(|(kind, name, may, _)| (*kind, *name, may.needs())).collect();
    // In whatever order.
    table.sort_unstable_by_key(|(kind, name, _)| (*kind, *name));
    tried.sort_unstable_by_key(|(kind, name, _)| (*kind, *name));
    assert_eq!(table, tried);
    // Whoever adds a frame meets this match, and the table.
    let name = |frame: &ClientFrame| match frame {
        ClientFrame::Subscribe { .. } => "subscribe",
        ClientFrame::Unsubscribe { .. } => "unsubscribe",
        ClientFrame::Page { .. } => "page",
        ClientFrame::Command { .. } => "command",
    };
    let (stream, id) = (StreamId::NETWORK, command_id());
    let frames = [
        ClientFrame::Subscribe { stream, after: None, audience: None, from: None },
        ClientFrame::Unsubscribe { stream },
        ClientFrame::Page { stream, before: 0, topic: None },
        ClientFrame::Command { id, stream, command: Value::Null },
    ];
    for frame in &frames {
        assert_eq!(json!(frame)["type"], name(frame));
    }
    let frames: BTreeSet<_> = frames.iter().map(name).collect();
    assert_eq!(frames, FRAMES.iter().map(|(name, _)| *name).collect());
    let asked = Audience::ALL.map(access::subscription);
    assert_eq!(asked, [Needs::Sight, Needs::Joined, Needs::Moderates]);
}

#[tokio::test]
async fn given_what_another_wrote_then_it_is_refused_if_it_can_be_seen_and_not_there_otherwise() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let (me, other) = (world.person(PersonKind::Guest).await, world.person(PersonKind::Guest).await);
    world.take_part(me, &here, true).await;
    let other = world.take_part(other, &here, true).await;
    let visible = world.contribution(&here, other, "Zu sehen.").await;
    let hidden = world.contribution(&here, other, "Versteckt.").await;
    let hide = ForumCommand::Hide { contribution: hidden, reason: HideReason::Other, note: None };
    world.tell(&here, Actor::system(), hide).await;
    world.tell(&here, Actor::system(), ForumCommand::SetWaiting { waiting: Waiting::All }).await;
    let waiting = world.contribution(&here, other, "Wartet.").await;
    let client = world.speak(me, By::Session).await;
    let mut socket = Asking::open(&client).await;
    for (target, code) in [
        (visible, "forbidden"),
        (hidden, "not_found"),
        (waiting, "not_found"),
        (ContributionId(Uuid::now_v7()), "not_found"),
    ] {
        for command in [json!({ "type": "withdraw" }), json!({ "type": "edit", "text": "Anders." })] {
            let mut command = command;
            command["contribution"] = json!(target);
            assert_eq!(socket.command(here.stream, &command).await["problem"]["code"], code, "{command}");
        }
        let path = format!("/api/v1/forums/{}/contributions/{target}", here.forum);
        let answer = client.request(Method::DELETE, &path).send().await.expect("an answer");
        assert_eq!(super::world::code_of(&answer.bytes().await.expect("a body")), code);
        if code == "not_found" {
            let support = json!({ "type": "support", "contribution": target });
            assert_eq!(socket.command(here.stream, &support).await["problem"]["code"], code);
            let reply = json!({ "type": "contribute", "text": "Dazu.", "reply_to": target });
            assert_eq!(socket.command(here.stream, &reply).await["problem"]["code"], code);
        }
    }
}

/// A talk with everything that some may see and others not, longer than a page.
async fn talk(world: &World, here: &Place) -> ParticipantId {
    let mut people = Vec::new();
    for _ in 0..3 {
        people.push(world.take_part(world.person(PersonKind::Guest).await, here, true).await);
    }
    let actor = |participant: ParticipantId| Actor {
        participant: Some(participant),
        name: Some("Rana".into()),
        guest: true,
        ..Actor::default()
    };
    for nth in 0..70 {
        let author = people[nth % people.len()];
        let waits = nth % 9 == 0;
        let waiting = if waits { Waiting::All } else { Waiting::None };
        world.tell(here, Actor::system(), ForumCommand::SetWaiting { waiting }).await;
        let text = format!("Satz {nth}, **wichtig**. {}", "Und so weiter. ".repeat(nth % 5 * 20));
        let contribution = world.contribution(here, author, &text).await;
        if waits {
            continue;
        }
        let command = match nth % 7 {
            0 => ForumCommand::Hide { contribution, reason: HideReason::Other, note: Some("Bitte sachlich.".into()) },
            1 => ForumCommand::Erase { contribution },
            2 => ForumCommand::SetWaiting { waiting: Waiting::All },
            _ => ForumCommand::Support { contribution },
        };
        let by = if matches!(command, ForumCommand::Support { .. }) {
            actor(people[(nth + 1) % people.len()])
        } else {
            Actor::system()
        };
        world.tell(here, by, command).await;
        if nth % 7 == 2 {
            let text = format!("Änderung {nth}");
            world.tell(here, actor(author), ForumCommand::Edit { contribution, text }).await;
        }
    }
    people[0]
}

async fn next(socket: &mut LiveSocket) -> ServerFrame<Forum> {
    let frame = timeout(PATIENCE, socket.next()).await.expect("an answer at all");
    let frame = frame.expect("an open socket").expect("an open socket");
    assert!(!matches!(frame, ServerFrame::Beat(_)), "what was to come did not");
    frame
}

/// Takes frames until the mirror has everything up to a number, and what was said along with it.
async fn fill(socket: &mut LiveSocket, mirror: &mut ForumMirror, until: Seq) {
    let mut asked = false;
    loop {
        if mirror.after() == Some(until) && !asked {
            // Refused, and answered after everything before it.
            let page = ClientFrame::Page { stream: StreamId(Uuid::now_v7()), before: 0, topic: None };
            socket.send(&page).await.expect("an open socket");
            asked = true;
        }
        match next(socket).await {
            ServerFrame::Rejected(_) if asked => return,
            frame => _ = mirror.take(frame).expect("contiguous ranges"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_each_audience_then_the_socket_tells_exactly_what_rest_tells_it() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let author = talk(&world, &here).await;
    let elsewhere = world.place(Visibility::Code).await;
    let client = async |caller: Caller, by: By| {
        let person = world.caller(caller, by, &here, &elsewhere).await;
        world.speak(person, by).await
    };
    let writer = {
        let person = world.app.accounts.participant(author).await.expect("readable").expect("there").person;
        world.speak(person, By::Session).await
    };
    let readers = [
        (Audience::Public, client(Caller::Stranger, By::Nothing).await),
        (Audience::Participants, client(Caller::Guest, By::Session).await),
        (Audience::Participants, writer),
        (Audience::Participants, client(Caller::Staff(Role::Editor), By::Session).await),
        (Audience::Staff, client(Caller::Staff(Role::Moderator), By::Token).await),
        (Audience::Staff, client(Caller::NetworkStaff(Role::Admin), By::Token).await),
    ];
    let mut following = Vec::new();
    let head = world.room(&here).await.state().seq();
    for (most, reader) in &readers {
        for audience in Audience::ALL.into_iter().filter(|audience| audience <= most) {
            let reference = &readers.iter().find(|(most, _)| *most == audience).expect("one of each").1;
            let rest = reference.whole_forum(here.forum).await.expect("readable");
            assert!(rest.view.contributions.len() > 40, "the talk is longer than a page");
            // From a snapshot, down to the first position.
            let mut socket = LiveSocket::connect(reader).await.expect("a socket");
            let subscribe =
                ClientFrame::Subscribe { stream: here.stream, after: None, audience: Some(audience), from: Some(0) };
            socket.send(&subscribe).await.expect("an open socket");
            let mut mirror = ForumMirror::default();
            while mirror.view().is_none_or(|view| view.window.from > 0) {
                mirror.take(next(&mut socket).await).expect("contiguous ranges");
            }
            assert_eq!(mirror.view(), Some(&rest.view), "{audience:?}");
            // From the beginning, as changes.
            let mut all = Vec::new();
            let mut after = Seq(0);
            while after < head {
                let part = reference.deltas(here.stream, after).await.expect("readable");
                all.extend(part.deltas);
                after = part.seq;
            }
            let mut other = LiveSocket::connect(reader).await.expect("a socket");
            let (stream, after, audience) = (here.stream, Some(Seq(0)), Some(audience));
            let subscribe = ClientFrame::Subscribe { stream, after, audience, from: None };
            other.send(&subscribe).await.expect("an open socket");
            let mut live = Vec::new();
            loop {
                match next(&mut other).await {
                    ServerFrame::Deltas(part) => {
                        live.extend(part.deltas);
                        if part.seq == head {
                            break;
                        }
                    }
                    frame => assert!(!matches!(frame, ServerFrame::Rejected(_)), "{frame:?}"),
                }
            }
            assert_eq!(live, all, "{audience:?}");
            following.push((audience.expect("given"), reader, socket, mirror));
        }
    }
    // And so it stays while things change.
    let view = readers[4].1.whole_forum(here.forum).await.expect("readable").view;
    let restored = view.contributions.iter().find(|c| c.hidden.is_some()).expect("something hidden").id;
    let shown = view.contributions.iter().find(|c| c.hidden.is_none()).expect("something visible").id;
    for command in [
        ForumCommand::Approve { contribution: view.waiting[0].id, seen: None },
        ForumCommand::Restore { contribution: restored },
        ForumCommand::Hide { contribution: shown, reason: HideReason::Insult, note: None },
        ForumCommand::ErasePerson { participant: author },
        ForumCommand::AddTopic { title: german("Thema") },
    ] {
        world.tell(&here, Actor::system(), command).await;
    }
    let head = world.room(&here).await.state().seq();
    for (audience, reader, mut socket, mut mirror) in following {
        fill(&mut socket, &mut mirror, head).await;
        let reference = &readers.iter().find(|(most, _)| *most == audience).expect("one of each").1;
        let rest = reference.whole_forum(here.forum).await.expect("readable");
        assert_eq!(mirror.view(), Some(&rest.view), "{audience:?}");
        let path = format!("/streams/{}/deltas?after={head}&from=0", here.stream);
        let rest: Value = reader.read(&path).await.expect("readable");
        if let Some(own) = mirror.own() {
            assert_eq!(json!(own), rest["own"], "{audience:?}");
        }
        assert_eq!(mirror.own().is_none(), rest["own"].is_null(), "{audience:?}");
    }
}

#[tokio::test]
async fn given_the_network_then_the_socket_tells_exactly_what_rest_tells() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let elsewhere = world.place(Visibility::Code).await;
    for (caller, by) in [
        (Caller::Stranger, By::Nothing),
        (Caller::Guest, By::Session),
        (Caller::Staff(Role::Admin), By::Session),
        (Caller::NetworkStaff(Role::Editor), By::Session),
        (Caller::NetworkStaff(Role::Moderator), By::Token),
        (Caller::NetworkStaff(Role::Admin), By::Session),
    ] {
        let person = world.caller(caller, by, &here, &elsewhere).await;
        let client = world.speak(person, by).await;
        let rest: Value = client.read("/network").await.expect("readable");
        let mut socket = LiveSocket::connect(&client).await.expect("a socket");
        let subscribe = ClientFrame::Subscribe { stream: StreamId::NETWORK, after: None, audience: None, from: None };
        socket.send(&subscribe).await.expect("an open socket");
        let mut mirror = Mirror::<Network>::default();
        while mirror.view().is_none() {
            let frame = socket.next::<Network>().await.expect("an open socket").expect("an open socket");
            mirror.take(frame).expect("contiguous ranges");
        }
        assert_eq!(json!(mirror.view()), rest["view"], "{caller:?}");
        let listed = rest["view"]["processes"].as_array().map_or(0, Vec::len);
        let all = matches!(caller, Caller::NetworkStaff(Role::Moderator | Role::Admin));
        assert_eq!(listed, if all { 2 } else { 1 }, "{caller:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_open_socket_when_its_rights_end_then_it_hears_goodbye() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let elsewhere = world.place(Visibility::Code).await;
    let admin = world.caller(Caller::NetworkStaff(Role::Admin), By::Token, &here, &elsewhere).await;
    let admin = world.speak(admin, By::Token).await;
    let follow = async |client: &Client| {
        let mut socket = Asking::open(client).await;
        assert!(is(Expected::Opens, &socket.subscribe(here.stream, None).await));
        socket
    };
    let guest = async || {
        let person = world.person(PersonKind::Guest).await;
        let participant = world.take_part(person, &here, true).await;
        (participant, world.speak(person, By::Session).await)
    };
    let write = async |client: &Client, method: Method, path: &str, body: Value| {
        let answer = client.request(method, &format!("/api/v1{path}")).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    };
    let set = async |socket: &mut Asking, visibility: &str| {
        let command = json!({ "type": "set_visibility", "process": here.process, "visibility": visibility });
        assert!(is(Expected::Opens, &socket.command(StreamId::NETWORK, &command).await));
    };

    let (participant, client) = guest().await;
    let socket = follow(&client).await;
    let ban = format!("/processes/{}/participants/{participant}/ban", here.process);
    write(&admin, Method::POST, &ban, json!({ "banned": true })).await;
    socket.hears_goodbye().await;

    let (_, client) = guest().await;
    let socket = follow(&client).await;
    write(&client, Method::POST, "/logout", json!({})).await;
    socket.hears_goodbye().await;

    let (_, client) = guest().await;
    let socket = follow(&client).await;
    write(&client, Method::DELETE, "/me", json!({})).await;
    socket.hears_goodbye().await;

    // Over one door and over the other.
    let process = format!("/processes/{}", here.process);
    let socket = follow(&world.visitor()).await;
    write(&admin, Method::PATCH, &process, json!({ "visibility": "code" })).await;
    socket.hears_goodbye().await;

    let mut live = Asking::open(&admin).await;
    set(&mut live, "public").await;
    let socket = follow(&world.visitor()).await;
    set(&mut live, "members").await;
    socket.hears_goodbye().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_window_then_the_personal_view_goes_no_further_back_than_it() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let author = world.take_part(world.person(PersonKind::Guest).await, &here, true).await;
    let guest = world.person(PersonKind::Guest).await;
    let supporter = world.take_part(guest, &here, true).await;
    for nth in 0..130 {
        let contribution = world.contribution(&here, author, &format!("Satz {nth}")).await;
        let actor = Actor { participant: Some(supporter), guest: true, ..Actor::default() };
        world.tell(&here, actor, ForumCommand::Support { contribution }).await;
    }
    let client = world.speak(guest, By::Session).await;
    let mut socket = Asking::open(&client).await;
    let head = Some(world.room(&here).await.state().seq());
    let (stream, audience, topic) = (here.stream, None, None);
    let view = Forum::view(&world.room(&here).await.state(), Audience::Participants, &WindowRequest::default());
    let subscribe = |after, from| ClientFrame::Subscribe { stream, after, audience, from };
    for (asked, reaches) in [
        (subscribe(None, None), PAGE),
        (subscribe(head, None), PAGE),
        (ClientFrame::Page { stream, before: view.window.from, topic }, 2 * PAGE),
        (subscribe(head, Some(0)), 130),
    ] {
        socket.send(&serde_json::to_value(asked).expect("plain data")).await;
        // What was written last may still bring one of the window before.
        socket.hear(|frame| frame["view"]["supported"].as_array().is_some_and(|all| all.len() == reaches)).await;
    }
}

#[tokio::test]
async fn given_a_command_longer_than_allowed_then_it_is_refused_by_its_id_and_the_socket_stays() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let guest = world.person(PersonKind::Guest).await;
    world.take_part(guest, &here, true).await;
    let mut socket = Asking::open(&world.speak(guest, By::Session).await).await;
    let id = command_id();
    let command = json!({ "type": "contribute", "text": "x".repeat(MAX_CLIENT_FRAME), "lang": "de" });
    let frame = json!({ "type": "command", "id": id, "stream": here.stream, "command": command });
    let answer = socket.ask(&frame, &["accepted"]).await;
    assert_eq!((&answer["id"], &answer["problem"]["code"]), (&json!(id), &json!("too_large")), "{answer}");
    assert_eq!(socket.subscribe(here.stream, None).await["type"], "snapshot");
}
