//! What staff did in a forum, as sentences, newest first.

use leptos::prelude::*;
use stimmwerk_core::forum::{ActView, Did, Mode, Waiting};
use stimmwerk_core::live::Seq;

use super::moderation::reason;
use super::parts::{icon, icons, texts};
use super::place::Place;
use crate::address;
use crate::clock;
use crate::cx::Cx;
use crate::page::{Document, Frame, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{StaffWords, Words};

/// Stands for the name of who did something until the sentence is cut there: no text of ours holds it.
const WHO: char = '\u{1}';
/// See [`WHO`]: of whom it was done to.
const WHOM: char = '\u{2}';

/// `/f/{forum}/log`: what staff did, for moderators.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPage {
    /// The forum.
    pub place: Place,
    /// What staff did, newest first.
    pub acts: Vec<Logged>,
    /// There is more before this number (query `before`).
    pub older: Option<Seq>,
}

/// Something staff did, with the names people have now.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// What.
    pub act: ActView,
    /// What they are called who did it.
    pub name: Option<String>,
    /// What they are called whom it was done to, where it was a person.
    pub person: Option<String>,
}

impl Document for LogPage {
    fn title(&self, reader: Reader<'_>) -> String {
        format!("{}: {}", StaffWords::of(reader.lang).log(), Words::of(reader.lang).pick(&self.place.forum.title).0)
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        log(cx, StaffWords::of(reader.lang), self.clone())
    }

    fn frame(&self) -> Frame {
        Frame { of_staff: true, ..Frame::default() }
    }
}

fn log(cx: Cx, words: StaffWords, page: LogPage) -> AnyView {
    let LogPage { place, acts, older } = page;
    let mut forum = String::from("/f/");
    forum.push_str(&place.forum.id.to_string());
    let today = cx.zone.with_value(|zone| clock::day(zone, place.now));
    let row = |logged: &Logged| {
        let act = &logged.act;
        let when = act.at.map(|at| {
            let text = cx.zone.with_value(|zone| clock::moment(cx.words, zone, at, Some(today)));
            view! { <time datetime=clock::iso(at)>{text}</time> }
        });
        let link =
            act.contribution.map(|id| view! { <a href=address::thread(place.forum.id, id)>{words.log_link()}</a> });
        view! { <li>{when} <span class="did">{sentence(words, logged)} " " {link}</span></li> }
    };
    let empty = acts.is_empty();
    let newest = cx.path.with_value(|path| path.contains("before=")).then(|| {
        let href = format!("{forum}/log");
        view! {
            <a class="button" href=href>
                {icon(icons::UP)}
                {words.log_newest()}
            </a>
        }
    });
    let older = older.map(|seq| {
        let href = format!("{forum}/log?before={seq}");
        view! {
            <p class="older">
                <a class="button" rel="next" href=href>
                    {icon(icons::DOWN)}
                    {words.log_older()}
                </a>
            </p>
        }
    });
    view! {
        <div class="staff-page log">
            <header class="head">
                <p class="kicker">{icon(icons::STAFF)} {words.log()}</p>
                <h1>{texts(cx.words, &place.forum.title)}</h1>
                <p class="lead">{words.log_lead()}</p>
                <nav class="ways" aria-label=words.ways()>
                    <a class="button" href=format!("{forum}/moderation")>
                        {words.title()}
                    </a>
                    <a class="button" href=forum.clone()>
                        {words.to_forum()}
                    </a>
                    <a class="button" href=format!("{forum}/record")>
                        {words.to_record()}
                    </a>
                </nav>
            </header>
            {newest}
            <p class="empty" hidden=!empty>
                {words.log_empty()}
            </p>
            <ol class="acts-log">{acts.iter().map(row).collect_view()}</ol>
            {older}
        </div>
    }
    .into_any()
}

/// What was done, by `who`.
pub fn told(words: StaffWords, did: Did, who: &str) -> String {
    match did {
        Did::Titled => words.log_titled(who),
        Did::TopicAdded => words.log_topic_added(who),
        Did::Spoken => words.log_spoken(who),
        Did::Approved => words.log_approved(who),
        Did::Hidden { reason: why } => words.log_hidden(reason(words, why), who),
        Did::ChangeRefused => words.log_change_refused(who),
        Did::Restored => words.log_restored(who),
        Did::PutBack => words.log_put_back(who),
        Did::Dismissed => words.log_dismissed(who),
        Did::AppealRejected => words.log_appeal_rejected(who),
        Did::NameReset => words.log_name_reset(who),
        Did::ShutOut => words.log_shut_out(WHOM.encode_utf8(&mut [0; 4]), who),
        Did::LetIn => words.log_let_in(WHOM.encode_utf8(&mut [0; 4]), who),
        Did::Erased => words.log_erased(who),
        Did::StateSet { mode: Mode::Open } => words.log_opened(who),
        Did::StateSet { mode: Mode::Slow { seconds } } => words.log_slowed(seconds, who),
        Did::StateSet { mode: Mode::Locked } => words.log_locked(who),
        Did::StateSet { mode: Mode::Closed } => words.log_closed(who),
        Did::WaitingSet { waiting } => {
            let rule = match waiting {
                Waiting::None => words.waiting_none(),
                Waiting::FirstOfGuest => words.waiting_first(),
                Waiting::All => words.waiting_all(),
            };
            words.log_waiting_set(rule, who)
        }
        Did::Summarised => words.log_summarised(who),
        Did::HallCounted => words.log_hall_counted(who),
        Did::FloorGiven => words.log_floor_given(who),
        Did::FloorDropped => words.log_floor_dropped(who),
        Did::FloorPinned => words.log_floor_pinned(who),
        Did::FloorUnpinned => words.log_floor_unpinned(who),
        Did::Staged => words.log_staged(who),
        Did::PollOpened { .. } => words.log_poll_opened(who),
        Did::PollClosed { .. } => words.log_poll_closed(who),
        Did::PollRevealed { .. } => words.log_poll_revealed(who),
    }
}

/// Who did what, to whom. A name is never part of the words: it stands in an element of its own.
fn sentence(words: StaffWords, logged: &Logged) -> AnyView {
    let text = told(words, logged.act.did, WHO.encode_utf8(&mut [0; 4]));
    let named = |name: &Option<String>, otherwise: &'static str| match name {
        Some(name) => view! { <bdi class="author">{name.clone()}</bdi> }.into_any(),
        None => view! { <span class="author">{otherwise}</span> }.into_any(),
    };
    let nobody = if logged.act.by.is_some() { words.log_nameless() } else { words.log_program() };
    let part = |part: &str| {
        let name = match part.chars().last() {
            Some(WHO) => Some(named(&logged.name, nobody)),
            Some(WHOM) => Some(named(&logged.person, words.log_whom_nameless())),
            _ => None,
        };
        view! {
            {part.trim_end_matches([WHO, WHOM]).to_owned()}
            {name}
        }
    };
    text.split_inclusive([WHO, WHOM]).map(part).collect_view().into_any()
}
