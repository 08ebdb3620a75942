//! One broadcast: what the broadcaster sends to every subscriber of a stream at once.
//! The broadcaster makes it; each live connection takes the part of its audience.
//! A part holds only what its audience may see; what concerns one person is asked for apart.

use axum::extract::ws::Utf8Bytes;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::ids::{ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::people::Audience;

use super::frames::{encode_deltas, range_frames};

/// What changed since the last broadcast. Each part is encoded once and shared by all subscribers of its audience.
#[derive(Debug)]
pub struct Broadcast {
    /// The number of the last event that it covers.
    pub head: Seq,
    /// By audience.
    pub(super) parts: [Part; 3],
    /// Whose personal view changed, sorted.
    pub(super) owners: Vec<ParticipantId>,
    /// The frame with the number of people present, if that is to be sent.
    pub presence: Option<Utf8Bytes>,
    /// Rights may have changed. Every subscriber must check that it may still follow the stream.
    pub recheck: bool,
}

impl Broadcast {
    /// The part for `audience`.
    pub fn part(&self, audience: Audience) -> &Part {
        &self.parts[audience as usize]
    }

    /// Did the personal view of `participant` change?
    pub fn concerns(&self, participant: ParticipantId) -> bool {
        self.owners.binary_search(&participant).is_ok()
    }
}

/// What a broadcast holds for one audience. Events that change nothing for an audience make no range of their own:
/// otherwise an empty frame would tell it that something happened which it may not see. The next range begins where the
/// last one ended.
#[derive(Clone, Debug)]
pub struct Part {
    /// The number at which the range begins. It fits a subscriber that has this number.
    pub after: Seq,
    /// The number at which the range ends. It equals `after` if nothing changed for this audience.
    pub seq: Seq,
    /// `None`: this audience had no subscribers when the broadcast was made.
    pub frames: Option<Vec<Utf8Bytes>>,
}

/// How far the ranges of one audience have come.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    /// Where the last range ended.
    range_end: Seq,
    /// From there up to here nothing changed for this audience.
    unchanged_until: Seq,
}

impl Cursor {
    pub(super) fn at(seq: Seq) -> Self {
        Self { range_end: seq, unchanged_until: seq }
    }

    /// Makes the next part for `audience`, and moves on.
    pub(super) fn advance<D: Domain>(
        &mut self,
        stream: StreamId,
        state: &D::State,
        audience: Audience,
        has_subscribers: bool,
    ) -> Part {
        let (after, head) = (self.range_end, D::seq(state));
        if !has_subscribers {
            *self = Self::at(head);
            return Part { after, seq: head, frames: None };
        }
        let deltas = if head > self.unchanged_until {
            encode_deltas::<D>(state, self.unchanged_until, audience)
        } else {
            Vec::new()
        };
        if deltas.is_empty() {
            self.unchanged_until = head;
            return Part { after, seq: after, frames: Some(Vec::new()) };
        }
        *self = Self::at(head);
        Part { after, seq: head, frames: Some(range_frames(stream, after, head, deltas)) }
    }
}
