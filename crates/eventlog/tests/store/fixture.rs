//! Batches, and a store in a folder of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use stimmwerk_core::domain::{FollowUp, StreamKind};
use stimmwerk_core::ids::{CommandId, ParticipantId, SaidKey, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{Commitment, Said, SideText};
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::Participant;
use stimmwerk_eventlog::log::{Batch, CommandKey, NewEvent, Riders};
use stimmwerk_eventlog::sqlite::SqliteStore;
use tempfile::TempDir;
use uuid::Uuid;

/// A folder with a database.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("store.sqlite3")
    }

    pub async fn open(&self) -> Arc<SqliteStore> {
        SqliteStore::open(&self.path()).await.unwrap()
    }

    /// A store that cleans its files as soon as something was erased.
    pub async fn open_cleaning_at_once(&self) -> Arc<SqliteStore> {
        SqliteStore::open_cleaning_every(&self.path(), Duration::ZERO).await.unwrap()
    }

    /// A connection past the store, as an administrator's hand or a failing disk.
    pub async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).foreign_keys(false).connect().await.unwrap()
    }

    /// A connection to a database that is made with it.
    pub async fn raw_new(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).create_if_missing(true).connect().await.unwrap()
    }

    /// The names of all files.
    pub fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// All bytes of database, write-ahead log and whatever else lies there.
    pub fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

pub fn stream(nth: u128) -> StreamId {
    StreamId(Uuid::from_u128(0x5000 + nth))
}

pub fn command(nth: u128) -> CommandKey {
    CommandKey { id: CommandId(Uuid::from_u128(0xc000 + nth)), digest: [nth as u8; 16] }
}

/// A text and how an event names it.
pub fn side_text(key: u128, text: &str) -> (SideText, String) {
    let key = SaidKey(Uuid::from_u128(key));
    let salt = [7; 16];
    let commitment = Commitment(Sha256::new_with_prefix(salt).chain_update(text).finalize().into());
    let named = serde_json::to_string(&Said { key, commitment, text: None }).unwrap();
    (SideText { key, salt, text: text.into() }, named)
}

pub fn event(body: impl Into<Vec<u8>>, command: Option<CommandKey>) -> NewEvent {
    NewEvent {
        at: Some(Timestamp(1_700_000_000_000)),
        actor: Some(ParticipantId(Uuid::from_u128(0xa000))),
        command,
        kind: "said",
        version: 1,
        body: body.into(),
    }
}

/// What follows when this participant leaves for good.
pub fn farewell(participant: &Participant) -> FollowUp {
    let id = CommandId(participant.id.0);
    FollowUp { id, stream: StreamId::NETWORK, kind: StreamKind::Network, command: "\"erase\"".to_owned() }
}

pub fn batch(stream: StreamId, expected: u64, events: Vec<NewEvent>) -> Batch {
    Batch { stream, kind: StreamKind::Forum, expected: Seq(expected), events, riders: Riders::default() }
}

/// Numbers below a bound, the same in each run (xorshift64*, Vigna 2016).
pub fn random() -> impl FnMut(u32) -> u32 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |below| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as u32 % below
    }
}
