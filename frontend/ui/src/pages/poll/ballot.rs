//! The reader's part of a poll: the ballot, what they voted, or why there is no ballot.
//!
//! The ballot is a plain form of native controls, one kind for each method. Its fields follow [`PollBoard::draft`], which
//! only the reader changes; it is drawn anew for a new round alone.

use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;
use stimmwerk_core::poll::{Electorate, Phase, PollHeader, Secrecy};
use stimmwerk_core::tally::{MAX_RESISTANCE, Method};

use super::super::parts::{hidden, icon, icons, sentence};
use super::MayVote;
use super::board::{NotTaken, PollBoard};
use super::draft::{Draft, action, page};
use super::parts::{chosen, option, option_text, redrawn, round_name};
use crate::dom;
use crate::live::Link;
use crate::live::{Pending, Stage};
use crate::view::{AnyView, IntoAny};

/// Where the focus goes when the ballot it was in is gone, or is another one.
pub const STATE: &str = "state";
/// The ballot's question.
pub const BALLOT: &str = "ballot";

/// The reader's part. `key` is the command id of the plain form.
pub fn part(board: PollBoard, key: String) -> AnyView {
    let round = board.shown.round();
    let ballot = redrawn(round, move |_| {
        let poll = board.shown.view.with_untracked(|view| view.poll.clone());
        match poll.filter(|_| board.may == MayVote::Yes) {
            Some(poll) => ballot(board, &poll, key.clone()),
            None => view! { <div hidden></div> }.into_any(),
        }
    });
    view! {
        <div class="part">
            {state(board)}
            <div id="ballot-problem">{not_taken(board)}</div>
            {on_its_way(board)}
            {unsent(board)}
            {mine(board)}
            {ballot}
        </div>
    }
    .into_any()
}

/// Why there is no ballot, where there is none.
fn state(board: PollBoard) -> AnyView {
    let words = board.shown.words;
    let (phase, may) = (board.shown.phase(), board.may);
    redrawn(phase, move |phase| {
        let note = |text: &'static str| {
            view! {
                <p id=STATE class="note" tabindex="-1">
                    {icon(icons::WAIT)}
                    <span>{text}</span>
                </p>
            }
            .into_any()
        };
        match (phase, may) {
            (Phase::Draft, _) => note(words.state_draft()),
            (Phase::Closed, _) => note(words.state_closed()),
            (Phase::Open, MayVote::Banned) => note(words.state_banned()),
            (Phase::Open, MayVote::NotEntitled) => note(words.state_not_entitled()),
            (Phase::Open, MayVote::NotJoined) => view! {
                <section class="panel visit" aria-labelledby="visit">
                    <h2 id="visit">{words.state_visit()}</h2>
                    <a class="button main" href=join_to(board)>
                        {board.shown.cx.words.forum_visit_go()}
                    </a>
                </section>
            }
            .into_any(),
            _ => view! { <p hidden></p> }.into_any(),
        }
    })
}

/// Where who has not joined can, and comes back from to this poll.
fn join_to(board: PollBoard) -> String {
    let mut href = String::from("/join?next=");
    let id = board.shown.view.with_untracked(|view| view.poll.as_ref().map(|poll| poll.id));
    href.push_str(&id.map(page).unwrap_or_default());
    href
}

/// A ballot that was not taken: why, and what was chosen where that stands in no field. Also when the poll is over, or
/// there is no ballot.
fn not_taken(board: PollBoard) -> AnyView {
    let (cx, words) = (board.shown.cx, board.shown.words);
    let shown = Memo::new(move |_| {
        let refused = board.refused.get()?;
        let poll = board.shown.view.with(|view| view.poll.clone())?;
        let ballot = board.draft.with(|draft| draft.ballot(poll.round));
        let seen = board.may == MayVote::Yes && poll.phase == Phase::Open && ballot.marks == refused.marks;
        Some((refused, poll, seen))
    });
    (move || {
        let (NotTaken { problem, round, marks, .. }, poll, seen) = shown.get()?;
        // A page that lives says it aloud itself.
        let alone = board.link.get_untracked() == Link::Plain;
        let title = if problem.title.is_empty() { cx.words.site_failed().to_owned() } else { problem.title };
        let earlier = (round < poll.round).then(|| view! { " (" {round_name(words, round)} ")" }.into_any());
        let what = (!seen && marks.len() == poll.options()).then(|| {
            view! {
                <p>{words.mine_had_chosen()}</p>
                {chosen(cx, words, &poll.question, &marks)}
            }
            .into_any()
        });
        Some(
            view! {
                <div class="problem" role=alone.then_some("alert")>
                    {icon(icons::WARN)}
                    <div>
                        <p>
                            <strong>{words.mine_not_counted()}</strong>
                            {earlier}
                        </p>
                        <p>{title}</p>
                        {what}
                    </div>
                </div>
            }
            .into_any(),
        )
    })
    .into_any()
}

/// A ballot that has been sent and not been answered.
fn on_its_way(board: PollBoard) -> AnyView {
    let words = board.shown.words;
    view! {
        <p class="note sending" hidden=move || !board.sending() || board.link.get() == Link::Stale>
            {icon(icons::SEND)}
            <span>
                <strong>{words.mine_sending()}</strong>
                " "
                <span>{words.mine_sending_means()}</span>
            </span>
        </p>
    }
    .into_any()
}

/// A ballot this page cannot send any more. The loader shows it too, where the program is gone.
fn unsent(board: PollBoard) -> AnyView {
    view! {
        <p class="note unsent" hidden=move || !board.sending() || board.link.get() != Link::Stale>
            {icon(icons::WARN)}
            <span>{board.shown.words.mine_unsent()}</span>
        </p>
    }
    .into_any()
}

/// That the reader voted, and what.
fn mine(board: PollBoard) -> AnyView {
    let (cx, words) = (board.shown.cx, board.shown.words);
    let shown = Memo::new(move |_| {
        if !board.voted() {
            return None;
        }
        let marks = board.own.with(|own| own.as_ref().and_then(|own| own.marks.clone()));
        board.shown.view.with(|view| view.poll.as_ref().map(|poll| (poll.question.clone(), marks)))
    });
    redrawn(shown, move |shown| {
        let Some((question, marks)) = shown else { return view! { <p hidden></p> }.into_any() };
        let what = match marks {
            Some(marks) => view! {
                <div class="mine">
                    <p>{words.mine_chosen()}</p>
                    {chosen(cx, words, &question, &marks)}
                </div>
            }
            .into_any(),
            None if question.secrecy == Secrecy::Secret => view! { <p>{words.mine_secret()}</p> }.into_any(),
            None => view! { <p hidden></p> }.into_any(),
        };
        let last =
            (question.electorate == Electorate::Cards).then(|| view! { <p>{words.know_card_once()}</p> }.into_any());
        view! {
            <section class="panel thanks voted" aria-labelledby="voted">
                <h2 id="voted" tabindex="-1">
                    {icon(icons::CHECK)}
                    <span>{words.mine_done()}</span>
                </h2>
                {what}
                {last}
            </section>
        }
        .into_any()
    })
}

fn ballot(board: PollBoard, poll: &PollHeader, key: String) -> AnyView {
    let words = board.shown.words;
    let (question, round) = (&poll.question, poll.round);
    let phase = board.shown.phase();
    let voted = Memo::new(move |_| board.voted());
    let sealed = Memo::new(move |_| board.sealed());
    let cards = question.electorate == Electorate::Cards;
    let secret = question.secrecy == Secrecy::Secret;
    let read = {
        let poll = poll.clone();
        move |event: Event| {
            if let Some(form) = dom::form_around(&event) {
                let fields = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                board.draft.set(Draft::of_fields(&poll, fields));
            }
        }
    };
    // What may have been sent already is sent by a plain form under the same id.
    let id_of_plain = {
        let key = key.clone();
        move || {
            let ballot = board.draft.with(|draft| draft.ballot(round));
            let same = |one: &&Pending<_>| one.stage == Stage::Sent && one.command == ballot;
            board.pending.with(|all| all.iter().find(same).map(|one| one.id.to_string())).unwrap_or_else(|| key.clone())
        }
    };
    let send =
        Signal::derive(move || if voted.get() && !cards { words.send_anew() } else { words.send_vote() }.to_owned());
    let again = if cards { words.card_again() } else { words.send_change() };
    let controls = match question.method {
        Method::Single | Method::Multiple { .. } | Method::YesNo => choices(board, poll),
        Method::Scale { steps } => steps_of(board, poll, 1, steps, true),
        Method::Resistance => steps_of(board, poll, 0, MAX_RESISTANCE, false),
        Method::Dots { points } => dots(board, poll, points),
        Method::Ranking => ranking(board, poll),
    };
    let card = cards.then(|| card(board));
    let last = match (cards, secret) {
        (true, _) => Some(words.know_card_once()),
        (false, true) => Some(words.know_no_change()),
        _ => None,
    };
    let last = last.map(|last| view! { <p class="hint">{last}</p> }.into_any());
    view! {
        <details
            class="panel ballot"
            hidden=move || phase.get() != Phase::Open || sealed.get()
            open=board.open.get_untracked()
            prop:open=move || board.open.get()
            on:toggle=move |event: Event| board.open.set(dom::is_open(&event))
        >
            <summary class="button" hidden=move || !voted.get()>
                {icon(icons::EDIT)}
                <span>{again}</span>
            </summary>
            // The next person at the device finds nothing that a browser kept of an earlier ballot.
            <form id="typed" method="post" action=action(poll.id) autocomplete="off" data-typed on:input=read.clone() on:change=read>
                <fieldset class="options" aria-describedby="ballot-problem">
                    <legend id=BALLOT tabindex="-1">
                        {how(board, poll)}
                    </legend>
                    {controls}
                </fieldset>
                {count(board, poll)}
                {card}
                {hidden("round", poll.round.to_string())}
                <input type="hidden" name="idempotency_key" value=key.clone() prop:value=id_of_plain />
                {hidden("next", page(poll.id))}
                {ending(board)}
                {last}
                <p class="line ends">
                    // Not disabled: that would take the focus away. The store sends it once however often it is pressed.
                    <button class="main" aria-disabled=move || board.sending().then_some("true")>
                        {icon(icons::CHECK)}
                        {sentence(send)}
                    </button>
                </p>
            </form>
        </details>
    }
    .into_any()
}

/// What is to be done, in a sentence.
fn how(board: PollBoard, poll: &PollHeader) -> String {
    let words = board.shown.words;
    match poll.question.method {
        Method::Single => words.how_single().to_owned(),
        Method::Multiple { min, max } if min == max => words.how_exactly(max.into()),
        Method::Multiple { min: 0, max } => words.how_at_most(max.into()),
        Method::Multiple { min, max } => words.how_between(max.into(), &min.to_string()),
        Method::YesNo => words.how_yes_no().to_owned(),
        Method::Scale { .. } => words.how_scale().to_owned(),
        Method::Resistance => words.how_resistance().to_owned(),
        Method::Dots { points } => words.how_dots(points.into()),
        Method::Ranking => words.how_ranking().to_owned(),
    }
}

/// How much is filled in, where there is a bound.
fn count(board: PollBoard, poll: &PollHeader) -> Option<AnyView> {
    let words = board.shown.words;
    let sum = Memo::new(move |_| board.draft.with(Draft::sum));
    let method = poll.question.method;
    let text = match method {
        Method::Multiple { .. } => Signal::derive(move || words.count_chosen(&sum.get().to_string())),
        Method::Dots { points } => Signal::derive(move || match (sum.get(), u32::from(points)) {
            (sum, points) if sum > points => words.count_over(sum - points),
            (sum, points) => words.count_left(points - sum),
        }),
        _ => return None,
    };
    let over = move || match method {
        Method::Multiple { max, .. } => sum.get() > max.into(),
        Method::Dots { points } => sum.get() > points.into(),
        _ => false,
    };
    Some(view! { <p class="hint count" class:over=over>{sentence(text)}</p> }.into_any())
}

/// One of options, or several.
fn choices(board: PollBoard, poll: &PollHeader) -> AnyView {
    let kind = if matches!(poll.question.method, Method::Multiple { .. }) { "checkbox" } else { "radio" };
    let rows = (0..poll.options()).map(|at| {
        let label = option(board.shown.cx, board.shown.words, &poll.question, at);
        field(board, kind, at, "option".to_owned(), at.to_string(), "1", label)
    });
    let rows = rows.collect::<Vec<_>>();
    view! { <div class="choose">{rows}</div> }.into_any()
}

/// A radio button or a box with its label. It is on where the draft holds `on` for the option.
fn field(
    board: PollBoard,
    kind: &'static str,
    at: usize,
    name: String,
    value: String,
    on: &'static str,
    label: AnyView,
) -> AnyView {
    let checked = move || board.draft.with(|draft| draft.value(at) == on);
    view! {
        <label class="radio">
            <input
                type=kind
                name=name
                value=value
                required=kind == "radio"
                checked=board.draft.with_untracked(|draft| draft.value(at) == on)
                prop:checked=checked
            />
            <span class="label">{label}</span>
        </label>
    }
    .into_any()
}

/// The digits of steps.
const STEPS: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];

/// A row of steps for each option, from `low` to `high`; with one for no answer, where that is one.
fn steps_of(board: PollBoard, poll: &PollHeader, low: u8, high: u8, none: bool) -> AnyView {
    let (cx, words) = (board.shown.cx, board.shown.words);
    let question = &poll.question;
    let end = |number: u8, text: &str| words.step_means(&number.to_string(), text);
    let ends = none.then(|| {
        let [low_text, high_text] = match &question.ends {
            Some(ends) => [0, 1].map(|nth| cx.words.pick(&ends[nth]).0.to_owned()),
            None => [words.step_low(), words.step_high()].map(str::to_owned),
        };
        let lang = question.ends.as_ref().and_then(|ends| cx.words.pick(&ends[0]).1.cloned());
        let lang = lang.map(|lang| lang.as_str().to_owned());
        view! {
            <p class="hint ends" lang=lang>
                <span>{end(low, &low_text)}</span>
                " · "
                <span>{end(high, &high_text)}</span>
            </p>
        }
        .into_any()
    });
    let rows = (0..poll.options()).map(|at| {
        let mut steps: Vec<AnyView> = (low..=high)
            .map(|step| {
                let on = STEPS[usize::from(step)];
                step_field(board, at, on, on)
            })
            .collect();
        if none {
            steps.push(step_field(board, at, "0", words.option_none()));
        }
        view! {
            <fieldset class="steps">
                <legend>{option(cx, words, question, at)}</legend>
                <div class="row">{steps}</div>
            </fieldset>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    view! {
        <div class="grid">
            {ends}
            {rows}
        </div>
    }
    .into_any()
}

fn step_field(board: PollBoard, at: usize, on: &'static str, label: &'static str) -> AnyView {
    let mut name = String::from("mark_");
    name.push_str(&at.to_string());
    let required = board
        .shown
        .view
        .with_untracked(|view| view.poll.as_ref().is_some_and(|poll| poll.question.method == Method::Resistance));
    view! {
        <label class="step" class:words=on != label>
            <input
                type="radio"
                name=name
                value=on
                required=required
                checked=board.draft.with_untracked(|draft| draft.value(at) == on)
                prop:checked=move || board.draft.with(|draft| draft.value(at) == on)
            />
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// Points to spend: a number for each option.
fn dots(board: PollBoard, poll: &PollHeader, points: u8) -> AnyView {
    let (cx, words) = (board.shown.cx, board.shown.words);
    let rows = (0..poll.options()).map(|at| {
        let id = named("mark", at);
        let name = option_text(cx, words, &poll.question, at);
        let change = move |by: i32| {
            move |draft: &mut Draft| {
                let now = (i32::from(draft.mark(at)) + by).clamp(0, i32::from(points));
                if let Some(value) = draft.values.get_mut(at) {
                    *value = now.to_string();
                }
            }
        };
        view! {
            <div class="dots">
                <label for=id.clone()>{option(cx, words, &poll.question, at)}</label>
                <span class="stepper">
                    {press(board, words.count_less(&name), icons::LESS, change(-1))}
                    <input
                        type="number"
                        inputmode="numeric"
                        id=id.clone()
                        name=id.replace('-', "_")
                        min="0"
                        max=points.to_string()
                        step="1"
                        value=board.draft.with_untracked(|draft| draft.value(at).to_owned())
                        prop:value=move || board.draft.with(|draft| draft.value(at).to_owned())
                    />
                    {press(board, words.count_more(&name), icons::ADD, change(1))}
                </span>
            </div>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    view! { <div class="grid">{rows}</div> }.into_any()
}

/// A button that changes the ballot. Without a program it would do nothing, so it is not there.
fn press(
    board: PollBoard,
    label: String,
    picture: &'static str,
    change: impl Fn(&mut Draft) + Send + 'static,
) -> AnyView {
    view! {
        <button
            type="button"
            hidden=move || board.link.get() == Link::Plain
            aria-label=label
            on:click=move |_: MouseEvent| board.draft.update(|draft| change(draft))
        >
            {icon(picture)}
        </button>
    }
    .into_any()
}

/// A place for each option.
fn ranking(board: PollBoard, poll: &PollHeader) -> AnyView {
    let (cx, words) = (board.shown.cx, board.shown.words);
    let options = poll.options();
    let rows = (0..options).map(|at| {
        let id = named("mark", at);
        let name = option_text(cx, words, &poll.question, at);
        let first = board.draft.with_untracked(|draft| draft.mark(at));
        let places = (1..=options).map(|place| {
            let value = place.to_string();
            let text = words.option_place(&value);
            view! {
                <option value=value selected=usize::from(first) == place>
                    {text}
                </option>
            }
            .into_any()
        });
        let places = places.collect::<Vec<_>>();
        view! {
            <div class="ranked">
                <label for=id.clone()>{option(cx, words, &poll.question, at)}</label>
                <span class="stepper">
                <select
                    id=id.clone()
                    name=id.replace('-', "_")
                    prop:value=move || {
                        board.draft.with(|draft| Some(draft.mark(at)).filter(|mark| *mark > 0).map(|mark| mark.to_string()))
                            .unwrap_or_default()
                    }
                >
                    <option value="">{words.option_no_place()}</option>
                    {places}
                </select>
                {press(board, words.rank_up(&name), icons::UP, move |draft| draft.shift(at, -1))}
                {press(board, words.rank_down(&name), icons::DOWN, move |draft| draft.shift(at, 1))}
                </span>
            </div>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    view! {
        <div class="grid">
            <p class="hint">{words.rank_rest()}</p>
            {rows}
        </div>
    }
    .into_any()
}

fn named(name: &str, at: usize) -> String {
    let mut id = String::from(name);
    id.push('-');
    id.push_str(&at.to_string());
    id
}

/// The code of a voting card.
fn card(board: PollBoard) -> AnyView {
    let words = board.shown.words;
    view! {
        <div class="field">
            <label for="card">{words.card_code()}</label>
            <input
                id="card"
                type="text"
                name="card"
                required
                maxlength="32"
                autocomplete="off"
                autocapitalize="characters"
                spellcheck="false"
                dir="ltr"
                aria-describedby="card-hint"
                value=board.draft.with_untracked(|draft| draft.card.clone())
                prop:value=move || board.draft.with(|draft| draft.card.clone())
            />
            <p class="hint" id="card-hint">
                {words.card_hint()}
            </p>
        </div>
    }
    .into_any()
}

/// How long there is still time, when the end is near.
fn ending(board: PollBoard) -> AnyView {
    let words = board.shown.words;
    let text = Signal::derive(move || match board.left.get() {
        None => String::new(),
        Some(0) => words.end_over().to_owned(),
        Some(seconds) => words.end_left(seconds),
    });
    view! {
        <p class="note ending" hidden=move || board.left.get().is_none()>
            {icon(icons::WAIT)}
            {sentence(text)}
        </p>
    }
    .into_any()
}
