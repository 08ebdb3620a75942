//! Readers that stop reading: nobody waits for them, they cost little, and what they missed comes when they read again.

use std::sync::Arc;

use stimmwerk_client::{Client, Follow, Follower, ForumMirror, LiveOptions, LiveSocket, StreamDeltas, command_id};
use stimmwerk_core::forum::{Forum, ForumCommand, OwnView, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::live::{ClientFrame, Seq, ServerFrame, WindowRequest};
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{SOON, Scene, Server, assert_same_view, saying};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// More than the ring of a room holds.
const BEAMS: usize = 140;
/// Who writes at once, and how much each.
const WRITERS: usize = 8;
const EACH: usize = 150;

fn subscribe(scene: &Scene, after: Option<Seq>, from: Option<u64>) -> ClientFrame {
    ClientFrame::Subscribe { stream: scene.stream, after, audience: None, from }
}

/// Subscribes and reads nothing; the system takes a bounded amount for it. Not less than one segment of the loopback: a
/// window smaller than that opens again only as slowly as the sender asks for it.
async fn stalled(scene: &Scene, client: &Client) -> LiveSocket {
    let options = LiveOptions { receive_buffer: Some(128 * 1024), ..LiveOptions::default() };
    let mut socket = LiveSocket::connect_with(client, &options).await.expect("a socket");
    socket.send(&subscribe(scene, None, None)).await.expect("sent");
    socket
}

/// Far more than the system's buffers hold: a server that writes to who does not read is stuck after it. Who wrote what.
async fn flood(scene: &Arc<Scene>, writers: &[Client]) -> Vec<(usize, ContributionId)> {
    let mut all = JoinSet::new();
    for (nth, client) in writers.iter().enumerate() {
        let (scene, client) = (scene.clone(), client.clone());
        all.spawn(async move {
            let mut made = Vec::new();
            for each in 0..EACH {
                let text = format!("Flut {nth} {each} {}", "und mehr ".repeat(200));
                made.push((nth, scene.say(&client, &text).await));
            }
            made
        });
    }
    all.join_all().await.into_iter().flatten().collect()
}

/// So many changes, each seen by a reader before the next is made, that the ring has gone round.
async fn ring_goes_round(scene: &Scene, writer: &Client, keen: &Follower, text: &str) {
    for nth in 0..BEAMS {
        let written = writer.command(scene.forum, command_id(), &saying(&format!("{text} {nth}"))).await;
        let seq = written.expect("an acknowledgement").seq;
        assert!(keen.reaches(seq, SOON).await, "a keen reader stays at {}: {:?}", keen.seq(), keen.seen());
    }
}

/// What a reader that reads again ends with.
#[derive(Default)]
struct Late {
    mirror: ForumMirror,
    resyncs: usize,
    reconnects: usize,
}

impl Late {
    /// Reads on until it has everything, on a new socket where the server gave it up.
    async fn read_on(&mut self, scene: &Scene, client: &Client, mut socket: LiveSocket, own: Option<&OwnView>) {
        let head = scene.head().await;
        while self.mirror.after().is_none_or(|have| have < head) || self.mirror.own() != own {
            let Ok(Some(frame)) = socket.next::<Forum>().await else {
                self.reconnects += 1;
                socket = LiveSocket::connect(client).await.expect("a socket");
                let from = self.mirror.view().map(|view| view.window.from);
                socket.send(&subscribe(scene, self.mirror.after(), from)).await.expect("sent");
                continue;
            };
            self.resyncs += usize::from(matches!(frame, ServerFrame::Resync(_)));
            self.mirror.take(frame).expect("a contiguous range");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_readers_that_stop_reading_when_thousands_write_then_others_miss_nothing_and_they_catch_up() {
    let server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Public, Waiting::None).await);
    let mut writers = Vec::new();
    for nth in 0..WRITERS {
        writers.push(scene.guest(&server, &format!("Schreibt {nth}")).await);
    }
    let readers = [server.visitor(), writers[0].clone(), scene.staff.clone()];
    let keen: Vec<Follower> = readers.iter().map(|client| Follow::stream(client, scene.stream).start()).collect();
    let mut sockets = Vec::new();
    for client in &readers {
        sockets.push(stalled(&scene, client).await);
    }

    let made = flood(&scene, &writers).await;
    let mut support = JoinSet::new();
    for (nth, client) in writers.iter().enumerate() {
        let (scene, client) = (scene.clone(), client.clone());
        let others: Vec<_> = made.iter().filter(|(by, _)| *by != nth).map(|(_, id)| *id).collect();
        support.spawn(async move {
            for contribution in others.into_iter().step_by(5) {
                scene.tell(&client, ForumCommand::Support { contribution }).await.expect("supported");
            }
        });
    }
    support.join_all().await;
    ring_goes_round(&scene, &writers[0], &keen[0], "Danach").await;

    for (follower, client) in keen.iter().zip(&readers) {
        scene.assert_follows("a keen reader", follower, client).await;
        assert_eq!(follower.seen().connects, 1, "a keen reader was cut off: {:?}", follower.seen());
    }
    for (socket, client) in sockets.into_iter().zip(&readers) {
        let path = format!("/streams/{}/deltas?after={}", scene.stream, u32::MAX);
        let own = client.read::<StreamDeltas>(&path).await.expect("a fresh look").own;
        let mut late = Late::default();
        let read_on = late.read_on(&scene, client, socket, own.as_ref());
        timeout(SOON, read_on).await.expect("the late reader has everything");
        assert!(late.resyncs + late.reconnects > 0, "the reader never fell behind: nothing was exercised");
        let view = late.mirror.view().expect("a view");
        assert_same_view("a late reader", view, &scene.fresh(client, view.window.from).await.view);
    }
}

/// Memory of a process that is in use, in KiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux tells of its processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("how much memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn given_sockets_that_never_read_when_much_is_written_then_they_cost_little_and_are_closed() {
    const IDLERS: usize = 200;
    let server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Public, Waiting::None).await);
    let mut writers = Vec::new();
    for nth in 0..WRITERS {
        writers.push(scene.guest(&server, &format!("Schreibt {nth}")).await);
    }
    let mut observer = LiveSocket::connect(&scene.staff).await.expect("a socket");
    observer.send(&subscribe(&scene, None, None)).await.expect("sent");
    let mut idlers = Vec::new();
    for nth in 0..IDLERS {
        let guest = scene.guest(&server, &format!("Schweigt {nth}")).await;
        idlers.push(stalled(&scene, &guest).await);
    }
    let people = async |observer: &mut LiveSocket, wanted: usize| {
        while let Some(frame) = observer.next::<Forum>().await.expect("a frame") {
            if matches!(&frame, ServerFrame::Presence(presence) if presence.people as usize == wanted) {
                return;
            }
        }
        panic!("the observer was cut off");
    };
    timeout(SOON, people(&mut observer, IDLERS)).await.expect("all are there");

    let before = resident(server.pid());
    flood(&scene, &writers).await;
    // Two and a half megabytes were written. Kept for each of them it would be five hundred.
    let grown = resident(server.pid()).saturating_sub(before);
    assert!(grown < 100 * 1024, "{grown} KiB more for {IDLERS} sockets that do not read");

    timeout(4 * SOON, people(&mut observer, 0)).await.expect("all are given up");
    for mut idler in idlers {
        let to_the_end = async { while let Ok(Some(_)) = idler.next_text().await {} };
        timeout(SOON, to_the_end).await.expect("it was closed");
    }
    scene.say(&writers[0], "Es geht weiter.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_visitor_who_does_not_read_when_the_process_closes_then_nothing_written_later_reaches_them() {
    let server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Public, Waiting::None).await);
    let mut writers = Vec::new();
    for nth in 0..WRITERS {
        writers.push(scene.guest(&server, &format!("Schreibt {nth}")).await);
    }
    let keen = Follow::stream(&scene.staff, scene.stream).start();
    let mut visitor = stalled(&scene, &server.visitor()).await;
    flood(&scene, &writers).await;

    let path = format!("/processes/{}", scene.process);
    let closed = serde_json::json!({ "visibility": "code" });
    let _: serde_json::Value =
        scene.staff.write(reqwest::Method::PATCH, &path, Some(command_id()), &closed).await.expect("closed");
    // Also the moment that asks readers for their standing falls out of the ring.
    ring_goes_round(&scene, &writers[0], &keen, "Unter uns").await;

    let mut read = 0;
    let to_the_end = async {
        while let Ok(Some(text)) = visitor.next_text().await {
            read += 1;
            assert!(!text.contains("Unter uns"), "after {read} frames the visitor reads what is not for them");
        }
    };
    timeout(SOON, to_the_end).await.expect("the socket closes");
    assert!(read > 1, "the visitor had nothing to read");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_long_forum_when_a_visitor_asks_for_all_of_it_then_one_answer_is_bounded_and_pages_bring_the_rest() {
    let server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Public, Waiting::None).await);
    let mut writers = Vec::new();
    for nth in 0..WRITERS {
        writers.push(scene.guest(&server, &format!("Schreibt {nth}")).await);
    }
    flood(&scene, &writers).await;
    let mut socket = LiveSocket::connect(&server.visitor()).await.expect("a socket");
    socket.send(&subscribe(&scene, None, Some(0))).await.expect("sent");
    let (mut mirror, mut bytes) = (ForumMirror::default(), 0);
    let answer = async {
        loop {
            let text = socket.next_text().await.expect("a frame").expect("an open socket");
            bytes += text.len();
            let frame = ServerFrame::<Forum>::parse(&text).expect("a frame").expect("a known one");
            if matches!(frame, ServerFrame::Presence(_)) {
                return;
            }
            mirror.take(frame).expect("in order");
        }
    };
    timeout(4 * SOON, answer).await.expect("an answer");
    // Some three megabytes stand there.
    assert!(bytes < 2 * 1024 * 1024, "{bytes} bytes to one question");
    let fresh = scene.fresh(&server.visitor(), 0).await.view;
    while let Some(before) = mirror.view().map(|view| view.window.from).filter(|from| *from > 0) {
        // A page comes in parts; REST says how far it reaches.
        let window = WindowRequest { before: Some(before), ..WindowRequest::default() };
        let bound = server.visitor().forum(scene.forum, &window).await.expect("a page").view.window.from;
        socket.send(&ClientFrame::Page { stream: scene.stream, before, topic: None }).await.expect("sent");
        let older = async {
            while mirror.view().is_some_and(|view| view.window.from > bound) {
                mirror.take(socket.next().await.expect("a frame").expect("an open socket")).expect("in order");
            }
        };
        timeout(SOON, older).await.expect("an older page");
    }
    assert_same_view("page by page", mirror.view().expect("a view"), &fresh);
}
