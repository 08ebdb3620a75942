//! Leaving for good while another device of the same person goes on writing: nothing of them survives, in no view, page,
//! search, record, export and file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stimmwerk_client::{Client, LiveSocket, command_id};
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::ids::{ForumId, StreamId};
use stimmwerk_core::live::ClientFrame;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_tests::{Scene, Server, eventually, saying, where_is};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What the other device does until it is told to stop.
struct Device {
    client: Client,
    forums: [(ForumId, StreamId); 2],
    text: String,
    taken: AtomicUsize,
    stop: AtomicBool,
}

impl Device {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Writes over REST as fast as it can.
    async fn over_rest(self: Arc<Self>, nth: usize) {
        while !self.stops() {
            let command = saying(&self.text);
            if self.client.command(self.forums[nth % 2].0, command_id(), &command).await.is_ok() {
                self.taken.fetch_add(1, Ordering::Relaxed);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Writes over sockets, and opens a new one whenever the old one ends or has to wait.
    async fn over_sockets(self: Arc<Self>, nth: usize) {
        while !self.stops() {
            let Ok(mut socket) = LiveSocket::connect(&self.client).await else { continue };
            for _ in 0..20 {
                let command = serde_json::to_value(saying(&self.text)).expect("JSON");
                let frame = ClientFrame::Command { id: command_id(), stream: self.forums[nth % 2].1, command };
                if self.stops() || socket.send(&frame).await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

/// Everything in which words or names of somebody could stand.
async fn look(scene: &Scene, server: &Server, forums: &[(ForumId, StreamId)], mark: &str) -> Vec<(String, String)> {
    let mut paths = vec!["/".to_owned(), "/api/v1/me/export".to_owned()];
    for (forum, stream) in forums {
        paths.extend([
            format!("/f/{forum}?from=0"),
            format!("/f/{forum}/moderation"),
            format!("/f/{forum}/list?q={mark}"),
            format!("/f/{forum}/log"),
            format!("/f/{forum}/record"),
            format!("/api/v1/forums/{forum}?from=0"),
            format!("/api/v1/forums/{forum}/search?q={mark}"),
            format!("/api/v1/forums/{forum}/record"),
            format!("/api/v1/streams/{stream}/deltas?after=0"),
        ]);
    }
    let mut seen = Vec::new();
    for client in [&scene.staff, &server.staff("moderator"), &server.visitor()] {
        for path in &paths {
            let response = client.request(Method::GET, path).send().await.expect("an answer");
            seen.push((path.clone(), response.text().await.expect("a body")));
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn given_another_device_that_writes_when_a_person_leaves_for_good_then_no_word_and_no_name_is_left() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let title = Texts::of(Lang::german(), "Zweites");
    let second = scene.staff.create_forum(scene.process, &title, Waiting::All).await.expect("a forum");
    let stream = scene.staff.forum(second, &Default::default()).await.expect("the forum").stream;
    let forums = [(scene.forum, scene.stream), (second, stream)];
    let stays = scene.guest(&server, "ZeichenBleibtZeichen").await;
    scene.say(&stays, "ZeichenBleibtHierZeichen").await;

    let mut marks = Vec::new();
    // Whoever leaves waits for the cleaning of the files, which happens only now and then: so they go in groups.
    for wave in 0..2 {
        let leave = async |nth: usize| {
            let round = 3 * wave + nth;
            let (name, text) = (format!("ZeichenName{round}Zeichen"), format!("ZeichenWort{round}Zeichen"));
            let leaver = scene.guest(&server, &name).await;
            let device = Arc::new(Device {
                client: leaver.clone(),
                forums,
                text: text.clone(),
                taken: AtomicUsize::new(0),
                stop: AtomicBool::new(false),
            });
            let mut tasks = JoinSet::new();
            for nth in 0..2 {
                tasks.spawn(device.clone().over_rest(nth));
                tasks.spawn(device.clone().over_sockets(nth));
            }
            eventually("it writes", async || device.taken.load(Ordering::Relaxed) > 10).await;
            let _: Value = leaver.write(Method::DELETE, "/me", Some(command_id()), &json!({})).await.expect("gone");
            // At once, while the other device still tries.
            for (forum, _) in forums {
                let whole = scene.staff.whole_forum(forum).await.expect("the forum");
                let view = serde_json::to_string(&whole.view).expect("JSON");
                assert!(!view.contains(&name) && !view.contains(&text), "round {round}: {view}");
            }
            let taken = device.taken.load(Ordering::Relaxed);
            sleep(Duration::from_millis(200)).await;
            device.stop.store(true, Ordering::Relaxed);
            while let Some(ended) = tasks.join_next().await {
                ended.expect("no panic");
            }
            assert_eq!(device.taken.load(Ordering::Relaxed), taken, "round {round}: it goes on writing");
            assert!(scene.tell(&leaver, ForumCommand::Introduce).await.is_err());
            [name, text]
        };
        let (first, second, third) = tokio::join!(leave(0), leave(1), leave(2));
        marks.extend([first, second, third].concat());
    }

    let check = async |server: &Server, scene: &Scene, when: &str| {
        let seen = look(scene, server, &forums, "Zeichen").await;
        assert!(seen.iter().any(|(_, said)| said.contains("ZeichenBleibtHierZeichen")), "looking shows nothing");
        for mark in &marks {
            let places: Vec<_> = seen.iter().filter(|(_, said)| said.contains(mark)).map(|(at, _)| at).collect();
            assert!(places.is_empty(), "{when}: {mark} stands in {places:?}");
            let what = format!("{when}: {mark} stands in no file");
            eventually(&what, async || where_is(mark, &server.data).is_empty()).await;
        }
    };
    check(&server, &scene, "at once").await;
    assert!(!where_is("ZeichenBleibtHierZeichen", &server.data).is_empty(), "looking into files shows nothing");
    assert!(server.stop().success());
    server.start_again();
    let scene = Scene { staff: server.anew(&scene.staff), ..scene };
    check(&server, &scene, "after a stop").await;
    server.verify();
}
