//! Readers whose line is cut at random moments miss nothing and see nothing twice, whoever they are.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use stimmwerk_client::{Client, Follow, Follower, ForumMirror, LiveSocket, StreamDeltas};
use stimmwerk_core::forum::{Forum, ForumCommand, HideReason, Mode, OwnView, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::live::{ClientFrame, Deltas, ServerFrame};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::Audience;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_tests::{SOON, Scene, Server, eventually, replying, saying};
use tokio::task::JoinSet;

/// Readers of each kind.
const READERS: usize = 6;
/// The storm goes on until so many commands were taken,
const COMMANDS: u32 = 600;
/// and every reader was cut off so often.
const CUTS: u32 = 5;

/// A seed for what is random: `STIMMWERK_SEED`, or a fresh one, printed so that a failure can be repeated.
fn seeded() -> StdRng {
    let seed = std::env::var("STIMMWERK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("STIMMWERK_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// What people of the storm share.
struct Storm {
    scene: Scene,
    known: Mutex<Vec<ContributionId>>,
    done: AtomicU32,
    over: AtomicBool,
}

impl Storm {
    fn some(&self, random: &mut StdRng) -> Option<ContributionId> {
        self.known.lock().expect("no panic while held").choose(random).copied()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Refusals are part of the game: the other was withdrawn or hidden meanwhile.
    async fn tell(&self, client: &Client, command: ForumCommand) -> Option<ContributionId> {
        let written = self.scene.tell(client, command).await.ok()?;
        self.done.fetch_add(1, Ordering::Relaxed);
        written.id.map(ContributionId)
    }
}

/// Writes, answers, changes, takes back and supports until it is over.
async fn talk(storm: Arc<Storm>, client: Client, mut random: StdRng) {
    let mut mine: Vec<ContributionId> = Vec::new();
    while !storm.is_over() {
        let (some, own) = (storm.some(&mut random), mine.choose(&mut random).copied());
        let words = format!("**Wort** {} {}", random.random::<u32>(), "und mehr ".repeat(random.random_range(0..60)));
        let command = match (random.random_range(0..10), some, own) {
            (0..=1, Some(parent), _) => replying(&words, parent),
            (2..=4, Some(contribution), _) => ForumCommand::Support { contribution },
            (5, Some(contribution), _) => ForumCommand::Unsupport { contribution },
            (6, _, Some(contribution)) => ForumCommand::Edit { contribution, text: words },
            (7, _, Some(contribution)) if random.random_bool(0.3) => ForumCommand::Withdraw { contribution },
            _ => saying(&words),
        };
        let is_new = matches!(command, ForumCommand::Contribute { .. });
        if let (Some(id), true) = (storm.tell(&client, command).await, is_new) {
            mine.push(id);
            storm.known.lock().expect("no panic while held").push(id);
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..25))).await;
    }
}

/// Approves, hides, restores, erases and changes the rules until it is over.
async fn moderate(storm: Arc<Storm>, mut random: StdRng) {
    let staff = storm.scene.staff.clone();
    while !storm.is_over() {
        let title =
            |word: &str, random: &mut StdRng| Texts::of(Lang::german(), &format!("{word} {}", random.random::<u8>()));
        let command = match (random.random_range(0..20), storm.some(&mut random)) {
            (0..=9, Some(contribution)) => ForumCommand::Approve { contribution, seen: None },
            (10..=12, Some(contribution)) => {
                ForumCommand::Hide { contribution, reason: HideReason::Insult, note: Some("So nicht.".to_owned()) }
            }
            (13..=14, Some(contribution)) => ForumCommand::Restore { contribution },
            (15, Some(contribution)) => ForumCommand::Erase { contribution },
            (16, _) => ForumCommand::SetTitle { title: title("Gespräch", &mut random) },
            (17, _) => ForumCommand::AddTopic { title: title("Thema", &mut random) },
            (18, _) => {
                let waiting = *[Waiting::None, Waiting::All, Waiting::FirstOfGuest].choose(&mut random).expect("three");
                ForumCommand::SetWaiting { waiting }
            }
            _ => ForumCommand::SetState { mode: Mode::Slow { seconds: 1 }, until: None, minutes: None },
        };
        let slow = matches!(command, ForumCommand::SetState { .. });
        storm.tell(&staff, command).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..40))).await;
        if slow {
            storm.tell(&staff, ForumCommand::SetState { mode: Mode::Open, until: None, minutes: None }).await;
        }
    }
}

/// Older pages, over the socket, until the view begins at the first contribution.
async fn page_to_the_first(follower: &Follower) {
    while let Some(from) = follower.view().map(|view| view.window.from).filter(|from| *from > 0) {
        follower.page(from);
        let older = follower.shows(SOON, |view| view.window.from < from).await;
        assert!(older, "no page before {from}: {:?}", follower.seen());
    }
}

/// The personal view is that of a fresh look. The last socket began with what it showed; a page asked for since may have
/// widened that.
async fn assert_own(scene: &Scene, who: &str, follower: &Follower, client: &Client) {
    let shown = follower.view().expect("a view").window.from;
    let mut fresh: Vec<Option<OwnView>> = Vec::new();
    for from in [shown, 0] {
        let path = format!("/streams/{}/deltas?after={}&from={from}", scene.stream, u32::MAX);
        fresh.push(client.read::<StreamDeltas>(&path).await.expect("a fresh look").own);
    }
    // It follows the shared changes in a frame of its own.
    eventually(&format!("{who}: {:?} is not one of {fresh:?}", follower.own()), async || {
        fresh.contains(&follower.own())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_readers_cut_off_at_random_when_all_is_quiet_again_then_each_sees_what_a_fresh_look_shows() {
    let mut random = seeded();
    let fork = |random: &mut StdRng| StdRng::seed_from_u64(random.random());
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let mut talkers = Vec::new();
    for nth in 0..8 {
        talkers.push(scene.guest(&server, &format!("Ayşe {nth}")).await);
    }
    // More than one page stands there before anyone reads, so that windows are cut and pages asked for.
    let mut known = Vec::new();
    for nth in 0..120 {
        known.push(scene.say(&talkers[nth % 8], &format!("Früher Beitrag {nth}")).await);
    }
    scene.tell(&scene.staff, ForumCommand::SetWaiting { waiting: Waiting::FirstOfGuest }).await.expect("guests wait");
    let before = scene.head().await;
    let storm =
        Arc::new(Storm { scene, known: Mutex::new(known), done: AtomicU32::new(0), over: AtomicBool::new(false) });

    let visitor = server.visitor();
    let mut readers: Vec<(String, Client, Arc<Follower>)> = Vec::new();
    for (nth, participant) in talkers.iter().take(READERS).enumerate() {
        let staff = &storm.scene.staff;
        for (audience, client) in
            [(Audience::Public, &visitor), (Audience::Participants, participant), (Audience::Staff, staff)]
        {
            let follower = Follow::stream(client, storm.scene.stream).longest_pause(Duration::from_millis(50)).start();
            assert!(follower.shows(SOON, |_| true).await, "a snapshot comes");
            readers.push((format!("{audience:?} {nth}"), client.clone(), Arc::new(follower)));
        }
    }
    let mut all = JoinSet::new();
    for client in &talkers {
        all.spawn(talk(storm.clone(), client.clone(), fork(&mut random)));
    }
    all.spawn(moderate(storm.clone(), fork(&mut random)));
    for (_, _, follower) in &readers {
        let (follower, storm, mut random) = (follower.clone(), storm.clone(), fork(&mut random));
        all.spawn(async move {
            while !storm.is_over() {
                tokio::time::sleep(Duration::from_millis(random.random_range(10..500))).await;
                match follower.view().map(|view| view.window.from) {
                    Some(from) if from > 0 && random.random_bool(0.2) => follower.page(from),
                    _ => follower.cut(),
                }
            }
        });
    }
    let began = Instant::now();
    let cut_off = |(_, _, follower): &(String, Client, Arc<Follower>)| follower.seen().connects > CUTS;
    while storm.done.load(Ordering::Relaxed) < COMMANDS || !readers.iter().all(cut_off) {
        let done = storm.done.load(Ordering::Relaxed);
        assert!(began.elapsed() < 2 * SOON, "hardly anything was exercised: {done} commands");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    storm.over.store(true, Ordering::Relaxed);
    all.join_all().await;

    let scene = &storm.scene;
    assert!(scene.head().await.0 >= before.0 + u64::from(COMMANDS) / 2, "hardly anything changed");
    for (who, client, follower) in &readers {
        scene.assert_follows(who, follower, client).await;
        let seen = follower.seen();
        assert_eq!(seen.snapshots, 1, "{who} could not catch up: {seen:?}");
        assert!(seen.connects > CUTS && seen.ranges > 0, "{who} was hardly exercised: {seen:?}");
        assert_own(scene, who, follower, client).await;
        page_to_the_first(follower).await;
        scene.assert_follows(who, follower, client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_moderator_when_subscribed_as_less_then_they_see_what_the_less_see() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let guest = scene.guest(&server, "Amal").await;
    let (shown, hidden) = (scene.say(&guest, "Bleibt stehen.").await, scene.say(&guest, "Verschwindet.").await);
    let less = |audience| Follow::stream(&scene.staff, scene.stream).as_audience(audience).start();
    let followers = [less(Audience::Public), less(Audience::Participants)];
    for follower in &followers {
        assert!(follower.shows(SOON, |view| view.contributions.len() == 2).await);
    }
    let hide = ForumCommand::Hide { contribution: hidden, reason: HideReason::Spam, note: None };
    let seq = scene.tell(&scene.staff, hide).await.expect("hidden").seq;
    for follower in &followers {
        assert!(follower.reaches(seq, SOON).await);
        let view = follower.view().expect("a view");
        let places = view.contributions.iter().map(|one| (one.id, one.is_placeholder()));
        assert_eq!(places.collect::<Vec<_>>(), [(hidden, true), (shown, false)]);
        assert_eq!(view.totals.waiting, None);
        assert!(view.people.participant(view.contributions[1].author).is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_any_number_when_caught_up_over_rest_and_over_the_socket_then_both_lead_to_the_same_view() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let guest = scene.guest(&server, "Amal").await;
    let mut ids = Vec::new();
    let mut socket = LiveSocket::connect(&guest).await.expect("a socket");
    let subscribe = |after| ClientFrame::Subscribe { stream: scene.stream, after, audience: None, from: None };
    socket.send(&subscribe(None)).await.expect("sent");
    // A mirror as it was after each of the steps.
    let mut mirror = ForumMirror::default();
    let mut stages = Vec::new();
    for nth in 0..30 {
        ids.push(scene.say(&guest, &format!("Schritt {nth}")).await);
        if nth % 3 == 2 {
            let (contribution, text) = (ids[nth / 2], format!("Geändert {nth}"));
            scene.tell(&guest, ForumCommand::Edit { contribution, text }).await.expect("changed");
        }
        if nth % 5 == 4 {
            let hide = ForumCommand::Hide { contribution: ids[nth / 3], reason: HideReason::Other, note: None };
            scene.tell(&scene.staff, hide).await.expect("hidden");
        }
        let head = scene.head().await;
        while mirror.after().is_none_or(|have| have < head) {
            let frame = socket.next::<Forum>().await.expect("a frame").expect("an open socket");
            mirror.take(frame).expect("a contiguous range");
        }
        stages.push(mirror.clone());
    }
    let fresh = scene.fresh(&guest, 0).await.view;
    for stage in stages {
        let after = stage.after().expect("a view");
        let mut over_rest = stage.clone();
        loop {
            let step = guest.deltas(scene.stream, over_rest.after().expect("a view")).await.expect("deltas");
            let more = step.seq > step.after;
            let range = Deltas { stream: scene.stream, after: step.after, seq: step.seq, deltas: step.deltas };
            over_rest.take(ServerFrame::<Forum>::Deltas(range)).expect("a contiguous range");
            if !more {
                break;
            }
        }
        assert_eq!(over_rest.view(), Some(&fresh), "over REST from {after}");

        let mut over_socket = stage;
        socket.send(&subscribe(Some(after))).await.expect("sent");
        while over_socket.after() < mirror.after() {
            let frame = socket.next::<Forum>().await.expect("a frame").expect("an open socket");
            over_socket.take(frame).expect("a contiguous range");
        }
        assert_eq!(over_socket.view(), Some(&fresh), "over the socket from {after}");
    }
}
