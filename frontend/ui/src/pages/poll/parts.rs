//! What is shown of a poll wherever it is shown: the question, what counts, how many took part.

use leptos::prelude::*;
use stimmwerk_core::poll::{Electorate, MIN_PART, Phase, PollHeader, PollView, Question, Secrecy, Turnout, Weight};
use stimmwerk_core::tally::{Majority, Method, Quorum};
use stimmwerk_core::time::Timestamp;

use super::super::parts::texts;
use crate::clock;
use crate::cx::Cx;
use crate::view::{AnyView, IntoAny};
use crate::words::PollWords;

/// A poll as a page shows it.
#[derive(Clone, Copy)]
pub struct Shown {
    /// What every component needs.
    pub cx: Cx,
    /// The words of polls.
    pub words: PollWords,
    /// What the reader's audience sees.
    pub view: RwSignal<PollView>,
    /// The server's clock as last heard.
    pub clock: RwSignal<Timestamp>,
}

impl Shown {
    /// A poll that stands still.
    #[cfg(feature = "ssr")]
    pub fn still(cx: Cx, words: PollWords, view: &PollView, now: Timestamp) -> Self {
        Self { cx, words, view: RwSignal::new(view.clone()), clock: RwSignal::new(now) }
    }

    /// Something of the header, told apart from every other change.
    pub fn of_header<T: PartialEq + Default + Send + Sync + 'static>(
        self,
        what: impl Fn(&PollHeader) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.view.with(|view| view.poll.as_ref().map(&what).unwrap_or_default()))
    }

    /// Where it stands.
    pub fn phase(self) -> Memo<Phase> {
        self.of_header(|poll| poll.phase)
    }

    /// Which round this is.
    pub fn round(self) -> Memo<u32> {
        self.of_header(|poll| poll.round)
    }

    fn header(self) -> Memo<Option<PollHeader>> {
        Memo::new(move |_| self.view.with(|view| view.poll.clone()))
    }
}

/// A part that is drawn anew as a whole when what it shows has changed. What it draws is one element.
pub fn redrawn<T: Clone + PartialEq + Send + Sync + 'static>(
    shown: Memo<T>,
    draw: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    (move || draw(shown.get())).into_any()
}

/// An option of a ballot for this reader, labelled where it is in another language.
pub fn option(cx: Cx, words: PollWords, question: &Question, at: usize) -> AnyView {
    match question.options.get(at) {
        Some(option) if question.method != Method::YesNo => texts(cx.words, option),
        _ => view! { <span>{unlisted(words, question.method, at)}</span> }.into_any(),
    }
}

/// The same as a text.
pub fn option_text(cx: Cx, words: PollWords, question: &Question, at: usize) -> String {
    match question.options.get(at) {
        Some(option) if question.method != Method::YesNo => cx.words.pick(option).0.to_owned(),
        _ => unlisted(words, question.method, at).to_owned(),
    }
}

/// An option that is there without being listed.
fn unlisted(words: PollWords, method: Method, at: usize) -> &'static str {
    match (method, at) {
        (Method::YesNo, 0) => words.option_yes(),
        (Method::YesNo, 1) => words.option_no(),
        (Method::YesNo, _) => words.option_abstain(),
        _ => words.option_unchanged(),
    }
}

/// A round by its number.
pub fn round_name(words: PollWords, round: u32) -> String {
    words.round(&round.to_string())
}

/// What is asked, and where it stands.
pub fn question(shown: Shown) -> AnyView {
    let Shown { cx, words, .. } = shown;
    redrawn(shown.header(), move |poll| {
        let Some(poll) = poll else { return view! { <header class="head"></header> }.into_any() };
        let question = &poll.question;
        let kind = if question.weight == Weight::Binding { words.kind_binding() } else { words.kind_mood() };
        let note = question.note.as_ref().map(|note| view! { <p class="lead">{texts(cx.words, note)}</p> }.into_any());
        let round = (poll.round > 1)
            .then(|| view! { <span class="badge round">{round_name(words, poll.round)}</span> }.into_any());
        view! {
            <header class="head">
                <p class="kicker">
                    <span>{kind}</span>
                    {badge(words, poll.phase)}
                    {round}
                </p>
                <h1>{texts(cx.words, &question.title)}</h1>
                {note}
            </header>
        }
        .into_any()
    })
}

/// Where a poll stands, in a word.
pub fn phase_name(words: PollWords, phase: Phase) -> &'static str {
    match phase {
        Phase::Draft => words.phase_draft(),
        Phase::Open => words.phase_open(),
        Phase::Closed => words.phase_closed(),
        Phase::Revealed => words.phase_revealed(),
    }
}

/// The same as a badge.
pub fn badge(words: PollWords, phase: Phase) -> AnyView {
    let class = match phase {
        Phase::Draft => "badge locked",
        Phase::Open => "badge open",
        Phase::Closed | Phase::Revealed => "badge closed",
    };
    view! { <span class=class>{phase_name(words, phase)}</span> }.into_any()
}

/// How many took part, in words.
pub fn turnout(shown: Shown) -> AnyView {
    let turnout = Memo::new(move |_| {
        shown.view.with(|view| (view.turnout, view.poll.as_ref().is_some_and(|poll| poll.phase == Phase::Open)))
    });
    redrawn(turnout, move |(turnout, open)| {
        view! { <p class="facts turnout">{turnout_words(shown.words, turnout, open)}</p> }.into_any()
    })
}

fn turnout_words(words: PollWords, turnout: Turnout, open: bool) -> AnyView {
    let all = turnout.online + turnout.hands + turnout.paper;
    let mut text = if open { words.turnout_so_far(all) } else { words.turnout_votes(all) };
    if let Some(entitled) = turnout.entitled {
        text.push(' ');
        text.push_str(&words.turnout_cards(entitled));
    }
    let part = |number: u32, word: String| (number > 0).then(|| view! { <span>{word}</span> }.into_any());
    view! {
        <span class="count">{text}</span>
        {part(turnout.hands, words.turnout_hands(&turnout.hands.to_string()))}
        {part(turnout.paper, words.turnout_paper(&turnout.paper.to_string()))}
    }
    .into_any()
}

/// Who votes, how secret it is, what it is for, by which rule, and until when: said before anybody votes, and beside
/// the result.
pub fn know(shown: Shown) -> AnyView {
    let Shown { cx, words, clock, .. } = shown;
    redrawn(shown.header(), move |poll| {
        let lines = poll.map(|poll| facts(cx, words, &poll, Some(clock.get_untracked()))).unwrap_or_default();
        let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect::<Vec<_>>();
        view! {
            <section class="notice know" aria-labelledby="know">
                <h2 id="know">{words.know_title()}</h2>
                <ul>{lines}</ul>
            </section>
        }
        .into_any()
    })
}

/// What [`know`] says, a line each. Without `now` it is kept, and its dates are full ones.
pub fn facts(cx: Cx, words: PollWords, poll: &PollHeader, now: Option<Timestamp>) -> Vec<String> {
    let question = &poll.question;
    let mut lines = Vec::new();
    let mut say = |line: &str| lines.push(line.to_owned());
    say(match question.electorate {
        Electorate::Devices => words.know_devices(),
        Electorate::Accounts => words.know_accounts(),
        Electorate::Delegates => words.know_delegates(),
        Electorate::Cards => words.know_cards(),
    });
    match question.secrecy {
        Secrecy::Open => say(words.know_open()),
        Secrecy::Confidential => say(words.know_confidential()),
        Secrecy::Secret => {
            say(words.know_secret());
            say(words.know_secret_limit());
        }
    }
    if question.secrecy != Secrecy::Open {
        say(&words.know_few(&MIN_PART.to_string()));
    }
    if matches!(poll.phase, Phase::Draft | Phase::Open) {
        say(match (question.electorate, question.secrecy) {
            (Electorate::Cards, _) => words.know_card_once(),
            (_, Secrecy::Secret) => words.know_no_change(),
            _ => words.know_change(),
        });
    }
    say(if question.weight == Weight::Binding { words.know_binding() } else { words.know_mood() });
    say(&rule(words, question));
    match question.quorum {
        None => {}
        Some(Quorum::Ballots(ballots)) => say(&words.rule_quorum(ballots)),
        Some(Quorum::Percent(percent)) => say(&words.rule_quorum_percent(&percent.to_string())),
    }
    match poll.until {
        Some(until) => say(&words.know_until(&moment(cx, until, now))),
        None if poll.phase == Phase::Open => say(words.know_no_end()),
        None => {}
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// What must be reached, and of what, in a sentence or two; nothing where the most of anything is enough.
pub fn rule(words: PollWords, question: &Question) -> String {
    let yes_no = question.method == Method::YesNo;
    let (sentence, abstentions) = match question.majority {
        Majority::Simple if yes_no => (words.rule_simple(), words.rule_without()),
        Majority::Simple => return String::new(),
        Majority::Absolute => (words.rule_absolute(), words.rule_with()),
        Majority::TwoThirds => (words.rule_two_thirds(), words.rule_without()),
        Majority::Entitled => return words.rule_entitled().to_owned(),
    };
    if yes_no { [sentence, " ", abstentions].concat() } else { sentence.to_owned() }
}

/// A moment as a reader at `now` needs it; without, in full.
pub fn moment(cx: Cx, at: Timestamp, now: Option<Timestamp>) -> String {
    cx.zone.with_value(|zone| clock::moment(cx.words, zone, at, now.map(|now| clock::day(zone, now))))
}

/// What somebody chose: the options with their marks in words.
pub fn chosen(cx: Cx, words: PollWords, question: &Question, marks: &[u8]) -> AnyView {
    let said = |at: usize, mark: u8| -> Option<String> {
        Some(match question.method {
            Method::Single | Method::Multiple { .. } | Method::YesNo if mark > 0 => String::new(),
            Method::Dots { .. } if mark > 0 => words.number_points(mark.into()),
            Method::Scale { .. } if mark > 0 => mark.to_string(),
            Method::Resistance => mark.to_string(),
            Method::Ranking if mark > 0 => words.option_place(&mark.to_string()),
            _ => return None,
        })
        .filter(|_| at < marks.len())
    };
    let mut rows: Vec<(usize, u8)> = marks.iter().copied().enumerate().collect();
    if question.method == Method::Ranking {
        rows.sort_by_key(|(_, mark)| *mark);
    }
    let rows = rows.into_iter().filter_map(|(at, mark)| {
        let mark = said(at, mark)?;
        let mark = (!mark.is_empty()).then(|| view! { <span class="mark-of">": " {mark}</span> }.into_any());
        Some(view! { <li>{option(cx, words, question, at)} {mark}</li> }.into_any())
    });
    let rows = rows.collect::<Vec<_>>();
    // What has no place has one all the same: it is said which.
    let without = |mark: &u8| question.method == Method::Ranking && *mark == 0;
    let rest = marks.iter().enumerate().filter(|(_, mark)| without(mark)).map(|(at, _)| {
        view! { <li>{option(cx, words, question, at)} <span class="mark-of">": " {words.option_no_place()}</span></li> }
            .into_any()
    });
    let rest = rest.collect::<Vec<_>>();
    let means = (!rest.is_empty()).then(|| view! { <li class="hint">{words.rank_rest()}</li> }.into_any());
    view! { <ul class="chosen">{rows} {rest} {means}</ul> }.into_any()
}
