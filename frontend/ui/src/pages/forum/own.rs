//! What only the reader sees: their texts on the way, waiting, and hidden.

use leptos::prelude::*;
use stimmwerk_core::forum::{HideReason, OwnHidden, OwnRefused, OwnWaiting};
use stimmwerk_core::ids::ContributionId;

use super::super::parts::{area_html, digest, each, hidden, icon, icons, languages_of, problem};
use super::board::{Board, Draft, Pending};
use super::item::{change, withdraw};
use crate::address::{self, ForumPlace, Writing};
use crate::clock;
use crate::cx::Cx;
use crate::dom;
use crate::live::Stage;
use crate::view::{AnyView, IntoAny};
use crate::words::Words;

/// The text field of a forum page.
const TEXT: &str = "text";

/// What was sent and not taken yet, or refused. What is refused goes back into the text field at a press.
pub fn on_its_way(cx: Cx, board: Board, field: &'static str) -> AnyView {
    view! { <ul class="own">{sent(cx, board, field)}</ul> }.into_any()
}

fn sent(cx: Cx, board: Board, field: &'static str) -> AnyView {
    let pending = Memo::new(move |_| {
        let on_the_way = |one: &&Pending| one.text().is_some() && !matches!(one.stage, Stage::Accepted { .. });
        board.pending.with(|all| all.iter().filter(on_the_way).cloned().collect::<Vec<_>>())
    });
    each(
        move || pending.get(),
        |one| (one.id, matches!(one.stage, Stage::Refused(_))),
        move |one| on_the_way(cx, board, &one, field),
    )
}

/// Three short lists, mostly empty.
pub fn own(cx: Cx, board: Board, place: ForumPlace) -> AnyView {
    let waiting =
        Memo::new(move |_| board.own.with(|own| own.as_ref().map(|own| own.waiting.clone()).unwrap_or_default()));
    let hides_now =
        Memo::new(move |_| board.own.with(|own| own.as_ref().map(|own| own.hidden.clone()).unwrap_or_default()));
    let refused =
        Memo::new(move |_| board.own.with(|own| own.as_ref().map(|own| own.refused.clone()).unwrap_or_default()));
    let name_waits = Memo::new(move |_| board.own.with(|own| own.as_ref().is_some_and(|own| own.name_waits)));
    view! {
        <ul class="own">
            {sent(cx, board, TEXT)}
            {each(
                move || name_waits.get().then_some(()),
                |()| 0,
                move |()| {
                    view! {
                        <li class="panel name-waits">
                            {icon(icons::WAIT)} " " {cx.words.own_name_waits()}
                        </li>
                    }
                        .into_any()
                },
            )}
            {each(
                move || waiting.get(),
                |one| (one.id, one.addition, digest(&one.text)),
                move |one| waits(cx, board, place, &one),
            )}
            {each(
                move || hides_now.get(),
                |one| {
                    let appeal = one.why.appeal.as_ref().map(|appeal| (appeal.rejected, appeal.note.as_ref().map(digest)));
                    (one.id, one.why.note.as_ref().map(digest), appeal)
                },
                move |one| hides(cx, board, place, &one),
            )}
            {each(
                move || refused.get(),
                |one| (one.id, one.at.0, one.note.as_ref().map(digest)),
                move |one| unchanged(cx, place, &one),
            )}
        </ul>
    }
    .into_any()
}

fn on_the_way(cx: Cx, board: Board, one: &Pending, field: &'static str) -> AnyView {
    let words = cx.words;
    let Draft { text, hall, .. } = one.draft();
    let who = (!hall.is_empty()).then(|| view! { <p class="meta"><bdi>{hall}</bdi></p> });
    let Stage::Refused(refused) = &one.stage else {
        return view! {
            <li class="panel sending">
                <h3>
                    {icon(icons::SEND)}
                    {words.own_sending()}
                </h3>
                {who}
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
        board.composer.take_up(&one);
        if let Some(hands) = board.hands() {
            hands.discard(&one);
        }
        dom::focus(field);
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
            {who}
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

/// A change or addition was not taken.
fn unchanged(cx: Cx, place: ForumPlace, one: &OwnRefused) -> AnyView {
    let words = cx.words;
    let note = one.note.as_ref().map(|note| {
        view! {
            <p class="hint">{words.own_note()}</p>
            <blockquote class="plain-text" dir="auto">
                {note.to_string()}
            </blockquote>
        }
        .into_any()
    });
    view! {
        <li class="panel refused">
            <h3>
                {icon(icons::WARN)}
                {words.own_change_refused()}
            </h3>
            {note}
            <p class="hint">{words.own_change_refused_means()}</p>
            <p>
                <a class="button quiet" href=address::thread(place.forum, one.id)>
                    {words.item_open()}
                </a>
            </p>
        </li>
    }
    .into_any()
}

fn waits(cx: Cx, board: Board, place: ForumPlace, one: &OwnWaiting) -> AnyView {
    let words = cx.words;
    let (id, at) = (one.id, one.at);
    let now = board.clock.get_untracked();
    let time = cx.zone.with_value(|zone| clock::moment(words, zone, at, Some(clock::day(zone, now))));
    let may = move || Writing::Edit(id).fits(board.view.with(|view| view.forum.mode), board.moderates);
    // Changing or deleting an addition would be changing or deleting what it was added to.
    let acts = (!one.addition).then(|| {
        view! {
            <div class="line own-acts">
                {change(cx, board, place, Writing::Edit(id), Signal::derive(may))} {withdraw(cx, place, id)}
            </div>
        }
    });
    view! {
        <li class="panel waiting">
            <h3>
                {icon(icons::WAIT)}
                {words.own_waiting()}
            </h3>
            <p class="meta">
                {one.addition.then(|| view! { <span>{words.write_add()}</span> })}
                <time datetime=clock::iso(at)>{time}</time>
            </p>
            <p class="plain-text" dir="auto">
                {one.text.to_string()}
            </p>
            <p class="hint">{words.own_waiting_means()}</p>
            {acts}
        </li>
    }
    .into_any()
}

/// What was hidden, why, and the author's one answer to that.
fn hides(cx: Cx, board: Board, place: ForumPlace, one: &OwnHidden) -> AnyView {
    let words = cx.words;
    let (at, now) = (one.at, board.clock.get_untracked());
    let time = cx.zone.with_value(|zone| clock::moment(words, zone, at, Some(clock::day(zone, now))));
    let answer = match &one.why.appeal {
        None => answer(cx, place, one.id),
        Some(appeal) => {
            let state = if appeal.rejected { words.own_stays() } else { words.own_waiting() };
            view! {
                <blockquote class="plain-text" dir="auto">
                    {appeal.text.to_string()}
                </blockquote>
                <p class="state">
                    {icon(if appeal.rejected { icons::HIDDEN } else { icons::WAIT })}
                    {state}
                </p>
                {note(words, appeal.note.as_deref())}
            }
            .into_any()
        }
    };
    view! {
        <li class="panel hidden-own">
            <h3>
                {icon(icons::HIDDEN)}
                {words.item_hidden()}
            </h3>
            <p class="meta">
                <time datetime=clock::iso(at)>{time}</time>
            </p>
            // Their own words: to be read and copied, by nobody else.
            <p class="plain-text" dir="auto">
                {one.text.to_string()}
            </p>
            <p>{reason(words, one.why.reason)}</p>
            {note(words, one.why.note.as_deref())}
            {answer}
        </li>
    }
    .into_any()
}

fn note(words: Words, note: Option<&str>) -> Option<AnyView> {
    note.map(|note| {
        view! {
            <p>{words.own_note()}</p>
            <blockquote class="plain-text" dir="auto">
                {note.to_owned()}
            </blockquote>
        }
        .into_any()
    })
}

/// The form of the one answer. Its text stays in it until the answer has arrived.
fn answer(cx: Cx, place: ForumPlace, id: ContributionId) -> AnyView {
    let words = cx.words;
    let action = address::api_of(place.forum, id, "/appeal");
    let kept = cx.refused_by(&action).and_then(|refused| refused.fields.get("text").cloned()).unwrap_or_default();
    let mut field = String::from("answer-");
    field.push_str(&id.to_string());
    let others = languages_of(cx, &action);
    view! {
        <form class="answer" method="post" action=action>
            <label for=field.clone()>{words.own_answer()}</label>
            <textarea id=field name="text" rows="2" required maxlength="600" dir="auto" inner_html=area_html(&kept)></textarea>
            {hidden("next", place.href())}
            <button>
                {icon(icons::SEND)}
                {words.write_send()}
            </button>
            {others}
        </form>
    }
    .into_any()
}

/// Why something was hidden.
pub fn reason(words: Words, reason: HideReason) -> &'static str {
    match reason {
        HideReason::Insult => words.reason_insult(),
        HideReason::Hatred => words.reason_hatred(),
        HideReason::PrivateData => words.reason_private_data(),
        HideReason::Spam => words.reason_spam(),
        HideReason::OffTopic => words.reason_off_topic(),
        HideReason::Other => words.reason_other(),
    }
}
