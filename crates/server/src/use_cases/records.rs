//! What is kept of a forum to be read later: the log of what staff did, the record, and the seal of a stream.
//! REST and the pages of log and record call this.
//! It writes nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;
use stimmwerk_core::forum::{ActView, ForumState, Record};
use stimmwerk_core::ids::{ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use utoipa::ToSchema;

use super::admission::Admission;
use crate::app::App;
use crate::problem::{Answer, Fault};
use crate::reads::in_turn;

/// Something staff did, and the names people have now.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedAct {
    /// What.
    #[serde(flatten)]
    pub act: ActView,
    /// Who; nobody for a token or the clock.
    pub name: Option<String>,
    /// With whom, where it was a person who has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
}

impl App {
    /// What staff did, newest first, one page.
    ///
    /// # Errors
    /// The forum is not there, or the account tables cannot be read.
    pub async fn read_log(&self, admission: &Admission, before: Option<Seq>) -> Answer<Vec<NamedAct>> {
        let room = self.forum(admission.forum()?).await?;
        let state = room.state();
        let acts = state.acts(before);
        let mut names = HashMap::new();
        let people: BTreeSet<ParticipantId> = acts.iter().flat_map(|act| [act.by, act.person]).flatten().collect();
        for one in people {
            names.insert(one, self.accounts.participant(one).await?.and_then(|participant| participant.name));
        }
        let name = |one: Option<ParticipantId>| names.get(&one?).cloned().flatten();
        let named = |act: ActView| NamedAct { name: name(act.by), person_name: name(act.person), act };
        Ok(acts.into_iter().map(named).collect())
    }

    /// Sixteen characters of the log's chain at an event: with them a later copy can be compared.
    ///
    /// # Errors
    /// The log cannot be read, or there is no such event.
    pub async fn seal(&self, stream: StreamId, seq: Seq) -> Answer<String> {
        let events = self.log().read(stream, Seq(seq.0.saturating_sub(1)), 1).await?;
        let hash = events.first().ok_or_else(Fault::not_found)?.hash;
        Ok(hash.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    }
}

/// The record of a forum in one state of it.
///
/// # Errors
/// The forum has not begun.
pub async fn record_of(state: Arc<ForumState>, names: bool) -> Answer<Record> {
    in_turn(move || state.record(names)).await?.ok_or_else(Fault::not_found)
}
