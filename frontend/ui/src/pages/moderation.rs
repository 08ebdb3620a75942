//! The staff page of a forum: what waits, what is there, and the rules.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, HideReason, Mode, TopicView, Waiting};
use stimmwerk_core::ids::{ContributionId, ParticipantId, ProcessId};

use super::forum::{Row, at, author, connection, facts, list, live_board, submit, text, version, voices, when};
use super::parts::{digest, each, hidden, icon, icons, refusal, state, texts};
use crate::address::{self, ForumPlace};
use crate::board::{Board, Cx, find};
use crate::data::{Codes, ForumPage};
use crate::dom;
use crate::view::{AnyView, IntoAny};
use crate::words::StaffWords;

/// What this page's components need.
#[derive(Clone, Copy)]
struct Desk {
    cx: Cx,
    words: StaffWords,
    board: Board,
    place: ForumPlace,
    process: ProcessId,
}

/// See [`crate::data::PageKind::Moderation`].
pub fn moderation(cx: Cx, words: StaffWords, page: ForumPage) -> AnyView {
    let board = live_board(cx, &page);
    let place = ForumPlace {
        forum: page.view.forum.id,
        moderation: true,
        topic: page.view.window.topic,
        before: cx.path.with_value(|path| address::parameter(path, "before").and_then(|before| before.parse().ok())),
    };
    let desk = Desk { cx, words, board, place, process: page.view.forum.process };
    let forum = ForumPlace { moderation: false, topic: None, before: None, ..place }.href();
    view! {
        <div class="forum moderation" on:submit=move |event| submit(board, &event)>
            <header class="head">
                <p class="kicker">{icon(icons::STAFF)} {words.title()}</p>
                <h1>{texts(cx.words, &page.view.forum.title)}</h1>
                <p class="facts">{facts(cx, board)}</p>
            </header>
            <aside class="side">
                {connection(cx, board)}
                <a class="button" href=forum>
                    {icon(icons::TALK)}
                    {words.to_forum()}
                </a>
                {page.codes.map(|codes| invite(desk, codes))}
                {states(desk)}
                {rule(desk)}
                {topics(desk)}
            </aside>
            <div class="talk">
                {refusal(cx, |_| false)}
                {queue(desk)}
                {list(cx, board, place, words.list(), move |row| listed(desk, row))}
            </div>
            {voices(cx, board)}
        </div>
    }
    .into_any()
}

/// What waits: contributions, and changes of visible ones.
fn queue(desk: Desk) -> AnyView {
    let Desk { words, board, .. } = desk;
    let waiting = Memo::new(move |_| {
        board.view.with(|view| {
            let changed = view.contributions.iter().filter(|one| one.pending.is_some()).rev();
            view.waiting.iter().chain(changed).map(|one| (one.id, version(one))).collect::<Vec<_>>()
        })
    });
    let total = Memo::new(move |_| board.view.with(|view| view.totals.waiting.unwrap_or_default()));
    let beyond = move || total.get() as usize <= waiting.with(Vec::len);
    view! {
        <section class="queue" aria-labelledby="queue">
            <header>
                <h2 id="queue">{words.queue()}</h2>
                <span class="badge waiting" hidden=move || total.get() == 0>
                    {icon(icons::WAIT)}
                    {super::parts::sentence(Signal::derive(move || words.queue_count(total.get())))}
                </span>
            </header>
            <p class="empty" hidden=move || total.get() != 0>
                {words.queue_empty()}
            </p>
            <ol>
                {each(move || waiting.get(), |row| *row, move |row| queued(desk, row.0).into_any())}
            </ol>
            <p class="hint" hidden=beyond>
                {words.queue_older()}
            </p>
        </section>
    }
    .into_any()
}

fn queued(desk: Desk, id: ContributionId) -> Option<AnyView> {
    let Desk { cx, words, board, .. } = desk;
    let one = board
        .view
        .with_untracked(|view| view.waiting.iter().find(|one| one.id == id).or_else(|| find(view, id)).cloned())?;
    let body = match &one.pending {
        None => text(&one),
        Some(new) => view! {
            <h3>{words.change()}</h3>
            <p class="plain-text" dir="auto">
                {new.to_string()}
            </p>
            <h3 class="hint">{words.change_now()}</h3>
            <div class="before-change">{text(&one)}</div>
        }
        .into_any(),
    };
    Some(
        view! {
            <li class="item waits" id=queue_anchor(id)>
                <article>
                    <header>{author(cx.words, &one.author)} {when(cx, board, &one)}</header>
                    {body}
                    <footer class="acts">
                        {press(desk, id, "/approve", words.approve(), icons::CHECK, "main")}
                        {hide(desk, id)}
                        {more(desk, &one)}
                    </footer>
                </article>
            </li>
        }
        .into_any(),
    )
}

fn queue_anchor(id: ContributionId) -> String {
    let mut anchor = String::from("q-");
    anchor.push_str(&id.to_string());
    anchor
}

/// A row of the list.
fn listed(desk: Desk, row: Row) -> Option<AnyView> {
    let Desk { cx, words, board, .. } = desk;
    let one = board.view.with_untracked(|view| at(&view.contributions, row).cloned())?;
    let support = Memo::new(move |_| board.view.with(|view| at(&view.contributions, row).map_or(0, |one| one.support)));
    let (body, acts) = match &one.hidden {
        None => (text(&one), view! { {hide(desk, one.id)} {more(desk, &one)} }.into_any()),
        Some(why) => {
            let note = why.note.as_ref().map(|note| {
                view! {
                    <blockquote class="plain-text" dir="auto">
                        {note.to_string()}
                    </blockquote>
                }
            });
            let body = view! {
                <p class="hidden-note">
                    {icon(icons::HIDDEN)}
                    {words.hidden_text()}
                    " "
                    {reason(words, why.reason)}
                </p>
                {note}
            };
            let restore = press(desk, one.id, "/restore", words.restore(), icons::UP, "");
            (body.into_any(), view! { {restore} {more(desk, &one)} }.into_any())
        }
    };
    Some(
        view! {
            <li id=address::anchor(one.id) class="item" class:hidden-item=one.hidden.is_some() tabindex="-1">
                <article>
                    <header>{author(cx.words, &one.author)} {when(cx, board, &one)}</header>
                    {body}
                    <footer class="acts">
                        <span class="count" hidden=move || support.get() == 0>
                            {icon(icons::SUPPORT)}
                            {super::parts::sentence(Signal::derive(move || cx.words.item_supports(support.get())))}
                        </span>
                        {acts}
                    </footer>
                </article>
            </li>
        }
        .into_any(),
    )
}

/// A form that is one button.
fn press(
    desk: Desk,
    id: ContributionId,
    verb: &'static str,
    word: &'static str,
    picture: &'static str,
    class: &'static str,
) -> AnyView {
    view! {
        <form method="post" action=address::api_of(desk.place.forum, id, verb)>
            {hidden("next", desk.place.href())}
            <button class=class>
                {icon(picture)}
                {word}
            </button>
        </form>
    }
    .into_any()
}

fn hide(desk: Desk, id: ContributionId) -> AnyView {
    let words = desk.words;
    let reasons = HideReason::ALL
        .map(|one| view! { <option value=reason_value(one)>{reason(words, one)}</option> })
        .collect_view();
    view! {
        <details class="sure">
            <summary class="button">
                {icon(icons::HIDDEN)}
                {words.hide()}
            </summary>
            <form method="post" action=address::api_of(desk.place.forum, id, "/hide")>
                {hidden("next", desk.place.href())}
                <label>
                    {words.hide_reason()}
                    <select name="reason">{reasons}</select>
                </label>
                <label>
                    {words.hide_note()}
                    <textarea name="note" rows="2" dir="auto" maxlength="600"></textarea>
                </label>
                <p class="hint">{words.hide_note_hint()}</p>
                <button class="danger">{words.hide_go()}</button>
            </form>
        </details>
    }
    .into_any()
}

/// What is rarely done and hard to undo.
fn more(desk: Desk, one: &ContributionView) -> AnyView {
    let words = desk.words;
    let ban = one.author.participant.filter(|_| one.author.role.is_none()).map(|person| ban(desk, person));
    view! {
        <details class="sure more">
            <summary class="button quiet">{words.more()}</summary>
            <form method="post" action=address::api_of(desk.place.forum, one.id, "/erase")>
                <p>{words.erase_sure()}</p>
                {hidden("next", desk.place.href())}
                <button class="danger">
                    {icon(icons::DELETE)}
                    <span class="sr">{words.erase()} ": "</span>
                    {words.erase_go()}
                </button>
            </form>
            {ban}
        </details>
    }
    .into_any()
}

fn ban(desk: Desk, person: ParticipantId) -> AnyView {
    let words = desk.words;
    let mut action = String::from("/api/v1/processes/");
    action.push_str(&desk.process.to_string());
    action.push_str("/participants/");
    action.push_str(&person.to_string());
    action.push_str("/ban");
    view! {
        <form method="post" action=action>
            <p>{words.ban_sure()}</p>
            {hidden("banned", "true".to_owned())}
            {hidden("next", desk.place.href())}
            <button class="danger">
                {icon(icons::CLOSE)}
                <span class="sr">{words.ban()} ": "</span>
                {words.ban_go()}
            </button>
        </form>
    }
    .into_any()
}

/// Open, slow, locked, closed.
fn states(desk: Desk) -> AnyView {
    let Desk { cx, words, board, place, .. } = desk;
    let mode = Memo::new(move |_| board.view.with(|view| view.forum.mode));
    let one = move |value: &'static str, word, means, picture, seconds: bool| {
        let current = move || mode.get().word() == value;
        // Slow again with another interval is a change too.
        let disabled = move || current() && !seconds;
        let seconds = seconds.then(|| {
            let choices = [15, 30, 60, 120, 300]
                .map(|seconds: u32| {
                    let word =
                        if seconds.is_multiple_of(60) { words.minutes(seconds / 60) } else { words.seconds(seconds) };
                    let selected = mode.get_untracked() == Mode::Slow { seconds } || seconds == 30;
                    view! { <option value=seconds.to_string() selected=selected>{word}</option> }
                })
                .collect_view();
            view! {
                <label class="inline">
                    {words.slow_seconds()}
                    <select name="seconds">{choices}</select>
                </label>
            }
        });
        view! {
            <form method="post" action=address::api(place.forum, "/state") class:current=current>
                {hidden("state", value.to_owned())}
                {hidden("next", place.href())}
                <button disabled=disabled>
                    {icon(picture)}
                    {word}
                </button>
                {seconds}
                <p class="hint">{means}</p>
            </form>
        }
    };
    view! {
        <section class="panel states" aria-labelledby="state">
            <h2 id="state">
                {words.state()} " "
                {each(move || [mode.get().word()], |mode| *mode, move |mode| state(cx.words, mode))}
            </h2>
            {one("open", words.open(), words.open_means(), icons::OPEN, false)}
            {one("slow", words.slow(), words.slow_means(), icons::SLOW, true)}
            {one("locked", words.lock(), words.lock_means(), icons::LOCK, false)}
            {one("closed", words.close(), words.close_means(), icons::CLOSE, false)}
        </section>
    }
    .into_any()
}

/// Which contributions wait.
fn rule(desk: Desk) -> AnyView {
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
fn invite(desk: Desk, codes: Codes) -> AnyView {
    let Desk { words, board, place, process, .. } = desk;
    let url = codes.url.clone();
    let copied = RwSignal::new(false);
    let copy = move |_: MouseEvent| {
        dom::copy(&url);
        copied.set(true);
    };
    let label = Signal::derive(move || if copied.get() { words.codes_copied() } else { words.codes_copy() }.to_owned());
    let mut renew = String::from("/api/v1/processes/");
    renew.push_str(&process.to_string());
    renew.push_str("/codes");
    view! {
        <section class="panel invite" aria-labelledby="codes">
            <h2 id="codes">{words.codes()}</h2>
            <h3>{words.codes_spoken()}</h3>
            <p class="spoken" dir="ltr" translate="no">
                {codes.spoken}
            </p>
            <h3>{words.codes_link()}</h3>
            <p class="url" dir="ltr" translate="no">
                <a href=codes.url.clone()>{codes.url.clone()}</a>
            </p>
            // Only where there is a program to do it.
            <button type="button" hidden=move || board.link.get() == crate::board::Link::Plain on:click=copy>
                {super::parts::sentence(label)}
            </button>
            <details class="sure">
                <summary class="button quiet">{words.codes_renew()}</summary>
                <form method="post" action=renew>
                    <p>{words.codes_renew_sure()}</p>
                    {hidden("next", place.href())}
                    <button class="danger">{words.codes_renew_go()}</button>
                </form>
            </details>
        </section>
    }
    .into_any()
}

fn topics(desk: Desk) -> AnyView {
    let Desk { cx, words, board, place, .. } = desk;
    let topics = Memo::new(move |_| board.view.with(|view| view.topics.clone()));
    let title = move |topic: TopicView| view! { <li>{texts(cx.words, &topic.title)}</li> }.into_any();
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
                <input id="topic-title" name="title" type="text" required maxlength="160" dir="auto" value=kept />
                {hidden("title_lang", cx.words.lang().to_owned())}
                {hidden("next", place.href())}
                <button>{words.topic_add()}</button>
            </form>
        </section>
    }
    .into_any()
}

fn reason(words: StaffWords, reason: HideReason) -> &'static str {
    match reason {
        HideReason::Insult => words.reason_insult(),
        HideReason::Hatred => words.reason_hatred(),
        HideReason::PrivateData => words.reason_private_data(),
        HideReason::Spam => words.reason_spam(),
        HideReason::OffTopic => words.reason_off_topic(),
        HideReason::Other => words.reason_other(),
    }
}

/// On the wire.
const fn reason_value(reason: HideReason) -> &'static str {
    match reason {
        HideReason::Insult => "insult",
        HideReason::Hatred => "hatred",
        HideReason::PrivateData => "private_data",
        HideReason::Spam => "spam",
        HideReason::OffTopic => "off_topic",
        HideReason::Other => "other",
    }
}
