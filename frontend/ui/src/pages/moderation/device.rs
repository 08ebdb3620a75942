//! What the desk asks of the browser. Without one it does nothing.

#[cfg(feature = "hydrate")]
pub use here::*;
#[cfg(not(feature = "hydrate"))]
pub use nowhere::*;

#[cfg(feature = "hydrate")]
mod here {
    use leptos::prelude::*;
    use wasm_bindgen::prelude::*;

    use crate::command::Request;
    use crate::live::Failure;

    /// Whether single keys do something here, kept on this device.
    const KEYS: &str = "stimmwerk.keys";

    /// The window of the stage, and how large it is at first.
    const STAGE: &str = "stage";
    const SIZE: &str = "popup,width=1280,height=720";

    /// The clock, in milliseconds.
    pub fn clock() -> i64 {
        js_sys::Date::now() as i64
    }

    fn by_id(id: &str) -> Option<web_sys::HtmlElement> {
        document().get_element_by_id(id)?.dyn_into().ok()
    }

    /// Moves the focus to an element after what is being done has been shown. Only in answer to a press. The page is
    /// scrolled only where that was asked by a key: a thumb stays where it is.
    pub fn focus(id: String, scroll: bool) {
        request_animation_frame(move || {
            if let Some(element) = by_id(&id) {
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(!scroll);
                _ = element.focus_with_options(&options);
            }
        });
    }

    /// Moves the focus on from an element that is about to go, or from nowhere: whoever went elsewhere stays there.
    pub fn focus_from(id: &str, to: String) {
        if document().active_element().is_none_or(|active| active.tag_name() == "BODY" || active.id() == id) {
            focus(to, false);
        }
    }

    /// Finds a focus again that went with its element: the first of these that is there has it then.
    pub fn refocus(ids: Vec<String>) {
        request_animation_frame(move || {
            let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            if lost && let Some(id) = ids.into_iter().find(|id| by_id(id).is_some()) {
                focus(id, false);
            }
        });
    }

    /// Lets the form open the stage in a window of its own, that can be dragged to another screen. Where none can be
    /// opened it opens a tab.
    pub fn open_stage(event: &leptos::ev::SubmitEvent) {
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let opened = window().open_with_url_and_target_and_features("", STAGE, SIZE).ok().flatten();
        if let (Some(form), Some(_)) = (form, opened) {
            _ = form.set_attribute("target", STAGE);
        }
    }

    /// Opens the reasons of an item and goes to the first of them.
    pub fn open(id: &str) {
        let Some(details) = by_id(id).and_then(|item| item.query_selector("details.hide").ok().flatten()) else {
            return;
        };
        _ = details.set_attribute("open", "");
        let button = details.query_selector("button").ok().flatten();
        if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
            _ = button.focus();
        }
    }

    /// Which thing has the focus, by the id of its element.
    pub fn focused() -> Option<String> {
        Some(document().active_element()?.closest("li.item").ok()??.id())
    }

    /// Calls this every second.
    pub fn every_second(call: impl Fn() + 'static) {
        set_interval(call, std::time::Duration::from_secs(1));
    }

    /// Calls this with each key that is pressed alone and not into a field. `true`: it meant something.
    pub fn on_key(call: impl Fn(&str) -> bool + 'static) {
        let heard = Closure::<dyn Fn(leptos::ev::KeyboardEvent)>::new(move |event: leptos::ev::KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || event.repeat() || event.is_composing() {
                return;
            }
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let typing = |element: &web_sys::Element| element.closest("input,textarea,select").ok().flatten().is_some();
            // Escape writes nothing.
            let means = event.key() == "Escape" || !target.as_ref().is_some_and(typing);
            if means && call(&event.key()) {
                event.prevent_default();
            }
        });
        _ = document().add_event_listener_with_callback("keydown", heard.as_ref().unchecked_ref());
        // For as long as the document lives.
        heard.forget();
    }

    /// Calls this once, so many milliseconds later.
    pub fn later(wait: i32, call: impl FnOnce() + 'static) {
        set_timeout(call, std::time::Duration::from_millis(wait.unsigned_abs().into()));
    }

    fn storage() -> Option<web_sys::Storage> {
        window().local_storage().ok().flatten()
    }

    /// Are single keys wanted?
    pub fn keys() -> bool {
        let kept = storage().and_then(|storage| storage.get_item(KEYS).ok().flatten());
        kept.as_deref() != Some("off")
    }

    /// Keeps whether they are.
    pub fn keep_keys(on: bool) {
        if let Some(storage) = storage() {
            _ = storage.set_item(KEYS, if on { "on" } else { "off" });
        }
    }

    /// Asks the server.
    pub fn ask(
        method: &'static str,
        path: String,
        body: Option<String>,
        then: impl FnOnce(Result<String, Failure>) + 'static,
    ) {
        leptos::task::spawn_local(async move { then(crate::browser::ask(method, &path, None, body.as_deref()).await) });
    }

    /// Sends a write.
    pub fn send(request: Request, then: impl FnOnce(Result<String, Failure>) + 'static) {
        ask(request.method, request.path, Some(request.body), then);
    }
}

#[cfg(not(feature = "hydrate"))]
mod nowhere {
    use crate::command::Request;
    use crate::live::Failure;

    #[cfg(test)]
    thread_local! {
        /// The clock of a test.
        pub static CLOCK: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
        /// What has the focus in a test.
        pub static FOCUS: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
        /// What was sent in a test beside the store.
        pub static SENT: std::cell::RefCell<Vec<Request>> = const { std::cell::RefCell::new(Vec::new()) };
    }

    /// The clock, in milliseconds.
    #[cfg(test)]
    pub fn clock() -> i64 {
        CLOCK.get()
    }

    /// The clock, in milliseconds.
    #[cfg(not(test))]
    pub fn clock() -> i64 {
        0
    }

    /// Moves the focus to an element.
    #[cfg(test)]
    pub fn focus(id: String, _scroll: bool) {
        FOCUS.set(Some(id));
    }

    /// Moves the focus to an element.
    #[cfg(not(test))]
    pub fn focus(_id: String, _scroll: bool) {}

    /// Moves the focus on from an element that is about to go.
    #[cfg(test)]
    pub fn focus_from(_id: &str, to: String) {
        focus(to, false);
    }

    /// Moves the focus on from an element that is about to go.
    #[cfg(not(test))]
    pub fn focus_from(_id: &str, _to: String) {}

    /// Finds a focus again that went with its element.
    pub fn refocus(_ids: Vec<String>) {}

    /// Opens the stage in a window of its own.
    pub fn open_stage(_event: &leptos::ev::SubmitEvent) {}

    /// Opens the reasons of an item.
    #[cfg(test)]
    pub fn open(_id: &str) {}

    /// Which thing has the focus.
    #[cfg(test)]
    pub fn focused() -> Option<String> {
        FOCUS.with_borrow(Clone::clone)
    }

    /// Which thing has the focus.
    #[cfg(not(test))]
    pub fn focused() -> Option<String> {
        None
    }

    /// Keeps whether single keys are wanted.
    pub fn keep_keys(_on: bool) {}

    /// Asks the server.
    pub fn ask(
        _method: &'static str,
        _path: String,
        _body: Option<String>,
        _then: impl FnOnce(Result<String, Failure>) + 'static,
    ) {
    }

    /// Calls this once, later: a test does.
    pub fn later(_wait: i32, _call: impl FnOnce() + 'static) {}

    /// Sends a write.
    #[cfg(test)]
    pub fn send(request: Request, then: impl FnOnce(Result<String, Failure>) + 'static) {
        SENT.with_borrow_mut(|sent| sent.push(request));
        then(Ok(String::new()));
    }

    /// Sends a write.
    #[cfg(not(test))]
    pub fn send(_request: Request, _then: impl FnOnce(Result<String, Failure>) + 'static) {}
}
