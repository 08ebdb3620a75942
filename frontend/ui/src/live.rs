//! The live store: takes frames into the page, and commands to the server until they are answered.
//!
//! It knows no browser: everything outside comes through [`Outside`], so its rules are tested natively. Two promises:
//!
//! - The view is changed by the server's frames alone, and only by ranges that follow what it has. Anything else makes
//!   the store ask again from there.
//! - A command is kept until the server accepted or refused it, over any number of connections and reloads, always
//!   under the same id.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use stimmwerk_core::forum::{Forum, ForumCommand, ForumDelta, ForumView, OwnView};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, StreamId};
use stimmwerk_core::live::{Accepted, ClientFrame, LiveTypes, PROTOCOL, Problem, Seq, ServerFrame};
use uuid::Uuid;

use crate::address::Writing;
use crate::board::{Board, Draft, Link, say};
use crate::command::{CommandFrame, Members, Request, request};
use crate::words::Words;

/// Silence after which a connection counts as dead. The server beats after 20 s.
const SILENCE_MS: i64 = 45_000;
/// How long a connection may take to say hello, and a subscription to answer.
const PATIENCE_MS: i64 = 15_000;
/// Waits between attempts: full jitter below a bound that doubles from the first of these to the second.
const BACKOFF_MS: (i64, i64) = (500, 30_000);
/// Attempts in a row that failed before the page also asks without a socket.
const ATTEMPTS: u32 = 3;
/// How often it then asks.
const POLL_MS: i64 = 5_000;
/// What is new is told to screen readers at most so often.
const ANNOUNCE_MS: i64 = 10_000;
/// An accepted command that does not show up in the view is dropped after this.
const SETTLE_MS: i64 = 3_000;
/// How often a page that should reload looks whether nobody uses it.
const IDLE_CHECK_MS: i64 = 30_000;

/// A command on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Chosen here; sending it again is safe.
    pub id: CommandId,
    /// What.
    #[serde(with = "Members")]
    pub command: ForumCommand,
    /// How far it is.
    #[serde(default)]
    pub stage: Stage,
}

/// How far a command is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not answered yet.
    #[default]
    Sent,
    /// Durable; it waits for its own effect to arrive.
    Accepted {
        /// The number of its event.
        seq: Seq,
        /// When the answer came.
        at: i64,
        /// What it made.
        object: Option<Uuid>,
    },
    /// Refused, and its text could not go back into the field: why, in a sentence.
    Refused(String),
}

impl Pending {
    /// The text of a contribution, change or addition: what came out of the text field.
    pub fn text(&self) -> Option<&str> {
        match &self.command {
            ForumCommand::Contribute { text, .. }
            | ForumCommand::Edit { text, .. }
            | ForumCommand::Add { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What the text field was for when it was sent.
    pub fn writing(&self) -> Writing {
        match self.command {
            ForumCommand::Edit { contribution, .. } => Writing::Edit(contribution),
            ForumCommand::Add { contribution, .. } => Writing::Add(contribution),
            ForumCommand::Contribute { reply_to: Some(parent), .. } => Writing::Reply(parent),
            _ => Writing::New,
        }
    }

    /// What stood in the text field when it was sent.
    pub fn draft(&self) -> Draft {
        let hall = match &self.command {
            ForumCommand::Contribute { hall: Some(hall), .. } => hall.clone(),
            _ => String::new(),
        };
        Draft { writing: self.writing(), text: self.text().unwrap_or_default().to_owned(), hall }
    }

    /// Which contribution it is about.
    pub fn about(&self) -> Option<ContributionId> {
        match &self.command {
            ForumCommand::Support { contribution }
            | ForumCommand::Unsupport { contribution }
            | ForumCommand::Edit { contribution, .. }
            | ForumCommand::Add { contribution, .. }
            | ForumCommand::Appeal { contribution, .. }
            | ForumCommand::Withdraw { contribution }
            | ForumCommand::Approve { contribution, .. }
            | ForumCommand::Hide { contribution, .. }
            | ForumCommand::Restore { contribution }
            | ForumCommand::Erase { contribution } => Some(*contribution),
            _ => None,
        }
    }
}

/// The answer to asking for changes without a socket.
#[derive(Clone, Debug, Deserialize)]
pub struct CatchUp {
    /// What the reader must have.
    pub after: Seq,
    /// What it then has.
    pub seq: Seq,
    /// The changes.
    pub deltas: Vec<ForumDelta>,
    /// The personal view.
    #[serde(default)]
    pub own: Option<OwnView>,
}

/// Why a request brought no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server says why.
    Refused(Problem),
    /// Nothing, or nothing readable, came back.
    Network,
}

/// Everything outside the store. Answers come back through the methods of [`Live`].
pub trait Outside {
    /// The clock, in milliseconds.
    fn now(&self) -> i64;
    /// Fresh random bytes.
    fn random(&mut self) -> [u8; 16];
    /// Opens a socket, in place of any other: [`Live::message`], [`Live::closed`].
    fn connect(&mut self);
    /// Lets the socket go. Nothing more is heard of it.
    fn disconnect(&mut self);
    /// Sends a frame over the open socket.
    fn send(&mut self, frame: String);
    /// Sends a command without a socket: [`Live::posted`].
    fn post(&mut self, id: CommandId, request: Request);
    /// Asks for changes without a socket: [`Live::polled`].
    fn poll(&mut self, stream: StreamId, after: Seq);
    /// Keeps the commands on their way over a reload.
    fn keep(&mut self, pending: &[Pending]);
    /// Loads the page anew by GET.
    fn reload(&mut self);
    /// Is there text in a field that was not sent?
    fn is_typing(&self) -> bool;
    /// Has nobody touched the page for a while?
    fn is_idle(&self) -> bool;
    /// Has the reader scrolled into the list, so that something put at its top would move what they read?
    fn reads_on(&self) -> bool;
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The next attempt comes at this time.
    Waiting { until: i64 },
    /// A socket was opened and has not said hello by this time.
    Connecting { until: i64 },
    /// The server said hello.
    Open,
    /// For good: only a reload helps.
    Stopped,
}

/// The store of one forum page.
pub struct Live<O> {
    outside: O,
    board: Board,
    words: Words,
    forum: ForumId,
    stream: StreamId,
    /// What the view is as of.
    have: Seq,
    /// What the personal view is as of.
    own_have: Seq,
    phase: Phase,
    heard_at: i64,
    attempts: u32,
    /// Asked for what follows `have`; until it comes, other ranges are leftovers. Dead after this time.
    asked_until: Option<i64>,
    /// The next question without a socket; `Some` while the page lives without one.
    poll_at: Option<i64>,
    polling: bool,
    posting: Vec<CommandId>,
    /// When refused-for-now commands are sent again.
    resend_at: Option<i64>,
    unreadable: bool,
    build: Option<String>,
    /// A reload is due once nobody minds; looked at again at this time.
    reload_at: Option<i64>,
    /// The newest position the reader was told of.
    known: u64,
    unannounced: u32,
    announced_at: i64,
    loading_older: bool,
}

impl<O: Outside> Live<O> {
    /// A store for a rendered page as of `have`.
    pub fn new(outside: O, board: Board, words: Words, stream: StreamId, have: Seq) -> Self {
        let forum = board.view.with_untracked(|view| view.forum.id);
        let known = board.view.with_untracked(newest);
        let now = outside.now();
        Self {
            outside,
            board,
            words,
            forum,
            stream,
            have,
            own_have: have,
            phase: Phase::Waiting { until: now },
            heard_at: now,
            attempts: 0,
            asked_until: None,
            poll_at: None,
            polling: false,
            posting: Vec::new(),
            resend_at: None,
            unreadable: false,
            build: None,
            reload_at: None,
            known,
            unannounced: 0,
            announced_at: i64::MIN / 2,
            loading_older: false,
        }
    }

    /// Begins, with the commands an earlier load of the page did not get through.
    pub fn start(&mut self, kept: Vec<Pending>) {
        // Whoever has not joined (any more) sends nothing, and what was typed is not another person's.
        if self.board.own.with_untracked(Option::is_some) {
            self.board.pending.set(kept);
        }
        self.keep();
        self.board.link.set(Link::Connecting);
        self.connect();
    }

    /// The outside, for its own use.
    pub fn outside(&mut self) -> &mut O {
        &mut self.outside
    }

    /// The next moment at which [`Live::wake`] has something to do.
    pub fn due(&self) -> Option<i64> {
        let phase = match self.phase {
            Phase::Waiting { until } | Phase::Connecting { until } => Some(until),
            Phase::Open => Some(self.heard_at + SILENCE_MS),
            Phase::Stopped => None,
        };
        let announce = (self.unannounced > 0).then_some(self.announced_at + ANNOUNCE_MS);
        let settle = self.board.pending.with_untracked(|pending| {
            pending
                .iter()
                .filter_map(|one| match one.stage {
                    Stage::Accepted { at, .. } => Some(at + SETTLE_MS),
                    _ => None,
                })
                .min()
        });
        let poll = self.poll_at.filter(|_| !self.polling);
        [phase, announce, settle, poll, self.asked_until, self.resend_at, self.reload_at].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn wake(&mut self) {
        let now = self.outside.now();
        match self.phase {
            Phase::Waiting { until } if now >= until => self.connect(),
            Phase::Connecting { until } if now >= until => self.closed(),
            Phase::Open if now >= self.heard_at + SILENCE_MS => self.closed(),
            _ => {}
        }
        if self.asked_until.is_some_and(|until| now >= until) {
            self.asked_until = None;
            self.closed();
        }
        if self.poll_at.is_some_and(|at| now >= at) && !self.polling {
            self.poll();
        }
        if self.resend_at.is_some_and(|at| now >= at) {
            self.resend_at = None;
            self.send_pending();
        }
        if self.unannounced > 0 && now >= self.announced_at + ANNOUNCE_MS {
            self.announce();
        }
        if self.reload_at.is_some_and(|at| now >= at) {
            self.reload_if_idle();
        }
        self.settle();
    }

    /// The device has a network again, or the page is seen again.
    pub fn awake(&mut self) {
        let now = self.outside.now();
        match self.phase {
            Phase::Waiting { .. } => self.connect(),
            // Timers sleep in hidden pages, sockets die there.
            Phase::Open if now >= self.heard_at + SILENCE_MS => {
                self.closed();
                self.connect();
            }
            _ => {}
        }
        self.wake();
    }

    /// The device has no network. The socket may have died with it unheard, so there will be a new one.
    pub fn offline(&mut self) {
        if self.phase != Phase::Stopped {
            self.closed();
            self.board.link.set(Link::Lost);
        }
    }

    /// The socket is gone, or is given up.
    pub fn closed(&mut self) {
        if matches!(self.phase, Phase::Waiting { .. } | Phase::Stopped) {
            return;
        }
        self.outside.disconnect();
        self.asked_until = None;
        self.loading_older = false;
        self.attempts += 1;
        let bound = (BACKOFF_MS.0 << self.attempts.min(10)).min(BACKOFF_MS.1);
        let wait = self.jitter(bound);
        self.phase = Phase::Waiting { until: self.outside.now() + wait };
        if self.attempts >= ATTEMPTS && self.poll_at.is_none() {
            self.poll_at = Some(self.outside.now());
        }
        if self.poll_at.is_none() || self.board.link.get_untracked() != Link::Slow {
            self.board.link.set(Link::Lost);
        }
    }

    /// A frame of the server.
    pub fn message(&mut self, json: &str) {
        self.heard_at = self.outside.now();
        let Ok(frame) = ServerFrame::<Forum>::parse(json) else { return self.unreadable() };
        let Some(frame) = frame else { return };
        match frame {
            ServerFrame::Hello(hello) => {
                self.board.clock.set(hello.now);
                if hello.protocol != PROTOCOL {
                    return self.stop(true);
                }
                if *self.build.get_or_insert_with(|| hello.build.clone()) != hello.build {
                    self.reload_at = Some(self.heard_at + IDLE_CHECK_MS);
                }
                self.phase = Phase::Open;
                self.attempts = 0;
                self.poll_at = None;
                self.board.link.set(Link::Live);
                self.subscribe();
                self.send_pending();
            }
            ServerFrame::Snapshot(snapshot) if snapshot.stream == self.stream => {
                self.have = snapshot.seq;
                self.asked_until = None;
                self.board.view.update(|view| *view = within(snapshot.view, view));
                self.arrived();
            }
            ServerFrame::Deltas(range) if range.stream == self.stream => {
                if range.after == self.have {
                    self.asked_until = None;
                    self.take(range.seq, &range.deltas);
                } else if self.asked_until.is_none() {
                    self.subscribe();
                }
            }
            ServerFrame::Page(page) if page.stream == self.stream => {
                self.loading_older = false;
                if page.seq < self.have {
                    // What changed since then was passed over, since it lay outside the window.
                    self.older();
                } else {
                    self.board.view.update(|view| {
                        let page = within(page.view, view);
                        Forum::append_page(view, page);
                    });
                }
            }
            ServerFrame::Own(own) if own.stream == self.stream && own.seq >= self.own_have => {
                self.own_have = own.seq;
                self.board.own.set(Some(own.view));
                self.settle();
            }
            ServerFrame::Presence(presence) if presence.stream == self.stream => {
                self.board.people.set(Some(presence.people));
            }
            // The server starts afresh from what it sent; ranges on their way may be torn.
            ServerFrame::Resync(resync) if resync.stream == self.stream => self.await_answer(),
            ServerFrame::Accepted(accepted) => self.accepted(&accepted),
            ServerFrame::Rejected(rejected) => self.rejected(rejected.id, rejected.problem),
            ServerFrame::Beat(beat) => self.board.clock.set(beat.now),
            ServerFrame::Bye(bye) => self.bye(i64::from(bye.retry_ms)),
            // Of a stream this page does not follow.
            _ => {}
        }
    }

    /// Sends a command: its id. `None` where the store can do nothing for it: then the form goes its own way.
    pub fn command(&mut self, command: ForumCommand) -> Option<CommandId> {
        if self.phase == Phase::Stopped {
            return None;
        }
        request(self.forum, &command)?;
        let pending = Pending { id: self.fresh_id(), command, stage: Stage::Sent };
        // Pressed twice: the first is on its way.
        let same =
            |have: &&Pending| have.stage == Stage::Sent && have.text().is_none() && have.command == pending.command;
        let first = self.board.pending.with_untracked(|all| all.iter().find(same).map(|first| first.id));
        if first.is_some() {
            return first;
        }
        if pending.text().is_some() {
            self.board.composer.clear();
        }
        self.board.pending.update(|all| all.push(pending.clone()));
        self.keep();
        self.deliver(&pending);
        Some(pending.id)
    }

    /// Takes a command back.
    pub fn discard(&mut self, id: CommandId) {
        self.board.pending.update(|all| all.retain(|one| one.id != id));
        self.keep();
    }

    /// Forgets all commands.
    pub fn forget(&mut self) {
        self.board.pending.set(Vec::new());
        self.keep();
    }

    /// Asks for what lies before the window. `false` without a socket.
    pub fn older(&mut self) -> bool {
        if self.phase != Phase::Open {
            return false;
        }
        if !self.loading_older {
            let window = self.board.view.with_untracked(|view| view.window);
            self.loading_older = true;
            self.send(&ClientFrame::Page { stream: self.stream, before: window.from, topic: window.topic });
        }
        true
    }

    /// Puts what was held back into the list.
    pub fn show_new(&mut self) {
        self.board.shown.set(self.board.view.with_untracked(newest));
    }

    /// The answer to [`Outside::post`].
    pub fn posted(&mut self, id: CommandId, answer: Result<Accepted, Failure>) {
        self.posting.retain(|one| *one != id);
        match answer {
            Ok(accepted) => {
                self.accepted(&accepted);
                // Do not wait for the next question to show it.
                self.poll_at = self.poll_at.map(|_| self.outside.now());
            }
            Err(Failure::Refused(problem)) => self.rejected(id, problem),
            Err(Failure::Network) => self.resend_at = Some(self.outside.now() + POLL_MS),
        }
    }

    /// The answer to [`Outside::poll`].
    pub fn polled(&mut self, answer: Result<CatchUp, Failure>) {
        self.polling = false;
        if self.poll_at.is_none() {
            // A socket was faster.
            return;
        }
        let now = self.outside.now();
        self.poll_at = Some(now + POLL_MS + self.jitter(1_000));
        match answer {
            Ok(more) if more.after == self.have => {
                if more.seq > self.have {
                    // Perhaps only a part of what there is.
                    self.poll_at = Some(now);
                }
                self.board.link.set(Link::Slow);
                if let Some(own) = more.own {
                    self.own_have = more.seq;
                    self.board.own.set(Some(own));
                }
                self.take(more.seq, &more.deltas);
                self.send_pending();
            }
            // Asked before something else moved on.
            Ok(_) => {}
            Err(Failure::Refused(problem)) if matches!(problem.status, 401 | 403 | 404) => self.stop(false),
            Err(_) => self.board.link.set(Link::Lost),
        }
    }

    /// A frame that cannot be read may have held a range, so the store asks again; once, since a server that means
    /// something else would say the same again.
    fn unreadable(&mut self) {
        if self.unreadable {
            return self.stop(false);
        }
        self.unreadable = true;
        self.subscribe();
    }

    fn connect(&mut self) {
        self.phase = Phase::Connecting { until: self.outside.now() + PATIENCE_MS };
        self.outside.connect();
    }

    fn subscribe(&mut self) {
        if self.phase != Phase::Open {
            return;
        }
        let from = self.board.view.with_untracked(|view| view.window.from);
        self.send(&ClientFrame::Subscribe {
            stream: self.stream,
            after: Some(self.have),
            audience: None,
            from: Some(from),
        });
        self.await_answer();
    }

    fn await_answer(&mut self) {
        self.asked_until = Some(self.outside.now() + PATIENCE_MS);
    }

    fn send(&mut self, frame: &impl Serialize) {
        if let Ok(json) = serde_json::to_string(frame) {
            self.outside.send(json);
        }
    }

    /// Takes a range that follows what the view has.
    fn take(&mut self, seq: Seq, deltas: &[ForumDelta]) {
        if !deltas.is_empty() {
            self.board.view.update(|view| Forum::apply_deltas(view, deltas));
        }
        self.have = seq;
        self.arrived();
    }

    /// The view has changed.
    fn arrived(&mut self) {
        let (newest, new) = self.board.view.with_untracked(|view| {
            let own = self.board.own.read_untracked();
            let mine = |id| own.as_ref().is_some_and(|own| own.mine.contains(&id));
            let new = view.contributions.iter().take_while(|one| one.position > self.known);
            (newest(view), new.filter(|one| !mine(one.id)).count() as u32)
        });
        self.known = self.known.max(newest);
        if !self.board.paused.get_untracked() && !self.board.bounded {
            self.unannounced += new;
            if !self.outside.reads_on() && self.board.shown.get_untracked() < newest {
                self.board.shown.set(newest);
            }
        }
        if self.unannounced > 0 && self.outside.now() >= self.announced_at + ANNOUNCE_MS {
            self.announce();
        }
        self.settle();
    }

    fn announce(&mut self) {
        say(self.board.announced, self.words.forum_announce(self.unannounced));
        self.unannounced = 0;
        self.announced_at = self.outside.now();
    }

    fn accepted(&mut self, accepted: &Accepted) {
        let at = self.outside.now();
        let answered = self.board.pending.try_update(|all| {
            let one = all.iter_mut().find(|one| one.id == accepted.id)?;
            one.stage = Stage::Accepted { seq: accepted.seq, at, object: accepted.object };
            Some(one.clone())
        });
        if let Some(one) = answered.flatten() {
            self.board.answered(&one);
        }
        // What the reader just wrote is not held back from them.
        if !self.board.bounded && self.board.shown.get_untracked() < accepted.seq.0 {
            self.board.shown.set(accepted.seq.0);
        }
        self.keep();
        self.settle();
    }

    /// Lets go of accepted commands whose effect is seen.
    fn settle(&mut self) {
        let now = self.outside.now();
        let seen = |one: &Pending| {
            let Stage::Accepted { seq, at, object } = one.stage else { return false };
            if now >= at + SETTLE_MS {
                return true;
            }
            let personal = one.text().is_some()
                || matches!(
                    one.command,
                    ForumCommand::Support { .. }
                        | ForumCommand::Unsupport { .. }
                        | ForumCommand::Withdraw { .. }
                        | ForumCommand::Appeal { .. }
                );
            let there = matches!(one.command, ForumCommand::Contribute { .. }) && self.is_listed(object);
            self.have >= seq && (!personal || there || self.own_have >= seq)
        };
        let settled: Vec<Pending> =
            self.board.pending.with_untracked(|all| all.iter().filter(|one| seen(one)).cloned().collect());
        if settled.is_empty() {
            return;
        }
        for one in &settled {
            if let Some(said) = self.outcome(one) {
                say(self.board.said, said.to_owned());
            }
        }
        self.board.pending.update(|all| all.retain(|one| !settled.iter().any(|gone| gone.id == one.id)));
        self.keep();
    }

    fn is_listed(&self, object: Option<Uuid>) -> bool {
        self.board.view.with_untracked(|view| view.contributions.iter().any(|one| Some(one.id.0) == object))
    }

    /// What became of a command, in words.
    fn outcome(&self, one: &Pending) -> Option<&'static str> {
        let Stage::Accepted { object, .. } = one.stage else { return None };
        let waits = self.board.own.with_untracked(|own| {
            own.as_ref().is_some_and(|own| own.waiting.iter().any(|waiting| Some(waiting.id.0) == object))
        });
        match one.command {
            ForumCommand::Appeal { .. } => Some(self.words.said_waiting()),
            _ if waits && one.text().is_some() => Some(self.words.said_waiting()),
            ForumCommand::Contribute { .. } if self.is_listed(object) => Some(self.words.said_sent()),
            ForumCommand::Edit { .. } | ForumCommand::Add { .. } => Some(self.words.said_changed()),
            ForumCommand::Withdraw { .. } => Some(self.words.said_gone()),
            _ => None,
        }
    }

    fn rejected(&mut self, id: CommandId, problem: Problem) {
        // No command's: the stream is not the reader's to follow (any more).
        if id.0.is_nil() && self.asked_until.is_some() && matches!(problem.status, 401 | 403 | 404) {
            return self.stop(false);
        }
        // Not the command is at fault: the same one goes again, a little later.
        if matches!(problem.code.as_str(), "too_many_requests" | "unavailable" | "outcome_unknown") {
            let seconds = problem.params.get("retry_after").and_then(serde_json::Value::as_i64).unwrap_or(2);
            self.resend_at = Some(self.outside.now() + seconds * 1_000 + self.jitter(1_000));
            return;
        }
        let Some(mut one) = self.board.pending.with_untracked(|all| all.iter().find(|one| one.id == id).cloned())
        else {
            return;
        };
        one.stage = Stage::Refused(problem.title.clone());
        let composer = self.board.composer;
        if one.text().is_some() && !composer.is_free() {
            self.board.pending.update(|all| {
                for have in all.iter_mut().filter(|have| have.id == id) {
                    *have = one.clone();
                }
            });
        } else {
            self.board.pending.update(|all| all.retain(|have| have.id != id));
            if one.text().is_some() {
                composer.take_up(&one);
                composer.problem.set(Some(problem));
            } else {
                let failed = || self.words.site_failed().to_owned();
                say(self.board.said, Some(problem.title).filter(|title| !title.is_empty()).unwrap_or_else(failed));
            }
        }
        self.board.answered(&one);
        self.keep();
    }

    fn bye(&mut self, retry_ms: i64) {
        self.outside.disconnect();
        self.asked_until = None;
        self.loading_older = false;
        let busy = self.is_typing() || self.board.pending.with_untracked(|all| !all.is_empty());
        if retry_ms == 0 && !busy {
            // Rights have changed: the page as it is now, by GET.
            self.phase = Phase::Stopped;
            self.board.link.set(Link::Stale);
            return self.outside.reload();
        }
        let wait = retry_ms + self.jitter(retry_ms.max(BACKOFF_MS.0));
        self.phase = Phase::Waiting { until: self.outside.now() + wait };
        self.board.link.set(Link::Lost);
    }

    /// Would a reload lose something that was typed?
    fn is_typing(&self) -> bool {
        self.outside.is_typing() || self.board.composer.aside.with_untracked(|aside| !aside.is_empty())
    }

    /// Ends the live page. Forms are plain forms again.
    fn stop(&mut self, reload: bool) {
        self.outside.disconnect();
        self.phase = Phase::Stopped;
        self.poll_at = None;
        self.asked_until = None;
        self.board.link.set(Link::Stale);
        if reload {
            if self.is_typing() {
                self.reload_at = Some(self.outside.now() + IDLE_CHECK_MS);
            } else {
                self.outside.reload();
            }
        }
    }

    fn reload_if_idle(&mut self) {
        let busy = self.is_typing() || self.board.pending.with_untracked(|all| !all.is_empty());
        if busy || !self.outside.is_idle() {
            self.reload_at = Some(self.outside.now() + IDLE_CHECK_MS);
        } else {
            self.reload_at = None;
            self.outside.reload();
        }
    }

    fn poll(&mut self) {
        self.polling = true;
        self.outside.poll(self.stream, self.have);
    }

    fn send_pending(&mut self) {
        for one in self.board.pending.get_untracked() {
            if one.stage == Stage::Sent {
                self.deliver(&one);
            }
        }
    }

    fn deliver(&mut self, one: &Pending) {
        if self.phase == Phase::Open {
            let Some(command) = Members::of(&one.command) else { return };
            self.send(&CommandFrame { id: one.id, stream: self.stream, command });
        } else if self.poll_at.is_some() && !self.posting.contains(&one.id) {
            let Some(request) = request(self.forum, &one.command) else { return };
            self.posting.push(one.id);
            self.outside.post(one.id, request);
        }
    }

    #[cfg(test)]
    fn phase_until(&self) -> i64 {
        match self.phase {
            Phase::Waiting { until } | Phase::Connecting { until } => until,
            Phase::Open | Phase::Stopped => i64::MAX,
        }
    }

    fn keep(&mut self) {
        let pending = self.board.pending.get_untracked();
        self.outside.keep(&pending);
    }

    /// 0 to `bound` milliseconds.
    fn jitter(&mut self, bound: i64) -> i64 {
        let bytes = self.outside.random();
        let random = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        i64::from(random) * bound / i64::from(u32::MAX)
    }

    /// A UUID of version 7 (RFC 9562, section 5.7).
    fn fresh_id(&mut self) -> CommandId {
        let mut bytes = self.outside.random();
        bytes[..6].copy_from_slice(&self.outside.now().to_be_bytes()[2..]);
        bytes[6] = bytes[6] & 0x0f | 0x70;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        CommandId(Uuid::from_bytes(bytes))
    }
}

/// The newest position of a view.
fn newest(view: &ForumView) -> u64 {
    view.contributions.first().map_or(0, |contribution| contribution.position)
}

/// A view of the whole forum cut to the topic the page shows.
fn within(mut view: ForumView, page: &ForumView) -> ForumView {
    if let Some(topic) = page.window.topic {
        view.contributions.retain(|contribution| contribution.topic == Some(topic));
        view.window.topic = Some(topic);
    }
    view
}

#[cfg(all(test, feature = "ssr", feature = "staff"))]
mod tests;
