//! What staff did in a forum, as sentences, newest first.

use leptos::prelude::*;
use stimmwerk_core::forum::{Did, Mode, Waiting};

use super::moderation::reason;
use super::parts::{icon, icons, texts};
use crate::address;
use crate::board::Cx;
use crate::clock;
use crate::data::{LogPage, Logged};
use crate::view::{AnyView, IntoAny};
use crate::words::StaffWords;

/// Stands for the name of who did something until the sentence is cut there: no text of ours holds it.
const WHO: char = '\u{1}';
/// See [`WHO`]: of whom it was done to.
const WHOM: char = '\u{2}';

/// See [`crate::data::PageKind::Log`].
pub fn log(cx: Cx, words: StaffWords, page: LogPage) -> AnyView {
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
