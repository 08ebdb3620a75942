//! Readers whose line is cut at random moments miss nothing and see nothing twice, whoever they are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use stimmwerk_client::{Client, Follow, Follower};
use stimmwerk_core::forum::{ForumCommand, HideReason, Mode, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::Audience;
use stimmwerk_tests::{PATIENCE, World, page_to_the_first, replying, saying, seeded, title};
use tokio::task::JoinSet;

/// How long people write while lines are cut.
const STORM: Duration = Duration::from_secs(10);
/// Readers of each kind.
const READERS: usize = 8;

type Known = Arc<Mutex<Vec<ContributionId>>>;

/// Writes, answers, changes, takes back and supports until it is over.
async fn talk(world: Arc<World>, client: Client, known: Known, over: Arc<AtomicBool>, mut random: StdRng) -> u32 {
    let mut mine: Vec<ContributionId> = Vec::new();
    let mut done = 0;
    while !over.load(Ordering::Relaxed) {
        let some = known.lock().expect("no panic while held").choose(&mut random).copied();
        let own = mine.choose(&mut random).copied();
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
        let id = stimmwerk_client::command_id();
        // Refusals are part of the game: the other was withdrawn or hidden meanwhile.
        if let Ok(written) = client.command(world.forum, id, &command).await {
            done += 1;
            if let (true, Some(id)) = (is_new, written.id.map(ContributionId)) {
                mine.push(id);
                known.lock().expect("no panic while held").push(id);
            }
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..25))).await;
    }
    done
}

/// Approves, hides, restores, erases and changes the rules until it is over.
async fn moderate(world: Arc<World>, known: Known, over: Arc<AtomicBool>, mut random: StdRng) -> u32 {
    let mut done = 0;
    while !over.load(Ordering::Relaxed) {
        let some = known.lock().expect("no panic while held").choose(&mut random).copied();
        let command = match (random.random_range(0..20), some) {
            (0..=9, Some(contribution)) => ForumCommand::Approve { contribution },
            (10..=12, Some(contribution)) => {
                ForumCommand::Hide { contribution, reason: HideReason::Insult, note: Some("So nicht.".to_owned()) }
            }
            (13..=14, Some(contribution)) => ForumCommand::Restore { contribution },
            (15, Some(contribution)) => ForumCommand::Erase { contribution },
            (16, _) => ForumCommand::SetTitle { title: title(&format!("Gespräch {}", random.random::<u8>())) },
            (17, _) => ForumCommand::AddTopic { title: title(&format!("Thema {}", random.random::<u8>())) },
            (18, _) => {
                let waiting = *[Waiting::None, Waiting::All, Waiting::FirstOfGuest].choose(&mut random).expect("three");
                ForumCommand::SetWaiting { waiting }
            }
            _ => ForumCommand::SetState { mode: Mode::Slow { seconds: 1 }, until: None },
        };
        let slow = matches!(command, ForumCommand::SetState { .. });
        done += u32::from(world.tell(&world.staff, command).await.is_ok());
        tokio::time::sleep(Duration::from_millis(random.random_range(0..40))).await;
        if slow {
            done += u32::from(
                world.tell(&world.staff, ForumCommand::SetState { mode: Mode::Open, until: None }).await.is_ok(),
            );
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn given_readers_cut_off_at_random_when_all_is_quiet_again_then_each_sees_what_a_fresh_look_shows() {
    let mut random = seeded();
    let world = Arc::new(World::with(Visibility::Public, Waiting::FirstOfGuest).await);
    let (known, over): (Known, _) = (Arc::default(), Arc::new(AtomicBool::new(false)));
    let fork = |random: &mut StdRng| StdRng::seed_from_u64(random.random());

    // More than one page stands there before anyone reads, so that windows are cut and pages asked for.
    let early = world.guest().await;
    world.tell(&world.staff, ForumCommand::SetWaiting { waiting: Waiting::None }).await.expect("nothing waits");
    for nth in 0..160 {
        let id = world.say(&early, &format!("Früher Beitrag {nth}")).await;
        known.lock().expect("no panic while held").push(id);
    }
    world.tell(&world.staff, ForumCommand::SetWaiting { waiting: Waiting::FirstOfGuest }).await.expect("guests wait");

    let mut writers = JoinSet::new();
    let mut talkers = vec![early];
    for _ in 0..7 {
        talkers.push(world.browser("Ayşe").await);
    }
    for client in talkers.clone() {
        writers.spawn(talk(world.clone(), client, known.clone(), over.clone(), fork(&mut random)));
    }
    writers.spawn(moderate(world.clone(), known.clone(), over.clone(), fork(&mut random)));

    let visitor = world.server.visitor();
    let mut readers: Vec<(String, Client, Arc<Follower>)> = Vec::new();
    for nth in 0..READERS {
        let participant = &talkers[nth % talkers.len()];
        for (audience, client) in
            [(Audience::Public, &visitor), (Audience::Participants, participant), (Audience::Staff, &world.staff)]
        {
            let follower = Follow::stream(client, world.stream).longest_pause(Duration::from_millis(50)).start();
            readers.push((format!("{audience:?} {nth}"), client.clone(), Arc::new(follower)));
        }
    }
    let mut cutters = JoinSet::new();
    for (_, _, follower) in &readers {
        let (follower, over, mut random) = (follower.clone(), over.clone(), fork(&mut random));
        cutters.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(random.random_range(10..600))).await;
                match follower.view().map(|view| view.window.from) {
                    Some(from) if from > 0 && random.random_bool(0.2) => follower.page(from),
                    _ => follower.cut(),
                }
            }
        });
    }
    tokio::time::sleep(STORM).await;
    over.store(true, Ordering::Relaxed);
    let done: u32 = writers.join_all().await.into_iter().sum();
    cutters.join_all().await;

    let mut cuts = 0;
    for (who, client, follower) in &readers {
        world.assert_follows(who, follower, client).await;
        let seen = follower.seen();
        cuts += seen.connects;
        assert_eq!(seen.snapshots, 1, "{who} could not catch up: {seen:?}");
        if let Some(own) = follower.own() {
            // The last socket began with what it showed; a page asked for since may have widened that.
            let from = follower.view().expect("a view").window.from;
            let path = |from| format!("/streams/{}/deltas?after={}&from={from}", world.stream, u32::MAX);
            let mut fresh = Vec::new();
            for from in [from, 0] {
                let answer: stimmwerk_client::StreamDeltas = client.read(&path(from)).await.expect("a fresh look");
                fresh.push(answer.own.expect("they joined"));
            }
            assert!(fresh.contains(&own), "{who}: {own:?}, not one of {fresh:?}");
        }
        page_to_the_first(follower).await;
        world.assert_follows(who, follower, client).await;
    }
    println!("{done} commands, {cuts} sockets");
    assert!(done > 200 && cuts > 100, "hardly anything was exercised: {done} commands, {cuts} sockets");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_moderator_when_subscribed_as_less_then_they_see_what_the_less_see() {
    let world = World::with(Visibility::Public, Waiting::None).await;
    let guest = world.guest().await;
    let (shown, hidden) = (world.say(&guest, "Bleibt stehen.").await, world.say(&guest, "Verschwindet.").await);
    let less = |audience| Follow::stream(&world.staff, world.stream).as_audience(audience).start();
    let followers = [less(Audience::Public), less(Audience::Participants)];
    for follower in &followers {
        assert!(follower.shows(PATIENCE, |view| view.contributions.len() == 2).await);
    }
    let hide = ForumCommand::Hide { contribution: hidden, reason: HideReason::Spam, note: None };
    let seq = world.tell(&world.staff, hide).await.expect("hidden");
    for follower in &followers {
        assert!(follower.reaches(seq, PATIENCE).await);
        let view = follower.view().expect("a view");
        assert_eq!(view.contributions.iter().map(|c| c.id).collect::<Vec<_>>(), [shown]);
        assert_eq!(view.totals.waiting, None);
        assert!(view.contributions[0].author.participant.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_any_number_when_caught_up_over_rest_and_over_the_socket_then_both_lead_to_the_same_view() {
    use stimmwerk_client::{ForumMirror, LiveSocket};
    use stimmwerk_core::forum::Forum;
    use stimmwerk_core::live::{ClientFrame, Deltas, ServerFrame};

    let world = World::new().await;
    let guest = world.guest().await;
    // A mirror as it was after each of the first steps.
    let mut ids = Vec::new();
    let mut socket = LiveSocket::connect(&guest).await.expect("a socket");
    let subscribe = |after| ClientFrame::Subscribe { stream: world.stream, after, audience: None, from: None };
    socket.send(&subscribe(None)).await.expect("sent");
    let mut mirror = ForumMirror::default();
    let mut stages = Vec::new();
    for nth in 0..30 {
        let id = world.say(&guest, &format!("Schritt {nth}")).await;
        ids.push(id);
        if nth % 3 == 2 {
            let contribution = ids[nth / 2];
            let text = format!("Geändert {nth}");
            world.tell(&guest, ForumCommand::Edit { contribution, text }).await.expect("changed");
        }
        if nth % 5 == 4 {
            let contribution = ids[nth / 3];
            world
                .tell(&world.staff, ForumCommand::Hide { contribution, reason: HideReason::Other, note: None })
                .await
                .expect("hidden");
        }
        let head = world.head().await;
        while mirror.after() < Some(head) {
            let frame = socket.next::<Forum>().await.expect("a frame").expect("an open socket");
            mirror.take(frame).expect("a contiguous range");
        }
        stages.push(mirror.clone());
    }
    let fresh = world.fresh(&guest, 0).await.view;
    for stage in stages {
        let after = stage.after().expect("a view");
        let mut over_rest = stage.clone();
        loop {
            let step = guest.deltas(world.stream, over_rest.after().expect("a view")).await.expect("deltas");
            let more = step.seq > step.after;
            let range = Deltas { stream: world.stream, after: step.after, seq: step.seq, deltas: step.deltas };
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
    assert_eq!(mirror.after(), Some(Seq(world.head().await.0)));
}
