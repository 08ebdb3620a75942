//! What the hall sees, and the polls that can be put there: told by their own streams, kept, and shown.

use serde::{Deserialize, Serialize};

use super::decide::{Judged, was_read};
use super::event::{PollMoved, StageSet};
use super::state::{Facet, Ix};
use super::view::Did;
use super::{ForumEvent, ForumState, MAX_FORUM_POLLS, MAX_ON_STAGE, PollPlaceInForum, Stage, Status};
use crate::domain::{Context, Decision, Meta};
use crate::ids::{ContributionId, ParticipantId, PollId, StreamId};
use crate::live::Seq;
use crate::people::Audience;
use crate::poll::Phase;
use crate::rejection::Rejection;
use crate::said::{SaidTexts, Texts};
use crate::text::TextLimits;

/// A poll of the forum, as its stream last said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PollPlace {
    pub(super) id: PollId,
    stream: StreamId,
    phase: Phase,
    pub(super) title: SaidTexts,
}

impl PollPlace {
    /// Drafts are for staff.
    pub(super) fn seen_by(&self, audience: Audience) -> bool {
        self.phase != Phase::Draft || audience == Audience::Staff
    }
}

/// Judges what a poll's stream says.
pub(super) fn poll_moved(
    state: &ForumState,
    context: &Context,
    decision: &mut Decision<ForumEvent>,
    (poll, stream, phase, title): (PollId, StreamId, Phase, &Texts),
    by: Option<ParticipantId>,
) -> Judged {
    let known = state.find_poll(poll).map(|ix| &state.polls[ix as usize]);
    // A follow-up that is refused comes again and again, so what has no place here is passed over.
    if known.is_none() && state.polls.len() >= MAX_FORUM_POLLS {
        return Ok(());
    }
    if let Some(known) = known {
        // What everyone saw is no draft any more.
        if phase == Phase::Draft && known.phase != Phase::Draft {
            return Ok(());
        }
        if known.title.shown() == *title {
            if (known.stream, known.phase) != (stream, phase) {
                let title = known.title.clone();
                decision.events.push(ForumEvent::PollMoved(PollMoved { poll, stream, phase, title, by }));
            }
            return Ok(());
        }
        decision.erase.extend(known.title.texts.values().map(|said| said.key));
    }
    let title = decision.say_texts(context, title, TextLimits::TITLE)?;
    decision.events.push(ForumEvent::PollMoved(PollMoved { poll, stream, phase, title, by }));
    Ok(())
}

/// Judges what a moderator puts on stage, who read contributions as of `seen`.
pub(super) fn set(state: &ForumState, decision: &mut Decision<ForumEvent>, stage: &Stage, seen: Option<Seq>) -> Judged {
    let there = match stage {
        Stage::Topic { topic } => state.find_topic(*topic).is_some(),
        Stage::Poll { poll } => {
            state.find_poll(*poll).is_some_and(|ix| state.polls[ix as usize].seen_by(Audience::Public))
        }
        Stage::Contributions { contributions } if contributions.len() > MAX_ON_STAGE => {
            return Err(Rejection::TooMany { max: MAX_ON_STAGE as u32 });
        }
        Stage::Contributions { contributions } => {
            let shown = |id: &ContributionId| state.contribution(*id).filter(|one| one.status == Status::Visible);
            let found: Option<Vec<_>> = contributions.iter().map(shown).collect();
            if found.iter().flatten().any(|one| !was_read(one, seen)) {
                return Err(Rejection::TextChanged);
            }
            found.is_some_and(|found| !found.is_empty())
        }
        Stage::Off | Stage::Welcome | Stage::Speaking => true,
    };
    if !there {
        return Err(Rejection::NotFound);
    }
    if state.stage != *stage {
        decision.events.push(ForumEvent::StageSet(StageSet { stage: stage.clone() }));
    }
    Ok(())
}

impl ForumState {
    pub(super) fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
        self.touch(Facet::Stage);
    }

    /// Takes a contribution off the stage that can be seen no longer, or not as it was put there: nobody has read for
    /// the hall what it says now, or under which name.
    pub(super) fn leave_stage(&mut self, gone: ContributionId) {
        let Stage::Contributions { contributions } = &self.stage else { return };
        let left: Vec<_> = contributions.iter().copied().filter(|one| *one != gone).collect();
        if left.len() < contributions.len() {
            // An empty stage welcomes.
            let empty = left.is_empty();
            self.set_stage(if empty { Stage::Welcome } else { Stage::Contributions { contributions: left } });
        }
    }

    pub(super) fn find_poll(&self, id: PollId) -> Option<Ix> {
        self.polls.iter().position(|poll| poll.id == id).map(|ix| ix as Ix)
    }

    pub(super) fn poll_moved(&mut self, e: &PollMoved, meta: Meta) {
        let ix = self.find_poll(e.poll).unwrap_or(self.polls.len() as Ix);
        let moves = self.polls.get(ix as usize).is_none_or(|poll| poll.phase != e.phase);
        let opens = moves && e.phase == Phase::Open;
        let did = match e.phase {
            Phase::Draft => None,
            Phase::Open => Some(Did::PollOpened { poll: e.poll }),
            Phase::Closed => Some(Did::PollClosed { poll: e.poll }),
            Phase::Revealed => Some(Did::PollRevealed { poll: e.poll }),
        };
        if let Some(did) = did.filter(|_| moves && e.by.is_some()) {
            self.act(Meta { actor: e.by, ..meta }, did, None);
        }
        let poll = PollPlace { id: e.poll, stream: e.stream, phase: e.phase, title: e.title.clone() };
        match self.polls.get_mut(ix as usize) {
            Some(known) => *known = poll,
            None => self.polls.push_back(poll),
        }
        self.touch(Facet::Poll(ix));
        // Moderators who open a poll need not press twice. A dark stage stays dark.
        if opens && self.stage != Stage::Off {
            self.set_stage(Stage::Poll { poll: e.poll });
        }
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
    pub(super) fn poll_views(&self, audience: Audience) -> Vec<PollPlaceInForum> {
        let seen = |ix: &Ix| self.polls[*ix as usize].seen_by(audience);
        (0..self.polls.len() as Ix).filter(seen).map(|ix| self.poll_view(ix)).collect()
    }
}
