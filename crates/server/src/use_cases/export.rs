//! Everything that is kept of one person, for themselves.
//! REST answers it as a file.
//! A secret ballot is in nobody's export, since nothing tells whose it is.

use serde::{Deserialize, Serialize};
use stimmwerk_core::domain::StreamKind;
use stimmwerk_core::forum::OwnExport;
use stimmwerk_core::ids::{ForumId, ParticipantId, PollId, ProcessId};
use stimmwerk_core::time::Timestamp;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Answer, Fault};
use crate::who::Who;

/// What is kept of the caller in one forum.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exported {
    #[schema(value_type = String)]
    forum: ForumId,
    #[serde(flatten)]
    #[schema(value_type = OwnExport)]
    written: serde_json::Value,
}

/// A ballot of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedBallot {
    #[schema(value_type = String)]
    poll: PollId,
    /// What they chose, by option; `null` where nobody keeps it.
    marks: Option<Vec<u8>>,
}

/// What is kept of the caller in one process.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedProcess {
    #[schema(value_type = String)]
    process: ProcessId,
    #[schema(value_type = String)]
    participant: ParticipantId,
    name: Option<String>,
    lang: Option<String>,
    /// The version of the joining notice they saw.
    notice: u32,
    joined_at: Timestamp,
    forums: Vec<Exported>,
    ballots: Vec<ExportedBallot>,
}

/// What is kept of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    processes: Vec<ExportedProcess>,
}

impl App {
    /// Everything that is kept of `who`.
    ///
    /// # Errors
    /// Nobody is known by what they show, or the log cannot be read.
    pub async fn export(&self, who: &Who) -> Answer<Export> {
        let standing = who.standing.clone().ok_or_else(Fault::unauthorized)?;
        let directory = self.directory();
        let mut processes = Vec::new();
        for participant in &standing.participants {
            let Some(process) = directory.process(participant.process) else { continue };
            let (mut forums, mut ballots) = (Vec::new(), Vec::new());
            for (place, room) in self.rooms_of(process.id).await? {
                let Some(written) = room.export(participant.id).await? else { continue };
                match place.kind {
                    StreamKind::Forum => forums.push(Exported { forum: ForumId(place.object), written }),
                    StreamKind::Poll => {
                        let marks = written.get("marks").and_then(|marks| Vec::deserialize(marks).ok());
                        ballots.push(ExportedBallot { poll: PollId(place.object), marks });
                    }
                    // The network's stream belongs to no process.
                    StreamKind::Network => {}
                }
            }
            processes.push(ExportedProcess {
                process: participant.process,
                participant: participant.id,
                name: participant.name.clone(),
                lang: participant.lang.clone(),
                notice: participant.notice,
                joined_at: participant.joined_at,
                forums,
                ballots,
            });
        }
        Ok(Export { processes })
    }
}
