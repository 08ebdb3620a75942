//! One oracle for every fault: what was acknowledged is stored, what is stored was sent, each command at most once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stimmwerk_client::{Error, Follow, command_id};
use stimmwerk_core::forum::Waiting;
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{Scene, Server, saying};

/// How often the server is killed; `STIMMWERK_KILLS` for more.
const KILLS: usize = 50;
const WRITERS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn given_load_when_the_server_is_killed_at_random_moments_then_nothing_acknowledged_is_lost() {
    let mut server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Code, Waiting::None).await);
    let kills = std::env::var("STIMMWERK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    // What each writer knows of each text: acknowledged or unknown.
    let known: Arc<Mutex<HashMap<String, bool>>> = Arc::default();
    let reader_client = scene.guest(&server, "Leserin").await;
    let reader = Follow::stream(&reader_client, scene.stream).longest_pause(Duration::from_millis(200)).start();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let client = scene.guest(&server, "Schreibt").await;
        let (known, scene) = (known.clone(), scene.clone());
        writers.push(tokio::spawn(async move {
            for nth in 0.. {
                let text = format!("Satz {writer} {nth}");
                known.lock().expect("no panic").insert(text.clone(), false);
                match client.command(scene.forum, command_id(), &saying(&text)).await {
                    Ok(_) => _ = known.lock().expect("no panic").insert(text, true),
                    Err(Error::Problem(problem)) if problem.status < 500 => panic!("refused: {problem:?}"),
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        }));
    }
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(rand::random_range(30..250))).await;
        server.kill_and_restart();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    for writer in writers {
        writer.abort();
        let ended = writer.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "a writer was refused");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let whole = reader_client.whole_forum(scene.forum).await.expect("readable");
    let stored: Vec<String> = whole.view.contributions.iter().map(|c| c.text.to_string()).collect();
    let once: HashSet<&String> = stored.iter().collect();
    let known = known.lock().expect("no panic").clone();
    assert_eq!(once.len(), stored.len(), "each command at most once");
    let lost: Vec<_> = known.iter().filter(|(text, acked)| **acked && !once.contains(text)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(stored.iter().all(|text| known.contains_key(text)), "stored what nobody sent");
    let acknowledged = known.values().filter(|acked| **acked).count();
    assert!(acknowledged >= kills, "this test exercised too little: {acknowledged} acknowledged");
    assert!(reader.reaches(whole.seq, Duration::from_secs(20)).await, "the reader comes back");
    assert!(reader.seen().violations.is_empty(), "{:?}", reader.seen().violations);
    let view = reader.view().expect("a view");
    let newest = whole.view.contributions.iter().filter(|c| c.position >= view.window.from);
    assert!(view.contributions.iter().eq(newest), "the reader holds exactly the view");
    let pid = server.pid();
    assert!(server.stop().success(), "process {pid} ends well");
    server.verify();
}
