//! A stream as its followers see it, whatever its kind: what they subscribe to, catch up on and send commands to.
//! Live connections and the catch-up over REST call it, so neither has to know the kinds of stream.
//! It takes the audience as given: whoever calls it has checked that this reader may read as that audience.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::ids::{CommandId, ParticipantId, TopicId};
use stimmwerk_core::live::{Deltas, OwnFrame, Seq, ServerFrame};
use stimmwerk_core::people::{Actor, Audience};
use stimmwerk_core::time::Timestamp;
use tokio::sync::broadcast;

use super::broadcast::Broadcast;
use super::frames::{delta_frames, frame, page_frames, presence_frame, snapshot_frames};
use super::handle::Room;
use super::outcome::Done;
use super::shared::{Subscriber, SubscriberGuard, subscribe};
use crate::limits::reports::Sender;
use crate::problem::{Answer, Fault};
use crate::reads::in_turn;

/// A reader that missed more facets than this gets a fresh snapshot instead of deltas.
const CATCH_UP_LIMIT: usize = 2_000;
/// A reader that missed fewer facets than this is answered at once. Longer answers are built in turn, away from the
/// threads that serve sockets.
const SHORT_CATCH_UP: usize = 32;

/// What brings a reader up to date.
#[derive(Debug)]
pub struct CaughtUp {
    /// To be sent in this order.
    pub frames: Vec<Utf8Bytes>,
    /// The number to which they lead.
    pub seq: Seq,
    /// The oldest position that the reader shows then.
    pub from: u64,
}

/// A stream as its followers see it.
#[async_trait::async_trait]
pub trait LiveStream: Send + Sync {
    /// Subscribes to the broadcasts. The reader counts as a subscriber until the guard is dropped.
    fn subscribe(
        &self,
        audience: Audience,
        subscriber: Subscriber,
    ) -> (broadcast::Receiver<Arc<Broadcast>>, SubscriberGuard);
    /// Everything after `after`, for a reader who shows everything from position `from` on.
    async fn catch_up(&self, after: Option<Seq>, audience: Audience, from: Option<u64>) -> Answer<CaughtUp>;
    /// An older page, and the position at which it begins.
    async fn page(&self, before: u64, topic: Option<TopicId>, audience: Audience) -> Answer<(Vec<Utf8Bytes>, u64)>;
    /// The frame with the personal view of a participant, for a window from position `from` on.
    fn own_frame(&self, participant: ParticipantId, from: u64) -> Utf8Bytes;
    /// The frame with the number of people present.
    fn presence_frame(&self) -> Utf8Bytes;
    /// Issues a command that was received at `received_at` as JSON.
    async fn issue_json(
        &self,
        command: Value,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
    ) -> Answer<Done>;
    /// The `after`, `seq` and `deltas` of a catch-up over REST, with at most `limit` deltas.
    async fn deltas_json(&self, after: Seq, audience: Audience, limit: usize) -> Answer<Value>;
    /// The personal view of a participant as JSON.
    fn own_json(&self, participant: ParticipantId, from: u64) -> Value;
    /// Makes every subscriber check that it may still follow the stream.
    fn recheck(&self);
}

impl<D: Domain> Room<D> {
    /// Is what changed after `after` so little that it can be encoded at once?
    fn is_short_catch_up(&self, after: Seq) -> bool {
        let state = self.state();
        after <= D::seq(&state) && D::changed(&state, after, SHORT_CATCH_UP) < SHORT_CATCH_UP
    }
}

#[async_trait::async_trait]
impl<D: Domain> LiveStream for Room<D> {
    fn subscribe(
        &self,
        audience: Audience,
        subscriber: Subscriber,
    ) -> (broadcast::Receiver<Arc<Broadcast>>, SubscriberGuard) {
        subscribe(&self.shared, audience, subscriber)
    }

    async fn catch_up(&self, after: Option<Seq>, audience: Audience, from: Option<u64>) -> Answer<CaughtUp> {
        let short = after.is_some_and(|after| self.is_short_catch_up(after));
        let (stream, shared) = (self.stream, self.shared.clone());
        // The state is read when it is this answer's turn, so that it lacks what was hidden while the answer waited.
        let build = move || {
            let state = shared.state.load_full();
            let seq = D::seq(&state);
            match after {
                // A reader can be ahead of the log, if an older backup was restored. It gets a snapshot.
                Some(after) if after <= seq && D::changed(&state, after, CATCH_UP_LIMIT) < CATCH_UP_LIMIT => {
                    let frames = delta_frames::<D>(stream, &state, after, audience);
                    // A reader that does not say what it shows is taken to show the newest page.
                    CaughtUp { frames, seq, from: from.unwrap_or_else(|| D::page_start(&state, audience, None, None)) }
                }
                _ => {
                    let (frames, from) = snapshot_frames::<D>(stream, &state, audience, from);
                    CaughtUp { frames, seq, from }
                }
            }
        };
        if short { Ok(build()) } else { in_turn(build).await }
    }

    async fn page(&self, before: u64, topic: Option<TopicId>, audience: Audience) -> Answer<(Vec<Utf8Bytes>, u64)> {
        let (stream, shared) = (self.stream, self.shared.clone());
        in_turn(move || {
            let state = shared.state.load_full();
            let mut frames = Vec::new();
            let goal = D::page_start(&state, audience, Some(before), topic);
            let from = page_frames::<D>(stream, &state, audience, before, goal, topic, &mut frames);
            (frames, from)
        })
        .await
    }

    fn own_frame(&self, participant: ParticipantId, from: u64) -> Utf8Bytes {
        let state = self.state();
        let view = D::own(&state, participant, from);
        frame::<D>(&ServerFrame::Own(OwnFrame { stream: self.stream, seq: D::seq(&state), view }))
    }

    fn presence_frame(&self) -> Utf8Bytes {
        presence_frame::<D>(self.stream, self.people_present())
    }

    async fn issue_json(
        &self,
        command: Value,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
    ) -> Answer<Done> {
        let command = serde_json::from_value(command).map_err(|error| Fault::bad_request(error.to_string()))?;
        Ok(self.issue_received(command, id, actor, sender, received_at).await?)
    }

    async fn deltas_json(&self, after: Seq, audience: Audience, limit: usize) -> Answer<Value> {
        let short = self.is_short_catch_up(after);
        let (stream, shared) = (self.stream, self.shared.clone());
        let build = move || {
            let state = shared.state.load_full();
            // A reader can be ahead of the log, if an older backup was restored or if it invented its number.
            let (deltas, seq) = if after < D::seq(&state) {
                D::deltas_within(&state, after, audience, limit)
            } else {
                (Vec::new(), after)
            };
            json!(Deltas { stream, after, seq, deltas })
        };
        if short { Ok(build()) } else { in_turn(build).await }
    }

    fn own_json(&self, participant: ParticipantId, from: u64) -> Value {
        json!(D::own(&self.state(), participant, from))
    }

    fn recheck(&self) {
        self.shared.recheck_due.store(true, Ordering::Release);
        self.shared.recheck.notify_one();
    }
}
