//! The speaking list: who has the floor, for how long, and who comes next in fair order.

use leptos::prelude::*;
use stimmwerk_core::forum::{FloorEntryView, ForumCommand, ForumView, MAX_FLOOR_SECONDS, MIN_FLOOR_SECONDS};
use stimmwerk_core::ids::FloorId;

use super::super::forum::entry_name;
use super::super::parts::{digest, each, hidden, icon, icons, sentence};
use super::team::{About, last};
use super::{Desk, device};
use crate::address;
use crate::clock::minutes_and_seconds;
use crate::utterance::say;
use crate::view::{AnyView, IntoAny};

/// The part of the page, for links.
const PART: &str = "floor";

/// So many seconds before the end of a turn it is said aloud.
const NEAR: i64 = 30;

/// The button that gives the floor to whoever is first.
const NEXT: &str = "floor-next";

/// So long after a press its own change can come, in milliseconds; what the focus does later is somebody else's.
const PRESSED_MS: i64 = 5_000;

/// Elements that can have the focus, by their ids: the first of them that is there.
pub type Places = Vec<String>;

/// What was said aloud of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Whose.
    entry: Option<FloorId>,
    /// Nothing, that it is nearly over, or that it is.
    step: u8,
}

/// What the desk keeps of the speaking list.
#[derive(Clone, Copy)]
pub struct FloorPanel {
    /// A name for the speaking list that was not taken yet.
    pub name: RwSignal<String>,
    /// What was said aloud of the turn.
    pub called: StoredValue<Called>,
    /// Where the focus goes once a press on the speaking list shows, and when that was.
    pub places: StoredValue<Option<(Places, i64)>>,
}

impl FloorPanel {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            name: RwSignal::new(String::new()),
            called: StoredValue::new(Called::default()),
            places: StoredValue::new(None),
        }
    }
}

/// The id of a row, or of a button in it.
fn anchor(entry: FloorId, part: &str) -> String {
    let mut anchor = String::from("floor-");
    anchor.push_str(&entry.to_string());
    anchor.push_str(part);
    anchor
}

impl Desk {
    /// Would somebody get the floor where nobody waits?
    pub(super) fn has_nobody_for(self, command: &ForumCommand) -> bool {
        matches!(command, ForumCommand::GiveFloor { entry: None })
            && self.board.view.with_untracked(|view| view.floor.entries.is_empty())
    }

    /// Where the focus goes when what is pressed moves its row or takes it away.
    pub(super) fn places_of(self, command: &ForumCommand) -> Option<Places> {
        let entry = match command {
            ForumCommand::PinFloor { entry } => return Some(vec![anchor(*entry, "-pin"), PART.to_owned()]),
            ForumCommand::EndFloor => return Some(vec![NEXT.to_owned()]),
            ForumCommand::DropFloor { entry } | ForumCommand::GiveFloor { entry: Some(entry) } => *entry,
            _ => return None,
        };
        let next = self.board.view.with_untracked(|view| {
            let mut rows = view.floor.entries.iter().skip_while(|row| row.id != entry);
            rows.nth(1).map(|row| anchor(row.id, ""))
        });
        Some(next.into_iter().chain([PART.to_owned()]).collect())
    }

    /// The list has changed: a focus that got lost by the last press is found again.
    fn refocus(self) {
        let Some((places, at)) = self.floor.places.get_value() else { return };
        if device::clock() < at + PRESSED_MS {
            device::refocus(places);
        }
    }

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
        let before = self.floor.called.get_value();
        let before = if before.entry == Some(entry) { before.step } else { 0 };
        let step = match left {
            ..=0 => 2,
            // A turn that is no longer than this has its end said alone.
            1..=NEAR if i64::from(seconds) > NEAR => 1,
            _ => 0,
        };
        self.floor.called.set_value(Called { entry: Some(entry), step: step.max(before) });
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
    Effect::new(move |_| {
        entries.track();
        speaking.track();
        desk.refocus();
    });
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
                                {words.floor_speaks()} " " <bdi>{name(desk, &entry)}</bdi> " "
                                {marks(desk, &entry)}
                            </p>
                        }
                            .into_any()
                    },
                )}
                {clock(desk)}
            </div>
            {last(desk, About::Floor)}
            <div class="line does">
                <form method="post" action=list("/next")>
                    {hidden("next", desk.back_to(PART))}
                    <button id=NEXT class="main" aria-disabled=move || entries.with(Vec::is_empty).then_some("true")>
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
                {each(move || entries.get(), |entry| entry.id, move |entry| row(desk, entries, entry))}
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
                            prop:value=desk.floor.name
                            on:input=move |event| desk.floor.name.set(event_target_value(&event))
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

/// What somebody on the list is called.
pub fn name(desk: Desk, entry: &FloorEntryView) -> String {
    entry_name(desk.cx.words, entry, desk.cx.words.item_hall_name())
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

/// A row stays while they wait: what is shown of them changes within.
fn row(desk: Desk, entries: Memo<Vec<FloorEntryView>>, first: FloorEntryView) -> AnyView {
    let Desk { words, place, .. } = desk;
    let id = first.id;
    let entry = Memo::new(move |_| {
        let now = entries.with(|entries| entries.iter().find(|entry| entry.id == id).cloned());
        now.unwrap_or_else(|| first.clone())
    });
    let pin = Signal::derive(move || {
        if entry.with(|entry| entry.pinned) { words.floor_unpin() } else { words.floor_pin() }.to_owned()
    });
    view! {
        <li id=anchor(id, "") tabindex="-1">
            {each(
                move || [entry.get()],
                |entry| digest(&(&entry.name, entry.number, entry.interpreted, entry.turns, entry.pinned)),
                move |entry| {
                    view! {
                        <p class="who">
                            <bdi>{name(desk, &entry)}</bdi>
                            " "
                            {marks(desk, &entry)}
                        </p>
                    }
                        .into_any()
                },
            )}
            <div class="line">
                <form method="post" action=address::api(place.forum, "/speaking-list/next")>
                    {hidden("entry", id.to_string())} {hidden("next", desk.back_to(PART))}
                    <button class="quiet">
                        {icon(icons::TALK)}
                        {words.floor_give()}
                    </button>
                </form>
                <form method="post" action=address::of_floor(place.forum, id, "/pin")>
                    {hidden("next", desk.back_to(PART))}
                    <button id=anchor(id, "-pin") class="quiet">
                        {icon(icons::UP)}
                        {sentence(pin)}
                    </button>
                </form>
                <form method="post" action=address::of_floor(place.forum, id, "/drop")>
                    {hidden("next", desk.back_to(PART))}
                    <button class="quiet">
                        {icon(icons::DELETE)}
                        {words.floor_drop()}
                    </button>
                </form>
            </div>
        </li>
    }
    .into_any()
}
