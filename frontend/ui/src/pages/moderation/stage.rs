//! What the hall sees: one press each, with the same beside it in words.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, ForumView, MAX_ON_STAGE, Stage, TopicView};
use stimmwerk_core::ids::{ContributionId, PollId};
use stimmwerk_core::poll::Phase;
use stimmwerk_core::said::Texts;

use super::super::forum::author_name;
use super::super::parts::{digest, each, hidden, icon, icons};
use super::Desk;
use super::floor::entry_name;
use crate::address;
use crate::view::{AnyView, IntoAny};

/// The part of the page, for links.
const PART: &str = "stage";

/// So many of those who wait are on stage.
const SPEAKERS: usize = 5;

/// The panel.
pub fn stage(desk: Desk) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let stage = Memo::new(move |_| board.view.with(|view| view.stage.clone()));
    let shows = move |word: &'static str| stage.with(|stage| shown(stage) == word);
    let button = move |value: &'static str, word: &'static str, picture| {
        view! {
            <form method="post" action=address::api(place.forum, "/stage")>
                {hidden("shows", value.to_owned())} {hidden("next", desk.back_to(PART))}
                <button aria-pressed=move || if shows(value) { "true" } else { "false" }>
                    {icon(picture)}
                    {word}
                </button>
            </form>
        }
        .into_any()
    };
    let topics = Memo::new(move |_| board.view.with(|view| view.topics.clone()));
    let polls = Memo::new(move |_| board.view.with(shown_polls));
    let topic = move |topic: TopicView| choice(desk, topic.id.to_string(), &topic.title);
    let poll = move |(id, title): (PollId, Texts)| choice(desk, id.to_string(), &title);
    let chosen = move || desk.chosen.get();
    let lines = Memo::new(move |_| {
        let lines = board.view.with(|view| preview(desk, view));
        lines.into_iter().enumerate().collect::<Vec<_>>()
    });
    let screens = address::api(place.forum, "/screens");
    view! {
        <section class="panel stage" aria-labelledby=PART>
            <header>
                <h2 id=PART tabindex="-1">
                    {words.stage()}
                </h2>
            </header>
            <div class="preview" role="group" aria-label=words.stage_now()>
                <p class="hint">{words.stage_now()}</p>
                {each(
                    move || lines.get(),
                    Clone::clone,
                    |(_, line)| view! { <p dir="auto">{line}</p> }.into_any(),
                )}
            </div>
            <div class="modes">
                {button("off", words.stage_off(), icons::HIDDEN)} {button("welcome", words.stage_welcome(), icons::DOOR)}
                {button("speaking", words.stage_speaking(), icons::TALK)}
            </div>
            <form
                class="line pick"
                method="post"
                action=address::api(place.forum, "/stage")
                hidden=move || polls.with(Vec::is_empty)
            >
                {hidden("shows", "poll".to_owned())} {hidden("next", desk.back_to(PART))}
                <label for="stage-poll">{words.stage_poll()}</label>
                <select id="stage-poll" name="poll" prop:value=move || first(&polls.get())>
                    {each(move || polls.get(), |(id, title)| (*id, digest(&title.texts)), poll)}
                </select>
                <button aria-pressed=move || if shows("poll") { "true" } else { "false" }>{words.stage_show()}</button>
            </form>
            <form
                class="line pick"
                method="post"
                action=address::api(place.forum, "/stage")
                hidden=move || topics.with(Vec::is_empty)
            >
                {hidden("shows", "topic".to_owned())} {hidden("next", desk.back_to(PART))}
                <label for="stage-topic">{words.stage_topic()}</label>
                <select id="stage-topic" name="topic">
                    {each(move || topics.get(), |topic| (topic.id, digest(&topic.title.texts)), topic)}
                </select>
                <button aria-pressed=move || if shows("topic") { "true" } else { "false" }>{words.stage_show()}</button>
            </form>
            {each(
                move || Some(chosen()).filter(|chosen| !chosen.is_empty()),
                digest,
                move |chosen| {
                    view! {
                        <form class="line pick" method="post" action=address::api(place.forum, "/stage")>
                            {on_stage(&chosen)} {hidden("next", desk.back_to(PART))}
                            <span class="what">{words.stage_chosen(chosen.len() as u32)}</span>
                            <button aria-pressed=move || {
                                if shows("contributions") { "true" } else { "false" }
                            }>{words.stage_show()}</button>
                        </form>
                    }
                        .into_any()
                },
            )}
            <div class="open-stage">
                <form method="post" action=screens.clone() target="_blank">
                    {hidden("next", place.href())}
                    <button aria-describedby="stage-warning">
                        {icon(icons::GO)}
                        {words.stage_open()}
                    </button>
                    <p class="hint">{words.stage_open_means()}</p>
                </form>
                <p class="note" id="stage-warning">
                    {icon(icons::WARN)}
                    <span>{words.stage_warning()}</span>
                </p>
                <details>
                    <summary>{words.stage_lock()}</summary>
                    <form method="post" action=screens>
                        <p class="hint">{words.stage_lock_means()}</p>
                        {hidden("_method", "DELETE".to_owned())} {hidden("next", desk.back_to(PART))}
                        <button class="danger">{words.stage_lock()}</button>
                    </form>
                </details>
            </div>
        </section>
    }
    .into_any()
}

/// What a stage shows in one word, as on the wire.
fn shown(stage: &Stage) -> &'static str {
    match stage {
        Stage::Off => "off",
        Stage::Welcome => "welcome",
        Stage::Topic { .. } => "topic",
        Stage::Poll { .. } => "poll",
        Stage::Speaking => "speaking",
        Stage::Contributions { .. } => "contributions",
    }
}

/// Polls that can be shown, the newest first.
fn shown_polls(view: &ForumView) -> Vec<(PollId, Texts)> {
    let seen = view.polls.iter().rev().filter(|poll| poll.phase != Phase::Draft);
    seen.map(|poll| (poll.id, poll.title.clone())).collect()
}

fn first(polls: &[(PollId, Texts)]) -> Option<String> {
    polls.first().map(|(id, _)| id.to_string())
}

fn choice(desk: Desk, id: String, title: &Texts) -> AnyView {
    let title = desk.cx.words.pick(title).0.to_owned();
    view! { <option value=id>{title}</option> }.into_any()
}

/// The fields of a form that puts these on stage.
fn on_stage(contributions: &[ContributionId]) -> AnyView {
    let one = |id: &ContributionId| hidden("contribution", id.to_string());
    let shows = if contributions.is_empty() { "welcome" } else { "contributions" };
    view! { {hidden("shows", shows.to_owned())} {contributions.iter().map(one).collect::<Vec<_>>()} }.into_any()
}

/// What the hall sees, a line each.
fn preview(desk: Desk, view: &ForumView) -> Vec<String> {
    let Desk { cx, words, .. } = desk;
    let title = |texts: &Texts| cx.words.pick(texts).0.to_owned();
    match &view.stage {
        Stage::Off => vec![words.stage_dark().to_owned()],
        Stage::Welcome => {
            let mut lines = vec![title(&view.forum.title)];
            lines.extend(desk.spoken.with_value(Clone::clone));
            lines
        }
        Stage::Topic { topic } => {
            view.topics.iter().filter(|have| have.id == *topic).map(|topic| title(&topic.title)).collect()
        }
        Stage::Poll { poll } => {
            let found = view.polls.iter().filter(|have| have.id == *poll);
            let words = desk.poll_words;
            let phase = |phase| match phase {
                Phase::Draft => words.phase_draft(),
                Phase::Open => words.phase_open(),
                Phase::Closed => words.phase_closed(),
                Phase::Revealed => words.phase_revealed(),
            };
            found.flat_map(|poll| [title(&poll.title), phase(poll.phase).to_owned()]).collect()
        }
        Stage::Speaking => {
            let speaks = view
                .floor
                .speaking
                .iter()
                .map(|speaking| [words.floor_speaks(), ": ", &entry_name(cx.words, &speaking.entry)].concat());
            let waiting = view.floor.entries.iter().take(SPEAKERS).map(|entry| entry_name(cx.words, entry));
            let mut lines: Vec<_> = speaks.chain(waiting).collect();
            if lines.is_empty() {
                lines.push(words.stage_nobody().to_owned());
            }
            lines
        }
        Stage::Contributions { contributions } => {
            let find = |id: &ContributionId| view.contributions.iter().find(|one| one.id == *id);
            let line = |one: &ContributionView| {
                let name = one.speaker().map_or_else(|| author_name(cx.words, &one.author), ToString::to_string);
                [&name, ": ", &one.text].concat()
            };
            contributions.iter().map(|id| find(id).map_or_else(|| "…".to_owned(), line)).collect()
        }
    }
}

/// Puts a contribution of the list on stage, or takes it off.
pub fn put(desk: Desk, id: ContributionId) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let now = Memo::new(move |_| {
        board.view.with(|view| match &view.stage {
            Stage::Contributions { contributions } => contributions.clone(),
            _ => Vec::new(),
        })
    });
    let form = move |mut all: Vec<ContributionId>| {
        let there = all.contains(&id);
        if there {
            all.retain(|have| *have != id);
        } else {
            all.push(id);
        }
        let word = if there { words.stage_take() } else { words.stage_put() };
        view! {
            <form method="post" action=address::api(place.forum, "/stage")>
                {on_stage(&all)} {hidden("next", desk.back_to("list"))}
                <button hidden={ all.len() > MAX_ON_STAGE }>
                    {icon(icons::SHOW)}
                    {word}
                </button>
            </form>
        }
        .into_any()
    };
    each(move || [now.get()], digest, form)
}
