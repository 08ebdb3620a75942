//! What follows from the network's events.

use imbl::{HashMap, OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::view::{ForumPlaceView, NetworkDelta, NetworkKey, NetworkValue, NetworkView, ProcessView};
use super::{CODE_LENGTH, CodeKind, Joining, NetworkEvent, Visibility};
use crate::changes::{self, Changes};
use crate::code::symbols;
use crate::domain::{Meta, StreamKind};
use crate::ids::{ForumId, JoinCodeId, ParticipantId, PollId, ProcessId, StreamId};
use crate::live::{Delta, Seq};
use crate::people::Audience;
use crate::said::{HoldsTexts, Said, SaidTexts};

/// The network after some number of events: among others the directory of which object lives in which stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NetworkState {
    seq: Seq,
    pub(super) title: Option<SaidTexts>,
    /// By the number at which they began.
    processes: OrdMap<u64, Process>,
    /// When each facet last changed.
    pub(super) changes: Changes<Facet>,
    /// Who was erased and writes nothing any more.
    #[serde(default)]
    pub(super) erased: OrdSet<ParticipantId>,

    #[serde(skip)]
    by_process: HashMap<ProcessId, u64>,
    #[serde(skip)]
    by_object: HashMap<Uuid, Place>,
    #[serde(skip)]
    by_stream: HashMap<StreamId, Place>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Process {
    pub id: ProcessId,
    pub(super) title: SaidTexts,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether people can join.
    pub joining: Joining,
    /// What it has streams for, oldest first.
    pub places: Vector<Place>,
    /// The codes that count.
    pub codes: Vector<JoinCode>,
    was_public: bool,
}

/// A way into a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinCode {
    pub id: JoinCodeId,
    /// How it reaches people.
    pub kind: CodeKind,
    /// The code.
    pub text: Said,
}

/// Where a forum lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForumPlace {
    pub forum: ForumId,
    pub process: ProcessId,
    pub stream: StreamId,
}

/// Where a poll lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPlace {
    pub poll: PollId,
    pub process: ProcessId,
    pub stream: StreamId,
    /// The forum it is held in.
    pub forum: Option<ForumId>,
}

/// Something of a process that has a stream of its own, whatever its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The kind of stream.
    pub kind: StreamKind,
    /// The id of what the stream is about.
    pub object: Uuid,
    pub process: ProcessId,
    pub stream: StreamId,
    /// The object it is held in, as a poll is in a forum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Uuid>,
}

impl Place {
    /// The forum there, if it is one.
    pub fn forum(&self) -> Option<ForumPlace> {
        let place = ForumPlace { forum: ForumId(self.object), process: self.process, stream: self.stream };
        (self.kind == StreamKind::Forum).then_some(place)
    }

    /// The poll there, if it is one.
    pub fn poll(&self) -> Option<PollPlace> {
        let (process, stream, forum) = (self.process, self.stream, self.parent.map(ForumId));
        let place = PollPlace { poll: PollId(self.object), process, stream, forum };
        (self.kind == StreamKind::Poll).then_some(place)
    }
}

impl Process {
    /// Its forums, oldest first.
    pub fn forums(&self) -> impl Iterator<Item = ForumPlace> {
        self.places.iter().filter_map(Place::forum)
    }

    /// Its polls, oldest first.
    pub fn polls(&self) -> impl Iterator<Item = PollPlace> {
        self.places.iter().filter_map(Place::poll)
    }
}

/// What changes on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Facet {
    /// The network's name.
    Title,
    /// A process, by the number at which it began.
    Process(u64),
}

impl changes::Facet for Facet {
    const FIRST: Self = Self::Title;
}

impl NetworkState {
    /// The number of the last event.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// The network's name.
    pub const fn title(&self) -> Option<&SaidTexts> {
        self.title.as_ref()
    }

    /// The process with this id.
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(self.by_process.get(&id)?)
    }

    /// All processes, oldest first.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }

    /// Where a forum lives.
    pub fn forum(&self, id: ForumId) -> Option<ForumPlace> {
        self.by_object.get(&id.0)?.forum()
    }

    /// Where a poll lives.
    pub fn poll(&self, id: PollId) -> Option<PollPlace> {
        self.by_object.get(&id.0)?.poll()
    }

    /// Where the thing with this id lives, if it has a stream.
    pub fn object(&self, id: Uuid) -> Option<Place> {
        self.by_object.get(&id).copied()
    }

    /// What lives in a stream.
    pub fn place(&self, stream: StreamId) -> Option<Place> {
        self.by_stream.get(&stream).copied()
    }

    /// The process a code leads to, whether joining is open or not, however it is typed: see [`crate::code`].
    pub fn by_code(&self, code: &str) -> Option<&Process> {
        let code = symbols(code);
        // Few processes at a time have codes, and an index by the text would have to be cleaned on erasing.
        self.processes.values().find(|process| {
            process.codes.iter().any(|have| have.text.text.as_ref().is_some_and(|text| symbols(text) == code))
        })
    }

    /// A process as everyone who may see it sees it.
    pub fn process_view(&self, id: ProcessId) -> Option<ProcessView> {
        let position = *self.by_process.get(&id)?;
        Some(view_of(position, self.processes.get(&position)?))
    }

    pub(super) fn process_count(&self) -> usize {
        self.processes.len()
    }

    pub(super) fn apply(&mut self, event: &NetworkEvent, meta: Meta) {
        self.seq = meta.seq;
        match event {
            NetworkEvent::NetworkTitled(e) => {
                self.title = Some(e.title.clone());
                self.changes.touch(Facet::Title, meta.seq);
            }
            NetworkEvent::ProcessCreated(e) => {
                let position = meta.seq.0;
                self.by_process.insert(e.process, position);
                self.processes.insert(
                    position,
                    Process {
                        id: e.process,
                        title: e.title.clone(),
                        visibility: e.visibility,
                        joining: Joining::Open,
                        places: Vector::new(),
                        codes: Vector::new(),
                        was_public: false,
                    },
                );
                self.on(e.process, |_| {});
            }
            NetworkEvent::ProcessTitled(e) => self.on(e.process, |process| process.title = e.title.clone()),
            NetworkEvent::VisibilitySet(e) => self.on(e.process, |process| process.visibility = e.visibility),
            NetworkEvent::JoiningSet(e) => self.on(e.process, |process| process.joining = e.joining),
            NetworkEvent::ForumCreated(e) => {
                self.place_at(Place {
                    kind: StreamKind::Forum,
                    object: e.forum.0,
                    process: e.process,
                    stream: e.stream,
                    parent: None,
                });
                self.on(e.process, |_| {});
            }
            // In no shared view: a draft is for staff, and most polls are found from their forum.
            NetworkEvent::PollCreated(e) => self.place_at(Place {
                kind: StreamKind::Poll,
                object: e.poll.0,
                process: e.process,
                stream: e.stream,
                parent: e.forum.map(|forum| forum.0),
            }),
            NetworkEvent::CodeIssued(e) => {
                let code = JoinCode { id: e.code, kind: e.kind, text: e.text.clone() };
                // In no shared view, so nothing changes for anyone.
                if let Some(process) = self.by_process.get(&e.process).and_then(|at| self.processes.get_mut(at)) {
                    process.codes.retain(|have| have.kind != e.kind);
                    process.codes.push_back(code);
                }
            }
            // In no view, so nothing changes for anyone.
            NetworkEvent::ParticipantErased(e) => _ = self.erased.insert(e.participant),
        }
    }

    /// Takes in that something of a process lives in a stream of its own.
    fn place_at(&mut self, place: Place) {
        self.by_object.insert(place.object, place);
        self.by_stream.insert(place.stream, place);
        if let Some(process) = self.by_process.get(&place.process).and_then(|at| self.processes.get_mut(at)) {
            process.places.push_back(place);
        }
    }

    fn on(&mut self, id: ProcessId, change: impl FnOnce(&mut Process)) {
        let Some(position) = self.by_process.get(&id).copied() else { return };
        let Some(process) = self.processes.get_mut(&position) else { return };
        change(process);
        process.was_public |= process.visibility == Visibility::Public;
        self.changes.touch(Facet::Process(position), self.seq);
    }

    pub(super) fn rebuild(&mut self) {
        self.by_process = self.processes.iter().map(|(position, process)| (process.id, *position)).collect();
        let places = || self.processes.values().flat_map(|process| process.places.iter().copied());
        self.by_object = places().map(|place| (place.object, place)).collect();
        self.by_stream = places().map(|place| (place.stream, place)).collect();
    }

    pub(super) fn view(&self, audience: Audience) -> NetworkView {
        NetworkView {
            title: self.title.as_ref().map(SaidTexts::shown),
            processes: self
                .processes
                .iter()
                .filter(|(_, process)| seen_by(process, audience))
                .map(|(position, process)| view_of(*position, process))
                .collect(),
        }
    }

    pub(super) fn deltas(&self, after: Seq, audience: Audience) -> Vec<NetworkDelta> {
        let mut deltas = Vec::new();
        for (seq, facet) in self.changes.after(after) {
            match facet {
                Facet::Title => {
                    let put = |title: &SaidTexts| NetworkValue::Network(title.shown());
                    let value = self.title.as_ref().map(put);
                    deltas.extend(value.map(|value| Delta::Put { key: NetworkKey::Network, seq, value }));
                }
                Facet::Process(position) => {
                    let Some(process) = self.processes.get(&position) else { continue };
                    let key = NetworkKey::Process(process.id);
                    if seen_by(process, audience) {
                        let value = NetworkValue::Process(view_of(position, process));
                        deltas.push(Delta::Put { key, seq, value });
                    } else if process.was_public {
                        deltas.push(Delta::Gone { key, seq });
                    }
                }
            }
        }
        deltas
    }
}

/// Participation is per process, so for the network participants are the public.
fn seen_by(process: &Process, audience: Audience) -> bool {
    audience == Audience::Staff || process.visibility == Visibility::Public
}

fn view_of(position: u64, process: &Process) -> ProcessView {
    ProcessView {
        id: process.id,
        position,
        title: process.title.shown(),
        visibility: process.visibility,
        joining: process.joining,
        forums: process.forums().map(|place| ForumPlaceView { id: place.forum, stream: place.stream }).collect(),
    }
}

/// Could this be a spoken code? Those are short enough to be guessed; the ones in links are not.
pub fn is_spoken(code: &str) -> bool {
    symbols(code).len() == CODE_LENGTH
}

impl HoldsTexts for NetworkState {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        if let Some(title) = &mut self.title {
            title.each_text(visit);
        }
        let positions: Vec<u64> = self.processes.keys().copied().collect();
        for position in positions {
            if let Some(process) = self.processes.get_mut(&position) {
                process.title.each_text(visit);
                process.codes.iter_mut().for_each(|code| visit(&mut code.text));
            }
        }
    }
}
