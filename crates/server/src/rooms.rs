//! The rooms that are open, each opened by the first who asks while the others wait. [`crate::app::App`] owns them.
//!
//! Whatever is the same for every kind of stream goes through [`AnyRoom`], so a new kind of stream changes nothing here.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use stimmwerk_core::domain::{Domain, FollowUp, Issuer, PersonChange, StreamKind};
use stimmwerk_core::ids::{CommandId, ParticipantId, StreamId};
use stimmwerk_core::people::{Actor, Audience};
use stimmwerk_core::rejection::Rejection;
use stimmwerk_core::time::Timestamp;
use stimmwerk_core::with_kind;
use stimmwerk_eventlog::log::{Batch, EventLog, ReadError, Riders};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::chance;
use crate::problem::Answer;
use crate::reads::in_turn;
use crate::room::{LiveStream, Refusal, Room, Services};

/// A room whatever its kind.
#[async_trait::async_trait]
pub trait AnyRoom: LiveStream {
    /// The same room as something that can be asked for its kind.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    /// The same room as its followers see it.
    fn into_live_stream(self: Arc<Self>) -> Arc<dyn LiveStream>;

    /// See [`Domain::is_there`].
    fn is_there(&self, audience: Audience) -> bool;

    /// Has nobody used it since `moment`?
    fn is_idle_since(&self, moment: Timestamp) -> bool;

    /// Tells the stream that a moment has come.
    async fn tick(&self, moment: Timestamp) -> Result<(), Refusal>;

    /// Carries out what another stream asks of this one. Whether that is settled, so that one may go on with the next: one
    /// that is refused for good is set aside.
    async fn follow(&self, follow_up: FollowUp, log: &dyn EventLog) -> bool;

    /// Carries out what follows when something befalls a person: see [`Domain::on_person`]. `actor` and `owner` are of
    /// whoever brought it about.
    async fn on_person(
        &self,
        participant: ParticipantId,
        change: PersonChange,
        actor: &Actor,
        owner: Uuid,
    ) -> Result<(), Refusal>;

    /// See [`Domain::export`].
    async fn export(&self, participant: ParticipantId) -> Answer<Option<Value>>;
}

#[async_trait::async_trait]
impl<D: Domain> AnyRoom for Room<D> {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn into_live_stream(self: Arc<Self>) -> Arc<dyn LiveStream> {
        self
    }

    fn is_there(&self, audience: Audience) -> bool {
        D::is_there(&self.state(), audience)
    }

    fn is_idle_since(&self, moment: Timestamp) -> bool {
        Room::is_idle_since(self, moment)
    }

    async fn tick(&self, moment: Timestamp) -> Result<(), Refusal> {
        let id = CommandId::of_moment(self.stream(), moment);
        self.issue(D::tick(moment), id, Actor::system(), Uuid::nil()).await?;
        Ok(())
    }

    async fn follow(&self, follow_up: FollowUp, log: &dyn EventLog) -> bool {
        let FollowUp { stream, id, kind, command } = follow_up;
        let why = match serde_json::from_str(&command) {
            // Waiting does not make it readable.
            Err(_) => "unreadable",
            Ok(command) => match self.issue_follow_up(command, id).await {
                Ok(_) => return true,
                Err(Refusal::Rejected(rejection)) => rejection.code(),
                Err(refusal) => {
                    tracing::warn!(?refusal, command = %id, "a follow-up was not accepted; it will be tried again");
                    return false;
                }
            },
        };
        // What comes after it must not wait too.
        tracing::error!(%stream, %id, why, "a follow-up was refused for good and is set aside");
        let riders = Riders { refused: vec![(id, why)], ..Riders::default() };
        let batch = Batch { stream, kind, expected: D::seq(&self.state()), events: Vec::new(), riders };
        if let Err(error) = log.append(batch).await {
            tracing::warn!(%error, %stream, "setting a follow-up aside failed; it will be tried again");
        }
        true
    }

    async fn on_person(
        &self,
        participant: ParticipantId,
        change: PersonChange,
        actor: &Actor,
        owner: Uuid,
    ) -> Result<(), Refusal> {
        for nth in 0.. {
            let Some((command, issuer)) = D::on_person(&self.state(), participant, change, nth) else { break };
            let (actor, owner) = match issuer {
                Issuer::Program => (Actor::system(), Uuid::nil()),
                Issuer::Actor => (actor.clone(), owner),
            };
            match self.issue(command, chance::command_id(), actor, owner).await {
                // Others have done it meanwhile.
                Ok(_) | Err(Refusal::Rejected(Rejection::NotFound | Rejection::Decided { .. })) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }

    async fn export(&self, participant: ParticipantId) -> Answer<Option<Value>> {
        let state = self.state();
        in_turn(move || D::export(&state, participant)).await
    }
}

/// A room that is being opened, or is open.
type Slot = Arc<OnceCell<Arc<dyn AnyRoom>>>;

/// All rooms that are open.
pub struct Rooms {
    services: Services,
    slots: Mutex<HashMap<StreamId, Slot>>,
}

impl Rooms {
    /// None yet.
    pub fn new(services: Services) -> Self {
        Self { services, slots: Mutex::default() }
    }

    /// What every room is given.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The room of a stream of any kind.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn any(&self, kind: StreamKind, stream: StreamId) -> Result<Arc<dyn AnyRoom>, ReadError> {
        let slot = self.slots.lock().expect("no panic while held").entry(stream).or_default().clone();
        let services = self.services.clone();
        slot.get_or_try_init(|| async move {
            with_kind!(kind, Kind => {
                let room: Arc<dyn AnyRoom> = Room::<Kind>::open(stream, services).await?;
                Ok(room)
            })
        })
        .await
        .cloned()
    }

    /// The room of a stream of one kind.
    ///
    /// # Errors
    /// The log cannot be read, or the stream is of another kind.
    pub async fn get<D: Domain>(&self, stream: StreamId) -> Result<Arc<Room<D>>, ReadError> {
        let room = self.any(D::KIND, stream).await?.into_any();
        room.downcast().map_err(|_| ReadError(format!("stream {stream} is no {:?}", D::KIND)))
    }

    /// Evicts the rooms that nobody used since `moment`. Their content is in the log.
    pub fn evict_idle(&self, moment: Timestamp) {
        self.slots.lock().expect("no panic while held").retain(|_, slot| {
            // Under this lock nobody else can take a handle: a count of one means that nobody has one.
            let unused = Arc::strong_count(slot) == 1
                && slot.get().is_some_and(|room| Arc::strong_count(room) == 1 && room.is_idle_since(moment));
            !unused
        });
    }

    /// Makes every subscriber of an open room check that it may still follow the stream.
    pub fn recheck(&self, stream: StreamId) {
        if let Some(room) = self.slots.lock().expect("no panic while held").get(&stream).and_then(|slot| slot.get()) {
            room.recheck();
        }
    }
}
