//! What can have happened in a forum. Accepted shapes are never edited: a new shape is a new version, lifted in `read`.

use serde::{Deserialize, Serialize};

use super::{HideReason, Mode, ReportReason, Reported, Stage, Waiting};
use crate::domain::events;
use crate::ids::{ContributionId, FloorId, ForumId, ParticipantId, PollId, ProcessId, StreamId, TopicId};
use crate::people::Role;
use crate::poll::Phase;
use crate::said::{HoldsTexts, Lang, Said, SaidTexts};
use crate::time::Timestamp;

events! {
    /// An event of a forum.
    ForumEvent {
        /// The stream began.
        Founded = "forum.founded" v 1,
        /// It has another title.
        Titled = "forum.titled" v 1,
        /// A topic was added.
        TopicAdded = "forum.topic_added" v 1,
        /// Someone's name or role became known, or changed.
        Introduced = "forum.introduced" v 1,
        /// Someone wrote.
        Contributed = "forum.contributed" v 1,
        /// Staff wrote down what someone said in the hall.
        Spoken = "forum.spoken" v 1,
        /// An author added to their words.
        Added = "forum.added" v 1,
        /// Someone agreed.
        Supported = "forum.supported" v 1,
        /// Someone withdrew their agreement.
        Unsupported = "forum.unsupported" v 1,
        /// An author changed their words.
        Edited = "forum.edited" v 1,
        /// An author took a contribution back.
        Withdrawn = "forum.withdrawn" v 1,
        /// A moderator let something appear.
        Approved = "forum.approved" v 1,
        /// A moderator let something disappear.
        Hidden = "forum.hidden" v 1,
        /// A moderator refused a waiting change or addition.
        ChangeRefused = "forum.change_refused" v 1,
        /// A moderator undid that.
        Restored = "forum.restored" v 1,
        /// A moderator undid a decision: the contribution waits again.
        PutBack = "forum.put_back" v 1,
        /// Somebody was shut out of the process, or let in again.
        ShutOut = "forum.shut_out" v 1,
        /// A moderator is at it, or no longer.
        Claimed = "forum.claimed" v 1,
        /// Somebody pointed the moderators to it. Nothing tells who.
        ReportMade = "forum.reported" v 1,
        /// A moderator put the reports away.
        Dismissed = "forum.dismissed" v 1,
        /// An author answered to the hiding.
        Appealed = "forum.appealed" v 1,
        /// Another moderator left it hidden.
        AppealRejected = "forum.appeal_rejected" v 1,
        /// The summary of the record was written or taken away.
        Summarised = "forum.summarised" v 1,
        /// The people in the hall were counted.
        HallCounted = "forum.hall_counted" v 1,
        /// It was opened, slowed, locked or closed.
        StateSet = "forum.state_set" v 1,
        /// The rule of what waits changed.
        WaitingSet = "forum.waiting_set" v 1,
        /// The words of a contribution were deleted.
        Erased = "forum.erased" v 1,
        /// All words of a person were deleted.
        PersonErased = "forum.person_erased" v 1,
        /// A poll of the forum began or moved on.
        PollMoved = "forum.poll_moved" v 1,
        /// Something was put on stage.
        StageSet = "forum.stage_set" v 1,
        /// People can ask for the floor, or no longer; or a turn has another length.
        FloorSet = "forum.floor_set" v 1,
        /// Someone asked for the floor.
        FloorAsked = "forum.floor_asked" v 1,
        /// Someone asks for it no longer.
        FloorWithdrawn = "forum.floor_withdrawn" v 1,
        /// Staff put someone in the hall on the speaking list.
        FloorEntered = "forum.floor_entered" v 1,
        /// Someone has the floor.
        FloorGiven = "forum.floor_given" v 1,
        /// Their turn is over.
        FloorEnded = "forum.floor_ended" v 1,
        /// Staff took an entry off the speaking list.
        FloorDropped = "forum.floor_dropped" v 1,
        /// Staff put an entry to the front, or undid that.
        FloorPinned = "forum.floor_pinned" v 1,
    }
}

/// See [`ForumEvent::Founded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    pub forum: ForumId,
    pub process: ProcessId,
    pub title: SaidTexts,
    /// Which contributions wait.
    pub waiting: Waiting,
}

/// See [`ForumEvent::Titled`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Titled {
    /// The new title.
    pub title: SaidTexts,
}

/// See [`ForumEvent::TopicAdded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicAdded {
    pub topic: TopicId,
    pub title: SaidTexts,
}

/// See [`ForumEvent::Introduced`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduced {
    pub participant: ParticipantId,
    /// Their name, if they chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Said>,
    /// The role their contributions show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// See [`ForumEvent::Contributed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributed {
    pub contribution: ContributionId,
    /// Who wrote it; introduced before.
    pub author: ParticipantId,
    /// The words.
    pub text: Said,
    /// Their language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ContributionId>,
    /// When it was received.
    pub at: Timestamp,
    /// Does it wait for a moderator?
    pub waits: bool,
}

/// See [`ForumEvent::Spoken`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// The contribution, whose author is who wrote it down.
    #[serde(flatten)]
    pub contributed: Contributed,
    /// Who said it, if they gave a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Said>,
}

/// See [`ForumEvent::Added`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    pub contribution: ContributionId,
    /// The addition.
    pub text: Said,
    /// When it was received.
    pub at: Timestamp,
    /// Does it wait for a moderator?
    pub waits: bool,
}

/// See [`ForumEvent::PutBack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBack {
    pub contribution: ContributionId,
}

/// See [`ForumEvent::ShutOut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShutOut {
    pub participant: ParticipantId,
    /// Shut out, or let in again.
    pub banned: bool,
    /// By whom; `None`: a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
}

/// See [`ForumEvent::Claimed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    pub contribution: ContributionId,
    /// Who is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
    /// Since when.
    pub at: Timestamp,
}

/// See [`ForumEvent::ReportMade`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportMade {
    pub contribution: ContributionId,
    /// The words, or the name.
    pub what: Reported,
    pub reason: ReportReason,
    /// A sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Said>,
    pub at: Timestamp,
}

/// See [`ForumEvent::Dismissed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissed {
    pub contribution: ContributionId,
}

/// See [`ForumEvent::Appealed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appealed {
    pub contribution: ContributionId,
    /// Why it should be seen.
    pub text: Said,
    pub at: Timestamp,
}

/// See [`ForumEvent::AppealRejected`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealRejected {
    pub contribution: ContributionId,
    /// A sentence to the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Said>,
}

/// See [`ForumEvent::Summarised`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summarised {
    /// The summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Said>,
}

/// See [`ForumEvent::HallCounted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HallCounted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
}

/// See [`ForumEvent::Supported`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supported {
    pub contribution: ContributionId,
    pub participant: ParticipantId,
}

/// See [`ForumEvent::Unsupported`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    pub contribution: ContributionId,
    pub participant: ParticipantId,
}

/// See [`ForumEvent::Edited`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    pub contribution: ContributionId,
    /// The new words.
    pub text: Said,
    /// Do they wait for a moderator while the old ones stay?
    pub waits: bool,
}

/// See [`ForumEvent::Withdrawn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub contribution: ContributionId,
}

/// See [`ForumEvent::Approved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub contribution: ContributionId,
}

/// See [`ForumEvent::Hidden`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    pub contribution: ContributionId,
    pub reason: HideReason,
    /// A sentence to the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Said>,
}

/// See [`ForumEvent::ChangeRefused`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRefused {
    pub contribution: ContributionId,
    pub at: Timestamp,
    /// A sentence to the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Said>,
}

/// See [`ForumEvent::Restored`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub contribution: ContributionId,
}

/// See [`ForumEvent::StateSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSet {
    /// What holds from now on.
    #[serde(flatten)]
    pub mode: Mode,
    /// Until when; then it is open again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// See [`ForumEvent::WaitingSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSet {
    /// The rule.
    pub waiting: Waiting,
}

/// See [`ForumEvent::Erased`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    pub contribution: ContributionId,
}

/// See [`ForumEvent::PersonErased`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonErased {
    /// Whose words and name.
    pub participant: ParticipantId,
}

/// See [`ForumEvent::PollMoved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollMoved {
    pub poll: PollId,
    pub stream: StreamId,
    /// Where it stands.
    pub phase: Phase,
    /// What it asks.
    pub title: SaidTexts,
    /// Who moved it; `None`: the clock or a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
}

/// See [`ForumEvent::StageSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageSet {
    /// What the hall sees.
    pub stage: Stage,
}

/// See [`ForumEvent::FloorSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorSet {
    /// Can people ask?
    pub open: bool,
    /// How long a turn is.
    pub seconds: u32,
}

/// See [`ForumEvent::FloorAsked`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorAsked {
    /// The entry; one that is there already stays where it is.
    pub entry: FloorId,
    /// Who; introduced before.
    pub participant: ParticipantId,
    /// With an interpreter.
    pub interpreted: bool,
    /// When it was received.
    pub at: Timestamp,
    /// Does their name wait until a moderator has read it?
    pub waits: bool,
}

/// See [`ForumEvent::FloorWithdrawn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorWithdrawn {
    pub entry: FloorId,
}

/// See [`ForumEvent::FloorEntered`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorEntered {
    pub entry: FloorId,
    /// What they are called, if they are new and gave a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Said>,
    /// The entry under which they were named before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<FloorId>,
    /// With an interpreter.
    pub interpreted: bool,
    /// When it was received.
    pub at: Timestamp,
}

/// See [`ForumEvent::FloorGiven`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorGiven {
    pub entry: FloorId,
    /// Since when.
    pub at: Timestamp,
    /// How long they may speak.
    pub seconds: u32,
}

/// See [`ForumEvent::FloorEnded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorEnded {
    pub entry: FloorId,
}

/// See [`ForumEvent::FloorDropped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorDropped {
    pub entry: FloorId,
}

/// See [`ForumEvent::FloorPinned`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorPinned {
    pub entry: FloorId,
    /// To the front, or no longer.
    pub pinned: bool,
}

impl HoldsTexts for ForumEvent {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        match self {
            Self::Founded(Founded { title, .. })
            | Self::Titled(Titled { title })
            | Self::TopicAdded(TopicAdded { title, .. })
            | Self::PollMoved(PollMoved { title, .. }) => title.each_text(visit),
            Self::Introduced(Introduced { name: Some(said), .. })
            | Self::Contributed(Contributed { text: said, .. })
            | Self::Edited(Edited { text: said, .. })
            | Self::Added(Added { text: said, .. })
            | Self::Appealed(Appealed { text: said, .. })
            | Self::ReportMade(ReportMade { text: Some(said), .. })
            | Self::AppealRejected(AppealRejected { note: Some(said), .. })
            | Self::ChangeRefused(ChangeRefused { note: Some(said), .. })
            | Self::Summarised(Summarised { text: Some(said) })
            | Self::FloorEntered(FloorEntered { name: Some(said), .. })
            | Self::Hidden(Hidden { note: Some(said), .. }) => visit(said),
            Self::Spoken(Spoken { contributed, name }) => {
                visit(&mut contributed.text);
                name.iter_mut().for_each(visit);
            }
            Self::Introduced(_)
            | Self::Hidden(_)
            | Self::PutBack(_)
            | Self::ShutOut(_)
            | Self::Claimed(_)
            | Self::ReportMade(_)
            | Self::Dismissed(_)
            | Self::AppealRejected(_)
            | Self::ChangeRefused(_)
            | Self::Summarised(_)
            | Self::HallCounted(_)
            | Self::Supported(_)
            | Self::Unsupported(_)
            | Self::Withdrawn(_)
            | Self::Approved(_)
            | Self::Restored(_)
            | Self::StateSet(_)
            | Self::StageSet(_)
            | Self::FloorSet(_)
            | Self::FloorAsked(_)
            | Self::FloorWithdrawn(_)
            | Self::FloorEntered(_)
            | Self::FloorGiven(_)
            | Self::FloorEnded(_)
            | Self::FloorDropped(_)
            | Self::FloorPinned(_)
            | Self::WaitingSet(_)
            | Self::Erased(_)
            | Self::PersonErased(_) => {}
        }
    }
}
