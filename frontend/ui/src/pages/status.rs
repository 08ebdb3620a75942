//! How a page that lives is connected, and what it says aloud.

use leptos::prelude::*;

use super::parts::{each, sentence};
use crate::cx::Cx;
use crate::live::Link;
use crate::utterance::Utterance;
use crate::view::{AnyView, IntoAny};

/// How the page is connected, in words; before the page lives, how to see what is new.
pub fn connection(cx: Cx, link: RwSignal<Link>) -> AnyView {
    connection_with(cx, link, Signal::stored(false))
}

/// The same on a page that can be `paused`.
pub fn connection_with(cx: Cx, link: RwSignal<Link>, paused: Signal<bool>) -> AnyView {
    let words = cx.words;
    let text = Signal::derive(move || {
        match link.get() {
            Link::Plain => words.link_plain(),
            Link::Connecting => words.link_connecting(),
            Link::Live if paused.get() => words.forum_paused(),
            Link::Live => words.link_live(),
            Link::Slow => words.link_slow(),
            Link::Lost => words.link_lost(),
            Link::Stale => words.link_stale(),
        }
        .to_owned()
    });
    let class = move || match link.get() {
        Link::Plain => "connection plain",
        Link::Connecting => "connection connecting",
        Link::Live => "connection live",
        Link::Slow => "connection slow",
        Link::Lost => "connection lost",
        Link::Stale => "connection stale",
    };
    let reload = move || matches!(link.get(), Link::Plain | Link::Stale);
    view! {
        <p class=class>
            <span class="state">
                <span class="dot" aria-hidden="true"></span>
                <span>{sentence(text)} " " <a href=cx.path.get_value() hidden=move || !reload()>{words.link_reload()}</a></span>
            </span>
        </p>
    }
    .into_any()
}

/// What is said aloud: the regions stand in the first HTML, or screen readers would not listen to them.
pub fn voices(cx: Cx, announced: RwSignal<Utterance>, said: RwSignal<Utterance>) -> AnyView {
    let region = |signal: RwSignal<Utterance>| {
        each(
            move || signal.get().into_words(),
            |said| said.number,
            |said| view! { <span>{said.words}</span> }.into_any(),
        )
    };
    let nothing = move || said.with(|said| said.words.is_empty());
    // Until it was read, or something else is pressed; before the press itself, which may say something.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use wasm_bindgen::prelude::*;
        let pressed = Closure::<dyn Fn()>::new(move || {
            said.maybe_update(|said| !std::mem::take(&mut said.words).is_empty());
        });
        let call = pressed.as_ref().unchecked_ref();
        _ = window().add_event_listener_with_callback_and_bool("click", call, true);
        // For as long as the document lives.
        pressed.forget();
    });
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let now = said.get();
        if !now.words.is_empty() {
            set_timeout(
                move || {
                    said.update(|last| {
                        if last.number == now.number {
                            last.words.clear();
                        }
                    });
                },
                std::time::Duration::from_secs(10),
            );
        }
    });
    view! {
        <div class="sr" role="status" aria-live="polite">
            {region(announced)}
        </div>
        <div class="said" class:empty=nothing>
            <div role="status" aria-live="polite">{region(said)}</div>
            <button class="quiet" type="button" hidden=nothing>
                {cx.words.site_close()}
            </button>
        </div>
    }
    .into_any()
}
