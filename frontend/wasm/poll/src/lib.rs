//! The program a browser loads for a poll's page: `hydrate()`, and nothing else.

#![cfg(target_arch = "wasm32")]
// View types nest as deep as the pages.
#![recursion_limit = "512"]

/// Takes over the page the server rendered.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    stimmwerk_ui::hydrate::<stimmwerk_ui::pages::PollPage>();
}
