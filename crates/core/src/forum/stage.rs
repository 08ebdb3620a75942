//! The polls of a forum: told by their own streams, kept, and shown.

use serde::{Deserialize, Serialize};

use super::decide::Judged;
use super::event::PollMoved;
use super::state::{Facet, Ix};
use super::{ForumEvent, ForumState, MAX_FORUM_POLLS, PollPlaceInForum};
use crate::domain::{Context, Decision};
use crate::ids::{PollId, StreamId};
use crate::live::Seq;
use crate::poll::Phase;
use crate::said::{SaidTexts, Texts};
use crate::text::TextLimits;

/// A poll of the forum, as its stream last said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PollPlace {
    pub(super) id: PollId,
    stream: StreamId,
    phase: Phase,
    pub(super) title: SaidTexts,
    pub(super) changed: Seq,
}

/// Judges what a poll's stream says.
pub(super) fn poll_moved(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    (poll, stream, phase, title): (PollId, StreamId, Phase, &Texts),
) -> Judged {
    let known = state.find_poll(poll).map(|ix| &state.polls[ix as usize]);
    // A follow-up that is refused comes again and again, so what has no place here is passed over: drafts, which are
    // for staff alone, and more polls than the bound.
    if phase == Phase::Draft || (known.is_none() && state.polls.len() >= MAX_FORUM_POLLS) {
        return Ok(());
    }
    if let Some(known) = known {
        if (known.stream, known.phase, &known.title.shown()) == (stream, phase, title) {
            return Ok(());
        }
        decision.erase.extend(known.title.texts.values().map(|said| said.key));
    }
    let title = decision.say_texts(context, title, TextLimits::TITLE)?;
    decision.events.push(ForumEvent::PollMoved(PollMoved { poll, stream, phase, title }));
    Ok(())
}

impl ForumState {
    pub(super) fn find_poll(&self, id: PollId) -> Option<Ix> {
        self.polls.iter().position(|poll| poll.id == id).map(|ix| ix as Ix)
    }

    pub(super) fn poll_moved(&mut self, e: &PollMoved) {
        let ix = self.find_poll(e.poll).unwrap_or(self.polls.len() as Ix);
        let poll = PollPlace { id: e.poll, stream: e.stream, phase: e.phase, title: e.title.clone(), changed: Seq(0) };
        match self.polls.get_mut(ix as usize) {
            Some(known) => *known = PollPlace { changed: known.changed, ..poll },
            None => self.polls.push_back(poll),
        }
        self.touch(Facet::Poll(ix));
    }

    pub(super) fn poll_view(&self, ix: Ix) -> PollPlaceInForum {
        let poll = &self.polls[ix as usize];
        PollPlaceInForum {
            id: poll.id,
            number: ix + 1,
            stream: poll.stream,
            phase: poll.phase,
            title: poll.title.shown(),
        }
    }

    /// The forum's polls, oldest first.
    pub(super) fn poll_views(&self) -> Vec<PollPlaceInForum> {
        (0..self.polls.len() as Ix).map(|ix| self.poll_view(ix)).collect()
    }
}
