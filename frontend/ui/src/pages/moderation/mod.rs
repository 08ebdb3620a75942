//! The desk of a forum's moderators: what waits, what asks for a look, the rules, and the way in. It is worked with by
//! thumb, in front of a full hall: a press is one press, the next thing stands where the last one stood, and for a moment
//! a press can be taken back.

mod attention;
mod countdown;
mod device;
mod floor;
mod hall;
mod order;
mod polls;
#[cfg(feature = "ssr")]
mod prepare;
mod queue;
mod settings;
mod stage;
mod team;
#[cfg(test)]
mod tests;
mod undo;

use std::rc::Rc;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
#[cfg(any(feature = "hydrate", test))]
use stimmwerk_core::forum::Stage as Shown;
use stimmwerk_core::forum::{AuthorView, ContributionView, ForumCommand, HideReason};
use stimmwerk_core::ids::{ContributionId, ParticipantId, PollId, ProcessId};
use stimmwerk_core::poll::PollView;
use stimmwerk_core::time::Timestamp;

use super::forum::board::{Board, Pending};
use super::forum::{
    ForumPage, Row, at, author, author_name, connection, facts, list, live_board, on_its_way, text, voices, when,
};
use super::parts::{area_html, each, hidden, icon, icons, refusal, sentence, texts};
use crate::address::{self, ForumPlace};
use crate::command::wire;
use crate::cx::Cx;
use crate::data::Me;
use crate::dom;
use crate::live::Link;
use crate::live::{BOUNCE_MS, Failure, Stage};
use crate::page::LivePage;
use crate::utterance::say;
use crate::view::{AnyView, IntoAny};
#[cfg(feature = "ssr")]
use crate::words::Words;
use crate::words::{PollWords, StaffWords};
use floor::FloorPanel;
use order::leaves;
use polls::PollsPanel;
#[cfg(feature = "ssr")]
pub use prepare::PreparePage;
use queue::WaitingPanel;
use settings::SettingsPanel;
use stage::StagePanel;
use team::TeamPanel;
use undo::{Done, UNDO_MS, UndoPanel, What};

/// How often polls are asked for in which people vote, and those that moved on unseen, in seconds.
#[cfg(feature = "hydrate")]
const LOOK_SECONDS: i64 = 2;

/// What this page's components need: what all of them share, and a state for each panel.
#[derive(Clone, Copy)]
struct Desk {
    cx: Cx,
    words: StaffWords,
    poll_words: PollWords,
    board: Board,
    place: ForumPlace,
    process: ProcessId,
    /// Who looks.
    me: Option<ParticipantId>,
    /// May they delete for good?
    admin: bool,
    /// The server's clock, as well as the browser knows it. It moves every second.
    now: RwSignal<Timestamp>,
    keys: KeysPanel,
    waiting: WaitingPanel,
    undo: UndoPanel,
    polls: PollsPanel,
    stage: StagePanel,
    floor: FloorPanel,
    team: TeamPanel,
    settings: SettingsPanel,
}

/// The state of the keys.
#[derive(Clone, Copy)]
struct KeysPanel {
    /// Where the keys are.
    current: RwSignal<Option<Spot>>,
    /// Do single keys mean something?
    on: RwSignal<bool>,
    /// When something was pressed last, by a key or not.
    pressed_at: StoredValue<i64>,
}

/// A thing on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    id: ContributionId,
    /// In the queue; otherwise among what asks for a look.
    waits: bool,
}

impl Spot {
    /// The id of its element.
    fn anchor(self) -> String {
        let mut anchor = String::from(if self.waits { "q-" } else { "r-" });
        anchor.push_str(&self.id.to_string());
        anchor
    }
}

/// `/f/{forum}/moderation`, for moderators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeskPage {
    /// The forum as its staff see it.
    pub forum: ForumPage,
    /// The spoken code of the process and the join link.
    pub codes: Option<Codes>,
    /// How the newest polls of the forum stand.
    pub polls: Vec<(PollId, PollView)>,
}

/// How people come in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Codes {
    /// To be said aloud.
    pub spoken: String,
    /// For a message.
    pub url: String,
    /// The same as a QR picture (SVG markup).
    pub picture: String,
}

impl LivePage for DeskPage {
    const PROGRAM: &'static str = "desk";
    const OF_STAFF: bool = true;
    type Words = (StaffWords, PollWords);

    #[cfg(feature = "ssr")]
    fn title(&self, words: Words, (staff, _): (StaffWords, PollWords)) -> String {
        format!("{}: {}", staff.title(), words.pick(&self.forum.view.forum.title).0)
    }

    fn draw(self, cx: Cx, words: (StaffWords, PollWords), me: Option<Me>) -> AnyView {
        moderation(cx, words, self, me)
    }
}

fn moderation(cx: Cx, words: (StaffWords, PollWords), desk_page: DeskPage, me: Option<Me>) -> AnyView {
    let page = &desk_page.forum;
    let board = live_board(cx, page);
    let place = ForumPlace {
        forum: page.view.forum.id,
        moderation: true,
        topic: page.view.window.topic,
        before: cx.path.with_value(|path| address::parameter(path, "before").and_then(|before| before.parse().ok())),
    };
    let desk = Desk::new(cx, words, board, place, &desk_page, me.as_ref());
    let words = desk.words;
    #[cfg(feature = "hydrate")]
    desk.live();
    let contributions = address::api(place.forum, "/contributions");
    let (hall, topics) = (hall::hall(desk, page), settings::topics(desk, page));
    view! {
        <div class="desk" on:submit=move |event| desk.submit(&event)>
            <header class="head">
                <p class="kicker">{icon(icons::STAFF)} {words.title()}</p>
                <h1>{texts(cx.words, &page.view.forum.title)}</h1>
                <p class="facts">{facts(cx, board)}</p>
                {connection(cx, board)}
                {ways(desk)}
            </header>
            <div class="work">
                {refusal(cx, move |refused| refused.action == contributions)}
                {settings::states(desk)}
                {queue::queue(desk)}
                {attention::attention(desk)}
                {polls::polls(desk)}
                {floor::floor(desk)}
                {hall}
                {on_its_way(cx, board, hall::TEXT)}
                {list(cx, board, place, words.list(), move |row| listed(desk, row))}
            </div>
            <aside class="side">
                {stage::stage(desk)}
                {desk_page.codes.map(|codes| settings::invite(desk, codes))}
                {settings::rule(desk)}
                {topics}
                {help(desk)}
            </aside>
            {bar(desk)}
            {countdown::countdown(desk)}
            {voices(cx, board)}
        </div>
    }
    .into_any()
}

impl Desk {
    fn new(
        cx: Cx,
        (words, poll_words): (StaffWords, PollWords),
        board: Board,
        place: ForumPlace,
        desk_page: &DeskPage,
        me: Option<&Me>,
    ) -> Self {
        let page = &desk_page.forum;
        let desk = Self {
            cx,
            words,
            poll_words,
            board,
            place,
            process: page.view.forum.process,
            me: me.and_then(|me| me.participant),
            admin: me.is_some_and(|me| me.admin),
            now: RwSignal::new(page.now),
            keys: KeysPanel {
                current: RwSignal::new(None),
                on: RwSignal::new(true),
                pressed_at: StoredValue::new(i64::MIN / 2),
            },
            waiting: WaitingPanel::new(board),
            undo: UndoPanel::new(),
            polls: PollsPanel::new(&desk_page.polls),
            stage: StagePanel::new(board),
            floor: FloorPanel::new(),
            team: TeamPanel::new(),
            settings: SettingsPanel::new(desk_page.codes.as_ref()),
        };
        desk.keep_refused();
        board.ear.set_value(Some(Rc::new(move |one| desk.answered(one))));
        desk
    }

    /// What a form of this page brought along that was refused.
    fn keep_refused(self) {
        let Some(refused) = self.cx.refused.get_value() else { return };
        let field = |name: &str| refused.fields.get(name).cloned().unwrap_or_default();
        self.settings.title.set(field("title"));
        self.floor.name.set(field("name"));
        self.board.composer.hall.set(field("hall"));
        if let Some(id) = refused.action.rsplit('/').nth(1).and_then(|id| id.parse().ok()) {
            self.set_note(id, field("note"));
        }
    }

    /// The sentence to the author of this that was begun.
    fn note(self, id: ContributionId) -> String {
        self.waiting
            .notes
            .with(|notes| notes.iter().find(|(of, _)| *of == id).map(|(_, note)| note.clone()).unwrap_or_default())
    }

    /// Was one begun? Then its form stands open where it is drawn anew.
    fn has_note(self, id: ContributionId) -> bool {
        self.waiting.notes.with_untracked(|notes| notes.iter().any(|(of, _)| *of == id))
    }

    fn set_note(self, id: ContributionId, note: String) {
        self.waiting.notes.update(|notes| {
            notes.retain(|(of, _)| *of != id);
            if !note.is_empty() {
                notes.push((id, note));
            }
        });
    }

    /// The server answered. What was typed goes once it is accepted; what was refused cannot be taken back, since then
    /// it is somebody else's decision that stands.
    fn answered(self, one: &Pending) {
        if matches!(one.stage, Stage::Refused(_)) {
            self.undo.list.update(|list| list.retain(|done| done.id != one.id));
            self.undo.wanted.update(|list| list.retain(|done| done.id != one.id));
            return;
        }
        match &one.command {
            ForumCommand::Hide { contribution, note: Some(note), .. }
            | ForumCommand::Refuse { contribution, note: Some(note) }
            | ForumCommand::RejectAppeal { contribution, note: Some(note) } => {
                self.waiting.notes.update(|notes| notes.retain(|have| (have.0, &have.1) != (*contribution, note)));
            }
            ForumCommand::EnterFloor { name, .. } if *name == self.floor.name.get_untracked() => {
                self.floor.name.set(String::new());
            }
            ForumCommand::AddTopic { title }
                if title.texts.values().any(|have| **have == *self.settings.title.get_untracked()) =>
            {
                self.settings.title.set(String::new());
            }
            _ => {}
        }
    }

    /// Time, keys, and what waits to be taken back.
    #[cfg(feature = "hydrate")]
    fn live(self) {
        let ahead = StoredValue::new(0);
        Effect::new(move |_| {
            let server = self.board.clock.get();
            ahead.set_value(server.0 - device::clock());
            self.now.set(server);
        });
        Effect::new(move |_| {
            self.keys.on.set(device::keys());
            device::every_second(move || {
                let clock = device::clock();
                self.now.set(Timestamp(clock + ahead.get_value()));
                self.undo.list.maybe_update(|list| undo::expire(list, clock));
                if (clock / 1_000) % LOOK_SECONDS == 0 {
                    self.look_around();
                }
            });
            device::on_key(move |key| self.key(key));
        });
        Effect::new(move |_| self.send_back());
        self.follow_polls();
        self.follow_team();
    }

    /// A form of the desk is being sent.
    fn submit(self, event: &SubmitEvent) {
        let (Some(form), true) = (dom::form(event), self.board.hands().is_some()) else { return };
        if let Some((body, words)) = self.about_person(&form.action) {
            event.prevent_default();
            let said = self.board.said;
            let failed = self.cx.words.site_failed();
            device::ask("POST", form.action, body, move |answer| say(said, outcome(words, failed, answer)));
            return;
        }
        if form.action.starts_with(address::POLLS) {
            if self.submit_poll(&form) {
                event.prevent_default();
            }
            return;
        }
        if form.action == address::api(self.place.forum, "/screens") {
            if !form.deletes() {
                return device::open_stage(event);
            }
            event.prevent_default();
            let (said, words, failed) = (self.board.said, self.words.stage_lock_done(), self.cx.words.site_failed());
            device::ask("DELETE", form.action, None, move |answer| say(said, outcome(words, failed, answer)));
            return;
        }
        let Some(command) = form.command(self.place.forum) else { return };
        if self.press(command, false) {
            event.prevent_default();
        }
    }

    /// What a form does with a person is no command to the forum: what is sent, and what is said then.
    fn about_person(self, action: &str) -> Option<(Option<String>, &'static str)> {
        if action.ends_with("/reset-name") {
            Some((None, self.words.name_reset_done()))
        } else if action.ends_with("/ban") {
            Some((Some("{\"banned\":true}".to_owned()), self.words.ban_done()))
        } else {
            None
        }
    }

    /// Does something. `false`: not here, so the form goes its own way.
    fn press(self, command: ForumCommand, by_key: bool) -> bool {
        let Some(hands) = self.board.hands() else { return false };
        // What stands at the place of the press is another thing then.
        let moves_on = matches!(
            command,
            ForumCommand::Approve { .. }
                | ForumCommand::ApproveAll { .. }
                | ForumCommand::RefuseAll { .. }
                | ForumCommand::Hide { .. }
                | ForumCommand::GiveFloor { .. }
                | ForumCommand::EndFloor
        );
        let now = device::clock();
        let bounced = moves_on && now < self.keys.pressed_at.get_value() + BOUNCE_MS;
        if bounced || self.has_nobody_for(&command) {
            return true;
        }
        let back = self.board.view.with_untracked(|view| undo::of(&command, view));
        let spots = self.spots();
        let next_row = self.next_row(&command);
        let about = match &command {
            _ if next_row.is_some() => None,
            ForumCommand::Approve { contribution, .. }
            | ForumCommand::Hide { contribution, .. }
            | ForumCommand::Dismiss { contribution }
            | ForumCommand::Restore { contribution }
            | ForumCommand::Refuse { contribution, .. }
            | ForumCommand::RejectAppeal { contribution, .. } => spots.iter().position(|spot| spot.id == *contribution),
            ForumCommand::ApproveAll { .. } | ForumCommand::RefuseAll { .. } => self.here(&spots),
            _ => None,
        };
        let places = self.places_of(&command);
        let Some(id) = hands.command(self.as_read(command)) else { return false };
        self.floor.places.set_value(places.map(|places| (places, now)));
        if moves_on {
            self.keys.pressed_at.set_value(now);
        }
        if let Some((what, author, back)) = back {
            let number = self.waiting.presses.get_untracked() + 1;
            let done = Done { number, id, what, author, back, until: now + UNDO_MS };
            say(self.board.announced, self.done_words(what));
            self.waiting.mine.update(|mine| mine.extend(done.about()));
            self.undo.list.update(|list| list.push(done));
        }
        self.waiting.presses.update(|presses| *presses += 1);
        if let Some(at) = about {
            // What was there has left; the next one stands in its place.
            let spots = self.spots();
            let next = spots.get(at).or(spots.last()).copied();
            self.keys.current.set(next);
            if let Some(next) = next {
                device::focus(next.anchor(), by_key);
            }
        }
        if let Some(row) = next_row {
            device::focus(row, by_key);
        }
        true
    }

    /// Says what was on this page: of words how new, of the next speaker who. What came since was not read.
    fn as_read(self, command: ForumCommand) -> ForumCommand {
        let seen = Some(self.board.seq.get_untracked());
        match command {
            ForumCommand::Approve { contribution, .. } => ForumCommand::Approve { contribution, seen },
            ForumCommand::ApproveAll { participant, .. } => ForumCommand::ApproveAll { participant, seen },
            ForumCommand::RefuseAll { participant, reason, note, .. } => {
                ForumCommand::RefuseAll { participant, reason, note, seen }
            }
            ForumCommand::SetStage { stage, .. } => ForumCommand::SetStage { stage, seen },
            ForumCommand::GiveFloor { entry: None } => {
                let first = self.board.view.with_untracked(|view| view.floor.entries.first().map(|entry| entry.id));
                ForumCommand::GiveFloor { entry: first }
            }
            other => other,
        }
    }

    /// Where the focus goes when this was pressed in the list, whose row will be another one then: to the row after it,
    /// or to the heading.
    fn next_row(self, command: &ForumCommand) -> Option<String> {
        let (ForumCommand::Hide { contribution, .. }
        | ForumCommand::Restore { contribution }
        | ForumCommand::PutBack { contribution }
        | ForumCommand::Erase { contribution }) = command
        else {
            return None;
        };
        if device::focused()? != address::anchor(*contribution) {
            return None;
        }
        let next = self.board.view.with_untracked(|view| {
            let mut rows = view.contributions.iter().skip_while(|one| one.id != *contribution);
            rows.nth(1).map(|one| address::anchor(one.id))
        });
        Some(next.unwrap_or_else(|| String::from("list")))
    }

    /// Takes a press back: the one of this number, or the newest.
    fn take_back(self, number: Option<u32>) {
        let taken = self.undo.list.try_update(|list| undo::take(list, number)).flatten();
        let Some(done) = taken else { return };
        let first = done.about().next().map(|id| Spot { id, waits: true });
        self.waiting.mine.update(|mine| mine.retain(|id| done.about().all(|back| back != *id)));
        self.undo.wanted.update(|wanted| wanted.push(done));
        self.keys.current.set(first);
        say(self.board.announced, self.words.undo_done().to_owned());
    }

    /// Sends what takes presses back. Not before those were answered: without a socket requests overtake each other.
    #[cfg(any(feature = "hydrate", test))]
    fn send_back(self) {
        let ready: Vec<Done> = self.board.pending.with(|pending| {
            let answered = |done: &&Done| done.about().all(|id| !order::unanswered(pending, id));
            self.undo.wanted.with(|wanted| wanted.iter().filter(answered).cloned().collect())
        });
        if ready.is_empty() {
            return;
        }
        self.undo.wanted.update(|wanted| wanted.retain(|one| ready.iter().all(|done| done.number != one.number)));
        if let Some(hands) = self.board.hands() {
            for command in ready.into_iter().flat_map(|done| done.back) {
                hands.command(command);
            }
        }
    }

    /// Everything that can be decided, as it stands on the page.
    fn spots(self) -> Vec<Spot> {
        let waiting = self.waiting.queue.with_untracked(|queue| queue.waiting().collect::<Vec<_>>());
        let asking = self.board.view.with_untracked(|view| {
            self.board.pending.with_untracked(|pending| {
                let stays = |one: &&ContributionView| !leaves(pending, &view.people, one);
                view.attention.iter().filter(stays).map(|one| one.id).collect::<Vec<_>>()
            })
        });
        let waits = |waits| move |id| Spot { id, waits };
        waiting.into_iter().map(waits(true)).chain(asking.into_iter().map(waits(false))).collect()
    }

    /// Where the keys are: at what has the focus, or where they were.
    fn here(self, spots: &[Spot]) -> Option<usize> {
        let focused = device::focused();
        let focused = focused.and_then(|id| spots.iter().position(|spot| spot.anchor() == id));
        focused.or_else(|| {
            let current = self.keys.current.get_untracked()?;
            spots.iter().position(|spot| *spot == current)
        })
    }

    /// A key was pressed alone. `true`: it meant something.
    #[cfg(any(feature = "hydrate", test))]
    fn key(self, key: &str) -> bool {
        if key == "Escape" {
            return self.stop_counting();
        }
        let counts = self.polls.counting.with_untracked(Option::is_some);
        if counts || !self.keys.on.get_untracked() || self.board.hands().is_none() {
            return false;
        }
        let spots = self.spots();
        let here = self.here(&spots);
        let go = |at: usize| {
            if let Some(spot) = spots.get(at) {
                self.keys.current.set(Some(*spot));
                device::focus(spot.anchor(), true);
            }
        };
        match (key, here) {
            ("u" | "U", _) => self.take_back(None),
            ("b" | "B", _) => _ = self.press(ForumCommand::SetStage { stage: Shown::Off, seen: None }, true),
            ("n" | "N", _) => _ = self.press(ForumCommand::GiveFloor { entry: None }, true),
            ("j" | "J", Some(at)) => go((at + 1).min(spots.len() - 1)),
            ("k" | "K", Some(at)) => go(at.saturating_sub(1)),
            // Nothing is decided that was not looked at.
            ("j" | "J" | "k" | "K" | "a" | "A" | "h" | "H", None) => go(0),
            ("a" | "A", Some(at)) => {
                let spot = spots[at];
                let changed = self.board.view.with_untracked(|view| {
                    let mut all = view.attention.iter();
                    all.any(|one| one.id == spot.id && (one.pending.is_some() || one.addition.is_some()))
                });
                if spot.waits || changed {
                    self.press(ForumCommand::Approve { contribution: spot.id, seen: None }, true);
                }
            }
            ("h" | "H", Some(at)) => device::open(&spots[at].anchor()),
            _ => return false,
        }
        true
    }

    fn done_words(self, what: What) -> String {
        match what {
            What::Approved => self.words.done_approved().to_owned(),
            What::ApprovedAll(count) => self.words.done_approved_all(count),
            What::RefusedAll(count) => self.words.done_refused_all(count),
            What::Hidden => self.words.done_hidden().to_owned(),
        }
    }

    /// Without a program the page is forms and links alone.
    fn plain(self) -> bool {
        self.board.link.get() == Link::Plain
    }

    /// This page again, at a part of it.
    fn back_to(self, part: &str) -> String {
        let mut href = self.place.href();
        href.push('#');
        href.push_str(part);
        href
    }
}

/// What to say of an answer.
fn outcome(words: &'static str, failed: &'static str, answer: Result<String, Failure>) -> String {
    match answer {
        Ok(_) => words.to_owned(),
        Err(Failure::Refused(problem)) if !problem.title.is_empty() => problem.title,
        Err(_) => failed.to_owned(),
    }
}

/// Where to go from here.
fn ways(desk: Desk) -> AnyView {
    let Desk { words, board, place, .. } = desk;
    let forum = ForumPlace { moderation: false, topic: None, before: None, ..place };
    let page = |rest: &str| {
        let mut href = forum.href();
        href.push_str(rest);
        href
    };
    let waiting = Memo::new(move |_| desk.waiting.queue.with(|queue| queue.waiting().count()));
    let asking = Memo::new(move |_| board.view.with(|view| view.attention.len()));
    let speakers = Memo::new(move |_| board.view.with(|view| view.floor.entries.len()));
    let number = |count: Memo<usize>| {
        view! {
            <span class="number" translate="no" hidden=move || count.get() == 0>
                {move || count.get()}
            </span>
        }
    };
    view! {
        <nav class="ways" aria-label=words.ways()>
            <a class="button" href="#queue">
                {icon(icons::WAIT)}
                {words.queue()}
                {number(waiting)}
            </a>
            <a class="button" href="#attention">
                {icon(icons::WARN)}
                {words.attention()}
                {number(asking)}
            </a>
            <a class="button" href="#polls">
                {icon(icons::CHECK)}
                {words.polls()}
            </a>
            <a class="button" href="#floor">
                {icon(icons::TALK)}
                {words.floor()}
                {number(speakers)}
            </a>
            <a class="button" href="#stage">
                {icon(icons::SHOW)}
                {words.stage()}
            </a>
            <a class="button" href="#hall">
                {icon(icons::EDIT)}
                {words.hall()}
            </a>
            <a class="button" href="#codes">
                {icon(icons::PEOPLE)}
                {words.codes()}
            </a>
            <a class="button" href=forum.href()>
                {icon(icons::TALK)}
                {words.to_forum()}
            </a>
            <a class="button" href=page("/record")>
                {words.to_record()}
            </a>
            <a class="button" href=page("/log")>
                {words.to_log()}
            </a>
        </nav>
    }
    .into_any()
}

/// What can be taken back. It always has its place at the foot of the window, so it never comes between.
fn bar(desk: Desk) -> AnyView {
    let Desk { cx, words, undo: UndoPanel { list: undo, .. }, now, .. } = desk;
    let one = move |done: Done| {
        let number = done.number;
        // The tick only says that time has passed.
        let left = move || {
            now.track();
            ((done.until - device::clock()).max(0) + 999) / 1_000
        };
        let word = match done.what {
            What::Approved => words.undo_approved().to_owned(),
            What::ApprovedAll(count) => words.undo_approved_all(count),
            What::RefusedAll(count) => words.undo_refused_all(count),
            What::Hidden => words.undo_hidden().to_owned(),
        };
        view! {
            <li>
                <button type="button" on:click=move |_| desk.take_back(Some(number))>
                    {icon(icons::REPLY)}
                    <strong>{words.undo()}</strong>
                    <span class="what"><bdi>{author_name(cx.words, &done.author)}</bdi> ": " {word}</span>
                    <span class="left" translate="no" aria-hidden="true">
                        {left}
                    </span>
                </button>
            </li>
        }
        .into_any()
    };
    view! {
        <section class="undo" aria-label=words.undo_region() hidden=move || desk.plain()>
            <p class="hint" hidden=move || undo.with(|list| !list.is_empty())>
                {words.undo_hint()}
            </p>
            <ul>{each(move || undo.get().into_iter().rev(), |done| done.number, one)}</ul>
        </section>
    }
    .into_any()
}

/// The keys, and how to switch them off.
fn help(desk: Desk) -> AnyView {
    let Desk { words, keys: KeysPanel { on: keys, .. }, .. } = desk;
    let toggle = move |_| {
        keys.update(|keys| *keys = !*keys);
        device::keep_keys(keys.get_untracked());
    };
    let key = |key: &'static str, means: &'static str| {
        view! {
            <li>
                <kbd translate="no">{key}</kbd>
                " "
                {means}
            </li>
        }
    };
    view! {
        <section class="panel keys" aria-labelledby="keys" hidden=move || desk.plain()>
            <h2 id="keys">{words.keys()}</h2>
            <ul>
                {key("j", words.keys_next())} {key("k", words.keys_previous())} {key("a", words.approve())}
                {key("h", words.hide())} {key("u", words.undo())} {key("b", words.keys_stage_off())}
                {key("n", words.keys_floor_next())} {key("Esc", words.keys_escape())}
            </ul>
            <p class="hint">{words.keys_means()}</p>
            <button
                type="button"
                aria-pressed=move || if keys.get() { "true" } else { "false" }
                on:click=toggle
            >
                {words.keys_on()}
            </button>
        </section>
    }
    .into_any()
}

/// A row of the list.
fn listed(desk: Desk, row: Row) -> Option<AnyView> {
    let Desk { cx, words, board, .. } = desk;
    let (one, by) = board.view.with_untracked(|view| {
        let one = at(&view.contributions, row)?;
        Some((one.clone(), view.people.author(one.author)))
    })?;
    let support = Memo::new(move |_| board.view.with(|view| at(&view.contributions, row).map_or(0, |one| one.support)));
    let (body, acts) = match &one.hidden {
        None => {
            let acts =
                view! { {stage::put(desk, one.id)} {hide(desk, one.id, "list")} {more(desk, &one, &by, "list")} };
            (text(&one), acts.into_any())
        }
        Some(why) => {
            let restore = press(desk, one.id, "/restore", words.restore(), icons::UP, "list");
            (attention::why_hidden(words, why), view! { {restore} {more(desk, &one, &by, "list")} }.into_any())
        }
    };
    Some(
        view! {
            <li id=address::anchor(one.id) class="item" class:hidden-item=one.hidden.is_some() tabindex="-1">
                <article>
                    <header>{author(cx.words, &by)} {from_hall(words, &one)} {when(cx, board, &one)}</header>
                    {body}
                    <footer class="acts">
                        <span class="count" hidden=move || support.get() == 0>
                            {icon(icons::SUPPORT)}
                            {sentence(Signal::derive(move || cx.words.item_supports(support.get())))}
                        </span>
                        {acts}
                    </footer>
                </article>
            </li>
        }
        .into_any(),
    )
}

/// Somebody said it in the hall, and staff wrote it down.
fn from_hall(words: StaffWords, one: &ContributionView) -> Option<AnyView> {
    let hall = one.hall.as_ref()?;
    let name = hall.name.as_ref().map(|name| view! { ": " <bdi>{name.to_string()}</bdi> });
    Some(view! { <span class="badge hall">{words.hall_from()} {name}</span> }.into_any())
}

/// A form that is one button.
fn press(
    desk: Desk,
    id: ContributionId,
    verb: &'static str,
    word: &'static str,
    picture: &'static str,
    part: &'static str,
) -> AnyView {
    let approves = verb == "/approve";
    let class = if approves { "main" } else { "" };
    let seen = approves.then(|| seen(desk));
    view! {
        <form method="post" action=address::api_of(desk.place.forum, id, verb)>
            {hidden("next", desk.back_to(part))} {seen}
            <button class=class>
                {icon(picture)}
                {word}
            </button>
        </form>
    }
    .into_any()
}

/// As of which event the words of a form were read. The program says it anew with every press.
fn seen(desk: Desk) -> AnyView {
    hidden("seen", desk.board.seq.get_untracked().to_string())
}

/// Hiding: the press on a reason does it.
fn hide(desk: Desk, id: ContributionId, part: &'static str) -> AnyView {
    let words = desk.words;
    let reasons = HideReason::ALL.into_iter().filter(|one| *one != HideReason::Other);
    let reasons = reasons.map(|one| because(words, one)).collect_view();
    let action = address::api_of(desk.place.forum, id, "/hide");
    view! {
        <details class="hide over" open=desk.has_note(id)>
            <summary class="button">
                {icon(icons::HIDDEN)}
                {words.hide()}
            </summary>
            <form method="post" action=action.clone()>
                {hidden("next", desk.back_to(part))}
                <p class="hint">{words.hide_how()}</p>
                <div class="reasons">{reasons}</div>
                {note(desk, id, &action)}
                <div class="reasons">{because(words, HideReason::Other)}</div>
            </form>
        </details>
    }
    .into_any()
}

/// A button that is a reason.
fn because(words: StaffWords, one: HideReason) -> AnyView {
    view! {
        <button name="reason" value=wire(&one)>
            {reason(words, one)}
        </button>
    }
    .into_any()
}

/// A sentence to the author. It stays until it was taken.
fn note(desk: Desk, id: ContributionId, action: &str) -> AnyView {
    let kept = desk.cx.refused_by(action).and_then(|refused| refused.fields.get("note").cloned()).unwrap_or_default();
    view! {
        <label>
            {desk.words.hide_note()}
            <textarea
                name="note"
                rows="2"
                dir="auto"
                maxlength="600"
                inner_html=area_html(&kept)
                prop:value=move || desk.note(id)
                on:input=move |event| desk.set_note(id, event_target_value(&event))
            ></textarea>
        </label>
    }
    .into_any()
}

/// What is rarely done and hard to undo.
fn more(desk: Desk, one: &ContributionView, by: &AuthorView, part: &'static str) -> AnyView {
    let Desk { words, board, .. } = desk;
    let back = board.view.with_untracked(|view| {
        let waiting = view.waiting.iter().any(|have| have.id == one.id);
        !waiting && one.hidden.is_none() && one.support == 0 && one.replies == 0 && by.role.is_none()
    });
    let back = back.then(|| press(desk, one.id, "/put-back", words.put_back(), icons::WAIT, part));
    let person = by.participant.filter(|_| by.role.is_none());
    let name = person.filter(|_| by.name.is_some()).map(|person| reset_name(desk, person, part));
    let ban = person.map(|person| ban(desk, person, part));
    let erase = desk.admin.then(|| erase(desk, one.id, part));
    let all = by.participant.filter(|_| one.waits).map(|person| queue::refuse_all(desk, person, by.number));
    view! {
        <details class="more over">
            <summary class="button quiet">{words.more()}</summary>
            <div class="acts-more">
                {all} {back} {name} {ban} {erase}
            </div>
        </details>
    }
    .into_any()
}

/// Deleting for good, after a second look.
fn erase(desk: Desk, id: ContributionId, part: &str) -> AnyView {
    let words = desk.words;
    view! {
        <details class="sure">
            <summary class="danger">
                {icon(icons::DELETE)}
                {words.erase()}
            </summary>
            <form method="post" action=address::api_of(desk.place.forum, id, "/erase")>
                <p>{words.erase_sure()}</p>
                {hidden("next", desk.back_to(part))}
                <button class="danger">{desk.cx.words.item_withdraw_yes()}</button>
            </form>
        </details>
    }
    .into_any()
}

fn of_person(desk: Desk, person: ParticipantId, verb: &str) -> String {
    let mut action = String::from("/api/v1/processes/");
    action.push_str(&desk.process.to_string());
    action.push_str("/participants/");
    action.push_str(&person.to_string());
    action.push_str(verb);
    action
}

fn reset_name(desk: Desk, person: ParticipantId, part: &str) -> AnyView {
    view! {
        <form method="post" action=of_person(desk, person, "/reset-name")>
            {hidden("next", desk.back_to(part))}
            <button>{desk.words.name_reset()}</button>
            <p class="hint">{desk.words.name_reset_means()}</p>
        </form>
    }
    .into_any()
}

fn ban(desk: Desk, person: ParticipantId, part: &str) -> AnyView {
    let words = desk.words;
    view! {
        <form method="post" action=of_person(desk, person, "/ban")>
            {hidden("banned", "true".to_owned())}
            {hidden("next", desk.back_to(part))}
            <button class="danger">
                {icon(icons::CLOSE)}
                {words.ban()}
            </button>
            <p class="hint">{words.ban_sure()}</p>
        </form>
    }
    .into_any()
}

/// How long something waits.
fn since(words: StaffWords, now: Timestamp, at: Timestamp) -> String {
    let minutes = ((now.0 - at.0) / 60_000).max(0) as u32;
    match minutes {
        0 => words.since_now().to_owned(),
        1..60 => words.since_minutes(minutes),
        60..2_880 => words.since_hours(minutes / 60),
        _ => words.since_days(minutes / 1_440),
    }
}

/// Why something was hidden, in a moderator's words.
pub fn reason(words: StaffWords, reason: HideReason) -> &'static str {
    match reason {
        HideReason::Insult => words.reason_insult(),
        HideReason::Hatred => words.reason_hatred(),
        HideReason::PrivateData => words.reason_private_data(),
        HideReason::Spam => words.reason_spam(),
        HideReason::OffTopic => words.reason_off_topic(),
        HideReason::Other => words.reason_other(),
    }
}
