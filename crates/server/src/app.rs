//! What all requests share: the log, the rooms, the account tables, settings and limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use stimmwerk_core::domain::{StreamKind, Summary};
use stimmwerk_core::forum::{Forum, ForumCommand};
use stimmwerk_core::ids::{ProcessId, StreamId};
use stimmwerk_core::network::{ForumPlace, Network, NetworkState, ProcessView};
use stimmwerk_core::people::Actor;
use stimmwerk_core::time::{Timestamp, Zone};
use stimmwerk_eventlog::accounts::{Accounts, PersonId};
use stimmwerk_eventlog::log::{EventLog, ReadError};
use tokio::sync::{OnceCell, mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chance;
use crate::config::Config;
use crate::limits::Limits;
use crate::problem::{Answer, Fault};
use crate::room::{Room, Stage, Surroundings};

/// A forum's room that nobody used for this long is put away, in milliseconds.
const IDLE_MS: i64 = 15 * 60 * 1_000;

/// A forum's room, opened by the first who asks while the others wait.
type ForumSlot = Arc<OnceCell<Arc<Room<Forum>>>>;

/// What all requests share.
pub struct App {
    /// Settings.
    pub config: Config,
    /// People and credentials.
    pub accounts: Arc<dyn Accounts>,
    /// The network's room; it is always open.
    pub network: Arc<Room<Network>>,
    /// The network's time zone.
    pub zone: Zone,
    /// Rate limits of this node.
    pub limits: Limits,
    /// Cancelled when the program stops: sockets say `bye`.
    pub stopping: CancellationToken,
    surroundings: Surroundings,
    forums: Mutex<HashMap<StreamId, ForumSlot>>,
    people: Mutex<HashMap<PersonId, watch::Sender<u64>>>,
    follow_ups_running: tokio::sync::Mutex<()>,
}

/// Shared by handlers.
pub type AppState = Arc<App>;

impl App {
    /// Opens the network's stream and what stands around it. The receiver is for the scheduler.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn open(
        config: Config,
        log: Arc<dyn EventLog>,
        accounts: Arc<dyn Accounts>,
        failed: CancellationToken,
    ) -> Result<(AppState, mpsc::UnboundedReceiver<(StreamId, Option<Timestamp>)>), ReadError> {
        let mut summaries = HashMap::new();
        for (stream, json) in log.summaries().await? {
            if let Ok(summary) = serde_json::from_slice::<Summary>(&json) {
                summaries.insert(stream, summary);
            }
        }
        let (dues, due_changes) = mpsc::unbounded_channel();
        let limits = Limits::default();
        let surroundings = Surroundings {
            log,
            summaries: Arc::new(Mutex::new(summaries)),
            dues,
            follow_ups: Arc::new(tokio::sync::Notify::new()),
            anonymous: limits.notices.clone(),
            failed,
        };
        let network = Room::open(StreamId::NETWORK, surroundings.clone()).await?;
        let app = Self {
            zone: crate::zone::of(&config.time_zone),
            limits,
            config,
            accounts,
            network,
            stopping: CancellationToken::new(),
            surroundings,
            forums: Mutex::default(),
            people: Mutex::default(),
            follow_ups_running: tokio::sync::Mutex::default(),
        };
        Ok((Arc::new(app), due_changes))
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.surroundings.log
    }

    /// Rung when follow-ups were written.
    pub fn follow_ups_written(&self) -> Arc<tokio::sync::Notify> {
        self.surroundings.follow_ups.clone()
    }

    /// The network as it is.
    pub fn directory(&self) -> Arc<NetworkState> {
        self.network.state()
    }

    /// The room of a forum.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn forum(&self, place: ForumPlace) -> Answer<Arc<Room<Forum>>> {
        let room = self.forum_room(place.stream).await?;
        // Its first event follows the network's decision by a moment.
        if room.state().process().is_none() {
            return Err(Fault::not_found());
        }
        Ok(room)
    }

    async fn forum_room(&self, stream: StreamId) -> Result<Arc<Room<Forum>>, ReadError> {
        let cell = self.forums.lock().expect("no panic while held").entry(stream).or_default().clone();
        cell.get_or_try_init(|| Room::open(stream, self.surroundings.clone())).await.cloned()
    }

    /// Any stream as sockets see it.
    ///
    /// # Errors
    /// There is none, or the log cannot be read.
    pub async fn stage(&self, stream: StreamId) -> Answer<Arc<dyn Stage>> {
        if stream == StreamId::NETWORK {
            return Ok(self.network.clone());
        }
        let place = self.directory().place(stream).ok_or_else(Fault::not_found)?;
        Ok(self.forum(place).await?)
    }

    /// The row of a stream in lists.
    pub fn summary(&self, stream: StreamId) -> Option<Summary> {
        self.surroundings.summaries.lock().expect("no panic while held").get(&stream).cloned()
    }

    /// A process with the rows of its forums.
    pub fn listed(&self, process: ProcessId) -> Option<(ProcessView, Vec<Option<Summary>>)> {
        let view = self.directory().process_view(process)?;
        let summaries = view.forums.iter().map(|forum| self.summary(forum.stream)).collect();
        Some((view, summaries))
    }

    /// Puts rooms away that nobody uses. What is in them is in the log.
    pub fn put_away_idle(&self) {
        let moment = chance::now().plus_ms(-IDLE_MS);
        self.forums.lock().expect("no panic while held").retain(|_, cell| {
            // Under this lock nobody else can take a handle: a count of one means that nobody has one.
            let unused = Arc::strong_count(cell) == 1
                && cell.get().is_some_and(|room| Arc::strong_count(room) == 1 && room.is_idle_since(moment));
            !unused
        });
    }

    /// Carries out what one stream's events ask of another, until it is accepted.
    pub async fn run_follow_ups(&self) {
        let _one_at_a_time = self.follow_ups_running.lock().await;
        let follow_ups = match self.surroundings.log.follow_ups().await {
            Ok(follow_ups) => follow_ups,
            Err(error) => return tracing::error!(%error, "follow-ups cannot be read"),
        };
        for follow_up in follow_ups {
            if follow_up.kind != StreamKind::Forum {
                tracing::error!(stream = %follow_up.stream, "a follow-up for a kind of stream this program does not have");
                continue;
            }
            let command: ForumCommand = match serde_json::from_str(&follow_up.command) {
                Ok(command) => command,
                Err(error) => {
                    tracing::error!(%error, "a follow-up cannot be read");
                    continue;
                }
            };
            let issued = match self.forum_room(follow_up.stream).await {
                Ok(room) => room.issue_as(command, follow_up.id, Actor::system(), Uuid::nil(), true).await,
                Err(error) => return tracing::error!(%error, "a follow-up's stream cannot be read"),
            };
            if let Err(refusal) = issued {
                tracing::warn!(?refusal, stream = %follow_up.stream, "a follow-up was not accepted; it will be tried again");
            }
        }
    }

    /// Tells a stream that a moment has come.
    ///
    /// # Errors
    /// It could not be told; try again.
    pub async fn tick(&self, stream: StreamId, moment: Timestamp) -> Answer<()> {
        let id = stimmwerk_core::ids::CommandId::of_moment(stream, moment);
        if self.directory().place(stream).is_some() {
            let room = self.forum_room(stream).await?;
            room.issue(ForumCommand::Tick { moment }, id, Actor::system(), Uuid::nil()).await?;
        }
        Ok(())
    }

    /// Watches for changes of a person's rights: sockets of theirs close then.
    pub fn watch_rights(&self, person: PersonId) -> watch::Receiver<u64> {
        let mut people = self.people.lock().expect("no panic while held");
        if people.len() >= 1_024 && people.len().is_power_of_two() {
            people.retain(|_, sender| sender.receiver_count() > 0);
        }
        people.entry(person).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// The rights of a person have changed, or their session ended.
    pub fn rights_changed(&self, person: PersonId) {
        if let Some(sender) = self.people.lock().expect("no panic while held").get(&person) {
            sender.send_modify(|n| *n += 1);
        }
    }

    /// Who may read a process has changed: every reader of its streams is asked for its standing again.
    pub fn visibility_changed(&self, process: ProcessId) {
        let directory = self.directory();
        let Some(process) = directory.process(process) else { return };
        let rooms = self.forums.lock().expect("no panic while held");
        for place in &process.forums {
            if let Some(room) = rooms.get(&place.stream).and_then(|cell| cell.get()) {
                room.recheck();
            }
        }
    }
}
