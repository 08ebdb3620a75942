//! What can be asked of the network.

use serde::{Deserialize, Serialize};

use crate::commands::commands;
use crate::forum::Waiting;
use crate::ids::{ForumId, ParticipantId, ProcessId};
use crate::poll::Question;
use crate::said::Texts;
use crate::time::Timestamp;

/// Who may find and read a process without having joined it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Nobody; a code leads in.
    #[default]
    Code,
    /// Nobody; accounts of the network may join.
    Members,
    /// Everyone may read.
    Public,
}

/// How a code reaches people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// Said aloud or read from a slide: short.
    Spoken,
    /// Inside a link or QR picture: long.
    Link,
}

commands! {
    /// A command to the network.
    NetworkCommand at "/api/v1" {
        /// Name the network.
        SetTitle = "set_title" by Admin, PATCH "/network" {
            /// The new name.
            title: Texts,
        };
        /// Begin a process. It gets one code of each kind.
        CreateProcess = "create_process" by Admin, POST "/processes" {
            title: Texts,
            /// Who may read it.
            #[serde(default)]
            visibility: Visibility,
        };
        /// Change who may read a process.
        SetVisibility = "set_visibility" by Admin {
            process: ProcessId,
            /// Who may read it.
            visibility: Visibility,
        };
        /// Name a process anew.
        SetProcessTitle = "set_process_title" by Moderator {
            process: ProcessId,
            /// The new title.
            title: Texts,
        };
        /// Add a forum to a process.
        CreateForum = "create_forum" by Moderator, POST "/processes/{process}/forums" {
            process: ProcessId,
            title: Texts,
            /// Which contributions wait.
            #[serde(default)]
            waiting: Waiting,
        };
        /// Add a poll to a process: a draft.
        CreatePoll = "create_poll" by Moderator, POST "/processes/{process}/polls" {
            process: ProcessId,
            /// In which forum of it, if in one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            forum: Option<ForumId>,
            /// What is asked.
            question: Box<Question>,
        };
        /// Open or close the joining of a process.
        SetJoining = "set_joining" by Moderator {
            process: ProcessId,
            /// Whether codes are taken.
            joining: Joining,
        };
        /// Replace both codes of a process.
        RenewCodes = "renew_codes" by Moderator, POST "/processes/{process}/codes" {
            process: ProcessId,
        };
        /// Let a person's words be deleted in every stream of a process.
        ErasePerson = "erase_person" by System {
            /// In which process.
            process: ProcessId,
            participant: ParticipantId,
        };
        /// A moment the state waited for has come. The network waits for none yet.
        Tick = "tick" by System {
            moment: Timestamp,
        };
    }
}

impl NetworkCommand {
    /// The process it is about, if there is one already.
    pub const fn process(&self) -> Option<ProcessId> {
        match self {
            Self::SetVisibility { process, .. }
            | Self::SetProcessTitle { process, .. }
            | Self::CreateForum { process, .. }
            | Self::CreatePoll { process, .. }
            | Self::SetJoining { process, .. }
            | Self::RenewCodes { process }
            | Self::ErasePerson { process, .. } => Some(*process),
            Self::SetTitle { .. } | Self::CreateProcess { .. } | Self::Tick { .. } => None,
        }
    }
}

/// Whether people can join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// With a code.
    #[default]
    Open,
    /// Not at present. Who is in stays in.
    Closed,
}
