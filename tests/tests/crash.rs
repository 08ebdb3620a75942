//! The oracle under `kill -9`: what was acknowledged is there, what is there was acknowledged or unknown, nothing is
//! there twice, and every reader who came back sees exactly what a fresh look shows.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use stimmwerk_client::{Client, Follow, Follower, Outcome, Record, Resend, command_id};
use stimmwerk_core::forum::{ForumCommand, ForumView, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, ParticipantId, StreamId};
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_tests::{PATIENCE, World, assert_same_view, saying, seeded};
use tokio::task::JoinSet;

/// Kills of a normal run; `STIMMWERK_KILLS` for more.
const KILLS: u32 = 50;

/// How a writer speaks, and what it does about a lost answer.
#[derive(Clone, Copy, Debug)]
enum Door {
    Socket(Resend),
    Rest(Resend),
}

const DOORS: [Door; 4] =
    [Door::Socket(Resend::Always), Door::Socket(Resend::Never), Door::Rest(Resend::Always), Door::Rest(Resend::Never)];

/// What all writers of a forum share.
struct Scene {
    forum: ForumId,
    stream: StreamId,
    record: Arc<Record>,
    /// Acknowledged contributions, to be supported.
    known: Mutex<Vec<ContributionId>>,
    over: AtomicBool,
    /// Contributions alone: then every number of the stream is a position.
    only_contributions: bool,
}

/// A person's support in the order it was given and taken, with what became of each step.
type Supports = Vec<(ContributionId, bool, Outcome)>;

async fn write(scene: Arc<Scene>, client: Client, door: Door, mut random: StdRng) -> Supports {
    let resend = match door {
        Door::Socket(resend) | Door::Rest(resend) => resend,
    };
    let follower = matches!(door, Door::Socket(_)).then(|| {
        Follow::stream(&client, scene.stream)
            .resend(resend)
            .record(&scene.record)
            .longest_pause(Duration::from_millis(100))
            .start()
    });
    let mut supports = Supports::new();
    while !scene.over.load(Ordering::Relaxed) {
        let target = scene.known.lock().expect("no panic while held").choose(&mut random).copied();
        let id = command_id();
        let (command, support) = match target {
            Some(contribution) if !scene.only_contributions && random.random_bool(0.3) => {
                if random.random_bool(0.6) {
                    (ForumCommand::Support { contribution }, Some((contribution, true)))
                } else {
                    (ForumCommand::Unsupport { contribution }, Some((contribution, false)))
                }
            }
            // The text names the command, so that the forum can be read as a list of commands.
            _ => (saying(&format!("Befehl {id}")), None),
        };
        let outcome = match &follower {
            Some(follower) => follower.command_as(id, command).await,
            None => over_rest(&scene, &client, id, &command, resend).await,
        };
        match support {
            Some((contribution, there)) => supports.push((contribution, there, outcome)),
            None => {
                let made = outcome.acknowledged().and_then(|written| written.id).map(ContributionId);
                scene.known.lock().expect("no panic while held").extend(made);
            }
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(1..40))).await;
    }
    supports
}

async fn over_rest(
    scene: &Scene,
    client: &Client,
    id: stimmwerk_core::ids::CommandId,
    command: &ForumCommand,
    resend: Resend,
) -> Outcome {
    scene.record.note(id, command, Outcome::Unknown);
    loop {
        let outcome = Outcome::from(&client.command(scene.forum, id, command).await);
        scene.record.note(id, command, outcome.clone());
        if outcome != Outcome::Unknown || resend == Resend::Never {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_writers_and_readers_when_the_program_is_killed_at_random_then_the_oracle_holds() {
    let kills = std::env::var("STIMMWERK_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let mut random = seeded();
    let mut world = World::new().await;
    let (plain, plain_stream) = world.another_forum(Waiting::None).await;
    let scene = |forum, stream, only_contributions| {
        let known = Mutex::default();
        Arc::new(Scene {
            forum,
            stream,
            record: Arc::default(),
            known,
            over: AtomicBool::new(false),
            only_contributions,
        })
    };
    let (mixed, plain) = (scene(world.forum, world.stream, false), scene(plain, plain_stream, true));

    let mut writers: JoinSet<(ParticipantId, Client, Supports)> = JoinSet::new();
    for scene in [&mixed, &mixed, &plain] {
        for door in DOORS {
            let ((client, participant), scene) = (world.guest_and_id().await, Arc::clone(scene));
            let random = StdRng::seed_from_u64(random.random());
            writers.spawn(async move { (participant, client.clone(), write(scene, client, door, random).await) });
        }
    }
    let guest = world.guest().await;
    let mut readers: Vec<(&str, &Client, &Scene, Follower)> = Vec::new();
    for scene in [&mixed, &plain] {
        for (who, client) in [("a participant", &guest), ("a participant", &guest), ("a moderator", &world.staff)] {
            let follower = Follow::stream(client, scene.stream).longest_pause(Duration::from_millis(100)).start();
            assert!(follower.reaches(Seq(1), PATIENCE).await);
            readers.push((who, client, scene, follower));
        }
    }

    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(random.random_range(150..700))).await;
        world.server.kill().await;
        world.server.start_again().await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for scene in [&mixed, &plain] {
        scene.over.store(true, Ordering::Relaxed);
    }
    let written = tokio::time::timeout(PATIENCE, writers.join_all()).await.expect("every writer gets an answer");

    let everything = WindowRequest { from: Some(0), ..WindowRequest::default() };
    for scene in [&mixed, &plain] {
        let whole = world.staff.forum(scene.forum, &everything).await.expect("the forum");
        judge(scene, &whole.view, whole.seq);
    }
    let view = world.staff.forum(mixed.forum, &everything).await.expect("the forum").view;
    judge_support(&world, &view, &written).await;

    for (who, client, scene, follower) in &readers {
        let fresh = client.whole_forum(scene.forum).await.expect("the forum");
        assert!(
            follower.reaches(fresh.seq, PATIENCE).await,
            "{who} stays at {}: {:?}",
            follower.seq(),
            follower.seen()
        );
        let seen = follower.seen();
        assert_eq!(seen.violations, [], "{who}");
        assert_eq!(seen.snapshots, 1, "{who} lost its place, so the server had shown what was not durable: {seen:?}");
        assert_same_view(who, &follower.view().expect("a view"), &fresh.view);
    }
    drop(readers);
    world.server.terminate();
    assert!(world.server.ended().await.success());
    world.server.verify().await;
}

/// Acknowledged ⊆ stored ⊆ acknowledged ∪ unknown, each once, and numbers without gap.
fn judge(scene: &Scene, view: &ForumView, head: Seq) {
    assert_eq!(scene.record.contradictions(), Vec::<String>::new());
    let mut stored: HashMap<String, (ContributionId, u64)> = HashMap::new();
    for contribution in &view.contributions {
        let twice = stored.insert(contribution.text.to_string(), (contribution.id, contribution.position));
        assert_eq!(twice, None, "{} was carried out twice", contribution.text);
    }
    let (mut acknowledged, mut unknown) = (0, 0);
    for (id, operation) in scene.record.operations() {
        let ForumCommand::Contribute { text, .. } = &operation.command else { continue };
        let stored = stored.remove(text);
        match (&operation.outcome, stored) {
            (Outcome::Acknowledged(written), Some((contribution, position))) => {
                assert_eq!((written.id, written.seq), (Some(contribution.0), Seq(position)), "{id}");
                acknowledged += 1;
            }
            (Outcome::Acknowledged(written), None) => panic!("{id} was acknowledged as {written:?} and is gone"),
            (Outcome::Refused(problem), _) => panic!("{id} was refused: {problem:?}"),
            (Outcome::Unknown, _) => unknown += 1,
        }
    }
    assert_eq!(stored, HashMap::new(), "stored, and nobody sent it");
    println!("{acknowledged} contributions acknowledged, {unknown} unknown, {} stored", view.contributions.len());
    assert!(acknowledged > 100, "hardly anything was exercised");
    if scene.only_contributions {
        let positions: Vec<u64> = view.contributions.iter().rev().map(|contribution| contribution.position).collect();
        assert_eq!(positions, (2..=head.0).collect::<Vec<_>>(), "numbers without gap");
    }
}

/// What each person supports follows from what they did; where an answer is unknown, either may be.
async fn judge_support(world: &World, view: &ForumView, written: &[(ParticipantId, Client, Supports)]) {
    let mut counts: HashMap<ContributionId, u32> = HashMap::new();
    for (participant, client, supports) in written {
        let mut possible: HashMap<ContributionId, BTreeSet<bool>> = HashMap::new();
        for (contribution, there, outcome) in supports {
            let possible = possible.entry(*contribution).or_insert_with(|| BTreeSet::from([false]));
            match outcome {
                Outcome::Acknowledged(_) => *possible = BTreeSet::from([*there]),
                Outcome::Unknown => _ = possible.insert(*there),
                Outcome::Refused(problem) if problem.code == "own_contribution" => {}
                Outcome::Refused(problem) => panic!("{problem:?}"),
            }
        }
        let path = format!("/streams/{}/deltas?after={}&from=0", world.stream, u32::MAX);
        let own: stimmwerk_client::StreamDeltas = client.read(&path).await.expect("the personal view");
        let supported: BTreeSet<ContributionId> = own.own.expect("they joined").supported.into_iter().collect();
        for (contribution, possible) in &possible {
            let is = supported.contains(contribution);
            assert!(possible.contains(&is), "{participant} on {contribution}: {is}, possible was {possible:?}");
        }
        for contribution in supported {
            assert!(possible.contains_key(&contribution), "{participant} supports {contribution} without having asked");
            *counts.entry(contribution).or_default() += 1;
        }
    }
    for contribution in &view.contributions {
        let recount = counts.get(&contribution.id).copied().unwrap_or_default();
        assert_eq!(contribution.support, recount, "{}: the count and a recount", contribution.id);
    }
}
