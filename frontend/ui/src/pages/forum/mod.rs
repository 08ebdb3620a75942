//! A conversation: what it is about, the text field, what is on its way, and the list.

pub mod board;
mod composer;
mod hall;
mod item;
mod me;
mod own;
pub mod side;

use std::rc::Rc;

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use stimmwerk_core::forum::{ForumView, Header, Mode, OwnView, TopicView};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::time::Timestamp;

use super::parts::{digest, each, icon, icons, refusal, sentence, short, state, texts};
use super::status;
use crate::address::{self, ForumPlace, Writing};
use crate::clock;
use crate::cx::Cx;
use crate::data::Me;
use crate::dom;
use crate::live::{Link, Stage};
use crate::page::LivePage;
use crate::view::{AnyView, IntoAny};
use crate::words::Words;

use board::{Board, Pending};
pub use hall::entry_name;
pub use item::{Row, at, author, author_name, text, version, when};
#[cfg(feature = "ssr")]
pub use item::{additions, hall_note, kept_place, writer, writer_name};
pub use own::on_its_way;
#[cfg(feature = "ssr")]
pub use own::reason;

/// The list of contributions.
pub const LIST_ID: &str = "contributions";

/// `/f/{forum}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForumPage {
    /// Its stream, to subscribe to.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What the reader sees.
    pub view: ForumView,
    /// What concerns the reader alone; `None` for those who have not joined.
    pub own: Option<OwnView>,
    /// May the reader moderate?
    pub moderates: bool,
    /// A fresh id for each plain form on the page.
    pub idempotency_key: CommandId,
    /// The clock when the page was made, to word what is timed.
    pub now: Timestamp,
}

impl LivePage for ForumPage {
    const PROGRAM: &'static str = "forum";
    type Words = ();

    #[cfg(feature = "ssr")]
    fn title(&self, words: Words, (): ()) -> String {
        words.pick(&self.view.forum.title).0.to_owned()
    }

    fn draw(self, cx: Cx, (): (), me: Option<Me>) -> AnyView {
        forum(cx, self, me)
    }
}

fn forum(cx: Cx, page: ForumPage, me: Option<Me>) -> AnyView {
    let words = cx.words;
    let board = live_board(cx, &page);
    board.ear.set_value(Some(Rc::new(move |one| back_to_answered(board, one))));
    let place = ForumPlace {
        forum: page.view.forum.id,
        moderation: false,
        topic: page.view.window.topic,
        before: cx.path.with_value(|path| address::parameter(path, "before").and_then(|before| before.parse().ok())),
    };
    let contributions = address::api(place.forum, "/contributions");
    let kept_elsewhere = move |refused: &crate::data::Refused| match refused.action.strip_prefix(&contributions) {
        Some(rest) => rest.is_empty() || rest.ends_with("/edit") || rest.ends_with("/add"),
        None => false,
    };
    let moderate = page.moderates.then(|| {
        let href = ForumPlace { moderation: true, topic: None, before: None, ..place }.href();
        view! {
            <a class="button" href=href>
                {icon(icons::STAFF)}
                {words.forum_moderate()}
            </a>
        }
    });
    view! {
        <div class="forum" on:submit=move |event| submit(board, &event)>
            <header class="head">
                <h1>{texts(words, &page.view.forum.title)}</h1>
                <p class="facts">{facts(cx, board)} {moderate}</p>
                {rules(cx, board)}
                {connection(cx, board)}
                {refusal(cx, kept_elsewhere)}
            </header>
            <div class="say">{composer::composer(cx, board, place, &page, me.as_ref())}</div>
            <div class="stream">
                {hall::hall(cx, board, place)}
                {own::own(cx, board, place)}
                {topics(cx, board, place)}
                {list(cx, board, place, words.forum_list(), move |row| item::item(cx, board, place, row))}
            </div>
            {hall::kept(cx, board, place)}
            {me.map(|me| me::me(cx, &me, page.view.forum.process, place))}
            {voices(cx, board)}
        </div>
    }
    .into_any()
}

/// A reply has arrived: its writer goes on reading where they were, unless they write on.
fn back_to_answered(board: Board, one: &Pending) {
    let composer = board.composer;
    if let (Stage::Accepted { .. }, Writing::Reply(parent)) = (&one.stage, one.writing())
        && (composer.is_free() && composer.writing.get_untracked() == Writing::New)
    {
        dom::focus(&address::anchor(parent));
    }
}

/// The board of a page, which comes alive in the browser.
pub fn live_board(cx: Cx, page: &ForumPage) -> Board {
    let board = Board::new(page, cx);
    #[cfg(feature = "hydrate")]
    {
        let (stream, seq) = (page.stream, page.seq);
        Effect::new(move |_| {
            let side = side::ForumSide::new(board, cx.words);
            crate::browser::run(side, cx, stream, seq, |handle| board.hands.set_value(Some(handle)));
        });
    }
    board
}

/// Forms of the page go over the live connection where they can.
pub fn submit(board: Board, event: &SubmitEvent) {
    let Some(form) = dom::form(event) else { return };
    if board.submit(&form) {
        event.prevent_default();
    }
}

/// State, how much there is, who is here.
pub fn facts(cx: Cx, board: Board) -> AnyView {
    let words = cx.words;
    let mode = Memo::new(move |_| board.view.with(|view| view.forum.mode.word()));
    let count = Memo::new(move |_| board.view.with(|view| view.totals.contributions));
    let people = Signal::derive(move || board.people.get().map_or(String::new(), |people| words.forum_people(people)));
    view! {
        {each(move || [mode.get()], |mode| *mode, move |mode| state(words, mode))}
        <span class="count">{sentence(Signal::derive(move || words.forum_count(count.get())))}</span>
        <span class="people" hidden=move || board.people.get().is_none()>
            {icon(icons::PEOPLE)}
            {sentence(people)}
        </span>
    }
    .into_any()
}

/// What the state means, where it needs saying.
fn rules(cx: Cx, board: Board) -> AnyView {
    let header = Memo::new(move |_| board.view.with(|view| view.forum.clone()));
    let text = Signal::derive(move || header.with(|header| rule(cx, header, board)));
    view! {
        <p class="rules" hidden=move || text.with(String::is_empty)>
            {sentence(text)}
        </p>
    }
    .into_any()
}

/// How often a person may write in a slow forum.
pub fn slow(words: Words, seconds: u32) -> String {
    if seconds.is_multiple_of(60) { words.state_slow_minutes(seconds / 60) } else { words.state_slow_seconds(seconds) }
}

fn rule(cx: Cx, header: &Header, board: Board) -> String {
    let words = cx.words;
    let mut text = match header.mode {
        Mode::Open => return String::new(),
        Mode::Slow { seconds } => slow(words, seconds),
        Mode::Locked => words.state_locked_means().to_owned(),
        Mode::Closed => words.state_closed_means().to_owned(),
    };
    if let Some(until) = header.until {
        let when = cx.zone.with_value(|zone| {
            let today = clock::day(zone, board.clock.get());
            clock::moment(words, zone, until, Some(today))
        });
        text.push(' ');
        text.push_str(&words.state_until(&when));
    }
    text
}

/// How the page is connected, in words.
pub fn connection(cx: Cx, board: Board) -> AnyView {
    status::connection_with(cx, board.link, Signal::derive(move || board.paused.get()))
}

fn topics(cx: Cx, board: Board, place: ForumPlace) -> AnyView {
    let words = cx.words;
    let topics = Memo::new(move |_| board.view.with(|view| view.topics.clone()));
    let current = |yes: bool| if yes { Some("page") } else { None };
    let all = ForumPlace { topic: None, before: None, ..place };
    let one = move |topic: TopicView| {
        view! {
            <li>
                <a
                    href=ForumPlace { topic: Some(topic.id), ..all }.href()
                    aria-current=current(place.topic == Some(topic.id))
                >
                    {short(words, &topic.title)}
                </a>
            </li>
        }
        .into_any()
    };
    view! {
        <nav class="topics" aria-labelledby="topics" hidden=move || topics.with(Vec::is_empty)>
            <h2 id="topics" class="sr">
                {words.forum_topics()}
            </h2>
            <ul>
                <li>
                    <a href=all.href() aria-current=current(place.topic.is_none())>
                        {words.forum_topics_all()}
                    </a>
                </li>
                {each(move || topics.get(), |topic| (topic.id, digest(&topic.title.texts)), one)}
            </ul>
        </nav>
    }
    .into_any()
}

/// The list, whatever its rows look like.
pub fn list(
    cx: Cx,
    board: Board,
    place: ForumPlace,
    title: &'static str,
    row_view: impl Fn(Row) -> Option<AnyView> + Copy + Send + Sync + 'static,
) -> AnyView {
    let words = cx.words;
    let rows = item::rows(board);
    let held = Memo::new(move |_| {
        let shown = board.shown.get();
        board.view.with(|view| {
            let new = view.contributions.iter().take_while(|one| one.position > shown);
            new.filter(|one| !one.is_placeholder()).count() as u32
        })
    });
    let from = Memo::new(move |_| board.view.with(|view| view.window.from));
    let older_href = move || ForumPlace { before: Some(from.get()), ..place }.href();
    let show_new = move |_: MouseEvent| {
        if let Some(hands) = board.hands() {
            hands.show_new();
            dom::focus("list");
        }
    };
    let older = move |event: MouseEvent| {
        if board.hands().is_some_and(|hands| hands.older()) {
            event.prevent_default();
        }
    };
    let newest = place.before.map(|_| {
        let href = ForumPlace { before: None, ..place }.href();
        view! {
            <a class="button" href=href>
                {icon(icons::UP)}
                {words.forum_newest()}
            </a>
        }
    });
    let search = (!place.moderation).then(|| {
        let mut href = ForumPlace { topic: None, before: None, ..place }.href();
        href.push_str("/list");
        if let Some(topic) = place.topic {
            href.push_str("?topic=");
            href.push_str(&topic.to_string());
        }
        view! {
            <a class="button quiet" href=href>
                {icon(icons::SEARCH)}
                {words.forum_search()}
            </a>
        }
    });
    let new = view! {
        <button class="new" type="button" hidden=move || held.get() == 0 on:click=show_new>
            {icon(icons::UP)}
            {sentence(Signal::derive(move || words.forum_new(held.get())))}
        </button>
    };
    // On a page of older ones newer ones have no place: the link above leads to them.
    let new = (!board.bounded).then_some(new);
    view! {
        // Where it lives, the place of the button above the rows is kept free, so that its coming moves none of them.
        <section class="list" class:live=move || board.link.get() != Link::Plain aria-labelledby="list">
            <header>
                <h2 id="list" tabindex="-1">
                    {title}
                </h2>
                {search} {pause(words, board)}
            </header>
            {newest}
            {new}
            <p class="empty" hidden=move || !rows.with(Vec::is_empty)>
                {words.forum_empty()}
            </p>
            <ol id=LIST_ID>
                {each(move || rows.get(), |row| *row, move |row| row_view(row).into_any())}
            </ol>
            <p class="older" hidden=move || from.get() == 0>
                <a class="button" rel="next" href=older_href on:click=older>
                    {icon(icons::DOWN)}
                    {words.forum_older()}
                </a>
            </p>
        </section>
    }
    .into_any()
}

/// Stops what moves. Only where something moves.
fn pause(words: Words, board: Board) -> AnyView {
    let moves = move || matches!(board.link.get(), Link::Live | Link::Slow | Link::Lost) && !board.bounded;
    let toggle = move |_: MouseEvent| {
        board.paused.update(|paused| *paused = !*paused);
        if !board.paused.get_untracked()
            && let Some(hands) = board.hands()
        {
            hands.show_new();
        }
    };
    view! {
        <button
            class="quiet"
            type="button"
            hidden=move || !moves()
            aria-pressed=move || if board.paused.get() { "true" } else { "false" }
            on:click=toggle
        >
            {icon(icons::PAUSE)}
            {words.forum_pause()}
        </button>
    }
    .into_any()
}

/// What is said aloud.
pub fn voices(cx: Cx, board: Board) -> AnyView {
    status::voices(cx, board.announced, board.said)
}
