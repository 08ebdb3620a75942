//! The log as the rest of the program sees it: reads from the pool, writes through the queue.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use stimmwerk_core::domain::{FollowUp, StreamKind};
use stimmwerk_core::ids::{CommandId, ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::SaidKey;
use stimmwerk_core::time::Timestamp;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::writer::Work;
use super::{SqliteStore, sql};
use crate::log::{
    AppendError, Batch, BoxRow, CommandKey, Damage, EventLog, Head, LoggedEvent, ReadError, Recorded, StateSnapshot,
};
use crate::verify::Check;

/// How many events a check reads at once: short reads, so that the write-ahead log can be emptied in between.
const VERIFY_PAGE: u32 = 2_000;

#[async_trait]
impl EventLog for SqliteStore {
    async fn append(&self, batch: Batch) -> Result<Head, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Work::Append { batch, reply }, answer).await
    }

    async fn cleaned(&self) {
        let (reply, done) = oneshot::channel();
        // Once the writer has ended, so has the cleaning.
        if self.work.send(Work::Cleaned { reply }).await.is_ok() {
            let _ = done.await;
        }
    }

    async fn read(&self, stream: StreamId, after: Seq, limit: u32) -> Result<Vec<LoggedEvent>, ReadError> {
        read(&self.readers, stream, after, limit).await
    }

    async fn head(&self, stream: StreamId) -> Result<Head, ReadError> {
        let found = sqlx::query(sql::STREAM).bind(key(&stream.0)).fetch_optional(&self.readers).await?;
        Ok(match found {
            Some(row) => Head { seq: seq(&row, 1)?, hash: bytes(&row, 2)? },
            None => Head::EMPTY,
        })
    }

    async fn texts(&self, stream: StreamId) -> Result<Vec<(SaidKey, Arc<str>)>, ReadError> {
        let rows = sqlx::query(sql::TEXTS).bind(key(&stream.0)).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((SaidKey(uuid(row, 0)?), row.try_get::<&str, _>(1)?.into()))).collect()
    }

    async fn find_command(&self, stream: StreamId, id: CommandId) -> Result<Option<Recorded>, ReadError> {
        let found = sqlx::query(sql::FIND_COMMAND).bind(key(&stream.0)).bind(key(&id.0));
        let Some(row) = found.fetch_optional(&self.readers).await? else { return Ok(None) };
        Ok(Some(Recorded {
            key: CommandKey { id, digest: bytes(&row, 0)? },
            seq: seq(&row, 1)?,
            actor: row.try_get::<Option<&[u8]>, _>(2)?.map(as_uuid).transpose()?.map(ParticipantId),
            salts: self.salts(stream, row.try_get(3)?, id).await?,
        }))
    }

    async fn snapshot(&self, stream: StreamId) -> Result<Option<StateSnapshot>, ReadError> {
        let found = sqlx::query(sql::SNAPSHOT).bind(key(&stream.0)).fetch_optional(&self.readers).await?;
        let Some(row) = found else { return Ok(None) };
        Ok(Some(StateSnapshot { seq: seq(&row, 0)?, format: narrow(&row, 1)?, body: row.try_get(2)? }))
    }

    async fn put_snapshot(&self, stream: StreamId, snapshot: StateSnapshot) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Work::Snapshot { stream, snapshot, reply }, answer).await
    }

    async fn streams(&self) -> Result<Vec<(StreamId, StreamKind)>, ReadError> {
        let rows = sqlx::query(sql::STREAMS).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((StreamId(uuid(row, 0)?), kind(row, 1)?))).collect()
    }

    async fn summaries(&self) -> Result<Vec<(StreamId, Vec<u8>)>, ReadError> {
        let rows = sqlx::query(sql::SUMMARIES).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((StreamId(uuid(row, 0)?), row.try_get(1)?))).collect()
    }

    async fn dues(&self) -> Result<Vec<(Timestamp, StreamId, StreamKind)>, ReadError> {
        let rows = sqlx::query(sql::DUES).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((Timestamp(row.try_get(0)?), StreamId(uuid(row, 1)?), kind(row, 2)?))).collect()
    }

    async fn follow_ups(&self) -> Result<Vec<FollowUp>, ReadError> {
        let rows = sqlx::query(sql::FOLLOW_UPS).fetch_all(&self.readers).await?;
        rows.iter().map(follow_up).collect()
    }

    async fn refused_follow_ups(&self) -> Result<Vec<(FollowUp, String)>, ReadError> {
        let rows = sqlx::query(sql::REFUSED_FOLLOW_UPS).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((follow_up(row)?, row.try_get(4)?))).collect()
    }

    async fn box_rows(&self, stream: StreamId) -> Result<Vec<BoxRow>, ReadError> {
        let rows = sqlx::query(sql::BALLOTS).bind(key(&stream.0)).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(BoxRow { key: bytes(row, 0)?, choice: row.try_get(1)? })).collect()
    }

    async fn verify(&self) -> Result<Vec<Damage>, ReadError> {
        let mut damage = Vec::new();
        let mut found = |stream: StreamId, what: String| damage.push(Damage { stream, seq: Seq(0), what });
        let nowhere = StreamId(Uuid::nil());
        for row in sqlx::query(sql::INTEGRITY).fetch_all(&self.readers).await? {
            let what: String = row.try_get(0)?;
            if what != "ok" {
                found(nowhere, format!("the file is damaged: {what}"));
            }
        }
        let mut lost: BTreeMap<(String, String), u64> = BTreeMap::new();
        for row in sqlx::query(sql::REFERENCES).fetch_all(&self.readers).await? {
            *lost.entry((row.try_get(0)?, row.try_get(2)?)).or_default() += 1;
        }
        for ((table, refers_to), rows) in lost {
            found(nowhere, format!("{rows} rows of {table} belong to no {refers_to}"));
        }
        let mut streams = Vec::new();
        for row in sqlx::query(sql::STREAMS).fetch_all(&self.readers).await? {
            match (uuid(&row, 0), kind(&row, 1)) {
                (Ok(id), Ok(_)) => streams.push(StreamId(id)),
                (Ok(id), Err(error)) => found(StreamId(id), format!("it cannot be read: {error}")),
                (Err(error), _) => found(nowhere, format!("a stream cannot be read: {error}")),
            }
        }
        for stream in streams {
            match self.verify_stream(stream).await {
                Ok(more) => damage.extend(more),
                Err(error) => {
                    damage.push(Damage { stream, seq: Seq(0), what: format!("it cannot be read: {error}") });
                }
            }
        }
        Ok(damage)
    }
}

impl SqliteStore {
    /// Sends work to the writer and waits for its answer. Who stops waiting does not stop the work.
    pub(super) async fn ask<T, E: From<Gone>>(
        &self,
        work: Work,
        answer: oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, E> {
        if self.work.send(work).await.is_err() {
            return Err(Gone::Before.into());
        }
        answer.await.unwrap_or_else(|_| Err(Gone::Meanwhile.into()))
    }

    /// The salts of all texts a command wrote, unless one of them was erased.
    async fn salts(&self, stream: StreamId, row: i64, command: CommandId) -> Result<Option<Vec<[u8; 16]>>, ReadError> {
        let mut salts = Vec::new();
        loop {
            let keys: Vec<_> =
                (salts.len()..).take(sql::SALTS_AT_ONCE).map(|nth| SaidKey::of(stream, command, nth)).collect();
            let query = sqlx::query(sql::SALTS.as_str()).bind(row);
            let found = keys.iter().fold(query, |query, of| query.bind(key(&of.0))).fetch_all(&self.readers).await?;
            let mut rows = HashMap::new();
            for row in &found {
                let erased = row.try_get::<i64, _>(2)? != 0;
                rows.insert(SaidKey(uuid(row, 0)?), if erased { None } else { Some(bytes(row, 1)?) });
            }
            // They were written without gaps.
            for key in &keys {
                match rows.get(key) {
                    None => return Ok(Some(salts)),
                    Some(None) => return Ok(None),
                    Some(Some(salt)) => salts.push(*salt),
                }
            }
        }
    }

    async fn verify_stream(&self, stream: StreamId) -> Result<Vec<Damage>, ReadError> {
        let mut check = Check::new(stream);
        // Texts first, the head next: what is written meanwhile can then only be events that are not looked at.
        for row in sqlx::query(sql::SALTED_TEXTS).bind(key(&stream.0)).fetch_all(&self.readers).await? {
            // Not as text: damage may have made it something else.
            let (key, salt, text) = (SaidKey(uuid(&row, 0)?), raw(&row, 1)?, raw(&row, 2)?);
            match row.try_get::<i64, _>(3)? {
                0 => check.text(key, salt, text),
                _ => check.erased(key, salt, text),
            }
        }
        let head = self.head(stream).await?;
        let mut after = Seq(0);
        loop {
            let page = read(&self.readers, stream, after, VERIFY_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            page.iter().filter(|event| event.seq <= head.seq).for_each(|event| check.event(event));
            if after >= head.seq {
                break;
            }
        }
        Ok(check.finish(head))
    }
}

/// The writer has ended.
pub(super) enum Gone {
    /// Nothing was handed over.
    Before,
    /// It was handed over.
    Meanwhile,
}

impl From<Gone> for AppendError {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Before => Self::Storage("the store is closed".to_owned()),
            Gone::Meanwhile => Self::OutcomeUnknown("the writer has ended".to_owned()),
        }
    }
}

async fn read(pool: &SqlitePool, stream: StreamId, after: Seq, limit: u32) -> Result<Vec<LoggedEvent>, ReadError> {
    let query = sqlx::query(sql::READ).bind(key(&stream.0)).bind(after.0 as i64).bind(i64::from(limit));
    query.fetch_all(pool).await?.iter().map(event).collect()
}

fn event(row: &SqliteRow) -> Result<LoggedEvent, ReadError> {
    let command = match row.try_get::<Option<&[u8]>, _>(3)? {
        Some(id) => Some(CommandKey { id: CommandId(as_uuid(id)?), digest: bytes(row, 4)? }),
        None => None,
    };
    Ok(LoggedEvent {
        seq: seq(row, 0)?,
        at: row.try_get::<Option<i64>, _>(1)?.map(Timestamp),
        actor: row.try_get::<Option<&[u8]>, _>(2)?.map(as_uuid).transpose()?.map(ParticipantId),
        command,
        kind: row.try_get(5)?,
        version: narrow(row, 6)?,
        body: row.try_get(7)?,
        hash: bytes(row, 8)?,
    })
}

fn follow_up(row: &SqliteRow) -> Result<FollowUp, ReadError> {
    Ok(FollowUp {
        stream: StreamId(uuid(row, 0)?),
        id: CommandId(uuid(row, 1)?),
        kind: kind(row, 2)?,
        command: row.try_get(3)?,
    })
}

/// An id as a parameter.
pub(super) fn key(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

fn as_uuid(bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(super) fn uuid(row: &SqliteRow, column: usize) -> Result<Uuid, sqlx::Error> {
    as_uuid(row.try_get(column)?)
}

pub(super) fn bytes<const N: usize>(row: &SqliteRow, column: usize) -> Result<[u8; N], sqlx::Error> {
    row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| sqlx::Error::Decode("bytes of another length".into()))
}

fn seq(row: &SqliteRow, column: usize) -> Result<Seq, sqlx::Error> {
    narrow(row, column).map(Seq)
}

pub(super) fn narrow<T: TryFrom<i64>>(row: &SqliteRow, column: usize) -> Result<T, sqlx::Error> {
    T::try_from(row.try_get::<i64, _>(column)?).map_err(|_| sqlx::Error::Decode("a number out of range".into()))
}

fn kind(row: &SqliteRow, column: usize) -> Result<StreamKind, sqlx::Error> {
    StreamKind::from_number(row.try_get(column)?).ok_or_else(|| sqlx::Error::Decode("a stream of unknown kind".into()))
}

fn raw(row: &SqliteRow, column: usize) -> Result<&[u8], sqlx::Error> {
    row.try_get_unchecked(column)
}
