//! The few things components ask of the document. Without a browser they do nothing.

use leptos::ev::SubmitEvent;

use crate::command::Form;

/// The form of a submit event.
#[cfg(feature = "hydrate")]
pub fn form(event: &SubmitEvent) -> Option<Form> {
    use wasm_bindgen::JsCast;
    let form: web_sys::HtmlFormElement = event.target()?.dyn_into().ok()?;
    // Not `form.action()`: that is absolute, and a field named "action" would hide it.
    let action = form.get_attribute("action")?;
    let data = web_sys::FormData::new_with_form(&form).ok()?;
    let mut fields = Vec::new();
    for entry in js_sys::try_iter(&data).ok()?? {
        let entry: js_sys::Array = entry.ok()?.dyn_into().ok()?;
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            fields.push((name, value));
        }
    }
    // The pressed button is a field too.
    if let Some(button) = event.submitter()
        && let (Some(name), Some(value)) = (button.get_attribute("name"), button.get_attribute("value"))
    {
        fields.push((name, value));
    }
    Some(Form { action, fields })
}

/// The form of a submit event.
#[cfg(not(feature = "hydrate"))]
pub fn form(_event: &SubmitEvent) -> Option<Form> {
    None
}

/// Moves the focus to an element, after what is being done has been shown. Only in answer to a press.
#[cfg(feature = "hydrate")]
pub fn focus(id: &'static str) {
    use wasm_bindgen::JsCast;
    leptos::prelude::request_animation_frame(move || {
        let element = leptos::prelude::document().get_element_by_id(id);
        if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            _ = element.focus();
        }
    });
}

/// Moves the focus to an element.
#[cfg(not(feature = "hydrate"))]
pub fn focus(_id: &'static str) {}

/// Puts a text into the clipboard.
#[cfg(all(feature = "hydrate", feature = "staff"))]
pub fn copy(text: &str) {
    _ = leptos::prelude::window().navigator().clipboard().write_text(text);
}

/// Puts a text into the clipboard.
#[cfg(all(not(feature = "hydrate"), feature = "staff"))]
pub fn copy(_text: &str) {}
