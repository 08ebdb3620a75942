//! What can have happened in a poll. Accepted shapes are never edited: a new shape is a new version, lifted in `read`.

use serde::{Deserialize, Serialize};

use super::{Electorate, Question, Results, Secrecy, Weight};
use crate::domain::events;
use crate::ids::{ParticipantId, PollId, ProcessId};
use crate::network::ForumPlaceView;
use crate::said::{Commitment, HoldsTexts, Said, SaidTexts};
use crate::tally::{Majority, Method, Quorum};
use crate::time::Timestamp;

events! {
    /// An event of a poll.
    PollEvent {
        /// The stream began, with a draft.
        Founded = "poll.founded" v 1,
        /// The draft asks something else.
        Edited = "poll.edited" v 1,
        /// People can vote; after the first time in a new round.
        Opened = "poll.opened" v 1,
        /// The end was set, moved or taken away.
        EndSet = "poll.end_set" v 1,
        /// Someone voted, or changed their ballot.
        Cast = "poll.cast" v 1,
        /// Someone voted secretly. The ballot itself is in the box.
        Marked = "poll.marked" v 1,
        /// No ballots are taken any more.
        Closed = "poll.closed" v 1,
        /// The result is shown to everyone.
        Revealed = "poll.revealed" v 1,
        /// Voting cards were added.
        CardsIssued = "poll.cards_issued" v 1,
        /// Voting cards were made useless.
        CardsVoided = "poll.cards_voided" v 1,
        /// Hands in the hall were counted.
        HandsCounted = "poll.hands_counted" v 1,
        /// So many paper ballots read like this.
        PaperSet = "poll.paper_set" v 1,
        /// A person left for good: nothing more is taken from them.
        PersonErased = "poll.person_erased" v 1,
    }
}

/// A [`Question`] as events and states hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidQuestion {
    /// See [`Question::title`].
    pub title: SaidTexts,
    /// See [`Question::note`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<SaidTexts>,
    /// See [`Question::method`].
    pub method: Method,
    /// See [`Question::options`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<SaidTexts>,
    /// See [`Question::ends`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<[SaidTexts; 2]>,
    /// See [`Question::electorate`].
    pub electorate: Electorate,
    /// See [`Question::secrecy`].
    pub secrecy: Secrecy,
    /// See [`Question::weight`].
    pub weight: Weight,
    /// See [`Question::results`].
    pub results: Results,
    /// See [`Question::majority`].
    pub majority: Majority,
    /// See [`Question::quorum`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
}

impl SaidQuestion {
    /// As it is shown.
    pub fn shown(&self) -> Question {
        Question {
            title: self.title.shown(),
            note: self.note.as_ref().map(SaidTexts::shown),
            method: self.method,
            options: self.options.iter().map(SaidTexts::shown).collect(),
            ends: self.ends.as_ref().map(|ends| ends.each_ref().map(SaidTexts::shown)),
            electorate: self.electorate,
            secrecy: self.secrecy,
            weight: self.weight,
            results: self.results,
            majority: self.majority,
            quorum: self.quorum,
        }
    }

    /// How many options a ballot has.
    pub fn on_ballot(&self) -> usize {
        self.method.options(self.options.len())
    }

    pub(super) fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        let texts = [&mut self.title].into_iter().chain(&mut self.note).chain(&mut self.options);
        texts.chain(self.ends.iter_mut().flatten()).for_each(|texts| texts.each_text(visit));
    }
}

/// See [`PollEvent::Founded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    pub poll: PollId,
    pub process: ProcessId,
    /// The forum it is held in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forum: Option<ForumPlaceView>,
    /// What is asked.
    pub question: SaidQuestion,
}

/// See [`PollEvent::Edited`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// What is asked.
    pub question: SaidQuestion,
}

/// See [`PollEvent::Opened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Which round, from 1 on.
    pub round: u32,
    pub at: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// See [`PollEvent::EndSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSet {
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// A moderator is closing it.
    pub closing: bool,
}

/// Who cast a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voter {
    /// A person of the process.
    Person(ParticipantId),
    /// Whoever held the voting card of this number, from 1 on.
    Card(u32),
}

/// See [`PollEvent::Cast`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    pub voter: Voter,
    /// A mark for each option.
    pub marks: Vec<u8>,
}

/// See [`PollEvent::Marked`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub voter: Voter,
}

/// Ballots that read the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alike {
    /// A mark for each option.
    pub marks: Vec<u8>,
    pub ballots: u32,
}

/// See [`PollEvent::Closed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Ballots received up to here count.
    pub at: Timestamp,
    /// What was in the ballot box of a secret poll, in the order of the marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Alike>,
}

/// See [`PollEvent::Revealed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// Of which round the result is.
    pub round: u32,
}

/// See [`PollEvent::CardsIssued`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardsIssued {
    /// Of their codes; numbers go on from the cards before.
    pub hashes: Vec<Commitment>,
}

/// See [`PollEvent::CardsVoided`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardsVoided {
    /// The first number.
    pub from: u32,
    /// The last.
    pub to: u32,
}

/// See [`PollEvent::HandsCounted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsCounted {
    /// For each option; empty: none were counted.
    pub counts: Vec<u32>,
    /// How many people took part that way.
    pub people: u32,
}

/// See [`PollEvent::PaperSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSet {
    /// Which ballots, and how many.
    #[serde(flatten)]
    pub paper: Alike,
}

/// See [`PollEvent::PersonErased`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonErased {
    pub participant: ParticipantId,
}

impl HoldsTexts for PollEvent {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        match self {
            Self::Founded(Founded { question, .. }) | Self::Edited(Edited { question }) => question.each_text(visit),
            Self::Opened(_)
            | Self::EndSet(_)
            | Self::Cast(_)
            | Self::Marked(_)
            | Self::Closed(_)
            | Self::Revealed(_)
            | Self::CardsIssued(_)
            | Self::CardsVoided(_)
            | Self::HandsCounted(_)
            | Self::PaperSet(_)
            | Self::PersonErased(_) => {}
        }
    }
}
