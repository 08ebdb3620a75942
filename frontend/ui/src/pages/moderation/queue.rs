//! What waits to be seen. What one person wrote stands together, and whose first waits longest comes first. Every card is
//! as high as every other: the next one stands where the last one stood.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, HideReason};
use stimmwerk_core::ids::{ContributionId, ParticipantId};

use super::super::forum::board::Board;
use super::super::forum::{author, author_name, text, version};
use super::super::parts::{each, hidden, icon, icons, sentence, short};
use super::order::{Queue, Slot, arrange, leaves};
use super::{Desk, Spot, because, from_hall, hide, more, press, seen, since};
use crate::address;
use crate::view::{AnyView, IntoAny};

/// How long it counts that somebody is at something, in milliseconds.
const CLAIM_MS: i64 = 5 * 60 * 1_000;

/// The part of the page, for links.
const PART: &str = "queue";

/// What the desk keeps of the queue.
#[derive(Clone, Copy)]
pub struct WaitingPanel {
    /// The queue as it stands.
    pub queue: Memo<Queue>,
    /// What the reader pressed away here, and how often they pressed.
    pub mine: RwSignal<Vec<ContributionId>>,
    /// See `mine`.
    pub presses: RwSignal<u32>,
    /// Sentences to authors that were not taken yet.
    pub notes: RwSignal<Vec<(ContributionId, String)>>,
}

impl WaitingPanel {
    /// Of a page as it was rendered.
    pub fn new(board: Board) -> Self {
        let (mine, presses) = (RwSignal::new(Vec::new()), RwSignal::new(0));
        let queue = Memo::new(move |before: Option<&Queue>| {
            board.view.with(|view| {
                board.pending.with(|pending| {
                    let leaving = |one: &ContributionView| leaves(pending, &view.people, one);
                    mine.with(|mine| arrange(before, &view.waiting, leaving, mine, presses.get()))
                })
            })
        });
        Self { queue, mine, presses, notes: RwSignal::new(Vec::new()) }
    }
}

/// Contributions that nobody else sees yet.
pub fn queue(desk: Desk) -> AnyView {
    let Desk { words, board, waiting: WaitingPanel { queue, .. }, .. } = desk;
    let slots = Memo::new(move |_| {
        board.view.with(|view| {
            let found = |slot: &Slot| view.waiting.iter().find(|one| one.id == slot.id);
            let version = |slot: &Slot| found(slot).map(|one| version(one, &view.people));
            queue.with(|queue| queue.slots.iter().map(|slot| (*slot, version(slot))).collect::<Vec<_>>())
        })
    });
    let total = Memo::new(move |_| queue.with(|queue| queue.waiting().count() as u32));
    let longest = Signal::derive(move || {
        let at = queue.with(|queue| queue.slots.iter().filter(|slot| !slot.gone).map(|slot| slot.turn.0).min());
        at.map_or(String::new(), |at| words.queue_longest(&since(words, desk.now.get(), at)))
    });
    view! {
        <section class="queue" aria-labelledby="queue">
            <header>
                <h2 id="queue" tabindex="-1">
                    {words.queue()}
                </h2>
                <span class="badge waiting" hidden=move || total.get() == 0>
                    {icon(icons::WAIT)}
                    {sentence(Signal::derive(move || words.queue_count(total.get())))}
                </span>
                <span class="longest" hidden=move || longest.with(String::is_empty)>
                    {sentence(longest)}
                </span>
            </header>
            <p class="empty" hidden=move || slots.with(|slots| !slots.is_empty())>
                {icon(icons::CHECK)}
                {words.queue_empty()}
            </p>
            <ol>{each(move || slots.get(), |(slot, version)| (slot.id, slot.gone, *version), move |(slot, _)| card(desk, slot).into_any())}</ol>
        </section>
    }
    .into_any()
}

fn card(desk: Desk, slot: Slot) -> Option<AnyView> {
    let Desk { cx, words, board, .. } = desk;
    let spot = Spot { id: slot.id, waits: true };
    if slot.gone {
        return Some(
            view! {
                <li class="item waits gone">
                    <article>
                        <p>
                            {icon(icons::CHECK)}
                            {words.queue_gone()}
                        </p>
                    </article>
                </li>
            }
            .into_any(),
        );
    }
    let (one, by) = board.view.with_untracked(|view| {
        let one = view.waiting.iter().find(|one| one.id == slot.id)?;
        Some((one.clone(), view.people.author(one.author)))
    })?;
    let label = words.queue_text(&author_name(cx.words, &by));
    // It becomes the first of theirs as others are settled, and is not drawn anew for that.
    let first = Memo::new(move |_| {
        desk.waiting.queue.with(|queue| queue.slots.iter().any(|have| have.id == slot.id && have.first))
    });
    let count = count_of(desk, by.number);
    let first_of = Signal::derive(move || Some(count.get()).filter(|count| first.get() && *count > 1));
    let all = by.participant.map(|person| approve_all(desk, person, first_of));
    let how_many = how_many(desk, first_of);
    Some(
        view! {
            <li
                class="item waits"
                class:follows=move || !first.get()
                class:current=move || desk.keys.current.get() == Some(spot)
                id=spot.anchor()
                tabindex="-1"
            >
                <article>
                    <header>
                        <h3 class="whose">{author(cx.words, &by)} {how_many}</h3>
                        {from_hall(words, &one)}
                        {waits(desk, &one)}
                    </header>
                    <div class="body" tabindex="0" role="group" aria-label=label>
                        {around(desk, &one)}
                        {text(&one)}
                    </div>
                    <div class="line beside">
                        {claim(desk, &one, PART)}
                        {all}
                    </div>
                    <footer class="acts">
                        {press(desk, one.id, "/approve", words.approve(), icons::CHECK, PART)}
                        {hide(desk, one.id, PART)}
                        {more(desk, &one, &by, PART)}
                    </footer>
                </article>
            </li>
        }
        .into_any(),
    )
}

/// How long it waits, as words that are replaced whole.
fn waits(desk: Desk, one: &ContributionView) -> AnyView {
    let at = one.at;
    let words = desk.words;
    view! {
        <span class="since">
            {icon(icons::WAIT)}
            {sentence(Signal::derive(move || since(words, desk.now.get(), at)))}
        </span>
    }
    .into_any()
}

/// Its topic, and that it answers something.
pub fn around(desk: Desk, one: &ContributionView) -> AnyView {
    let Desk { cx, words, board, place, .. } = desk;
    let topic = one.topic.and_then(|topic| {
        let titles = board.view.with_untracked(|view| view.topics.iter().find(|have| have.id == topic).cloned());
        Some(view! { <span class="topic">{short(cx.words, &titles?.title)}</span> })
    });
    let answers = one.reply_to.map(|parent| {
        view! {
            <a href=address::thread(place.forum, parent)>
                {icon(icons::REPLY)}
                {words.answers()}
            </a>
        }
    });
    let empty = topic.is_none() && answers.is_none();
    view! {
        <p class="around" hidden=empty>
            {topic}
            {answers}
        </p>
    }
    .into_any()
}

/// How much waits of a person, by their number.
fn count_of(desk: Desk, author: u32) -> Memo<u32> {
    Memo::new(move |_| {
        let theirs = |slot: &&Slot| slot.author == author && !slot.gone;
        desk.waiting.queue.with(|queue| queue.slots.iter().filter(theirs).count() as u32)
    })
}

/// Says how much waits of a person, at the first of it, where that is more than one thing.
fn how_many(desk: Desk, count: Signal<Option<u32>>) -> AnyView {
    let badge =
        move |count: u32| view! { <span class="badge waiting">{desk.words.queue_count(count)}</span> }.into_any();
    each(move || count.get(), |count| *count, badge)
}

/// Approves all that waits of a person, at the first of it, where that is more than one thing.
fn approve_all(desk: Desk, person: ParticipantId, count: Signal<Option<u32>>) -> AnyView {
    let Desk { words, place, .. } = desk;
    let action = StoredValue::new(address::of_person(place.forum, person, "/approve"));
    let form = move |count: u32| {
        view! {
            <form method="post" action=action.get_value()>
                {hidden("next", desk.back_to(PART))} {seen(desk)}
                <button class="quiet">{words.approve_all(count)}</button>
            </form>
        }
        .into_any()
    };
    each(move || count.get(), |count| *count, form)
}

/// Refuses all that waits of a person, where that is more than one thing: the press on a reason does it.
pub fn refuse_all(desk: Desk, person: ParticipantId, author: u32) -> AnyView {
    let Desk { words, place, .. } = desk;
    let count = count_of(desk, author);
    let action = StoredValue::new(address::of_person(place.forum, person, "/refuse"));
    let form = move |count: u32| {
        view! {
            <details class="sure">
                <summary>
                    {icon(icons::HIDDEN)}
                    {words.refuse_all(count)}
                </summary>
                <form method="post" action=action.get_value()>
                    {hidden("next", desk.back_to(PART))} {seen(desk)}
                    <div class="reasons">
                        {HideReason::ALL.into_iter().map(|one| because(words, one)).collect_view()}
                    </div>
                </form>
            </details>
        }
        .into_any()
    };
    each(move || Some(count.get()).filter(|count| *count > 1), |count| *count, form)
}

/// Who is at it.
pub fn claim(desk: Desk, one: &ContributionView, part: &'static str) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let id = one.id;
    let claim = Memo::new(move |_| {
        let claim = board.view.with(|view| {
            let mut all = view.waiting.iter().chain(&view.attention);
            let claim = all.find(|one| one.id == id)?.claim?;
            Some((view.people.author(claim.by), claim.at))
        });
        claim
            .filter(|(_, at)| desk.now.get().0 < at.0 + CLAIM_MS)
            .map(|(by, _)| (by.name.map(|name| name.to_string()), desk.me.is_some() && desk.me == by.participant))
    });
    let mine = move || claim.with(|claim| claim.as_ref().is_some_and(|(_, mine)| *mine));
    let who = Signal::derive(move || {
        claim.with(|claim| match claim {
            Some((_, true)) => words.claim_mine().to_owned(),
            Some((Some(name), false)) => words.claim_by(name),
            Some((None, false)) => words.claim_other().to_owned(),
            None => String::new(),
        })
    });
    let word = Signal::derive(move || if mine() { words.claim_release() } else { words.claim() }.to_owned());
    view! {
        <span class="claim" hidden=move || who.with(String::is_empty)>
            {icon(icons::PEOPLE)}
            {sentence(who)}
        </span>
        <form method="post" action=address::api_of(place.forum, id, "/claim")>
            {hidden("next", desk.back_to(part))}
            <input type="hidden" name="release" value=move || if mine() { "true" } else { "" } />
            <button class="quiet">{sentence(word)}</button>
        </form>
    }
    .into_any()
}
