//! What all requests share: the log, the rooms, the account tables, settings and limits.
//! Every handler has it as its state, and use cases are its methods.
//! It knows no HTTP; what it can do beyond its parts stands in `use_cases/`.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use stimmwerk_core::domain::{Domain, FollowUp, PersonChange, StreamKind, Summary};
use stimmwerk_core::forum::Forum;
use stimmwerk_core::ids::{CommandId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::network::{ForumPlace, Network, NetworkState, Place, PollPlace, ProcessView};
use stimmwerk_core::people::{Actor, Audience};
use stimmwerk_core::poll::Poll;
use stimmwerk_core::rejection::Code;
use stimmwerk_core::time::{Timestamp, Zone};
use stimmwerk_eventlog::accounts::{Accounts, Participant, PersonId};
use stimmwerk_eventlog::log::{EventLog, ReadError};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chance;
use crate::config::Config;
use crate::limits::Limits;
use crate::problem::{Answer, Fault};
use crate::reads::Reads;
use crate::room::{LiveStream, Room, Services};
use crate::rooms::{AnyRoom, Rooms};
use crate::sheets::{Casts, Sheets};

/// A room that nobody used for this long is evicted, in milliseconds.
const IDLE_MS: i64 = 15 * 60 * 1_000;

/// The follow-up that deletes a participant's words: it goes to the network, which sends one to every stream of the process.
pub fn erasing_follow_up(participant: &Participant) -> FollowUp {
    let command = Network::erase_person(participant.process, participant.id);
    FollowUp {
        id: CommandId(CommandId(participant.id.0).derive(StreamId::NETWORK, "farewell")),
        stream: StreamId::NETWORK,
        kind: StreamKind::Network,
        command: serde_json::to_string(&command).expect("commands are plain data"),
    }
}

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
    /// Budgets for reading, and open sockets.
    pub reads: Reads,
    /// Voting cards that wait to be printed.
    pub sheets: Sheets,
    /// Ballots that were just cast with a card: their pages say so once more.
    pub casts: Casts,
    /// Cancelled when the program stops: sockets say `bye`.
    pub stopping: CancellationToken,
    rooms: Rooms,
    people: Mutex<HashMap<PersonId, watch::Sender<u64>>>,
    follow_ups_running: tokio::sync::Mutex<()>,
    /// Held while a name is chosen and kept: see [`App::name_in`].
    pub naming: tokio::sync::Mutex<()>,
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
        let services = Services {
            log,
            summaries: Arc::new(Mutex::new(summaries)),
            dues,
            follow_ups: Arc::new(tokio::sync::Notify::new()),
            reports: limits.reports.clone(),
            people: limits.commands.clone(),
            erased: Arc::default(),
            failed,
        };
        let rooms = Rooms::new(services);
        let network = rooms.get(StreamId::NETWORK).await?;
        let app = Self {
            zone: crate::zone::of(&config.time_zone),
            limits,
            reads: Reads::default(),
            sheets: Sheets::default(),
            casts: Casts::default(),
            config,
            accounts,
            network,
            stopping: CancellationToken::new(),
            rooms,
            people: Mutex::default(),
            follow_ups_running: tokio::sync::Mutex::default(),
            naming: tokio::sync::Mutex::default(),
        };
        Ok((Arc::new(app), due_changes))
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.rooms.services().log
    }

    /// Notified when follow-ups were written.
    pub fn follow_ups_written(&self) -> Arc<tokio::sync::Notify> {
        self.rooms.services().follow_ups.clone()
    }

    /// The network as it is.
    pub fn directory(&self) -> Arc<NetworkState> {
        self.network.state()
    }

    /// The room of a stream of one kind, for somebody who reads as `audience`. A stream's first event follows the network's
    /// decision by a moment; until then there is nothing.
    ///
    /// # Errors
    /// There is nothing to be seen, or the log cannot be read.
    pub async fn room<D: Domain>(&self, stream: StreamId, audience: Audience) -> Answer<Arc<Room<D>>> {
        let room = self.rooms.get::<D>(stream).await?;
        if room.is_there(audience) { Ok(room) } else { Err(Fault::not_found()) }
    }

    /// The room of a forum.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn forum(&self, place: ForumPlace) -> Answer<Arc<Room<Forum>>> {
        self.room(place.stream, Audience::Public).await
    }

    /// Every stream of a process that has begun, oldest first. One whose first event has yet to follow holds nothing of
    /// anybody.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn rooms_of(&self, process: ProcessId) -> Answer<Vec<(Place, Arc<dyn AnyRoom>)>> {
        let directory = self.directory();
        let mut begun = Vec::new();
        for place in directory.process(process).into_iter().flat_map(|process| process.places.iter()) {
            let room = self.rooms.any(place.kind, place.stream).await?;
            if room.is_there(Audience::Staff) {
                begun.push((*place, room));
            }
        }
        Ok(begun)
    }

    /// Tells every stream of a process what befell a person. `actor` and `owner` are of whoever brought it about.
    ///
    /// # Errors
    /// One of them could not be told; the ones before it were.
    pub async fn on_person(
        &self,
        process: ProcessId,
        participant: ParticipantId,
        change: PersonChange,
        actor: &Actor,
        owner: Uuid,
    ) -> Answer<()> {
        for (_, room) in self.rooms_of(process).await? {
            room.on_person(participant, change, actor, owner).await?;
        }
        Ok(())
    }

    /// The room of a poll, for somebody who reads as `audience`: a draft is there for staff alone.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn poll(&self, place: PollPlace, audience: Audience) -> Answer<Arc<Room<Poll>>> {
        self.room(place.stream, audience).await
    }

    /// Any stream as its followers see it, for somebody who reads as `audience`.
    ///
    /// # Errors
    /// There is none, or the log cannot be read.
    pub async fn live_stream(&self, stream: StreamId, audience: Audience) -> Answer<Arc<dyn LiveStream>> {
        if stream == StreamId::NETWORK {
            return Ok(self.network.clone());
        }
        let place = self.directory().place(stream).ok_or_else(Fault::not_found)?;
        let room = self.rooms.any(place.kind, stream).await?;
        if room.is_there(audience) { Ok(room.into_live_stream()) } else { Err(Fault::not_found()) }
    }

    /// The row of a stream in lists.
    pub fn summary(&self, stream: StreamId) -> Option<Summary> {
        self.rooms.services().summaries.lock().expect("no panic while held").get(&stream).cloned()
    }

    /// A process with the rows of its forums.
    pub fn listed(&self, process: ProcessId) -> Option<(ProcessView, Vec<Option<Summary>>)> {
        let view = self.directory().process_view(process)?;
        let summaries = view.forums.iter().map(|forum| self.summary(forum.stream)).collect();
        Some((view, summaries))
    }

    /// Evicts the rooms that nobody uses. Their content is in the log.
    pub fn evict_idle(&self) {
        self.rooms.evict_idle(chance::now().plus_ms(-IDLE_MS));
    }

    /// Carries out what one stream's events ask of another, until it is accepted.
    pub async fn run_follow_ups(&self) {
        let _one_at_a_time = self.follow_ups_running.lock().await;
        // A follow-up can lead to further ones, of streams further on. A few rounds reach the end of such a chain.
        for _ in 0..4 {
            let follow_ups = match self.rooms.services().log.follow_ups().await {
                Ok(follow_ups) if follow_ups.is_empty() => return,
                Ok(follow_ups) => follow_ups,
                Err(error) => return tracing::error!(%error, "follow-ups cannot be read"),
            };
            // A follow-up that could not be carried out comes before newer ones to the same stream.
            let mut later = HashSet::new();
            for follow_up in follow_ups {
                let (stream, kind) = (follow_up.stream, follow_up.kind);
                if later.contains(&stream) {
                    continue;
                }
                let settled = match self.rooms.any(kind, stream).await {
                    Ok(room) => room.follow(follow_up, &**self.log()).await,
                    Err(error) => {
                        tracing::error!(%error, %stream, "a follow-up cannot be carried out");
                        false
                    }
                };
                if !settled {
                    later.insert(stream);
                }
            }
        }
    }

    /// Tells a stream that a moment has come.
    ///
    /// # Errors
    /// It could not be told; try again.
    pub async fn tick(&self, stream: StreamId, moment: Timestamp) -> Answer<()> {
        let Some(place) = self.directory().place(stream) else { return Ok(()) };
        self.rooms.any(place.kind, stream).await?.tick(moment).await?;
        Ok(())
    }

    /// Deletes a person, and everything they wrote. They are refused first, everywhere: at the door of every room, then
    /// in the account tables; whatever of theirs is under way after that is refused by each stream. Only then their
    /// words are deleted, so nothing written in between survives. Who asks once more, or a restart, goes on with it.
    ///
    /// # Errors
    /// The account tables cannot be written; then nothing has changed.
    pub async fn erase_person(&self, person: PersonId) -> Answer<()> {
        self.rooms.services().erased.add(person.0);
        if let Err(error) = self.accounts.erase_person(person, erasing_follow_up).await {
            self.rooms.services().erased.remove(person.0);
            return Err(error.into());
        }
        self.rights_changed(person);
        self.run_follow_ups().await;
        Ok(())
    }

    /// A refusal with the name of who decided before, if that is what it tells of. A refusal itself holds ids alone.
    pub async fn name_who_decided(&self, fault: Fault) -> Fault {
        let by = fault.params.get("by").and_then(|by| by.as_str()).filter(|_| fault.code == Code::Decided);
        let Some(by) = by.and_then(|by| by.parse().ok()) else { return fault };
        match self.accounts.participant(by).await {
            Ok(Some(Participant { name: Some(name), .. })) => fault.with("name", name),
            _ => fault,
        }
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

    /// Who may read a process has changed: every subscriber of its streams checks that it may still follow them.
    pub fn visibility_changed(&self, process: ProcessId) {
        let directory = self.directory();
        let Some(process) = directory.process(process) else { return };
        process.places.iter().for_each(|place| self.rooms.recheck(place.stream));
    }
}
