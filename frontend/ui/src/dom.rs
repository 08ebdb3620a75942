//! The few things components ask of the document. Without a browser they do nothing.

use leptos::ev::SubmitEvent;

use crate::command::Form;

/// The form of a submit event.
#[cfg(feature = "hydrate")]
pub fn form(event: &SubmitEvent) -> Option<Form> {
    use wasm_bindgen::JsCast;
    let mut form = read(&event.target()?.dyn_into().ok()?)?;
    // The pressed button is a field too.
    if let Some(button) = event.submitter()
        && let (Some(name), Some(value)) = (button.get_attribute("name"), button.get_attribute("value"))
    {
        form.fields.push((name, value));
    }
    Some(form)
}

/// The form around the field of an event, as it is filled in now.
#[cfg(feature = "hydrate")]
pub fn form_around(event: &leptos::ev::Event) -> Option<Form> {
    use wasm_bindgen::JsCast;
    let field: web_sys::Element = event.target()?.dyn_into().ok()?;
    read(&field.closest("form").ok()??.dyn_into().ok()?)
}

/// The form around the field of an event.
#[cfg(not(feature = "hydrate"))]
pub fn form_around(_event: &leptos::ev::Event) -> Option<Form> {
    None
}

#[cfg(feature = "hydrate")]
fn read(form: &web_sys::HtmlFormElement) -> Option<Form> {
    use wasm_bindgen::JsCast;
    // Not `form.action()`: that is absolute, and a field named "action" would hide it.
    let action = form.get_attribute("action")?;
    let data = web_sys::FormData::new_with_form(form).ok()?;
    let mut fields = Vec::new();
    for entry in js_sys::try_iter(&data).ok()?? {
        let entry: js_sys::Array = entry.ok()?.dyn_into().ok()?;
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            fields.push((name, value));
        }
    }
    Some(Form { action, fields })
}

/// Does the `details` element of a toggle event lie open?
#[cfg(feature = "hydrate")]
pub fn is_open(event: &leptos::ev::Event) -> bool {
    leptos::prelude::event_target::<web_sys::Element>(event).has_attribute("open")
}

/// Does the `details` element of a toggle event lie open?
#[cfg(not(feature = "hydrate"))]
pub fn is_open(_event: &leptos::ev::Event) -> bool {
    false
}

/// The form of a submit event.
#[cfg(not(feature = "hydrate"))]
pub fn form(_event: &SubmitEvent) -> Option<Form> {
    None
}

/// Moves the focus to an element, after what is being done has been shown. Only in answer to a press.
#[cfg(feature = "hydrate")]
pub fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    let id = id.to_owned();
    leptos::prelude::request_animation_frame(move || {
        let element = leptos::prelude::document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            _ = element.focus();
        }
    });
}

/// Moves the focus to an element.
#[cfg(not(feature = "hydrate"))]
pub fn focus(_id: &str) {}

/// How high an element is, in pixels. Without a browser, or where there is no such element: 0.
#[cfg(feature = "hydrate")]
pub fn height(id: &str) -> u16 {
    let element = leptos::prelude::document().get_element_by_id(id);
    element.map_or(0, |element| element.get_bounding_client_rect().height() as u16)
}

/// How high an element is.
#[cfg(not(feature = "hydrate"))]
pub fn height(_id: &str) -> u16 {
    0
}

/// Puts a text into the clipboard.
#[cfg(feature = "hydrate")]
pub fn copy(text: &str) {
    _ = leptos::prelude::window().navigator().clipboard().write_text(text);
}

/// Puts a text into the clipboard.
#[cfg(not(feature = "hydrate"))]
pub fn copy(_text: &str) {}

#[cfg(feature = "hydrate")]
pub(crate) fn storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().session_storage().ok().flatten()
}

/// What this tab keeps under a name.
#[cfg(feature = "hydrate")]
pub fn recall(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps something in this tab, or keeps it no longer. What a private window forbids is merely not kept.
#[cfg(feature = "hydrate")]
pub fn remember(key: &str, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    match value {
        Some(value) => _ = storage.set_item(key, value),
        None => _ = storage.remove_item(key),
    }
}

/// What this tab keeps under a name.
#[cfg(not(feature = "hydrate"))]
pub fn recall(_key: &str) -> Option<String> {
    None
}

/// Keeps something in this tab, or keeps it no longer.
#[cfg(not(feature = "hydrate"))]
pub fn remember(_key: &str, _value: Option<&str>) {}

/// Moves the focus to `to` if it is in `from`, which is going, or was lost with it: whoever is elsewhere stays there.
#[cfg(feature = "hydrate")]
pub fn focus_out_of(from: &'static str, to: &'static str) {
    let active = leptos::prelude::document().active_element();
    let elsewhere =
        |active: &web_sys::Element| active.tag_name() != "BODY" && active.closest(from).ok().flatten().is_none();
    if !active.is_some_and(|active| elsewhere(&active)) {
        focus(to);
    }
}

/// Moves the focus to `to` if it is in `from`.
#[cfg(not(feature = "hydrate"))]
pub fn focus_out_of(_from: &'static str, _to: &'static str) {}

/// Moves the focus to `to` if it is in `from`, which is going: whoever is elsewhere, or nowhere, stays there.
#[cfg(feature = "hydrate")]
pub fn focus_along(from: &str, to: &str) {
    let active = leptos::prelude::document().active_element();
    if active.is_some_and(|active| active.closest(from).ok().flatten().is_some()) {
        focus(to);
    }
}

/// Moves the focus to `to` if it is in `from`.
#[cfg(not(feature = "hydrate"))]
pub fn focus_along(_from: &str, _to: &str) {}
