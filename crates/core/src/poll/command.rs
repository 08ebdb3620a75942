//! What can be asked of a poll.

use serde::{Deserialize, Serialize};

use crate::commands::commands;
use crate::ids::{ParticipantId, PollId, ProcessId};
use crate::network::ForumPlaceView;
use crate::said::{Commitment, Texts};
use crate::tally::{MAX_OPTIONS, MAX_POINTS, MAX_STEPS, MIN_OPTIONS, Majority, Method, Quorum};
use crate::time::Timestamp;

/// Who may vote. Part of the poll, and shown with its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Electorate {
    /// Everyone in the room: one vote per device, not checked per person.
    #[default]
    Devices,
    /// Accounts of the network that joined the process.
    Accounts,
    /// Organisations through their delegates. Comes with organisations.
    Delegates,
    /// Whoever holds a voting card: printed single-use codes, handed out at the door.
    Cards,
}

impl Electorate {
    /// Every electorate, in the order of the interface.
    pub const ALL: [Self; 4] = [Self::Devices, Self::Accounts, Self::Delegates, Self::Cards];
}

/// How secret ballots are. Shown before voting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Secrecy {
    /// Who voted what is visible.
    Open,
    /// Not shown to anyone; whoever can read the database could look.
    #[default]
    Confidential,
    /// Ballots lie in a box apart from the roll until they are counted. Cannot be changed.
    Secret,
}

impl Secrecy {
    /// Every label, in the order of the interface.
    pub const ALL: [Self; 3] = [Self::Open, Self::Confidential, Self::Secret];
}

/// What the result is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It shows how the room feels.
    #[default]
    Mood,
    /// It decides. Not with [`Electorate::Devices`].
    Binding,
}

/// From when on an open poll shows its count. Confidential and secret ones never do before they are closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Results {
    /// Once a moderator reveals it.
    #[default]
    Revealed,
    /// While people vote.
    Running,
}

/// What is asked, of whom, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// The question.
    pub title: Texts,
    /// A sentence that explains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Texts>,
    /// How it is answered.
    #[serde(flatten)]
    pub method: Method,
    /// Between what is chosen: 2 to 20. Yes, no and abstain are there without being listed, and so is "leave it as it
    /// is" where resistance is asked for; a scale and resistance can do with one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Texts>,
    /// What the lowest and the highest step of a scale mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<[Texts; 2]>,
    /// Who may vote.
    #[serde(default)]
    pub electorate: Electorate,
    /// How secret ballots are.
    #[serde(default)]
    pub secrecy: Secrecy,
    /// What the result is for.
    #[serde(default)]
    pub weight: Weight,
    /// From when on an open poll shows its count.
    #[serde(default)]
    pub results: Results,
    /// What must be reached.
    #[serde(default)]
    pub majority: Majority,
    /// How many must take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
}

/// Why a question cannot be asked like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum QuestionProblem {
    /// Too few or too many options.
    #[error("{min} to {max} options")]
    Options {
        /// The fewest.
        min: u32,
        /// The most.
        max: u32,
    },
    /// How many to choose, how many steps, or how many points: out of bounds.
    #[error("{min} to {max}")]
    Bounds {
        /// The lowest.
        min: u32,
        /// The highest.
        max: u32,
    },
    /// Labels belong to the ends of scales alone.
    #[error("only a scale has labels")]
    Ends,
    /// Everyone in the room cannot decide what binds: nobody checks who votes how often.
    #[error("a binding vote needs cards or accounts")]
    BindingDevices,
    /// The rule needs to know how many are entitled.
    #[error("this rule needs voting cards")]
    Electorate,
    /// The rule needs votes: what is rated or ranked, or gets points, has an order alone.
    #[error("only votes can have a majority")]
    Majority,
    /// Two options look the same to a reader of some language: spaces, capitals, invisible signs and the way letters are
    /// composed make no difference.
    #[error("two options look alike")]
    Alike,
    /// Organisations do not vote yet.
    #[error("organisations cannot vote yet")]
    Delegates,
    /// Only open polls show their count while people vote.
    #[error("only an open poll shows a running count")]
    Running,
}

impl Question {
    /// Calls `visit` with everything that is said in it.
    #[cfg(feature = "decide")]
    pub(crate) fn each_texts(&mut self, visit: &mut dyn FnMut(&mut Texts)) {
        let texts = [&mut self.title].into_iter().chain(&mut self.note).chain(&mut self.options);
        texts.chain(self.ends.iter_mut().flatten()).for_each(visit);
    }

    /// Holds together?
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), QuestionProblem> {
        let listed = self.options.len();
        let (min, max) = match self.method {
            Method::YesNo => (0, 0),
            Method::Scale { .. } => (1, MAX_OPTIONS),
            Method::Resistance => (1, MAX_OPTIONS - 1),
            _ => (MIN_OPTIONS, MAX_OPTIONS),
        };
        if !(min..=max).contains(&listed) {
            return Err(QuestionProblem::Options { min: min as u32, max: max as u32 });
        }
        let bounds = |value: u8, min: u8, max: u8| {
            let problem = QuestionProblem::Bounds { min: min.into(), max: max.into() };
            if (min..=max).contains(&value) { Ok(()) } else { Err(problem) }
        };
        match self.method {
            Method::Multiple { min, max } => bounds(max, 1, listed as u8).and_then(|()| bounds(min, 0, max))?,
            Method::Scale { steps } => bounds(steps, 2, MAX_STEPS)?,
            Method::Dots { points } => bounds(points, 1, MAX_POINTS)?,
            _ => {}
        }
        let counted = self.majority == Majority::Entitled || matches!(self.quorum, Some(Quorum::Percent(_)));
        if let Some(Quorum::Percent(percent)) = self.quorum {
            bounds(percent, 1, 100)?;
        }
        if self.ends.is_some() && !matches!(self.method, Method::Scale { .. }) {
            Err(QuestionProblem::Ends)
        } else if self.electorate == Electorate::Delegates {
            Err(QuestionProblem::Delegates)
        } else if self.weight == Weight::Binding && self.electorate == Electorate::Devices {
            Err(QuestionProblem::BindingDevices)
        } else if counted && self.electorate != Electorate::Cards {
            Err(QuestionProblem::Electorate)
        } else if self.majority != Majority::Simple && !self.method.by_votes() {
            Err(QuestionProblem::Majority)
        } else if self.results == Results::Running && self.secrecy != Secrecy::Open {
            Err(QuestionProblem::Running)
        } else {
            Ok(())
        }
    }
}

commands! {
    /// A command to a poll.
    PollCommand at "/api/v1/polls/{poll}" {
        /// Begin the stream; follows from the network's decision to have the poll.
        Found = "found" by System {
            /// The poll's id.
            poll: PollId,
            /// The process it belongs to.
            process: ProcessId,
            /// The forum it is held in.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            forum: Option<ForumPlaceView>,
            /// What is asked.
            question: Box<Question>,
        };
        /// Ask something else. Drafts only.
        Edit = "edit" by Moderator, PATCH "" with question {
            /// What is asked.
            question: Box<Question>,
        };
        /// Let people vote.
        Open = "open" by Moderator, POST "/open" {
            /// It ends after so many seconds. `None`: when somebody closes it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seconds: Option<u32>,
        };
        /// Let an open poll end so many seconds from now; `None`: when somebody closes it.
        SetEnd = "set_end" by Moderator, POST "/end" {
            /// From now on.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seconds: Option<u32>,
        };
        /// Let an open poll that has an end go on for so much longer, also if it was being closed.
        Extend = "extend" by Moderator, POST "/extend" {
            /// From its end on, or from now if that is over.
            seconds: u32,
        };
        /// Take no ballots any more, after a moment for those that were begun.
        Close = "close" by Moderator, POST "/close" {
            /// How long that moment is; 20 unless said otherwise. 0 for none: what was received by now still counts.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seconds: Option<u32>,
        };
        /// Show the result to everyone.
        Reveal = "reveal" by Moderator, POST "/reveal";
        /// Vote once more on the same question.
        Again = "again" by Moderator, POST "/again";
        /// Cast a ballot, or change it where that is possible.
        Vote = "vote" by Participant, POST "/ballots" {
            /// In which round, so that a late ballot does not count in the next one.
            round: u32,
            /// A mark for each option: see [`Method`].
            marks: Vec<u8>,
            /// The code of a voting card, where those vote.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            card: Option<String>,
        };
        /// Add voting cards. The codes themselves never get here.
        IssueCards = "issue_cards" by Moderator {
            /// SHA-256 of their codes, as 64 hexadecimal digits each.
            hashes: Vec<Commitment>,
        };
        /// Make voting cards useless that are lost or left over. A ballot already cast with one stands.
        VoidCards = "void_cards" by Moderator, POST "/cards/void" {
            /// The first number, from 1 on.
            from: u32,
            /// The last.
            to: u32,
        };
        /// Say how many hands rose for each option. Without counts, or with nothing but zeros, none were counted: that takes
        /// back what was entered.
        CountHands = "count_hands" by Moderator, POST "/hands" {
            /// For each option.
            #[serde(default)]
            counts: Vec<u32>,
            /// How many people took part that way: needed where several options can be chosen, elsewhere as many as hands.
            #[serde(default)]
            people: u32,
        };
        /// Say how many paper ballots read like this.
        SetPaper = "set_paper" by Moderator, POST "/paper" {
            /// A mark for each option.
            marks: Vec<u8>,
            /// How many; 0 for none.
            ballots: u32,
        };
        /// Take nothing more from a person who leaves for good. Ballots they cast stay counted: they hold no words.
        ErasePerson = "erase_person" by System {
            participant: ParticipantId,
        };
        /// A moment the state waited for has come.
        Tick = "tick" by System {
            moment: Timestamp,
        };
    }
}
