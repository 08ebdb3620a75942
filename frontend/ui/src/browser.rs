//! The browser's half: takes over the HTML the server rendered.

use leptos::{mount::hydrate_from, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    DATA_ID, ROOT_ID,
    page::{Page, PageData},
};

/// Reads the embedded page data and hydrates the root element with it.
///
/// # Panics
/// When the document does not hold a page of this build; the loader then leaves the page as it was rendered.
pub fn hydrate() {
    let data = document().get_element_by_id(DATA_ID).and_then(|element| element.text_content()).expect("page data");
    let page: PageData = serde_json::from_str(&data).expect("page data of this build");
    let root = document().get_element_by_id(ROOT_ID).expect("root element").unchecked_into();
    hydrate_from(root, move || view! { <Page page /> }).forget();
}
