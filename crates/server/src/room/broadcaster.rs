//! The task of a room that sends what changed to its subscribers.
//! A room starts it when it opens and ends it when the writer ends.
//! It reads the published state and writes nothing; a slow subscriber never holds it up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stimmwerk_core::domain::Domain;
use stimmwerk_core::people::Audience;
use tokio::time::{Instant, sleep_until};

use super::broadcast::{Broadcast, Cursor};
use super::frames::presence_frame;
use super::shared::Shared;

/// The least time between two broadcasts.
const INTERVAL: Duration = Duration::from_millis(50);
/// The same in a crowded room.
const CROWDED_INTERVAL: Duration = Duration::from_millis(80);
/// A room with more subscribers than this is crowded.
const CROWD: u32 = 200;
/// The least time between two frames with the number of people present, and in a crowded room between two broadcasts
/// that hold counters alone.
const COUNTER_INTERVAL: Duration = Duration::from_millis(250);

/// Sends at once after a quiet time, otherwise one broadcast each interval. In a crowded room counters and presence wait
/// for the longer [`COUNTER_INTERVAL`], unless something more urgent is sent before.
pub(super) async fn run<D: Domain>(shared: Arc<Shared<D>>) {
    let mut published = shared.published.subscribe();
    let mut presence = shared.presence.subscribe();
    let mut sent = *published.borrow_and_update();
    let mut cursors = Audience::ALL.map(|_| Cursor::at(sent));
    let mut presence_sent: u32 = 0;
    let mut last = Instant::now();
    let mut presence_due: Option<Instant> = None;
    let mut counters_due: Option<Instant> = None;
    let never = || Instant::now() + Duration::from_hours(1);
    loop {
        tokio::select! {
            changed = published.changed() => if changed.is_err() { return },
            changed = presence.changed(), if presence_due.is_none() => {
                if changed.is_err() { return }
                presence_due = Some(Instant::now() + COUNTER_INTERVAL);
                continue;
            }
            () = sleep_until(presence_due.unwrap_or_else(never)), if presence_due.is_some() => {
                presence_due = None;
            }
            () = sleep_until(counters_due.unwrap_or_else(never)), if counters_due.is_some() => {}
            () = shared.recheck.notified() => {}
        }
        let people = *presence.borrow_and_update();
        let crowded = shared.subscriber_count() > CROWD;
        sleep_until(last + if crowded { CROWDED_INTERVAL } else { INTERVAL }).await;
        published.borrow_and_update();
        let state = shared.state.load_full();
        // The flag is read after the state. So a state that was written after rights changed is only sent together with
        // the recheck.
        let recheck = shared.recheck_due.swap(false, Ordering::AcqRel);
        let seq = D::seq(&state);
        let new_presence = (presence_due.is_none() && people != presence_sent).then_some(people);
        if seq == sent && new_presence.is_none() && !recheck {
            continue;
        }
        let counters_from = last + COUNTER_INTERVAL;
        let urgent = new_presence.is_some() || recheck;
        if crowded && !urgent && Instant::now() < counters_from && !D::pressing(&state, sent) {
            counters_due = Some(counters_from);
            continue;
        }
        counters_due = None;
        presence_sent = new_presence.unwrap_or(presence_sent);
        last = Instant::now();
        let parts = Audience::ALL.map(|audience| {
            let cursor = &mut cursors[audience as usize];
            cursor.advance::<D>(shared.stream, &state, audience, shared.has_subscribers(audience))
        });
        let mut owners = if seq > sent { D::owners(&state, sent) } else { Vec::new() };
        owners.sort_unstable();
        let presence = new_presence.map(|people| presence_frame::<D>(shared.stream, people));
        // An error says that there are no subscribers.
        let _ = shared.broadcasts.send(Arc::new(Broadcast { head: seq, parts, owners, presence, recheck }));
        sent = seq;
    }
}
