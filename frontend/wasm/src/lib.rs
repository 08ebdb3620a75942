//! The WebAssembly a browser loads: `hydrate()`, and nothing else.

// View types nest as deep as the pages.
#![recursion_limit = "512"]

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Defined by the loader: falls back to the plain page.
    #[wasm_bindgen(js_namespace = globalThis, js_name = stimmwerkPanicked)]
    fn panicked(message: &str);
}

/// Takes over the page the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|panic| panicked(&panic.to_string())));
    stimmwerk_ui::hydrate();
}
