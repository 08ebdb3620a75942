//! The rules of a forum and the ways into it.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use stimmwerk_core::forum::{Mode, TopicView, Waiting};

use super::super::forum::ForumPage;
use super::super::parts::{digest, each, hidden, icon, icons, sentence, short};
use super::{Codes, Desk};
use crate::address;
use crate::dom;
use crate::view::{AnyView, IntoAny};

/// What the desk keeps of the rules and the ways in.
#[derive(Clone, Copy)]
pub struct SettingsPanel {
    /// A title of a topic that was not taken yet.
    pub title: RwSignal<String>,
    /// The code to be said aloud.
    pub spoken: StoredValue<Option<String>>,
}

impl SettingsPanel {
    /// Of a page with these codes.
    pub fn new(codes: Option<&Codes>) -> Self {
        let spoken = codes.map(|codes| codes.spoken.clone());
        Self { title: RwSignal::new(String::new()), spoken: StoredValue::new(spoken) }
    }
}

/// Open, slow, locked, closed: one press each. The one that holds is pressed in.
pub fn states(desk: Desk) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let mode = Memo::new(move |_| board.view.with(|view| view.forum.mode));
    let one = move |value: &'static str, word, picture| {
        let current = move || mode.get().word() == value;
        let mut id = String::from("to-");
        id.push_str(value);
        view! {
            <form id=id method="post" action=address::api(place.forum, "/state") class:current=current>
                {hidden("state", value.to_owned())}
                {hidden("next", place.href())}
                <button aria-pressed=move || if current() { "true" } else { "false" }>
                    {icon(picture)}
                    {word}
                </button>
            </form>
        }
    };
    // The present interval, or the last one; the choice stays with the reader until it changes.
    let holds = Memo::new(move |before: Option<&u32>| match mode.get() {
        Mode::Slow { seconds } => seconds,
        _ => before.copied().unwrap_or(60),
    });
    let offered = move || {
        let mut all = vec![15, 30, 60, 120, 300, holds.get()];
        all.sort_unstable();
        all.dedup();
        all
    };
    let interval = move |seconds: u32| {
        let whole = seconds.is_multiple_of(60);
        let word = if whole { words.minutes(seconds / 60) } else { words.seconds(seconds) };
        let now = move || holds.get() == seconds;
        view! { <option value=seconds.to_string() selected=holds.get_untracked() == seconds prop:selected=now>{word}</option> }
            .into_any()
    };
    let means = Signal::derive(move || {
        match mode.get() {
            Mode::Open => words.open_means(),
            Mode::Slow { .. } => words.slow_means(),
            Mode::Locked => words.lock_means(),
            Mode::Closed => words.close_means(),
        }
        .to_owned()
    });
    view! {
        <section class="states" aria-labelledby="state">
            <h2 id="state" class="sr">
                {words.state()}
            </h2>
            <div class="modes">
                {one("open", words.open(), icons::OPEN)}
                {one("slow", words.slow(), icons::SLOW)}
                {one("locked", words.lock(), icons::LOCK)}
                {one("closed", words.close(), icons::CLOSE)}
            </div>
            <div class="line">
                <p class="hint">{sentence(means)}</p>
                <label class="interval">
                    {words.slow_seconds()}
                    <select name="seconds" form="to-slow">{each(offered, |seconds| *seconds, interval)}</select>
                </label>
            </div>
        </section>
    }
    .into_any()
}

/// Which contributions wait.
pub fn rule(desk: Desk) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let rule = Memo::new(move |_| board.view.with(|view| view.forum.waiting));
    let one = move |waiting: Waiting, value: &'static str, word: &'static str| {
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name="waiting"
                    value=value
                    checked=rule.get_untracked() == waiting
                    prop:checked=move || rule.get() == waiting
                />
                {word}
            </label>
        }
    };
    view! {
        <form class="panel" method="post" action=address::api(place.forum, "/waiting")>
            <fieldset>
                <legend>
                    <h2>{words.waiting()}</h2>
                </legend>
                {one(Waiting::None, "none", words.waiting_none())}
                {one(Waiting::FirstOfGuest, "first_of_guest", words.waiting_first())}
                {one(Waiting::All, "all", words.waiting_all())}
            </fieldset>
            {hidden("next", place.href())}
            <button>{words.waiting_save()}</button>
        </form>
    }
    .into_any()
}

/// How people come in.
pub fn invite(desk: Desk, codes: Codes) -> AnyView {
    let Desk { words, place, process, .. } = desk;
    let Codes { spoken, url, picture } = codes;
    let text = url.clone();
    let copied = RwSignal::new(false);
    let copy = move |_: MouseEvent| {
        dom::copy(&text);
        copied.set(true);
    };
    let label = Signal::derive(move || if copied.get() { words.codes_copied() } else { words.codes_copy() }.to_owned());
    let mut renew = String::from("/api/v1/processes/");
    renew.push_str(&process.to_string());
    renew.push_str("/codes");
    let no_picture = picture.is_empty();
    view! {
        <section class="panel invite" aria-labelledby="codes">
            <h2 id="codes" tabindex="-1">
                {words.codes()}
            </h2>
            <h3>{words.codes_spoken()}</h3>
            <p class="spoken" dir="ltr" translate="no">
                {spoken}
            </p>
            <div class="qr" role="img" aria-label=words.codes_picture() hidden=no_picture inner_html=picture></div>
            <h3>{words.codes_link()}</h3>
            <p class="url" dir="ltr" translate="no">
                <a href=url.clone()>{url.clone()}</a>
            </p>
            // Only where there is a program to do it.
            <button type="button" hidden=move || desk.plain() on:click=copy>
                {sentence(label)}
            </button>
            <details>
                <summary>{words.codes_renew()}</summary>
                <form method="post" action=renew>
                    <p class="hint">{words.codes_renew_sure()}</p>
                    {hidden("next", place.href())}
                    <button class="danger">{words.codes_renew_go()}</button>
                </form>
            </details>
        </section>
    }
    .into_any()
}

/// The topics, and one more.
pub fn topics(desk: Desk, page: &ForumPage) -> AnyView {
    let Desk { cx, words, board, place, .. } = desk;
    let topics = Memo::new(move |_| board.view.with(|view| view.topics.clone()));
    let title = move |topic: TopicView| view! { <li>{short(cx.words, &topic.title)}</li> }.into_any();
    let kept = cx.refused_by(&address::api(place.forum, "/topics"));
    let kept = kept.and_then(|refused| refused.fields.get("title").cloned()).unwrap_or_default();
    view! {
        <section class="panel" aria-labelledby="topics">
            <h2 id="topics">{words.topics()}</h2>
            <p class="empty" hidden=move || !topics.with(Vec::is_empty)>
                {words.topics_none()}
            </p>
            <ul class="plain">
                {each(move || topics.get(), |topic| (topic.id, digest(&topic.title.texts)), title)}
            </ul>
            <form method="post" action=address::api(place.forum, "/topics")>
                <label for="topic-title">{words.topic_title()}</label>
                <input
                    id="topic-title"
                    name="title"
                    type="text"
                    required
                    maxlength="160"
                    dir="auto"
                    value=kept
                    prop:value=desk.settings.title
                    on:input=move |event| desk.settings.title.set(event_target_value(&event))
                />
                {hidden("idempotency_key", page.idempotency_key.to_string())}
                {hidden("title_lang", cx.words.lang().to_owned())}
                {hidden("next", place.href())}
                <button>{words.topic_add()}</button>
            </form>
        </section>
    }
    .into_any()
}
