//! The text field: one form for a new contribution, a reply, and other words for an own one.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use stimmwerk_core::forum::{Mode, TopicView, Waiting};

use super::super::parts::{area_html, hidden, icon, icons, language_select, problem, sentence};
use super::ForumPage;
use super::board::{Board, find};
use super::item::{back_to, writer_name};
use crate::address::{self, ForumPlace, Writing};
use crate::clock;
use crate::cx::Cx;
use crate::data::Me;
use crate::dom;
use crate::view::{AnyView, IntoAny, still};

/// The most characters of a contribution: `TextLimits::CONTRIBUTION` of core.
const MOST: u32 = 2_000;
/// The most characters of an addition: `TextLimits::NOTE` of core.
const MOST_ADDED: u32 = 600;
/// When so many characters are left, the page says how many.
const NEAR: u32 = 200;

/// The text field, or the way to it for who only visits.
pub fn composer(cx: Cx, board: Board, place: ForumPlace, page: &ForumPage, me: Option<&Me>) -> AnyView {
    let words = cx.words;
    if page.own.is_none() {
        let visit = || {
            view! {
                <section id="write" class="panel visit">
                    <h2>{words.forum_visit()}</h2>
                    <a class="button main" href="/join">
                        {words.forum_visit_go()}
                    </a>
                    <a class="button" href="/return">
                        {icon(icons::KEY)}
                        {words.forum_visit_back()}
                    </a>
                </section>
            }
            .into_any()
        };
        return still(visit);
    }
    let (guest, moderates) = (me.is_some_and(|me| me.guest), page.moderates);
    let composer = board.composer;
    let writing = Memo::new(move |_| composer.writing.get());
    let mode = Memo::new(move |_| board.view.with(|view| view.forum.mode));
    let may_write = move || writing.get().fits(mode.get(), moderates);
    let changing = move || writing.get().changes();
    let action = move || match writing.get() {
        Writing::Edit(id) => address::api_of(place.forum, id, "/edit"),
        Writing::Add(id) => address::api_of(place.forum, id, "/add"),
        _ => address::api(place.forum, "/contributions"),
    };
    let title = Signal::derive(move || {
        match writing.get() {
            Writing::New => words.write_title(),
            Writing::Reply(_) => words.write_reply(),
            Writing::Edit(_) => words.write_edit(),
            Writing::Add(_) => words.write_add(),
        }
        .to_owned()
    });
    let reply_to = move || match writing.get() {
        Writing::Reply(id) => Some(id),
        _ => None,
    };
    let next = move || reply_to().map_or_else(|| place.href(), |parent| back_to(place, parent));
    let parent = Signal::derive(move || {
        let name = reply_to().and_then(|id| {
            board.view.with(|view| {
                let parent = find(view, id).filter(|parent| !parent.is_placeholder())?;
                Some(writer_name(words, parent, &view.people))
            })
        });
        name.map_or(String::new(), |name| words.write_reply_to(&name))
    });
    let hint = Signal::derive(move || {
        let rule = board.view.with(|view| view.forum.waiting);
        let known = board.own.with(|own| own.as_ref().is_some_and(|own| !own.mine.is_empty()));
        let waits = match rule {
            Waiting::None => false,
            Waiting::FirstOfGuest => guest && !known,
            Waiting::All => true,
        };
        if waits && !moderates { words.write_waits() } else { words.write_hint() }.to_owned()
    });
    let send = Signal::derive(move || if changing() { words.write_save() } else { words.write_send() }.to_owned());
    let cancel = move |event: MouseEvent| {
        if board.hands().is_some() {
            event.prevent_default();
            composer.cancel();
            dom::focus("text");
        }
    };
    let first = composer.text.get_untracked();
    view! {
        <section id="write" class="panel composer" aria-labelledby="write-title">
            // Kept while there is text in it: nobody loses words because a forum was paused.
            <form id="typed" method="post" action=action data-typed hidden=move || !may_write() && composer.text.with(String::is_empty)>
                <h2 id="write-title">
                    <label for="text">{sentence(title)}</label>
                </h2>
                <p class="reply-to" hidden=move || parent.with(String::is_empty)>
                    {icon(icons::REPLY)}
                    {sentence(parent)}
                </p>
                <div id="text-problem">
                    {move || composer.problem.get().map(|refused| problem(words, &refused.title))}
                </div>
                <textarea
                    id="text"
                    name="text"
                    rows="3"
                    required
                    dir="auto"
                    aria-describedby="text-problem text-hint"
                    inner_html=area_html(&first)
                    prop:value=composer.text
                    on:input=move |event| composer.text.set(event_target_value(&event))
                ></textarea>
                <p class="hint" id="text-hint">
                    {sentence(hint)}
                </p>
                {length(cx, board)}
                {hidden("idempotency_key", page.idempotency_key.to_string())}
                <input type="hidden" name="next" value=next />
                {move || reply_to().map(|id| hidden("reply_to", id.to_string()))}
                {choices(cx, board, place, page, Signal::derive(changing), Signal::derive(move || reply_to().is_some()))}
                <p class="line ends">
                    <a
                        class="button quiet"
                        href=place.href()
                        hidden=move || writing.get() == Writing::New
                        on:click=cancel
                    >
                        {words.write_cancel()}
                    </a>
                    <button class="main" disabled=move || !may_write()>
                        {icon(icons::SEND)}
                        {sentence(send)}
                    </button>
                </p>
            </form>
            {paused(cx, board, Signal::derive(may_write))}
        </section>
    }
    .into_any()
}

/// Language and topic.
fn choices(
    cx: Cx,
    board: Board,
    place: ForumPlace,
    page: &ForumPage,
    changing: Signal<bool>,
    replying: Signal<bool>,
) -> AnyView {
    let words = cx.words;
    let kept = |name: &str| cx.refused.with_value(|refused| refused.as_ref()?.fields.get(name).cloned());
    let languages = language_select(words, "lang", kept("lang"));
    let topics = still(|| {
        let topic = kept("topic").or_else(|| place.topic.map(|topic| topic.to_string())).unwrap_or_default();
        let one = |one: &TopicView| {
            let id = one.id.to_string();
            let selected = id == topic;
            view! { <option value=id selected=selected>{words.pick(&one.title).0.to_owned()}</option> }
        };
        let topics = page.view.topics.iter().map(one).collect_view();
        view! {
            <select id="topic" name="topic">
                <option value="">{words.write_topic_none()}</option>
                {topics}
            </select>
        }
        .into_any()
    });
    let no_topics = Memo::new(move |_| board.view.with(|view| view.topics.is_empty()));
    view! {
        <div class="choices" hidden=move || changing.get()>
            <div class="choice" hidden=move || no_topics.get() || replying.get()>
                <label for="topic">{words.write_topic()}</label>
                {topics}
            </div>
            <div class="choice">
                <label for="lang">{words.write_language()}</label>
                {languages}
            </div>
        </div>
    }
    .into_any()
}

/// How many characters are left, near the end.
fn length(cx: Cx, board: Board) -> AnyView {
    let words = cx.words;
    let length = Memo::new(move |_| board.composer.text.with(|text| text.chars().count() as u32));
    let most = move || if matches!(board.composer.writing.get(), Writing::Add(_)) { MOST_ADDED } else { MOST };
    let text = Signal::derive(move || match (length.get(), most()) {
        (length, most) if length > most => words.write_over(length - most),
        (length, most) if length + NEAR >= most => words.write_left(most - length),
        _ => String::new(),
    });
    view! {
        <p class="hint length" class:over=move || { length.get() > most() } hidden=move || text.with(String::is_empty)>
            {sentence(text)}
        </p>
    }
    .into_any()
}

/// Why nothing can be sent right now.
fn paused(cx: Cx, board: Board, may_write: Signal<bool>) -> AnyView {
    let words = cx.words;
    let text = Signal::derive(move || {
        let mode = board.view.with(|view| view.forum.mode);
        if !may_write.get() {
            let why = if mode == Mode::Closed { words.state_closed_means() } else { words.state_locked_means() };
            let mut text = why.to_owned();
            if !board.composer.text.with(String::is_empty) {
                text.push(' ');
                text.push_str(words.write_kept());
            }
            return text;
        }
        let next = board.own.with(|own| own.as_ref().and_then(|own| own.next_at));
        match next {
            Some(at) if matches!(mode, Mode::Slow { .. }) && at > board.clock.get() => {
                // To the full minute, upwards: the wall shows no seconds.
                let time = cx.zone.with_value(|zone| clock::time_of_day(words, zone, at.plus_ms(59_999)));
                words.write_next_at(&time)
            }
            _ => String::new(),
        }
    });
    view! {
        <p class="note" hidden=move || text.with(String::is_empty)>
            {icon(icons::WAIT)}
            {sentence(text)}
        </p>
    }
    .into_any()
}
