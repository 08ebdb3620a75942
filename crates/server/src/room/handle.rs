//! The handle of a room: it opens the room, gives out its published state and issues commands to it.
//! Use cases hold one while they work with a stream. A room's tasks end when its last handle is dropped.
//! The handle changes no state: a command goes into the mailbox, and the writer decides.

use std::sync::Arc;

use stimmwerk_core::commands::Commands;
use stimmwerk_core::domain::{Domain, OpenReports};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::people::{Actor, Need};
use stimmwerk_core::rejection::Rejection;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::{CommandKey, ReadError};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::broadcaster;
use super::fold::load;
use super::job::Job;
use super::outcome::{Done, Refusal};
use super::services::{ErasedPeople, Services};
use super::shared::Shared;
use super::writer::Writer;
use crate::chance;
use crate::limits::Each;
use crate::limits::reports::{Reports, Sender};

/// The most commands that may wait in a mailbox. Whoever sends one more waits until there is room.
const MAILBOX: usize = 4_096;

/// The handle of a room.
pub struct Room<D: Domain> {
    pub(super) stream: StreamId,
    pub(super) shared: Arc<Shared<D>>,
    mailbox: mpsc::Sender<Job<D>>,
    reports: Arc<Reports>,
    people: Arc<Each>,
    erased: Arc<ErasedPeople>,
}

impl<D: Domain> Room<D> {
    /// Loads a stream and starts its tasks. They end when the last handle is dropped.
    ///
    /// # Errors
    /// The log cannot be read, or holds what this program does not know.
    pub async fn open(stream: StreamId, services: Services) -> Result<Arc<Self>, ReadError> {
        let (state, snapshot_seq) = load::<D>(&*services.log, stream).await?;
        let shared = Arc::new(Shared::new(stream, state));
        let (mailbox, jobs) = mpsc::channel(MAILBOX);
        let broadcaster = tokio::spawn(broadcaster::run(shared.clone()));
        let (reports, people) = (services.reports.clone(), services.people.clone());
        let erased = services.erased.clone();
        let writer = Writer::new(shared.clone(), services, snapshot_seq);
        tokio::spawn(async move {
            writer.run(jobs).await;
            broadcaster.abort();
        });
        Ok(Arc::new(Self { stream, shared, mailbox, reports, people, erased }))
    }

    /// The published state.
    pub fn state(&self) -> Arc<D::State> {
        self.shared.mark_used();
        self.shared.state.load_full()
    }

    /// The stream that this room owns.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// How many participants follow the stream at the moment.
    pub fn people_present(&self) -> u32 {
        *self.shared.presence.borrow()
    }

    /// Does nobody follow the stream, and has nobody asked for anything since `moment`?
    pub fn is_idle_since(&self, moment: Timestamp) -> bool {
        self.shared.broadcasts.receiver_count() == 0 && !self.shared.was_used_since(moment)
    }

    /// Issues a command that comes in now, and waits until it is durable or refused. `sender` is the id under which
    /// commands of its sender are remembered; nil means the program itself.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn issue(&self, command: D::Command, id: CommandId, actor: Actor, sender: Uuid) -> Result<Done, Refusal> {
        self.enqueue(command, id, actor, Sender::of(sender), chance::now(), false).await
    }

    /// [`Room::issue`] for a command that was received a moment ago, before the server looked up who sent it.
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
        self.enqueue(command, id, actor, sender, received_at, false).await
    }

    /// [`Room::issue`] for a follow-up of another stream. The follow-up is deleted with the batch of the command.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn issue_follow_up(&self, command: D::Command, id: CommandId) -> Result<Done, Refusal> {
        self.enqueue(command, id, Actor::system(), Sender::Program, chance::now(), true).await
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
        self.enqueue(command, id, actor, Sender::Program, received_at, false).await
    }

    async fn enqueue(
        &self,
        command: D::Command,
        id: CommandId,
        actor: Actor,
        sender: Sender,
        received_at: Timestamp,
        follow_up: bool,
    ) -> Result<Done, Refusal> {
        self.shared.mark_used();
        // Commands that every visitor may send are judged without knowing who sent them, and the log does not know either.
        let by_visitor = command.rule().need == Need::Visitor;
        let owner = if by_visitor { Uuid::nil() } else { sender.owner() };
        if !by_visitor && self.erased.contains(owner) {
            return Err(Refusal::Rejected(Rejection::NotJoined));
        }
        let actor = if by_visitor { Actor::default() } else { actor };
        if D::opens_box(&command) {
            // Such a command reads the whole ballot box and is judged alone. So whoever may not send it is refused here.
            actor.meets(command.rule().need).map_err(Refusal::Rejected)?;
        }
        let mut report = None;
        if by_visitor {
            self.reports.take(sender).map_err(Refusal::TooOften)?;
            let state = self.state();
            if let Some(OpenReports { about, open }) = D::reported(&state, &command) {
                report = self.reports.begin(sender, (self.stream, about), id, &open);
                if report.is_none() {
                    return Ok(Done { object: Some(about.0), seq: D::seq(&state), repeated: false });
                }
            }
        } else if !owner.is_nil() && !actor.roles.is_staff() {
            self.people.take(owner).map_err(Refusal::TooOften)?;
        }
        let (reply, answer) = oneshot::channel();
        // The writer makes the key from the state by which it judges the command.
        let key = CommandKey { id, digest: [0; 16] };
        let job = Job { command, id, actor, sender: owner, key, received_at, follow_up, reply };
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
