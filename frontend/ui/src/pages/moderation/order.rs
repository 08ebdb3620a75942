//! In which order the queue stands. What waits of one person stands together, and people come in the order of their
//! first. Nothing moves under a thumb: what is new comes last, what the reader pressed goes at once, and what somebody
//! else settled keeps its place until the reader's next press.

use std::collections::BTreeMap;

use stimmwerk_core::forum::{ContributionView, ForumCommand, People};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::time::Timestamp;

use super::super::forum::board::Pending;
use crate::live::Stage;

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// What stands there.
    pub id: ContributionId,
    /// When it was written and its position.
    pub turn: (Timestamp, u64),
    /// The number of who wrote it.
    pub author: u32,
    /// It is the first of theirs: their number is said here, and what is done with all of them.
    pub first: bool,
    /// Somebody else settled it; the place is kept.
    pub gone: bool,
}

/// The queue as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// By person, whose first waits longest first.
    pub slots: Vec<Slot>,
    /// How often the reader had pressed.
    presses: u32,
}

impl Queue {
    /// What still waits.
    pub fn waiting(&self) -> impl Iterator<Item = ContributionId> {
        self.slots.iter().filter(|slot| !slot.gone).map(|slot| slot.id)
    }
}

/// The queue after something changed. `mine`: what the reader pressed away.
pub fn arrange(
    before: Option<&Queue>,
    waiting: &[ContributionView],
    leaving: impl Fn(&ContributionView) -> bool,
    mine: &[ContributionId],
    presses: u32,
) -> Queue {
    let slot =
        |one: &ContributionView| Slot { id: one.id, turn: one.turn(), author: one.author, first: false, gone: false };
    let mut slots: Vec<Slot> = waiting.iter().filter(|one| !leaving(one)).map(slot).collect();
    let mut latest = None;
    if let Some(before) = before
        && before.presses == presses
        && !slots.is_empty()
    {
        latest = before.slots.iter().map(|slot| slot.turn).max();
        let settled = |slot: &&Slot| !mine.contains(&slot.id) && waiting.iter().all(|one| one.id != slot.id);
        slots.extend(before.slots.iter().filter(settled).map(|slot| Slot { gone: true, first: false, ..*slot }));
    }
    // What came since joins the others of its author with the reader's next press.
    let is_new = |slot: &Slot| latest.is_some_and(|latest| slot.turn > latest);
    let mut firsts: BTreeMap<u32, (Timestamp, u64)> = BTreeMap::new();
    for slot in slots.iter().filter(|slot| !is_new(slot)) {
        firsts.entry(slot.author).and_modify(|first| *first = slot.turn.min(*first)).or_insert(slot.turn);
    }
    slots.sort_by_key(|slot| {
        let first = firsts.get(&slot.author).filter(|_| !is_new(slot)).copied();
        (first.unwrap_or(slot.turn), slot.turn)
    });
    let mut known = Vec::new();
    for slot in slots.iter_mut().filter(|slot| !slot.gone) {
        slot.first = !known.contains(&slot.author);
        if slot.first {
            known.push(slot.author);
        }
    }
    Queue { slots, presses }
}

/// Is a command on its way that takes this from the queue?
pub fn leaves(pending: &[Pending], people: &People, one: &ContributionView) -> bool {
    let mut gone = false;
    for sent in pending.iter().filter(|sent| !matches!(sent.stage, Stage::Refused(_))) {
        match &sent.command {
            ForumCommand::Approve { contribution, .. }
            | ForumCommand::Hide { contribution, .. }
            | ForumCommand::Restore { contribution }
            | ForumCommand::Dismiss { contribution }
            | ForumCommand::RejectAppeal { contribution, .. }
            | ForumCommand::Erase { contribution }
                if *contribution == one.id =>
            {
                gone = true;
            }
            // What was reported of it stays to be looked at.
            ForumCommand::Refuse { contribution, .. } if *contribution == one.id && one.reports.is_empty() => {
                gone = true;
            }
            ForumCommand::ApproveAll { participant, .. } | ForumCommand::RefuseAll { participant, .. }
                if one.waits && people.participant(one.author) == Some(*participant) =>
            {
                gone = true;
            }
            ForumCommand::PutBack { contribution } if *contribution == one.id => gone = false,
            _ => {}
        }
    }
    gone
}

/// Is something on its way to this that the server has not answered?
#[cfg(any(feature = "hydrate", test))]
pub fn unanswered(pending: &[Pending], id: ContributionId) -> bool {
    pending.iter().filter(|sent| sent.stage == Stage::Sent).any(|sent| match &sent.command {
        ForumCommand::Approve { contribution, .. } | ForumCommand::Hide { contribution, .. } => *contribution == id,
        ForumCommand::ApproveAll { .. } | ForumCommand::RefuseAll { .. } => true,
        _ => false,
    })
}
