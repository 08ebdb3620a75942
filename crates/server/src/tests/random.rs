//! Whatever is sent, nothing fails and the server stays.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::MAX_CLIENT_FRAME;
use stimmwerk_core::network::{CodeKind, Visibility};
use stimmwerk_core::people::Role;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World};
use crate::access::{self, ROUTES};

/// Fields that mean something somewhere.
const FIELDS: [&str; 24] = [
    "type",
    "text",
    "title",
    "title_lang",
    "texts",
    "source",
    "de",
    "lang",
    "topic",
    "reply_to",
    "contribution",
    "reason",
    "note",
    "state",
    "seconds",
    "until",
    "minutes",
    "waiting",
    "participant",
    "process",
    "forum",
    "visibility",
    "joining",
    "banned",
];

struct Chance {
    random: StdRng,
    ids: Vec<String>,
}

impl Chance {
    fn value(&mut self, depth: u32) -> Value {
        match self.random.random_range(0..if depth == 0 { 9 } else { 12 }) {
            0 => Value::Null,
            1 => self.random.random::<bool>().into(),
            2 => self.random.random::<u64>().into(),
            3 => (*self.pick(&[0, 1, -1, i64::MIN, i64::MAX, 3_600, 4_294_967_296])).into(),
            4 => (self.random.random::<f64>() * 1e300).into(),
            5 | 6 => {
                let nth = self.random.random_range(0..self.ids.len());
                self.ids[nth].clone().into()
            }
            7 => (*self.pick(&[
                "",
                " ",
                "open",
                "slow",
                "locked",
                "closed",
                "all",
                "none",
                "public",
                "code",
                "spam",
                "other",
                "de",
                "zxx-Xxxx",
                "\u{0}",
                "\u{202E}",
                "🏳️‍🌈",
                "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
                "</script>",
                "00000000-0000-0000-0000-000000000000",
                "-1",
                "1e400",
                "[[[[[[",
                "* ".repeat(0).as_str(),
            ]))
            .into(),
            8 => {
                let (length, nested) = (self.random.random_range(0..6_000), self.random.random::<bool>());
                if nested { "> ".repeat(length).into() } else { "x\n".repeat(length).into() }
            }
            9 => (0..self.random.random_range(0..4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object(self.fields(depth - 1)),
        }
    }

    fn fields(&mut self, depth: u32) -> Map<String, Value> {
        let count = self.random.random_range(0..7);
        (0..count).map(|_| ((*self.pick(&FIELDS)).to_owned(), self.value(depth))).collect()
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.random.random_range(0..all.len())]
    }
}

async fn beginning(seed: u64) -> (World, Place, Chance) {
    let world = World::new().await;
    let place = world.place(Visibility::Public).await;
    let author = world.caller(Caller::Author, By::Session, &place, &place).await;
    let participant = world.participant(author, &place).await.expect("they take part");
    let contribution = world.contribution(&place, participant, "Mehr Licht.").await;
    let ids = [place.process.0, place.forum.0, place.stream.0, participant.0, contribution.0, StreamId::NETWORK.0];
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.push(world.code(&place, CodeKind::Spoken));
    println!("seed {seed}");
    (world, place, Chance { random: StdRng::seed_from_u64(seed), ids })
}

/// Another seed in every run; it is printed where something fails.
fn seed() -> u64 {
    rand::random()
}

#[tokio::test]
async fn given_random_commands_over_the_socket_then_each_is_answered_and_the_socket_stays() {
    let (world, place, mut chance) = beginning(seed()).await;
    let names: Vec<&str> = access::commands().map(|(_, name, _)| name).collect();
    let admin = world.caller(Caller::NetworkStaff(Role::Admin), By::Session, &place, &place).await;
    let guest = world.caller(Caller::Guest, By::Session, &place, &place).await;
    for person in [admin, guest] {
        let client = world.speak(person, By::Session).await;
        for _ in 0..25 {
            let mut socket = Asking::open(&client).await;
            for _ in 0..18 {
                let mut command = chance.fields(2);
                if chance.random.random_bool(0.9) {
                    command.insert("type".to_owned(), (*chance.pick(&names)).into());
                }
                let stream = *chance.pick(&[place.stream, StreamId::NETWORK]);
                let command = Value::Object(command);
                // What is longer still than a message that is read at all ends the connection, as it should.
                if command.to_string().len() > 3 * MAX_CLIENT_FRAME {
                    continue;
                }
                let answer = socket.command(stream, &command).await;
                let status = answer["problem"]["status"].as_u64().unwrap_or(200);
                assert!(status < 500, "{command}: {answer}");
            }
            // Frames that are none.
            for _ in 0..4 {
                let mut frame = chance.fields(1);
                let kind = *chance.pick(&["subscribe", "page", "command", "hello", ""]);
                frame.insert("type".to_owned(), kind.into());
                frame.insert("stream".to_owned(), json!(place.stream));
                for name in ["after", "before", "from", "topic", "as"] {
                    frame.insert(name.to_owned(), chance.value(0));
                }
                let frame = Value::Object(frame);
                let answer = socket.ask(&frame, &["snapshot", "deltas", "page"]).await;
                assert!(answer["problem"]["status"].as_u64().unwrap_or(200) < 500, "{frame}: {answer}");
            }
        }
    }
    world.visitor().processes().await.expect("the server stands");
}

#[tokio::test]
async fn given_random_requests_then_none_fails_and_the_server_stays() {
    let (world, place, mut chance) = beginning(seed()).await;
    let admin = world.caller(Caller::NetworkStaff(Role::Admin), By::Session, &place, &place).await;
    let guest = world.caller(Caller::Guest, By::Session, &place, &place).await;
    let clients = [world.speak(admin, By::Session).await, world.speak(guest, By::Token).await, world.visitor()];
    let doors: Vec<_> = ROUTES
        .iter()
        .filter(|rule| (rule.method, rule.path) != ("DELETE", "/api/v1/me") && rule.path != "/api/v1/logout")
        .collect();
    for round in 0..1_500 {
        let rule = doors[round % doors.len()];
        let mut path = String::new();
        for part in rule.path.split('/').skip(1) {
            path.push('/');
            path.push_str(&match part {
                part if !part.starts_with('{') => part.to_owned(),
                "{process}" if chance.random.random_bool(0.7) => place.process.to_string(),
                "{forum}" if chance.random.random_bool(0.7) => place.forum.to_string(),
                "{stream}" if chance.random.random_bool(0.7) => place.stream.to_string(),
                "{contribution}" if chance.random.random_bool(0.7) => chance.ids[4].clone(),
                _ => (*chance.pick(&["%00", "%ff", "..%2f", "x", "-1", "%3Cscript%3E"])).to_owned(),
            });
        }
        if chance.random.random_bool(0.5) {
            let numbers = ["0", "1", "9223372036854775808", "18446744073709551614", "18446744073709551615"];
            let words = ["-1", "x", "%ff", ""];
            let mut pairs = Vec::new();
            for name in ["before", "from", "after", "topic", "lang", "code", "token"] {
                if chance.random.random_bool(0.5) {
                    let number = chance.random.random_bool(0.9) && name != "topic";
                    pairs.push(format!("{name}={}", chance.pick(if number { &numbers } else { &words[..] })));
                }
            }
            path = format!("{path}?{}", pairs.join("&"));
        }
        let client = chance.pick(&clients).clone();
        let mut request = client.request(rule.method.parse().expect("a method"), &path);
        if chance.random.random_bool(0.2) {
            request =
                request.header("idempotency-key", *chance.pick(&["", "x", "00000000-0000-0000-0000-000000000000"]));
        }
        let body = match chance.random.random_range(0..4) {
            0 => {
                let pairs: Vec<(&str, String)> =
                    (0..5).map(|_| (*chance.pick(&FIELDS), chance.value(0).to_string())).collect();
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                serde_urlencoded::to_string(pairs).expect("pairs").into_bytes()
            }
            1 => (0..chance.random.random_range(0..200)).map(|_| chance.random.random()).collect(),
            2 => "[".repeat(chance.random.random_range(0..20_000)).into_bytes(),
            _ => Value::Object(chance.fields(3)).to_string().into_bytes(),
        };
        if rule.method != "GET" {
            request = request.body(body.clone());
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let shown = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
        assert!(!status.is_server_error(), "{} {path} {shown}: {status}", rule.method);
    }
    // Too much is refused before it is read.
    let request = clients[0].request(Method::POST, &format!("/api/v1/forums/{}/contributions", place.forum));
    let answer = request.json(&json!({ "text": "x".repeat(200_000) })).send().await.expect("an answer");
    assert_eq!(answer.status(), 413);
    world.visitor().processes().await.expect("the server stands");
}
