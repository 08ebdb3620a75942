//! Why a command was refused.

use serde::{Deserialize, Serialize};

use crate::poll::QuestionProblem;
use crate::tally::BallotProblem;
use crate::text::TextProblem;
use crate::time::Timestamp;

/// A refusal: a stable code with typed parameters. Words are the interface's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Rejection {
    /// The role does not allow it.
    #[error("not allowed for this role")]
    Forbidden,
    /// Who was shut out by a moderator writes no more.
    #[error("shut out by the moderation")]
    Banned,
    /// Only those who joined may do this.
    #[error("join first")]
    NotJoined,
    /// No such thing, or not to be seen by the actor.
    #[error("not found")]
    NotFound,
    /// The text cannot be taken as it is.
    #[error("{problem}")]
    Text {
        /// What is wrong with it.
        #[serde(flatten)]
        problem: TextProblem,
    },
    /// Nobody writes in a locked forum but staff.
    #[error("the forum is locked")]
    ForumLocked,
    /// A closed forum is read only.
    #[error("the forum is closed")]
    ForumClosed,
    /// Nobody can ask for the floor now.
    #[error("nobody can ask for the floor now")]
    FloorClosed,
    /// Slow mode: one contribution per interval.
    #[error("slow mode: again later")]
    SlowMode {
        /// From when on the next one is taken.
        retry_at: Timestamp,
    },
    /// One's own contribution can be changed for ten minutes, and only until somebody replied to it or supported it.
    #[error("too late to change this")]
    EditTooLate,
    /// Nobody supports their own contribution.
    #[error("own contributions cannot be supported")]
    OwnContribution,
    /// Somebody else decides on an appeal than who is appealed against.
    #[error("another moderator decides on this")]
    OwnDecision,
    /// The thing is not in a state in which this can be done (hidden, waiting, withdrawn, erased …).
    #[error("not possible in this state")]
    WrongState,
    /// Bounded things are full.
    #[error("no more than {max}")]
    TooMany {
        /// The bound.
        max: u32,
    },
    /// A moment in the past, or too far away.
    #[error("not a possible time")]
    BadTime,
    /// The poll takes no ballots: not yet, or not any more.
    #[error("the poll is not open")]
    PollNotOpen,
    /// Another round has begun meanwhile.
    #[error("another round of the poll has begun")]
    OtherRound,
    /// This poll is for others.
    #[error("not entitled to vote in this poll")]
    NotEntitled,
    /// A secret ballot was cast and cannot be changed.
    #[error("a secret ballot cannot be changed")]
    AlreadyVoted,
    /// No voting card of this poll has this code, or it no longer counts.
    #[error("no such voting card")]
    CardUnknown,
    /// The ballot cannot be taken as it is.
    #[error("{problem}")]
    Ballot {
        /// What is wrong with it.
        #[serde(flatten)]
        problem: BallotProblem,
    },
    /// The question cannot be asked like this.
    #[error("{problem}")]
    Question {
        /// What does not hold together.
        #[serde(flatten)]
        problem: QuestionProblem,
    },
    /// The command id was used for something else.
    #[error("this id was used for another command")]
    IdReused,
}

impl Rejection {
    /// The stable code, as on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Banned => "banned",
            Self::NotJoined => "not_joined",
            Self::NotFound => "not_found",
            Self::Text { .. } => "text",
            Self::ForumLocked => "forum_locked",
            Self::ForumClosed => "forum_closed",
            Self::FloorClosed => "floor_closed",
            Self::SlowMode { .. } => "slow_mode",
            Self::EditTooLate => "edit_too_late",
            Self::OwnContribution => "own_contribution",
            Self::OwnDecision => "own_decision",
            Self::WrongState => "wrong_state",
            Self::TooMany { .. } => "too_many",
            Self::BadTime => "bad_time",
            Self::PollNotOpen => "poll_not_open",
            Self::OtherRound => "other_round",
            Self::NotEntitled => "not_entitled",
            Self::AlreadyVoted => "already_voted",
            Self::CardUnknown => "card_unknown",
            Self::Ballot { .. } => "ballot",
            Self::Question { .. } => "question",
            Self::IdReused => "id_reused",
        }
    }

    /// The HTTP status that says the same.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Forbidden | Self::Banned | Self::NotJoined | Self::NotEntitled => 403,
            Self::NotFound => 404,
            Self::Text { .. }
            | Self::TooMany { .. }
            | Self::BadTime
            | Self::CardUnknown
            | Self::Ballot { .. }
            | Self::Question { .. } => 422,
            Self::SlowMode { .. } => 429,
            _ => 409,
        }
    }
}

impl From<TextProblem> for Rejection {
    fn from(problem: TextProblem) -> Self {
        Self::Text { problem }
    }
}

impl From<BallotProblem> for Rejection {
    fn from(problem: BallotProblem) -> Self {
        Self::Ballot { problem }
    }
}

impl From<QuestionProblem> for Rejection {
    fn from(problem: QuestionProblem) -> Self {
        Self::Question { problem }
    }
}
