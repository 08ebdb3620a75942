//! What is not told: that something happened which a reader may not see, who looks on, and what opens doors.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Client, ForumMirror, Identity, LiveSocket, command_id};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{Forum, ForumCommand, Waiting};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::{ClientFrame, Seq, ServerFrame, WindowRequest};
use stimmwerk_core::network::{CodeKind, Visibility};
use stimmwerk_core::people::{Actor, Audience, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tracing_subscriber::EnvFilter;

use super::hostile::Log;
use super::sockets::Asking;
use super::world::{By, Caller, Place, World, cookie_of};

/// Longer than any tick.
const TICKS: Duration = Duration::from_millis(400);
/// What never comes is to fail, not to hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// A reader that checks that each range begins where the last one ended.
struct Reader {
    socket: LiveSocket,
    mirror: ForumMirror,
    /// Of changes, and of the personal view.
    heard: (usize, usize),
}

impl Reader {
    async fn open(client: &Client, stream: StreamId, after: Option<Seq>) -> Self {
        let mut socket = LiveSocket::connect(client).await.expect("a socket");
        let frame = ClientFrame::Subscribe { stream, after, audience: None, from: None };
        socket.send(&frame).await.expect("an open socket");
        let mut reader = Self { socket, mirror: ForumMirror::default(), heard: (0, 0) };
        while reader.mirror.after().is_none() {
            reader.next().await;
        }
        reader.listen().await;
        reader
    }

    async fn next(&mut self) {
        let frame = self.socket.next::<Forum>().await.expect("a frame").expect("an open socket");
        self.heard.0 += usize::from(matches!(frame, ServerFrame::Deltas(_)));
        self.heard.1 += usize::from(matches!(frame, ServerFrame::Own(_)));
        self.mirror.take(frame).expect("a contiguous range");
    }

    /// What came within some ticks: changes and personal views.
    async fn listen(&mut self) -> (usize, usize) {
        let before = self.heard;
        let until = Instant::now() + TICKS;
        while tokio::time::timeout_at(until, self.next()).await.is_ok() {}
        (self.heard.0 - before.0, self.heard.1 - before.1)
    }

    async fn shows(&mut self, contributions: usize) {
        let there = async {
            while self.mirror.view().expect("a view").contributions.len() != contributions {
                self.next().await;
            }
        };
        timeout(PATIENCE, there).await.expect("the contribution");
    }
}

async fn speaker(world: &World, caller: Caller, here: &Place) -> Client {
    let person = world.caller(caller, By::Session, here, here).await;
    world.speak(person, By::Session).await
}

async fn post(client: &Client, path: &str, body: &Value) -> Value {
    let request = client.request(Method::POST, &format!("/api/v1{path}"));
    let answer =
        request.header("idempotency-key", command_id().to_string()).json(body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn given_what_only_staff_see_then_nobody_else_gets_a_frame_and_the_next_range_still_fits() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let author =
        world.take_part(world.person(stimmwerk_eventlog::accounts::PersonKind::Guest).await, &here, true).await;
    let contribution = world.contribution(&here, author, "Erstens").await;
    let moderator = speaker(&world, Caller::Staff(Role::Moderator), &here).await;
    let guest = speaker(&world, Caller::Guest, &here).await;
    let mut staff = Reader::open(&moderator, here.stream, None).await;
    let mut others = vec![
        Reader::open(&world.visitor(), here.stream, None).await,
        Reader::open(&guest, here.stream, None).await,
        Reader::open(&speaker(&world, Caller::Guest, &here).await, here.stream, None).await,
    ];
    let report =
        |text: &str| json!({ "forum": here.forum, "contribution": contribution, "reason": "spam", "text": text });
    // Of one person it would count once.
    let reporters = [world.visitor(), speaker(&world, Caller::Guest, &here).await];
    for (text, reporter) in ["Werbung", "Immer noch Werbung"].into_iter().zip(&reporters) {
        post(reporter, "/notices", &report(text)).await;
        assert!(staff.listen().await.0 > 0, "the desk is told");
        for reader in &mut others {
            assert_eq!(reader.listen().await, (0, 0), "told that something was reported");
        }
    }
    // Whoever comes in between is further on than the others.
    let head = world.room(&here).await.state().seq();
    others.push(Reader::open(&world.visitor(), here.stream, None).await);
    assert_eq!(others.last().and_then(|reader| reader.mirror.after()), Some(head));
    post(&guest, "/notices", &report("Noch einmal")).await;
    for reader in &mut others {
        assert_eq!(reader.listen().await, (0, 0));
    }

    // What waits is shown to its author, and leads them on as well; to nobody else.
    world.tell(&here, Actor::system(), ForumCommand::SetWaiting { waiting: Waiting::All }).await;
    for reader in &mut others {
        reader.listen().await;
    }
    let contributions = format!("/forums/{}/contributions", here.forum);
    let waiting = post(&guest, &contributions, &json!({ "text": "Zweitens" })).await;
    for (nth, reader) in others.iter_mut().enumerate() {
        let (changes, own) = reader.listen().await;
        assert_eq!((changes > 0, own > 0), (nth == 1, nth == 1), "reader {nth}");
    }
    assert_eq!(others[1].mirror.after().map(|seq| seq.0), waiting["seq"].as_u64());

    // What everyone sees reaches them all, and nothing is missing in between.
    let id = waiting["id"].as_str().expect("an id");
    post(&moderator, &format!("{contributions}/{id}/approve"), &json!({})).await;
    let state = world.room(&here).await.state();
    for reader in &mut others {
        reader.shows(2).await;
        let audience = reader.mirror.audience().expect("told");
        let view = Forum::view(&state, audience, &WindowRequest::default());
        assert_eq!(reader.mirror.view(), Some(&view));
        assert_eq!(reader.mirror.after(), Some(state.seq()));
    }
    staff.shows(2).await;
    assert_eq!(staff.mirror.view(), Some(&Forum::view(&state, Audience::Staff, &WindowRequest::default())));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_windows_strangers_programs_and_projectors_then_people_are_counted_once_and_others_not() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let room = world.room(&here).await;
    let counts = async |people: u32| {
        let right = async {
            while room.people_present() != people {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, right).await.unwrap_or_else(|_| panic!("{} are here, not {people}", room.people_present()));
    };
    let follow = async |client: &Client| {
        let mut socket = Asking::open(client).await;
        assert_eq!(socket.subscribe(here.stream, None).await["type"], "snapshot");
        socket
    };
    let _stranger = follow(&world.visitor()).await;
    let token = world.caller(Caller::NetworkStaff(Role::Admin), By::Token, &here, &here).await;
    let _program = follow(&world.speak(token, By::Token).await).await;
    let screen = world.app.screen_link(here.forum).await.expect("a link");
    let screen = Asking::open_screen(&world.visitor(), screen.trim_start_matches("/screen/")).await;
    let mut screen = screen.expect("a socket");
    assert_eq!(screen.subscribe(here.stream, None).await["type"], "snapshot");
    assert_eq!(room.people_present(), 0);

    let ada = speaker(&world, Caller::Guest, &here).await;
    let (phone, laptop) = (follow(&ada).await, follow(&ada).await);
    let mut again = follow(&ada).await;
    assert_eq!(again.subscribe(here.stream, None).await["type"], "snapshot", "subscribed twice");
    assert_eq!(room.people_present(), 1);
    let _moderator = follow(&speaker(&world, Caller::Staff(Role::Moderator), &here).await).await;
    counts(2).await;
    drop((phone, again));
    tokio::time::sleep(TICKS).await;
    assert_eq!(room.people_present(), 2, "they are still here with the other one");
    drop(laptop);
    counts(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_header_that_never_ends_then_it_is_cut_after_ten_seconds_and_sockets_stay() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let mut socket = Asking::open(&world.visitor()).await;
    let address = world.url.trim_start_matches("http://");
    let since = Instant::now();
    let drip = async || {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: ").await.expect("written");
        let (mut read, mut write) = stream.into_split();
        let drip = tokio::spawn(async move {
            while write.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, read.read_to_end(&mut rest)).await.expect("it is cut");
        drip.abort();
    };
    let silent = async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.expect("it is cut");
    };
    tokio::join!(drip(), silent);
    let after = since.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&after), "cut after {after:?}");
    assert_eq!(socket.subscribe(here.stream, None).await["type"], "snapshot", "a socket that is older than that");
}

// One thread, so that all that is logged meanwhile is heard.
#[tokio::test]
async fn given_logins_that_are_refused_then_the_log_says_so_and_nothing_of_the_person() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info"))
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let visitor = world.visitor();
    let secret = "5ecre7".repeat(8);
    let page = visitor.request(Method::GET, &format!("/login/link?token={secret}"));
    assert_eq!(page.send().await.expect("an answer").status(), StatusCode::OK);
    for (client, method, path, body) in [
        (&visitor, Method::POST, "/api/v1/login/link/confirm", json!({ "token": secret })),
        (&visitor, Method::POST, "/api/v1/return", json!({ "code": "geheim-geheim-geheim-geheim" })),
        (&visitor.with_token(&secret), Method::GET, "/api/v1/me", json!({})),
    ] {
        let answer = client.request(method, path).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
    }
    let text = log.text();
    for line in ["page of a login link", "a login was refused", "coming back was refused", "a token was refused"] {
        assert_eq!(text.matches(line).count(), 1, "{line}: {text}");
    }
    for personal in [secret.as_str(), "geheim", "127.0.0.1"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[tokio::test]
async fn given_the_picture_that_brings_back_then_its_words_stand_where_no_server_sees_them() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let body = json!({ "code": world.code(&here, CodeKind::Spoken), "notice": stimmwerk_core::people::NOTICE_VERSION });
    let answer = world.visitor().request(Method::POST, "/api/v1/join").json(&body).send().await.expect("an answer");
    let session = cookie_of(&answer).expect("a session");
    let code = answer.json::<Value>().await.expect("JSON")["return_code"].as_str().expect("words").to_owned();
    let guest = world.visitor().as_identity(Identity::Session(format!("{session}; welcome={code}")));
    let page = guest.request(Method::GET, &format!("/welcome/{}", here.process)).send().await.expect("an answer");
    let html = page.text().await.expect("a page");
    let picture = |sign: char| crate::qr::picture(&format!("{}/return{sign}code={code}", world.url));
    assert!(html.contains(&picture('#')));
    assert!(!html.contains(&picture('?')));
}
