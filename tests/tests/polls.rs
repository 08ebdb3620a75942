//! Polls from outside: a storm of votes, kills in the middle of it, secrecy on disk, ends that nobody watches.

use std::collections::BTreeMap;
use std::time::Duration;

use stimmwerk_client::{Burst, Client, Error, LiveSocket, command_id, latencies, question, sums};
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::ids::PollId;
use stimmwerk_core::live::{ClientFrame, ServerFrame};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::poll::{Electorate, Phase, Poll, PollCommand, Question, Secrecy, Turnout};
use stimmwerk_core::tally::{Majority, Method, Outcome};
use stimmwerk_tests::{Scene, Server, eventually, refusal};

async fn tell(client: &Client, poll: PollId, command: PollCommand) -> Result<(), Error> {
    client.tell_poll(poll, command_id(), &command).await.map(drop)
}

/// A poll that is open.
async fn opened(scene: &Scene, question: &Question) -> PollId {
    let poll = scene.staff.create_poll(scene.process, Some(scene.forum), question).await.expect("a poll");
    tell(&scene.staff, poll, PollCommand::Open { seconds: None }).await.expect("opened");
    poll
}

fn vote(marks: &[u8]) -> PollCommand {
    PollCommand::Vote { round: 1, marks: marks.to_vec(), card: None }
}

fn with_card(marks: &[u8], card: &str) -> PollCommand {
    PollCommand::Vote { round: 1, marks: marks.to_vec(), card: Some(card.to_owned()) }
}

fn single(secrecy: Secrecy) -> Question {
    Question { secrecy, ..question("Was zuerst?", Method::Single, &["A", "B", "C"]) }
}

async fn people(scene: &Scene, server: &Server, count: usize) -> Vec<(Client, Vec<u8>)> {
    let mut people = Vec::new();
    for nth in 0..count {
        let mut marks = vec![0; 3];
        marks[nth * 7 % 5 % 3] = 1;
        people.push((scene.guest(server, &format!("Person {nth}")).await, marks));
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_storm_of_votes_then_each_counts_once_and_the_tally_is_exact() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let people = people(&scene, &server, 120).await;
    for secrecy in Secrecy::ALL {
        let poll = opened(&scene, &single(secrecy)).await;
        let stream = scene.staff.poll(poll).await.expect("the poll").stream;
        let burst = Burst {
            poll,
            stream,
            round: 1,
            within: Duration::from_millis(500),
            copies: 5,
            patience: Duration::from_secs(30),
        };
        let casts = burst.run(people.clone()).await.expect("a burst");
        let refused: Vec<_> = casts.iter().flat_map(|cast| &cast.refused).collect();
        assert!(refused.is_empty(), "{secrecy:?}: {refused:?}");
        assert_eq!(latencies(&casts).len(), 120, "{secrecy:?}: all acknowledged");
        assert!(casts.iter().all(|cast| cast.frames > 0), "{secrecy:?}: everyone saw the turnout grow");
        let open = scene.staff.poll(poll).await.expect("the poll").view;
        assert_eq!(open.turnout.online, 120);
        assert_eq!(open.result, None, "{secrecy:?}: nobody sees a result before the end");
        tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
        let result = scene.staff.poll(poll).await.expect("the poll").view.result.expect("staff see it");
        assert_eq!((result.tally.ballots, result.tally.sums), (120, sums(&casts)), "{secrecy:?}");
    }
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn given_copies_of_ballots_that_come_late_then_the_last_ballot_pressed_counts() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let poll = opened(&scene, &single(Secrecy::Confidential)).await;
    let mut guest = scene.guest(&server, "Ayşe").await;
    let (a, b) = (vote(&[1, 0, 0]), vote(&[0, 1, 0]));
    // The same twice, then another: three presses.
    let pressed: Vec<_> = [&a, &a, &b].into_iter().map(|ballot| (command_id(), ballot)).collect();
    for round in 0..2 {
        for (id, ballot) in &pressed {
            guest.tell_poll(poll, *id, ballot).await.expect("taken, or taken already");
        }
        // Copies of all of them, and the newest first.
        for (id, ballot) in pressed.iter().rev() {
            guest.tell_poll(poll, *id, ballot).await.expect("taken already");
        }
        let own = guest.poll(poll).await.expect("the poll").own.and_then(|own| own.marks);
        assert_eq!(own, Some(vec![0, 1, 0]), "round {round}");
        // What was taken is known after a restart too.
        server.kill_and_restart();
        guest = server.anew(&guest);
    }
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn given_kills_in_the_middle_of_a_vote_then_nothing_acknowledged_is_lost() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    for secrecy in [Secrecy::Confidential, Secrecy::Secret] {
        let staff = server.anew(&scene.staff);
        let poll = opened(&Scene { staff: staff.clone(), code: scene.code.clone(), ..scene }, &single(secrecy)).await;
        let voters = people(&scene, &server, 60).await;
        let mut tasks = Vec::new();
        for (nth, (client, marks)) in voters.into_iter().enumerate() {
            tasks.push(tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(nth as u64 * 25)).await;
                let id = command_id();
                // Until it is known: the same ballot under the same id.
                for _ in 0..200 {
                    match client.tell_poll(poll, id, &vote(&marks)).await {
                        Ok(_) => return marks,
                        Err(Error::Problem(problem)) if problem.status < 500 => panic!("{problem:?}"),
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
                }
                panic!("no answer")
            }));
        }
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.kill_and_restart();
        }
        let mut expected = vec![0; 3];
        for task in tasks {
            for (sum, mark) in expected.iter_mut().zip(task.await.expect("acknowledged in the end")) {
                *sum += u64::from(mark);
            }
        }
        let staff = server.anew(&scene.staff);
        tell(&staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
        let result = staff.poll(poll).await.expect("the poll").view.result.expect("a result");
        assert_eq!((result.tally.ballots, result.tally.sums), (60, expected), "{secrecy:?}");
    }
    server.verify();
}

/// Twenty numbers that nobody else has.
fn unmistakable(nth: u8) -> Vec<u8> {
    (0..20).map(|place| (nth.wrapping_mul(31).wrapping_add(place * 7) % 5) + u8::from(place == nth % 20)).collect()
}

fn files_with(needle: &[u8], server: &Server) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&server.data).expect("the data folder").flatten() {
        if std::fs::read(entry.path()).is_ok_and(|bytes| memchr::memmem::find(&bytes, needle).is_some()) {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_secret_poll_then_nothing_on_disk_or_wire_links_a_ballot_to_its_voter() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let options: Vec<String> = (0..20).map(|nth| format!("Punkt {nth}")).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let asked = Question { secrecy: Secrecy::Secret, ..question("Wohin?", Method::Dots { points: 100 }, &options) };
    let poll = opened(&scene, &asked).await;
    let stream = scene.staff.poll(poll).await.expect("the poll").stream;
    let mut socket = LiveSocket::connect(&scene.staff).await.expect("a socket");
    let follow = ClientFrame::Subscribe { stream, after: None, audience: None, from: None };
    socket.send(&follow).await.expect("followed");
    let mut cast = Vec::new();
    for nth in 0..12 {
        let client = scene.guest(&server, &format!("Person {nth}")).await;
        let (marks, id) = (unmistakable(nth), command_id());
        client.tell_poll(poll, id, &vote(&marks)).await.expect("taken");
        // What the log remembers of the command says nothing of the choice: another one passes for the same.
        client.tell_poll(poll, id, &vote(&unmistakable(nth + 1))).await.expect("the old answer");
        assert_eq!(refusal(tell(&client, poll, vote(&marks)).await), (409, "already_voted".to_owned()));
        let own = client.poll(poll).await.expect("the poll").own.expect("joined");
        assert!(own.voted && own.marks.is_none());
        cast.push((client, marks));
    }
    let open = scene.staff.poll(poll).await.expect("the poll").view;
    assert_eq!((open.turnout.online, open.result), (12, None));
    assert!(!files_with(&cast[3].1, &server).is_empty(), "this test would not find a ballot");
    let json = |marks: &[u8]| serde_json::to_string(marks).expect("plain data");
    assert!(
        cast.iter().all(|(_, marks)| files_with(json(marks).as_bytes(), &server).is_empty()),
        "a ballot in an event"
    );

    tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");

    // As rows of the box nothing is left in any file, the write-ahead log included.
    for (_, marks) in &cast {
        assert_eq!(files_with(marks, &server), Vec::<std::path::PathBuf>::new());
    }
    // The one event has them in the order of their content, however they came.
    let mut sorted: Vec<String> = {
        let mut marks: Vec<_> = cast.iter().map(|(_, marks)| marks.clone()).collect();
        marks.sort();
        marks.iter().map(|marks| json(marks)).collect()
    };
    sorted.dedup();
    let mut found = 0;
    for entry in std::fs::read_dir(&server.data).expect("the data folder").flatten() {
        let Ok(bytes) = std::fs::read(entry.path()) else { continue };
        let places: Vec<Option<usize>> =
            sorted.iter().map(|marks| memchr::memmem::find(&bytes, marks.as_bytes())).collect();
        found += places.iter().flatten().count();
        assert!(places.iter().flatten().is_sorted(), "{}: in the order of casting?", entry.path().display());
    }
    assert!(found >= sorted.len(), "the counted ballots stand in the log");
    // Nor did it go over the wire, to staff either.
    let mut frames = 0;
    while let Ok(Ok(Some(text))) = tokio::time::timeout(Duration::from_millis(500), socket.next_text()).await {
        frames += usize::from(text.contains("turnout"));
        assert!(cast.iter().all(|(_, marks)| !text.contains(&json(marks))), "a ballot in a frame");
    }
    assert!(frames > 0, "this test heard nothing");
    let result = scene.staff.poll(poll).await.expect("the poll").view.result.expect("a result");
    let sums: Vec<u64> = (0..20).map(|place| cast.iter().map(|(_, marks)| u64::from(marks[place])).sum()).collect();
    assert_eq!(result.tally.sums, sums);
    server.kill_and_restart();
    let staff = server.anew(&scene.staff);
    assert_eq!(staff.poll(poll).await.expect("the poll").view.result.expect("a result").tally.sums, sums);
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_end_then_the_poll_closes_though_nobody_is_there() {
    let mut server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let guest = scene.guest(&server, "Ayşe").await;
    let asked = Question { secrecy: Secrecy::Open, ..question("Einverstanden?", Method::YesNo, &[]) };
    let poll = scene.staff.create_poll(scene.process, None, &asked).await.expect("a poll");
    assert_eq!(refusal(guest.poll(poll).await), (404, "not_found".to_owned()), "a draft is for staff");
    assert_eq!(refusal(tell(&guest, poll, vote(&[1, 0, 0])).await).0, 404);
    tell(&scene.staff, poll, PollCommand::Open { seconds: Some(2) }).await.expect("opened");
    tell(&guest, poll, vote(&[1, 0, 0])).await.expect("taken");
    tell(&guest, poll, vote(&[0, 1, 0])).await.expect("changed");
    // While it sleeps too.
    server.kill();
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.start_again();
    let staff = server.anew(&scene.staff);
    eventually("the poll is closed", || async {
        staff.poll(poll).await.is_ok_and(|poll| poll.view.poll.is_some_and(|poll| poll.phase == Phase::Closed))
    })
    .await;
    let guest = server.anew(&guest);
    assert_eq!(refusal(tell(&guest, poll, vote(&[1, 0, 0])).await), (409, "poll_not_open".to_owned()));
    assert_eq!(guest.poll(poll).await.expect("the poll").view.result, None, "not revealed yet");
    tell(&staff, poll, PollCommand::Reveal).await.expect("revealed");
    let result = guest.poll(poll).await.expect("the poll").view.result.expect("revealed");
    assert_eq!((result.tally.sums, result.outcome), (vec![0, 1, 0], Outcome::Rejected));
    // Another round begins with nobody's ballot, and a late one for the first does not count in it.
    tell(&staff, poll, PollCommand::Again).await.expect("again");
    assert_eq!(refusal(tell(&guest, poll, vote(&[1, 0, 0])).await), (409, "other_round".to_owned()));
    let view = guest.poll(poll).await.expect("the poll");
    assert_eq!((view.view.turnout.online, view.own.map(|own| own.voted)), (0, Some(false)));
    assert_eq!(view.view.before.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_voting_cards_then_each_votes_once_and_nothing_keeps_its_code() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let guest = scene.guest(&server, "Am Saaltablet").await;
    let open = question("Wählen wir?", Method::YesNo, &[]);
    let asked = Question { electorate: Electorate::Cards, secrecy: Secrecy::Open, ..open };
    let poll = scene.staff.create_poll(scene.process, None, &asked).await.expect("a poll");
    let without = tell(&scene.staff, poll, PollCommand::Open { seconds: None }).await;
    assert_eq!(refusal(without), (409, "no_cards".to_owned()), "nobody could vote");
    let cards = scene.staff.issue_cards(poll, 4).await.expect("cards");
    assert_eq!((cards.from, cards.codes.len()), (1, 4));
    tell(&scene.staff, poll, PollCommand::Open { seconds: None }).await.expect("opened");
    let yes = [1, 0, 0];
    assert_eq!(refusal(tell(&guest, poll, vote(&yes)).await).1, "card_unknown");
    assert_eq!(refusal(tell(&guest, poll, with_card(&yes, "BBBB-BBBB-BBBB")).await).1, "card_unknown");
    for card in &cards.codes[..3] {
        tell(&guest, poll, with_card(&yes, card)).await.expect("taken");
    }
    // Typed as people type it is the same card: it has voted, for good.
    let typed = cards.codes[0].to_lowercase().replace('-', " ");
    assert_eq!(refusal(tell(&guest, poll, with_card(&[0, 1, 0], &typed)).await), (409, "already_voted".to_owned()));
    tell(&scene.staff, poll, PollCommand::VoidCards { from: 4, to: 4 }).await.expect("voided");
    assert_eq!(refusal(tell(&guest, poll, with_card(&yes, &cards.codes[3])).await).1, "card_unknown");
    let turnout = Turnout { online: 3, entitled: Some(3), ..Turnout::default() };
    assert_eq!(guest.poll(poll).await.expect("the poll").view.turnout, turnout);
    tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
    let result = scene.staff.poll(poll).await.expect("the poll").view.result.expect("a result");
    assert_eq!((result.tally.sums, result.outcome), (vec![3, 0, 0], Outcome::Adopted));
    for code in cards.codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]) {
        assert_eq!(files_with(code.as_bytes(), &server), Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_open_poll_then_everyone_sees_who_voted_what_and_of_others_nothing() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (one, two) = (scene.guest(&server, "Olena").await, scene.guest(&server, "Samir").await);
    let mut listed = BTreeMap::new();
    for secrecy in Secrecy::ALL {
        let poll = opened(&scene, &single(secrecy)).await;
        tell(&one, poll, vote(&[1, 0, 0])).await.expect("taken");
        tell(&two, poll, vote(&[0, 0, 1])).await.expect("taken");
        let ballots =
            || async { one.read::<Vec<serde_json::Value>>(&format!("/polls/{poll}/ballots")).await.expect("ballots") };
        assert!(ballots().await.is_empty(), "{secrecy:?}: not while people vote");
        tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
        assert!(ballots().await.is_empty(), "{secrecy:?}: not before it is revealed");
        tell(&scene.staff, poll, PollCommand::Reveal).await.expect("revealed");
        listed.insert(format!("{secrecy:?}"), ballots().await);
    }
    let open: Vec<_> = listed["Open"].iter().map(|one| (one["name"].clone(), one["marks"].clone())).collect();
    let expected = [("Olena", [1, 0, 0]), ("Samir", [0, 0, 1])]
        .map(|(name, marks)| (serde_json::json!(name), serde_json::json!(marks)));
    assert_eq!(open, expected);
    assert!(listed["Confidential"].is_empty() && listed["Secret"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_names_nobody_has_read_then_only_staff_see_them_beside_ballots() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::FirstOfGuest).await;
    let (read, unread) = (scene.guest(&server, "Olena").await, scene.guest(&server, "Ungelesen").await);
    let contribution = scene.say(&read, "Guten Abend").await;
    scene.tell(&scene.staff, ForumCommand::Approve { contribution, seen: None }).await.expect("approved");
    let poll = opened(&scene, &single(Secrecy::Open)).await;
    for one in [&read, &unread] {
        tell(one, poll, vote(&[1, 0, 0])).await.expect("taken");
    }
    tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
    tell(&scene.staff, poll, PollCommand::Reveal).await.expect("revealed");
    let names_of = |client: Client, poll: PollId| async move {
        let path = format!("/polls/{poll}/ballots");
        let ballots: Vec<serde_json::Value> = client.read(&path).await.expect("ballots");
        ballots.into_iter().map(|one| one["name"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names_of(read.clone(), poll).await, ["Olena", "-"]);
    assert_eq!(names_of(scene.staff.clone(), poll).await, ["Olena", "Ungelesen"]);
    // Without a forum nobody reads names at all.
    let poll = scene.staff.create_poll(scene.process, None, &single(Secrecy::Open)).await.expect("a poll");
    tell(&scene.staff, poll, PollCommand::Open { seconds: None }).await.expect("opened");
    tell(&read, poll, vote(&[1, 0, 0])).await.expect("taken");
    tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
    tell(&scene.staff, poll, PollCommand::Reveal).await.expect("revealed");
    assert_eq!(names_of(unread, poll).await, ["-"]);
    assert_eq!(names_of(scene.staff.clone(), poll).await, ["Olena"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_one_key_for_two_polls_then_both_open_and_the_forum_knows() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let mut polls = Vec::new();
    for _ in 0..2 {
        let asked = single(Secrecy::Confidential);
        polls.push(scene.staff.create_poll(scene.process, Some(scene.forum), &asked).await.expect("a poll"));
    }
    // A key holds for one stream: each poll is another.
    let key = command_id();
    for poll in &polls {
        scene.staff.tell_poll(*poll, key, &PollCommand::Open { seconds: None }).await.expect("opened");
    }
    let path = format!("/forums/{}", scene.forum);
    eventually("the forum calls to both", || async {
        let forum: serde_json::Value = scene.staff.read(&path).await.expect("the forum");
        let known = forum["view"]["polls"].as_array().cloned().unwrap_or_default();
        known.len() == 2 && known.iter().all(|poll| poll["phase"] == "open")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_two_rounds_then_the_table_has_the_rule_both_results_and_where_the_log_stood() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let asked = Question { majority: Majority::Absolute, ..single(Secrecy::Confidential) };
    let poll = opened(&scene, &asked).await;
    let people = people(&scene, &server, 6).await;
    for (nth, (client, _)) in people.iter().enumerate() {
        tell(client, poll, vote(&[u8::from(nth < 3), u8::from(nth >= 3), 0])).await.expect("taken");
    }
    tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
    tell(&scene.staff, poll, PollCommand::Again).await.expect("again");
    for (client, _) in &people[..5] {
        let again = PollCommand::Vote { round: 2, marks: vec![0, 1, 0], card: None };
        tell(client, poll, again).await.expect("taken");
    }
    tell(&scene.staff, poll, PollCommand::CountHands { counts: vec![7, 0, 0], people: 0 }).await.expect("counted");
    tell(&scene.staff, poll, PollCommand::Close { seconds: Some(0) }).await.expect("closed");
    tell(&scene.staff, poll, PollCommand::Reveal).await.expect("revealed");
    let seq = scene.staff.poll(poll).await.expect("the poll").seq;
    let table = |client: Client| async move {
        let answer =
            client.request(reqwest::Method::GET, &format!("/api/v1/polls/{poll}/result?format=csv")).send().await;
        answer.expect("an answer").text().await.expect("a table")
    };
    let staff = table(scene.staff.clone()).await;
    let lines: Vec<&str> = staff.trim_start_matches('\u{feff}').lines().collect();
    let columns: Vec<&str> = lines[0].split(';').collect();
    let rows: Vec<BTreeMap<&str, &str>> =
        lines[1..].iter().map(|line| columns.iter().copied().zip(line.split(';')).collect()).collect();
    let of =
        |row: &BTreeMap<&str, &str>, names: &[&str]| names.iter().map(|name| row[name]).collect::<Vec<_>>().join(";");
    let figures =
        ["round", "outcome", "ballots", "base", "base_count", "needed", "option", "text", "sum", "share_percent"];
    let figures: Vec<String> =
        rows.iter().map(|row| of(row, &[&figures[..], &["place", "online", "hands", "paper"]].concat())).collect();
    let expected = [
        "2;won;12;ballots;12;7;1;A;7;58;1;0;7;",
        "2;won;12;ballots;12;7;2;B;5;42;2;5;0;",
        "2;won;12;ballots;12;7;3;C;0;0;3;0;0;",
        "1;tied;6;ballots;6;4;1;A;3;50;1;;;",
        "1;tied;6;ballots;6;4;2;B;3;50;1;;;",
        "1;tied;6;ballots;6;4;3;C;0;0;3;;;",
    ];
    assert_eq!(figures, expected);
    for row in &rows {
        assert_eq!(of(row, &["majority", "secrecy", "event"]), format!("absolute;confidential;{}", seq.0));
        assert!(row["opened_at"].ends_with(":00") && row["closed_at"].len() == "2026-11-24T00:30:00+01:00".len());
        assert_eq!(row["log"].len(), 16);
    }
    let guest = table(people[0].0.clone()).await;
    assert_eq!(guest.lines().count(), 1 + 3, "what was not revealed stays with staff");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_draft_then_its_stream_is_not_there_for_guests() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let guest = scene.guest(&server, "Neugierig").await;
    let asked = question("Noch geheim?", Method::YesNo, &[]);
    let poll = scene.staff.create_poll(scene.process, Some(scene.forum), &asked).await.expect("a poll");
    let stream = scene.staff.poll(poll).await.expect("the poll").stream;
    let mut socket = LiveSocket::connect(&guest).await.expect("a socket");
    socket.send(&ClientFrame::Subscribe { stream, after: None, audience: None, from: None }).await.expect("sent");
    match socket.next::<Poll>().await.expect("a frame") {
        Some(ServerFrame::Rejected(rejected)) => assert_eq!(rejected.problem.code, "not_found"),
        other => panic!("{other:?}"),
    }
    let deltas = guest.read::<serde_json::Value>(&format!("/streams/{stream}/deltas?after=0")).await;
    assert_eq!(refusal(deltas), (404, "not_found".to_owned()));
}
