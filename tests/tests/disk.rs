//! A full disk: writing is refused with a clear answer, reading goes on, and with room again everything does.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use stimmwerk_client::{Client, Follow, Join, LiveSocket, command_id};
use stimmwerk_core::forum::{Forum, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::live::{ClientFrame, ServerFrame};
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{SOON, Scene, Server, refusal, saying, skip_for_want_of_rights, skip_test};
use tokio::time::timeout;

/// A small disk of its own, in memory.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// None where this system does not let us mount. A container without the right to cannot be given it by a test.
    fn mounted() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path());
        let mount = mount.env("LC_ALL", "C").output();
        match mount {
            Ok(output) if output.status.success() => Some(Self { folder }),
            Ok(refused) => {
                let why = String::from_utf8_lossy(&refused.stderr);
                let forbidden = ["permission denied", "Operation not permitted", "superuser"];
                let reason = format!("a full disk needs a small one of its own: {}", why.trim());
                if forbidden.iter().any(|word| why.contains(word)) {
                    skip_for_want_of_rights(&reason);
                } else {
                    skip_test(&reason);
                }
                None
            }
            Err(missing) => {
                skip_test(&format!("a full disk needs a small one of its own: mount: {missing}"));
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).expect("a file");
        while ballast.write_all(&[1; 4096]).is_ok() {}
    }

    /// Gives it back.
    fn empty(&self) {
        std::fs::remove_file(self.ballast()).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// Writes until there is no room: what was left in pages already taken is used up first. What was acknowledged.
async fn until_full(scene: &Scene, client: &Client) -> Vec<ContributionId> {
    let mut made = Vec::new();
    loop {
        match scene.tell(client, saying(&format!("Noch Platz {} {}", made.len(), "und mehr ".repeat(200)))).await {
            Ok(written) => made.push(ContributionId(written.id.expect("its id"))),
            refused => {
                assert_eq!(refusal(refused), (507, "storage_full".to_owned()), "after {} more", made.len());
                return made;
            }
        }
        assert!(made.len() < 10_000, "the disk is not full: nothing was exercised");
    }
}

async fn get(client: &Client, path: &str) -> (u16, String) {
    let response = client.request(Method::GET, path).send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_full_disk_when_people_write_and_read_then_writing_waits_and_nothing_acknowledged_is_lost() {
    let Some(disk) = Disk::mounted() else { return };
    let listen = Server::start().url.trim_start_matches("http://").to_owned();
    let mut server = Server::start_on(&disk.path().join("data"), &listen);
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let (amal, oksana) = (scene.guest(&server, "Amal").await, scene.guest(&server, "Oksana").await);
    let first = scene.say(&amal, "Vor der Flut").await;
    let mut stored = vec![first];
    let followers = [server.visitor(), amal.clone(), scene.staff.clone()]
        .map(|client| (Follow::stream(&client, scene.stream).start(), client));
    let mut socket = LiveSocket::connect(&amal).await.expect("a socket");

    disk.fill();
    stored.extend(until_full(&scene, &amal).await);
    let full = scene.head().await;

    // By every door. As long as what was refused before: something shorter may still fit into what that has taken.
    let big = format!("Das wartet auf Platz {}", "und mehr ".repeat(200));
    let response = amal
        .request(Method::POST, &format!("/api/v1/forums/{}/contributions", scene.forum))
        .json(&serde_json::json!({ "text": big }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 507);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (id, waiting) = (command_id(), saying(&big));
    let command = serde_json::to_value(&waiting).expect("plain data");
    socket.send(&ClientFrame::Command { id, stream: scene.stream, command: command.clone() }).await.expect("sent");
    let answer = timeout(SOON, socket.next::<Forum>()).await.expect("an answer").expect("a frame");
    let Some(ServerFrame::Rejected(rejected)) = answer else { panic!("a refusal was due, not {answer:?}") };
    assert_eq!((rejected.id, rejected.problem.code.as_str()), (id, "storage_full"));
    assert_eq!(refusal(scene.tell(&oksana, saying(&big)).await).0, 507);
    // A guest may still fit into a page that is there already; if not, they are told why.
    for _ in 0..50 {
        if let Err(error) = server.visitor().join(&Join::with_code(&scene.code).named("Zu spät")).await {
            assert_eq!(refusal::<()>(Err(error)), (507, "storage_full".to_owned()));
        }
    }

    // Reading, by every door.
    for (path, holds) in [
        ("/livez".to_owned(), "ok"),
        ("/readyz".to_owned(), "ready"),
        ("/".to_owned(), "Probe"),
        (format!("/f/{}", scene.forum), "Vor der Flut"),
        (format!("/api/v1/forums/{}", scene.forum), "Vor der Flut"),
        (format!("/api/v1/streams/{}/deltas?after=0", scene.stream), "Vor der Flut"),
        ("/api/v1/me".to_owned(), "Amal"),
        ("/api/v1/me/export".to_owned(), "Vor der Flut"),
    ] {
        let (status, body) = get(&amal, &path).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert!(body.contains(holds), "{path} without {holds}: {body}");
    }
    for (follower, client) in &followers {
        scene.assert_follows("a follower", follower, client).await;
        let late = Follow::stream(client, scene.stream).start();
        scene.assert_follows("a late follower", &late, client).await;
        assert_eq!(follower.seen().connects, 1, "a socket was cut off: {:?}", follower.seen());
    }
    assert_eq!(scene.head().await, full, "a refused command left something behind");

    disk.empty();
    socket.send(&ClientFrame::Command { id, stream: scene.stream, command }).await.expect("sent");
    let answer = timeout(SOON, socket.next::<Forum>()).await.expect("an answer").expect("a frame");
    let Some(ServerFrame::Accepted(accepted)) = answer else { panic!("it was to be taken, not {answer:?}") };
    assert_eq!(amal.command(scene.forum, id, &waiting).await.expect("the same").id, accepted.object);
    stored.extend(accepted.object.map(ContributionId));
    stored.push(scene.say(&oksana, "Wieder Platz").await);
    scene.guest(&server, "Zur rechten Zeit").await;
    for (follower, client) in &followers {
        scene.assert_follows("a follower", follower, client).await;
    }

    // Full once more, and a power cut at that.
    disk.fill();
    stored.extend(until_full(&scene, &amal).await);
    server.kill();
    // It starts all the same, and reads.
    disk.fill();
    server.start_again();
    let (status, body) = get(&server.visitor(), &format!("/f/{}", scene.forum)).await;
    assert!(status == 200 && body.contains("Noch Platz"), "{status}");
    server.kill();
    disk.empty();
    server.start_again();
    server.verify();
    let mut shown: Vec<_> = server
        .visitor()
        .whole_forum(scene.forum)
        .await
        .expect("readable")
        .view
        .contributions
        .iter()
        .map(|contribution| contribution.id)
        .collect();
    shown.reverse();
    assert_eq!(shown, stored, "acknowledged and stored are the same");
    assert!(server.stop().success());
}
