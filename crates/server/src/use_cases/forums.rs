//! Reading a forum and issuing commands to it.
//! REST and the pages of a forum call this.
//! It judges nothing by itself: the domain decides commands, and the audience decides what is read.

use std::sync::Arc;

use serde::Serialize;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{Forum, ForumCommand, ForumState, ForumView, Found, OwnView, Search, Thread};
use stimmwerk_core::ids::{ContributionId, StreamId};
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_core::people::Audience;
use utoipa::ToSchema;

use super::admission::Admission;
use crate::app::App;
use crate::problem::Answer;
use crate::reads::in_turn;
use crate::room::Done;

/// A forum as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForumAnswer {
    /// As of which event.
    pub seq: Seq,
    /// Its stream, to subscribe to.
    pub stream: StreamId,
    /// What the caller's audience sees.
    pub view: ForumView,
    /// What concerns the caller alone.
    pub own: Option<OwnView>,
}

impl App {
    /// A forum as whoever asks may see it.
    ///
    /// # Errors
    /// It does not exist (yet), or the log cannot be read.
    pub async fn read_forum(&self, admission: &Admission, window: WindowRequest) -> Answer<ForumAnswer> {
        let place = admission.forum()?;
        let audience = admission.audience()?;
        let room = self.forum(place).await?;
        let state = room.state();
        // Only staff may ask for a window that begins at a position: its size has no bound.
        let window = WindowRequest { from: window.from.filter(|_| audience == Audience::Staff), ..window };
        let view = if window.from.is_some() {
            let state = state.clone();
            in_turn(move || Forum::view(&state, audience, &window)).await?
        } else {
            Forum::view(&state, audience, &window)
        };
        let participant = admission.who.active_in(place.process);
        let own = participant.map(|participant| Forum::own(&state, participant.id, view.window.from));
        Ok(ForumAnswer { seq: state.seq(), stream: place.stream, view, own })
    }

    /// Issues a command to the forum that the request means.
    ///
    /// # Errors
    /// It was refused, or could not be written.
    pub async fn issue_to_forum(&self, admission: &Admission, command: ForumCommand) -> Answer<Done> {
        let room = self.forum(admission.forum()?).await?;
        match room.issue(command, admission.command, admission.actor(), admission.who.command_owner()).await {
            Ok(done) => Ok(done),
            Err(refusal) => Err(self.name_who_decided(refusal.into()).await),
        }
    }
}

/// Searched and sorted contributions of one state, at most a page of them.
///
/// # Errors
/// The searching failed.
pub async fn search(state: Arc<ForumState>, audience: Audience, search: Search) -> Answer<Found> {
    in_turn(move || state.search(audience, &search)).await
}

/// A contribution of one state with what it answers and what answers it. `None`: this audience does not see it.
///
/// # Errors
/// The reading failed.
pub async fn thread(
    state: Arc<ForumState>,
    audience: Audience,
    contribution: ContributionId,
) -> Answer<Option<Thread>> {
    in_turn(move || state.thread(contribution, audience)).await
}
