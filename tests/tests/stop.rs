//! Stopping and starting: sockets are told, what was acknowledged stays, and a start that cannot be is refused in one line.

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stimmwerk_client::{Client, Error, LiveOptions, LiveSocket, command_id};
use stimmwerk_core::forum::{Forum, Waiting};
use stimmwerk_core::live::{ClientFrame, ServerFrame};
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{SOON, Scene, Server, command, eventually, saying, skip_test};
use tokio::task::JoinSet;
use tokio::time::timeout;

const WRITERS: usize = 6;
/// The load lasts until so many were acknowledged.
const ENOUGH: usize = 100;

/// Writes until nobody answers. What was acknowledged.
async fn write_on(scene: Arc<Scene>, client: Client, writer: usize, done: Arc<AtomicUsize>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for nth in 0.. {
        let text = format!("Satz {writer} {nth}");
        match client.command(scene.forum, command_id(), &saying(&text)).await {
            Ok(_) => acknowledged.push(text),
            Err(Error::Problem(problem)) if problem.status < 500 => panic!("refused: {problem:?}"),
            Err(_) => break,
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// Writes over a socket until it is told goodbye. What was acknowledged, and when to come back, in milliseconds.
async fn until_bye(scene: Arc<Scene>, client: Client, writer: usize) -> (Vec<String>, u32) {
    let mut socket = LiveSocket::connect(&client).await.expect("a socket");
    let subscribe = ClientFrame::Subscribe { stream: scene.stream, after: None, audience: None, from: None };
    socket.send(&subscribe).await.expect("sent");
    let mut acknowledged = Vec::new();
    let mut sent = std::collections::HashMap::new();
    let mut pace = tokio::time::interval(Duration::from_millis(60));
    loop {
        tokio::select! {
            _ = pace.tick() => {
                let (id, text) = (command_id(), format!("Wort {writer} {}", sent.len()));
                let command = serde_json::to_value(saying(&text)).expect("plain data");
                // The line may be closed already; its goodbye is still to be read.
                let _ = socket.send(&ClientFrame::Command { id, stream: scene.stream, command }).await;
                sent.insert(id, text);
            }
            frame = socket.next::<Forum>() => match frame.expect("a goodbye comes first").expect("a goodbye comes first") {
                ServerFrame::Accepted(accepted) => acknowledged.push(sent[&accepted.id].clone()),
                ServerFrame::Rejected(rejected) => panic!("refused: {rejected:?}"),
                ServerFrame::Bye(bye) => return (acknowledged, bye.retry_ms),
                _ => {}
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_load_when_asked_to_stop_then_sockets_are_told_and_what_was_acknowledged_is_stored() {
    let mut server = Server::start();
    let mut scene = Arc::new(Scene::new(&server, Visibility::Code, Waiting::None).await);
    let reader = scene.guest(&server, "Leserin").await;
    let done: Arc<AtomicUsize> = Arc::default();
    let (mut over_rest, mut over_sockets) = (JoinSet::new(), JoinSet::new());
    for writer in 0..WRITERS {
        let client = scene.guest(&server, "Schreibt").await;
        over_rest.spawn(write_on(scene.clone(), client.clone(), writer, done.clone()));
        over_sockets.spawn(until_bye(scene.clone(), client, writer));
    }
    // One that does not read holds nobody up.
    let options = LiveOptions { receive_buffer: Some(4 * 1024), ..LiveOptions::default() };
    let mut stuck = LiveSocket::connect_with(&reader, &options).await.expect("a socket");
    let subscribe = ClientFrame::Subscribe { stream: scene.stream, after: None, audience: None, from: None };
    stuck.send(&subscribe).await.expect("sent");
    eventually("people write", async || done.load(Ordering::Relaxed) >= ENOUGH).await;

    server.terminate();
    let mut acknowledged = Vec::new();
    for (words, retry_ms) in timeout(SOON, over_sockets.join_all()).await.expect("every socket is told") {
        assert!(retry_ms > 0, "all would come back at once");
        assert!(!words.is_empty(), "nothing was written over this socket");
        acknowledged.extend(words);
    }
    for sentences in timeout(SOON, over_rest.join_all()).await.expect("nobody waits for an answer that does not come") {
        acknowledged.extend(sentences);
    }
    let status = server.ended();
    assert_eq!(status.code(), Some(0), "{status}");

    server.verify();
    server.start_again();
    let again = Arc::get_mut(&mut scene).expect("nobody else has it");
    again.staff = server.anew(&again.staff);
    let stored = scene.fresh(&scene.staff, 0).await.view.contributions;
    let stored: std::collections::HashSet<_> = stored.iter().map(|c| c.text.to_string()).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|text| !stored.contains(*text)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(server.stop().success());
}

/// Starts what must not start, and waits until it has ended.
async fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut start = command(arguments);
    start.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = start.spawn().expect("the program runs");
    let pid = rustix::process::Pid::from_child(&child);
    let ended = tokio::task::spawn_blocking(|| child.wait_with_output());
    let Ok(output) = timeout(SOON, ended).await else {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        panic!("{arguments:?} {environment:?} goes on");
    };
    let output = output.expect("no panic").expect("it ends");
    assert!(!output.status.success(), "{arguments:?} {environment:?} succeeded: {output:?}");
    assert!(output.status.code().is_some(), "{arguments:?} {environment:?} was killed: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} {environment:?}: {output:?}");
    output
}

/// The one line it says.
async fn refused_in_one_line(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = refused(arguments, environment).await;
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?} {environment:?}: {said}");
    assert!(!said.contains('\u{1b}'), "colours go to terminals only: {said:?}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_data_folder_in_use_when_a_second_server_starts_on_it_then_it_is_refused_and_the_first_goes_on() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let data = server.data.to_str().expect("UTF-8");
    let said = refused_in_one_line(&["serve", "--listen", "127.0.0.1:0", "--data", data], &[]).await;
    assert!(said.contains("data folder"), "{said}");
    scene.say(&amal, "Es geht weiter.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_address_in_use_when_a_server_starts_on_it_then_it_is_refused() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, listen) = (folder.path().to_str().expect("UTF-8"), server.url.trim_start_matches("http://"));
    let said = refused_in_one_line(&["serve", "--listen", listen, "--data", data], &[]).await;
    assert!(said.contains(listen), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_wrong_settings_when_it_starts_then_one_line_names_the_setting_and_what_was_wrong() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().to_str().expect("UTF-8");
    let wrong = [
        ("listen", "nowhere"),
        ("public_url", "stimm.example"),
        ("public_url", "https://stimm.example/path"),
        ("database_url", "mysql://x"),
        ("time_zone", "Europe/Atlantis"),
    ];
    for (setting, value) in wrong {
        let flag = format!("--{}", setting.replace('_', "-"));
        let said = refused_in_one_line(&["serve", "--data", data, &flag, value], &[]).await;
        assert!(said.contains(setting), "{flag} {value}: {said}");
        let name = format!("STIMMWERK_{}", setting.to_uppercase());
        let said = refused_in_one_line(&["serve", "--data", data], &[(&name, value)]).await;
        assert!(said.to_lowercase().contains(setting), "{name}={value}: {said}");
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, format!("{setting} = {value:?}\n")).expect("a file");
        let file = file.to_str().expect("UTF-8");
        let said = refused_in_one_line(&["serve", "--data", data, "--config", file], &[]).await;
        assert!(said.contains(setting), "{setting} = {value:?} in the file: {said}");
    }
    let file = folder.path().join("unknown.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").expect("a file");
    let said = refused_in_one_line(&["serve", "--data", data, "--config", file.to_str().expect("UTF-8")], &[]).await;
    assert!(said.contains("lisen"), "{said}");
    let missing = folder.path().join("missing.toml");
    let said = refused_in_one_line(&["serve", "--data", data, "--config", missing.to_str().expect("UTF-8")], &[]).await;
    assert!(said.contains("missing.toml"), "{said}");
    let queen = ["admin", "token", "create", "--data", data, "--role", "queen", "--name", "x"];
    let said = refused_in_one_line(&queen, &[]).await;
    assert!(said.contains("queen"), "{said}");
    // A flag that is not there comes with the list of those that are.
    let output = refused(&["serve", "--data", data, "--lissten", "127.0.0.1:0"], &[]).await;
    assert!(String::from_utf8_lossy(&output.stderr).lines().next().expect("a line").contains("--lissten"));
    // A file where the folder should be.
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "").expect("a file");
    let listen = ["serve", "--listen", "127.0.0.1:0", "--data"];
    let said = refused_in_one_line(&[&listen[..], &[taken.to_str().expect("UTF-8")]].concat(), &[]).await;
    assert!(said.contains("taken"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_file_that_is_no_database_when_it_starts_then_it_is_refused_and_the_file_is_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("stimmwerk.db");
    let words = "Das ist keine Datenbank. ".repeat(400);
    std::fs::write(&file, &words).expect("a file");
    let data = folder.path().to_str().expect("UTF-8");
    let said = refused_in_one_line(&["serve", "--listen", "127.0.0.1:0", "--data", data], &[]).await;
    assert!(said.contains("database"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), words);
}

/// Runs SQL on a database by whatever tool there is. Whether there is one.
fn sql(file: &std::path::Path, statement: &str) -> bool {
    let python = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()";
    for (tool, first) in [("sqlite3", &[][..]), ("python3", &["-c", python][..])] {
        let done = std::process::Command::new(tool).args(first).arg(file).arg(statement).output();
        if let Ok(done) = done {
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            return true;
        }
    }
    skip_test("neither sqlite3 nor python3 is here to change a database with");
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_database_of_a_newer_program_when_it_starts_then_it_is_refused_and_nothing_is_touched() {
    let mut server = Server::start();
    let mut scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    scene.say(&amal, "Von heute.").await;
    assert!(server.stop().success());
    let file = server.data.join("stimmwerk.db");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'of tomorrow', 1, x'00', 0)";
    if !sql(&file, newer) {
        return;
    }
    let before = std::fs::read(&file).expect("readable");
    let data = server.data.to_str().expect("UTF-8");
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0", "--data", data][..],
        &["admin", "verify", "--data", data],
        &["admin", "token", "create", "--role", "admin", "--name", "x", "--data", data],
    ] {
        let said = refused_in_one_line(arguments, &[]).await;
        assert!(said.contains("newer"), "{said}");
    }
    assert!(std::fs::read(&file).expect("readable") == before, "the database was changed");

    assert!(sql(&file, "DELETE FROM _sqlx_migrations WHERE version = 9999"));
    server.start_again();
    scene.staff = server.anew(&scene.staff);
    assert_eq!(scene.fresh(&scene.staff, 0).await.view.contributions.len(), 1);
}
