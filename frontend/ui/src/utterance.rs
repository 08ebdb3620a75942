//! Sentences for screen readers, each said once.

use leptos::prelude::*;

/// Something said once. Numbered, so that the same words can be said again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utterance {
    /// Counts what was said.
    pub number: u32,
    /// The words; empty: nothing.
    pub words: String,
}

impl Utterance {
    /// For a list of at most one.
    pub fn into_words(self) -> Option<Self> {
        (!self.words.is_empty()).then_some(self)
    }
}

/// Says something new.
pub fn say(signal: RwSignal<Utterance>, words: String) {
    signal.update(|last| *last = Utterance { number: last.number + 1, words });
}
