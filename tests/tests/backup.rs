//! Backups: made under load beside the running server, whole, and brought back without what was erased since.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use stimmwerk_client::command_id;
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{Scene, Server, command, eventually, where_is};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

fn run(arguments: &[&str], file: &Path, data: &Path) -> Output {
    command(arguments).arg(file).arg("--data").arg(data).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn given_people_who_write_when_backups_are_made_then_each_holds_all_that_was_acknowledged_before() {
    let mut server = Server::start();
    let scene = Arc::new(Scene::new(&server, Visibility::Public, Waiting::None).await);
    let (made, stop) = (Arc::new(Mutex::new(Vec::<ContributionId>::new())), Arc::new(AtomicBool::new(false)));
    let mut writers = JoinSet::new();
    for nth in 0..4 {
        let guest = scene.guest(&server, &format!("Amal {nth}")).await;
        let (scene, made, stop) = (scene.clone(), made.clone(), stop.clone());
        writers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let contribution = scene.say(&guest, &"und mehr ".repeat(40)).await;
                made.lock().await.push(contribution);
            }
        });
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut backups = Vec::new();
    for nth in 1..=3 {
        eventually("they write", async || made.lock().await.len() > nth * 30).await;
        let before = made.lock().await.clone();
        let file = folder.path().join(format!("backup {nth}"));
        let output = run(&["backup"], &file, &server.data);
        assert!(output.status.success(), "{}", said(&output));
        backups.push((file, before));
    }
    let output = run(&["backup"], &backups[0].0, &server.data);
    assert!(!output.status.success() && said(&output).contains("exists"), "{}", said(&output));
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = writers.join_next().await {
        ended.expect("no panic");
    }
    let refused = run(&["restore"], &backups[0].0, &server.data);
    assert!(!refused.status.success(), "a server runs: {}", said(&refused));
    assert!(server.stop().success());
    let refused = run(&["restore"], &backups[0].0, &server.data);
    assert!(!refused.status.success() && said(&refused).contains("--overwrite"), "{}", said(&refused));
    server.verify();

    for (file, before) in backups {
        let data = tempfile::tempdir().expect("a folder");
        let output = run(&["restore"], &file, data.path());
        assert!(output.status.success(), "{}", said(&output));
        let listen = server.url.trim_start_matches("http://").to_owned();
        let restored = Server::start_on(data.path(), &listen);
        let whole = restored.visitor().whole_forum(scene.forum).await.expect("the forum");
        let there = |id: &ContributionId| whole.view.contributions.iter().any(|it| it.id == *id);
        assert!(!before.is_empty() && before.iter().all(there), "something acknowledged is missing");
        restored.verify();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_words_erased_since_a_backup_when_it_is_restored_then_they_do_not_come_back() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let (leaver, stays) = (scene.guest(&server, "ZeichenNameZeichen").await, scene.guest(&server, "Oksana").await);
    scene.say(&leaver, "ZeichenFortZeichen").await;
    let withdrawn = scene.say(&stays, "ZeichenGenommenZeichen").await;
    scene.say(&stays, "ZeichenBleibtZeichen").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backup");
    let output = run(&["backup"], &file, &server.data);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        ["Name", "Fort", "Genommen"].iter().all(|word| !where_is(&format!("Zeichen{word}"), folder.path()).is_empty())
    );

    let _: Value = leaver.write(Method::DELETE, "/me", Some(command_id()), &json!({})).await.expect("gone");
    scene.tell(&stays, ForumCommand::Withdraw { contribution: withdrawn }).await.expect("taken back");
    scene.say(&stays, "ZeichenSpäterZeichen").await;
    assert!(server.stop().success());
    let output = run(&["restore", "--overwrite"], &file, &server.data);
    assert!(output.status.success(), "{}", said(&output));
    for word in ["Name", "Fort", "Genommen", "Später"] {
        assert_eq!(
            where_is(&format!("Zeichen{word}Zeichen"), &server.data),
            Vec::<std::path::PathBuf>::new(),
            "{word}"
        );
    }
    server.start_again();
    let staff = server.anew(&scene.staff);
    let view = serde_json::to_string(&staff.whole_forum(scene.forum).await.expect("the forum").view).expect("JSON");
    assert!(view.contains("ZeichenBleibtZeichen"));
    assert!(
        ["Name", "Fort", "Genommen", "Später"].iter().all(|word| !view.contains(&format!("Zeichen{word}"))),
        "{view}"
    );
    assert!(server.anew(&leaver).read::<Value>("/me").await.is_err(), "nobody is known by the old session");
    assert!(server.anew(&stays).read::<Value>("/me").await.is_ok());
    server.verify();

    // What is no whole backup is not taken.
    assert!(server.stop().success());
    let bytes = std::fs::read(&file).expect("readable");
    let cut = folder.path().join("cut");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("written");
    for bad in [cut, folder.path().join("nowhere")] {
        let refused = run(&["restore", "--overwrite"], &bad, &server.data);
        assert!(!refused.status.success(), "{}", said(&refused));
    }
    server.verify();
}

#[test]
fn given_a_mistyped_folder_when_verified_or_backed_up_then_it_is_said_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("mistyped");
    let verified = command(&["admin", "verify", "--data"]).arg(&nowhere).output().expect("the program runs");
    assert!(!verified.status.success() && said(&verified).contains("there is no database"), "{}", said(&verified));
    let output = run(&["backup"], &folder.path().join("backup"), &nowhere);
    assert!(!output.status.success() && said(&output).contains("there is no database"), "{}", said(&output));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    std::fs::create_dir(&nowhere).expect("made");
    std::fs::write(nowhere.join("stimmwerk.db"), "").expect("written");
    let verified = command(&["admin", "verify", "--data"]).arg(&nowhere).output().expect("the program runs");
    assert!(!verified.status.success(), "an empty file is no log");
    assert_eq!(std::fs::read_dir(&nowhere).expect("a folder").count(), 1);
}
