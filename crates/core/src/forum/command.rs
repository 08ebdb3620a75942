//! What can be asked of a forum.

use serde::{Deserialize, Serialize};

use super::{FLOOR_SECONDS, Stage};
use crate::commands::commands;
use crate::ids::{ContributionId, FloorId, ForumId, ParticipantId, PollId, ProcessId, StreamId, TopicId};
use crate::live::Seq;
use crate::poll::Phase;
use crate::said::{Lang, Texts};
use crate::time::Timestamp;

/// Who may write, and how fast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Mode {
    /// Everyone.
    #[default]
    Open,
    /// Everyone, one contribution each per interval.
    Slow {
        /// The interval, 1 to 3,600.
        seconds: u32,
    },
    /// Staff only; support goes on.
    Locked,
    /// Nobody; read only.
    Closed,
}

impl Mode {
    /// The mode by its word, with the interval of [`Mode::Slow`].
    pub fn of(word: &str, seconds: Option<u32>) -> Option<Self> {
        Some(match word {
            "open" => Self::Open,
            "slow" => Self::Slow { seconds: seconds? },
            "locked" => Self::Locked,
            "closed" => Self::Closed,
            _ => return None,
        })
    }

    /// The state in one word, as on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Slow { .. } => "slow",
            Self::Locked => "locked",
            Self::Closed => "closed",
        }
    }
}

/// Which contributions wait until a moderator has read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    None,
    /// A guest's, until one of theirs was approved.
    #[default]
    FirstOfGuest,
    /// All but those of staff.
    All,
}

/// Why a contribution was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HideReason {
    /// Insults or threatens someone.
    Insult,
    /// Hatred against people, or propaganda.
    Hatred,
    /// Tells private things of someone.
    PrivateData,
    /// Advertising or flooding.
    Spam,
    /// Belongs elsewhere.
    OffTopic,
    /// See the note.
    Other,
}

impl HideReason {
    /// Every reason, in the order of the interface.
    pub const ALL: [Self; 6] = [Self::Insult, Self::Hatred, Self::PrivateData, Self::Spam, Self::OffTopic, Self::Other];
}

/// What of a contribution is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// Its words.
    #[default]
    Text,
    /// Its author's name.
    Name,
}

/// Why something is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    /// Insults, threatens or hates.
    Insult,
    /// Tells private things of someone.
    PrivateData,
    /// Advertising or flooding.
    Spam,
    /// Something else.
    Other,
}

impl ReportReason {
    /// Every reason, in the order of the interface.
    pub const ALL: [Self; 4] = [Self::Insult, Self::PrivateData, Self::Spam, Self::Other];
}

commands! {
    /// A command to a forum.
    ForumCommand at "/api/v1/forums/{forum}" {
        /// Begin the stream; follows from the network's decision to have the forum.
        Found = "found" by System {
            /// The forum's id.
            forum: ForumId,
            /// The process it belongs to.
            process: ProcessId,
            title: Texts,
            /// Which contributions wait.
            waiting: Waiting,
        };
        /// Name it anew.
        SetTitle = "set_title" by Moderator, PATCH "" {
            /// The new title.
            title: Texts,
        };
        /// Add a topic.
        AddTopic = "add_topic" by Moderator, POST "/topics" {
            title: Texts,
        };
        /// Write a contribution or a reply.
        Contribute = "contribute" by Participant, POST "/contributions" {
            /// Plain text, at most 2,000 characters.
            text: String,
            /// The language it is written in.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            lang: Option<Lang>,
            /// The topic it belongs to. A reply has that of its parent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            topic: Option<TopicId>,
            /// What it answers.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reply_to: Option<ContributionId>,
            /// Staff only: it is entered for somebody in the hall, by this name; an empty one is none.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            hall: Option<String>,
        };
        /// Agree.
        Support = "support" by Participant, POST "/contributions/{contribution}/support" {
            contribution: ContributionId,
        };
        /// Withdraw the agreement.
        Unsupport = "unsupport" by Participant, DELETE "/contributions/{contribution}/support" {
            contribution: ContributionId,
        };
        /// Change one's own words.
        Edit = "edit" by Author, POST "/contributions/{contribution}/edit" {
            contribution: ContributionId,
            /// The new words.
            text: String,
        };
        /// Add a marked sentence to one's own words, at most three times.
        Add = "add" by Author, POST "/contributions/{contribution}/add" {
            contribution: ContributionId,
            /// The addition, at most 600 characters.
            text: String,
        };
        /// Take one's own contribution back; its words are deleted.
        Withdraw = "withdraw" by Author, DELETE "/contributions/{contribution}" {
            contribution: ContributionId,
        };
        /// Let a waiting contribution (or waiting change) appear.
        Approve = "approve" by Moderator, POST "/contributions/{contribution}/approve" {
            contribution: ContributionId,
            /// As of which event it was read. Refused if its author changed the words since.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seen: Option<Seq>,
        };
        /// Let a contribution disappear, or refuse a waiting one.
        Hide = "hide" by Moderator, POST "/contributions/{contribution}/hide" {
            contribution: ContributionId,
            reason: HideReason,
            /// A sentence to the author, at most 600 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<String>,
        };
        /// Refuse the change or addition that waits at a visible contribution, which stays as it is.
        Refuse = "refuse" by Moderator, POST "/contributions/{contribution}/refuse" {
            contribution: ContributionId,
            /// A sentence to the author, at most 600 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<String>,
        };
        /// Undo hiding.
        Restore = "restore" by Moderator, POST "/contributions/{contribution}/restore" {
            contribution: ContributionId,
        };
        /// Undo an approval, or the hiding of what waited: it waits again.
        PutBack = "put_back" by Moderator, POST "/contributions/{contribution}/put-back" {
            contribution: ContributionId,
        };
        /// Approve all that waits of one person.
        ApproveAll = "approve_all" by Moderator, POST "/participants/{participant}/approve" {
            participant: ParticipantId,
            /// As of which event it was read. What was written or changed since goes on waiting.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seen: Option<Seq>,
        };
        /// Refuse all that waits of one person: it is hidden.
        RefuseAll = "refuse_all" by Moderator, POST "/participants/{participant}/refuse" {
            participant: ParticipantId,
            reason: HideReason,
            /// A sentence to the author, at most 600 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<String>,
            /// As of which event it was read. What was written or changed since goes on waiting.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seen: Option<Seq>,
        };
        /// Keep in the log that somebody was shut out of the process, or let in again, and by whom; follows from the account
        /// tables.
        ShutOut = "shut_out" by System {
            participant: ParticipantId,
            /// Shut out, or let in again.
            banned: bool,
            /// By whom; `None`: a token.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            by: Option<ParticipantId>,
        };
        /// Show the other moderators that one is at it, or no longer.
        Claim = "claim" by Moderator, POST "/contributions/{contribution}/claim" {
            contribution: ContributionId,
            /// No longer.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            release: bool,
        };
        /// Point the moderators to something. Hides nothing by itself.
        Report = "report" by Visitor {
            contribution: ContributionId,
            /// The words, or the name.
            #[serde(default)]
            what: Reported,
            reason: ReportReason,
            /// A sentence, at most 600 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            text: Option<String>,
        };
        /// Put the reports of one thing away as unfounded.
        Dismiss = "dismiss" by Moderator, POST "/contributions/{contribution}/dismiss" {
            contribution: ContributionId,
        };
        /// Answer, once, to the hiding of one's own contribution.
        Appeal = "appeal" by Author, POST "/contributions/{contribution}/appeal" {
            contribution: ContributionId,
            /// Why it should be seen, at most 600 characters.
            text: String,
        };
        /// Leave a contribution hidden after its author's appeal; restoring it is the other answer.
        RejectAppeal = "reject_appeal" by Moderator, POST "/contributions/{contribution}/reject-appeal" {
            contribution: ContributionId,
            /// A sentence to the author, at most 600 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<String>,
        };
        /// Take a person's name away wherever it stands; they can choose another.
        ResetName = "reset_name" by Moderator {
            participant: ParticipantId,
        };
        /// Write the summary of the record; `None` takes it away.
        SetSummary = "set_summary" by Moderator, POST "/summary" {
            /// Plain text, at most 20,000 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            text: Option<String>,
        };
        /// Say how many people were in the hall; `None` if nobody counted.
        CountHall = "count_hall" by Moderator, POST "/hall" {
            /// How many, at most 100,000.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            people: Option<u32>,
        };
        /// Open, slow down, lock or close.
        SetState = "set_state" by Moderator, POST "/state" {
            /// What holds from now on.
            #[serde(flatten)]
            mode: Mode,
            /// Until when; then the forum is open again.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            until: Option<Timestamp>,
            /// The same in minutes from when the command was received, so that repeating it says the same.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            minutes: Option<u32>,
        };
        /// Decide which contributions wait.
        SetWaiting = "set_waiting" by Moderator, POST "/waiting" {
            /// The rule.
            waiting: Waiting,
        };
        /// Let the forum know one's name and role as they are now.
        Introduce = "introduce" by Participant;
        /// Delete a contribution's words for good.
        Erase = "erase" by Admin, POST "/contributions/{contribution}/erase" {
            contribution: ContributionId,
        };
        /// Delete every word of a person, and their name.
        ErasePerson = "erase_person" by System {
            participant: ParticipantId,
        };
        /// Say where a poll of this forum stands; follows from the poll's stream.
        PollMoved = "poll_moved" by System {
            poll: PollId,
            stream: StreamId,
            /// Where it stands.
            phase: Phase,
            /// What it asks.
            title: Texts,
            /// Who moved it; `None`: the clock or a token.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            by: Option<ParticipantId>,
        };
        /// Put something on stage.
        SetStage = "set_stage" by Moderator, POST "/stage" with stage {
            /// What the hall sees from now on.
            stage: Stage,
            /// As of which event contributions were read. Refused if the author of one changed the words since.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            seen: Option<Seq>,
        };
        /// Let people ask for the floor or not, and say how long a turn is.
        SetFloor = "set_floor" by Moderator, POST "/speaking-list/state" {
            /// Can they ask?
            open: bool,
            /// 10 to 3,600; 120 unless said otherwise.
            #[serde(default = "floor_seconds")]
            seconds: u32,
        };
        /// Ask for the floor; once more to say whether it is with an interpreter.
        AskFloor = "ask_floor" by Participant, POST "/speaking-list" {
            /// Somebody interprets, so the turn is twice as long.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            interpreted: bool,
        };
        /// Ask for the floor no longer.
        WithdrawFloor = "withdraw_floor" by Participant, DELETE "/speaking-list";
        /// Put somebody in the hall on the speaking list.
        EnterFloor = "enter_floor" by Moderator, POST "/speaking-list/hall" {
            /// What they are called, 1 to 40 characters; an empty one is none. The same name, case aside, is the same person.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            name: String,
            /// Somebody interprets, so the turn is twice as long.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            interpreted: bool,
        };
        /// Give somebody the floor; it ends the turn of whoever speaks.
        GiveFloor = "give_floor" by Moderator, POST "/speaking-list/next" {
            /// To whom. `None`: to the next in fair order; if there is none, to nobody.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            entry: Option<FloorId>,
        };
        /// The turn is over.
        EndFloor = "end_floor" by Moderator, POST "/speaking-list/end";
        /// Take an entry off the speaking list, or end its turn.
        DropFloor = "drop_floor" by Moderator, POST "/speaking-list/{entry}/drop" {
            entry: FloorId,
        };
        /// Put an entry of the speaking list to the front, for all to see; once more to undo that.
        PinFloor = "pin_floor" by Moderator, POST "/speaking-list/{entry}/pin" {
            entry: FloorId,
        };
        /// A moment the state waited for has come.
        Tick = "tick" by System {
            moment: Timestamp,
        };
    }
}

const fn floor_seconds() -> u32 {
    FLOOR_SECONDS
}
