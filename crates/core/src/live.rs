//! The live protocol: what travels over the WebSocket, the same types on both machines.
//!
//! Deltas are state, not history. See DESIGN §2 and §4.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{CommandId, StreamId};
use crate::json::{self, Unreadable};
use crate::people::Audience;
use crate::time::Timestamp;

/// Version of this protocol. A page that speaks another one reloads.
pub const PROTOCOL: u32 = 3;
/// The longest text frame a client may send, in bytes.
pub const MAX_CLIENT_FRAME: usize = 64 * 1024;
/// Frames of the server stay below this many bytes where their parts allow it.
pub const FRAME_TARGET: usize = 8 * 1024;
/// The most subscriptions of one socket.
pub const MAX_SUBSCRIPTIONS: usize = 16;
/// The most commands of one socket in a second.
pub const MAX_COMMANDS_PER_SECOND: u32 = 20;
/// How many things a window holds unless asked otherwise.
pub const PAGE: usize = 50;

/// The number of an event in its stream: 1, 2, 3 … without gaps. 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The wire types of one kind of stream.
pub trait LiveTypes: Sized + Send + Sync + 'static {
    /// What an audience sees.
    type View: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync;
    /// What concerns one person alone.
    type Own: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync;
    /// Names one facet of one entity.
    type Key: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync;
    /// That facet's content.
    type Value: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync;

    /// Takes deltas into a view. `view(after) == apply(view(before), deltas)`.
    fn apply_deltas(view: &mut Self::View, deltas: &[Delta<Self::Key, Self::Value>]);

    /// Puts an older page under a view's window.
    fn append_page(view: &mut Self::View, page: Self::View);
}

/// What an audience may see now of one facet of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delta<K, V> {
    /// It looks like this.
    Put {
        /// Which facet.
        key: K,
        /// The number at which it last changed.
        seq: Seq,
        /// Its content.
        value: V,
    },
    /// It cannot be seen (any more).
    Gone {
        /// Which facet.
        key: K,
        /// The number at which it last changed.
        seq: Seq,
    },
}

impl<K, V> Delta<K, V> {
    /// The number at which the facet last changed.
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Put { seq, .. } | Self::Gone { seq, .. } => *seq,
        }
    }
}

/// Which part of a list is wanted: never a count that others' doings would shift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowRequest {
    /// Only what lies before this position. `None`: from the newest on.
    #[serde(default)]
    pub before: Option<u64>,
    /// Down to this position. `None`: as many as a page holds.
    #[serde(default)]
    pub from: Option<u64>,
    /// Only this topic.
    #[serde(default)]
    pub topic: Option<crate::ids::TopicId>,
}

/// From the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Follow a stream: with `after`, from that number on; without, from a snapshot.
    Subscribe {
        stream: StreamId,
        /// What the client has already.
        #[serde(default)]
        after: Option<Seq>,
        /// As whom, at most as the standing allows. Left out: the most it allows.
        #[serde(default, rename = "as")]
        audience: Option<Audience>,
        /// The oldest position the client shows, so that the personal view fits its window.
        #[serde(default)]
        from: Option<u64>,
    },
    /// Follow it no longer.
    Unsubscribe { stream: StreamId },
    /// An older page of a subscribed stream.
    Page {
        stream: StreamId,
        /// Only what lies before this position.
        before: u64,
        /// Only this topic.
        #[serde(default)]
        topic: Option<crate::ids::TopicId>,
    },
    /// Do something.
    Command {
        /// Chosen by the client; repeating is safe.
        id: CommandId,
        /// For which stream.
        stream: StreamId,
        /// The stream kind's command.
        command: serde_json::Value,
    },
}

/// Begins every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Which build the server is.
    pub build: String,
    /// [`PROTOCOL`] of the server.
    pub protocol: u32,
    /// The server's clock.
    pub now: Timestamp,
}

/// The whole view (its newest part).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot<V> {
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    #[serde(rename = "as")]
    pub audience: Audience,
    /// What they see.
    pub view: V,
}

/// The personal view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnFrame<O> {
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What concerns the reader alone.
    pub view: O,
}

/// An older part of the view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<V> {
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// The older part, with a window of its own.
    pub view: V,
}

/// Changes. Ranges are contiguous for each reader; a part of a range too long for one frame repeats its start
/// (`after == seq`), so that nobody who loses the rest believes to have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "K: Deserialize<'de>, V: Deserialize<'de>"))]
pub struct Deltas<K, V> {
    pub stream: StreamId,
    /// What the reader must have.
    pub after: Seq,
    /// What the reader then has.
    pub seq: Seq,
    /// The changes.
    pub deltas: Vec<Delta<K, V>>,
}

/// A command was accepted and is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Which command.
    pub id: CommandId,
    /// The thing it made or was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Uuid>,
    /// The number of its last event.
    pub seq: Seq,
    /// It had been accepted before under this id, and nothing has changed now. A secret ballot is not compared with the
    /// first one: whatever the second says, the first one counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

/// A command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Which command.
    pub id: CommandId,
    pub problem: Problem,
}

/// `application/problem+json` (RFC 9457) with a stable code. Further members are the code's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Stable, for programs.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// One sentence in the reader's language.
    pub title: String,
    /// The code's parameters.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, serde_json::Value>))]
    pub params: serde_json::Map<String, serde_json::Value>,
}

impl<'de> Deserialize<'de> for Problem {
    /// By hand: what is derived for flattened members holds every type in a tree of its own, which browsers would load.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        use serde_json::Value;
        let mut params = serde_json::Map::<String, Value>::deserialize(deserializer)?;
        let mut text = |name: &'static str| match params.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(D::Error::missing_field(name)),
        };
        let (code, title) = (text("code")?, text("title")?);
        let status = params.remove("status").and_then(|status| status.as_u64()?.try_into().ok());
        Ok(Self { code, status: status.ok_or_else(|| D::Error::missing_field("status"))?, title, params })
    }
}

/// How many are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// In which stream.
    pub stream: StreamId,
    /// How many sockets follow it.
    pub people: u32,
}

/// The reader fell behind: what follows is a fresh start from what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resync {
    /// In which stream.
    pub stream: StreamId,
}

/// The connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The server's clock.
    pub now: Timestamp,
}

/// The server closes. Come back after `retry_ms`; 0: at once, as rights have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// Milliseconds to wait, before jitter.
    pub retry_ms: u32,
}

/// From the server, for a stream of kind `L`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", bound = "")]
pub enum ServerFrame<L: LiveTypes> {
    /// See [`Hello`].
    Hello(Hello),
    /// See [`Snapshot`].
    Snapshot(Snapshot<L::View>),
    /// See [`OwnFrame`].
    Own(OwnFrame<L::Own>),
    /// See [`Page`].
    Page(Page<L::View>),
    /// See [`Deltas`].
    Deltas(Deltas<L::Key, L::Value>),
    /// See [`Accepted`].
    Accepted(Accepted),
    /// See [`Rejected`].
    Rejected(Rejected),
    /// See [`Presence`].
    Presence(Presence),
    /// See [`Resync`].
    Resync(Resync),
    /// See [`Beat`].
    Beat(Beat),
    /// See [`Bye`].
    Bye(Bye),
}

impl<L: LiveTypes> ServerFrame<L> {
    /// Reads a frame. A type this build does not know is `Ok(None)`: newer servers may say more.
    ///
    /// # Errors
    /// It is not JSON of the expected shape.
    pub fn parse(json: &str) -> Result<Option<Self>, Unreadable> {
        #[derive(Deserialize)]
        struct Peek {
            #[serde(rename = "type")]
            kind: String,
        }
        // Two passes: an internally tagged enum would be buffered as a tree first.
        let frame: Framing<L> = match json::read::<Peek>(json)?.kind.as_str() {
            "hello" => |m| Some(Self::Hello(Hello { build: m.build?, protocol: m.protocol?, now: m.now? })),
            "snapshot" => |m| {
                let (stream, seq, audience) = (m.stream?, m.seq?, m.audience?);
                Some(Self::Snapshot(Snapshot { stream, seq, audience, view: m.view? }))
            },
            "own" => return Ok(Some(Self::Own(json::read(json)?))),
            "page" => |m| Some(Self::Page(Page { stream: m.stream?, seq: m.seq?, view: m.view? })),
            "deltas" => {
                |m| Some(Self::Deltas(Deltas { stream: m.stream?, after: m.after?, seq: m.seq?, deltas: m.deltas? }))
            }
            "accepted" => {
                |m| Some(Self::Accepted(Accepted { id: m.id?, object: m.object, seq: m.seq?, repeated: m.repeated }))
            }
            "rejected" => |m| Some(Self::Rejected(Rejected { id: m.id?, problem: m.problem? })),
            "presence" => |m| Some(Self::Presence(Presence { stream: m.stream?, people: m.people? })),
            "resync" => |m| Some(Self::Resync(Resync { stream: m.stream? })),
            "beat" => |m| Some(Self::Beat(Beat { now: m.now? })),
            "bye" => |m| Some(Self::Bye(Bye { retry_ms: m.retry_ms? })),
            _ => return Ok(None),
        };
        frame(json::read(json)?).map(Some).ok_or(Unreadable)
    }
}

/// Makes a frame of one kind. `None`: a member is missing.
type Framing<L> =
    fn(Members<<L as LiveTypes>::View, <L as LiveTypes>::Key, <L as LiveTypes>::Value>) -> Option<ServerFrame<L>>;

/// The members of all frames but `own`: read by one piece of code, since browsers load it.
#[derive(Deserialize)]
struct Members<V, K, W> {
    build: Option<String>,
    protocol: Option<u32>,
    now: Option<Timestamp>,
    stream: Option<StreamId>,
    seq: Option<Seq>,
    #[serde(rename = "as")]
    audience: Option<Audience>,
    view: Option<V>,
    after: Option<Seq>,
    deltas: Option<Vec<Delta<K, W>>>,
    id: Option<CommandId>,
    object: Option<Uuid>,
    #[serde(default)]
    repeated: bool,
    problem: Option<Problem>,
    people: Option<u32>,
    retry_ms: Option<u32>,
}
