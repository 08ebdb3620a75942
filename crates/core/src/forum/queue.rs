//! In which order contributions that wait for a moderator come up: everybody's first, then everybody's second, and so on.
//! Whoever has much that waits holds nobody else up.

#[cfg(feature = "decide")]
use imbl::{HashMap, OrdSet};

#[cfg(feature = "decide")]
use super::state::Ix;
use super::{ContributionView, MAX_WAITING};
#[cfg(feature = "decide")]
use crate::time::Timestamp;

/// Puts contributions that wait into fair order. What comes before one of them by its author is among them: each is the
/// same in turn whether the whole queue is sorted or only its beginning.
pub fn order_fairly(waiting: &mut Vec<ContributionView>) {
    waiting.sort_by_key(ContributionView::turn);
    let mut left = std::mem::take(waiting);
    for _ in 0..MAX_WAITING {
        let (mut seen, mut rest) = (Vec::new(), Vec::new());
        for one in left {
            if seen.contains(&one.author) {
                rest.push(one);
            } else {
                seen.push(one.author);
                waiting.push(one);
            }
        }
        left = rest;
    }
    waiting.append(&mut left);
}

/// The place of the `nth` of what waits of one person, written then, in the order of [`order_fairly`]. Beyond
/// [`MAX_WAITING`] of one person, which only older programs took, numbers are told apart no longer: so one change moves
/// few others.
#[cfg(feature = "decide")]
fn fair_turn(nth: usize, written: (Timestamp, Ix)) -> (usize, (Timestamp, Ix)) {
    (nth.min(MAX_WAITING), written)
}

/// What waits, by author and in fair order.
#[cfg(feature = "decide")]
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// Of each person, in the order in which it was written.
    theirs: HashMap<Ix, OrdSet<(Timestamp, Ix)>>,
    in_order: OrdSet<(usize, (Timestamp, Ix))>,
}

#[cfg(feature = "decide")]
impl Queue {
    /// How much waits.
    pub(super) fn len(&self) -> usize {
        self.in_order.len()
    }

    /// What waits of one person, in the order in which it was written.
    pub(super) fn of(&self, author: Ix) -> impl Iterator<Item = Ix> {
        self.theirs.get(&author).into_iter().flatten().map(|(_, ix)| *ix)
    }

    /// Everybody of whom something waits.
    pub(super) fn authors(&self) -> Vec<Ix> {
        self.theirs.keys().copied().collect()
    }

    /// In fair order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Ix> {
        self.in_order.iter().map(|(_, (_, ix))| *ix)
    }

    /// Lets something of this author wait, or no longer. Whether that changed anything.
    pub(super) fn set(&mut self, author: Ix, one: (Timestamp, Ix), waits: bool) -> bool {
        if self.theirs.get(&author).is_some_and(|theirs| theirs.contains(&one)) == waits {
            return false;
        }
        let theirs = self.theirs.entry(author).or_default();
        let numbered = |theirs: &OrdSet<(Timestamp, Ix)>| theirs.iter().take(MAX_WAITING).copied().zip(0..).collect();
        let was: Vec<_> = numbered(theirs);
        if waits {
            theirs.insert(one);
            self.in_order.insert(fair_turn(MAX_WAITING, one));
        } else {
            theirs.remove(&one);
            self.in_order.remove(&fair_turn(MAX_WAITING, one));
        }
        let now: Vec<_> = numbered(theirs);
        for (other, nth) in was {
            self.in_order.remove(&fair_turn(nth, other));
            if theirs.contains(&other) {
                self.in_order.insert(fair_turn(MAX_WAITING, other));
            }
        }
        for (other, nth) in now {
            self.in_order.remove(&fair_turn(MAX_WAITING, other));
            self.in_order.insert(fair_turn(nth, other));
        }
        if theirs.is_empty() {
            self.theirs.remove(&author);
        }
        true
    }
}
