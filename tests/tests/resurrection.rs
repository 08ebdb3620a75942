//! Never a resurrection: what was hidden or erased stands in nothing anybody can fetch or subscribe to, from whatever
//! number, as whatever role, before and after a restart; what was erased stands in no file either.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stimmwerk_client::{Client, Join, LiveSocket, command_id};
use stimmwerk_core::forum::{ForumCommand, HideReason, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::live::{ClientFrame, Seq};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_tests::{SOON, Scene, Server, eventually, replying, where_is};
use tokio::time::timeout;

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Visitor,
    /// Of what is marked.
    Author,
    Other,
    Moderator,
    Admin,
}

const EVERYONE: [Role; 5] = [Role::Visitor, Role::Author, Role::Other, Role::Moderator, Role::Admin];
const STAFF: [Role; 2] = [Role::Moderator, Role::Admin];

/// All that is kept of whoever asks, for themselves.
const EXPORT: &str = "/api/v1/me/export";

/// A word that stands nowhere else.
fn mark(name: &str) -> String {
    format!("Zeichen{name}Zeichen")
}

/// Whoever looks, and how.
struct People {
    scene: Scene,
    roles: BTreeMap<Role, Client>,
}

/// The body of an answer, asked for again as long as the budget for reading is used up.
async fn patiently(client: &Client, path: &str) -> String {
    loop {
        let response = client.request(Method::GET, path).send().await.expect("an answer");
        if response.status().as_u16() != 429 {
            return response.text().await.expect("a body");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl People {
    /// Everything a role can read: by its name, what it said.
    async fn look(&self, role: Role) -> Vec<(String, String)> {
        let (client, scene) = (&self.roles[&role], &self.scene);
        let mut seen = Vec::new();
        let head = scene.head().await;
        let whole = scene.staff.whole_forum(scene.forum).await.expect("the forum");
        let forum = format!("/api/v1/forums/{}", scene.forum);
        let mut paths = vec![
            "/".to_owned(),
            format!("/f/{}", scene.forum),
            format!("/f/{}/moderation", scene.forum),
            format!("/f/{}?from=0", scene.forum),
            "/api/v1/network".to_owned(),
            "/api/v1/processes".to_owned(),
            format!("/api/v1/processes/{}", scene.process),
            "/api/v1/me".to_owned(),
            EXPORT.to_owned(),
            format!("{forum}?from=0"),
        ];
        for position in 0..=head.0 + 1 {
            paths.push(format!("{forum}?before={position}"));
            paths.push(format!("/api/v1/streams/{}/deltas?after={position}", scene.stream));
        }
        paths.push(format!("/f/{}?before={}", scene.forum, head.0));
        for topic in &whole.view.topics {
            paths.push(format!("{forum}?topic={}", topic.id));
        }
        for path in paths {
            seen.push((path.clone(), patiently(client, &path).await));
        }
        // Every number over the socket, and none. Each answer ends with how many are there.
        let mut socket = LiveSocket::connect(client).await.expect("a socket");
        for after in (0..=head.0 + 1).map(|n| Some(Seq(n))).chain([None]) {
            for from in [None, Some(0)] {
                let subscribe = ClientFrame::Subscribe { stream: scene.stream, after, audience: None, from };
                socket.send(&subscribe).await.expect("sent");
                let answer = async {
                    let mut frames = String::new();
                    loop {
                        let frame = socket.next_text().await.expect("a frame").expect("an open socket");
                        frames.push_str(&frame);
                        // So much at once is over anybody's budget.
                        if frame.contains(r#""code":"too_many_requests""#) {
                            tokio::time::sleep(Duration::from_secs(1)).await;
                            socket.send(&subscribe).await.expect("sent");
                        }
                        if frame.contains(r#""type":"presence""#) {
                            return frames;
                        }
                    }
                };
                let frames = timeout(SOON, answer).await.expect("an answer");
                seen.push((format!("subscribed after {after:?} from {from:?}"), frames));
            }
        }
        socket.send(&ClientFrame::Page { stream: scene.stream, before: head.0 + 1, topic: None }).await.expect("sent");
        let page = timeout(SOON, async {
            // What came beside the answers before is looked through too.
            let mut frames = String::new();
            loop {
                let frame = socket.next_text().await.expect("a frame").expect("an open socket");
                frames.push_str(&frame);
                if frame.contains(r#""type":"page""#) && frame.contains(r#""window":{"from":0}"#) {
                    return frames;
                }
            }
        });
        seen.push(("a page".to_owned(), page.await.expect("a page")));
        seen
    }

    /// Each mark is seen by those who may and by nobody else. What was wrong.
    async fn check(&self, marks: &BTreeMap<String, Vec<Role>>, when: &str) {
        let mut wrong = Vec::new();
        for role in EVERYONE {
            let seen = self.look(role).await;
            for (mark, allowed) in marks {
                let places = seen.iter().filter(|(_, said)| said.contains(mark));
                let places: Vec<_> = places.map(|(at, _)| at).collect();
                if allowed.contains(&role) && places.is_empty() {
                    wrong.push(format!("{mark}: {role:?} does not see it"));
                }
                if !allowed.contains(&role) && !places.is_empty() {
                    wrong.push(format!("{mark}: {role:?} sees it: {:?}", &places[..places.len().min(8)]));
                }
            }
        }
        assert!(wrong.is_empty(), "{when}:\n{}", wrong.join("\n"));
    }

    fn anew(&mut self, server: &Server) {
        self.scene.staff = server.anew(&self.scene.staff);
        for client in self.roles.values_mut() {
            *client = server.anew(client);
        }
    }
}

/// Keeps what a socket brings, with the number it is as of.
fn listen(mut socket: LiveSocket) -> tokio::task::JoinHandle<Vec<(u64, String)>> {
    tokio::spawn(async move {
        let mut heard = Vec::new();
        while let Ok(Some(text)) = socket.next_text().await {
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            if frame["type"] == "bye" {
                break;
            }
            heard.push((frame["seq"].as_u64().unwrap_or_default(), text.to_string()));
        }
        heard
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn given_what_was_hidden_or_erased_when_anyone_looks_anywhere_then_it_is_not_there() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let author = scene.guest(&server, "Amal").await;
    let (other, moderator) = (scene.guest(&server, "Oksana").await, server.staff("moderator"));
    let (leaver, _) = scene.guest_who(&server, &mark("Name")).await;
    let roles = [
        (Role::Visitor, server.visitor()),
        (Role::Author, author.clone()),
        (Role::Other, other.clone()),
        (Role::Moderator, moderator.clone()),
        (Role::Admin, scene.staff.clone()),
    ];
    let mut people = People { scene, roles: roles.into_iter().collect() };
    let scene = &people.scene;
    let tell = async |client: &Client, command| scene.tell(client, command).await.expect("taken").seq.0;
    let title = |text: &str| Texts::of(Lang::german(), text);

    // Everything is said, and seen by everyone.
    tell(&scene.staff, ForumCommand::SetTitle { title: title(&mark("Titel")) }).await;
    tell(&scene.staff, ForumCommand::AddTopic { title: title("Thema") }).await;
    let mut said: BTreeMap<&str, ContributionId> = BTreeMap::new();
    for name in ["Versteckt", "Zurück", "Geändert", "Genommen", "Gelöscht", "VerstecktGelöscht", "Bleibt"] {
        said.insert(name, scene.say(&author, &format!("**{}** und mehr", mark(name))).await);
    }
    said.insert("Fort", scene.say(&leaver, &mark("Fort")).await);
    let reply = scene.tell(&other, replying(&mark("Antwort"), said["Versteckt"])).await.expect("an answer");
    tell(&other, ForumCommand::Support { contribution: said["Gelöscht"] }).await;
    let all = ["Titel", "Name", "Antwort"].into_iter().chain(said.keys().copied()).collect::<Vec<_>>();
    let seen: BTreeMap<String, Vec<Role>> = all.iter().map(|name| (mark(name), EVERYONE.to_vec())).collect();
    people.check(&seen, "before").await;

    // Listeners of every role, from now on.
    let mut heard = Vec::new();
    for role in EVERYONE {
        let mut socket = LiveSocket::connect(&people.roles[&role]).await.expect("a socket");
        let subscribe = ClientFrame::Subscribe { stream: scene.stream, after: None, audience: None, from: None };
        socket.send(&subscribe).await.expect("sent");
        heard.push((role, listen(socket)));
    }

    // What is hidden, and not deleted, its author alone goes on seeing, to know which it was and to take it along.
    // Fates: since which number who may still see what, and what must be gone from the disk.
    let mut fates: BTreeMap<&str, (u64, Vec<Role>)> = BTreeMap::new();
    let hide = |contribution, note: &str| ForumCommand::Hide {
        contribution,
        reason: HideReason::Other,
        note: Some(note.to_owned()),
    };
    let nobody = Vec::new;
    fates.insert("Versteckt", (tell(&moderator, hide(said["Versteckt"], &mark("Grund"))).await, vec![Role::Author]));
    let grund = [vec![Role::Author], STAFF.to_vec()].concat();
    fates.insert("Grund", (0, grund));
    let before = tell(&moderator, hide(said["Zurück"], &mark("AlterGrund"))).await;
    tell(&moderator, ForumCommand::Restore { contribution: said["Zurück"] }).await;
    fates.insert("AlterGrund", (before + 1, nobody()));
    fates.insert("Zurück", (0, EVERYONE.to_vec()));
    let edit = |name: &str, text: &str| ForumCommand::Edit { contribution: said[name], text: mark(text) };
    fates.insert("Geändert", (tell(&author, edit("Geändert", "NachÄnderung")).await, nobody()));
    fates.insert("NachÄnderung", (0, EVERYONE.to_vec()));
    let withdraw = ForumCommand::Withdraw { contribution: said["Genommen"] };
    fates.insert("Genommen", (tell(&author, withdraw).await, nobody()));
    let erase = |name: &str| ForumCommand::Erase { contribution: said[name] };
    fates.insert("Gelöscht", (tell(&scene.staff, erase("Gelöscht")).await, nobody()));
    tell(&moderator, hide(said["VerstecktGelöscht"], &mark("GelöschterGrund"))).await;
    let erased = tell(&scene.staff, erase("VerstecktGelöscht")).await;
    fates.insert("VerstecktGelöscht", (erased, nobody()));
    fates.insert("GelöschterGrund", (erased, nobody()));
    fates.insert("Titel", (tell(&scene.staff, ForumCommand::SetTitle { title: title("Neu") }).await, nobody()));
    // What waits is for its author and staff; a replaced or refused change for nobody.
    tell(&scene.staff, ForumCommand::SetWaiting { waiting: Waiting::All }).await;
    tell(&author, edit("Bleibt", "ErsteÄnderung")).await;
    let replaced = tell(&author, edit("Bleibt", "ZweiteÄnderung")).await;
    fates.insert("ErsteÄnderung", (replaced, nobody()));
    fates.insert("ZweiteÄnderung", (0, [vec![Role::Author], STAFF.to_vec()].concat()));
    fates.insert("Bleibt", (0, EVERYONE.to_vec()));
    scene.say(&author, &mark("Wartet")).await;
    fates.insert("Wartet", (0, [vec![Role::Author], STAFF.to_vec()].concat()));
    fates.insert("Antwort", (0, EVERYONE.to_vec()));
    let _: Value = leaver.write(Method::DELETE, "/me", Some(command_id()), &json!({})).await.expect("gone");
    let gone = scene.head().await.0;
    fates.insert("Fort", (gone, nobody()));
    fates.insert("Name", (gone, nobody()));
    assert!(reply.id.is_some());

    // Nobody's door to a hidden one but the moderators'; nobody's to an erased one.
    for (name, open) in [("Versteckt", true), ("Gelöscht", false), ("VerstecktGelöscht", false), ("Genommen", false)]
    {
        let path = format!("/api/v1/forums/{}/contributions/{}", scene.forum, said[name]);
        for role in EVERYONE {
            let answer = people.roles[&role].request(Method::GET, &path).send().await.expect("an answer");
            let told = answer.text().await.expect("a body").contains(&mark(name));
            assert_eq!(told, open && STAFF.contains(&role), "{name} to {role:?}");
        }
    }
    // Whoever tries to come back does not bring it back.
    for name in ["Genommen", "Gelöscht", "VerstecktGelöscht", "Fort"] {
        let contribution = said[name];
        for command in [ForumCommand::Restore { contribution }, ForumCommand::Approve { contribution, seen: None }] {
            assert!(scene.tell(&scene.staff, command).await.is_err(), "{name} was brought back");
        }
    }

    let marks: BTreeMap<String, Vec<Role>> =
        fates.iter().map(|(name, (_, allowed))| (mark(name), allowed.clone())).collect();
    let erased: Vec<_> = marks.iter().filter(|(_, allowed)| allowed.is_empty()).map(|(text, _)| text.clone()).collect();
    assert!(erased.len() >= 9);
    let on_disk = async |server: &Server, when: &str| {
        assert!(!where_is(&mark("Zurück"), &server.data).is_empty(), "looking into files shows nothing");
        for text in &erased {
            // A reader of older pages may hold the cleaning up for a moment.
            let what = format!("{when}: {text} stands in no file");
            eventually(&what, async || where_is(text, &server.data).is_empty()).await;
        }
    };
    people.check(&marks, "at once").await;
    on_disk(&server, "at once").await;
    server.kill_and_restart();
    on_disk(&server, "after a power cut").await;
    people.anew(&server);
    people.check(&marks, "after a power cut").await;
    // A stop writes state snapshots.
    assert!(server.stop().success());
    on_disk(&server, "after a stop").await;
    server.start_again();
    people.anew(&server);
    people.check(&marks, "after a stop").await;
    server.verify();

    for (role, listener) in heard {
        let frames = timeout(SOON, listener).await.expect("the socket has closed").expect("no panic");
        assert!(frames.iter().any(|(seq, _)| *seq >= gone), "{role:?} heard little: nothing was exercised");
        for (name, (since, allowed)) in &fates {
            let late = frames.iter().find(|(seq, text)| *seq >= *since && text.contains(&mark(name)));
            assert!(allowed.contains(&role) || late.is_none(), "{role:?} was sent {name} after {since}: {late:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_someone_erased_when_their_code_token_or_session_is_used_then_nothing_knows_them() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let author = scene.guest(&server, &mark("Name")).await;
    let (token, _) = scene.staff.join(&Join::with_code(&scene.code).named(&mark("Zweiter"))).await.expect("a guest");
    for client in [&author, &token] {
        scene.say(client, &mark("Wort")).await;
        let mut socket = LiveSocket::connect(client).await.expect("a socket");
        let subscribe = ClientFrame::Subscribe { stream: scene.stream, after: None, audience: None, from: None };
        socket.send(&subscribe).await.expect("sent");
        let _: Value = client.write(Method::DELETE, "/me", None, &json!({})).await.expect("gone");
        let to_the_end = async { while let Ok(Some(_)) = socket.next_text().await {} };
        timeout(SOON, to_the_end).await.expect("the socket closes");
        assert!(client.read::<Value>("/me").await.is_err());
        assert!(scene.tell(client, ForumCommand::Introduce).await.is_err());
    }
    for text in [mark("Name"), mark("Zweiter"), mark("Wort")] {
        let what = format!("{text} stands in no file");
        eventually(&what, async || where_is(&text, &server.data).is_empty()).await;
    }
}
