//! What stands beside the talk: the forum's polls and its stage. The same on both machines.

use serde::{Deserialize, Serialize};

use crate::ids::{ContributionId, PollId, StreamId, TopicId};
use crate::poll::Phase;
use crate::said::Texts;

/// The most polls of one forum.
pub const MAX_FORUM_POLLS: usize = 500;
/// The most contributions on stage at once.
pub const MAX_ON_STAGE: usize = 5;

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
    /// A topic.
    Topic {
        /// Which.
        topic: TopicId,
    },
    /// A poll: its question, and its result once it is revealed.
    Poll {
        /// Which.
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
