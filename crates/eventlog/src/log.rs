//! What a log is to the rest of the program: append-only streams with riders, committed together.

use std::sync::Arc;

use async_trait::async_trait;
use stimmwerk_core::domain::{FollowUp, StreamKind};
use stimmwerk_core::ids::{CommandId, ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{SaidKey, SideText};
use stimmwerk_core::time::Timestamp;

/// What one room wants written, all or nothing.
#[derive(Clone, Debug)]
pub struct Batch {
    /// To which stream. It comes to be with its first batch.
    pub stream: StreamId,
    /// What kind of stream that is.
    pub kind: StreamKind,
    /// The number of the last event the room knows. Another head is a conflict.
    pub expected: Seq,
    /// What happened, in order; the first gets `expected + 1`. May be empty: then only riders are written.
    pub events: Vec<NewEvent>,
    /// What goes into the same transaction.
    pub riders: Riders,
}

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// When its command was received; `None` if that must not be known.
    pub at: Option<Timestamp>,
    /// Who acted; `None` if that must not be known, or the program.
    pub actor: Option<ParticipantId>,
    /// On the *last* event of a command: its id and digest. Unique within the stream.
    pub command: Option<CommandKey>,
    /// The event's kind.
    pub kind: &'static str,
    /// The version of its body.
    pub version: u16,
    /// The body, as it is hashed and stored.
    pub body: Vec<u8>,
}

/// By what a repeated command is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandKey {
    /// The id its client chose.
    pub id: CommandId,
    /// A digest of actor and body: the same id with another one is another command.
    pub digest: [u8; 16],
}

/// What travels with the events of a batch.
///
/// Within a batch texts and ballots are put before any are deleted: what one command of a batch wrote, a later one can
/// erase. Follow-ups that are done go before new ones come.
#[derive(Clone, Debug, Default)]
pub struct Riders {
    /// Side rows to write. Their keys are new, since they derive from command ids; this is not checked.
    pub texts: Vec<SideText>,
    /// Side rows to delete. After the commit the freed pages and the write-ahead log are cleaned before it is answered.
    pub erase: Vec<SaidKey>,
    /// The stream's row in lists, as JSON. `None`: as it was.
    pub summary: Option<Vec<u8>>,
    /// The next moment the clock must tell the stream. Outer `None`: as it was. `Some(None)`: none.
    pub due: Option<Option<Timestamp>>,
    /// Commands to other streams that must follow. One that is there already stays as it is.
    pub follow_ups: Vec<FollowUp>,
    /// Follow-ups that this batch has carried out (this stream was their target), to be deleted.
    pub done: Vec<CommandId>,
    /// Ballots put into the stream's ballot box: under a random key, without number, time or command.
    pub box_put: Vec<BoxRow>,
    /// Empties the stream's ballot box and cleans up after it as after [`Riders::erase`].
    pub box_empty: bool,
}

/// A ballot in a ballot box.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoxRow {
    /// Random, so that order tells nothing.
    pub key: [u8; 16],
    /// The choice.
    pub choice: Vec<u8>,
}

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its number.
    pub seq: Seq,
    /// See [`NewEvent::at`].
    pub at: Option<Timestamp>,
    /// See [`NewEvent::actor`].
    pub actor: Option<ParticipantId>,
    /// See [`NewEvent::command`].
    pub command: Option<CommandKey>,
    /// Its kind.
    pub kind: String,
    /// The version of its body.
    pub version: u16,
    /// Its body, byte for byte as written.
    pub body: Vec<u8>,
    /// The chain up to here: see [`crate::chain`].
    pub hash: [u8; 32],
}

/// An accepted command as the log remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// See [`CommandKey::digest`].
    pub digest: [u8; 16],
    /// The number of its last event.
    pub seq: Seq,
}

/// A state as it was at an event, without texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSnapshot {
    /// As of which event.
    pub seq: Seq,
    /// Which format the body has; another one than the program's is of no use.
    pub format: u32,
    /// The serialised state.
    pub body: Vec<u8>,
}

/// A stream's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of its last event.
    pub seq: Seq,
    /// The chain up to there.
    pub hash: [u8; 32],
}

/// Why a batch was not written, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The stream has another head than expected. Nothing was written.
    #[error("the stream is at {head}")]
    Conflict {
        /// Where it is.
        head: Seq,
    },
    /// Command ids that were used before. Nothing was written.
    #[error("command ids used before")]
    CommandTaken {
        /// Which.
        ids: Vec<CommandId>,
    },
    /// The disk is full. Nothing was written; reads go on.
    #[error("the storage is full")]
    StorageFull,
    /// The commit may have happened: look for the command ids.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
    /// Nothing was written.
    #[error("storage: {0}")]
    Storage(String),
}

/// Reading failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("storage: {0}")]
pub struct ReadError(pub String);

/// Damage found by [`EventLog::verify`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stream {stream}, event {seq}: {what}")]
pub struct Damage {
    /// In which stream.
    pub stream: StreamId,
    /// At which event.
    pub seq: Seq,
    /// What is wrong.
    pub what: String,
}

/// Append-only streams, one per forum, poll and so on.
///
/// Everything acknowledged by [`EventLog::append`] is durable: it has been fsynced. Batches of many streams are
/// committed together; each stands or falls alone.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Writes a batch. Returns the stream's new head.
    ///
    /// # Errors
    /// See [`AppendError`].
    async fn append(&self, batch: Batch) -> Result<Head, AppendError>;

    /// At most `limit` events after `after`, ascending.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn read(&self, stream: StreamId, after: Seq, limit: u32) -> Result<Vec<LoggedEvent>, ReadError>;

    /// The stream's head; number 0 and the zero hash for one that does not exist.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn head(&self, stream: StreamId) -> Result<Head, ReadError>;

    /// All side rows of a stream.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn texts(&self, stream: StreamId) -> Result<Vec<(SaidKey, Arc<str>)>, ReadError>;

    /// What the log remembers of an accepted command.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn find_command(&self, stream: StreamId, id: CommandId) -> Result<Option<Recorded>, ReadError>;

    /// The newest state snapshot of a stream.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn snapshot(&self, stream: StreamId) -> Result<Option<StateSnapshot>, ReadError>;

    /// Keeps a state snapshot in place of an older one. One that is not ahead of the kept one of the same format, or
    /// ahead of the stream, is passed over.
    ///
    /// # Errors
    /// See [`AppendError`].
    async fn put_snapshot(&self, stream: StreamId, snapshot: StateSnapshot) -> Result<(), AppendError>;

    /// Every stream with its kind, oldest first.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn streams(&self) -> Result<Vec<(StreamId, StreamKind)>, ReadError>;

    /// The rows of lists, as JSON.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn summaries(&self) -> Result<Vec<(StreamId, Vec<u8>)>, ReadError>;

    /// All moments the clock must tell, soonest first.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn dues(&self) -> Result<Vec<(Timestamp, StreamId, StreamKind)>, ReadError>;

    /// Follow-ups not carried out yet, oldest first.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn follow_ups(&self) -> Result<Vec<FollowUp>, ReadError>;

    /// What is in the stream's ballot box, sorted by content.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn box_rows(&self, stream: StreamId) -> Result<Vec<BoxRow>, ReadError>;

    /// Recomputes every chain, numbers and side-row commitments included.
    ///
    /// # Errors
    /// The storage cannot be read. Damage is not an error but the result.
    async fn verify(&self) -> Result<Vec<Damage>, ReadError>;
}
