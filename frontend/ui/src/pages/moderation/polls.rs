//! The forum's polls: prepared ones are started, open ones are closed, closed ones are shown. Where everyone will see
//! it, it counts three seconds first.

use leptos::prelude::*;
use serde::Serialize;
use stimmwerk_core::forum::PollPlaceInForum;
use stimmwerk_core::ids::PollId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::poll::{Electorate, MIN_PART, Phase, PollHeader, PollView, Secrecy};
use stimmwerk_core::tally::Method;

use super::super::parts::{digest, each, hidden, icon, icons, sentence, texts};
use super::super::poll::parts::{badge, option_text};
use super::countdown::Counting;
use super::team::{About, last};
use super::{Desk, device, outcome};
use crate::address;
use crate::clock::minutes_and_seconds;
use crate::command::{Form, Request};
use crate::utterance::say;
use crate::view::{AnyView, IntoAny};

/// The part of the page, for links.
const PART: &str = "polls";

/// A press on "close now" that follows the beginning of the end faster than this was meant for what stood there before.
/// In milliseconds.
const SURE_MS: i64 = 2_000;

/// So long after voting cards were asked for they are counted, in milliseconds.
const CARDS_MS: i32 = 2_000;

/// Something that is done to a poll.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// To which.
    poll: PollId,
    /// What.
    act: Act,
    /// The request it is.
    pub request: Request,
}

/// What the desk keeps of the forum's polls.
#[derive(Clone, Copy)]
pub struct PollsPanel {
    /// The polls, as far as they are known here.
    pub details: RwSignal<Vec<(PollId, PollView)>>,
    /// As of which event each of them was told.
    pub told: StoredValue<Vec<(PollId, Seq)>>,
    /// When a poll was last seen to begin closing.
    pub closing: StoredValue<Option<(PollId, i64)>>,
    /// What happens in three seconds.
    pub counting: RwSignal<Option<Counting>>,
}

impl PollsPanel {
    /// Of a page with these polls.
    pub fn new(polls: &[(PollId, PollView)]) -> Self {
        Self {
            details: RwSignal::new(polls.to_vec()),
            told: StoredValue::new(Vec::new()),
            closing: StoredValue::new(None),
            counting: RwSignal::new(None),
        }
    }
}

/// What can be done to a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Start,
    Again,
    Close,
    CloseNow,
    Reveal,
    Other,
}

/// What a request says, each left out where there is none.
#[derive(Debug, Default, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marks: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ballots: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<u32>,
}

/// How a poll stands, as it is told.
#[derive(Debug, serde::Deserialize)]
pub struct Told {
    /// As of which event.
    pub seq: Seq,
    /// How.
    pub view: PollView,
}

impl Deed {
    /// What a form does to a poll. `None`: it goes its own way.
    pub fn of(form: &Form, polls: &[(PollId, PollView)]) -> Option<Self> {
        let (poll, verb) = form.action.strip_prefix(address::POLLS)?.split_once('/')?;
        let poll = poll.parse().ok()?;
        let header = || polls.iter().find(|(id, _)| *id == poll)?.1.poll.as_ref();
        let seconds = form.read("seconds").or_else(|| Some(form.read::<u32>("minutes")?.saturating_mul(60)));
        let (act, body) = match verb {
            "open" => (Act::Start, Body { seconds, ..Body::default() }),
            "again" => (Act::Again, Body::default()),
            "end" | "extend" => (Act::Other, Body { seconds, ..Body::default() }),
            "close" if seconds == Some(0) => (Act::CloseNow, Body { seconds, ..Body::default() }),
            "close" => (Act::Close, Body { seconds, ..Body::default() }),
            "reveal" => (Act::Reveal, Body::default()),
            "hands" if form.field("none").is_some() => {
                (Act::Other, Body { counts: Some(Vec::new()), ..Body::default() })
            }
            "hands" => {
                let counts = Some(numbers(form, header()?)?);
                (Act::Other, Body { counts, people: form.read("people"), ..Body::default() })
            }
            "paper" => {
                let poll = header()?;
                let fields = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                // What the server would refuse to read goes there as a plain form.
                let marks = Some(poll.question.method.read(poll.options(), fields).ok()?);
                let ballots = Some(form.read("ballots").unwrap_or(1));
                (Act::Other, Body { marks, ballots, ..Body::default() })
            }
            "cards/void" => (Act::Other, Body { from: form.read("from"), to: form.read("to"), ..Body::default() }),
            _ => return None,
        };
        let body = serde_json::to_string(&body).ok()?;
        Some(Self { poll, act, request: Request { method: "POST", path: form.action.clone(), body } })
    }

    /// The id of the poll's element.
    pub fn anchor(&self) -> String {
        anchor(self.poll)
    }
}

fn anchor(poll: PollId) -> String {
    let mut anchor = String::from("poll-");
    anchor.push_str(&poll.to_string());
    anchor
}

fn mark(at: usize) -> String {
    let mut name = String::from("mark_");
    name.push_str(&at.to_string());
    name
}

/// `mark_0`, `mark_1` … of a form; `None` where all are empty: that says nothing.
fn numbers(form: &Form, poll: &PollHeader) -> Option<Vec<u32>> {
    let numbers: Vec<Option<u32>> = (0..poll.options()).map(|at| form.read(&mark(at))).collect();
    let said = numbers.iter().any(Option::is_some);
    said.then(|| numbers.into_iter().map(Option::unwrap_or_default).collect())
}

impl Desk {
    /// A form about a poll is being sent. `false`: it goes its own way.
    pub(super) fn submit_poll(self, form: &Form) -> bool {
        let Some(deed) = self.polls.details.with_untracked(|polls| Deed::of(form, polls)) else {
            // Cards open in a window of their own; then there are more of them here.
            let poll =
                form.action.strip_prefix(address::POLLS).and_then(|rest| rest.strip_suffix("/cards")?.parse().ok());
            if let Some(poll) = poll {
                device::later(CARDS_MS, move || self.look_at(poll));
            }
            return false;
        };
        let words = self.words;
        match deed.act {
            Act::Start => self.count_down(words.polls_start(), deed),
            Act::Again => self.count_down(words.polls_again(), deed),
            Act::Close => self.count_down(words.polls_close(), deed),
            Act::Reveal => self.count_down(words.polls_reveal(), deed),
            Act::CloseNow
                if self
                    .polls
                    .closing
                    .get_value()
                    .is_some_and(|(poll, since)| poll == deed.poll && device::clock() < since + SURE_MS) =>
            {
                say(self.board.said, words.polls_closing().to_owned());
            }
            Act::CloseNow => {
                // What stands in the row then is another thing.
                device::focus(deed.anchor(), false);
                self.carry_out(deed);
            }
            Act::Other => self.carry_out(deed),
        }
        true
    }

    /// Does it, and says how it went.
    pub(super) fn carry_out(self, deed: Deed) {
        let (words, said, failed) = (self.words, self.board.said, self.cx.words.site_failed());
        let done = match deed.act {
            Act::Start | Act::Again => words.polls_done_start(),
            Act::Close => words.polls_done_close(),
            Act::CloseNow => words.polls_done_closed(),
            Act::Reveal => words.polls_done_reveal(),
            Act::Other => words.saved(),
        };
        let poll = deed.poll;
        device::send(deed.request, move |answer| {
            say(said, outcome(done, failed, answer));
            self.look_at(poll);
        });
    }

    /// Asks how a poll stands.
    pub(super) fn look_at(self, poll: PollId) {
        device::ask("GET", address::api_of_poll(poll, ""), None, move |answer| {
            if let Some(told) = answer.ok().and_then(|json| stimmwerk_core::json::read(&json).ok()) {
                self.keep(poll, told);
            }
        });
    }

    /// Takes an answer, unless a later one was faster.
    pub(super) fn keep(self, poll: PollId, Told { seq, view }: Told) {
        let late = self.polls.told.try_update_value(|told| {
            let late = told.iter().any(|(id, have)| *id == poll && seq < *have);
            if !late {
                told.retain(|(id, _)| *id != poll);
                told.push((poll, seq));
            }
            late
        });
        if late == Some(true) {
            return;
        }
        let closing = |view: &PollView| view.poll.as_ref().is_some_and(|poll| poll.closing);
        self.polls.details.update(|polls| match polls.iter_mut().find(|(id, _)| *id == poll) {
            Some((_, have)) => {
                if closing(&view) && !closing(have) {
                    self.polls.closing.set_value(Some((poll, device::clock())));
                }
                *have = view;
            }
            None => polls.push((poll, view)),
        });
    }

    /// Asks at once how those stand that moved on.
    #[cfg(feature = "hydrate")]
    pub(super) fn follow_polls(self) {
        let moved = Memo::new(move |_| self.board.view.with(|view| self.unseen(&view.polls)));
        Effect::new(move |_| moved.get().into_iter().for_each(|poll| self.look_at(poll)));
    }

    /// Asks how those stand in which people vote, and again of what was asked for in vain.
    #[cfg(feature = "hydrate")]
    pub(super) fn look_around(self) {
        let polls = self.board.view.with_untracked(|view| {
            let unseen = self.unseen(&view.polls);
            let asked = |poll: &&PollPlaceInForum| poll.phase == Phase::Open || unseen.contains(&poll.id);
            view.polls.iter().filter(asked).map(|poll| poll.id).collect::<Vec<_>>()
        });
        for poll in polls {
            self.look_at(poll);
        }
    }

    /// The polls that stand otherwise in the forum than was told of them.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn unseen(self, polls: &[PollPlaceInForum]) -> Vec<PollId> {
        let seen = |poll: &PollPlaceInForum| {
            self.polls.details.with_untracked(|told| {
                let view = told.iter().find(|(id, _)| *id == poll.id);
                view.and_then(|(_, view)| Some(view.poll.as_ref()?.phase)) == Some(poll.phase)
            })
        };
        polls.iter().filter(|poll| !seen(poll)).map(|poll| poll.id).collect()
    }

    fn of_poll<T: PartialEq + Default + Send + Sync + 'static>(
        self,
        poll: PollId,
        what: impl Fn(&PollView) -> Option<T> + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            let found = self
                .polls
                .details
                .with(|polls| polls.iter().find(|(id, _)| *id == poll).and_then(|(_, view)| what(view)));
            found.unwrap_or_default()
        })
    }
}

/// The panel.
pub fn polls(desk: Desk) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let all = Memo::new(move |_| board.view.with(|view| view.polls.clone()));
    let mut new = String::from("/f/");
    new.push_str(&place.forum.to_string());
    new.push_str("/polls/new");
    view! {
        <section class="panel polls" aria-labelledby=PART>
            <header>
                <h2 id=PART tabindex="-1">
                    {words.polls()}
                </h2>
                <a class="button" href=new>
                    {icon(icons::ADD)}
                    {words.polls_new()}
                </a>
            </header>
            <p class="empty" hidden=move || !all.with(Vec::is_empty)>
                {words.polls_none()}
            </p>
            <ol>{each(move || all.get(), |poll| (poll.id, digest(&poll.title.texts)), move |poll| one(desk, &poll))}</ol>
        </section>
    }
    .into_any()
}

/// One poll. It stays while the poll goes on, so what is typed into it stays too.
fn one(desk: Desk, poll: &PollPlaceInForum) -> AnyView {
    let Desk { cx, words, board, .. } = desk;
    let id = poll.id;
    let phase = Memo::new(move |_| {
        board.view.with(|view| view.polls.iter().find(|have| have.id == id).map(|have| have.phase).unwrap_or_default())
    });
    let closing = desk.of_poll(id, |view| Some(view.poll.as_ref()?.closing));
    let by_card = desk.of_poll(id, |view| Some(view.poll.as_ref()?.question.electorate == Electorate::Cards));
    let no_cards = desk.of_poll(id, |view| Some(view.turnout.entitled.unwrap_or(0) == 0));
    let round = desk.of_poll(id, |view| Some(view.poll.as_ref()?.round));
    let question = desk.of_poll(id, |view| Some(view.poll.clone().map(|poll| (poll.round, poll.question))));
    // With cards after the end alone.
    let counts = move || match phase.get() {
        Phase::Open => !by_card.get(),
        phase => phase == Phase::Closed,
    };
    let needs_cards = move || phase.get() == Phase::Draft && by_card.get() && no_cards.get();
    view! {
        <li class="poll-row" id=anchor(id) tabindex="-1">
            <header>
                <h3>{texts(cx.words, &poll.title)}</h3>
                {each(move || [phase.get()], |phase| phase.word(), move |phase| badge(desk.poll_words, phase))}
                <span class="badge round" hidden=move || round.get() < 2>
                    {sentence(Signal::derive(move || words.polls_round(&round.get().to_string())))}
                </span>
            </header>
            {standing(desk, id, phase)}
            {last(desk, About::Poll(id))}
            <p class="note" hidden=move || !needs_cards()>
                {icon(icons::WARN)}
                <span>{words.polls_need_cards()}</span>
            </p>
            <div class="line does">
                {each(move || [phase.get()], |phase| phase.word(), move |phase| acts(desk, id, phase, closing))}
            </div>
            <p class="line">
                <a class="button quiet" href=address::poll(id, "/edit") hidden=move || phase.get() != Phase::Draft>
                    {icon(icons::EDIT)}
                    {words.polls_edit()}
                </a>
                <a class="button quiet" href=address::poll(id, "")>
                    {icon(icons::GO)}
                    {words.polls_page()}
                </a>
                <a class="button quiet" href=address::poll(id, "/print")>
                    {icon(icons::DOWN)}
                    {words.polls_print()}
                </a>
            </p>
            <details class="from" hidden=move || !(by_card.get() && matches!(phase.get(), Phase::Draft | Phase::Open))>
                <summary>{words.polls_cards()}</summary>
                {cards(desk, id)}
            </details>
            {each(
                move || question.get().filter(|_| counts()),
                |(round, question)| (*round, digest(&question.options.len()), question.method.word()),
                move |_| by_hand(desk, id),
            )}
        </li>
    }
    .into_any()
}

/// How many took part, and how long it goes on.
fn standing(desk: Desk, id: PollId, phase: Memo<Phase>) -> AnyView {
    let Desk { words, poll_words, now, .. } = desk;
    let turnout = desk.of_poll(id, |view| Some(view.turnout));
    let until = desk.of_poll(id, |view| {
        let poll = view.poll.as_ref().filter(|poll| poll.phase == Phase::Open)?;
        Some(Some((poll.until?, poll.closing)))
    });
    let votes = Signal::derive(move || {
        let turnout = turnout.get();
        let mut text = words.polls_votes(turnout.online + turnout.hands + turnout.paper);
        let mut add = |part: &str| {
            text.push_str(" · ");
            text.push_str(part);
        };
        if turnout.hands > 0 {
            add(&poll_words.turnout_hands(&turnout.hands.to_string()));
        }
        if turnout.paper > 0 {
            add(&poll_words.turnout_paper(&turnout.paper.to_string()));
        }
        if let Some(entitled) = turnout.entitled {
            add(&poll_words.turnout_cards(entitled));
        }
        text
    });
    let left = Signal::derive(move || {
        let Some((until, closing)) = until.get().filter(|_| phase.get() == Phase::Open) else { return String::new() };
        let left = words.polls_left(&minutes_and_seconds((until.0 - now.get().0).max(0) / 1_000));
        if closing { [words.polls_closing(), " ", &left].concat() } else { left }
    });
    let nothing = move || phase.get() == Phase::Draft && turnout.with(|turnout| turnout.entitled.is_none());
    view! {
        <p class="standing">
            <span class="count" hidden=nothing>
                {icon(icons::PEOPLE)}
                {sentence(votes)}
            </span>
            <span class="left" hidden=move || left.with(String::is_empty)>
                {icon(icons::WAIT)}
                {sentence(left)}
            </span>
        </p>
    }
    .into_any()
}

/// What can be done now. While it is open its forms stay: closing changes their words alone.
fn acts(desk: Desk, id: PollId, phase: Phase, closing: Memo<bool>) -> AnyView {
    let words = desk.words;
    let form = move |verb: &str, class: &'static str, picture, word: &'static str| {
        view! {
            <form method="post" action=address::api_of_poll(id, verb)>
                {hidden("next", desk.back_to(PART))}
                <button class=class>
                    {icon(picture)}
                    {word}
                </button>
            </form>
        }
        .into_any()
    };
    match phase {
        Phase::Draft => {
            let means = [anchor(id), "-means".to_owned()].concat();
            view! {
                <form class="line start" method="post" action=address::api_of_poll(id, "/open")>
                    {hidden("next", desk.back_to(PART))}
                    <label class="short">
                        {words.polls_minutes()}
                        <input name="minutes" type="number" min="1" max="10000" inputmode="numeric" aria-describedby=means.clone() />
                    </label>
                    <button class="main">
                        {icon(icons::OPEN)}
                        {words.polls_start()}
                    </button>
                    <p class="hint" id=means>
                        {words.polls_minutes_means()}
                    </p>
                </form>
            }
            .into_any()
        }
        Phase::Open => {
            let close = Signal::derive(move || {
                if closing.get() { words.polls_close_now() } else { words.polls_close() }.to_owned()
            });
            view! {
                <form method="post" action=address::api_of_poll(id, "/close")>
                    {hidden("next", desk.back_to(PART))}
                    <input type="hidden" name="seconds" value="0" disabled=move || !closing.get() />
                    <button class="main">
                        {icon(icons::CLOSE)}
                        {sentence(close)}
                    </button>
                </form>
                {longer(desk, id, 1)}
                {longer(desk, id, 5)}
                <p class="hint" hidden=move || closing.get()>
                    {words.polls_close_means()}
                </p>
            }
            .into_any()
        }
        Phase::Closed => {
            let reveal = form("/reveal", "main", icons::OPEN, words.polls_reveal());
            let again = form("/again", "", icons::REPLY, words.polls_again());
            view! { {reveal} {again} }.into_any()
        }
        Phase::Revealed => form("/again", "", icons::REPLY, words.polls_again()),
    }
}

/// More time: the server adds it to the end as it stands then. Where there is none, it ends after that time.
fn longer(desk: Desk, id: PollId, minutes: u32) -> AnyView {
    let words = desk.words;
    let endless = desk.of_poll(id, |view| Some(view.poll.as_ref()?.until.is_none()));
    let action = move || address::api_of_poll(id, if endless.get() { "/end" } else { "/extend" });
    let word =
        Signal::derive(move || if endless.get() { words.polls_ends_in(minutes) } else { words.polls_longer(minutes) });
    view! {
        <form method="post" action=action>
            {hidden("next", desk.back_to(PART))} {hidden("seconds", (minutes * 60).to_string())}
            <button>
                {icon(icons::WAIT)}
                {sentence(word)}
            </button>
        </form>
    }
    .into_any()
}

/// Making voting cards, and making them useless.
fn cards(desk: Desk, id: PollId) -> AnyView {
    let words = desk.words;
    let number = |name: &'static str, word: &'static str, max: &'static str, required: bool| {
        view! {
            <label class="short">
                {word}
                <input name=name type="number" min="1" max=max inputmode="numeric" required=required />
            </label>
        }
    };
    view! {
        <form class="line" method="post" action=address::api_of_poll(id, "/cards") target="_blank">
            <p class="hint">{words.polls_cards_means()}</p>
            {number("count", words.polls_cards_count(), "500", true)}
            {hidden("next", desk.back_to(PART))}
            <button>
                {icon(icons::ADD)}
                {words.polls_cards_go()}
            </button>
        </form>
        <form class="line" method="post" action=address::api_of_poll(id, "/cards/void")>
            <p class="hint">{words.polls_cards_void_means()}</p>
            {number("from", words.polls_cards_from(), "5000", true)}
            {number("to", words.polls_cards_to(), "5000", false)}
            {hidden("next", desk.back_to(PART))}
            <button class="danger">
                {icon(icons::CLOSE)}
                {words.polls_cards_void()}
            </button>
        </form>
    }
    .into_any()
}

/// Hands and paper ballots of the hall.
fn by_hand(desk: Desk, id: PollId) -> AnyView {
    let Desk { cx, words, poll_words, .. } = desk;
    let poll = desk
        .polls
        .details
        .with_untracked(|polls| polls.iter().find(|(have, _)| *have == id).and_then(|(_, view)| view.poll.clone()));
    let Some(poll) = poll else { return view! { <div hidden></div> }.into_any() };
    let question = poll.question.clone();
    let several = matches!(question.method, Method::Multiple { .. });
    let number = |name: String, word: String, max: u32, required: bool| {
        view! {
            <label class="count-row">
                <span dir="auto">{word}</span>
                <input name=name type="number" min="0" max=max.to_string() inputmode="numeric" required=required />
            </label>
        }
        .into_any()
    };
    let option = |at: usize| option_text(cx, poll_words, &question, at);
    let hands = question.method.by_votes().then(|| {
        let rows = (0..poll.options()).map(|at| number(mark(at), option(at), 100_000, false)).collect::<Vec<_>>();
        let people = several.then(|| number("people".to_owned(), words.polls_hands_people().to_owned(), 100_000, true));
        let few = (question.secrecy != Secrecy::Open)
            .then(|| view! { <p class="hint">{poll_words.know_few(&MIN_PART.to_string())}</p> }.into_any());
        view! {
            <details class="from">
                <summary>{words.polls_hands()}</summary>
                <form method="post" action=address::api_of_poll(id, "/hands")>
                    <p class="hint">{words.polls_hands_means()}</p>
                    {few}
                    {rows} {people} {hidden("next", desk.back_to(PART))}
                    <button>
                        {icon(icons::CHECK)}
                        {words.polls_hands_go()}
                    </button>
                </form>
                <form method="post" action=address::api_of_poll(id, "/hands")>
                    {hidden("none", "true".to_owned())} {hidden("next", desk.back_to(PART))}
                    <button class="quiet">
                        {icon(icons::CLOSE)}
                        {words.polls_hands_none()}
                    </button>
                </form>
            </details>
        }
    });
    let choose = |at: usize| {
        let kind = if several { "checkbox" } else { "radio" };
        view! {
            <label class="radio">
                <input type=kind name="option" value=at.to_string() required=!several />
                <span dir="auto">{option(at)}</span>
            </label>
        }
        .into_any()
    };
    let highest = question.method.highest(poll.options()).into();
    // An empty field would say that nobody minds.
    let every = question.method == Method::Resistance;
    let rows = (0..poll.options())
        .map(|at| if question.method.by_votes() { choose(at) } else { number(mark(at), option(at), highest, every) })
        .collect::<Vec<_>>();
    view! {
        <div class="by-hand">
            {hands}
            <details class="from">
                <summary>{words.polls_paper()}</summary>
                <form method="post" action=address::api_of_poll(id, "/paper")>
                    <fieldset>
                        <legend class="hint">{words.polls_paper_means()}</legend>
                        {rows}
                    </fieldset>
                    <label class="count-row">
                        <span>{words.polls_paper_count()}</span>
                        <input name="ballots" type="number" min="0" max="100000" inputmode="numeric" required />
                    </label>
                    {hidden("next", desk.back_to(PART))}
                    <button>
                        {icon(icons::CHECK)}
                        {words.polls_paper_go()}
                    </button>
                </form>
            </details>
        </div>
    }
    .into_any()
}
