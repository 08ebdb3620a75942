//! The live store: takes frames into the page, and commands to the server until they are answered.
//!
//! It knows no browser: everything outside comes through [`Outside`], so its rules are tested natively. And it knows no
//! kind of stream: what is of a forum or of a poll comes through its [`Side`]. Two promises:
//!
//! - The view is changed by the server's frames alone, and only by ranges that follow what it has. Anything else makes
//!   the store ask again from there.
//! - A command is kept until the server accepted or refused it, over any number of connections and reloads, always
//!   under the same id.

use leptos::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stimmwerk_core::ids::{CommandId, StreamId, TopicId};
use stimmwerk_core::live::{Accepted, ClientFrame, Delta, LiveTypes, PROTOCOL, Problem, Seq, ServerFrame};
use stimmwerk_core::time::Timestamp;
use uuid::Uuid;

use crate::command::{CommandFrame, Request};

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
/// An accepted command that does not show up in the view is dropped after this.
const SETTLE_MS: i64 = 3_000;
/// A press that follows another one faster than this is not meant: the thumb came down twice. In milliseconds.
pub(crate) const BOUNCE_MS: i64 = 400;
/// How often a page that should reload looks whether nobody uses it.
const IDLE_CHECK_MS: i64 = 30_000;

/// What pages of one kind send.
pub trait Command: Clone + PartialEq + Send + Sync + 'static {
    /// Writes it as it travels and is kept.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads what was kept.
    ///
    /// # Errors
    /// It is no command of a page.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A command as it travels.
struct Written<'a, C>(&'a C);

impl<C: Command> Serialize for Written<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// A command on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "C: Command")]
pub struct Pending<C: Command> {
    /// Chosen here; sending it again is safe.
    pub id: CommandId,
    /// What.
    #[serde(serialize_with = "C::write", deserialize_with = "C::read")]
    pub command: C,
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

/// How the page is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// As rendered: nothing comes by itself.
    #[default]
    Plain,
    /// For the first time.
    Connecting,
    /// What is new comes at once.
    Live,
    /// Without a socket: what is new is asked for every few seconds.
    Slow,
    /// Trying again.
    Lost,
    /// The server has moved on, or the reader may not read any more: only loading the page anew helps.
    Stale,
}

/// The answer to asking for changes without a socket.
#[derive(Clone, Debug, Deserialize)]
#[serde(bound = "")]
pub struct CatchUp<L: LiveTypes> {
    /// What the reader must have.
    pub after: Seq,
    /// What it then has.
    pub seq: Seq,
    /// The changes.
    pub deltas: Vec<Delta<L::Key, L::Value>>,
    /// The personal view.
    #[serde(default)]
    pub own: Option<L::Own>,
}

/// The signals of a page that lives, whatever it is about.
pub struct Wire<L: LiveTypes, C: Command> {
    /// What everyone of this audience sees.
    pub view: RwSignal<L::View>,
    /// What concerns the reader alone.
    pub own: RwSignal<Option<L::Own>>,
    /// Sent and not seen again yet; never mixed into the view.
    pub pending: RwSignal<Vec<Pending<C>>>,
    /// How the page is connected.
    pub link: RwSignal<Link>,
    /// How many are here.
    pub people: RwSignal<Option<u32>>,
    /// The server's clock as last heard.
    pub clock: RwSignal<Timestamp>,
}

/// What the store has to know of one kind of stream.
pub trait Side: 'static {
    /// The kind.
    type Kind: LiveTypes;
    /// What its pages send.
    type Command: Command;

    /// The id of the element with the list that what is new is put on top of.
    const LIST: Option<&'static str> = None;

    /// Does a later command undo an earlier one? Then each is sent only when the one before is answered.
    const IN_TURN: bool = false;

    /// The signals of the page.
    fn wire(&self) -> Wire<Self::Kind, Self::Command>;

    /// The request a command is where no socket can be had. `None`: no page sends it.
    fn request(&self, command: &Self::Command) -> Option<Request>;

    /// Is a command that is on its way the one that was pressed again?
    fn doubles(&self, sent: &Pending<Self::Command>, command: &Self::Command) -> bool {
        sent.command == *command
    }

    /// Does a command take the place of one that waits?
    fn replaces(&self, _command: &Self::Command, _waiting: &Pending<Self::Command>) -> bool {
        false
    }

    /// The oldest position of the view, and its topic. `None`: the view is no window.
    fn window(&self) -> Option<(u64, Option<TopicId>)> {
        None
    }

    /// A view of the whole stream as the page shows it.
    fn fit(&self, view: <Self::Kind as LiveTypes>::View) -> <Self::Kind as LiveTypes>::View {
        view
    }

    /// Would a reload lose something that was typed?
    fn is_typing(&self) -> bool {
        false
    }

    /// Is this press the second of two that were meant as one? Then what the first was sent under.
    fn bounced(&mut self, _one: &Pending<Self::Command>, _now: i64) -> Option<CommandId> {
        None
    }

    /// A command is being sent.
    fn sent(&mut self, _one: &Pending<Self::Command>) {}

    /// The view has changed. `reads_on`: see [`Outside::reads_on`].
    fn arrived(&mut self, now: i64, reads_on: bool);

    /// What the view is as of from now on.
    fn as_of(&mut self, _seq: Seq) {}

    /// The server said what time it is.
    fn clock(&mut self, _now: i64) {}

    /// The next moment at which [`Side::wake`] has something to do.
    fn due(&self) -> Option<i64>;

    /// Time has passed.
    fn wake(&mut self, now: i64);

    /// A command is durable; `None`: one that was taken back meanwhile.
    fn accepted(&mut self, one: Option<&Pending<Self::Command>>, accepted: &Accepted);

    /// Is the effect of an accepted command seen? The view is as of `have`, the personal one as of `own_have`.
    fn is_seen(&self, one: &Pending<Self::Command>, accepted: &Accepted, have: Seq, own_have: Seq) -> bool;

    /// The effect of a command is seen, or will not be.
    fn settled(&mut self, one: &Pending<Self::Command>);

    /// Does a refused command stay in the list until the reader has seen why?
    fn keeps_refused(&self, _one: &Pending<Self::Command>) -> bool {
        false
    }

    /// A command was refused for good.
    fn refused(&mut self, one: &Pending<Self::Command>, problem: Problem);

    /// The page lives no longer: forms are plain forms again.
    fn stopped(&mut self) {}
}

/// A change of what a side's stream shows.
type DeltaOf<S> = Delta<<<S as Side>::Kind as LiveTypes>::Key, <<S as Side>::Kind as LiveTypes>::Value>;

impl<L: LiveTypes, C: Command> Clone for Wire<L, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: LiveTypes, C: Command> Copy for Wire<L, C> {}

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
    /// Keeps the commands on their way over a reload, as JSON. `None`: there are none.
    fn keep(&mut self, pending: Option<String>);
    /// Loads the page anew by GET.
    fn reload(&mut self);
    /// Is there text in a field that was not sent?
    fn is_typing(&self) -> bool;
    /// Has nobody touched the page for a while?
    fn is_idle(&self) -> bool;
    /// Has the reader scrolled into the list, or a pointer, finger or the focus in it, so that something put at its top
    /// would move what they read or are about to press?
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

/// The store of one page.
pub struct Live<O, S: Side> {
    outside: O,
    side: S,
    wire: Wire<S::Kind, S::Command>,
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
    /// The last command that may have reached the server.
    tried: Option<CommandId>,
    /// When refused-for-now commands are sent again.
    resend_at: Option<i64>,
    /// When a subscription goes again that the server had no time for.
    subscribe_at: Option<i64>,
    unreadable: bool,
    build: Option<String>,
    /// A reload is due once nobody minds; looked at again at this time.
    reload_at: Option<i64>,
    loading_older: bool,
}

impl<O: Outside, S: Side> Live<O, S> {
    /// A store for a rendered page as of `have`.
    pub fn new(outside: O, side: S, stream: StreamId, have: Seq) -> Self {
        let now = outside.now();
        Self {
            outside,
            wire: side.wire(),
            side,
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
            tried: None,
            resend_at: None,
            subscribe_at: None,
            unreadable: false,
            build: None,
            reload_at: None,
            loading_older: false,
        }
    }

    /// Begins, with the commands an earlier load of the page did not get through.
    pub fn start(&mut self, kept: Vec<Pending<S::Command>>) {
        // Whoever has not joined (any more) sends nothing, and what was typed is not another person's.
        if self.wire.own.with_untracked(Option::is_some) {
            self.tried = kept.iter().find(|one| one.stage == Stage::Sent).map(|one| one.id);
            self.wire.pending.set(kept);
        }
        self.keep();
        self.wire.link.set(Link::Connecting);
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
        let settle = self.wire.pending.with_untracked(|pending| {
            pending
                .iter()
                .filter_map(|one| match one.stage {
                    Stage::Accepted { at, .. } => Some(at + SETTLE_MS),
                    _ => None,
                })
                .min()
        });
        let poll = self.poll_at.filter(|_| !self.polling);
        let side = self.side.due().filter(|_| self.phase != Phase::Stopped);
        [phase, side, settle, poll, self.asked_until, self.resend_at, self.subscribe_at, self.reload_at]
            .into_iter()
            .flatten()
            .min()
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
        if self.subscribe_at.is_some_and(|at| now >= at) {
            self.subscribe();
        }
        self.side.wake(now);
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
            self.wire.link.set(Link::Lost);
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
        if self.poll_at.is_none() || self.wire.link.get_untracked() != Link::Slow {
            self.wire.link.set(Link::Lost);
        }
    }

    /// A frame of the server.
    pub fn message(&mut self, json: &str) {
        self.heard_at = self.outside.now();
        let Ok(frame) = ServerFrame::<S::Kind>::parse(json) else { return self.unreadable() };
        let Some(frame) = frame else { return };
        match frame {
            ServerFrame::Hello(hello) => {
                self.clock(hello.now);
                if hello.protocol != PROTOCOL {
                    return self.stop(true);
                }
                if *self.build.get_or_insert_with(|| hello.build.clone()) != hello.build {
                    self.reload_at = Some(self.heard_at + IDLE_CHECK_MS);
                }
                self.phase = Phase::Open;
                self.attempts = 0;
                self.poll_at = None;
                self.wire.link.set(Link::Live);
                self.subscribe();
                self.send_pending();
            }
            ServerFrame::Snapshot(snapshot) if snapshot.stream == self.stream => {
                self.have = snapshot.seq;
                self.asked_until = None;
                self.wire.view.set(self.side.fit(snapshot.view));
                self.arrived();
            }
            ServerFrame::Deltas(range) if range.stream == self.stream => {
                if range.after == self.have {
                    self.asked_until = None;
                    self.take(range.seq, &range.deltas);
                } else if self.asked_until.is_none() && self.subscribe_at.is_none() {
                    self.subscribe();
                }
            }
            ServerFrame::Page(page) if page.stream == self.stream => {
                self.loading_older = false;
                if page.seq < self.have {
                    // What changed since then was passed over, since it lay outside the window.
                    self.older();
                } else {
                    let page = self.side.fit(page.view);
                    self.wire.view.update(|view| S::Kind::append_page(view, page));
                }
            }
            ServerFrame::Own(own) if own.stream == self.stream && own.seq >= self.own_have => {
                self.own_have = own.seq;
                self.wire.own.set(Some(own.view));
                self.settle();
            }
            ServerFrame::Presence(presence) if presence.stream == self.stream => {
                self.wire.people.set(Some(presence.people));
            }
            // The server starts afresh from what it sent; ranges on their way may be torn.
            ServerFrame::Resync(resync) if resync.stream == self.stream => self.await_answer(),
            ServerFrame::Accepted(accepted) => self.accepted(&accepted),
            ServerFrame::Rejected(rejected) => self.rejected(rejected.id, rejected.problem),
            ServerFrame::Beat(beat) => self.clock(beat.now),
            ServerFrame::Bye(bye) => self.bye(i64::from(bye.retry_ms)),
            // Of a stream this page does not follow.
            _ => {}
        }
    }

    /// Sends a command: its id. `None` where the store can do nothing for it: then the form goes its own way.
    pub fn command(&mut self, command: S::Command) -> Option<CommandId> {
        if self.phase == Phase::Stopped {
            // The form goes now; what it replaces must not come after it.
            self.replace(&command, None);
            return None;
        }
        self.side.request(&command)?;
        // Pressed twice: the first is on its way.
        let same = |have: &&Pending<_>| have.stage == Stage::Sent && self.side.doubles(have, &command);
        let first = self.wire.pending.with_untracked(|all| {
            let first = if S::IN_TURN { all.last().filter(same) } else { all.iter().find(same) };
            first.map(|first| first.id)
        });
        if first.is_some() {
            return first;
        }
        let pending = Pending { id: self.fresh_id(), command, stage: Stage::Sent };
        if let Some(first) = self.side.bounced(&pending, self.outside.now()) {
            return Some(first);
        }
        self.side.sent(&pending);
        self.replace(&pending.command, self.tried);
        let waits =
            S::IN_TURN && self.wire.pending.with_untracked(|all| all.iter().any(|one| one.stage == Stage::Sent));
        self.wire.pending.update(|all| all.push(pending.clone()));
        self.keep();
        if !waits {
            self.deliver(&pending);
        }
        Some(pending.id)
    }

    /// Lets go of what a command takes the place of, but for `tried`.
    fn replace(&mut self, command: &S::Command, tried: Option<CommandId>) {
        if !S::IN_TURN {
            return;
        }
        let goes = |one: &Pending<_>| one.stage == Stage::Sent && self.side.replaces(command, one);
        let stays = |one: &Pending<_>| !goes(one) || Some(one.id) == tried || one.command == *command;
        self.wire.pending.update(|all| all.retain(stays));
        self.keep();
    }

    /// Takes a command back.
    pub fn discard(&mut self, id: CommandId) {
        self.wire.pending.update(|all| all.retain(|one| one.id != id));
        self.keep();
    }

    /// Forgets all commands.
    pub fn forget(&mut self) {
        self.wire.pending.set(Vec::new());
        self.keep();
    }

    /// Asks for what lies before the window. `false` without a socket.
    pub fn older(&mut self) -> bool {
        if self.phase != Phase::Open {
            return false;
        }
        let Some((before, topic)) = self.side.window() else { return false };
        if !self.loading_older {
            self.loading_older = true;
            self.send(&ClientFrame::Page { stream: self.stream, before, topic });
        }
        true
    }

    /// What is of this kind of stream alone.
    pub fn side(&mut self) -> &mut S {
        &mut self.side
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
    pub fn polled(&mut self, answer: Result<CatchUp<S::Kind>, Failure>) {
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
                self.wire.link.set(Link::Slow);
                if let Some(own) = more.own {
                    self.own_have = more.seq;
                    self.wire.own.set(Some(own));
                }
                self.take(more.seq, &more.deltas);
                self.send_pending();
            }
            // Asked before something else moved on.
            Ok(_) => {}
            Err(Failure::Refused(problem)) if matches!(problem.status, 401 | 403 | 404) => {
                self.give_back(&problem);
                self.stop(false);
            }
            Err(_) => self.wire.link.set(Link::Lost),
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
        self.subscribe_at = None;
        if self.phase != Phase::Open {
            return;
        }
        let from = self.side.window().map(|(from, _)| from);
        self.send(&ClientFrame::Subscribe { stream: self.stream, after: Some(self.have), audience: None, from });
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
    fn take(&mut self, seq: Seq, deltas: &[DeltaOf<S>]) {
        if !deltas.is_empty() {
            self.wire.view.update(|view| S::Kind::apply_deltas(view, deltas));
        }
        self.have = seq;
        self.arrived();
    }

    fn clock(&mut self, now: Timestamp) {
        self.wire.clock.set(now);
        self.side.clock(self.heard_at);
    }

    /// The view has changed.
    fn arrived(&mut self) {
        self.side.as_of(self.have);
        self.side.arrived(self.outside.now(), self.outside.reads_on());
        self.settle();
    }

    fn accepted(&mut self, accepted: &Accepted) {
        let at = self.outside.now();
        let answered = self.wire.pending.try_update(|all| {
            let one = all.iter_mut().find(|one| one.id == accepted.id)?;
            one.stage = Stage::Accepted { seq: accepted.seq, at, object: accepted.object };
            Some(one.clone())
        });
        let answered = answered.flatten();
        self.side.accepted(answered.as_ref(), accepted);
        self.keep();
        self.settle();
        if answered.is_some() {
            self.send_next();
        }
    }

    /// Lets go of accepted commands whose effect is seen.
    fn settle(&mut self) {
        let now = self.outside.now();
        let seen = |one: &Pending<_>| {
            let Stage::Accepted { seq, at, object } = one.stage else { return false };
            let accepted = Accepted { id: one.id, object, seq, repeated: false };
            now >= at + SETTLE_MS || self.side.is_seen(one, &accepted, self.have, self.own_have)
        };
        let settled: Vec<Pending<_>> =
            self.wire.pending.with_untracked(|all| all.iter().filter(|one| seen(one)).cloned().collect());
        if settled.is_empty() {
            return;
        }
        for one in &settled {
            self.side.settled(one);
        }
        self.wire.pending.update(|all| all.retain(|one| !settled.iter().any(|gone| gone.id == one.id)));
        self.keep();
    }

    fn rejected(&mut self, id: CommandId, problem: Problem) {
        // No command's: the stream is not the reader's to follow (any more).
        if id.0.is_nil() && self.asked_until.is_some() && matches!(problem.status, 401 | 403 | 404) {
            self.give_back(&problem);
            return self.stop(false);
        }
        // Not the command is at fault: the same one goes again, a little later.
        if matches!(problem.code.as_str(), "too_many_requests" | "unavailable" | "outcome_unknown") {
            let seconds = problem.params.get("retry_after").and_then(serde_json::Value::as_i64).unwrap_or(2);
            let again = self.outside.now() + seconds * 1_000 + self.jitter(1_000);
            if id.0.is_nil() {
                // A subscription or a page, not a command. Subscribing again from what is there brings what was missed.
                self.asked_until = None;
                self.loading_older = false;
                self.subscribe_at = Some(again);
            } else {
                self.resend_at = Some(again);
            }
            return;
        }
        let Some(one) = self.wire.pending.with_untracked(|all| all.iter().find(|one| one.id == id).cloned()) else {
            return;
        };
        self.refuse(one, problem);
        self.send_next();
    }

    /// The reader may follow no longer, so nothing that is on its way will be answered here: its words are typed words
    /// again, and can be read, copied and sent once the reader is back.
    fn give_back(&mut self, problem: &Problem) {
        let sent = |one: &&Pending<_>| one.stage == Stage::Sent;
        let lost: Vec<_> = self.wire.pending.with_untracked(|all| all.iter().filter(sent).cloned().collect());
        for one in lost {
            self.refuse(one, problem.clone());
        }
    }

    /// A command was refused for good.
    fn refuse(&mut self, mut one: Pending<S::Command>, problem: Problem) {
        let id = one.id;
        one.stage = Stage::Refused(problem.title.clone());
        let stays = self.side.keeps_refused(&one);
        self.wire.pending.update(|all| {
            if stays && let Some(have) = all.iter_mut().find(|have| have.id == id) {
                *have = one.clone();
            } else {
                all.retain(|have| have.id != id);
            }
        });
        self.side.refused(&one, problem);
        self.keep();
    }

    fn bye(&mut self, retry_ms: i64) {
        self.outside.disconnect();
        self.asked_until = None;
        self.loading_older = false;
        let busy = self.is_typing() || self.wire.pending.with_untracked(|all| !all.is_empty());
        if retry_ms == 0 && !busy {
            // Rights have changed: the page as it is now, by GET.
            self.phase = Phase::Stopped;
            self.wire.link.set(Link::Stale);
            return self.outside.reload();
        }
        let wait = retry_ms + self.jitter(retry_ms.max(BACKOFF_MS.0));
        self.phase = Phase::Waiting { until: self.outside.now() + wait };
        self.wire.link.set(Link::Lost);
    }

    /// Would a reload lose something that was typed?
    fn is_typing(&self) -> bool {
        self.outside.is_typing() || self.side.is_typing()
    }

    /// Ends the live page. Forms are plain forms again.
    fn stop(&mut self, reload: bool) {
        self.outside.disconnect();
        self.phase = Phase::Stopped;
        self.poll_at = None;
        self.asked_until = None;
        self.wire.link.set(Link::Stale);
        self.side.stopped();
        if reload {
            if self.is_typing() {
                self.reload_at = Some(self.outside.now() + IDLE_CHECK_MS);
            } else {
                self.outside.reload();
            }
        }
    }

    fn reload_if_idle(&mut self) {
        let busy = self.is_typing() || self.wire.pending.with_untracked(|all| !all.is_empty());
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
        let most = if S::IN_TURN { 1 } else { usize::MAX };
        let pending = self.wire.pending.get_untracked();
        for one in pending.iter().filter(|one| one.stage == Stage::Sent).take(most) {
            self.deliver(one);
        }
    }

    /// One was answered: where they go in turn, the next goes.
    fn send_next(&mut self) {
        if S::IN_TURN {
            self.send_pending();
        }
    }

    fn deliver(&mut self, one: &Pending<S::Command>) {
        if self.phase == Phase::Open {
            self.tried = Some(one.id);
            self.send(&CommandFrame { id: one.id, stream: self.stream, command: Written(&one.command) });
        } else if self.poll_at.is_some() && !self.posting.contains(&one.id) {
            let Some(request) = self.side.request(&one.command) else { return };
            self.tried = Some(one.id);
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
        let kept = self
            .wire
            .pending
            .with_untracked(|all| (!all.is_empty()).then(|| serde_json::to_string(all).ok()).flatten());
        self.outside.keep(kept);
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

#[cfg(all(test, feature = "ssr"))]
mod tests;
