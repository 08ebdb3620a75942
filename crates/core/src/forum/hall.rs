//! What stands beside the talk: the forum's polls, its stage, and its speaking list. The same on both machines.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ContributionId, FloorId, ParticipantId, PollId, StreamId, TopicId};
use crate::poll::Phase;
use crate::said::Texts;
use crate::time::Timestamp;

/// The most polls of one forum.
pub const MAX_FORUM_POLLS: usize = 500;
/// The most contributions on stage at once.
pub const MAX_ON_STAGE: usize = 5;
/// The most entries of one speaking list.
pub const MAX_FLOOR: usize = 200;
/// The shortest turn, in seconds.
pub const MIN_FLOOR_SECONDS: u32 = 10;
/// The longest turn, in seconds; with an interpreter it can be twice as long.
pub const MAX_FLOOR_SECONDS: u32 = 3_600;
/// How long a turn is unless somebody says otherwise, in seconds.
pub const FLOOR_SECONDS: u32 = 120;

/// A poll that is held in a forum. Staff alone see drafts.
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

/// What the hall sees.
///
/// A poll that opens takes the stage by itself, unless it is off. Contributions leave it by themselves when they can be
/// seen no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "shows", rename_all = "snake_case", try_from = "StageMembers")]
pub enum Stage {
    /// Nothing, and no poll takes it.
    Off,
    /// The title, and how to join.
    #[default]
    Welcome,
    Topic {
        topic: TopicId,
    },
    /// A poll: its question, and its result once it is revealed.
    Poll {
        poll: PollId,
    },
    /// The speaking list.
    Speaking,
    /// Single contributions, 1 to 5 that everyone can see.
    Contributions {
        /// Which, in this order.
        contributions: Vec<ContributionId>,
    },
}

/// [`Stage`] as it is read. What is derived for tagged enums holds every type in a tree of its own, which browsers would
/// load.
#[derive(Deserialize)]
struct StageMembers {
    shows: String,
    #[serde(default)]
    topic: Option<TopicId>,
    #[serde(default)]
    poll: Option<PollId>,
    #[serde(default)]
    contributions: Vec<ContributionId>,
}

impl TryFrom<StageMembers> for Stage {
    type Error = &'static str;

    fn try_from(StageMembers { shows, topic, poll, contributions }: StageMembers) -> Result<Self, Self::Error> {
        Ok(match shows.as_str() {
            "off" => Self::Off,
            "welcome" => Self::Welcome,
            "topic" => Self::Topic { topic: topic.ok_or("which topic?")? },
            "poll" => Self::Poll { poll: poll.ok_or("which poll?")? },
            "speaking" => Self::Speaking,
            "contributions" => Self::Contributions { contributions },
            _ => return Err("unknown stage"),
        })
    }
}

/// The speaking list. Everyone sees its order, so that it can be seen to be fair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FloorView {
    /// Can people ask for the floor?
    pub open: bool,
    /// How long a turn is, in seconds; twice as long with an interpreter.
    pub seconds: u32,
    /// Who waits, in the order they will get the floor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<FloorEntryView>,
    /// Who speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaking: Option<SpeakingView>,
}

impl Default for FloorView {
    fn default() -> Self {
        Self { open: false, seconds: FLOOR_SECONDS, entries: Vec::new(), speaking: None }
    }
}

/// Somebody who asked for the floor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FloorEntryView {
    pub id: FloorId,
    /// What they are called. `None`: no name, erased, or not read by a moderator yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub name: Option<Arc<str>>,
    /// Counts the people of this forum, so that nameless ones can be told apart; 0 in the hall.
    pub number: u32,
    /// They are in the hall, and staff entered them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hall: bool,
    /// Somebody interprets for them, so that they have twice as long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interpreted: bool,
    /// How many turns they had, the present one included. Nobody can tell for nameless ones in the hall: 0.
    pub turns: u32,
    /// A moderator put them to the front.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// When they asked.
    pub asked_at: Timestamp,
    /// Staff only: who it is within the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// How many turns there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FloorTurns {
    /// Of people in the hall.
    pub turns_hall: u32,
    /// Of people online.
    pub turns_online: u32,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpeakingView {
    pub entry: FloorEntryView,
    pub since: Timestamp,
    /// How long they may speak, in seconds. Nothing ends by itself.
    pub seconds: u32,
}
