//! What a log is to the rest of the program: append-only streams with riders, committed together.

use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
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
    /// A digest of actor and body: the same id with another one is another command. That of a command with words is
    /// kept keyed: see [`CommandKey::keyed`].
    pub digest: [u8; 16],
}

impl CommandKey {
    /// As the log keeps it of a command that wrote texts with these salts, in the order of their writing: an HMAC-SHA-256
    /// of the digest, so that once one of the texts is erased, and its salt with it, nobody can find out by guessing what
    /// it was. Without texts it stays as it is.
    #[must_use]
    pub fn keyed<'a>(self, salts: impl IntoIterator<Item = &'a [u8; 16]>) -> Self {
        let key: Vec<u8> = salts.into_iter().flatten().copied().collect();
        if key.is_empty() {
            return self;
        }
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("keys of any length are taken");
        mac.update(&self.digest);
        let digest = mac.finalize().into_bytes()[..16].try_into().expect("16 of 32 bytes");
        Self { digest, ..self }
    }
}

/// What travels with the events of a batch.
///
/// Within a batch texts and ballots are put before any are deleted: what one command of a batch wrote, a later one can
/// erase. Follow-ups that are done or refused are marked so before new ones come.
#[derive(Clone, Debug, Default)]
pub struct Riders {
    /// Side rows to write. Their keys are new, since they derive from command ids; this is not checked.
    pub texts: Vec<SideText>,
    /// Side rows to delete. The files are cleaned of them a little later: see [`EventLog::cleaned`].
    pub erase: Vec<SaidKey>,
    /// The stream's row in lists, as JSON. `None`: as it was.
    pub summary: Option<Vec<u8>>,
    /// The next moment the clock must tell the stream. Outer `None`: as it was. `Some(None)`: none.
    pub due: Option<Option<Timestamp>>,
    /// Commands to other streams that must follow. One that is there already stays as it is.
    pub follow_ups: Vec<FollowUp>,
    /// Follow-ups that this batch has carried out (this stream was their target), to be deleted.
    pub done: Vec<CommandId>,
    /// Follow-ups that this stream, their target, refused for good, each with the code of the refusal. They are set aside:
    /// kept for [`EventLog::refused_follow_ups`] to tell, and not carried out again.
    pub refused: Vec<(CommandId, &'static str)>,
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
    pub kind: String,
    /// The version of its body.
    pub version: u16,
    /// Its body, byte for byte as written.
    pub body: Vec<u8>,
    /// The chain up to here: see [`crate::chain`].
    pub hash: [u8; 32],
}

/// An accepted command as the log remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// As it is kept: see [`CommandKey::keyed`].
    pub key: CommandKey,
    /// The number of its last event.
    pub seq: Seq,
    /// See [`NewEvent::actor`].
    pub actor: Option<ParticipantId>,
    /// The salts of all texts it wrote. `None`: one of them was erased.
    pub salts: Option<Vec<[u8; 16]>>,
}

impl Recorded {
    /// Is this the command that comes now, with a digest that is not keyed, from `actor`? When its words were erased
    /// they can no longer be compared: then whoever sends its id again is taken to repeat it. Older programs kept digests
    /// that are not keyed.
    pub fn is(&self, now: CommandKey, actor: Option<ParticipantId>) -> bool {
        let same = |key: CommandKey| key == self.key;
        match &self.salts {
            Some(salts) => same(now) || same(now.keyed(salts)),
            None => same(now) || (now.id == self.key.id && actor == self.actor),
        }
    }
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
    CommandTaken { ids: Vec<CommandId> },
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

    /// Waits until the files hold nothing any more of what was erased before: freed pages and the write-ahead log are
    /// cleaned at most every few seconds, for all who wait. Where readers of older pages hold that up, they are waited for
    /// two seconds, and the cleaning goes on after this has returned.
    async fn cleaned(&self);

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

    /// Follow-ups not carried out yet, oldest first, without those that were refused for good.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn follow_ups(&self) -> Result<Vec<FollowUp>, ReadError>;

    /// Follow-ups that were refused for good, oldest first, each with the code of the refusal.
    ///
    /// # Errors
    /// The storage cannot be read.
    async fn refused_follow_ups(&self) -> Result<Vec<(FollowUp, String)>, ReadError>;

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

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use uuid::Uuid;

    use super::*;

    fn key(id: u128, digest: u8) -> CommandKey {
        CommandKey { id: CommandId(Uuid::from_u128(id)), digest: [digest; 16] }
    }

    fn someone(nth: u128) -> ParticipantId {
        ParticipantId(Uuid::from_u128(nth))
    }

    #[test]
    fn given_salts_then_the_kept_digest_is_an_hmac_with_them_as_its_key() {
        assert_eq!(key(1, 7).keyed([]), key(1, 7), "without words it stays as it is");
        // RFC 2104: H(key ^ opad ‖ H(key ^ ipad ‖ text)).
        let pad = |byte: u8| {
            let mut pad = [byte; 64];
            pad[..16].iter_mut().for_each(|it| *it ^= 3);
            pad[16..32].iter_mut().for_each(|it| *it ^= 4);
            pad
        };
        let inner = Sha256::new_with_prefix(pad(0x36)).chain_update([7; 16]).finalize();
        let outer = Sha256::new_with_prefix(pad(0x5c)).chain_update(inner).finalize();
        let kept = key(1, 7).keyed([&[3; 16], &[4; 16]]);
        assert_eq!((kept.id, &kept.digest[..]), (key(1, 7).id, &outer[..16]));
    }

    #[test]
    fn given_a_repetition_then_its_words_are_compared_while_they_are_there_and_who_sends_it_afterwards() {
        let salts = vec![[3; 16], [4; 16]];
        let kept = key(1, 7).keyed(&salts);
        let recorded = |key, salts| Recorded { key, seq: Seq(1), actor: Some(someone(1)), salts };
        let whole = recorded(kept, Some(salts));
        assert!(whole.is(key(1, 7), Some(someone(1))));
        assert!(!whole.is(key(1, 8), Some(someone(1))), "other words");
        let erased = recorded(kept, None);
        assert!(
            erased.is(key(1, 7), Some(someone(1))) && erased.is(key(1, 8), Some(someone(1))),
            "nothing is left to compare"
        );
        assert!(!erased.is(key(1, 7), Some(someone(2))) && !erased.is(key(1, 7), None), "somebody else");
        let old = recorded(key(1, 7), None);
        assert!(old.is(key(1, 7), None), "older programs kept it as it is");
    }
}
