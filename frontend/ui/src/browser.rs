//! The browser's half: takes over the HTML the server rendered, and is the outside of the live store.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use leptos::{mount::hydrate_from, prelude::*};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::json;
use stimmwerk_core::live::{Accepted, Problem, Seq};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, WebSocket};

use crate::command::Request;
use crate::cx::Cx;
use crate::data::PageData;
use crate::dom::{recall, remember, storage};
use crate::live::{CatchUp, Failure, Live, Outside, Side};
use crate::page::LivePage;
use crate::words::of_page;
use crate::{DATA_ID, ROOT_ID, WORDS_ID};

#[wasm_bindgen]
extern "C" {
    /// Defined by the loader: falls back to the plain page.
    #[wasm_bindgen(js_namespace = globalThis, js_name = stimmwerkPanicked)]
    fn panicked(message: &str);
}

/// Reads the embedded page data and words and hydrates the root element with them: all that a program does.
///
/// # Panics
/// When the document does not hold such a page of this build; the loader then leaves the page as it was rendered.
pub fn hydrate<P: LivePage>() {
    std::panic::set_hook(Box::new(|panic| panicked(&panic.to_string())));
    let embedded = |id| document().get_element_by_id(id).and_then(|element| element.text_content()).expect("page data");
    let page: PageData<P> = json::read(&embedded(DATA_ID)).expect("page data of this build");
    let (words, more) = of_page::<P::Words>(&page.lang, &embedded(WORDS_ID)).expect("words of this build");
    let draw = move || {
        let (cx, page, me) = page.open(words);
        page.draw(cx, more, me)
    };
    hydrate_from(root().expect("root element"), draw).forget();
}

fn root() -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(ROOT_ID)?.dyn_into().ok()
}

/// Where commands on their way are kept over a reload: in this tab only, since the device may be shared.
const PENDING: &str = "stimmwerk.pending";
/// When the program last loaded the page anew by itself.
const RELOADED: &str = "stimmwerk.reloaded";
/// So often at most it does that, in milliseconds.
const RELOAD_PAUSE: i64 = 120_000;
/// A page nobody touched for this long is idle, in milliseconds.
const IDLE: f64 = 60_000.0;

/// Runs the store of a page for as long as the document lives; `hold` keeps it.
pub fn run<S: Side>(side: S, cx: Cx, stream: StreamId, seq: Seq, hold: impl FnOnce(Rc<Handle<S>>)) {
    let handle = Rc::new_cyclic(|this: &Weak<Handle<S>>| Handle {
        live: RefCell::new(Live::new(Browser::new(this.clone(), stream, cx), side, stream, seq)),
        timer: Cell::new(None),
        alarm: {
            let this = this.clone();
            Closure::new(move || with(&this, Live::wake))
        },
        touched: Cell::new(js_sys::Date::now()),
    });
    let this = Rc::downgrade(&handle);
    hold(handle);
    for name in ["online", "offline", "visibilitychange", "pageshow"] {
        let this = this.clone();
        let heard = Closure::<dyn FnMut()>::new(move || match name {
            "offline" => with(&this, Live::offline),
            _ if document().hidden() => {}
            _ => with(&this, Live::awake),
        });
        let target: &web_sys::EventTarget = if name == "visibilitychange" { &document() } else { &window() };
        _ = target.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
        heard.forget();
    }
    for name in ["pointerdown", "keydown", "scroll"] {
        let this = this.clone();
        let touched = Closure::<dyn FnMut()>::new(move || {
            if let Some(handle) = this.upgrade() {
                handle.touched.set(js_sys::Date::now());
            }
        });
        _ = window().add_event_listener_with_callback(name, touched.as_ref().unchecked_ref());
        touched.forget();
    }
    let kept = recall(&key(stream)).and_then(|json| json::read(&json).ok()).unwrap_or_default();
    with(&this, move |live| live.start(kept));
}

fn key(stream: StreamId) -> String {
    let mut key = String::from(PENDING);
    key.push('.');
    key.push_str(&stream.to_string());
    key
}

/// The store, its timer, and the hands components reach it with.
pub struct Handle<S: Side> {
    live: RefCell<Live<Browser<S>, S>>,
    timer: Cell<Option<i32>>,
    alarm: Closure<dyn FnMut()>,
    touched: Cell<f64>,
}

/// Calls the store, then sets the timer for what it waits for next.
fn with<S: Side>(handle: &Weak<Handle<S>>, call: impl FnOnce(&mut Live<Browser<S>, S>)) {
    if let Some(handle) = handle.upgrade() {
        handle.call(call);
    }
}

impl<S: Side> Handle<S> {
    /// Calls the store, then sets the timer for what it waits for next.
    pub fn call<T>(&self, call: impl FnOnce(&mut Live<Browser<S>, S>) -> T) -> T {
        let (result, due) = {
            let mut live = self.live.borrow_mut();
            (call(&mut live), live.due())
        };
        if let Some(timer) = self.timer.take() {
            window().clear_timeout_with_handle(timer);
        }
        if let Some(due) = due {
            // At least a little, so that a moment that does not pass cannot spin.
            let wait = (due as f64 - js_sys::Date::now()).clamp(20.0, 60_000.0) as i32;
            let alarm = self.alarm.as_ref().unchecked_ref();
            self.timer.set(window().set_timeout_with_callback_and_timeout_and_arguments_0(alarm, wait).ok());
        }
        result
    }
}

/// The outside of the store.
pub struct Browser<S: Side> {
    handle: Weak<Handle<S>>,
    stream: StreamId,
    cx: Cx,
    socket: Option<Socket>,
}

/// An open socket with its listeners, which go with it.
struct Socket {
    socket: WebSocket,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        _ = self.socket.close();
    }
}

impl<S: Side> Browser<S> {
    fn new(handle: Weak<Handle<S>>, stream: StreamId, cx: Cx) -> Self {
        Self { handle, stream, cx, socket: None }
    }

    fn open(&self) -> Option<Socket> {
        let location = window().location();
        let mut address = String::from(if location.protocol().ok()? == "https:" { "wss://" } else { "ws://" });
        address.push_str(&location.host().ok()?);
        // Problems come in the language of the page.
        address.push_str("/api/v1/live?lang=");
        address.push_str(self.cx.words.lang());
        let socket = WebSocket::new(&address).ok()?;
        let this = self.handle.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                with(&this, |live| live.message(&text));
            }
        });
        let this = self.handle.clone();
        let close = Closure::<dyn FnMut()>::new(move || with(&this, Live::closed));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Some(Socket { socket, _message: message, _close: close })
    }
}

impl<S: Side> Outside for Browser<S> {
    fn now(&self) -> i64 {
        js_sys::Date::now() as i64
    }

    fn random(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        if window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes)).is_err() {
            // Enough for jitter; ids of one page differ by their time.
            bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
        }
        bytes
    }

    fn connect(&mut self) {
        // None: the next wake finds no hello and tries again.
        self.socket = self.open();
    }

    fn disconnect(&mut self) {
        self.socket = None;
    }

    fn send(&mut self, frame: String) {
        if let Some(socket) = &self.socket {
            _ = socket.socket.send_with_str(&frame);
        }
    }

    fn post(&mut self, id: CommandId, request: Request) {
        let this = self.handle.clone();
        leptos::task::spawn_local(async move {
            let answer = ask(request.method, &request.path, Some(id), Some(&request.body)).await;
            let answer = answer.and_then(|json| {
                let answer: Written = json::read(&json).map_err(|_| Failure::Network)?;
                Ok(Accepted { id, object: answer.id, seq: answer.seq, repeated: false })
            });
            with(&this, |live| live.posted(id, answer));
        });
    }

    fn poll(&mut self, stream: StreamId, after: Seq) {
        let this = self.handle.clone();
        let mut path = String::from("/api/v1/streams/");
        path.push_str(&stream.to_string());
        path.push_str("/deltas?after=");
        path.push_str(&after.to_string());
        leptos::task::spawn_local(async move {
            let answer = ask("GET", &path, None, None).await;
            let answer = answer.and_then(|json| json::read::<CatchUp<S::Kind>>(&json).map_err(|_| Failure::Network));
            with(&this, |live| live.polled(answer));
        });
    }

    fn keep(&mut self, pending: Option<String>) {
        remember(&key(self.stream), pending.as_deref());
    }

    fn reload(&mut self) {
        let now = self.now();
        let storage = storage();
        let last = storage.as_ref().and_then(|storage| storage.get_item(RELOADED).ok().flatten());
        if last.and_then(|last| last.parse::<i64>().ok()).is_some_and(|last| now < last + RELOAD_PAUSE) {
            // It did not help a moment ago. The reader may press the link.
            return;
        }
        if let Some(storage) = storage {
            _ = storage.set_item(RELOADED, &now.to_string());
        }
        let location = window().location();
        // A page that answered a form is fetched by its own address: reloading would send the form again.
        match root().and_then(|root| root.get_attribute("data-url")) {
            Some(url) => _ = location.replace(&url),
            None => _ = location.reload(),
        }
    }

    fn is_typing(&self) -> bool {
        let Some(root) = root() else { return false };
        let Ok(fields) = root.query_selector_all("textarea, input[type=text]") else { return false };
        (0..fields.length()).filter_map(|at| fields.get(at)).any(|field| {
            // A text area's and an input's value, whichever it is.
            let value = js_sys::Reflect::get(&field, &JsValue::from_str("value"));
            let first = js_sys::Reflect::get(&field, &JsValue::from_str("defaultValue"));
            let text = |value: Result<JsValue, JsValue>| value.ok().and_then(|value| value.as_string());
            text(value) != text(first)
        })
    }

    fn is_idle(&self) -> bool {
        let touched = self.handle.upgrade().map_or(0.0, |handle| handle.touched.get());
        document().hidden() || js_sys::Date::now() > touched + IDLE
    }

    fn reads_on(&self) -> bool {
        let Some(list) = S::LIST.and_then(|id| document().get_element_by_id(id)) else { return false };
        // A finger hovers too, from its press on until it presses elsewhere.
        let about_to_press = list.matches(":hover, :focus-within").unwrap_or(false);
        about_to_press || list.get_bounding_client_rect().top() < 0.0
    }
}

/// What a write answers.
#[derive(serde::Deserialize)]
struct Written {
    #[serde(default)]
    id: Option<uuid::Uuid>,
    #[serde(default)]
    seq: Seq,
}

/// A request of the page's own origin: the body of the answer.
pub async fn ask(method: &str, path: &str, id: Option<CommandId>, body: Option<&str>) -> Result<String, Failure> {
    let failed = |_: JsValue| Failure::Network;
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    let headers = web_sys::Headers::new().map_err(failed)?;
    headers.set("accept", "application/json").map_err(failed)?;
    if let Some(id) = id {
        headers.set("idempotency-key", &id.to_string()).map_err(failed)?;
    }
    if let Some(body) = body {
        headers.set("content-type", "application/json").map_err(failed)?;
        init.set_body(&JsValue::from_str(body));
    }
    init.set_headers(&headers);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &init)).await.map_err(failed)?;
    let answer: web_sys::Response = answer.dyn_into().map_err(failed)?;
    let text = JsFuture::from(answer.text().map_err(failed)?).await.map_err(failed)?;
    let text = text.as_string().unwrap_or_default();
    if answer.ok() {
        return Ok(text);
    }
    match json::read::<Problem>(&text) {
        Ok(problem) => Err(Failure::Refused(problem)),
        Err(_) => Err(Failure::Network),
    }
}
