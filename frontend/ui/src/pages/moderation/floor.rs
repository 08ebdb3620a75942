//! The speaking list: who has the floor, for how long, and who comes next in fair order.

use leptos::prelude::*;
use stimmwerk_core::forum::{FloorEntryView, ForumView, MAX_FLOOR_SECONDS, MIN_FLOOR_SECONDS};
use stimmwerk_core::ids::FloorId;

use super::super::parts::{digest, each, hidden, icon, icons, sentence};
use super::Desk;
use super::polls::minutes_and_seconds;
use crate::address;
use crate::board::say;
use crate::view::{AnyView, IntoAny};
use crate::words::Words;

/// The part of the page, for links.
const PART: &str = "floor";

/// So many seconds before the end of a turn it is said aloud.
const NEAR: i64 = 30;

/// What somebody on the list is called.
pub fn entry_name(words: Words, entry: &FloorEntryView) -> String {
    match &entry.name {
        Some(name) => name.to_string(),
        None if entry.hall => words.item_hall_name().to_owned(),
        None => words.site_guest_number(&entry.number.to_string()),
    }
}

/// What was said aloud of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Whose.
    entry: Option<FloorId>,
    /// Nothing, that it is nearly over, or that it is.
    step: u8,
}

impl Desk {
    /// How many seconds the turn has left; below zero: it is over.
    fn turn_left(self) -> Option<i64> {
        let now = self.now.get();
        self.board.view.with(|view| {
            let speaking = view.floor.speaking.as_ref()?;
            Some(i64::from(speaking.seconds) - (now.0 - speaking.since.0).div_euclid(1_000))
        })
    }

    /// Says aloud that a turn is nearly over, and that it is; each once.
    pub(super) fn call_time(self) {
        let speaking = |view: &ForumView| view.floor.speaking.as_ref().map(|one| (one.entry.id, one.seconds));
        let speaking = self.board.view.with(speaking);
        let Some((left, (entry, seconds))) = self.turn_left().zip(speaking) else { return };
        let before = self.called.get_value();
        let before = if before.entry == Some(entry) { before.step } else { 0 };
        let step = match left {
            ..=0 => 2,
            // A turn that is no longer than this has its end said alone.
            1..=NEAR if i64::from(seconds) > NEAR => 1,
            _ => 0,
        };
        self.called.set_value(Called { entry: Some(entry), step: step.max(before) });
        if step > before {
            let words = if step == 1 { self.words.floor_half() } else { self.words.floor_out() };
            say(self.board.announced, words.to_owned());
        }
    }
}

/// The panel.
pub fn floor(desk: Desk) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let open = Memo::new(move |_| board.view.with(|view| view.floor.open));
    let seconds = Memo::new(move |_| board.view.with(|view| view.floor.seconds));
    let entries = Memo::new(move |_| board.view.with(|view| view.floor.entries.clone()));
    let speaking =
        Memo::new(move |_| board.view.with(|view| view.floor.speaking.as_ref().map(|one| one.entry.clone())));
    let list = move |rest: &str| {
        let mut path = String::from("/speaking-list");
        path.push_str(rest);
        address::api(place.forum, &path)
    };
    let state = list("/state");
    let means =
        Signal::derive(move || if open.get() { words.floor_is_open() } else { words.floor_is_shut() }.to_owned());
    let toggle = Signal::derive(move || if open.get() { words.floor_shut() } else { words.floor_open() }.to_owned());
    let nobody = move || speaking.with(Option::is_none);
    view! {
        <section class="panel floor" aria-labelledby=PART>
            <header>
                <h2 id=PART tabindex="-1">
                    {words.floor()}
                </h2>
            </header>
            <div class="line">
                <form method="post" action=state.clone()>
                    <input type="hidden" name="open" value=move || if open.get() { "" } else { "true" } />
                    <input type="hidden" name="seconds" value=move || seconds.get().to_string() />
                    {hidden("next", desk.back_to(PART))}
                    <button>
                        {icon(icons::TALK)}
                        {sentence(toggle)}
                    </button>
                </form>
                <p class="hint">{sentence(means)}</p>
            </div>
            <div class="turn" hidden=nobody>
                {each(
                    move || speaking.get(),
                    |entry| (entry.id, entry.name.clone()),
                    move |entry| {
                        view! {
                            <p class="speaks">
                                {words.floor_speaks()} " " <bdi>{entry_name(desk.cx.words, &entry)}</bdi> " "
                                {marks(desk, &entry)}
                            </p>
                        }
                            .into_any()
                    },
                )}
                {clock(desk)}
            </div>
            <div class="line does">
                <form method="post" action=list("/next")>
                    {hidden("next", desk.back_to(PART))}
                    <button class="main" disabled=move || entries.with(Vec::is_empty)>
                        {icon(icons::GO)}
                        {words.floor_next()}
                    </button>
                </form>
                <form method="post" action=list("/end") hidden=nobody>
                    {hidden("next", desk.back_to(PART))}
                    <button>
                        {icon(icons::CHECK)}
                        {words.floor_end()}
                    </button>
                </form>
            </div>
            <p class="empty" hidden=move || entries.with(|entries| !entries.is_empty())>
                {words.floor_empty()}
            </p>
            <ol class="entries">
                {each(move || entries.get(), shown, move |entry| row(desk, &entry))}
            </ol>
            <p class="hint" hidden=move || entries.with(|entries| entries.len() < 2)>
                {words.floor_fair()}
            </p>
            <details class="from">
                <summary>{words.floor_enter()}</summary>
                <form method="post" action=list("/hall")>
                    <label class="field">
                        {words.floor_name()}
                        <input
                            type="text"
                            name="name"
                            maxlength="40"
                            dir="auto"
                            autocomplete="off"
                            prop:value=desk.floor_name
                            on:input=move |event| desk.floor_name.set(event_target_value(&event))
                        />
                    </label>
                    <label class="radio">
                        <input type="checkbox" name="interpreted" value="true" />
                        {words.floor_interpreted()}
                    </label>
                    {hidden("next", desk.back_to(PART))}
                    <button>
                        {icon(icons::ADD)}
                        {words.floor_enter_go()}
                    </button>
                </form>
            </details>
            <form class="line" method="post" action=state>
                <input type="hidden" name="open" value=move || if open.get() { "true" } else { "" } />
                <label class="short">
                    {words.floor_seconds()}
                    <input
                        name="seconds"
                        type="number"
                        inputmode="numeric"
                        min=MIN_FLOOR_SECONDS.to_string()
                        max=MAX_FLOOR_SECONDS.to_string()
                        value=seconds.get_untracked().to_string()
                        prop:value=move || seconds.get().to_string()
                    />
                </label>
                {hidden("next", desk.back_to(PART))}
                <button>{words.floor_save()}</button>
            </form>
        </section>
    }
    .into_any()
}

/// What a row shows.
fn shown(entry: &FloorEntryView) -> (FloorId, u64) {
    (entry.id, digest(&(&entry.name, entry.number, entry.hall, entry.interpreted, entry.turns, entry.pinned)))
}

/// What else there is to know of somebody.
fn marks(desk: Desk, entry: &FloorEntryView) -> AnyView {
    let words = desk.words;
    let place = if entry.hall { words.floor_hall() } else { words.floor_online() };
    let with = entry.interpreted.then(|| view! { <span class="badge">{words.floor_interpreting()}</span> }.into_any());
    let pinned = entry.pinned.then(|| view! { <span class="badge waiting">{words.floor_pinned()}</span> }.into_any());
    let turns =
        (entry.turns > 0).then(|| view! { <span class="hint">{words.floor_turns(entry.turns)}</span> }.into_any());
    view! {
        <span class="badge hall">{place}</span>
        {with}
        {pinned}
        {turns}
    }
    .into_any()
}

/// How long the turn goes on. It stands still for whoever reads the page without a program.
fn clock(desk: Desk) -> AnyView {
    let words = desk.words;
    let left = Memo::new(move |_| desk.turn_left().unwrap_or_default());
    Effect::new(move |_| desk.call_time());
    let text = Signal::derive(move || match left.get() {
        left @ 0.. => words.floor_left(&minutes_and_seconds(left)),
        over => words.floor_over(&minutes_and_seconds(-over)),
    });
    view! {
        <p class="clock" class:near=move || (0..=NEAR).contains(&left.get()) class:over=move || left.get() < 0>
            {icon(icons::WAIT)}
            {sentence(text)}
        </p>
    }
    .into_any()
}

fn row(desk: Desk, entry: &FloorEntryView) -> AnyView {
    let Desk { cx, words, place, .. } = desk;
    let id = entry.id;
    let form = move |action: String, picture, word: &'static str| {
        view! {
            <form method="post" action=action>
                {hidden("next", desk.back_to(PART))}
                <button class="quiet">
                    {icon(picture)}
                    {word}
                </button>
            </form>
        }
        .into_any()
    };
    let pin = if entry.pinned { words.floor_unpin() } else { words.floor_pin() };
    view! {
        <li>
            <p class="who">
                <bdi>{entry_name(cx.words, entry)}</bdi>
                " "
                {marks(desk, entry)}
            </p>
            <div class="line">
                <form method="post" action=address::api(place.forum, "/speaking-list/next")>
                    {hidden("entry", id.to_string())} {hidden("next", desk.back_to(PART))}
                    <button class="quiet">
                        {icon(icons::TALK)}
                        {words.floor_give()}
                    </button>
                </form>
                {form(address::of_floor(place.forum, id, "/pin"), icons::UP, pin)}
                {form(address::of_floor(place.forum, id, "/drop"), icons::DELETE, words.floor_drop())}
            </div>
        </li>
    }
    .into_any()
}
