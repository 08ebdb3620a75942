//! What asks for a look though it does not wait: reports, appeals, and changes of what is already seen. All that was
//! pointed out about one thing is one entry; nobody is told by whom.

use std::collections::BTreeMap;

use leptos::prelude::*;
use stimmwerk_core::forum::{
    AppealView, AuthorView, ContributionView, HiddenView, People, ReportReason, ReportView, Reported,
};
use stimmwerk_core::ids::ContributionId;

use super::super::forum::{author, text, version, when};
use super::super::parts::{digest, each, hidden, icon, icons};
use super::order::leaves;
use super::queue::{around, claim};
use super::{Desk, Spot, device, from_hall, hide, more, note, press, reason, reset_name};
use crate::address;
use crate::utterance::say;
use crate::view::{AnyView, IntoAny};
use crate::words::StaffWords;

/// The part of the page, for links.
const PART: &str = "attention";

/// All that asks for a look, oldest first.
pub fn attention(desk: Desk) -> AnyView {
    let Desk { words, board, .. } = desk;
    let rows = Memo::new(move |_| {
        board.view.with(|view| {
            board.pending.with(|pending| {
                let stays = |one: &&ContributionView| !leaves(pending, &view.people, one);
                view.attention.iter().filter(stays).map(|one| (one.id, shown(one, &view.people))).collect::<Vec<_>>()
            })
        })
    });
    view! {
        <section class="attention" aria-labelledby="attention">
            <header>
                <h2 id="attention" tabindex="-1">
                    {words.attention()}
                </h2>
            </header>
            <p class="empty" hidden=move || rows.with(|rows| !rows.is_empty())>
                {icon(icons::CHECK)}
                {words.attention_empty()}
            </p>
            <ol>{each(move || rows.get(), |row| *row, move |(id, _)| entry(desk, id).into_any())}</ol>
        </section>
    }
    .into_any()
}

/// A digest of what an entry shows.
fn shown(one: &ContributionView, people: &People) -> u64 {
    let reports = one.reports.iter().map(|report| (report.what, report.reason, &report.text, report.at.0));
    let appeal = one.hidden.as_ref().and_then(|hidden| hidden.appeal.as_ref());
    let appeal = appeal.map(|appeal| (&appeal.text, appeal.rejected));
    digest(&(version(one, people), &one.addition, reports.collect::<Vec<_>>(), appeal))
}

fn entry(desk: Desk, id: ContributionId) -> Option<AnyView> {
    let Desk { cx, words, board, .. } = desk;
    let (one, by) = board.view.with_untracked(|view| {
        let one = view.attention.iter().find(|one| one.id == id)?;
        Some((one.clone(), view.people.author(one.author)))
    })?;
    let spot = Spot { id, waits: false };
    let reports = (!one.reports.is_empty()).then(|| reports(words, &one.reports));
    let appeal = one.hidden.as_ref().and_then(|hidden| Some((hidden, hidden.appeal.as_ref()?)));
    let (body, acts) = match appeal {
        Some((hidden, appeal)) => (appealed(desk, &one, hidden, appeal), judge(desk, id)),
        None => (words_of(desk, &one), decide(desk, &one, &by)),
    };
    Some(
        view! {
            <li
                class="item asks"
                class:current=move || desk.keys.current.get() == Some(spot)
                id=spot.anchor()
                tabindex="-1"
            >
                <article>
                    <header>
                        {author(cx.words, &by)}
                        {from_hall(words, &one)}
                        {when(cx, board, &one)}
                    </header>
                    {reports}
                    {body}
                    <div class="line beside">{claim(desk, &one, PART)}</div>
                    <footer class="acts">{acts} {more(desk, &one, &by, PART)}</footer>
                </article>
            </li>
        }
        .into_any(),
    )
}

/// How often, why, and what was said.
fn reports(words: StaffWords, reports: &[ReportView]) -> AnyView {
    let mut counts: BTreeMap<(Reported, ReportReason), u32> = BTreeMap::new();
    for report in reports {
        *counts.entry((report.what, report.reason)).or_default() += 1;
    }
    let counts = counts
        .into_iter()
        .map(|((what, why), count)| {
            let what = match what {
                Reported::Text => words.report_of_text(),
                Reported::Name => words.report_of_name(),
            };
            let mut text = count.to_string();
            for part in [" × ", what, ": ", report_reason(words, why)] {
                text.push_str(part);
            }
            view! { <li>{text}</li> }
        })
        .collect_view();
    let quote = |report: &ReportView| {
        let text = report.text.as_ref()?.to_string();
        Some(view! {
            <blockquote class="plain-text" dir="auto">
                {text}
            </blockquote>
        })
    };
    view! {
        <div class="reports">
            <h3>
                {icon(icons::WARN)}
                {words.reports(reports.len() as u32)}
            </h3>
            <ul>{counts}</ul>
            {reports.iter().map(quote).collect_view()}
        </div>
    }
    .into_any()
}

/// What is seen now, and what its author would like instead.
fn words_of(desk: Desk, one: &ContributionView) -> AnyView {
    let words = desk.words;
    let new = |title: &'static str, text: &str| {
        view! {
            <div class="new-words">
                <h3>{title}</h3>
                <p class="plain-text" dir="auto">
                    {text.to_owned()}
                </p>
            </div>
        }
    };
    let pending = one.pending.as_ref().map(|text| new(words.change(), text));
    let addition = one.addition.as_ref().map(|text| new(words.addition(), text));
    let now = (pending.is_some() || addition.is_some()).then(|| view! { <h3 class="hint">{words.change_now()}</h3> });
    view! {
        {pending}
        {addition}
        <div class="now">{now} {around(desk, one)} {text(one)}</div>
    }
    .into_any()
}

/// Reports and changes: let it be, or hide it.
fn decide(desk: Desk, one: &ContributionView, by: &AuthorView) -> AnyView {
    let Desk { words, .. } = desk;
    let id = one.id;
    let changed = one.pending.is_some() || one.addition.is_some();
    let approve = changed.then(|| press(desk, id, "/approve", words.approve(), icons::CHECK, PART));
    let refuse = changed.then(|| refuse(desk, id));
    let reported = !one.reports.is_empty();
    let dismiss = reported.then(|| press(desk, id, "/dismiss", words.dismiss(), icons::CHECK, PART));
    let named = one.reports.iter().any(|report| report.what == Reported::Name) && by.name.is_some();
    let person = by.participant.filter(|_| named);
    let name = person.map(|person| reset_name(desk, person, PART));
    view! {
        {approve}
        {refuse}
        {dismiss}
        {name}
        {hide(desk, id, PART)}
    }
    .into_any()
}

/// Leaves it as it is: only what its author would like instead is refused.
fn refuse(desk: Desk, id: ContributionId) -> AnyView {
    let Desk { cx, words, place, .. } = desk;
    let action = address::api_of(place.forum, id, "/refuse");
    view! {
        <details class="over reject" open=cx.refused_by(&action).is_some()>
            <summary class="button">
                {icon(icons::CLOSE)}
                {words.refuse()}
            </summary>
            <form method="post" action=action.clone()>
                {hidden("next", desk.back_to(PART))}
                <p class="hint">{words.refuse_means()}</p>
                {note(desk, id, &action)}
                <button>{words.refuse_go()}</button>
            </form>
        </details>
    }
    .into_any()
}

/// Why something is hidden, and what its author answered.
fn appealed(desk: Desk, one: &ContributionView, hidden: &HiddenView, appeal: &AppealView) -> AnyView {
    let words = desk.words;
    view! {
        {why_hidden(words, hidden)}
        {read(desk, one.id)}
        <div class="appeal">
            <h3>
                {icon(icons::TALK)}
                {words.appeal()}
            </h3>
            <blockquote class="plain-text" dir="auto">
                {appeal.text.to_string()}
            </blockquote>
            <p class="hint">{words.appeal_who()}</p>
        </div>
    }
    .into_any()
}

/// The reason and the sentence to the author.
pub fn why_hidden(words: StaffWords, why: &HiddenView) -> AnyView {
    let note = why.note.as_ref().map(|note| {
        view! {
            <blockquote class="plain-text" dir="auto">
                {note.to_string()}
            </blockquote>
        }
    });
    view! {
        <p class="hidden-note">
            {icon(icons::HIDDEN)}
            {words.hidden_text()}
            " "
            {reason(words, why.reason)}
        </p>
        {note}
    }
    .into_any()
}

/// The hidden words, for who has to judge them. They are in no view: they are asked for one by one.
fn read(desk: Desk, id: ContributionId) -> AnyView {
    #[derive(serde::Deserialize)]
    struct Hidden {
        text: String,
    }
    let Desk { words, board, place, .. } = desk;
    let text = RwSignal::new(None::<String>);
    let href = address::api_of(place.forum, id, "");
    let path = href.clone();
    let read = move |event: leptos::ev::MouseEvent| {
        if board.hands().is_none() {
            return;
        }
        event.prevent_default();
        device::ask("GET", path.clone(), None, move |answer| {
            match answer.ok().and_then(|json| stimmwerk_core::json::read::<Hidden>(&json).ok()) {
                Some(hidden) => text.set(Some(hidden.text)),
                None => say(board.said, words.appeal_unread().to_owned()),
            }
        });
    };
    view! {
        <p hidden=move || text.with(Option::is_some)>
            <a class="button" href=href on:click=read>
                {words.appeal_read()}
            </a>
        </p>
        {each(
            move || text.get(),
            String::clone,
            |text| {
                view! {
                    <blockquote class="plain-text hidden-words" dir="auto">
                        {text}
                    </blockquote>
                }
                    .into_any()
            },
        )}
    }
    .into_any()
}

/// The two answers to an appeal.
fn judge(desk: Desk, id: ContributionId) -> AnyView {
    let Desk { words, place, .. } = desk;
    let action = address::api_of(place.forum, id, "/reject-appeal");
    view! {
        {press(desk, id, "/restore", words.restore(), icons::UP, PART)}
        <details class="over reject" open=desk.has_note(id)>
            <summary class="button">
                {icon(icons::HIDDEN)}
                {words.appeal_reject()}
            </summary>
            <form method="post" action=action.clone()>
                {hidden("next", desk.back_to(PART))}
                {note(desk, id, &action)}
                <button>{words.appeal_reject_go()}</button>
            </form>
        </details>
    }
    .into_any()
}

fn report_reason(words: StaffWords, reason: ReportReason) -> &'static str {
    match reason {
        ReportReason::Insult => words.reason_insult(),
        ReportReason::PrivateData => words.reason_private_data(),
        ReportReason::Spam => words.reason_spam(),
        ReportReason::Other => words.reason_other(),
    }
}
