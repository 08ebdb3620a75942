//! Pages that live: the browser takes them over, each kind with a program of its own.

use leptos::prelude::StoredValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::board::Cx;
use crate::data::{Me, PageData};
use crate::view::AnyView;
use crate::words::{WordSets, Words};

/// A kind of page that lives. Its program in `frontend/wasm` knows this kind alone: `hydrate::<P>()` links the drawing,
/// the data and the words of `P`, and nothing of other pages.
pub trait LivePage: Serialize + DeserializeOwned + 'static {
    /// The name of its program: `{PROGRAM}.js` and `{PROGRAM}.wasm`.
    const PROGRAM: &'static str;
    /// The words it has beside those for everyone.
    type Words: WordSets;

    /// The component tree. Server and browser build the same one.
    fn draw(self, cx: Cx, words: Self::Words, me: Option<Me>) -> AnyView;
}

impl<P> PageData<P> {
    /// What every component needs to know, and the rest: the page itself and who looks. Under an owner.
    pub(crate) fn open(self, words: Words) -> (Cx, P, Option<Me>) {
        let cx = Cx {
            words,
            zone: StoredValue::new(self.zone),
            path: StoredValue::new(self.path),
            refused: StoredValue::new(self.refused),
        };
        (cx, self.page, self.me)
    }
}
