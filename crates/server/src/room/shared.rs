//! What the handle, the writer and the broadcaster of one room share: the published state and the subscribers.
//! Nobody outside the room sees it; live connections hold a [`SubscriberGuard`].
//! The writer alone replaces the state. Everyone else reads it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::ids::{ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::people::Audience;
use stimmwerk_core::time::Timestamp;
use tokio::sync::{Notify, broadcast, watch};

use super::broadcast::Broadcast;
use crate::chance;

/// How many broadcasts are kept for slow subscribers. One that is further behind gets `resync`.
const BROADCAST_BUFFER: usize = 128;

pub(super) struct Shared<D: Domain> {
    pub(super) stream: StreamId,
    pub(super) state: ArcSwap<D::State>,
    pub(super) broadcasts: broadcast::Sender<Arc<Broadcast>>,
    /// How many sockets follow the stream, by audience.
    pub(super) subscribers: [AtomicU32; 3],
    /// The number of the state published last. The broadcaster waits for it to change.
    pub(super) published: watch::Sender<Seq>,
    /// The participants who follow the stream, each with the number of their sockets.
    participants: Mutex<HashMap<ParticipantId, u32>>,
    /// How many participants follow the stream.
    pub(super) presence: watch::Sender<u32>,
    /// The next broadcast makes every subscriber check its rights.
    pub(super) recheck_due: AtomicBool,
    /// Wakes the broadcaster when a recheck is due.
    pub(super) recheck: Notify,
    /// When somebody last asked for something, in milliseconds.
    last_used: AtomicI64,
}

impl<D: Domain> Shared<D> {
    pub(super) fn new(stream: StreamId, state: D::State) -> Self {
        let seq = D::seq(&state);
        Self {
            stream,
            state: ArcSwap::from_pointee(state),
            broadcasts: broadcast::Sender::new(BROADCAST_BUFFER),
            subscribers: Default::default(),
            published: watch::Sender::new(seq),
            participants: Mutex::default(),
            presence: watch::Sender::new(0),
            recheck_due: AtomicBool::new(false),
            recheck: Notify::new(),
            last_used: AtomicI64::new(chance::now().0),
        }
    }

    /// Notes that the room is in use, so that it is not evicted.
    pub(super) fn mark_used(&self) {
        self.last_used.store(chance::now().0, Ordering::Relaxed);
    }

    pub(super) fn was_used_since(&self, moment: Timestamp) -> bool {
        self.last_used.load(Ordering::Relaxed) >= moment.0
    }

    pub(super) fn has_subscribers(&self, audience: Audience) -> bool {
        self.subscribers[audience as usize].load(Ordering::Relaxed) > 0
    }

    pub(super) fn subscriber_count(&self) -> u32 {
        self.subscribers.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Changes which participants follow the stream, and announces their number.
    fn count_participants(&self, change: impl FnOnce(&mut HashMap<ParticipantId, u32>)) {
        let mut participants = self.participants.lock().expect("no panic while held");
        change(&mut participants);
        // Under the lock: otherwise an older count could be announced after a newer one.
        let count = participants.len() as u32;
        self.presence.send_if_modified(|announced| std::mem::replace(announced, count) != count);
    }
}

/// Who follows a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscriber {
    /// A participant. They count as present once, however many windows they have open.
    Participant(ParticipantId),
    /// A stranger, a program or a projector. They do not count as present.
    Anonymous,
}

/// Counts a subscriber until it is dropped.
pub type SubscriberGuard = Box<dyn Send + Sync>;

struct Guard<D: Domain> {
    shared: Arc<Shared<D>>,
    audience: Audience,
    subscriber: Subscriber,
}

/// Subscribes to the broadcasts of a room.
pub(super) fn subscribe<D: Domain>(
    shared: &Arc<Shared<D>>,
    audience: Audience,
    subscriber: Subscriber,
) -> (broadcast::Receiver<Arc<Broadcast>>, SubscriberGuard) {
    shared.mark_used();
    shared.subscribers[audience as usize].fetch_add(1, Ordering::Relaxed);
    let broadcasts = shared.broadcasts.subscribe();
    if let Subscriber::Participant(participant) = subscriber {
        shared.count_participants(|participants| *participants.entry(participant).or_default() += 1);
    }
    (broadcasts, Box::new(Guard { shared: shared.clone(), audience, subscriber }))
}

impl<D: Domain> Drop for Guard<D> {
    fn drop(&mut self) {
        self.shared.subscribers[self.audience as usize].fetch_sub(1, Ordering::Relaxed);
        if let Subscriber::Participant(participant) = self.subscriber {
            self.shared.count_participants(|participants| {
                if let Entry::Occupied(mut sockets) = participants.entry(participant) {
                    *sockets.get_mut() -= 1;
                    if *sockets.get() == 0 {
                        sockets.remove();
                    }
                }
            });
        }
    }
}
