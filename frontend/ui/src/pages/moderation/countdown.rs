//! Three seconds before everyone sees something: whoever pressed too soon takes it back.

use leptos::prelude::*;

use super::super::parts::{each, icon, icons};
use super::polls::{Deed, PollsPanel};
use super::{Desk, device};
use crate::utterance::say;
use crate::view::{AnyView, IntoAny};

/// How long it counts, in seconds.
const SECONDS: u32 = 3;

/// The button that stops it.
const CANCEL: &str = "count-cancel";

/// What is about to happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Counting {
    /// Counts countdowns, so that a late second belongs to none but its own.
    number: u32,
    /// Seconds left.
    pub left: u32,
    /// What it is called.
    word: &'static str,
    /// What it is.
    deed: Deed,
}

impl Desk {
    /// Begins to count. While something counts, nothing else begins.
    pub(super) fn count_down(self, word: &'static str, deed: Deed) {
        if self.polls.counting.with_untracked(Option::is_some) {
            return say(self.board.said, self.words.count_running().to_owned());
        }
        let number = self.waiting.presses.get_untracked() + 1;
        self.waiting.presses.set(number);
        self.polls.counting.set(Some(Counting { number, left: SECONDS, word, deed }));
        say(self.board.announced, self.words.count_down(&SECONDS.to_string(), word));
        device::focus(CANCEL.to_owned(), false);
        device::later(1_000, move || self.count(number));
    }

    /// A second has passed.
    pub(super) fn count(self, number: u32) {
        let Some(counting) = self.polls.counting.get_untracked().filter(|counting| counting.number == number) else {
            return;
        };
        if counting.left > 1 {
            self.polls.counting.set(Some(Counting { left: counting.left - 1, ..counting }));
            device::later(1_000, move || self.count(number));
            return;
        }
        device::focus_from(CANCEL, counting.deed.anchor());
        self.polls.counting.set(None);
        self.carry_out(counting.deed);
    }

    /// Nothing happens. `false`: nothing was about to.
    pub(super) fn stop_counting(self) -> bool {
        let Some(counting) = self.polls.counting.get_untracked() else { return false };
        device::focus_from(CANCEL, counting.deed.anchor());
        self.polls.counting.set(None);
        say(self.board.said, self.words.count_cancelled().to_owned());
        true
    }
}

/// The countdown, over everything else.
pub fn countdown(desk: Desk) -> AnyView {
    let Desk { words, polls: PollsPanel { counting, .. }, .. } = desk;
    let one = move |counting: Counting| {
        view! {
            <div class="countdown" role="group" aria-label=counting.word>
                <p class="number" translate="no" aria-hidden="true">
                    {counting.left}
                </p>
                <p class="what">{words.count_down(&counting.left.to_string(), counting.word)}</p>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="counting" hidden=move || counting.with(Option::is_none)>
            {each(move || counting.get(), |counting| (counting.number, counting.left), one)}
            <button id=CANCEL type="button" class="main" on:click=move |_| _ = desk.stop_counting()>
                {icon(icons::CLOSE)}
                {words.count_cancel()}
                " "
                <kbd translate="no">"Esc"</kbd>
            </button>
        </section>
    }
    .into_any()
}
