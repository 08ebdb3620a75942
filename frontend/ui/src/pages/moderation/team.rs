//! What the others on the team did last: who changed the stage, moved a poll, gave the floor. It stands in the log, which
//! is asked when the forum says that something moved.

use leptos::prelude::*;
use serde::Deserialize;
use stimmwerk_core::ids::{ParticipantId, PollId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::time::Timestamp;

use super::super::parts::sentence;
use super::Desk;
use crate::clock;
#[cfg(any(feature = "hydrate", test))]
use crate::utterance::say;
use crate::view::{AnyView, IntoAny};

/// Something of the log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Act {
    seq: Seq,
    at: Option<Timestamp>,
    by: Option<ParticipantId>,
    did: String,
    #[serde(default)]
    poll: Option<PollId>,
    name: Option<String>,
}

/// The newest of the log, newest first.
#[cfg(any(feature = "hydrate", test))]
#[derive(Debug, Deserialize)]
pub struct Acts {
    acts: Vec<Act>,
}

/// What somebody did something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// What the hall sees.
    Stage,
    /// The speaking list.
    Floor,
    /// A poll.
    Poll(PollId),
}

/// What the desk keeps of the others on the team.
#[derive(Clone, Copy)]
pub struct TeamPanel {
    /// The newest of the log, once it was told.
    pub acts: RwSignal<Option<Vec<Act>>>,
}

impl TeamPanel {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { acts: RwSignal::new(None) }
    }
}

impl Act {
    fn about(&self) -> Option<About> {
        match self.did.as_str() {
            "staged" => Some(About::Stage),
            "floor_given" => Some(About::Floor),
            "poll_opened" | "poll_closed" | "poll_revealed" => self.poll.map(About::Poll),
            _ => None,
        }
    }

    /// Who did what, in a sentence.
    fn told(&self, desk: Desk) -> String {
        let words = desk.words;
        let who = self.name.as_deref().unwrap_or(words.log_nameless());
        match self.did.as_str() {
            "staged" => words.log_staged(who),
            "floor_given" => words.log_floor_given(who),
            "poll_opened" => words.log_poll_opened(who),
            "poll_closed" => words.log_poll_closed(who),
            _ => words.log_poll_revealed(who),
        }
    }
}

impl Desk {
    /// Asks the log whenever the stage, a poll or the floor moved.
    #[cfg(feature = "hydrate")]
    pub(super) fn follow_team(self) {
        let moved = Memo::new(move |_| {
            self.board.view.with(|view| {
                let polls: Vec<_> = view.polls.iter().map(|poll| (poll.id, poll.phase)).collect();
                (view.stage.clone(), view.floor.speaking.as_ref().map(|one| one.entry.id), polls)
            })
        });
        Effect::new(move |_| {
            // Read rather than tracked: a memo that nobody reads hears of nothing.
            moved.with(|_| ());
            super::device::ask("GET", crate::address::api(self.place.forum, "/log"), None, move |answer| {
                if let Some(acts) = answer.ok().and_then(|json| stimmwerk_core::json::read(&json).ok()) {
                    self.heard(acts);
                }
            });
        });
    }

    /// Takes an answer, unless a later one was faster, and says aloud what somebody else did since the last one.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn heard(self, Acts { acts }: Acts) {
        let newest = |acts: &[Act]| acts.first().map(|act| act.seq);
        let before = self.team.acts.with_untracked(|acts| acts.as_deref().map(newest));
        if before.is_some_and(|before| newest(&acts) < before) {
            return;
        }
        if let Some(before) = before {
            let others = |act: &&Act| act.by.is_some() && act.by != self.me && act.about().is_some();
            let fresh = acts.iter().take_while(|act| Some(act.seq) > before).find(others);
            if let Some(act) = fresh {
                let mut words = act.told(self);
                if let Some(About::Poll(poll)) = act.about() {
                    words.push(' ');
                    words.push_str(&self.poll_title(poll));
                }
                say(self.board.announced, words);
            }
        }
        // The log answers with its newest part: what was last done to something may stand further back.
        let mut acts = acts;
        let known = self.team.acts.get_untracked().unwrap_or_default();
        for old in known.into_iter().filter(|old| old.about().is_some()) {
            if !acts.iter().any(|act| act.about() == old.about()) {
                acts.push(old);
            }
        }
        self.team.acts.set(Some(acts));
    }

    #[cfg(any(feature = "hydrate", test))]
    fn poll_title(self, poll: PollId) -> String {
        self.board.view.with_untracked(|view| {
            let poll = view.polls.iter().find(|have| have.id == poll);
            poll.map(|poll| self.cx.words.pick(&poll.title).0.to_owned()).unwrap_or_default()
        })
    }
}

/// Who did something to this last.
pub fn last(desk: Desk, about: About) -> AnyView {
    let text = Signal::derive(move || {
        desk.team
            .acts
            .with(|acts| {
                // A poll that opens takes the stage.
                let staged = |act: &&Act| about == About::Stage && act.did == "poll_opened";
                let act = acts.iter().flatten().find(|act| act.about() == Some(about) || staged(act))?;
                // Nobody did what the program does by itself.
                act.by?;
                let mut text = act.told(desk);
                if let Some(at) = act.at {
                    text.push(' ');
                    text.push_str(&desk.cx.zone.with_value(|zone| clock::time_of_day(desk.cx.words, zone, at)));
                }
                Some(text)
            })
            .unwrap_or_default()
    });
    view! {
        <p class="hint last" hidden=move || text.with(String::is_empty)>
            {sentence(text)}
        </p>
    }
    .into_any()
}
