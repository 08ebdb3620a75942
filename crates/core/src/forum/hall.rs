//! What stands beside the talk: the forum's polls. The same on both machines.

use serde::{Deserialize, Serialize};

use crate::ids::{PollId, StreamId};
use crate::poll::Phase;
use crate::said::Texts;

/// The most polls of one forum.
pub const MAX_FORUM_POLLS: usize = 500;

/// A poll that is held in a forum. Drafts are not among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PollPlaceInForum {
    /// The poll.
    pub id: PollId,
    /// Counts the polls of this forum, from 1 on: they stand in this order, whichever moved last.
    pub number: u32,
    /// Its stream, to subscribe to.
    pub stream: StreamId,
    /// Where it stands.
    pub phase: Phase,
    /// What it asks.
    pub title: Texts,
}
