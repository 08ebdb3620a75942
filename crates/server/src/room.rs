//! A room: the task that owns one active stream. It decides, appends, publishes; another task beams to the sockets.
//!
//! The mailbox is drained into one batch while the one before it is being made durable, so one fsync serves many.
//! Readers take the published state and never wait for the mailbox.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use stimmwerk_core::commands::Commands;
use stimmwerk_core::domain::{Context, Decision, Domain, Meta, OpenReports, StoredEvent, Summary, Trace};
use stimmwerk_core::ids::{CommandId, ParticipantId, SaidKey, StreamId, TopicId};
use stimmwerk_core::live::{
    Delta, Deltas, FRAME_TARGET, LiveTypes, OwnFrame, Page, Presence, Resync, Seq, ServerFrame, Snapshot, WindowRequest,
};
use stimmwerk_core::people::{Actor, Audience, Need};
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_core::said::HoldsTexts;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::{
    AppendError, Batch, BoxRow, CommandKey, EventLog, NewEvent, ReadError, Riders, StateSnapshot,
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;

use crate::chance;
use crate::limits::Each;
use crate::limits::reports::{Reports, Sender};
use crate::problem::{Answer, Fault};
use crate::reads::in_turn;

/// The most commands of one batch.
const BATCH: usize = 1_000;
/// The most commands that may wait; who comes then waits at the door.
const MAILBOX: usize = 4_096;
/// How many beams the ring holds; a socket further behind gets `resync`.
const RING: usize = 128;
/// A state snapshot is written every so many events.
const SNAPSHOT_EVERY: u64 = 5_000;
/// Frames are this far apart in a busy room.
const TICK: Duration = Duration::from_millis(50);
/// Frames are this far apart in a busy and crowded room.
const CROWDED_TICK: Duration = Duration::from_millis(80);
/// What counts as crowded, in listeners.
const CROWD: u32 = 200;
/// Presence, and counters where many listen, are told at most so often.
const COUNTER_TICK: Duration = Duration::from_millis(250);
/// A reader that missed more facets than this gets a fresh snapshot instead of deltas.
const CATCH_UP_LIMIT: usize = 2_000;
/// A reader that missed fewer facets than this is answered at once; longer answers are built in turn, away from the
/// threads that serve sockets.
const SHORT: usize = 32;
/// The most frames of one snapshot with its pages: about 1 MiB. A reader with a longer window pages on from there.
const MOST_FRAMES: usize = 128;
/// Events are read from the log in pieces of this size.
const READ_PIECE: u32 = 2_000;
/// So many of the commands accepted last are known without asking the log: a hall that votes, and its repetitions.
const KNOWN: usize = 8_192;

/// An accepted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The thing it made or was about.
    pub object: Option<Uuid>,
    /// The number of its last event.
    pub seq: Seq,
    /// It had been accepted before under this id, and nothing has changed now.
    pub repeated: bool,
}

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// By the rules.
    Rejected(Rejection),
    /// Commands come too often from this person, or from where they are; again after so many seconds.
    TooOften(u64),
    /// The disk is full.
    StorageFull,
    /// It may have been accepted: ask again with the same id.
    OutcomeUnknown,
    /// Not now.
    Unavailable,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        use axum::http::StatusCode;
        match refusal {
            Refusal::Rejected(rejection) => rejection.into(),
            Refusal::TooOften(retry_after) => Self::too_many_requests(retry_after),
            Refusal::StorageFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, Code::StorageFull),
            Refusal::OutcomeUnknown => Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::OutcomeUnknown),
            Refusal::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
        }
    }
}

/// A command at the door.
pub struct Job<D: Domain> {
    /// What.
    pub command: D::Command,
    /// Its id.
    pub id: CommandId,
    /// By whom.
    pub actor: Actor,
    who: Uuid,
    /// By what it is known again: see [`key_of`]. The log keeps it keyed with the salts of the texts it writes.
    key: CommandKey,
    /// When it came.
    pub received_at: Timestamp,
    /// It carries out a follow-up of another stream, which is deleted with its batch.
    pub follow_up: bool,
    reply: oneshot::Sender<Result<Done, Refusal>>,
}

/// What a repeated command must agree in: who sent it and what it says. It stands in the log, so it leaves out whatever
/// must not be found by trying all there is. What that is can change with each event (a poll becomes secret): `state` is
/// the one the command is judged by.
///
/// An id can hold the time at which it was made, so what leaves no time leaves an id in its place that follows from it.
fn key_of<D: Domain>(stream: StreamId, state: &D::State, job: &Job<D>) -> CommandKey {
    let trace = D::trace(state, &job.command);
    let who = if trace == Trace::Signed { job.who } else { Uuid::nil() };
    let digest = match D::remembered(state, &job.command, &job.actor) {
        Some((who, command)) => digest(who, &command),
        None => digest(who, &job.command),
    };
    let id = if trace == Trace::Bare { CommandId(job.id.derive(stream, "bare")) } else { job.id };
    CommandKey { id, digest }
}

/// Of an actor and a body.
pub fn digest(who: Uuid, command: &impl Serialize) -> [u8; 16] {
    let body = serde_json::to_vec(command).expect("commands are plain data");
    let hash = Sha256::new().chain_update(who.as_bytes()).chain_update(body).finalize();
    hash[..16].try_into().expect("16 of 32 bytes")
}

/// What a room tells the rest of the program.
#[derive(Clone)]
pub struct Surroundings {
    /// Where everything is durable.
    pub log: Arc<dyn EventLog>,
    /// Rows of lists.
    pub summaries: Arc<Mutex<HashMap<StreamId, Summary>>>,
    /// Moments the clock must tell: stream and time.
    pub dues: mpsc::UnboundedSender<(StreamId, Option<Timestamp>)>,
    /// Rung when follow-ups were written.
    pub follow_ups: Arc<tokio::sync::Notify>,
    /// Bounds what nobody can be held to account for.
    pub reports: Arc<Reports>,
    /// Bounds what each person asks who is not staff.
    pub people: Arc<Each>,
    /// Who was erased while this program runs.
    pub erased: Arc<Erased>,
    /// Cancelled when a commit failed in a way that leaves the log in doubt.
    pub failed: tokio_util::sync::CancellationToken,
}

/// People who were erased, by the id under which their commands are remembered. Every stream there was then knows them
/// by itself; a stream that came later does not, but what was under way from before ends here. After a restart nothing
/// is under way.
#[derive(Debug, Default)]
pub struct Erased(Mutex<HashSet<Uuid>>);

impl Erased {
    /// From now on nothing is taken from this person.
    pub fn add(&self, person: Uuid) {
        self.0.lock().expect("no panic while held").insert(person);
    }

    /// They were not erased after all.
    pub fn remove(&self, person: Uuid) {
        self.0.lock().expect("no panic while held").remove(&person);
    }

    fn has(&self, person: Uuid) -> bool {
        self.0.lock().expect("no panic while held").contains(&person)
    }
}

/// What one tick brought: encoded once per audience and shared by all its readers.
#[derive(Debug)]
pub struct Beam {
    /// The number of the last event it covers.
    pub head: Seq,
    parts: [Part; 3],
    owners: Vec<ParticipantId>,
    /// How many are here, if that is to be told.
    pub presence: Option<Utf8Bytes>,
    /// Rights may have changed: every reader must be asked for its standing again.
    pub recheck: bool,
}

/// What a beam brings one audience. What changed nothing for it is no range of its own: nobody is to learn from an empty
/// frame that something happened which they may not see. The next range then begins where the last one ended.
#[derive(Clone, Debug)]
pub struct Part {
    /// What a reader must have.
    pub after: Seq,
    /// What it then has; the same if nothing changed for this audience.
    pub seq: Seq,
    /// `None`: nobody of this audience listened when it was made.
    pub frames: Option<Vec<Utf8Bytes>>,
}

/// How far an audience has been told of what happened.
#[derive(Clone, Copy)]
struct Told {
    /// Where its last range ended.
    seq: Seq,
    /// Nothing changed for it from there up to here.
    quiet: Seq,
}

impl Told {
    /// The part for an audience that `hears` it, and what it has been told then.
    fn part<D: Domain>(self, stream: StreamId, state: &D::State, audience: Audience, hears: bool) -> (Part, Self) {
        let (after, head) = (self.seq, D::seq(state));
        let all = Self { seq: head, quiet: head };
        if !hears {
            return (Part { after, seq: head, frames: None }, all);
        }
        let deltas = if head > self.quiet { written::<D>(state, self.quiet, audience) } else { Vec::new() };
        if deltas.is_empty() {
            return (Part { after, seq: after, frames: Some(Vec::new()) }, Self { quiet: head, ..self });
        }
        (Part { after, seq: head, frames: Some(range_frames(stream, after, head, deltas)) }, all)
    }
}

impl Beam {
    /// What it brings `audience`.
    pub fn part(&self, audience: Audience) -> &Part {
        &self.parts[audience as usize]
    }

    /// Did the personal view of `participant` change?
    pub fn concerns(&self, participant: ParticipantId) -> bool {
        self.owners.binary_search(&participant).is_ok()
    }
}

/// The way to a room.
pub struct Room<D: Domain> {
    stream: StreamId,
    mailbox: mpsc::Sender<Job<D>>,
    shared: Arc<Shared<D>>,
    reports: Arc<Reports>,
    people: Arc<Each>,
    erased: Arc<Erased>,
}

struct Shared<D: Domain> {
    stream: StreamId,
    state: ArcSwap<D::State>,
    ring: broadcast::Sender<Arc<Beam>>,
    listeners: [AtomicU32; 3],
    /// Number published last; the beam task waits on it.
    published: watch::Sender<Seq>,
    /// Who is here, each with the number of their sockets.
    present: Mutex<HashMap<ParticipantId, u32>>,
    presence: watch::Sender<u32>,
    /// The next beam asks every reader for its standing; the notification wakes the beam task for it.
    recheck_due: AtomicBool,
    recheck: tokio::sync::Notify,
    touched: AtomicI64,
}

/// What reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody who takes part: they count as present once, however many windows they have.
    Person(ParticipantId),
    /// A stranger, a program or a projector, which do not.
    Nobody,
}

/// Counts a reader until dropped.
pub type Present = Box<dyn Send + Sync>;

struct PresentGuard<D: Domain> {
    shared: Arc<Shared<D>>,
    audience: Audience,
    reader: Reader,
}

impl<D: Domain> Drop for PresentGuard<D> {
    fn drop(&mut self) {
        self.shared.listeners[self.audience as usize].fetch_sub(1, Ordering::Relaxed);
        if let Reader::Person(participant) = self.reader {
            self.shared.count_present(|present| {
                if let Entry::Occupied(mut sockets) = present.entry(participant) {
                    *sockets.get_mut() -= 1;
                    if *sockets.get() == 0 {
                        sockets.remove();
                    }
                }
            });
        }
    }
}

impl<D: Domain> Shared<D> {
    /// Changes who is here, and lets it be told.
    fn count_present(&self, change: impl FnOnce(&mut HashMap<ParticipantId, u32>)) {
        let mut present = self.present.lock().expect("no panic while held");
        change(&mut present);
        // Under the lock, so that the last word is the last count.
        let people = present.len() as u32;
        self.presence.send_if_modified(|told| std::mem::replace(told, people) != people);
    }

    fn readers(&self) -> u32 {
        self.listeners.iter().map(|n| n.load(Ordering::Relaxed)).sum()
    }
}

/// What brings a reader up to date.
#[derive(Debug)]
pub struct CaughtUp {
    /// To be sent, in order.
    pub frames: Vec<Utf8Bytes>,
    /// The number they lead to.
    pub seq: Seq,
    /// The oldest position the reader shows then.
    pub from: u64,
}

/// A stream as sockets see it, whatever its kind.
#[async_trait::async_trait]
pub trait Stage: Send + Sync {
    /// Joins the readers.
    fn listen(&self, audience: Audience, reader: Reader) -> (broadcast::Receiver<Arc<Beam>>, Present);
    /// Everything after `after`, for a reader who shows what there is from position `from` on.
    async fn catch_up(&self, after: Option<Seq>, audience: Audience, from: Option<u64>) -> Answer<CaughtUp>;
    /// An older page, and the position it begins at.
    async fn page(&self, before: u64, topic: Option<TopicId>, audience: Audience) -> Answer<(Vec<Utf8Bytes>, u64)>;
    /// The personal view as it is now.
    fn own(&self, participant: ParticipantId, from: u64) -> Utf8Bytes;
    /// The present number of people.
    fn presence(&self) -> Utf8Bytes;
    /// Takes a command as it came over the wire at `received_at`.
    async fn take(
        &self,
        command: serde_json::Value,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
    ) -> Result<Done, Fault>;
    /// The `after`, `seq` and `deltas` of the caller's catch-up over REST, at most `limit` deltas.
    async fn deltas_json(&self, after: Seq, audience: Audience, limit: usize) -> Answer<serde_json::Value>;
    /// The personal view as JSON.
    fn own_json(&self, participant: ParticipantId, from: u64) -> serde_json::Value;
    /// Readers must prove their standing again.
    fn recheck(&self);
}

impl<D: Domain> Room<D> {
    /// Loads a stream and starts its tasks, which end when the last handle is dropped.
    ///
    /// # Errors
    /// The log cannot be read, or holds what this program does not know.
    pub async fn open(stream: StreamId, surroundings: Surroundings) -> Result<Arc<Self>, ReadError> {
        let (state, snapshot_seq) = load::<D>(&*surroundings.log, stream).await?;
        let seq = D::seq(&state);
        let shared = Arc::new(Shared {
            stream,
            state: ArcSwap::from_pointee(state),
            ring: broadcast::Sender::new(RING),
            listeners: Default::default(),
            published: watch::Sender::new(seq),
            present: Mutex::default(),
            presence: watch::Sender::new(0),
            recheck_due: AtomicBool::new(false),
            recheck: tokio::sync::Notify::new(),
            touched: AtomicI64::new(chance::now().0),
        });
        let (mailbox, jobs) = mpsc::channel(MAILBOX);
        let beam = tokio::spawn(beam(shared.clone()));
        let (reports, people) = (surroundings.reports.clone(), surroundings.people.clone());
        let erased = surroundings.erased.clone();
        let writer = Writer { shared: shared.clone(), surroundings, snapshot_seq, known: Known::default() };
        tokio::spawn(async move {
            writer.run(jobs).await;
            beam.abort();
        });
        Ok(Arc::new(Self { stream, mailbox, shared, reports, people, erased }))
    }

    /// Is what changed after `after` so little that it can be told at once?
    fn is_short(&self, after: Seq) -> bool {
        let state = self.state();
        after <= D::seq(&state) && D::changed(&state, after, SHORT) < SHORT
    }

    /// How many are here.
    pub fn people(&self) -> u32 {
        *self.shared.presence.borrow()
    }

    /// The published state.
    pub fn state(&self) -> Arc<D::State> {
        self.shared.touched.store(chance::now().0, Ordering::Relaxed);
        self.shared.state.load_full()
    }

    /// Does nobody listen, and has nobody asked for anything since `moment`?
    pub fn is_idle_since(&self, moment: Timestamp) -> bool {
        self.shared.ring.receiver_count() == 0 && self.shared.touched.load(Ordering::Relaxed) < moment.0
    }

    /// Its stream.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// Issues a command and waits until it is durable or refused.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn issue(&self, command: D::Command, id: CommandId, actor: Actor, who: Uuid) -> Result<Done, Refusal> {
        self.issue_as(command, id, actor, who, false).await
    }

    /// [`Room::issue`] for what was received a moment ago: before it was known who sent it.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn issue_received(
        &self,
        command: D::Command,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
    ) -> Result<Done, Refusal> {
        self.put(command, id, actor, sender, received_at, false).await
    }

    /// [`Room::issue`] for a follow-up of another stream.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn issue_as(
        &self,
        command: D::Command,
        id: CommandId,
        actor: Actor,
        who: Uuid,
        follow_up: bool,
    ) -> Result<Done, Refusal> {
        self.put(command, id, actor, Sender::of(who), chance::now(), follow_up).await
    }

    /// [`Room::issue`] for a sample that happened earlier.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn issue_at(
        &self,
        command: D::Command,
        id: CommandId,
        actor: Actor,
        received_at: Timestamp,
    ) -> Result<Done, Refusal> {
        self.put(command, id, actor, Sender::Program, received_at, false).await
    }

    async fn put(
        &self,
        command: D::Command,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
        follow_up: bool,
    ) -> Result<Done, Refusal> {
        self.shared.touched.store(chance::now().0, Ordering::Relaxed);
        // What visitors do is judged without knowing who it was: from here on nothing tells.
        let visitor = command.rule().need == Need::Visitor;
        let who = if visitor { Uuid::nil() } else { sender.owner() };
        if !visitor && self.erased.has(who) {
            return Err(Refusal::Rejected(Rejection::NotJoined));
        }
        let actor = if visitor { Actor::default() } else { actor };
        if D::opens_box(&command) {
            // It is judged alone, with all that is in the box: not for whoever may not ask.
            actor.meets(command.rule().need).map_err(Refusal::Rejected)?;
        }
        let mut report = None;
        if visitor {
            self.reports.take(sender).map_err(Refusal::TooOften)?;
            let state = self.state();
            if let Some(OpenReports { about, open }) = D::reported(&state, &command) {
                report = self.reports.begin(sender, (self.stream, about), id, &open);
                if report.is_none() {
                    return Ok(Done { object: Some(about.0), seq: D::seq(&state), repeated: false });
                }
            }
        } else if !who.is_nil() && !actor.roles.is_staff() {
            self.people.take(who).map_err(Refusal::TooOften)?;
        }
        let (reply, answer) = oneshot::channel();
        let key = CommandKey { id, digest: [0; 16] };
        let job = Job { command, id, actor, who, key, received_at, follow_up, reply };
        self.mailbox.send(job).await.map_err(|_| Refusal::Unavailable)?;
        let answer = answer.await.unwrap_or(Err(Refusal::OutcomeUnknown));
        if let Some(report) = report
            && answer.is_ok()
        {
            report.taken(received_at);
        }
        answer
    }
}

#[async_trait::async_trait]
impl<D: Domain> Stage for Room<D> {
    fn listen(&self, audience: Audience, reader: Reader) -> (broadcast::Receiver<Arc<Beam>>, Present) {
        self.shared.touched.store(chance::now().0, Ordering::Relaxed);
        self.shared.listeners[audience as usize].fetch_add(1, Ordering::Relaxed);
        let beams = self.shared.ring.subscribe();
        if let Reader::Person(participant) = reader {
            self.shared.count_present(|present| *present.entry(participant).or_default() += 1);
        }
        (beams, Box::new(PresentGuard { shared: self.shared.clone(), audience, reader }))
    }

    async fn catch_up(&self, after: Option<Seq>, audience: Audience, from: Option<u64>) -> Answer<CaughtUp> {
        let short = after.is_some_and(|after| self.is_short(after));
        let (stream, shared) = (self.stream, self.shared.clone());
        // The state is read when it is the answer's turn: what was hidden meanwhile is not in it.
        let build = move || {
            let state = shared.state.load_full();
            let seq = D::seq(&state);
            match after {
                // A reader ahead of the log read from one that is gone (a restored backup).
                Some(after) if after <= seq && D::changed(&state, after, CATCH_UP_LIMIT) < CATCH_UP_LIMIT => {
                    let frames = delta_frames::<D>(stream, &state, after, audience);
                    // Who does not say what they show is taken to show the newest page.
                    CaughtUp { frames, seq, from: from.unwrap_or_else(|| D::page_start(&state, audience, None, None)) }
                }
                _ => {
                    let (frames, from) = snapshot_frames::<D>(stream, &state, audience, from);
                    CaughtUp { frames, seq, from }
                }
            }
        };
        if short { Ok(build()) } else { in_turn(build).await }
    }

    async fn page(&self, before: u64, topic: Option<TopicId>, audience: Audience) -> Answer<(Vec<Utf8Bytes>, u64)> {
        let (stream, shared) = (self.stream, self.shared.clone());
        in_turn(move || {
            let state = shared.state.load_full();
            let mut frames = Vec::new();
            let goal = D::page_start(&state, audience, Some(before), topic);
            let from = page_frames::<D>(stream, &state, audience, before, goal, topic, &mut frames);
            (frames, from)
        })
        .await
    }

    fn own(&self, participant: ParticipantId, from: u64) -> Utf8Bytes {
        let state = self.state();
        frame::<D>(&ServerFrame::Own(OwnFrame {
            stream: self.stream,
            seq: D::seq(&state),
            view: D::own(&state, participant, from),
        }))
    }

    fn presence(&self) -> Utf8Bytes {
        presence_frame::<D>(self.stream, *self.shared.presence.borrow())
    }

    async fn take(
        &self,
        command: serde_json::Value,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
    ) -> Result<Done, Fault> {
        let command: D::Command =
            serde_json::from_value(command).map_err(|error| Fault::bad_request(error.to_string()))?;
        Ok(self.issue_received(command, id, actor, sender, received_at).await?)
    }

    async fn deltas_json(&self, after: Seq, audience: Audience, limit: usize) -> Answer<serde_json::Value> {
        let short = self.is_short(after);
        let (stream, shared) = (self.stream, self.shared.clone());
        let build = move || {
            let state = shared.state.load_full();
            // A reader ahead of the log read from one that is gone, or made its number up.
            let (deltas, seq) = if after < D::seq(&state) {
                D::deltas_within(&state, after, audience, limit)
            } else {
                (Vec::new(), after)
            };
            serde_json::json!(Deltas { stream, after, seq, deltas })
        };
        if short { Ok(build()) } else { in_turn(build).await }
    }

    fn own_json(&self, participant: ParticipantId, from: u64) -> serde_json::Value {
        serde_json::json!(D::own(&self.state(), participant, from))
    }

    fn recheck(&self) {
        self.shared.recheck_due.store(true, Ordering::Release);
        self.shared.recheck.notify_one();
    }
}

/// Folds a stream from its newest snapshot and the events after it. Also the number of the snapshot.
///
/// # Errors
/// The log cannot be read, or holds what this program does not know.
pub async fn load<D: Domain>(log: &dyn EventLog, stream: StreamId) -> Result<(D::State, Seq), ReadError> {
    let texts: HashMap<SaidKey, Arc<str>> = log.texts(stream).await?.into_iter().collect();
    let texts = Arc::new(texts);
    let snapshot = log.snapshot(stream).await?.filter(|snapshot| snapshot.format == D::STATE_FORMAT);
    let (mut state, snapshot_seq) = match snapshot {
        None => (D::State::default(), Seq(0)),
        Some(snapshot) => {
            let texts = texts.clone();
            let state = tokio::task::spawn_blocking(move || {
                let mut state: D::State =
                    serde_json::from_slice(&snapshot.body).map_err(|e| ReadError(e.to_string()))?;
                state.resolve(&|key| texts.get(key).cloned());
                D::rebuild(&mut state);
                Ok::<_, ReadError>(state)
            })
            .await
            .map_err(|error| ReadError(error.to_string()))??;
            (state, snapshot.seq)
        }
    };
    fold::<D>(log, stream, &mut state, &texts).await?;
    Ok((state, snapshot_seq))
}

/// Folds a stream from its first event.
///
/// # Errors
/// The log cannot be read, or holds what this program does not know.
pub async fn folded<D: Domain>(log: &dyn EventLog, stream: StreamId) -> Result<D::State, ReadError> {
    let texts: HashMap<SaidKey, Arc<str>> = log.texts(stream).await?.into_iter().collect();
    let mut state = D::State::default();
    fold::<D>(log, stream, &mut state, &texts).await?;
    Ok(state)
}

/// Applies all events the state does not have yet.
async fn fold<D: Domain>(
    log: &dyn EventLog,
    stream: StreamId,
    state: &mut D::State,
    texts: &HashMap<SaidKey, Arc<str>>,
) -> Result<(), ReadError> {
    loop {
        let events = log.read(stream, D::seq(state), READ_PIECE).await?;
        for logged in &events {
            let mut event = D::Event::read(&logged.kind, logged.version, &logged.body)
                .map_err(|unreadable| ReadError(unreadable.to_string()))?;
            event.resolve(&|key| texts.get(key).cloned());
            D::apply(state, &event, Meta { seq: logged.seq, at: logged.at, actor: logged.actor });
        }
        if events.len() < READ_PIECE as usize {
            return Ok(());
        }
    }
}

/// The half of a room that writes. It alone replaces the published state.
struct Writer<D: Domain> {
    shared: Arc<Shared<D>>,
    surroundings: Surroundings,
    snapshot_seq: Seq,
    known: Known,
}

/// Commands accepted a moment ago, with digests that are not keyed, since no word is looked up for them: repetitions come
/// soon or hardly ever. They are in memory alone.
#[derive(Default)]
struct Known {
    commands: HashMap<CommandId, ([u8; 16], Done)>,
    order: VecDeque<CommandId>,
}

impl Known {
    fn add(&mut self, key: CommandKey, done: Done) {
        if self.commands.insert(key.id, (key.digest, done)).is_none() {
            self.order.push_back(key.id);
        }
        if self.order.len() > KNOWN {
            self.order.pop_front().and_then(|id| self.commands.remove(&id));
        }
    }

    /// How a command is to be answered that was accepted before under this id.
    fn verdict(&self, key: &CommandKey) -> Option<Verdict> {
        let (digest, done) = self.commands.get(&key.id)?;
        let same = *digest == key.digest;
        Some(if same {
            Verdict::Accepted(Done { repeated: true, ..*done })
        } else {
            Verdict::Rejected(Rejection::IdReused)
        })
    }
}

/// What the deciding said to one job, before it is durable.
enum Verdict {
    Accepted(Done),
    Rejected(Rejection),
    /// The same command stands earlier in this batch.
    SameAs(usize),
}

/// What came of judging jobs together, before it is durable.
struct Judged<D: Domain> {
    batch: Batch,
    /// The state as it is then.
    working: D::State,
    /// One for each job.
    verdicts: Vec<Verdict>,
    /// The commands that lead to events, to be known again.
    fresh: Vec<(CommandKey, Done)>,
}

impl<D: Domain> Writer<D> {
    async fn run(mut self, mut mailbox: mpsc::Receiver<Job<D>>) {
        let mut jobs = Vec::with_capacity(BATCH);
        while mailbox.recv_many(&mut jobs, BATCH).await > 0 {
            // Whatever opens the ballot box is judged alone, when all ballots before it are in there.
            while let Some(opens) = jobs.first().map(|job| D::opens_box(&job.command)) {
                let next = jobs.iter().position(|job| D::opens_box(&job.command));
                let later = jobs.split_off(if opens { 1 } else { next.unwrap_or(jobs.len()) });
                self.process(std::mem::replace(&mut jobs, later), opens).await;
            }
            self.snapshot_if_due(SNAPSHOT_EVERY);
        }
        self.snapshot_if_due(1);
    }

    /// Decides, appends, publishes and answers.
    async fn process(&mut self, mut jobs: Vec<Job<D>>, opens_box: bool) {
        while !jobs.is_empty() {
            let base = self.shared.state.load_full();
            let ballot_box = match self.ballot_box(opens_box).await {
                Ok(ballots) => ballots,
                Err(error) => {
                    tracing::error!(%error, stream = %self.shared.stream, "the ballot box cannot be read");
                    return refuse(jobs, &Refusal::Unavailable);
                }
            };
            let Judged { batch, working, verdicts, fresh } = self.decide(&base, &mut jobs, ballot_box.as_ref());
            let written = !batch.events.is_empty() || !batch.riders.done.is_empty();
            let (due, summary) = (batch.riders.due, D::summary(&working));
            let has_follow_ups = !batch.riders.follow_ups.is_empty();
            let result = if written { self.surroundings.log.append(batch).await.map(|_| ()) } else { Ok(()) };
            match result {
                Ok(()) => {
                    for (key, done) in fresh {
                        self.known.add(key, done);
                    }
                    let seq = D::seq(&working);
                    if seq > D::seq(&base) {
                        self.shared.state.store(Arc::new(working));
                        self.shared.published.send_replace(seq);
                    }
                    if let Some(summary) = summary {
                        let mut summaries = self.surroundings.summaries.lock().expect("no panic while held");
                        summaries.insert(self.shared.stream, summary);
                    }
                    if let Some(due) = due {
                        let _ = self.surroundings.dues.send((self.shared.stream, due));
                    }
                    if has_follow_ups {
                        self.surroundings.follow_ups.notify_one();
                    }
                    return self.answer(jobs, verdicts);
                }
                Err(AppendError::CommandTaken { ids }) => {
                    // Repetitions of commands accepted before. They get their old answer; the rest is decided again.
                    let (repeated, rest): (Vec<_>, Vec<_>) =
                        jobs.into_iter().partition(|job| ids.contains(&job.key.id));
                    let (follow_ups, repeated): (Vec<_>, Vec<_>) = repeated.into_iter().partition(|job| job.follow_up);
                    for job in follow_ups {
                        let answer = self.memory().recall(&job, &Refusal::Unavailable).await;
                        if answer.is_ok() {
                            self.strike(job.id).await;
                        }
                        let _ = job.reply.send(answer);
                    }
                    self.look_up(repeated.into_iter().map(|job| (job, Refusal::Unavailable)).collect());
                    jobs = rest;
                }
                Err(AppendError::Conflict { head }) => {
                    // Another node was first: take in what it wrote and decide again.
                    if let Err(error) = self.catch_up().await {
                        tracing::error!(%error, stream = %self.shared.stream, "catching up failed");
                        return refuse(jobs, &Refusal::Unavailable);
                    }
                    let have = D::seq(&self.shared.state.load());
                    if have <= D::seq(&base) {
                        // Its last events are missing: deciding again would end here again, without end.
                        tracing::error!(%head, %have, stream = %self.shared.stream, "the stream is damaged");
                        return refuse(jobs, &Refusal::Unavailable);
                    }
                }
                Err(AppendError::StorageFull) => return self.refuse_accepted(jobs, verdicts, &Refusal::StorageFull),
                Err(AppendError::Storage(error)) => {
                    tracing::error!(error, stream = %self.shared.stream, "append failed");
                    return self.refuse_accepted(jobs, verdicts, &Refusal::Unavailable);
                }
                Err(AppendError::OutcomeUnknown(error)) => {
                    // Whether it is durable can no longer be known from here: the next start reads what is there.
                    tracing::error!(error, stream = %self.shared.stream, "commit in doubt, the program ends");
                    self.surroundings.failed.cancel();
                    return refuse(jobs, &Refusal::OutcomeUnknown);
                }
            }
        }
    }

    /// What is in the ballot box, if it is to be opened.
    async fn ballot_box(&self, opens: bool) -> Result<Option<Vec<Vec<u8>>>, ReadError> {
        if !opens {
            return Ok(None);
        }
        let rows = self.surroundings.log.box_rows(self.shared.stream).await?;
        Ok(Some(rows.into_iter().map(|row| row.choice).collect()))
    }

    fn decide(&self, base: &Arc<D::State>, jobs: &mut [Job<D>], ballot_box: Option<&Vec<Vec<u8>>>) -> Judged<D> {
        let mut working = D::State::clone(base);
        let mut events = Vec::new();
        let mut riders = Riders::default();
        let mut seen: HashMap<CommandId, usize> = HashMap::with_capacity(jobs.len());
        let mut verdicts = Vec::with_capacity(jobs.len());
        let mut fresh = Vec::new();
        for nth in 0..jobs.len() {
            jobs[nth].key = key_of::<D>(self.shared.stream, &working, &jobs[nth]);
            let job = &jobs[nth];
            if let Some(first) = seen.get(&job.id) {
                verdicts.push(if jobs[*first].key == job.key {
                    Verdict::SameAs(*first)
                } else {
                    Verdict::Rejected(Rejection::IdReused)
                });
                continue;
            }
            // A follow-up is to be struck as well, which only the log's answer leads to.
            if let Some(verdict) = self.known.verdict(&job.key).filter(|_| !job.follow_up) {
                verdicts.push(verdict);
                continue;
            }
            let context = Context {
                stream: self.shared.stream,
                command: job.id,
                received_at: job.received_at,
                actor: job.actor.clone(),
                salt_seed: chance::bytes(),
                ballot_box: ballot_box.cloned(),
            };
            let Decision { events: happened, texts, erase, follow_ups, box_put, box_empty } =
                match D::decide(&working, &job.command, &context) {
                    Ok(decision) => decision,
                    Err(rejection) => {
                        verdicts.push(Verdict::Rejected(rejection));
                        continue;
                    }
                };
            seen.insert(job.id, nth);
            let last = happened.len().saturating_sub(1);
            let kept = job.key.keyed(texts.iter().map(|text| &text.salt));
            let trace = D::trace(&working, &job.command);
            for (n, event) in happened.iter().enumerate() {
                let meta = Meta::of(D::seq(&working).next(), trace, job.received_at, &job.actor);
                D::apply(&mut working, event, meta);
                let (kind, version) = event.kind();
                events.push(NewEvent {
                    at: meta.at,
                    actor: meta.actor,
                    command: (n == last).then_some(kept),
                    kind,
                    version,
                    body: event.body(),
                });
            }
            riders.texts.extend(texts);
            riders.erase.extend(erase);
            riders.follow_ups.extend(follow_ups);
            riders.box_put.extend(box_put.map(|choice| BoxRow { key: chance::bytes(), choice }));
            riders.box_empty |= box_empty;
            if job.follow_up {
                riders.done.push(job.id);
            }
            let object = D::object(&job.command, self.shared.stream, job.id);
            let done = Done { object, seq: D::seq(&working), repeated: false };
            if !happened.is_empty() {
                fresh.push((job.key, done));
            }
            verdicts.push(Verdict::Accepted(done));
        }
        if !events.is_empty() {
            let due = D::next_due(&working);
            riders.due = (due != D::next_due(base)).then_some(due);
            let summary = D::summary(&working);
            if summary != D::summary(base) {
                riders.summary = summary.and_then(|summary| serde_json::to_vec(&summary).ok());
            }
        }
        let batch = Batch { stream: self.shared.stream, kind: D::KIND, expected: D::seq(base), events, riders };
        Judged { batch, working, verdicts, fresh }
    }

    /// Answers after the commit. A rejection is checked against the log first: the command may have been accepted
    /// before, and whoever repeats it gets that answer.
    fn answer(&self, jobs: Vec<Job<D>>, verdicts: Vec<Verdict>) {
        let accepted: Vec<Option<Done>> = verdicts
            .iter()
            .map(|verdict| if let Verdict::Accepted(done) = verdict { Some(*done) } else { None })
            .collect();
        let mut rejected = Vec::new();
        let mut erased = Vec::new();
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            let answer = match verdict {
                Verdict::Accepted(done) if D::erases(&job.command) => {
                    erased.push((job, done));
                    continue;
                }
                Verdict::Accepted(done) => Ok(done),
                Verdict::SameAs(first) => {
                    accepted[first].map(|done| Done { repeated: true, ..done }).ok_or(Refusal::Unavailable)
                }
                Verdict::Rejected(rejection) => {
                    rejected.push((job, Refusal::Rejected(rejection)));
                    continue;
                }
            };
            let _ = job.reply.send(answer);
        }
        self.look_up(rejected);
        if !erased.is_empty() {
            // Whoever erases waits for the cleaning of the files; the room does not.
            let log = self.surroundings.log.clone();
            tokio::spawn(async move {
                log.cleaned().await;
                for (job, done) in erased {
                    let _ = job.reply.send(Ok(done));
                }
            });
        }
    }

    /// Answers with what the log remembers of these commands, or else with the refusal beside them. Of a task of its own:
    /// nobody whose command is good waits for those whose is not.
    fn look_up(&self, jobs: Vec<(Job<D>, Refusal)>) {
        if jobs.is_empty() {
            return;
        }
        let memory = self.memory();
        tokio::spawn(async move {
            for (job, otherwise) in jobs {
                let answer = memory.recall(&job, &otherwise).await;
                let _ = job.reply.send(answer);
            }
        });
    }

    fn memory(&self) -> Memory {
        Memory { log: self.surroundings.log.clone(), stream: self.shared.stream }
    }

    /// Deletes a follow-up that had been carried out already.
    async fn strike(&self, id: CommandId) {
        let riders = Riders { done: vec![id], ..Riders::default() };
        let expected = D::seq(&self.shared.state.load());
        let batch = Batch { stream: self.shared.stream, kind: D::KIND, expected, events: Vec::new(), riders };
        if let Err(error) = self.surroundings.log.append(batch).await {
            tracing::warn!(%error, "striking a follow-up failed; it will be tried again");
        }
    }

    async fn catch_up(&self) -> Result<(), ReadError> {
        let log = &*self.surroundings.log;
        let texts: HashMap<SaidKey, Arc<str>> = log.texts(self.shared.stream).await?.into_iter().collect();
        let mut state = D::State::clone(&self.shared.state.load());
        fold::<D>(log, self.shared.stream, &mut state, &texts).await?;
        let seq = D::seq(&state);
        self.shared.state.store(Arc::new(state));
        self.shared.published.send_replace(seq);
        Ok(())
    }

    /// Refuses what would have been accepted; what was rejected anyway stays rejected.
    #[expect(clippy::unused_self, reason = "reads as one of the answers of a writer")]
    fn refuse_accepted(&self, jobs: Vec<Job<D>>, verdicts: Vec<Verdict>, refusal: &Refusal) {
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            let _ = job.reply.send(Err(match verdict {
                Verdict::Rejected(rejection) => Refusal::Rejected(rejection),
                Verdict::Accepted(_) | Verdict::SameAs(_) => refusal.clone(),
            }));
        }
    }

    fn snapshot_if_due(&mut self, every: u64) {
        let state = self.shared.state.load_full();
        let seq = D::seq(&state);
        if seq.0 < self.snapshot_seq.0 + every {
            return;
        }
        self.snapshot_seq = seq;
        let (log, stream) = (self.surroundings.log.clone(), self.shared.stream);
        tokio::spawn(async move {
            let body = tokio::task::spawn_blocking(move || serde_json::to_vec(&*state)).await;
            if let Ok(Ok(body)) = body {
                let snapshot = StateSnapshot { seq, format: D::STATE_FORMAT, body };
                // Without it the next start reads more events; nothing is lost.
                if let Err(error) = log.put_snapshot(stream, snapshot).await {
                    tracing::warn!(%error, %stream, "no state snapshot");
                }
            }
        });
    }
}

/// What the log knows of a stream's commands.
struct Memory {
    log: Arc<dyn EventLog>,
    stream: StreamId,
}

impl Memory {
    /// The answer to a command that was accepted before; `otherwise` if it was not.
    async fn recall<D: Domain>(&self, job: &Job<D>, otherwise: &Refusal) -> Result<Done, Refusal> {
        match self.log.find_command(self.stream, job.key.id).await {
            Ok(Some(recorded)) if recorded.is(job.key, job.actor.participant) => {
                let object = D::object(&job.command, self.stream, job.id);
                Ok(Done { object, seq: recorded.seq, repeated: true })
            }
            Ok(Some(_)) => Err(Refusal::Rejected(Rejection::IdReused)),
            Ok(None) => Err(otherwise.clone()),
            Err(error) => {
                tracing::error!(%error, "looking up a command failed");
                Err(Refusal::Unavailable)
            }
        }
    }
}

fn refuse<D: Domain>(jobs: Vec<Job<D>>, refusal: &Refusal) {
    for job in jobs {
        let _ = job.reply.send(Err(refusal.clone()));
    }
}

/// The half of a room that tells. Sends at once after quiet, then one beam a tick; where many listen, counters and
/// presence wait for the longer [`COUNTER_TICK`] unless something else takes them along.
async fn beam<D: Domain>(shared: Arc<Shared<D>>) {
    let mut published = shared.published.subscribe();
    let mut presence = shared.presence.subscribe();
    let mut sent = *published.borrow_and_update();
    let mut told = Audience::ALL.map(|_| Told { seq: sent, quiet: sent });
    let mut people_told: u32 = 0;
    let mut last = Instant::now();
    let mut presence_due: Option<Instant> = None;
    let mut counters_due: Option<Instant> = None;
    let far = || Instant::now() + Duration::from_hours(1);
    loop {
        tokio::select! {
            changed = published.changed() => if changed.is_err() { return },
            changed = presence.changed(), if presence_due.is_none() => {
                if changed.is_err() { return }
                presence_due = Some(Instant::now() + COUNTER_TICK);
                continue;
            }
            () = tokio::time::sleep_until(presence_due.unwrap_or_else(far)), if presence_due.is_some() => {
                presence_due = None;
            }
            () = tokio::time::sleep_until(counters_due.unwrap_or_else(far)), if counters_due.is_some() => {}
            () = shared.recheck.notified() => {}
        }
        let people = *presence.borrow_and_update();
        let crowded = shared.readers() > CROWD;
        tokio::time::sleep_until(last + if crowded { CROWDED_TICK } else { TICK }).await;
        published.borrow_and_update();
        let state = shared.state.load_full();
        // After the state: what was written once rights had changed is not sent before everyone was asked.
        let recheck = shared.recheck_due.swap(false, Ordering::AcqRel);
        let seq = D::seq(&state);
        let tell = (presence_due.is_none() && people != people_told).then_some(people);
        if seq == sent && tell.is_none() && !recheck {
            continue;
        }
        let patient = last + COUNTER_TICK;
        if crowded && tell.is_none() && !recheck && Instant::now() < patient && !D::pressing(&state, sent) {
            counters_due = Some(patient);
            continue;
        }
        counters_due = None;
        if let Some(people) = tell {
            people_told = people;
        }
        last = Instant::now();
        let parts = Audience::ALL.map(|audience| {
            let hears = shared.listeners[audience as usize].load(Ordering::Relaxed) > 0;
            let told = &mut told[audience as usize];
            let (part, now) = told.part::<D>(shared.stream, &state, audience, hears);
            *told = now;
            part
        });
        let mut owners = if seq > sent { D::owners(&state, sent) } else { Vec::new() };
        owners.sort_unstable();
        let presence = tell.map(|people| presence_frame::<D>(shared.stream, people));
        // No receiver is no error: then nobody is there to be told.
        let _ = shared.ring.send(Arc::new(Beam { head: seq, parts, owners, presence, recheck }));
        sent = seq;
    }
}

fn frame<L: LiveTypes>(frame: &ServerFrame<L>) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames are plain data").into()
}

fn presence_frame<L: LiveTypes>(stream: StreamId, people: u32) -> Utf8Bytes {
    frame::<L>(&ServerFrame::Presence(Presence { stream, people }))
}

/// The frame that tells a reader it fell behind.
pub fn resync_frame(stream: StreamId) -> Utf8Bytes {
    frame::<stimmwerk_core::forum::Forum>(&ServerFrame::Resync(Resync { stream }))
}

/// Deltas as frames below [`FRAME_TARGET`]. A range ends where a number ends; within one number the parts repeat
/// their start, so that who loses the rest asks for all of it again.
fn delta_frames<D: Domain>(stream: StreamId, state: &D::State, after: Seq, audience: Audience) -> Vec<Utf8Bytes> {
    range_frames(stream, after, D::seq(state), written::<D>(state, after, audience))
}

/// What changed after a number for an audience, each with its own number.
fn written<D: Domain>(state: &D::State, after: Seq, audience: Audience) -> Vec<(Seq, String)> {
    D::deltas(state, after, audience).iter().map(|delta| (delta.seq(), json(delta))).collect()
}

fn json(anything: &impl Serialize) -> String {
    serde_json::to_string(anything).expect("what is sent is plain data")
}

/// Written deltas as frames that lead from `after` to `head`: see [`delta_frames`].
fn range_frames(stream: StreamId, after: Seq, head: Seq, deltas: Vec<(Seq, String)>) -> Vec<Utf8Bytes> {
    // Each delta is written once; the frame around it is the one of `ServerFrame::Deltas`, which a test compares.
    let write = |from: Seq, to: Seq, part: &[(Seq, String)]| -> Utf8Bytes {
        let size: usize = part.iter().map(|(_, json)| json.len() + 1).sum();
        let mut text = String::with_capacity(size + 128);
        let _ = write!(text, r#"{{"type":"deltas","stream":"{stream}","after":{from},"seq":{to},"deltas":["#);
        for (nth, (_, json)) in part.iter().enumerate() {
            if nth > 0 {
                text.push(',');
            }
            text.push_str(json);
        }
        text.push_str("]}");
        text.into()
    };
    let mut frames = Vec::new();
    let (mut from, mut start, mut size) = (after, 0, 0);
    for (nth, (seq, json)) in deltas.iter().enumerate() {
        if nth > start && size + json.len() + 160 > FRAME_TARGET {
            let (before, _) = &deltas[nth - 1];
            let to = if before < seq { *before } else { from };
            frames.push(write(from, to, &deltas[start..nth]));
            (from, start, size) = (to, nth, 0);
        }
        size += json.len() + 1;
    }
    frames.push(write(from, head, &deltas[start..]));
    frames
}

/// A snapshot of the newest part, what is too much for its frame as changes that lead from its number to the same, and
/// the rest of the window as pages; and the position all of it begins at.
fn snapshot_frames<D: Domain>(
    stream: StreamId,
    state: &D::State,
    audience: Audience,
    from: Option<u64>,
) -> (Vec<Utf8Bytes>, u64) {
    let newest = D::page_start(state, audience, None, None);
    let asked = from.map_or(newest, |from| from.min(newest));
    let window = WindowRequest { from: Some(asked), ..WindowRequest::default() };
    // Only what fits is built: the rest comes in pages.
    let mut view = D::view_within(state, audience, &window, FRAME_TARGET);
    let aside = D::set_aside(&mut view, FRAME_TARGET / 2);
    D::shorten(&mut view, FRAME_TARGET);
    let seq = D::seq(state);
    let mut start = D::window_start(&view);
    let mut frames = vec![frame::<D>(&ServerFrame::Snapshot(Snapshot { stream, seq, audience, view }))];
    if !aside.is_empty() {
        let put = |(key, value)| (seq, json(&Delta::Put::<D::Key, D::Value> { key, seq, value }));
        frames.extend(range_frames(stream, seq, seq, aside.into_iter().map(put).collect()));
    }
    if start > asked {
        start = page_frames::<D>(stream, state, audience, start, asked, None, &mut frames);
    }
    (frames, start)
}

/// What lies between `goal` and `before`, as far as [`MOST_FRAMES`] hold it, in parts below [`FRAME_TARGET`]: one at
/// least. Each says where it begins, so a reader knows from where to ask on. Returns where the last one does.
fn page_frames<D: Domain>(
    stream: StreamId,
    state: &D::State,
    audience: Audience,
    before: u64,
    goal: u64,
    topic: Option<TopicId>,
    frames: &mut Vec<Utf8Bytes>,
) -> u64 {
    let mut reached = before;
    loop {
        let request = WindowRequest { before: Some(reached), from: Some(goal), topic };
        let mut view = D::view_within(state, audience, &request, FRAME_TARGET);
        D::shorten(&mut view, FRAME_TARGET);
        reached = D::window_start(&view);
        frames.push(frame::<D>(&ServerFrame::Page(Page { stream, seq: D::seq(state), view })));
        if reached <= goal || frames.len() >= MOST_FRAMES {
            return reached;
        }
    }
}
