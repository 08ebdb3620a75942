//! What the hall sees. The server draws it and a small script fetches it again when something has changed, so there is
//! no program here that could tire over an evening.
//!
//! User text is plain, and nothing can be pressed but the button for the full screen, which stands outside.

use leptos::prelude::*;
use stimmwerk_core::forum::{AuthorView, FloorEntryView, FloorView, SpeakingView};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::poll::{Phase, PollHeader, PollView};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::time::Timestamp;

use super::charts::{self, Charted};
use super::forum::entry_name;
use super::parts::{icon, icons, role};
use super::poll::parts::{moment, option_text, round_name};
use crate::clock::minutes_and_seconds;
use crate::cx::Cx;
use crate::page::{Document, Frame, Look, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, PollWords, Words};

/// So many people of the speaking list are shown beside the one who speaks.
const NEXT: usize = 5;
/// What ends later than this is told by the clock, in milliseconds.
const COUNTDOWN_MS: i64 = 60 * 60 * 1_000;
/// From so many options on they stand in two columns.
const TWO_COLUMNS: usize = 7;

/// What every stage needs.
#[derive(Clone, Copy)]
struct Hall {
    cx: Cx,
    document: DocumentWords,
    polls: PollWords,
    now: Timestamp,
}

/// A stage: its class, what it shows, and what stands beside the way in.
struct Set {
    class: &'static str,
    content: AnyView,
    beside: AnyView,
}

/// `/screen/{token}`: what the hall sees. A small script fetches the page again whenever something on it has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenPage {
    /// The stream of the forum, to be told of changes.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// The title of the forum.
    pub title: Texts,
    /// What is on.
    pub shows: OnStage,
    /// How to join; `None` while nobody new comes in.
    pub join: Option<WayIn>,
    /// How many are here.
    pub people: u32,
    /// The clock when the page was made.
    pub now: Timestamp,
    /// Light on a dark ground.
    pub look: Look,
}

/// What the hall sees, as everyone who joined may see it.
#[derive(Clone, Debug, PartialEq)]
pub enum OnStage {
    /// Nothing.
    Off,
    /// The title, and how to join.
    Welcome,
    /// A topic.
    Topic(Texts),
    /// A poll.
    Poll(Box<PollOnStage>),
    /// The speaking list.
    Speaking(FloorView),
    /// Single contributions.
    Quotes(Vec<Quote>),
}

/// A poll the hall sees.
#[derive(Clone, Debug, PartialEq)]
pub struct PollOnStage {
    /// Its stream, to be told of changes.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What everyone who joined sees.
    pub view: PollView,
}

/// A contribution the hall sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// Who wrote it, or said it.
    pub author: AuthorView,
    /// It was said in the hall.
    pub hall: bool,
    /// The words without markup.
    pub text: String,
    /// The language of the words, if it is known.
    pub lang: Option<Lang>,
}

/// How people in the hall come in.
#[derive(Clone, Debug, PartialEq)]
pub struct WayIn {
    /// Where the code is typed, as one types it.
    pub address: String,
    /// The code to be typed.
    pub spoken: String,
    /// The link as a QR picture (SVG markup).
    pub picture: String,
}

impl Document for ScreenPage {
    fn title(&self, reader: Reader<'_>) -> String {
        format!("{}: {}", DocumentWords::of(reader.lang).screen_title(), Words::of(reader.lang).pick(&self.title).0)
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        screen(cx, DocumentWords::of(reader.lang), PollWords::of(reader.lang), self.clone())
    }

    fn frame(&self) -> Frame {
        Frame { stage: Some(self.look), ..Frame::default() }
    }
}

fn screen(cx: Cx, document: DocumentWords, polls: PollWords, page: ScreenPage) -> AnyView {
    let ScreenPage { stream, seq, title, shows, join, people, now, .. } = page;
    let hall = Hall { cx, document, polls, now };
    let small = join.as_ref().filter(|_| !matches!(shows, OnStage::Off | OnStage::Welcome));
    let small = small.map(|join| way_in(hall, join));
    let Set { class, content, beside } = match shows {
        OnStage::Off => {
            let title = said(cx.words, &title);
            bare("stage off", view! { <h1 class="sr">{title}</h1> }.into_any())
        }
        OnStage::Welcome => welcome(hall, &title, join.as_ref(), people),
        OnStage::Topic(topic) => {
            let content = view! {
                <p class="kicker">{document.screen_topic()}</p>
                <h1>{said(cx.words, &topic)}</h1>
            };
            bare("stage subject", content.into_any())
        }
        OnStage::Poll(poll) => on_poll(hall, &poll),
        OnStage::Speaking(floor) => speaking(hall, &floor),
        OnStage::Quotes(quotes) => bare("stage quotes", contributions(hall, quotes)),
    };
    view! {
        <section class=class data-stream=stream.to_string() data-seq=seq.to_string() data-now=now.0.to_string()>
            <div class="content">{content}</div>
            <footer class="foot">
                <div class="beside">{beside}</div>
                {small}
            </footer>
        </section>
    }
    .into_any()
}

/// A stage with nothing beside the way in.
fn bare(class: &'static str, content: AnyView) -> Set {
    Set { class, content, beside: ().into_any() }
}

/// A text in several languages for the hall, without a word on which language it is in.
fn said(words: Words, texts: &Texts) -> AnyView {
    let (text, other) = words.pick(texts);
    view! {
        <span lang=other.map(|lang| lang.as_str().to_owned()) dir="auto">
            {text.to_owned()}
        </span>
    }
    .into_any()
}

/// The title, and how to join, as large as it goes.
fn welcome(hall: Hall, title: &Texts, join: Option<&WayIn>, people: u32) -> Set {
    let Hall { cx, document, .. } = hall;
    let here = {
        let text = document.screen_here(people);
        view! { <p class="here" data-people=people.to_string() hidden=people == 0>{icon(icons::PEOPLE)} <span>{text}</span></p> }.into_any()
    };
    let way = join.map(|join| {
        view! {
            <div class="ways-in">
                {picture(hall, join)}
                <div class="typed">
                    <p class="how">{document.screen_scan()}</p>
                    <p class="address" dir="ltr" translate="no">
                        {join.address.clone()}
                    </p>
                    <p class="how">{document.screen_code()}</p>
                    {code(join)}
                </div>
            </div>
        }
        .into_any()
    });
    let content = view! {
        <h1>{said(cx.words, title)}</h1>
        {way}
    };
    Set { class: "stage welcome", content: content.into_any(), beside: here }
}

/// How to join, in the corner of everything else.
fn way_in(hall: Hall, join: &WayIn) -> AnyView {
    view! {
        <div class="way-in">
            <div class="typed">
                <p class="address" dir="ltr" translate="no">
                    {join.address.clone()}
                </p>
                {code(join)}
            </div>
            {picture(hall, join)}
        </div>
    }
    .into_any()
}

fn picture(hall: Hall, join: &WayIn) -> AnyView {
    let drawn = join.picture.clone();
    let none = drawn.is_empty();
    view! { <div class="qr" role="img" aria-label=hall.document.screen_picture() hidden=none inner_html=drawn></div> }
        .into_any()
}

/// The code in groups of four.
fn code(join: &WayIn) -> AnyView {
    let letters: Vec<char> = join.spoken.chars().filter(|c| c.is_alphanumeric()).collect();
    let groups = letters.chunks(4).map(|group| {
        let group: String = group.iter().collect();
        view! { <span class="group">{group}" "</span> }.into_any()
    });
    let groups = groups.collect::<Vec<_>>();
    view! {
        <p class="code" dir="ltr" translate="no">
            {groups}
        </p>
    }
    .into_any()
}

/// A poll: the question, and what there is to say of it now.
fn on_poll(hall: Hall, on: &PollOnStage) -> Set {
    let Hall { cx, polls, .. } = hall;
    let PollOnStage { stream, seq, view } = on;
    let Some(poll) = &view.poll else { return bare("stage poll", ().into_any()) };
    let charted = Charted::of(view);
    let (kicker, body) = match (&charted, poll.phase) {
        (Some(charted), phase) => {
            let title = if phase == Phase::Open { polls.result_running() } else { polls.result_title() };
            (Some(title), charts::picture(cx, polls, charted))
        }
        (None, Phase::Closed) => (None, view! { <p class="calm">{polls.state_closed()}</p> }.into_any()),
        (None, _) => (None, options(hall, poll)),
    };
    let round = (poll.round > 1).then(|| round_name(polls, poll.round));
    let kicker: Vec<String> = kicker.map(str::to_owned).into_iter().chain(round).collect();
    let kicker = (!kicker.is_empty()).then(|| view! { <p class="kicker">{kicker.join(" · ")}</p> }.into_any());
    let content = view! {
        <div class="asked" data-stream=stream.to_string() data-seq=seq.to_string()>
            {kicker}
            <h1>{said(cx.words, &poll.question.title)}</h1>
            {body}
        </div>
    };
    Set { class: "stage poll", content: content.into_any(), beside: turnout(hall, poll, view) }
}

/// What one can choose.
fn options(hall: Hall, poll: &PollHeader) -> AnyView {
    let Hall { cx, polls, .. } = hall;
    let all = (0..poll.options()).map(|at| {
        let option = poll.question.options.get(at);
        let option = match option {
            Some(texts) => said(cx.words, texts),
            None => view! { <span>{option_text(cx, polls, &poll.question, at)}</span> }.into_any(),
        };
        view! { <li>{option}</li> }.into_any()
    });
    let all = all.collect::<Vec<_>>();
    let many = all.len() >= TWO_COLUMNS;
    view! { <ul class="options" class:many=many>{all}</ul> }.into_any()
}

/// How many voted, and for how long one still can.
fn turnout(hall: Hall, poll: &PollHeader, view: &PollView) -> AnyView {
    let Hall { cx, document, polls, now } = hall;
    let turnout = view.turnout;
    let all = turnout.online + turnout.hands + turnout.paper;
    let entitled =
        turnout.entitled.map(|entitled| view! { <span class="of">{polls.turnout_cards(entitled)}</span> }.into_any());
    let until = poll.until.filter(|_| poll.phase == Phase::Open);
    let end = until.map(|until| match until.0 - now.0 {
        left if left > COUNTDOWN_MS => {
            view! { <p class="end">{polls.know_until(&moment(cx, until, Some(now)))}</p> }.into_any()
        }
        _ => countdown(hall, until),
    });
    view! {
        <p class="turnout">
            <span class="voted">{document.screen_voted(all)}</span>
            {entitled}
        </p>
        {end}
    }
    .into_any()
}

/// The time that is left. The script goes on counting; once it is over, its words take the place of the number.
fn countdown(hall: Hall, until: Timestamp) -> AnyView {
    let Hall { document, polls, now, .. } = hall;
    let left = (until.0 - now.0).max(0);
    let sentence = document.screen_left("\u{1}");
    let (before, after) = sentence.split_once('\u{1}').unwrap_or((&sentence, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    // Rounded up: nobody reads 0:00 while there is time.
    view! {
        <p class="countdown" class:over=left == 0 data-until=until.0.to_string()>
            <span class="left" role="timer">
                {before}
                <bdi class="clock">{minutes_and_seconds((left + 999) / 1_000)}</bdi>
                {after}
            </span>
            <span class="done">{polls.end_over()}</span>
        </p>
    }
    .into_any()
}

/// Who speaks, and who is next.
fn speaking(hall: Hall, floor: &FloorView) -> Set {
    let Hall { document, .. } = hall;
    let now = if let Some(SpeakingView { entry, since, seconds }) = &floor.speaking {
        let until = since.plus_ms(i64::from(*seconds) * 1_000);
        view! {
            <div class="speaks">
                <p class="kicker">{document.screen_speaks()}</p>
                <h1>{person(hall, entry)}</h1>
                {place(hall, entry)}
                {countdown(hall, until)}
            </div>
        }
        .into_any()
    } else {
        let word = if floor.entries.is_empty() { document.screen_list() } else { document.screen_nobody() };
        view! {
            <div class="speaks">
                <h1>{word}</h1>
            </div>
        }
        .into_any()
    };
    let next = floor.entries.iter().take(NEXT).map(|entry| {
        view! {
            <li>
                <span class="name">{person(hall, entry)}</span>
                {place(hall, entry)}
            </li>
        }
        .into_any()
    });
    let next = next.collect::<Vec<_>>();
    let more = floor.entries.len().saturating_sub(NEXT) as u32;
    let more = (more > 0).then(|| view! { <p class="more">{document.screen_more(more)}</p> }.into_any());
    let queue = (!next.is_empty()).then(|| {
        view! {
            <div class="next">
                <h2>{document.screen_next()}</h2>
                <ol>{next}</ol>
                {more}
            </div>
        }
        .into_any()
    });
    let ask = floor.open.then(|| view! { <p class="ask">{document.screen_ask()}</p> }.into_any());
    let content = view! {
        {now}
        {queue}
    };
    Set { class: "stage speaking", content: content.into_any(), beside: ask.into_any() }
}

/// The name of somebody on the list.
fn person(hall: Hall, entry: &FloorEntryView) -> AnyView {
    let name = entry_name(hall.cx.words, entry, hall.document.screen_someone());
    view! { <bdi>{name}</bdi> }.into_any()
}

/// Where somebody speaks from.
fn place(hall: Hall, entry: &FloorEntryView) -> AnyView {
    let document = hall.document;
    let (class, picture, word) = if entry.hall {
        ("side in-hall", icons::TALK, document.screen_hall())
    } else {
        ("side online", icons::GLOBE, document.screen_online())
    };
    let interpreted = entry
        .interpreted
        .then(|| view! { <span class="side interpreted">{document.screen_interpreted()}</span> }.into_any());
    view! {
        <span class="sides">
            <span class=class>{icon(picture)} <span>{word}</span></span>
            {interpreted}
        </span>
    }
    .into_any()
}

/// What was written, or said in the hall.
fn contributions(hall: Hall, quotes: Vec<Quote>) -> AnyView {
    let Hall { cx, document, .. } = hall;
    let several = quotes.len() > 1;
    let quotes = quotes.into_iter().map(|quote| {
        let Quote { author: AuthorView { name, number, role: badge, .. }, hall, text, lang } = quote;
        let name = match name {
            Some(name) => name.to_string(),
            None if hall => document.screen_someone().to_owned(),
            None => cx.words.site_guest_number(&number.to_string()),
        };
        let badge = badge.map(|badge| view! { <span class="badge">{role(cx.words, badge)}</span> }.into_any());
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let lines = lines.map(|line| view! { <p dir="auto">{line.to_owned()}</p> }.into_any()).collect::<Vec<_>>();
        view! {
            <figure class="quote">
                <blockquote lang=lang.map(|lang| lang.as_str().to_owned())>{lines}</blockquote>
                <figcaption>
                    <bdi>{name}</bdi>
                    {badge}
                </figcaption>
            </figure>
        }
        .into_any()
    });
    let quotes = quotes.collect::<Vec<_>>();
    view! {
        <h1 class="sr">{document.screen_quotes()}</h1>
        <div class="all" class:several=several>
            {quotes}
        </div>
    }
    .into_any()
}
