//! What goes on in the hall beside the talk: a vote, and who speaks next.

use leptos::prelude::*;
use stimmwerk_core::forum::{FloorEntryView, ForumView, PollPlaceInForum};
use stimmwerk_core::poll::Phase;

use super::super::parts::{digest, each, hidden, icon, icons, sentence, texts};
use super::board::Board;
use crate::address::{self, ForumPlace};
use crate::cx::Cx;
use crate::view::{AnyView, IntoAny};
use crate::words::Words;

/// The buttons that ask for the floor, and that take it back.
pub const ASK: &str = "floor-ask";
/// See [`ASK`].
pub const TAKE_BACK: &str = "floor-take-back";

/// Both, one below the other.
pub fn hall(cx: Cx, board: Board, place: ForumPlace) -> AnyView {
    let polls = Memo::new(move |_| board.view.with(calling));
    view! {
        {each(
            move || polls.get(),
            |poll| (poll.id, poll.phase.word(), digest(&poll.title.texts)),
            move |poll| banner(cx, &poll),
        )}
        {floor(cx, board, place)}
    }
    .into_any()
}

/// The polls to point to: those people vote in, or else the result that was shown last.
fn calling(view: &ForumView) -> Vec<PollPlaceInForum> {
    let open: Vec<_> = view.polls.iter().filter(|poll| poll.phase == Phase::Open).cloned().collect();
    if !open.is_empty() {
        return open;
    }
    let last = view.polls.iter().rev().find(|poll| poll.phase != Phase::Draft);
    last.filter(|poll| poll.phase == Phase::Revealed).cloned().into_iter().collect()
}

fn banner(cx: Cx, poll: &PollPlaceInForum) -> AnyView {
    let words = cx.words;
    let (title, go, class) = if poll.phase == Phase::Open {
        (words.hall_vote_now(), words.hall_vote_go(), "button main")
    } else {
        (words.hall_result_there(), words.hall_result_go(), "button")
    };
    view! {
        <section class="panel vote-now" aria-label=title>
            <p class="kicker">{title}</p>
            <p class="asks">{texts(words, &poll.title)}</p>
            <a class=class href=address::poll(poll.id, "")>
                {icon(icons::GO)}
                {go}
            </a>
        </section>
    }
    .into_any()
}

/// What there is to read later, also when the forum is closed: every poll with its result, and the record.
pub fn kept(cx: Cx, board: Board, place: ForumPlace) -> AnyView {
    let words = cx.words;
    let polls = Memo::new(move |_| {
        board.view.with(|view| view.polls.iter().filter(|poll| poll.phase != Phase::Draft).cloned().collect::<Vec<_>>())
    });
    let mut record = String::from("/f/");
    record.push_str(&place.forum.to_string());
    record.push_str("/record");
    view! {
        <nav class="panel kept" aria-labelledby="to-read">
            <h2 id="to-read">{words.hall_kept()}</h2>
            <ul>
                {each(
                    move || polls.get(),
                    |poll| (poll.id, digest(&poll.title.texts)),
                    move |poll| {
                        view! { <li><a href=address::poll(poll.id, "")>{texts(words, &poll.title)}</a></li> }.into_any()
                    },
                )}
                <li><a href=record>{words.hall_record()}</a></li>
            </ul>
        </nav>
    }
    .into_any()
}

/// How the reader stands to the speaking list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// They speak.
    Now,
    /// They wait, at this place from 1 on.
    Place(usize),
    /// They asked, and it is not seen yet.
    Asked,
    /// They did not ask.
    Not,
    /// They only visit.
    Visits,
}

/// The speaking list, where one can ask for the floor or has.
fn floor(cx: Cx, board: Board, place: ForumPlace) -> AnyView {
    let words = cx.words;
    let action = address::api(place.forum, "/speaking-list");
    let turn = Memo::new(move |_| board.view.with(|view| turn_of(board, view)));
    let open = Memo::new(move |_| board.view.with(|view| view.floor.open));
    let waiting = Memo::new(move |_| board.view.with(|view| view.floor.entries.clone()));
    let speaks =
        Memo::new(move |_| board.view.with(|view| view.floor.speaking.as_ref().map(|speaking| speaking.entry.clone())));
    let shown = move || open.get() || matches!(turn.get(), Turn::Now | Turn::Place(_));
    let asked = move || matches!(turn.get(), Turn::Place(_) | Turn::Asked);
    let standing = Signal::derive(move || match turn.get() {
        Turn::Now => words.hall_floor_yours().to_owned(),
        Turn::Place(1) => words.hall_floor_next().to_owned(),
        Turn::Place(at) => words.hall_floor_place(&at.to_string()),
        Turn::Asked => words.hall_floor_asked().to_owned(),
        Turn::Not | Turn::Visits => String::new(),
    });
    let ask = action.clone();
    view! {
        <section class="panel floor-list" aria-labelledby="floor" hidden=move || !shown()>
            <h2 id="floor">{words.hall_floor()}</h2>
            {each(
                move || speaks.get(),
                key,
                move |entry| {
                    view! { <p class="speaks">{words.hall_floor_speaks()} " " {who(words, &entry)}</p> }.into_any()
                },
            )}
            // It is there before there is something in it: only so a screen reader tells of it.
            <p class="own-turn" class:empty=move || standing.with(String::is_empty) role="status">
                {icon(icons::TALK)}
                {sentence(standing)}
            </p>
            <form method="post" action=ask hidden=move || !open.get() || !matches!(turn.get(), Turn::Not | Turn::Now)>
                <label class="radio">
                    <input type="checkbox" name="interpreted" value="true" />
                    {words.hall_floor_interpreted()}
                </label>
                {hidden("next", place.href())}
                <button id=ASK>
                    {icon(icons::TALK)}
                    {words.hall_floor_ask()}
                </button>
            </form>
            <form method="post" action=action hidden=move || !asked()>
                {hidden("_method", "DELETE".to_owned())} {hidden("next", place.href())}
                <button id=TAKE_BACK class="quiet">
                    {words.hall_floor_withdraw()}
                </button>
            </form>
            <details>
                <summary>{words.hall_floor_list()}</summary>
                <p class="hint" hidden=move || waiting.with(|waiting| !waiting.is_empty())>
                    {words.hall_floor_empty()}
                </p>
                <ol class="entries">
                    {each(
                        move || waiting.get(),
                        key,
                        move |entry| view! { <li>{who(words, &entry)}</li> }.into_any(),
                    )}
                </ol>
            </details>
        </section>
    }
    .into_any()
}

fn turn_of(board: Board, view: &ForumView) -> Turn {
    let own = board.own.with(|own| own.as_ref().map(|own| own.floor));
    let Some(own) = own else { return Turn::Visits };
    let Some(entry) = own else { return Turn::Not };
    if view.floor.speaking.as_ref().is_some_and(|speaking| speaking.entry.id == entry) {
        return Turn::Now;
    }
    match view.floor.entries.iter().position(|have| have.id == entry) {
        Some(at) => Turn::Place(at + 1),
        None => Turn::Asked,
    }
}

/// What is shown of an entry.
fn key(entry: &FloorEntryView) -> u64 {
    digest(&(entry.id, &entry.name, entry.number, entry.interpreted, entry.pinned))
}

/// What somebody on the list is called; in the hall `unnamed`, where no name was given.
pub fn entry_name(words: Words, entry: &FloorEntryView, unnamed: &str) -> String {
    match &entry.name {
        Some(name) => name.to_string(),
        None if entry.hall => unnamed.to_owned(),
        None => words.site_guest_number(&entry.number.to_string()),
    }
}

fn who(words: Words, entry: &FloorEntryView) -> AnyView {
    let name = entry_name(words, entry, words.item_hall_name());
    let marks = [
        (entry.hall && entry.name.is_some(), words.hall_floor_in_hall()),
        (entry.interpreted, words.hall_floor_with_interpreter()),
        (entry.pinned, words.hall_floor_pinned()),
    ];
    let mark = |(_, word)| view! { <span class="mark-of">" · " {word}</span> }.into_any();
    let marks = marks.into_iter().filter(|(is, _)| *is).map(mark).collect::<Vec<_>>();
    view! {
        <bdi>{name}</bdi>
        {marks}
    }
    .into_any()
}
