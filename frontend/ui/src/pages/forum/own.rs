//! What only the reader sees: their texts on the way, waiting, and hidden.

use leptos::prelude::*;
use stimmwerk_core::forum::{ForumCommand, HideReason, OwnHidden, OwnWaiting};

use super::super::parts::{digest, each, icon, icons, problem};
use super::item::{change, withdraw};
use crate::address::{ForumPlace, Writing};
use crate::board::{Board, Cx};
use crate::dom;
use crate::live::{Pending, Stage};
use crate::view::{AnyView, IntoAny};
use crate::words::Words;

/// Three short lists, mostly empty.
pub fn own(cx: Cx, board: Board, place: ForumPlace) -> AnyView {
    let pending = Memo::new(move |_| {
        let on_the_way = |one: &&Pending| one.text().is_some() && !matches!(one.stage, Stage::Accepted { .. });
        board.pending.with(|all| all.iter().filter(on_the_way).cloned().collect::<Vec<_>>())
    });
    let waiting =
        Memo::new(move |_| board.own.with(|own| own.as_ref().map(|own| own.waiting.clone()).unwrap_or_default()));
    let hidden =
        Memo::new(move |_| board.own.with(|own| own.as_ref().map(|own| own.hidden.clone()).unwrap_or_default()));
    view! {
        <ul class="own">
            {each(
                move || pending.get(),
                |one| (one.id, matches!(one.stage, Stage::Refused(_))),
                move |one| on_the_way(cx, board, &one),
            )}
            {each(
                move || waiting.get(),
                |one| (one.id, digest(&one.text)),
                move |one| waits(cx, board, place, &one),
            )}
            {each(
                move || hidden.get(),
                |one| (one.id, one.why.note.as_ref().map(digest)),
                move |one| hides(cx.words, &one),
            )}
        </ul>
    }
    .into_any()
}

fn on_the_way(cx: Cx, board: Board, one: &Pending) -> AnyView {
    let words = cx.words;
    let text = one.text().unwrap_or_default().to_owned();
    let Stage::Refused(refused) = &one.stage else {
        return view! {
            <li class="panel sending">
                <h3>
                    {icon(icons::SEND)}
                    {words.own_sending()}
                </h3>
                <p class="plain-text" dir="auto">
                    {text}
                </p>
                <p class="hint">{words.own_sending_means()}</p>
            </li>
        }
        .into_any();
    };
    let (back, gone) = (StoredValue::new(one.clone()), StoredValue::new(one.clone()));
    let take_back = move |_| {
        let one = back.get_value();
        let writing = match one.command {
            ForumCommand::Edit { contribution, .. } => Writing::Edit(contribution),
            ForumCommand::Contribute { reply_to: Some(parent), .. } => Writing::Reply(parent),
            _ => Writing::New,
        };
        board.composer.begin(writing, one.text().map(str::to_owned));
        if let Some(hands) = board.hands() {
            hands.discard(&one);
        }
        dom::focus("text");
    };
    let discard = move |_| {
        if let Some(hands) = board.hands() {
            hands.discard(&gone.get_value());
        }
    };
    view! {
        <li class="panel refused">
            <h3>
                {icon(icons::WARN)}
                {words.own_refused()}
            </h3>
            {problem(words, refused)}
            <p class="plain-text" dir="auto">
                {text}
            </p>
            <p class="line">
                <button type="button" on:click=take_back>
                    {words.own_take_back()}
                </button>
                <button class="quiet" type="button" on:click=discard>
                    {words.own_discard()}
                </button>
            </p>
        </li>
    }
    .into_any()
}

fn waits(cx: Cx, board: Board, place: ForumPlace, one: &OwnWaiting) -> AnyView {
    let words = cx.words;
    view! {
        <li class="panel waiting">
            <h3>
                {icon(icons::WAIT)}
                {words.own_waiting()}
            </h3>
            <p class="plain-text" dir="auto">
                {one.text.to_string()}
            </p>
            <p class="hint">{words.own_waiting_means()}</p>
            <p class="line own-acts">
                {change(cx, board, place, one.id, Signal::stored(true))}
            </p>
            {withdraw(cx, place, one.id)}
        </li>
    }
    .into_any()
}

fn hides(words: Words, one: &OwnHidden) -> AnyView {
    let note = one.why.note.as_ref().map(|note| {
        view! {
            <p>{words.own_note()}</p>
            <blockquote class="plain-text" dir="auto">
                {note.to_string()}
            </blockquote>
        }
    });
    view! {
        <li class="panel hidden-own">
            <h3>
                {icon(icons::HIDDEN)}
                {words.own_hidden()}
            </h3>
            <p>{reason(words, one.why.reason)}</p>
            {note}
        </li>
    }
    .into_any()
}

/// Why something was hidden, to its author.
fn reason(words: Words, reason: HideReason) -> &'static str {
    match reason {
        HideReason::Insult => words.reason_insult(),
        HideReason::Hatred => words.reason_hatred(),
        HideReason::PrivateData => words.reason_private_data(),
        HideReason::Spam => words.reason_spam(),
        HideReason::OffTopic => words.reason_off_topic(),
        HideReason::Other => words.reason_other(),
    }
}
