//! Every route, as every kind of caller, in processes of every visibility: over JSON and as a plain form.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use reqwest::header::{ALLOW, CONTENT_TYPE, DATE};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use stimmwerk_client::Client;
use stimmwerk_core::forum::{ForumCommand, HideReason};
use stimmwerk_core::ids::{CommandId, ContributionId, ParticipantId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::network::{CodeKind, Visibility};
use stimmwerk_core::people::{Actor, Role};
use stimmwerk_eventlog::accounts::{PersonId, PersonKind};
use uuid::Uuid;

use super::described::undescribed;
use super::world::{
    BANNED, By, Caller, Expected, FORBIDDEN, Facts, NOT_FOUND, NOT_JOINED, Place, UNAUTHORIZED, World, code_of,
    everyone, german,
};
use crate::access::{Needs, ROUTES, Rule};
use crate::chance;
use crate::site::ASSETS;

/// Pages and what serves them: not part of the described API.
const PAGES: [&str; 24] = [
    "/livez",
    "/readyz",
    "/assets/{*name}",
    "/",
    "/join",
    "/j/{code}",
    "/login/link",
    "/f/{forum}",
    "/f/{forum}/moderation",
    "/welcome/{process}",
    "/return",
    "/languages",
    "/f/{forum}/list",
    "/f/{forum}/c/{contribution}",
    "/f/{forum}/c/{contribution}/report",
    "/f/{forum}/log",
    "/f/{forum}/record",
    "/p/{poll}",
    "/p/{poll}/print",
    "/p/{poll}/voters",
    "/p/{poll}/cards",
    "/p/{poll}/edit",
    "/f/{forum}/polls/new",
    "/screen/{token}",
];

/// Who may, in the words of the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// Anyone at all.
    Anyone,
    /// Anyone who was not shut out of where the code leads.
    Join,
    /// Whoever is known.
    Known,
    /// Whoever may read there.
    Reader,
    /// Who joined and was not shut out.
    Participant,
    /// Who wrote it.
    Author,
    Moderator,
    /// An admin as far as the process is concerned.
    Admin,
    /// An admin of the network.
    NetworkAdmin,
}

impl Ask {
    /// The plain rules. Nothing of the access table is used.
    fn of(self, facts: &Facts, visibility: Visibility, writes: bool) -> Expected {
        let staff = |may: bool| match (may, facts.known) {
            (true, _) => Expected::Opens,
            (false, true) => FORBIDDEN,
            (false, false) => UNAUTHORIZED,
        };
        let hidden = !facts.sees(visibility);
        match self {
            _ if facts.impostor => UNAUTHORIZED,
            Self::Join if facts.banned => BANNED,
            Self::Anyone | Self::Join => Expected::Opens,
            Self::Known if facts.known => Expected::Opens,
            Self::Known => UNAUTHORIZED,
            Self::NetworkAdmin => staff(facts.network_admin),
            // Whoever sends something and is not known hears to come back, whatever there is.
            _ if writes && !facts.known && (hidden || self != Self::Reader) => UNAUTHORIZED,
            _ if hidden => NOT_FOUND,
            Self::Participant | Self::Author if facts.banned => BANNED,
            Self::Participant | Self::Author if !facts.participant => NOT_JOINED,
            Self::Author if !facts.author => FORBIDDEN,
            Self::Reader | Self::Participant | Self::Author => Expected::Opens,
            Self::Moderator => staff(facts.moderates),
            Self::Admin => staff(facts.admin),
        }
    }

    /// The row of the access table that says so at the door; some things are judged further in.
    fn needs(self) -> Needs {
        match self {
            Self::Anyone | Self::Join => Needs::Nothing,
            Self::Known => Needs::Person,
            Self::Reader => Needs::Sight,
            Self::Participant => Needs::Joined,
            Self::Author => Needs::Author,
            Self::Moderator => Needs::Moderates,
            Self::Admin | Self::NetworkAdmin => Needs::Admin,
        }
    }
}

/// A way through a door.
struct Door {
    method: &'static str,
    path: &'static str,
    ask: Ask,
    /// What is sent.
    body: fn(&Setting) -> Value,
    /// Whoever goes through is somebody else afterwards.
    changes_caller: bool,
}

/// What a request is about.
struct Setting {
    place: Place,
    contribution: ContributionId,
    participant: ParticipantId,
    spoken: String,
    link: String,
    login: String,
    returning: String,
    /// A projector's link, for the door that asks for one.
    screen: String,
    /// On the speaking list, for doors that ask for one.
    entry: Option<Uuid>,
}

const fn door(method: &'static str, path: &'static str, ask: Ask, body: fn(&Setting) -> Value) -> Door {
    Door { method, path, ask, body, changes_caller: false }
}

const fn changing(door: Door) -> Door {
    Door { changes_caller: true, ..door }
}

fn nothing(_: &Setting) -> Value {
    Value::Null
}

fn asked(_: &Setting) -> Value {
    json!({ "title": german("Noch eine Frage?"), "method": "yes_no" })
}

fn titled(_: &Setting) -> Value {
    json!({ "title": "Ein Titel" })
}

/// A valid request for every route; for some routes several, where it depends on what is sent.
const DOORS: &[Door] = &[
    door("GET", "/livez", Ask::Anyone, nothing),
    door("GET", "/readyz", Ask::Anyone, nothing),
    door("GET", "/assets/{*name}", Ask::Anyone, nothing),
    door("GET", "/", Ask::Anyone, nothing),
    door("GET", "/join", Ask::Anyone, nothing),
    door("GET", "/j/{code}", Ask::Anyone, nothing),
    door("GET", "/login/link", Ask::Anyone, nothing),
    door("GET", "/f/{forum}", Ask::Reader, nothing),
    door("GET", "/f/{forum}/moderation", Ask::Moderator, nothing),
    door("GET", "/api/v1/openapi.json", Ask::Anyone, nothing),
    door("GET", "/api/v1/live", Ask::Anyone, nothing),
    changing(door(
        "POST",
        "/api/v1/join",
        Ask::Join,
        |s| json!({ "code": s.spoken, "notice": stimmwerk_core::people::NOTICE_VERSION }),
    )),
    changing(door(
        "POST",
        "/api/v1/join",
        Ask::Join,
        |s| json!({ "code": s.link, "name": "Ada", "notice": stimmwerk_core::people::NOTICE_VERSION }),
    )),
    changing(door("POST", "/api/v1/login/link/confirm", Ask::Anyone, |s| json!({ "token": s.login }))),
    changing(door("POST", "/api/v1/logout", Ask::Anyone, nothing)),
    door("POST", "/api/v1/language", Ask::Anyone, |_| json!({ "lang": "en" })),
    door("GET", "/api/v1/me", Ask::Known, nothing),
    changing(door("DELETE", "/api/v1/me", Ask::Known, nothing)),
    door("GET", "/api/v1/me/export", Ask::Known, nothing),
    door("GET", "/api/v1/network", Ask::Anyone, nothing),
    door("PATCH", "/api/v1/network", Ask::NetworkAdmin, titled),
    door("GET", "/api/v1/processes", Ask::Anyone, nothing),
    door("POST", "/api/v1/processes", Ask::NetworkAdmin, titled),
    door("GET", "/api/v1/processes/{process}", Ask::Reader, nothing),
    door("PATCH", "/api/v1/processes/{process}", Ask::Moderator, titled),
    door("PATCH", "/api/v1/processes/{process}", Ask::Moderator, |_| json!({ "joining": "open" })),
    door("POST", "/api/v1/processes/{process}/forums", Ask::Moderator, titled),
    door("GET", "/api/v1/processes/{process}/codes", Ask::Moderator, nothing),
    door("POST", "/api/v1/processes/{process}/codes", Ask::Moderator, nothing),
    door(
        "POST",
        "/api/v1/processes/{process}/participants/{participant}/ban",
        Ask::Moderator,
        |_| json!({ "banned": false }),
    ),
    door("GET", "/api/v1/forums/{forum}", Ask::Reader, nothing),
    door("PATCH", "/api/v1/forums/{forum}", Ask::Moderator, titled),
    door("POST", "/api/v1/forums/{forum}/topics", Ask::Moderator, titled),
    door("POST", "/api/v1/forums/{forum}/state", Ask::Moderator, |_| json!({ "state": "open" })),
    door("POST", "/api/v1/forums/{forum}/waiting", Ask::Moderator, |_| json!({ "waiting": "none" })),
    door("POST", "/api/v1/forums/{forum}/contributions", Ask::Participant, |_| json!({ "text": "Mehr Bänke." })),
    door("GET", "/api/v1/forums/{forum}/contributions/{contribution}", Ask::Moderator, nothing),
    door("DELETE", "/api/v1/forums/{forum}/contributions/{contribution}", Ask::Author, nothing),
    door(
        "POST",
        "/api/v1/forums/{forum}/contributions/{contribution}/edit",
        Ask::Author,
        |_| json!({ "text": "Neu." }),
    ),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/support", Ask::Participant, nothing),
    door("DELETE", "/api/v1/forums/{forum}/contributions/{contribution}/support", Ask::Participant, nothing),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/approve", Ask::Moderator, nothing),
    door(
        "POST",
        "/api/v1/forums/{forum}/contributions/{contribution}/hide",
        Ask::Moderator,
        |_| json!({ "reason": "spam", "note": "Werbung" }),
    ),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/restore", Ask::Moderator, nothing),
    door(
        "POST",
        "/api/v1/forums/{forum}/contributions/{contribution}/refuse",
        Ask::Moderator,
        |_| json!({ "note": "Bitte zum Thema." }),
    ),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/erase", Ask::Admin, nothing),
    door("GET", "/welcome/{process}", Ask::Reader, nothing),
    door("GET", "/return", Ask::Anyone, nothing),
    door("GET", "/languages", Ask::NetworkAdmin, nothing),
    door("GET", "/f/{forum}/list", Ask::Reader, nothing),
    door("GET", "/f/{forum}/c/{contribution}", Ask::Reader, nothing),
    door("GET", "/f/{forum}/c/{contribution}/report", Ask::Reader, nothing),
    door("GET", "/f/{forum}/log", Ask::Moderator, nothing),
    door("GET", "/f/{forum}/polls/new", Ask::Moderator, nothing),
    door("GET", "/f/{forum}/record", Ask::Reader, nothing),
    door("POST", "/api/v1/me/return-code", Ask::Known, nothing),
    changing(door("POST", "/api/v1/return", Ask::Anyone, |s| json!({ "code": s.returning }))),
    door("POST", "/api/v1/processes/{process}/participants/{participant}/reset-name", Ask::Moderator, nothing),
    door("GET", "/api/v1/forums/{forum}/search", Ask::Reader, nothing),
    door("GET", "/api/v1/forums/{forum}/record", Ask::Reader, nothing),
    door("GET", "/api/v1/forums/{forum}/log", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/summary", Ask::Moderator, |_| json!({ "text": "Kurz." })),
    door("POST", "/api/v1/forums/{forum}/hall", Ask::Moderator, |_| json!({ "people": 60 })),
    door("POST", "/api/v1/forums/{forum}/participants/{participant}/approve", Ask::Moderator, nothing),
    door(
        "POST",
        "/api/v1/forums/{forum}/participants/{participant}/refuse",
        Ask::Moderator,
        |_| json!({ "reason": "spam" }),
    ),
    door(
        "POST",
        "/api/v1/forums/{forum}/contributions/{contribution}/add",
        Ask::Author,
        |_| json!({ "text": "Dazu." }),
    ),
    door(
        "POST",
        "/api/v1/forums/{forum}/contributions/{contribution}/appeal",
        Ask::Author,
        |_| json!({ "text": "Doch." }),
    ),
    door("GET", "/api/v1/forums/{forum}/contributions/{contribution}/thread", Ask::Reader, nothing),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/put-back", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/claim", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/dismiss", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/contributions/{contribution}/reject-appeal", Ask::Moderator, nothing),
    door("GET", "/p/{poll}", Ask::Reader, nothing),
    door("GET", "/p/{poll}/print", Ask::Reader, nothing),
    door("GET", "/p/{poll}/voters", Ask::Reader, nothing),
    door("GET", "/p/{poll}/cards", Ask::Moderator, nothing),
    door("GET", "/p/{poll}/edit", Ask::Moderator, nothing),
    door("GET", "/screen/{token}", Ask::Anyone, nothing),
    door("POST", "/api/v1/forums/{forum}/stage", Ask::Moderator, |_| json!({ "shows": "welcome" })),
    door("POST", "/api/v1/forums/{forum}/speaking-list", Ask::Participant, nothing),
    door("DELETE", "/api/v1/forums/{forum}/speaking-list", Ask::Participant, nothing),
    door("POST", "/api/v1/forums/{forum}/speaking-list/state", Ask::Moderator, |_| json!({ "open": true })),
    door("POST", "/api/v1/forums/{forum}/speaking-list/hall", Ask::Moderator, |_| json!({ "name": "Frau Yıldız" })),
    door("POST", "/api/v1/forums/{forum}/speaking-list/next", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/speaking-list/end", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/speaking-list/{entry}/drop", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/speaking-list/{entry}/pin", Ask::Moderator, nothing),
    door("POST", "/api/v1/forums/{forum}/screens", Ask::Moderator, nothing),
    door("DELETE", "/api/v1/forums/{forum}/screens", Ask::Moderator, nothing),
    door("POST", "/api/v1/processes/{process}/polls", Ask::Moderator, asked),
    door("GET", "/api/v1/polls/{poll}", Ask::Reader, nothing),
    door("PATCH", "/api/v1/polls/{poll}", Ask::Moderator, asked),
    door("POST", "/api/v1/polls/{poll}/open", Ask::Moderator, nothing),
    door("POST", "/api/v1/polls/{poll}/end", Ask::Moderator, |_| json!({ "minutes": 5 })),
    door("POST", "/api/v1/polls/{poll}/extend", Ask::Moderator, |_| json!({ "minutes": 1 })),
    door("POST", "/api/v1/polls/{poll}/close", Ask::Moderator, nothing),
    door("POST", "/api/v1/polls/{poll}/reveal", Ask::Moderator, nothing),
    door("POST", "/api/v1/polls/{poll}/again", Ask::Moderator, nothing),
    door("POST", "/api/v1/polls/{poll}/ballots", Ask::Participant, |_| json!({ "round": 1, "marks": [1, 0, 0] })),
    door("GET", "/api/v1/polls/{poll}/ballots", Ask::Reader, nothing),
    door("GET", "/api/v1/polls/{poll}/result", Ask::Reader, nothing),
    door("POST", "/api/v1/polls/{poll}/cards", Ask::Moderator, |_| json!({ "count": 1 })),
    door("POST", "/api/v1/polls/{poll}/cards/void", Ask::Moderator, |_| json!({ "from": 1 })),
    door("POST", "/api/v1/polls/{poll}/hands", Ask::Moderator, |_| json!({ "counts": [3, 2, 1] })),
    door("POST", "/api/v1/polls/{poll}/paper", Ask::Moderator, |_| json!({ "marks": [1, 0, 0], "ballots": 2 })),
    door("GET", "/api/v1/streams/{stream}/deltas", Ask::Reader, nothing),
];

/// Judged further in: the door asks for less, or what is sent decides.
const FURTHER_IN: &[Door] = &[
    door(
        "POST",
        "/api/v1/notices",
        Ask::Reader,
        |s| json!({ "forum": s.place.forum, "contribution": s.contribution, "reason": "spam" }),
    ),
    door("PATCH", "/api/v1/me", Ask::Participant, |s| json!({ "process": s.place.process })),
    door("PATCH", "/api/v1/processes/{process}", Ask::Admin, |s| json!({ "visibility": s.place.visibility })),
];

impl Door {
    fn path(&self, setting: &Setting) -> String {
        let asset = ASSETS.values().next().map_or("none", String::as_str);
        let path = self
            .path
            .replace("{process}", &setting.place.process.to_string())
            .replace("{forum}", &setting.place.forum.to_string())
            .replace("{stream}", &setting.place.stream.to_string())
            .replace("{poll}", &setting.place.poll.to_string())
            .replace("/screen/{token}", &setting.screen)
            .replace("{entry}", &setting.entry.unwrap_or_default().to_string())
            .replace("{contribution}", &setting.contribution.to_string())
            .replace("{participant}", &setting.participant.to_string())
            .replace("{code}", &setting.link)
            .replace("{*name}", asset);
        if self.path.ends_with("/deltas") { format!("{path}?after=0") } else { path }
    }

    async fn json(&self, method: &str, client: &Client, path: &str, setting: &Setting) -> Response {
        let mut request = client.request(method.parse().expect("a method"), path);
        if self.path == "/api/v1/live" {
            request = request
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        }
        let body = (self.body)(setting);
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    async fn form(&self, client: &Client, path: &str, setting: &Setting) -> Response {
        let mut fields = vec![("_method".to_owned(), self.method.to_owned()), ("next".to_owned(), "/".to_owned())];
        for (name, value) in (self.body)(setting).as_object().into_iter().flatten() {
            fields.push((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        }
        let body = serde_urlencoded::to_string(fields).expect("pairs");
        let request = client.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(body).send().await.expect("an answer")
    }
}

/// One kind of caller in front of the doors of one process.
struct Knocking<'a> {
    world: &'a World,
    here: Place,
    elsewhere: Place,
    author: PersonId,
    caller: Caller,
    by: By,
}

impl Knocking<'_> {
    async fn fresh(&self) -> Client {
        let person = match self.caller {
            Caller::Author => self.author,
            _ => self.world.caller(self.caller, self.by, &self.here, &self.elsewhere).await,
        };
        self.world.speak(person, self.by).await
    }

    async fn setting(&self, door: &Door) -> Setting {
        let world = self.world;
        let author = world.participant(self.author, &self.here).await.expect("they take part");
        Setting {
            place: self.here,
            contribution: world.contribution(&self.here, author, "Mehr Licht.").await,
            participant: author,
            spoken: world.code(&self.here, CodeKind::Spoken),
            link: world.code(&self.here, CodeKind::Link),
            login: world.login_link(self.author).await,
            returning: world.app.give_return_code(self.author).await.expect("words"),
            screen: if door.path == "/screen/{token}" {
                world.app.screen_link(self.here.forum).await.expect("a link")
            } else {
                String::new()
            },
            entry: if door.path.contains("{entry}") { Some(world.on_the_list(&self.here).await) } else { None },
        }
    }

    async fn knock(&self, door: &Door, standing: &Client) -> Vec<String> {
        let expected = match self.facts() {
            facts if door.path == "/api/v1/me" && door.method == "PATCH" => match (facts.impostor, facts.known) {
                // The process is named inside: who does not take part hears that there is none.
                (false, true) if facts.participant && !facts.banned => Expected::Opens,
                (false, true) if facts.banned => BANNED,
                (false, true) if facts.staff => return Vec::new(),
                (false, true) => NOT_FOUND,
                _ => UNAUTHORIZED,
            },
            facts => door.ask.of(&facts, self.here.visibility, door.method != "GET"),
        };
        let mut wrong = Vec::new();
        let who = format!("{:?} by {:?}, {:?}", self.caller, self.by, self.here.visibility);
        let judge = |how: &str, status: StatusCode, body: &[u8]| {
            let said = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
            let wrong = || format!("{} {} {how} as {who}: {expected:?}, not {status} {said}", door.method, door.path);
            (!expected.is(status, &code_of(body))).then(wrong)
        };
        let client = if door.changes_caller { self.fresh().await } else { standing.clone() };
        let setting = self.setting(door).await;
        let path = door.path(&setting);
        let answer = door.json(door.method, &client, &path, &setting).await;
        let (status, kind) = (answer.status(), header(&answer, "content-type"));
        let headers = headers_of(&answer);
        // A socket has no body that ends.
        let body = if status == StatusCode::SWITCHING_PROTOCOLS { Vec::new() } else { bytes(answer).await };
        wrong.extend(judge("as JSON", status, &body));
        if path.starts_with("/api/") {
            let sent = (door.body)(&setting);
            let sent = Some(&sent).filter(|sent| !sent.is_null());
            wrong.extend(undescribed(door.method, door.path, sent, status, &body));
        }
        if let Expected::Refuses(_, _) = expected {
            let wanted = if path.starts_with("/api/") || path.starts_with("/assets/") {
                "application/problem+json"
            } else {
                "text/html"
            };
            assert!(kind.starts_with(wanted), "{path}: {kind}");
        }
        if expected == NOT_FOUND || (expected == UNAUTHORIZED && !self.facts().known && door.method != "GET") {
            // Made-up ids of every kind, in the same path.
            let made_up = |path: &str| {
                let mut path = path.to_owned();
                for id in [setting.place.process.0, setting.place.forum.0, setting.place.stream.0, setting.place.poll.0]
                {
                    path = path.replace(&id.to_string(), &Uuid::now_v7().to_string());
                }
                path
            };
            let other = made_up(&path);
            let answer = door.json(door.method, &client, &other, &setting).await;
            let other_headers = headers_of(&answer);
            let other_body = bytes(answer).await;
            assert_eq!(
                plain(&headers, &body, &path),
                plain(&other_headers, &other_body, &other),
                "{} {path} as {who} tells what is there from what is not",
                door.method
            );
        }
        if door.method == "GET" && door.path != "/api/v1/live" {
            let answer = door.json("HEAD", &client, &path, &setting).await;
            assert_eq!(answer.status(), status, "HEAD {path} as {who}");
            assert!(bytes(answer).await.is_empty(), "HEAD {path} as {who}");
        }
        if door.method != "GET" {
            let client = if door.changes_caller { self.fresh().await } else { client };
            let setting = self.setting(door).await;
            let answer = door.form(&client, &door.path(&setting), &setting).await;
            let (status, kind) = (answer.status(), header(&answer, "content-type"));
            if expected == Expected::Opens && status.is_success() {
                wrong.push(format!("{} {} as a form: {status} is no redirection", door.method, door.path));
            }
            if status != StatusCode::SEE_OTHER {
                assert!(kind.starts_with("text/html"), "a refused form is a page: {kind}");
            }
            wrong.extend(judge("as a form", status, &bytes(answer).await));
        }
        wrong
    }

    fn facts(&self) -> Facts {
        Facts::of(self.caller, self.by)
    }
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn headers_of(answer: &Response) -> Vec<(String, String)> {
    let all = answer.headers().iter().filter(|(name, _)| *name != DATE);
    all.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

async fn bytes(answer: Response) -> Vec<u8> {
    answer.bytes().await.expect("a body").to_vec()
}

/// An answer without what differs by design: the address that was asked, and the nonce.
fn plain(headers: &[(String, String)], body: &[u8], path: &str) -> (Vec<(String, String)>, String) {
    let policy = headers.iter().find(|(name, _)| name == "content-security-policy");
    let nonce = policy.and_then(|(_, policy)| Some(policy.split_once("'nonce-")?.1.split_once('\'')?.0.to_owned()));
    let without = |text: &str| {
        let text = text.replace(path, "PATH");
        nonce.as_ref().map_or(text.clone(), |nonce| text.replace(nonce, "NONCE"))
    };
    let headers = headers.iter().map(|(name, value)| (name.clone(), without(value))).collect();
    (headers, without(&String::from_utf8_lossy(body)))
}

async fn knock_everywhere(visibility: Visibility) {
    let world = World::new().await;
    let (here, elsewhere) = (world.place(visibility).await, world.place(Visibility::Code).await);
    let author = world.caller(Caller::Author, By::Session, &here, &elsewhere).await;
    let mut wrong = Vec::new();
    for (caller, by) in everyone() {
        let knocking = Knocking { world: &world, here, elsewhere, author, caller, by };
        let standing = knocking.fresh().await;
        for door in DOORS.iter().chain(FURTHER_IN) {
            // Who erases themselves takes what others need with them.
            if caller == Caller::Author && door.path == "/api/v1/me" && door.method == "DELETE" {
                continue;
            }
            wrong.extend(knocking.knock(door, &standing).await);
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_process_behind_a_code_when_everyone_knocks_at_every_door_then_the_rules_hold() {
    knock_everywhere(Visibility::Code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_process_of_members_when_everyone_knocks_at_every_door_then_the_rules_hold() {
    knock_everywhere(Visibility::Members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_public_process_when_everyone_knocks_at_every_door_then_the_rules_hold() {
    knock_everywhere(Visibility::Public).await;
}

#[test]
fn given_the_access_table_then_every_route_is_knocked_at_and_asks_what_it_should() {
    let known: BTreeSet<_> = ROUTES.iter().map(|rule| (rule.method, rule.path)).collect();
    assert_eq!(known.len(), ROUTES.len(), "a route stands twice in the access table");
    let knocked: BTreeSet<_> = DOORS.iter().chain(FURTHER_IN).map(|door| (door.method, door.path)).collect();
    assert_eq!(known, knocked, "the access table and the doors of this test differ");
    for door in DOORS {
        let rule = ROUTES.iter().find(|rule| (rule.method, rule.path) == (door.method, door.path)).expect("compared");
        assert_eq!(rule.needs, door.ask.needs(), "{} {}", door.method, door.path);
    }
}

#[test]
fn given_the_router_the_table_and_the_description_then_they_name_the_same_routes() {
    let document = crate::openapi::document();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").keys();
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let (pages, api): (Vec<&Rule>, Vec<&Rule>) = ROUTES.iter().partition(|rule| PAGES.contains(&rule.path));
    let api: BTreeSet<_> = api.iter().map(|rule| (rule.method.to_owned(), rule.path.to_owned())).collect();
    // The handlers under /api/v1 are routed by their description, so it names exactly what the router has there.
    assert_eq!(api, described);
    let source = concat!(include_str!("../lib.rs"), include_str!("../pages/mod.rs"));
    let routed: BTreeSet<_> =
        source.split(".route(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(path, _)| path).collect();
    let pages: BTreeSet<_> = pages.iter().map(|rule| rule.path).collect();
    assert_eq!(routed, pages);
    assert_eq!(pages, PAGES.into());
}

#[tokio::test]
async fn given_a_method_that_a_route_does_not_know_then_the_answer_is_405_with_those_it_knows() {
    let world = World::new().await;
    let client = world.visitor();
    let paths: BTreeSet<_> = ROUTES.iter().map(|rule| rule.path).collect();
    for path in paths {
        let known: Vec<_> = ROUTES.iter().filter(|rule| rule.path == path).map(|rule| rule.method).collect();
        let made_up = path.replace("{*name}", "none").replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if known.contains(&method) {
                continue;
            }
            let answer = client.request(method.parse().expect("a method"), &made_up).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            let allow = answer.headers().get(ALLOW).map(|value| value.to_str().expect("words").to_owned());
            let allow: BTreeSet<_> = allow.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
            assert!(known.iter().all(|method| allow.contains(method)), "{method} {path}: {allow:?}");
        }
    }
}

#[tokio::test]
async fn given_a_form_that_asks_for_an_unsafe_method_in_the_wrong_place_then_it_stays_what_it_is() {
    let world = World::new().await;
    let (here, elsewhere) = (world.place(Visibility::Public).await, world.place(Visibility::Code).await);
    let author = world.caller(Caller::Author, By::Session, &here, &elsewhere).await;
    let participant = world.participant(author, &here).await.expect("they take part");
    let contribution = world.contribution(&here, participant, "Bleibt.").await;
    let client = world.speak(author, By::Session).await;
    let path = format!("/api/v1/forums/{}/contributions/{contribution}", here.forum);
    let form = "application/x-www-form-urlencoded";
    // In the address, in a GET, in a body that is no form, or for a method that is none of the three.
    let requests = [
        client.request(Method::POST, &format!("{path}?_method=DELETE")).header(CONTENT_TYPE, form),
        client.request(Method::GET, &path).header(CONTENT_TYPE, form).body("_method=DELETE"),
        client.request(Method::POST, &path).header(CONTENT_TYPE, "text/plain").body("_method=DELETE"),
        client.request(Method::POST, &path).header(CONTENT_TYPE, form).body("_method=GET"),
        client.request(Method::POST, &path).header(CONTENT_TYPE, form).body("_method=delete"),
    ];
    for request in requests {
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
    let room = world.room(&here).await;
    assert!(room.state().words(contribution).is_some_and(|(text, _)| text.as_str() == "Bleibt."));
}

#[tokio::test]
async fn given_staff_of_the_network_when_they_ask_for_what_is_not_there_then_nothing_is_kept_of_it() {
    let world = World::new().await;
    let here = world.place(Visibility::Code).await;
    let editor = world.caller(Caller::NetworkStaff(Role::Editor), By::Session, &here, &here).await;
    let client = world.speak(editor, By::Session).await;
    let participants = async || {
        let standing = world.app.accounts.standing(editor).await.expect("readable").expect("there");
        standing.participants.len()
    };
    for (process, kept) in [(Uuid::now_v7(), 0), (here.process.0, 1)] {
        let answer = client.request(Method::GET, &format!("/api/v1/processes/{process}")).send().await;
        assert_eq!(answer.expect("an answer").status().is_success(), kept == 1);
        assert_eq!(participants().await, kept);
    }
}

#[tokio::test]
async fn given_an_account_when_it_joins_with_a_code_then_it_is_no_guest() {
    let world = World::new().await;
    let here = world.place(Visibility::Members).await;
    for (caller, guest) in [(Caller::Account, false), (Caller::GuestElsewhere, true)] {
        let elsewhere = world.place(Visibility::Code).await;
        let person = world.caller(caller, By::Session, &here, &elsewhere).await;
        let client = world.speak(person, By::Session).await;
        let body =
            json!({ "code": world.code(&here, CodeKind::Spoken), "notice": stimmwerk_core::people::NOTICE_VERSION });
        let answer = client.request(Method::POST, "/api/v1/join").json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        let standing = world.app.accounts.standing(person).await.expect("readable").expect("there");
        assert_eq!(standing.in_process(here.process).map(|participant| participant.guest), Some(guest), "{caller:?}");
    }
}

#[tokio::test]
async fn given_a_reader_ahead_of_the_log_then_catching_up_brings_nothing() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    for after in [u64::MAX, u64::MAX - 1, 1_000] {
        let part = world.visitor().deltas(here.stream, Seq(after)).await.expect("readable");
        assert_eq!((part.after, part.seq, part.deltas.len()), (Seq(after), Seq(after), 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_write_that_takes_an_idempotency_key_when_it_is_sent_twice_then_it_is_done_once() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let document = crate::openapi::document();
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let mut tried = 0;
    for door in DOORS.iter().chain(FURTHER_IN).filter(|door| door.method != "GET") {
        let parameters = document["paths"][door.path][door.method.to_lowercase()]["parameters"].as_array();
        let takes_key = parameters.into_iter().flatten().any(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(takes_key, !crate::openapi::WITHOUT_KEY.contains(&door.path), "{} {}", door.method, door.path);
        if !takes_key {
            continue;
        }
        let caller = match door.ask {
            Ask::Author => Caller::Author,
            Ask::Participant | Ask::Reader => Caller::Guest,
            _ => Caller::NetworkStaff(Role::Admin),
        };
        let knocking = Knocking { world: &world, here, elsewhere: here, author, caller, by: By::Session };
        let (client, setting) = (knocking.fresh().await, knocking.setting(door).await);
        let key = Uuid::now_v7().to_string();
        let send = async || {
            let request = client.request(door.method.parse().expect("a method"), &door.path(&setting));
            let request = request.header("idempotency-key", &key);
            let body = (door.body)(&setting);
            let request = if body.is_null() { request } else { request.json(&body) };
            let answer = request.send().await.expect("an answer");
            (answer.status(), String::from_utf8(bytes(answer).await).expect("text"))
        };
        // Of the kind that the program issues itself.
        let reserved = CommandId(uuid::Builder::from_custom_bytes(chance::bytes()).into_uuid());
        let request = client.request(door.method.parse().expect("a method"), &door.path(&setting));
        let request = request.header("idempotency-key", reserved.to_string()).json(&json!({}));
        let answer = request.send().await.expect("an answer");
        let refused = (answer.status(), code_of(&bytes(answer).await));
        assert_eq!(refused, (StatusCode::BAD_REQUEST, "id_reserved".to_owned()), "{} {}", door.method, door.path);
        let first = send().await;
        assert!(first.0.is_success() || first.0 == StatusCode::CONFLICT, "{} {}: {first:?}", door.method, door.path);
        assert_eq!(send().await, first, "{} {}", door.method, door.path);
        tried += usize::from(first.0.is_success());
    }
    assert!(tried > 20, "only {tried} writes were taken");
    // A moment that is reckoned from now is the same when it is asked again.
    let admin = world.caller(Caller::NetworkStaff(Role::Admin), By::Session, &here, &here).await;
    let admin = world.speak(admin, By::Session).await;
    let key = Uuid::now_v7().to_string();
    let mut answers = BTreeSet::new();
    for _ in 0..2 {
        let path = format!("/api/v1/forums/{}/state", here.forum);
        let request = admin.request(Method::POST, &path).header("idempotency-key", &key);
        let answer = request.json(&json!({ "state": "locked", "minutes": 5 })).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answers.insert(bytes(answer).await);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn given_a_browser_that_takes_compressed_answers_when_its_form_is_refused_then_the_page_comes_back() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
    let client = world.speak(guest, By::Session).await;
    let next = format!("/f/{}", here.forum);
    let body = serde_urlencoded::to_string([("text", ""), ("next", &next)]).expect("pairs");
    let path = format!("/api/v1/forums/{}/contributions", here.forum);
    for encoding in ["gzip", "gzip, deflate, br, zstd", "identity"] {
        let request = client.request(Method::POST, &path).header("accept-encoding", encoding);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.clone());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{encoding}");
        assert!(header(&answer, "content-type").starts_with("text/html"), "{encoding}");
        let compressed = !header(&answer, "content-encoding").is_empty();
        assert_eq!(compressed, encoding != "identity");
        let page = bytes(answer).await;
        assert!(page.len() > 1_000, "{encoding}: {} bytes", page.len());
        assert_eq!(page.starts_with(b"<!"), !compressed, "{encoding}");
    }
}

#[tokio::test]
async fn given_somebody_shut_out_when_they_rename_themselves_then_nothing_changes() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let banned = world.caller(Caller::Banned, By::Session, &here, &here).await;
    let client = world.speak(banned, By::Session).await;
    let body = json!({ "process": here.process, "name": "Neu" });
    let answer = client.request(Method::PATCH, "/api/v1/me").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let standing = world.app.accounts.standing(banned).await.expect("readable").expect("there");
    assert_eq!(standing.in_process(here.process).and_then(|participant| participant.name.clone()), None);
}

#[tokio::test]
async fn given_what_somebody_wrote_when_they_take_it_away_then_hidden_words_are_in_it_and_others_are_not() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let author = world.caller(Caller::Author, By::Session, &here, &here).await;
    let participant = world.participant(author, &here).await.expect("they take part");
    let hidden = world.contribution(&here, participant, "Das wurde ausgeblendet.").await;
    let other = world.take_part(world.person(PersonKind::Guest).await, &here, true).await;
    world.contribution(&here, other, "Von jemand anderem.").await;
    let hide = ForumCommand::Hide { contribution: hidden, reason: HideReason::Other, note: Some("Darum.".into()) };
    world.tell(&here, Actor::system(), hide).await;
    let client = world.speak(author, By::Session).await;
    let answer = client.request(Method::GET, "/api/v1/me/export").send().await.expect("an answer");
    let export: Value = answer.json().await.expect("JSON");
    let forum = &export["processes"][0]["forums"][0];
    assert_eq!(forum["forum"], json!(here.forum));
    assert_eq!(forum["contributions"].as_array().map(Vec::len), Some(1));
    assert_eq!(forum["contributions"][0]["text"], "Das wurde ausgeblendet.");
    assert_eq!(forum["contributions"][0]["hidden"]["note"], "Darum.");
}

#[tokio::test]
async fn given_a_record_then_its_seal_is_that_of_the_event_it_ends_with_and_voices_have_their_own_name() {
    let world = World::new().await;
    let here = world.place(Visibility::Public).await;
    let moderator = world.take_part(world.person(PersonKind::Account).await, &here, false).await;
    let roles = stimmwerk_core::people::Roles::NONE.with(Role::Moderator);
    let typist = Actor { participant: Some(moderator), name: Some("Lena".into()), roles, ..Actor::default() };
    for (text, name) in [("Ohne Namen.", ""), ("Mit Namen.", "Karin")] {
        let hall = Some(name.to_owned());
        let said = ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None, hall };
        world.tell(&here, typist.clone(), said).await;
    }
    let seq = world.room(&here).await.state().seq();
    let seal = world.app.seal(here.stream, seq).await.expect("readable");
    let head = world.app.log().head(here.stream).await.expect("readable");
    assert!(seal.len() == 16 && seal.starts_with(&format!("{:02x}", head.hash[0])));
    let get = async |by: Role, path: &str| {
        let person = world.caller(Caller::NetworkStaff(by), By::Session, &here, &here).await;
        let client = world.speak(person, By::Session).await;
        let answer = client.request(Method::GET, path).send().await.expect("an answer");
        String::from_utf8(bytes(answer).await).expect("text")
    };
    let csv = get(Role::Moderator, &format!("/api/v1/forums/{}/record?format=csv&names=1", here.forum)).await;
    assert!(csv.contains("Karin") && !csv.contains("Lena"), "{csv}");
    let page = get(Role::Moderator, &format!("/f/{}/record?names=1", here.forum)).await;
    assert!(page.contains(&seal) && page.contains("Karin") && !page.contains("Lena"));
}
