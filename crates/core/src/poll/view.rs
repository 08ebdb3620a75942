//! What an audience sees of a poll. The same on both machines.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Poll, Question};
use crate::ids::{ForumId, PollId, ProcessId};
use crate::live::{Delta, LiveTypes};
use crate::tally::{Figures, Outcome, Tally};
use crate::time::Timestamp;

/// A poll as one audience sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PollView {
    /// `None`: a draft, which only staff see.
    pub poll: Option<PollHeader>,
    /// How many took part so far.
    pub turnout: Turnout,
    /// The result, once this audience may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultView>,
    /// The results of earlier rounds that were revealed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ResultView>,
}

/// Where a poll stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is being prepared.
    #[default]
    Draft,
    /// People vote.
    Open,
    /// No ballots are taken; only staff see the result.
    Closed,
    /// Everyone sees the result.
    Revealed,
}

impl Phase {
    /// The phase in one word, as on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Revealed => "revealed",
        }
    }
}

/// What a poll asks, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PollHeader {
    /// The poll.
    pub id: PollId,
    pub process: ProcessId,
    /// The forum it is held in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forum: Option<ForumId>,
    /// Which round this is, from 1 on.
    pub round: u32,
    /// Where it stands.
    pub phase: Phase,
    /// When this round was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When it ends, if that is known; once it is closed, when it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// A moderator is closing it: what has begun can still be finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
    /// What is asked, of whom, and by which rules.
    pub question: Question,
}

impl ResultView {
    /// Every figure that is shown of it.
    pub fn figures(&self, question: &Question) -> Figures {
        Figures::of(question.method, &self.tally, question.majority, self.entitled)
    }

    /// Is the count withheld, because it would tell how a few people voted?
    pub const fn is_withheld(&self) -> bool {
        matches!(self.outcome, Outcome::TooFew { .. })
    }
}

impl PollHeader {
    /// How many options a ballot has.
    pub fn options(&self) -> usize {
        self.question.method.options(self.question.options.len())
    }
}

/// How many took part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Turnout {
    /// Ballots cast here.
    pub online: u32,
    /// People whose hands were counted.
    pub hands: u32,
    /// Ballots on paper.
    pub paper: u32,
    /// How many are entitled, if that is known: voting cards that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitled: Option<u32>,
}

/// Where ballots came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Cast here.
    Online,
    /// Hands raised in the hall.
    Hands,
    /// Paper ballots.
    Paper,
}

/// A part of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Part {
    /// Where it came from.
    pub source: Source,
    /// How many ballots.
    pub ballots: u32,
    /// Of each option the sum of its marks: see [`Tally::sums`].
    pub sums: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResultView {
    /// Of which round.
    pub round: u32,
    /// When the round was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Everything together.
    pub tally: Tally,
    /// What was decided.
    pub outcome: Outcome,
    /// Where it came from, if there is more than one source. Too small parts of confidential and secret polls are not
    /// shown apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// How many were entitled, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitled: Option<u32>,
}

/// What concerns one person alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PollOwn {
    /// They voted in this round. What was cast with a voting card is nobody's here.
    pub voted: bool,
    /// What they voted, unless that is secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Vec<u8>>,
}

/// One facet of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PollKey {
    /// [`PollView::poll`].
    Poll,
    /// [`PollView::turnout`].
    Turnout,
    /// [`PollView::result`].
    Result,
    /// [`PollView::before`].
    Before,
}

impl fmt::Display for PollKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Poll => "poll",
            Self::Turnout => "turnout",
            Self::Result => "result",
            Self::Before => "before",
        })
    }
}

/// The content of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PollValue {
    /// Of [`PollKey::Poll`].
    Poll(Box<PollHeader>),
    /// Of [`PollKey::Turnout`].
    Turnout(Turnout),
    /// Of [`PollKey::Result`].
    Result(Box<ResultView>),
    /// Of [`PollKey::Before`].
    Before(Vec<ResultView>),
}

/// A change of a poll.
pub type PollDelta = Delta<PollKey, PollValue>;

impl LiveTypes for Poll {
    type View = PollView;
    type Own = PollOwn;
    type Key = PollKey;
    type Value = PollValue;

    fn apply_deltas(view: &mut PollView, deltas: &[PollDelta]) {
        for delta in deltas {
            match delta {
                Delta::Put { value: PollValue::Poll(poll), .. } => view.poll = Some((**poll).clone()),
                Delta::Put { value: PollValue::Turnout(turnout), .. } => view.turnout = *turnout,
                Delta::Put { value: PollValue::Result(result), .. } => view.result = Some((**result).clone()),
                Delta::Put { value: PollValue::Before(before), .. } => view.before.clone_from(before),
                Delta::Gone { key: PollKey::Poll, .. } => view.poll = None,
                Delta::Gone { key: PollKey::Turnout, .. } => view.turnout = Turnout::default(),
                Delta::Gone { key: PollKey::Result, .. } => view.result = None,
                Delta::Gone { key: PollKey::Before, .. } => view.before.clear(),
            }
        }
    }

    fn append_page(_view: &mut PollView, _page: PollView) {}
}
