//! What the hall sees: one press each, with the same beside it in words.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, ForumView, MAX_ON_STAGE, Stage};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::poll::Phase;
use stimmwerk_core::said::Texts;

use super::super::forum::author_name;
use super::super::forum::board::Board;
use super::super::parts::{digest, each, hidden, icon, icons, sentence};
use super::super::poll::parts::phase_name;
use super::floor::name;
use super::team::{About, last};
use super::{Desk, seen};
use crate::address;
use crate::view::{AnyView, IntoAny};

/// The part of the page, for links.
const PART: &str = "stage";

/// So many of those who wait are on stage.
const SPEAKERS: usize = 5;

/// What the desk keeps of the stage.
#[derive(Clone, Copy)]
pub struct StagePanel {
    /// The contributions that are on stage, or were there last.
    pub chosen: Memo<Vec<ContributionId>>,
}

impl StagePanel {
    /// Of a page as it was rendered.
    pub fn new(board: Board) -> Self {
        let chosen = Memo::new(move |before: Option<&Vec<ContributionId>>| {
            board.view.with(|view| match &view.stage {
                Stage::Contributions { contributions } => contributions.clone(),
                _ => before.cloned().unwrap_or_default(),
            })
        });
        Self { chosen }
    }
}

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
    let topics = Memo::new(move |_| {
        board.view.with(|view| {
            view.topics.iter().map(|topic| (topic.id.to_string(), topic.title.clone())).collect::<Vec<_>>()
        })
    });
    let polls = Memo::new(move |_| board.view.with(shown_polls));
    let StagePanel { chosen, .. } = desk.stage;
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
            {last(desk, About::Stage)}
            <div class="modes">
                {button("off", words.stage_off(), icons::HIDDEN)} {button("welcome", words.stage_welcome(), icons::DOOR)}
                {button("speaking", words.stage_speaking(), icons::TALK)}
            </div>
            {pick(desk, "poll", words.stage_poll(), polls)}
            {pick(desk, "topic", words.stage_topic(), topics)}
            <form
                class="line pick"
                method="post"
                action=address::api(place.forum, "/stage")
                hidden=move || chosen.with(Vec::is_empty)
            >
                {on_stage(chosen)} {seen(desk)} {hidden("next", desk.back_to(PART))}
                <span class="what">
                    {sentence(Signal::derive(move || words.stage_chosen(chosen.with(Vec::len) as u32)))}
                </span>
                <button aria-pressed=move || if shows("contributions") { "true" } else { "false" }>
                    {words.stage_show()}
                </button>
            </form>
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

/// Something of a kind that can be shown: its id, and what it is called.
type Choice = (String, Texts);

/// Polls that can be shown, the newest first.
fn shown_polls(view: &ForumView) -> Vec<Choice> {
    let seen = view.polls.iter().rev().filter(|poll| poll.phase != Phase::Draft);
    seen.map(|poll| (poll.id.to_string(), poll.title.clone())).collect()
}

/// What is chosen: what was picked, or what stood there before, whatever else there is meanwhile.
pub fn chosen(choices: Memo<Vec<Choice>>, picked: RwSignal<Option<String>>) -> Memo<Option<String>> {
    Memo::new(move |before: Option<&Option<String>>| {
        choices.with(|choices| {
            let there = |id: &String| choices.iter().any(|(have, _)| have == id);
            let kept = picked.get().filter(there).or_else(|| before.cloned().flatten().filter(there));
            kept.or_else(|| choices.first().map(|(id, _)| id.clone()))
        })
    })
}

/// One of several to show.
fn pick(desk: Desk, kind: &'static str, label: &'static str, choices: Memo<Vec<Choice>>) -> AnyView {
    let Desk { cx, words, board, place, .. } = desk;
    let picked = RwSignal::new(None);
    let chosen = chosen(choices, picked);
    let shown = Memo::new(move |_| {
        let on = board.view.with(|view| match &view.stage {
            Stage::Topic { topic } => Some(topic.to_string()),
            Stage::Poll { poll } => Some(poll.to_string()),
            _ => None,
        });
        on.is_some() && on == chosen.get()
    });
    let option = move |(id, title): Choice| {
        let title = cx.words.pick(&title).0.to_owned();
        view! { <option value=id>{title}</option> }.into_any()
    };
    let id = ["stage-", kind].concat();
    view! {
        <form
            class="line pick"
            method="post"
            action=address::api(place.forum, "/stage")
            hidden=move || choices.with(Vec::is_empty)
        >
            {hidden("shows", kind.to_owned())} {hidden("next", desk.back_to(PART))}
            <label for=id.clone()>{label}</label>
            <select
                id=id
                name=kind
                prop:value=move || chosen.get()
                on:change=move |event| picked.set(Some(event_target_value(&event)))
            >
                {each(move || choices.get(), |(id, title)| digest(&(id, &title.texts)), option)}
            </select>
            <button aria-pressed=move || if shown.get() { "true" } else { "false" }>{words.stage_show()}</button>
        </form>
    }
    .into_any()
}

/// The fields of a form that puts these on stage. An empty stage welcomes.
fn on_stage(contributions: Memo<Vec<ContributionId>>) -> AnyView {
    let shows = move || if contributions.with(Vec::is_empty) { "welcome" } else { "contributions" };
    view! {
        <input type="hidden" name="shows" value=shows />
        {each(move || contributions.get(), |id| *id, |id| hidden("contribution", id.to_string()))}
    }
    .into_any()
}

/// What the hall sees, a line each.
fn preview(desk: Desk, view: &ForumView) -> Vec<String> {
    let Desk { cx, words, .. } = desk;
    let title = |texts: &Texts| cx.words.pick(texts).0.to_owned();
    match &view.stage {
        Stage::Off => vec![words.stage_dark().to_owned()],
        Stage::Welcome => {
            let mut lines = vec![title(&view.forum.title)];
            lines.extend(desk.settings.spoken.with_value(Clone::clone));
            lines
        }
        Stage::Topic { topic } => {
            view.topics.iter().filter(|have| have.id == *topic).map(|topic| title(&topic.title)).collect()
        }
        Stage::Poll { poll } => {
            let found = view.polls.iter().filter(|have| have.id == *poll);
            let words = desk.poll_words;
            found.flat_map(|poll| [title(&poll.title), phase_name(words, poll.phase).to_owned()]).collect()
        }
        Stage::Speaking => {
            let speaks = view
                .floor
                .speaking
                .iter()
                .map(|speaking| [words.floor_speaks(), ": ", &name(desk, &speaking.entry)].concat());
            let waiting = view.floor.entries.iter().take(SPEAKERS).map(|entry| name(desk, entry));
            let mut lines: Vec<_> = speaks.chain(waiting).collect();
            if lines.is_empty() {
                lines.push(words.stage_nobody().to_owned());
            }
            lines
        }
        Stage::Contributions { contributions } => {
            let find = |id: &ContributionId| view.contributions.iter().find(|one| one.id == *id);
            let line = |one: &ContributionView| {
                let author = || author_name(cx.words, &view.people.author(one.author));
                let name = one.speaker(&view.people).map_or_else(author, ToString::to_string);
                [&name, ": ", &one.text].concat()
            };
            contributions.iter().map(|id| find(id).map_or_else(|| "…".to_owned(), line)).collect()
        }
    }
}

/// Puts a contribution of the list on stage, or takes it off. The form stays, whatever else goes onto the stage.
pub fn put(desk: Desk, id: ContributionId) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let on = Memo::new(move |_| {
        board.view.with(|view| match &view.stage {
            Stage::Contributions { contributions } => contributions.clone(),
            _ => Vec::new(),
        })
    });
    let there = move || on.with(|on| on.contains(&id));
    let then = Memo::new(move |_| {
        let mut all = on.get();
        if there() {
            all.retain(|have| *have != id);
        } else {
            all.push(id);
        }
        all
    });
    let word = Signal::derive(move || if there() { words.stage_take() } else { words.stage_put() }.to_owned());
    view! {
        <form method="post" action=address::api(place.forum, "/stage")>
            {on_stage(then)} {seen(desk)} {hidden("next", desk.back_to("list"))}
            <button hidden=move || { then.with(Vec::len) > MAX_ON_STAGE }>
                {icon(icons::SHOW)}
                {sentence(word)}
            </button>
        </form>
    }
    .into_any()
}
