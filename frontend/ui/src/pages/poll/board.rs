//! What a live page of a poll shows, as signals: the store writes them, components read them.

use std::rc::Rc;

use leptos::prelude::*;
use stimmwerk_core::live::Problem;
use stimmwerk_core::poll::{PollOwn, Secrecy};

use super::draft::{Ballot, Draft, action, kept_under};
use super::parts::Shown;
use super::{MayVote, PollPage};
use crate::command::Form;
use crate::cx::Cx;
use crate::dom;
use crate::live::Link;
use crate::live::{Pending, Stage};
use crate::utterance::Utterance;
use crate::words::PollWords;

/// What components ask of the store.
pub trait Casts {
    /// Sends a ballot. `false`: not now, so the form goes its own way.
    fn cast(&self, ballot: Ballot) -> bool;
}

/// A ballot that was not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct NotTaken {
    /// Why.
    pub problem: Problem,
    /// In which round it was cast.
    pub round: u32,
    /// With which voting card.
    pub card: Option<String>,
    /// What was chosen; empty where the next person is at the device by now.
    pub marks: Vec<u8>,
}

/// A page of a poll that lives.
#[derive(Clone, Copy)]
pub struct PollBoard {
    /// What everyone of this audience sees.
    pub shown: Shown,
    /// What concerns the reader alone.
    pub own: RwSignal<Option<PollOwn>>,
    /// A ballot cast from this page, by the round it was cast in: with a voting card nothing else tells of it.
    pub cast: RwSignal<Option<u32>>,
    /// What is being filled in.
    pub draft: RwSignal<Draft>,
    /// The last ballot, if it was not taken.
    pub refused: RwSignal<Option<NotTaken>>,
    /// Does the ballot lie open?
    pub open: RwSignal<bool>,
    /// Ballots on their way.
    pub pending: RwSignal<Vec<Pending<Ballot>>>,
    /// How many are here.
    pub people: RwSignal<Option<u32>>,
    /// May the reader vote?
    pub may: MayVote,
    /// How the page is connected.
    pub link: RwSignal<Link>,
    /// What a screen reader says of what is new.
    pub announced: RwSignal<Utterance>,
    /// An answer to what the reader did.
    pub said: RwSignal<Utterance>,
    /// Seconds until the end, when it is near.
    pub left: RwSignal<Option<u32>>,
    /// The store, once the page lives.
    pub hands: StoredValue<Option<Rc<dyn Casts>>, LocalStorage>,
}

impl PollBoard {
    /// The page as it was rendered.
    pub fn new(page: &PollPage, cx: Cx, words: PollWords) -> Self {
        let shown = Shown { cx, words, view: RwSignal::new(page.view.clone()), clock: RwSignal::new(page.now) };
        let refused = page.view.poll.as_ref().and_then(|poll| cx.refused_by(&action(poll.id)));
        let draft = first_draft(page, cx);
        let round = page.view.poll.as_ref().map_or(0, |poll| poll.round);
        let kept = refused.is_some();
        let refused = refused.and_then(|refused| Some((refused.fields, refused.problem?)));
        let refused = refused.map(|(fields, problem)| NotTaken {
            round: fields.get("round").and_then(|round| round.parse().ok()).unwrap_or(round),
            card: draft.ballot(round).card,
            // What was left out was not chosen.
            marks: match &page.view.poll {
                Some(poll) if draft.is_unanswered(poll.question.method) => Vec::new(),
                _ => draft.ballot(round).marks,
            },
            problem,
        });
        let board = Self {
            shown,
            own: RwSignal::new(page.own.clone()),
            cast: RwSignal::new(page.cast.filter(|_| refused.is_none())),
            draft: RwSignal::new(draft),
            open: RwSignal::new(kept),
            refused: RwSignal::new(refused),
            pending: RwSignal::new(Vec::new()),
            people: RwSignal::new(None),
            may: page.may,
            link: RwSignal::new(Link::Plain),
            announced: RwSignal::default(),
            said: RwSignal::default(),
            left: RwSignal::new(None),
            hands: StoredValue::new_local(None),
        };
        if !board.voted_untracked() {
            board.open.set(true);
        }
        board
    }

    /// Has the reader voted in this round, as far as this page knows?
    pub fn voted(self) -> bool {
        let round = self.shown.view.with(|view| view.poll.as_ref().map(|poll| poll.round));
        self.own.with(|own| own.as_ref().is_some_and(|own| own.voted)) || self.cast.get() == round
    }

    /// The same, for what does not follow it.
    pub fn voted_untracked(self) -> bool {
        untrack(|| self.voted())
    }

    /// Is a ballot on its way?
    pub fn sending(self) -> bool {
        self.pending.with(|all| all.iter().any(|one| one.stage == Stage::Sent))
    }

    /// The ballot of this page is being sent. `true`: it went over the live connection.
    pub fn submit(self, form: &Form) -> bool {
        let poll = self.shown.view.with_untracked(|view| view.poll.clone());
        let ballot = poll.as_ref().and_then(|poll| Ballot::of(poll, form));
        let hands = self.hands.try_get_value().flatten();
        match (&poll, ballot, hands) {
            (Some(poll), Some(ballot), Some(hands)) => {
                let hidden = ballot.card.is_some() || poll.question.secrecy == Secrecy::Secret;
                let sent = hands.cast(ballot);
                if !sent && hidden {
                    // A plain form takes it, and brings it back if it is refused: the next person here finds nothing.
                    dom::remember(&kept_under(poll.id, poll.round), None);
                }
                sent
            }
            _ => false,
        }
    }

    /// Can nothing more be changed?
    pub fn sealed(self) -> bool {
        let secret = self.shown.of_header(|poll| poll.question.secrecy == Secrecy::Secret).get();
        secret && self.own.with(|own| own.as_ref().is_some_and(|own| own.voted))
    }
}

/// What stands in the ballot at first: what was refused, what was cast, or nothing.
pub fn first_draft(page: &PollPage, cx: Cx) -> Draft {
    let Some(poll) = &page.view.poll else { return Draft::default() };
    if let Some(refused) = cx.refused_by(&action(poll.id)) {
        // One that was sent more than once holds a line for each.
        let fields = refused
            .fields
            .iter()
            .flat_map(|(name, values)| values.split('\n').map(move |value| (name.as_str(), value)));
        return Draft::of_fields(poll, fields);
    }
    match page.own.as_ref().and_then(|own| own.marks.as_ref()) {
        Some(marks) => Draft::of_marks(poll, marks),
        None => Draft::empty(poll, String::new()),
    }
}
