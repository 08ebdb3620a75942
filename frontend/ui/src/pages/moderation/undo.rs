//! What can be taken back for a moment after it was pressed.

use leptos::prelude::*;
use stimmwerk_core::forum::{AuthorView, ContributionView, ForumCommand, ForumView};
use stimmwerk_core::ids::{CommandId, ContributionId};

/// How long a press can be taken back here, in milliseconds. Later there is the list.
pub const UNDO_MS: i64 = 10_000;

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One thing appears.
    Approved,
    /// All that waited of one person appears: so many.
    ApprovedAll(u32),
    /// All that waited of one person is hidden: so many.
    RefusedAll(u32),
    /// One thing is hidden.
    Hidden,
}

/// A press that can be taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Counts presses.
    pub number: u32,
    /// The command it was.
    pub id: CommandId,
    /// What.
    pub what: What,
    /// Whose.
    pub author: AuthorView,
    /// What takes it back.
    pub back: Vec<ForumCommand>,
    /// Until when, by the clock of the page.
    pub until: i64,
}

/// What the desk keeps of what was pressed.
#[derive(Clone, Copy)]
pub struct UndoPanel {
    /// What can be taken back, oldest first.
    pub list: RwSignal<Vec<Done>>,
    /// What is to be taken back as soon as the server has answered to it.
    pub wanted: RwSignal<Vec<Done>>,
}

impl UndoPanel {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), wanted: RwSignal::new(Vec::new()) }
    }
}

impl Done {
    /// The contributions it is about.
    pub fn about(&self) -> impl Iterator<Item = ContributionId> {
        self.back.iter().filter_map(|command| match command {
            ForumCommand::PutBack { contribution } | ForumCommand::Restore { contribution } => Some(*contribution),
            _ => None,
        })
    }
}

/// A command that is about to be sent as a press, if it can be taken back: a change that is approved cannot, since its
/// former words are gone.
pub fn of(command: &ForumCommand, view: &ForumView) -> Option<(What, AuthorView, Vec<ForumCommand>)> {
    let author = |one: &ContributionView| view.people.author(one.author);
    let waits = |id: ContributionId| view.waiting.iter().find(|one| one.id == id);
    match command {
        ForumCommand::Approve { contribution, .. } => {
            let one = waits(*contribution)?;
            let back = vec![ForumCommand::PutBack { contribution: *contribution }];
            Some((What::Approved, author(one), back))
        }
        ForumCommand::ApproveAll { participant, .. } | ForumCommand::RefuseAll { participant, .. } => {
            let theirs = || view.waiting.iter().filter(|one| view.people.participant(one.author) == Some(*participant));
            let back: Vec<_> = theirs().map(|one| ForumCommand::PutBack { contribution: one.id }).collect();
            let count = back.len() as u32;
            let refused = matches!(command, ForumCommand::RefuseAll { .. });
            let what = if refused { What::RefusedAll(count) } else { What::ApprovedAll(count) };
            Some((what, author(theirs().next()?), back))
        }
        ForumCommand::Hide { contribution, .. } => {
            let contribution = *contribution;
            if let Some(one) = waits(contribution) {
                let back = vec![ForumCommand::PutBack { contribution }];
                return Some((What::Hidden, author(one), back));
            }
            let mut seen = view.contributions.iter().chain(&view.attention);
            let one = seen.find(|one| one.id == contribution && one.hidden.is_none())?;
            Some((What::Hidden, author(one), vec![ForumCommand::Restore { contribution }]))
        }
        _ => None,
    }
}

/// Lets go of what can no longer be taken back. `true`: something went.
#[cfg(any(feature = "hydrate", test))]
pub fn expire(list: &mut Vec<Done>, now: i64) -> bool {
    let before = list.len();
    list.retain(|done| done.until > now);
    before != list.len()
}

/// Takes one out: the one of this number, or the newest.
pub fn take(list: &mut Vec<Done>, number: Option<u32>) -> Option<Done> {
    let at = match number {
        Some(number) => list.iter().position(|done| done.number == number)?,
        None => list.len().checked_sub(1)?,
    };
    Some(list.remove(at))
}
