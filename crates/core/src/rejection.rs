//! Why a command or a request was refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::ParticipantId;
use crate::poll::QuestionProblem;
use crate::tally::BallotProblem;
use crate::text::TextProblem;
use crate::time::Timestamp;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)*) => {
        /// Every code a refusal can have, of commands and of requests. Each has a sentence in every language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code that is written like this.
            pub fn of(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == code)
            }

            /// As on the wire: stable, for programs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    /// See [`Rejection::Forbidden`].
    Forbidden = "forbidden",
    /// See [`Rejection::Banned`].
    Banned = "banned",
    /// See [`Rejection::NotJoined`].
    NotJoined = "not_joined",
    /// See [`Rejection::NotFound`].
    NotFound = "not_found",
    /// See [`Rejection::Text`].
    Text = "text",
    /// See [`Rejection::ForumLocked`].
    ForumLocked = "forum_locked",
    /// See [`Rejection::ForumClosed`].
    ForumClosed = "forum_closed",
    /// See [`Rejection::FloorClosed`].
    FloorClosed = "floor_closed",
    /// See [`Rejection::OnTheList`].
    OnTheList = "on_the_list",
    /// See [`Rejection::SlowMode`].
    SlowMode = "slow_mode",
    /// See [`Rejection::TooManyWaiting`].
    TooManyWaiting = "too_many_waiting",
    /// See [`Rejection::EditTooLate`].
    EditTooLate = "edit_too_late",
    /// See [`Rejection::OwnContribution`].
    OwnContribution = "own_contribution",
    /// See [`Rejection::OwnDecision`].
    OwnDecision = "own_decision",
    /// See [`Rejection::Decided`].
    Decided = "decided",
    /// See [`Rejection::TextChanged`].
    TextChanged = "text_changed",
    /// See [`Rejection::IsHidden`].
    IsHidden = "is_hidden",
    /// See [`Rejection::IsWaiting`].
    IsWaiting = "is_waiting",
    /// See [`Rejection::NotHidden`].
    NotHidden = "not_hidden",
    /// See [`Rejection::Appealed`].
    Appealed = "appealed",
    /// See [`Rejection::Answered`].
    Answered = "answered",
    /// See [`Rejection::WrongState`].
    WrongState = "wrong_state",
    /// See [`Rejection::NoCards`].
    NoCards = "no_cards",
    /// See [`Rejection::TooMany`].
    TooMany = "too_many",
    /// See [`Rejection::BadTime`].
    BadTime = "bad_time",
    /// See [`Rejection::PollNotOpen`].
    PollNotOpen = "poll_not_open",
    /// See [`Rejection::OtherRound`].
    OtherRound = "other_round",
    /// See [`Rejection::NotEntitled`].
    NotEntitled = "not_entitled",
    /// See [`Rejection::AlreadyVoted`].
    AlreadyVoted = "already_voted",
    /// See [`Rejection::CardUnknown`].
    CardUnknown = "card_unknown",
    /// See [`Rejection::Ballot`].
    Ballot = "ballot",
    /// See [`Rejection::Question`].
    Question = "question",
    /// See [`Rejection::IdReused`].
    IdReused = "id_reused",
    /// An id of the kind that the program issues itself: see [`crate::ids::CommandId::is_derived`].
    IdReserved = "id_reserved",
    /// A poll that was to be closed now is still open.
    NotClosed = "not_closed",
    /// A moderator has hidden what is asked for.
    Hidden = "hidden",
    /// Nobody is known by what the request shows.
    Unauthorized = "unauthorized",
    /// The request comes from a page of another site.
    Origin = "origin",
    /// The request cannot be read.
    BadRequest = "bad_request",
    /// The joining notice was not seen, or an older one.
    Notice = "notice",
    /// No process has this code.
    CodeUnknown = "code_unknown",
    /// Nobody has this return code.
    ReturnUnknown = "return_unknown",
    /// Who has an account needs no return code.
    HasAccount = "has_account",
    /// Nobody new comes in.
    JoiningClosed = "joining_closed",
    /// Too often; again after some seconds.
    TooManyRequests = "too_many_requests",
    /// A few new names an hour.
    RenamedTooOften = "renamed_too_often",
    /// The link has been used, has expired, or is none.
    LinkInvalid = "link_invalid",
    /// The request is too large.
    TooLarge = "too_large",
    /// There is one already.
    Exists = "exists",
    /// The disk is full.
    StorageFull = "storage_full",
    /// Whether it was written is not known.
    OutcomeUnknown = "outcome_unknown",
    /// Not now.
    Unavailable = "unavailable",
    /// Something is broken in the program.
    Internal = "internal",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
    /// Somebody of this name waits on the speaking list already.
    #[error("on the list already")]
    OnTheList,
    /// Slow mode: one contribution per interval.
    #[error("slow mode: again later")]
    SlowMode {
        /// From when on the next one is taken.
        retry_at: Timestamp,
    },
    /// So many contributions of this person wait for a moderator already. The next one is taken once some were read.
    #[error("{max} contributions wait already")]
    TooManyWaiting {
        /// The bound.
        max: u32,
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
    /// Another moderator has decided on this meanwhile, or it was decided before.
    #[error("decided already")]
    Decided {
        /// By whom, where that is another person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ParticipantId>,
        /// How they decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
    },
    /// The words are not those the moderator read.
    #[error("the text has changed")]
    TextChanged,
    /// It is hidden, so its author cannot change it or add to it.
    #[error("it is hidden")]
    IsHidden,
    /// It waits for a moderator, so nothing can be added to it.
    #[error("it waits for a moderator")]
    IsWaiting,
    /// It is not hidden (any more), so there is nothing to answer or decide.
    #[error("it is not hidden")]
    NotHidden,
    /// An author answers once to being hidden.
    #[error("answered already")]
    Appealed,
    /// Others replied to it or support it: it is not taken from under them.
    #[error("others replied to it or support it")]
    Answered,
    /// The poll is in another phase than this asks for: not there yet, or past it.
    #[error("not in this phase of the poll")]
    WrongState,
    /// A poll with voting cards has none that count.
    #[error("there are no voting cards")]
    NoCards,
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
    /// A secret ballot, or one cast with a voting card, cannot be changed.
    #[error("this ballot cannot be changed")]
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

/// How another moderator decided on something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It appeared.
    Approved,
    /// It was hidden.
    Hidden,
    /// In another way.
    Other,
}

impl Rejection {
    /// [`Rejection::Decided`], by nobody in particular.
    pub const DECIDED: Self = Self::Decided { by: None, verdict: None };

    /// The stable code.
    pub const fn kind(&self) -> Code {
        match self {
            Self::Forbidden => Code::Forbidden,
            Self::Banned => Code::Banned,
            Self::NotJoined => Code::NotJoined,
            Self::NotFound => Code::NotFound,
            Self::Text { .. } => Code::Text,
            Self::ForumLocked => Code::ForumLocked,
            Self::ForumClosed => Code::ForumClosed,
            Self::FloorClosed => Code::FloorClosed,
            Self::OnTheList => Code::OnTheList,
            Self::SlowMode { .. } => Code::SlowMode,
            Self::TooManyWaiting { .. } => Code::TooManyWaiting,
            Self::EditTooLate => Code::EditTooLate,
            Self::OwnContribution => Code::OwnContribution,
            Self::OwnDecision => Code::OwnDecision,
            Self::Decided { .. } => Code::Decided,
            Self::TextChanged => Code::TextChanged,
            Self::IsHidden => Code::IsHidden,
            Self::IsWaiting => Code::IsWaiting,
            Self::NotHidden => Code::NotHidden,
            Self::Appealed => Code::Appealed,
            Self::Answered => Code::Answered,
            Self::WrongState => Code::WrongState,
            Self::NoCards => Code::NoCards,
            Self::TooMany { .. } => Code::TooMany,
            Self::BadTime => Code::BadTime,
            Self::PollNotOpen => Code::PollNotOpen,
            Self::OtherRound => Code::OtherRound,
            Self::NotEntitled => Code::NotEntitled,
            Self::AlreadyVoted => Code::AlreadyVoted,
            Self::CardUnknown => Code::CardUnknown,
            Self::Ballot { .. } => Code::Ballot,
            Self::Question { .. } => Code::Question,
            Self::IdReused => Code::IdReused,
        }
    }

    /// The stable code, as on the wire.
    pub const fn code(&self) -> &'static str {
        self.kind().as_str()
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
