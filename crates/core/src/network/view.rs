//! What an audience sees of the network. The same on both machines.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Joining, Network, Visibility};
use crate::ids::{ForumId, ProcessId, StreamId};
use crate::live::{Delta, LiveTypes};
use crate::said::Texts;

/// The network as one audience sees it: public processes for all, every process for staff of the network.
///
/// Processes reached by a code are in no shared view; who joined one asks for it by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkView {
    /// The network's name.
    pub title: Option<Texts>,
    /// Oldest first.
    pub processes: Vec<ProcessView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessView {
    pub id: ProcessId,
    /// The number at which it began: the order of the list.
    pub position: u64,
    pub title: Texts,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether people can join.
    pub joining: Joining,
    /// Oldest first.
    pub forums: Vec<ForumPlaceView>,
}

/// Where a forum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForumPlaceView {
    /// The forum.
    pub id: ForumId,
    /// Its stream, to subscribe to.
    pub stream: StreamId,
}

/// Nobody's personal view of the network holds anything yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkOwn {}

/// One facet of the network. On the wire `network` or `process/ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkKey {
    /// Its name.
    Network,
    /// [`ProcessView`].
    Process(ProcessId),
}

impl fmt::Display for NetworkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("network"),
            Self::Process(id) => write!(f, "process/{id}"),
        }
    }
}

impl Serialize for NetworkKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NetworkKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        match key.split_once('/') {
            None if key == "network" => Some(Self::Network),
            Some(("process", id)) => id.parse().ok().map(Self::Process),
            _ => None,
        }
        .ok_or_else(|| serde::de::Error::custom("unknown key"))
    }
}

/// The content of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkValue {
    /// Of [`NetworkKey::Network`].
    Network(Texts),
    /// Of [`NetworkKey::Process`].
    Process(ProcessView),
}

/// A change of the network.
pub type NetworkDelta = Delta<NetworkKey, NetworkValue>;

impl LiveTypes for Network {
    type View = NetworkView;
    type Own = NetworkOwn;
    type Key = NetworkKey;
    type Value = NetworkValue;

    fn apply_deltas(view: &mut NetworkView, deltas: &[NetworkDelta]) {
        for delta in deltas {
            match delta {
                Delta::Put { value: NetworkValue::Network(title), .. } => view.title = Some(title.clone()),
                Delta::Put { value: NetworkValue::Process(process), .. } => {
                    if let Some(have) = view.processes.iter_mut().find(|have| have.id == process.id) {
                        have.clone_from(process);
                    } else {
                        let at = view.processes.partition_point(|have| have.position < process.position);
                        view.processes.insert(at, process.clone());
                    }
                }
                Delta::Gone { key: NetworkKey::Process(id), .. } => view.processes.retain(|have| have.id != *id),
                Delta::Gone { key: NetworkKey::Network, .. } => view.title = None,
            }
        }
    }

    fn append_page(_view: &mut NetworkView, _page: NetworkView) {}
}
