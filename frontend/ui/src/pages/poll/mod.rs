//! A poll: the question, what counts, the ballot, and the result.

mod ballot;
mod board;
#[cfg(feature = "ssr")]
mod cards;
mod draft;
pub mod parts;
#[cfg(feature = "ssr")]
mod print;
mod side;
#[cfg(feature = "ssr")]
mod voters;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::poll::{Phase, PollHeader, PollOwn, PollView, Secrecy};
use stimmwerk_core::time::Timestamp;

use super::charts::{self, Charted};
use super::parts::{icon, icons, refusal};
use super::status::{connection, voices};
use crate::cx::Cx;
use crate::data::Me;
use crate::dom;
use crate::page::LivePage;
use crate::view::{AnyView, IntoAny};
use crate::words::PollWords;
#[cfg(feature = "ssr")]
use crate::words::Words;

pub use board::PollBoard;
#[cfg(feature = "ssr")]
pub use cards::{CardSheet, VotingCard};
#[cfg(any(feature = "hydrate", test))]
pub use draft::Ballot;
#[cfg(test)]
pub use draft::Draft;
use parts::{Shown, know, question, redrawn, round_name, turnout};
#[cfg(feature = "ssr")]
pub use print::PollPrint;
pub use side::PollSide;
#[cfg(feature = "ssr")]
pub use voters::{PollVoters, VoterRow};

/// `/p/{poll}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PollPage {
    /// Its stream, to subscribe to.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What the reader sees.
    pub view: PollView,
    /// What concerns the reader alone; `None` for those who have not joined.
    pub own: Option<PollOwn>,
    /// May the reader vote?
    pub may: MayVote,
    /// In which round the reader has just cast a ballot with a card, without a program: only the server can know.
    pub cast: Option<u32>,
    /// A fresh id for the plain form.
    pub idempotency_key: CommandId,
    /// The clock when the page was made, to word what is timed.
    pub now: Timestamp,
}

/// How a reader stands to a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayVote {
    /// They may.
    Yes,
    /// They only visit.
    NotJoined,
    /// They were shut out.
    Banned,
    /// The poll is for others.
    NotEntitled,
}

impl LivePage for PollPage {
    const PROGRAM: &'static str = "poll";
    type Words = PollWords;

    #[cfg(feature = "ssr")]
    fn title(&self, words: Words, _polls: PollWords) -> String {
        title_of(words, &self.view).to_owned()
    }

    fn draw(self, cx: Cx, words: PollWords, _me: Option<Me>) -> AnyView {
        poll(cx, words, self)
    }
}

/// What a poll asks.
#[cfg(feature = "ssr")]
fn title_of(words: Words, view: &PollView) -> &str {
    view.poll.as_ref().map_or("", |poll| words.pick(&poll.question.title).0)
}

fn poll(cx: Cx, words: PollWords, page: PollPage) -> AnyView {
    let board = PollBoard::new(&page, cx, words);
    come_alive(board, &page);
    let submit = move |event: SubmitEvent| {
        if dom::form(&event).is_some_and(|form| board.submit(&form)) {
            event.prevent_default();
        }
    };
    let shown = board.shown;
    let own_form = page.view.poll.as_ref().map(|poll| draft::action(poll.id));
    let key = page.idempotency_key.to_string();
    let phase = shown.phase();
    // While people vote the question comes first, afterwards what came of it.
    let result_at = move |open: bool| {
        let here = Memo::new(move |_| (phase.get() == Phase::Open) == open);
        redrawn(here, move |here| {
            if here { charts::result(cx, words, shown.view) } else { view! { <div hidden></div> }.into_any() }
        })
    };
    view! {
        <div class="poll reading" on:submit=submit>
            {way_back(words, page.view.poll.as_ref())}
            {question(shown)}
            {turnout(shown)}
            {connection(cx, board.link)}
            {refusal(cx, move |refused| own_form.as_ref() == Some(&refused.action))}
            {result_at(false)}
            {know(shown)}
            {ballot::part(board, key)}
            {result_at(true)}
            {earlier(shown)}
            {ways(shown)}
            {voices(cx, board.announced, board.said)}
        </div>
    }
    .into_any()
}

/// Lets the page follow its stream, and keeps what is filled in over a reload.
fn come_alive(board: PollBoard, page: &PollPage) {
    #[cfg(not(feature = "hydrate"))]
    let _ = (board, page);
    #[cfg(feature = "hydrate")]
    {
        let (stream, seq, cx) = (page.stream, page.seq, board.shown.cx);
        let first = board.draft.get_untracked();
        Effect::new(move |_| {
            let poll = board.shown.view.with_untracked(|view| view.poll.clone());
            // What was refused is newer than what was kept, and so is what was filled in before the program came. With
            // another card than the one that was kept another person votes.
            let now = board.draft.get_untracked();
            let fresh = board.refused.with_untracked(Option::is_none) && now.values == first.values;
            let kept = poll.as_ref().filter(|_| fresh).and_then(draft::Draft::kept);
            let same_card = |kept: &draft::Draft| {
                now.card.is_empty() || kept.card.is_empty() || kept.card.eq_ignore_ascii_case(&now.card)
            };
            if let Some(kept) = kept.filter(same_card) {
                let card = if now.card.is_empty() { kept.card.clone() } else { now.card.clone() };
                board.draft.set(draft::Draft { card, ..kept });
            }
            let side = PollSide::new(board, js_sys::Date::now() as i64);
            crate::browser::run(side, cx, stream, seq, |handle| board.hands.set_value(Some(handle)));
        });
        Effect::new(move |before: Option<draft::Draft>| {
            let draft = board.draft.get();
            let poll = board.shown.view.with_untracked(|view| view.poll.clone());
            // What the page began with is not the reader's work.
            if let (Some(poll), Some(before)) = (poll, before)
                && before != draft
            {
                let json = if draft.is_blank() { None } else { serde_json::to_string(&draft).ok() };
                dom::remember(&draft::kept_under(poll.id, poll.round), json.as_deref());
            }
            draft
        });
    }
}

/// To the forum the poll is held in, or home.
fn way_back(words: PollWords, poll: Option<&PollHeader>) -> AnyView {
    let (href, word) = match poll.and_then(|poll| poll.forum) {
        Some(forum) => {
            let mut href = String::from("/f/");
            href.push_str(&forum.to_string());
            (href, words.back())
        }
        None => (String::from("/"), words.home()),
    };
    view! {
        <p class="way-back">
            <a href=href>
                {icon(icons::BACK)}
                <span>{word}</span>
            </a>
        </p>
    }
    .into_any()
}

/// The results of earlier rounds, the last one first.
fn earlier(shown: Shown) -> AnyView {
    let Shown { cx, words, view, .. } = shown;
    let before = Memo::new(move |_| {
        view.with(|view| {
            let poll = view.poll.as_ref()?;
            let charted = view.before.iter().rev().map(|one| (one.round, Charted::with(poll, one.clone(), None)));
            Some(charted.collect::<Vec<_>>()).filter(|all| !all.is_empty())
        })
    });
    redrawn(before, move |before| {
        let Some(before) = before else { return view! { <div hidden></div> }.into_any() };
        let rounds = before.iter().map(|(round, charted)| {
            view! {
                <section class="earlier-round">
                    <h3>{round_name(words, *round)}</h3>
                    {charts::picture(cx, words, charted)}
                </section>
            }
            .into_any()
        });
        let rounds = rounds.collect::<Vec<_>>();
        view! {
            <details class="panel earlier">
                <summary>
                    <h2>{words.result_before()}</h2>
                </summary>
                {rounds}
            </details>
        }
        .into_any()
    })
}

/// What else there is of the poll.
fn ways(shown: Shown) -> AnyView {
    let words = shown.words;
    let open_ballots = Memo::new(move |_| {
        shown.view.with(|view| {
            let open = |poll: &PollHeader| poll.question.secrecy == Secrecy::Open;
            let told = |poll: &PollHeader| poll.phase == Phase::Revealed || !view.before.is_empty();
            view.poll.as_ref().is_some_and(|poll| open(poll) && told(poll))
        })
    });
    let id = shown.view.with_untracked(|view| view.poll.as_ref().map(|poll| poll.id));
    let href = |rest: &str| {
        let mut href = id.map(draft::page).unwrap_or_default();
        href.push_str(rest);
        href
    };
    view! {
        <p class="line others">
            <a class="button quiet" href=href("/voters") hidden=move || !open_ballots.get()>
                {icon(icons::PEOPLE)}
                <span>{words.result_who()}</span>
            </a>
            <a class="button quiet" href=href("/print")>
                {icon(icons::DOWN)}
                <span>{words.result_print()}</span>
            </a>
        </p>
    }
    .into_any()
}
