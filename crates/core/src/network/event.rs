//! What can have happened in the network. Accepted shapes are never edited: a new shape is a new version.

use serde::{Deserialize, Serialize};

use super::{CodeKind, Joining, Visibility};
use crate::domain::events;
use crate::ids::{ForumId, JoinCodeId, ParticipantId, PollId, ProcessId, StreamId};
use crate::said::{HoldsTexts, Said, SaidTexts};

events! {
    /// An event of the network.
    NetworkEvent {
        /// The network was named.
        NetworkTitled = "network.titled" v 1,
        /// A process began.
        ProcessCreated = "network.process_created" v 1,
        /// A process was named anew.
        ProcessTitled = "network.process_titled" v 1,
        /// Who may read a process changed.
        VisibilitySet = "network.visibility_set" v 1,
        /// A process has one more forum.
        ForumCreated = "network.forum_created" v 1,
        /// A process has one more poll.
        PollCreated = "network.poll_created" v 1,
        /// Joining was opened or closed.
        JoiningSet = "network.joining_set" v 1,
        /// A process has a new code; an older one of its kind no longer counts.
        CodeIssued = "network.code_issued" v 1,
        /// A person's words are to be deleted in a process; follow-ups carry it out.
        ParticipantErased = "network.participant_erased" v 1,
    }
}

/// See [`NetworkEvent::NetworkTitled`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkTitled {
    /// The new name.
    pub title: SaidTexts,
}

/// See [`NetworkEvent::ProcessCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessCreated {
    pub process: ProcessId,
    pub title: SaidTexts,
    /// Who may read it.
    pub visibility: Visibility,
}

/// See [`NetworkEvent::ProcessTitled`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessTitled {
    pub process: ProcessId,
    /// Its new title.
    pub title: SaidTexts,
}

/// See [`NetworkEvent::VisibilitySet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisibilitySet {
    pub process: ProcessId,
    /// Who may read it.
    pub visibility: Visibility,
}

/// See [`NetworkEvent::ForumCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForumCreated {
    pub process: ProcessId,
    pub forum: ForumId,
    /// Where it lives.
    pub stream: StreamId,
}

/// See [`NetworkEvent::PollCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollCreated {
    pub process: ProcessId,
    pub poll: PollId,
    /// Where it lives.
    pub stream: StreamId,
    /// The forum it is held in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forum: Option<ForumId>,
}

/// See [`NetworkEvent::JoiningSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoiningSet {
    pub process: ProcessId,
    /// Whether codes are taken.
    pub joining: Joining,
}

/// See [`NetworkEvent::CodeIssued`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeIssued {
    /// The process it leads to.
    pub process: ProcessId,
    /// The code's id.
    pub code: JoinCodeId,
    /// How it reaches people.
    pub kind: CodeKind,
    /// The code itself: beside the log, so that a replaced one can be deleted.
    pub text: Said,
}

/// See [`NetworkEvent::ParticipantErased`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantErased {
    pub process: ProcessId,
    /// Whose words.
    pub participant: ParticipantId,
}

impl HoldsTexts for NetworkEvent {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        match self {
            Self::NetworkTitled(NetworkTitled { title })
            | Self::ProcessCreated(ProcessCreated { title, .. })
            | Self::ProcessTitled(ProcessTitled { title, .. }) => title.each_text(visit),
            Self::CodeIssued(CodeIssued { text, .. }) => visit(text),
            Self::VisibilitySet(_)
            | Self::ForumCreated(_)
            | Self::PollCreated(_)
            | Self::JoiningSet(_)
            | Self::ParticipantErased(_) => {}
        }
    }
}
