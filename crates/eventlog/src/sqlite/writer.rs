//! The one task that writes.
//!
//! It drains its queue into one transaction: one fsync serves everyone who waits. First all items are written together,
//! rows of many batches in one statement, without savepoints or look-ups: numbers are checked against the heads it
//! remembers, and command ids by the unique index, whose left-out rows are counted. When one item cannot be written, the
//! transaction is rolled back and the same items are written again, each in a savepoint, so that only those fail that must.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};
use stimmwerk_core::domain::FollowUp;
use stimmwerk_core::ids::{CommandId, ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{SaidKey, SideText};
use stimmwerk_core::time::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::accounts::{Change, Changed};
use super::sql::{self, Rows};
use crate::accounts::AccountError;
use crate::chain::Link;
use crate::journal::{Erased, Journal};
use crate::log::{AppendError, Batch, BoxRow, Head, NewEvent, StateSnapshot};

/// How many items wait at most; who comes later waits to get in.
pub(super) const QUEUE: usize = 256;
/// How many items are committed together at most.
const GROUP_ITEMS: usize = 256;
/// Up to which size items are committed together.
const GROUP_BYTES: usize = 4 << 20;
/// The files are cleaned of what was erased at most so often: others wait while tables are rebuilt.
pub(super) const CLEAN_APART: Duration = Duration::from_secs(10);
/// How long those who erase wait for readers of older pages, before they are answered though these are not cleaned yet.
const CLEAN_PATIENCE: Duration = Duration::from_secs(2);
/// How often cleaning is tried while there are such readers.
const CLEAN_AGAIN: Duration = Duration::from_millis(20);

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Work {
    Append {
        batch: Batch,
        reply: oneshot::Sender<Result<Head, AppendError>>,
    },
    Snapshot {
        stream: StreamId,
        snapshot: StateSnapshot,
        reply: oneshot::Sender<Result<(), AppendError>>,
    },
    Change {
        change: Change,
        reply: oneshot::Sender<Result<Changed, AccountError>>,
    },
    /// Asks to be answered once everything erased before is cleaned from the files.
    Cleaned {
        reply: oneshot::Sender<()>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
    #[cfg(test)]
    Pragma {
        pragma: &'static str,
        reply: oneshot::Sender<()>,
    },
}

impl Work {
    /// About how many bytes it writes.
    fn size(&self) -> usize {
        match self {
            Self::Append { batch, .. } => {
                let events = batch.events.iter().map(|event| event.body.len() + 160).sum::<usize>();
                events + batch.riders.texts.iter().map(|text| text.text.len() + 80).sum::<usize>()
            }
            Self::Snapshot { snapshot, .. } => snapshot.body.len(),
            _ => 256,
        }
    }

    /// Does it leave old pages that are to be cleaned?
    fn erases(&self) -> bool {
        match self {
            Self::Append { batch, .. } => !batch.riders.erase.is_empty() || batch.riders.box_empty,
            Self::Change { change, .. } => matches!(change, Change::ErasePerson(..)),
            _ => false,
        }
    }

    /// Tells the caller, who may have gone.
    fn answer(self, answer: Answer) {
        match (self, answer) {
            (Self::Append { reply, .. }, Answer::Append(answer)) => drop(reply.send(answer)),
            (Self::Append { reply, .. }, Answer::Failed(failure)) => drop(reply.send(Err(failure.into()))),
            (Self::Snapshot { reply, .. }, Answer::Failed(failure)) => drop(reply.send(Err(failure.into()))),
            (Self::Snapshot { reply, .. }, _) => drop(reply.send(Ok(()))),
            (Self::Change { reply, .. }, Answer::Change(answer)) => drop(reply.send(answer)),
            (Self::Change { reply, .. }, Answer::Failed(failure)) => drop(reply.send(Err(failure.into()))),
            _ => {}
        }
    }
}

/// What became of a piece of [`Work`].
#[derive(Clone, Debug)]
enum Answer {
    Append(Result<Head, AppendError>),
    Snapshot,
    Change(Result<Changed, AccountError>),
    Failed(Failure),
}

/// A transaction failed, for everyone in it.
#[derive(Clone, Debug)]
enum Failure {
    Full,
    OutcomeUnknown(String),
    Storage(String),
}

impl From<Failure> for AppendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full => Self::StorageFull,
            Failure::OutcomeUnknown(why) => Self::OutcomeUnknown(why),
            Failure::Storage(why) => Self::Storage(why),
        }
    }
}

impl From<Failure> for AccountError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full => Self::StorageFull,
            Failure::OutcomeUnknown(why) => Self::Storage(format!("the outcome is unknown: {why}")),
            Failure::Storage(why) => Self::Storage(why),
        }
    }
}

/// SQLite's primary result codes that matter here (<https://sqlite.org/rescode.html>).
mod code {
    pub(super) const FULL: i32 = 13;
    pub(super) const TOO_BIG: i32 = 18;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const MISMATCH: i32 = 20;
}

fn primary_code(error: &sqlx::Error) -> i32 {
    error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok()).map_or(0, |extended| extended & 0xff)
}

impl Failure {
    /// Of a statement before COMMIT: nothing was written.
    fn of_statement(error: &sqlx::Error) -> Self {
        if primary_code(error) == code::FULL { Self::Full } else { Self::Storage(error.to_string()) }
    }

    /// Of COMMIT. Without room the record that makes the transaction count was not written whole. When writing or
    /// fsync fails it may lie on the disk all the same, and a restart would find it.
    fn of_commit(error: &sqlx::Error) -> Self {
        if primary_code(error) == code::FULL { Self::Full } else { Self::OutcomeUnknown(error.to_string()) }
    }
}

/// Why a piece of work cannot be written.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The unique index left events out: a command id was used before.
    CommandTaken,
    /// There is such an account row already.
    Exists,
    /// A statement failed.
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl WriteError {
    /// Does it end the transaction, rather than the piece of work?
    fn is_fatal(&self) -> bool {
        match self {
            Self::CommandTaken | Self::Exists => false,
            Self::Sql(error) => ![code::CONSTRAINT, code::MISMATCH, code::TOO_BIG].contains(&primary_code(error)),
        }
    }
}

/// What the writer knows of a stream.
#[derive(Clone, Copy, Debug)]
struct Known {
    row: i64,
    head: Head,
    due: Option<Timestamp>,
}

/// What the writer will know once the transaction is committed.
#[derive(Debug, Default)]
struct Uncommitted {
    streams: HashMap<StreamId, Known>,
    last_row: i64,
}

/// How the items of a group are written within the transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// All rows in few statements. An item that cannot be written ends the attempt.
    Together,
    /// One item after the other, each in a savepoint. One that cannot be written is undone alone.
    Apart,
}

/// Why an attempt ended.
enum Stop {
    /// One item cannot be written, the others can: try [`Mode::Apart`].
    ItemRefused,
    /// The transaction itself failed.
    Failed(Failure),
}

/// The cleaning of files, which is done in steps: between two of them other work is done.
struct Cleaning {
    apart: Duration,
    /// Something was erased since the last round began.
    dirty: bool,
    /// Who waits for the next round.
    waiting: Vec<oneshot::Sender<()>>,
    round: Option<Round>,
    /// When the last round began.
    last: Option<Instant>,
    journal: Journal,
    /// What the journal does not hold yet.
    unjournaled: Vec<Erased>,
    rounds: Arc<AtomicU64>,
}

/// One time of cleaning.
struct Round {
    since: Instant,
    /// Tables that are to be rebuilt still.
    tables: Vec<&'static str>,
    rebuilds: bool,
    /// When to go on.
    next: Instant,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Cleaning {
    fn new(apart: Duration, journal: Journal, rounds: Arc<AtomicU64>) -> Self {
        let (waiting, unjournaled) = (Vec::new(), Vec::new());
        Self { apart, dirty: false, waiting, round: None, last: None, journal, unjournaled, rounds }
    }

    /// When the next step is due.
    fn due(&self) -> Option<Instant> {
        match &self.round {
            Some(round) => Some(round.next),
            None if self.dirty => Some(self.last.map_or_else(Instant::now, |last| last + self.apart)),
            None => None,
        }
    }

    fn wait(&mut self, reply: oneshot::Sender<()>) {
        match &mut self.round {
            _ if self.dirty => self.waiting.push(reply),
            Some(round) => round.waiting.push(reply),
            None => drop(reply.send(())),
        }
    }
}

fn tell(waiting: &mut Vec<oneshot::Sender<()>>) {
    for reply in waiting.drain(..) {
        let _ = reply.send(());
    }
}

/// The task. Its transactions are statements of its own rather than sqlx's, since it is never cancelled within one, and
/// must tell a failed COMMIT from a failed statement.
pub(super) struct Writer {
    /// `None`: it broke and is opened anew for the next group.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    streams: HashMap<StreamId, Known>,
    last_row: i64,
    commits: Arc<AtomicU64>,
    cleaning: Cleaning,
}

impl Writer {
    pub(super) async fn new(
        mut connection: SqliteConnection,
        options: SqliteConnectOptions,
        commits: Arc<AtomicU64>,
        cleaning: (Duration, Arc<AtomicU64>),
    ) -> Result<Self, sqlx::Error> {
        let last_row = sqlx::query_scalar(sql::LAST_STREAM).fetch_one(&mut connection).await?;
        let streams = HashMap::new();
        let journal = Journal::beside(options.get_filename());
        let cleaning = Cleaning::new(cleaning.0, journal, cleaning.1);
        Ok(Self { connection: Some(connection), options, streams, last_row, commits, cleaning })
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut closers = Vec::new();
        loop {
            let first = if let Some(due) = self.cleaning.due() {
                // What waits comes first: one step of cleaning follows after each group.
                if let Ok(first) = tokio::time::timeout_at(due.into(), queue.recv()).await {
                    first
                } else {
                    self.clean().await;
                    continue;
                }
            } else {
                queue.recv().await
            };
            let Some(first) = first else { break };
            let mut group = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(work) = next.take() {
                match work {
                    Work::Close { reply } => {
                        // What was queued before is still taken; nothing comes after.
                        queue.close();
                        closers.push(reply);
                    }
                    Work::Cleaned { reply } => self.cleaning.wait(reply),
                    #[cfg(test)]
                    Work::Pragma { pragma, reply } => {
                        sqlx::query(pragma).execute(self.connection.as_mut().unwrap()).await.unwrap();
                        let _ = reply.send(());
                    }
                    work => {
                        bytes += work.size();
                        group.push(work);
                    }
                }
                if group.len() < GROUP_ITEMS && bytes < GROUP_BYTES {
                    next = queue.try_recv().ok();
                }
            }
            self.write(group).await;
            if self.cleaning.due().is_some_and(|due| due <= Instant::now()) {
                self.clean().await;
            }
        }
        self.cleaning.last = None;
        let end = Instant::now() + CLEAN_PATIENCE;
        while let Some(due) = self.cleaning.due().filter(|_| Instant::now() < end) {
            tokio::time::sleep_until(due.into()).await;
            self.clean().await;
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            warn!(%error, "the database was not closed cleanly");
        }
        for closer in closers {
            let _ = closer.send(());
        }
    }

    /// Writes a group in one transaction and answers it.
    async fn write(&mut self, group: Vec<Work>) {
        if group.is_empty() {
            return;
        }
        let mut outcome = self.try_both(&group).await;
        if let (Err(Stop::Failed(Failure::Full)), Some(connection)) = (&outcome, &mut self.connection) {
            // What is in the write-ahead log gives room when it is moved into the database.
            if empty_log(connection).await.is_ok_and(|emptied| emptied) {
                outcome = self.try_both(&group).await;
            }
        }
        let answers = match outcome {
            Ok(answers) => answers,
            Err(Stop::Failed(failure)) => vec![Answer::Failed(failure); group.len()],
            Err(Stop::ItemRefused) => {
                vec![Answer::Failed(Failure::Storage("a savepoint did not hold".to_owned())); group.len()]
            }
        };
        for (work, answer) in group.into_iter().zip(answers) {
            if work.erases() && !matches!(answer, Answer::Failed(_) | Answer::Append(Err(_)) | Answer::Change(Err(_))) {
                self.cleaning.dirty = true;
                self.cleaning.unjournaled.extend(erased(&work, &answer));
            }
            work.answer(answer);
        }
    }

    async fn try_both(&mut self, group: &[Work]) -> Result<Vec<Answer>, Stop> {
        match self.attempt(group, Mode::Together).await {
            Err(Stop::ItemRefused) => self.attempt(group, Mode::Apart).await,
            outcome => outcome,
        }
    }

    /// One transaction over the group.
    async fn attempt(&mut self, group: &[Work], mode: Mode) -> Result<Vec<Answer>, Stop> {
        let mut connection = self.begin().await?;
        let mut uncommitted = Uncommitted { streams: HashMap::new(), last_row: self.last_row };
        let mut pass = Pass { connection: &mut connection, known: &self.streams, uncommitted: &mut uncommitted };
        let outcome = match mode {
            Mode::Together => pass.together(group).await,
            Mode::Apart => pass.apart(group).await,
        };
        let outcome = match outcome {
            Ok(answers) => match execute(&mut connection, sql::COMMIT).await {
                Ok(()) => Ok(answers),
                Err(error) => Err(Stop::Failed(Failure::of_commit(&error))),
            },
            Err(write_error) if mode == Mode::Together && !write_error.is_fatal() => Err(Stop::ItemRefused),
            Err(WriteError::Sql(error)) => Err(Stop::Failed(Failure::of_statement(&error))),
            Err(write_error) => Err(Stop::Failed(Failure::Storage(format!("{write_error:?}")))),
        };
        match &outcome {
            Ok(_) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.streams.extend(uncommitted.streams);
                self.last_row = uncommitted.last_row;
            }
            Err(stop) => {
                // SQLite has rolled back by itself after some errors, and then says so: not of interest.
                let _ = execute(&mut connection, sql::ROLLBACK).await;
                if let Stop::Failed(failure) = stop {
                    warn!(?failure, "a transaction failed");
                }
                if let Stop::Failed(Failure::OutcomeUnknown(_)) = stop {
                    // Nothing that was known before is trusted: read again through a new connection.
                    self.streams.clear();
                    return outcome;
                }
            }
        }
        self.connection = Some(connection);
        outcome
    }

    /// Begins a transaction, on a new connection if the old one is no longer fit for it.
    async fn begin(&mut self) -> Result<SqliteConnection, Stop> {
        let failed = |error: sqlx::Error| Stop::Failed(Failure::of_statement(&error));
        if let Some(mut connection) = self.connection.take() {
            match execute(&mut connection, sql::BEGIN).await {
                Ok(()) => return Ok(connection),
                Err(error) => warn!(%error, "the writing connection is opened anew"),
            }
        }
        let mut connection = self.options.connect().await.map_err(failed)?;
        execute(&mut connection, sql::BEGIN).await.map_err(failed)?;
        Ok(connection)
    }

    /// One step of cleaning the files of what was erased; after the last one those are answered who wait for it. Readers
    /// of older pages are waited for a while.
    async fn clean(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            self.connection = self.options.connect().await.ok();
            if let Some(round) = &mut self.cleaning.round {
                round.next = Instant::now() + CLEAN_AGAIN;
            }
            return;
        };
        let step = self.cleaning.step(&mut connection).await;
        match &step {
            // After an error it may be within a transaction, or without foreign keys.
            Err(_) => drop(connection),
            Ok(_) => self.connection = Some(connection),
        }
        let Some(round) = &mut self.cleaning.round else { return };
        match step {
            Ok(Step::Rebuilt) => {}
            Ok(Step::Emptied) => {
                tell(&mut round.waiting);
                self.cleaning.round = None;
            }
            Ok(Step::Blocked) | Err(_) => {
                round.next = Instant::now() + CLEAN_AGAIN;
                if round.since.elapsed() >= CLEAN_PATIENCE && !round.waiting.is_empty() {
                    warn!(?step, "what was erased is not cleaned from the files yet; it is tried again");
                    tell(&mut round.waiting);
                }
            }
        }
    }
}

/// What a step of cleaning did.
#[derive(Debug)]
enum Step {
    /// It rebuilt a table.
    Rebuilt,
    /// It emptied the write-ahead log, which is the last step.
    Emptied,
    /// Somebody reads older pages.
    Blocked,
}

impl Cleaning {
    async fn step(&mut self, connection: &mut SqliteConnection) -> Result<Step, sqlx::Error> {
        if self.round.is_none() {
            let rebuilds = is_to_rebuild(connection).await?;
            let tables = if rebuilds { sql::REBUILT_TABLES.to_vec() } else { Vec::new() };
            let (now, waiting) = (Instant::now(), mem::take(&mut self.waiting));
            self.round = Some(Round { since: now, tables, rebuilds, next: now, waiting });
            (self.dirty, self.last) = (false, Some(now));
            self.rounds.fetch_add(1, Ordering::Relaxed);
        }
        // Before anybody is told that something is gone for good: a backup must not bring it back.
        if !self.unjournaled.is_empty() {
            self.journal.append(&self.unjournaled).map_err(sqlx::Error::Io)?;
            self.unjournaled.clear();
            execute(connection, sql::JOURNALED).await?;
        }
        let Some(round) = &mut self.round else { return Ok(Step::Emptied) };
        if let Some(table) = round.tables.last() {
            // What was erased meanwhile asks for another round.
            let last = round.tables.len() == 1 && !self.dirty && round.rebuilds;
            rebuild(connection, &[table], last).await?;
            round.tables.pop();
            return Ok(Step::Rebuilt);
        }
        Ok(if empty_log(connection).await? { Step::Emptied } else { Step::Blocked })
    }
}

async fn is_to_rebuild(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query(sql::IS_TO_REBUILD).fetch_optional(connection).await?.is_some())
}

/// Rebuilds tables in one transaction; with the `last` of them nothing is to be rebuilt any more.
async fn rebuild(connection: &mut SqliteConnection, tables: &[&str], last: bool) -> Result<(), sqlx::Error> {
    execute(connection, "PRAGMA foreign_keys = OFF").await?;
    execute(connection, sql::BEGIN).await?;
    for table in tables {
        sqlx::raw_sql(AssertSqlSafe(sql::rebuild(table))).execute(&mut *connection).await?;
    }
    if last {
        execute(connection, sql::REBUILT).await?;
    }
    execute(connection, sql::COMMIT).await?;
    execute(connection, "PRAGMA foreign_keys = ON").await
}

/// Moves what is committed into the database and empties the write-ahead log, so that nothing of what was erased is left
/// in either. Not if somebody reads older pages.
async fn empty_log(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Not for as long as a statement waits: others wait behind it.
    execute(connection, "PRAGMA busy_timeout = 10").await?;
    let blocked: i64 = sqlx::query(sql::CLEAN).fetch_one(&mut *connection).await?.try_get(0)?;
    sqlx::query(AssertSqlSafe(format!("PRAGMA busy_timeout = {}", super::BUSY.as_millis())))
        .execute(connection)
        .await?;
    Ok(blocked == 0)
}

/// What a piece of work erased, as the journal holds it.
fn erased(work: &Work, answer: &Answer) -> Vec<Erased> {
    match (work, answer) {
        (Work::Append { batch, .. }, _) => {
            batch.riders.erase.iter().map(|key| Erased::Text(batch.stream, *key)).collect()
        }
        (_, Answer::Change(Ok(Changed::Gone(gone)))) => gone.iter().copied().map(Erased::Participant).collect(),
        _ => Vec::new(),
    }
}

/// Makes good what a crash between an erasure and its cleaning left behind.
pub(super) async fn clean(connection: &mut SqliteConnection, journal: &Journal) -> Result<(), sqlx::Error> {
    let unjournaled = sqlx::query(sql::UNJOURNALED).fetch_all(&mut *connection).await?;
    if !unjournaled.is_empty() {
        let held: HashSet<Erased> = journal.read().map_err(sqlx::Error::Io)?.into_iter().collect();
        let mut lacks = Vec::new();
        for row in &unjournaled {
            let participant: &[u8] = row.try_get(0)?;
            if !participant.is_empty() {
                lacks.push(Erased::Participant(ParticipantId(super::read::uuid(row, 0)?)));
            }
        }
        for row in sqlx::query(sql::ERASED_TEXTS).fetch_all(&mut *connection).await? {
            let (stream, key) = (super::read::uuid(&row, 0)?, super::read::uuid(&row, 1)?);
            lacks.push(Erased::Text(StreamId(stream), SaidKey(key)));
        }
        lacks.retain(|erased| !held.contains(erased));
        journal.append(&lacks).map_err(sqlx::Error::Io)?;
        execute(connection, sql::JOURNALED).await?;
    }
    if is_to_rebuild(connection).await? {
        rebuild(connection, &sql::REBUILT_TABLES, true).await?;
    }
    empty_log(connection).await.map(drop)
}

/// One way through a group, within a transaction.
struct Pass<'w> {
    connection: &'w mut SqliteConnection,
    known: &'w HashMap<StreamId, Known>,
    uncommitted: &'w mut Uncommitted,
}

impl Pass<'_> {
    async fn together(&mut self, group: &[Work]) -> Result<Vec<Answer>, WriteError> {
        let mut answers = Vec::with_capacity(group.len());
        let mut inserts = InsertBatch::default();
        for work in group {
            answers.push(self.add(work, &mut inserts).await?);
        }
        inserts.write(self.connection).await?;
        Ok(answers)
    }

    async fn apart(&mut self, group: &[Work]) -> Result<Vec<Answer>, WriteError> {
        let mut answers = Vec::with_capacity(group.len());
        for work in group {
            execute(self.connection, sql::SAVE).await?;
            let before = match work {
                Work::Append { batch, .. } => {
                    self.uncommitted.streams.get(&batch.stream).copied().map(|k| (batch.stream, k))
                }
                _ => None,
            };
            let mut inserts = InsertBatch::default();
            let outcome = match self.add(work, &mut inserts).await {
                Ok(answer) => inserts.write(self.connection).await.map(|()| answer),
                Err(write_error) => Err(write_error),
            };
            let answer = match outcome {
                Ok(answer) => answer,
                Err(write_error) if write_error.is_fatal() => return Err(write_error),
                Err(write_error) => {
                    execute(self.connection, sql::UNDO).await?;
                    if let Work::Append { batch, .. } = work {
                        self.uncommitted.streams.remove(&batch.stream);
                    }
                    self.uncommitted.streams.extend(before);
                    self.refuse(work, write_error).await?
                }
            };
            execute(self.connection, sql::KEEP).await?;
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Why exactly a piece of work was undone.
    async fn refuse(&mut self, work: &Work, write_error: WriteError) -> Result<Answer, WriteError> {
        Ok(match (work, write_error) {
            (Work::Append { batch, .. }, WriteError::CommandTaken) => {
                let known = self.stream(batch.stream).await?;
                let mut ids: Vec<CommandId> = Vec::new();
                let mut seen = HashSet::new();
                for command in batch.events.iter().filter_map(|event| event.command) {
                    let repeated = !seen.insert(command.id);
                    if (repeated || self.is_taken(known.row, command.id).await?) && !ids.contains(&command.id) {
                        ids.push(command.id);
                    }
                }
                Answer::Append(Err(if ids.is_empty() {
                    // Then it was a number. Only a second process that writes the log can have taken it.
                    AppendError::Storage("the log was written by somebody else".to_owned())
                } else {
                    AppendError::CommandTaken { ids }
                }))
            }
            (Work::Append { .. } | Work::Snapshot { .. }, WriteError::Sql(error)) if is_unique(&error) => {
                Answer::Append(Err(AppendError::Storage("a key is taken".to_owned())))
            }
            (Work::Change { .. }, WriteError::Exists) => Answer::Change(Err(AccountError::Exists)),
            // Account tables refer to people alone.
            (Work::Change { .. }, WriteError::Sql(error)) if is_foreign_key(&error) => {
                Answer::Change(Err(AccountError::NoPerson))
            }
            (_, WriteError::Sql(error)) => Answer::Failed(Failure::Storage(error.to_string())),
            (_, write_error) => return Err(write_error),
        })
    }

    async fn is_taken(&mut self, row: i64, id: CommandId) -> Result<bool, sqlx::Error> {
        let found = sqlx::query(sql::TAKEN).bind(row).bind(&id.0.as_bytes()[..]).fetch_optional(&mut *self.connection);
        Ok(found.await?.is_some())
    }

    /// What is known of a stream; one that is not there gets the next row, which is its own once it is written.
    async fn stream(&mut self, id: StreamId) -> Result<Known, sqlx::Error> {
        if let Some(known) = self.uncommitted.streams.get(&id).or_else(|| self.known.get(&id)) {
            return Ok(*known);
        }
        let found = sqlx::query(sql::STREAM).bind(&id.0.as_bytes()[..]).fetch_optional(&mut *self.connection).await?;
        Ok(match found {
            Some(found) => {
                let hash = super::read::bytes(&found, 2)?;
                let head = Head { seq: Seq(found.try_get::<i64, _>(1)? as u64), hash };
                Known { row: found.try_get(0)?, head, due: found.try_get::<Option<i64>, _>(3)?.map(Timestamp) }
            }
            None => Known { row: self.uncommitted.last_row + 1, head: Head::EMPTY, due: None },
        })
    }

    /// Adds the rows of an append to `inserts`, or writes at once what is no append.
    #[allow(clippy::match_wildcard_for_single_variants, reason = "tests have one more kind of work")]
    async fn add<'g>(&mut self, work: &'g Work, inserts: &mut InsertBatch<'g>) -> Result<Answer, WriteError> {
        match work {
            Work::Append { batch, .. } => {
                let mut known = self.stream(batch.stream).await?;
                if known.head.seq != batch.expected {
                    return Ok(Answer::Append(Err(AppendError::Conflict { head: known.head.seq })));
                }
                if inserts.must_precede(batch) {
                    mem::take(inserts).write(self.connection).await?;
                }
                inserts.add(batch, &mut known);
                self.uncommitted.last_row = self.uncommitted.last_row.max(known.row);
                self.uncommitted.streams.insert(batch.stream, known);
                Ok(Answer::Append(Ok(known.head)))
            }
            Work::Snapshot { stream, snapshot, .. } => {
                mem::take(inserts).write(self.connection).await?;
                let known = self.stream(*stream).await?;
                if known.row <= self.uncommitted.last_row && snapshot.seq <= known.head.seq {
                    sqlx::query(sql::PUT_SNAPSHOT)
                        .bind(known.row)
                        .bind(snapshot.seq.0 as i64)
                        .bind(i64::from(snapshot.format))
                        .bind(snapshot.body.as_slice())
                        .execute(&mut *self.connection)
                        .await?;
                }
                Ok(Answer::Snapshot)
            }
            Work::Change { change, .. } => Ok(Answer::Change(Ok(change.run(self.connection).await?))),
            _ => Ok(Answer::Snapshot),
        }
    }
}

/// Rows of several batches, gathered so that one statement inserts many of them.
#[derive(Default)]
struct InsertBatch<'g> {
    has: HashSet<StreamId>,
    streams: Vec<(StreamRow<'g>, Known)>,
    events: Vec<EventRow<'g>>,
    texts: Vec<(i64, &'g SideText)>,
    erase: Vec<(i64, &'g [SaidKey])>,
    box_put: Vec<(i64, &'g BoxRow)>,
    box_empty: Vec<i64>,
    done: Vec<(StreamId, &'g CommandId)>,
    refused: Vec<(StreamId, &'g (CommandId, &'static str))>,
    follow_ups: Vec<&'g FollowUp>,
}

struct StreamRow<'g> {
    id: StreamId,
    kind: i64,
    summary: Option<&'g [u8]>,
}

struct EventRow<'g> {
    stream: i64,
    seq: Seq,
    event: &'g NewEvent,
    hash: [u8; 32],
}

impl<'g> InsertBatch<'g> {
    /// Must the rows gathered so far be written before those of `batch` are added? [`InsertBatch::write`] inserts all rows
    /// before it deletes any, and deletes follow-ups before it inserts new ones. That order is right within one batch and
    /// between batches of different streams, but not between two batches of one stream.
    fn must_precede(&self, batch: &Batch) -> bool {
        let settles = !batch.riders.done.is_empty() || !batch.riders.refused.is_empty();
        self.has.contains(&batch.stream) || (!self.follow_ups.is_empty() && settles)
    }

    fn add(&mut self, batch: &'g Batch, known: &mut Known) {
        let row = known.row;
        for event in &batch.events {
            let seq = known.head.seq.next();
            let hash = Link::new(batch.stream, seq, event).hash(&known.head.hash);
            known.head = Head { seq, hash };
            self.events.push(EventRow { stream: row, seq, event, hash });
        }
        let riders = &batch.riders;
        if let Some(due) = riders.due {
            known.due = due;
        }
        let summary = riders.summary.as_deref();
        self.has.insert(batch.stream);
        self.streams.push((StreamRow { id: batch.stream, kind: batch.kind as i64, summary }, *known));
        self.texts.extend(riders.texts.iter().map(|text| (row, text)));
        self.erase.push((row, &riders.erase));
        self.box_put.extend(riders.box_put.iter().map(|ballot| (row, ballot)));
        self.box_empty.extend(riders.box_empty.then_some(row));
        self.done.extend(riders.done.iter().map(|id| (batch.stream, id)));
        self.refused.extend(riders.refused.iter().map(|refused| (batch.stream, refused)));
        self.follow_ups.extend(&riders.follow_ups);
    }

    async fn write(self, connection: &mut SqliteConnection) -> Result<(), WriteError> {
        insert(connection, &sql::PUT_STREAMS, &self.streams, |(stream, known), to| {
            to.add(known.row)?;
            to.add(&stream.id.0.as_bytes()[..])?;
            to.add(stream.kind)?;
            to.add(known.head.seq.0 as i64)?;
            to.add(&known.head.hash[..])?;
            to.add(stream.summary)?;
            to.add(known.due.map(|due| due.0))
        })
        .await?;
        let written = insert(connection, &sql::ADD_EVENTS, &self.events, |row, to| {
            let event = row.event;
            to.add(row.stream)?;
            to.add(row.seq.0 as i64)?;
            to.add(event.at.map(|at| at.0))?;
            to.add(event.actor.as_ref().map(|actor| &actor.0.as_bytes()[..]))?;
            to.add(event.command.as_ref().map(|command| &command.id.0.as_bytes()[..]))?;
            to.add(event.command.as_ref().map(|command| &command.digest[..]))?;
            to.add(event.kind)?;
            to.add(i64::from(event.version))?;
            to.add(event.body.as_slice())?;
            to.add(&row.hash[..])
        })
        .await?;
        if written != self.events.len() as u64 {
            return Err(WriteError::CommandTaken);
        }
        insert(connection, &sql::ADD_TEXTS, &self.texts, |(stream, text), to| {
            to.add(stream)?;
            to.add(&text.key.0.as_bytes()[..])?;
            to.add(&text.salt[..])?;
            to.add(text.text.clone())
        })
        .await?;
        for (stream, keys) in self.erase {
            if !keys.is_empty() {
                execute(connection, sql::MUST_JOURNAL).await?;
            }
            for keys in keys.chunks(sql::ERASE_AT_ONCE) {
                let query = sqlx::query(sql::ERASE_TEXTS.as_str()).bind(stream);
                let query = keys.iter().fold(query, |query, key| query.bind(&key.0.as_bytes()[..]));
                query.execute(&mut *connection).await?;
            }
        }
        insert(connection, &sql::ADD_BALLOTS, &self.box_put, |(stream, ballot), to| {
            to.add(stream)?;
            to.add(&ballot.key[..])?;
            to.add(ballot.choice.as_slice())
        })
        .await?;
        for stream in self.box_empty {
            sqlx::query(sql::EMPTY_BOX).bind(stream).execute(&mut *connection).await?;
            execute(connection, sql::MUST_REBUILD).await?;
        }
        for (stream, id) in self.done {
            let done = sqlx::query(sql::DONE).bind(&stream.0.as_bytes()[..]).bind(&id.0.as_bytes()[..]);
            done.execute(&mut *connection).await?;
        }
        for (stream, (id, why)) in self.refused {
            let refused = sqlx::query(sql::REFUSED).bind(&stream.0.as_bytes()[..]).bind(&id.0.as_bytes()[..]);
            refused.bind(*why).execute(&mut *connection).await?;
        }
        insert(connection, &sql::ADD_FOLLOW_UPS, &self.follow_ups, |follow_up, to| {
            to.add(&follow_up.stream.0.as_bytes()[..])?;
            to.add(&follow_up.id.0.as_bytes()[..])?;
            to.add(follow_up.kind as i64)?;
            to.add(follow_up.command.as_str())
        })
        .await?;
        Ok(())
    }
}

/// Inserts rows, many with each statement. Returns how many were written.
async fn insert<T: Sync>(
    connection: &mut SqliteConnection,
    rows: &'static Rows,
    items: &[T],
    bind: impl Fn(&T, &mut SqliteArguments) -> Result<(), sqlx::error::BoxDynError> + Send,
) -> Result<u64, sqlx::Error> {
    let mut written = 0;
    let mut rest = items;
    while !rest.is_empty() {
        let (count, sql) = rows.fitting(rest.len());
        let (now, later) = rest.split_at(count.min(rest.len()));
        rest = later;
        let mut arguments = SqliteArguments::default();
        arguments.reserve(now.len() * rows.columns, 0);
        for item in now {
            bind(item, &mut arguments).map_err(sqlx::Error::Encode)?;
        }
        written += sqlx::query_with(sql, arguments).execute(&mut *connection).await?.rows_affected();
    }
    Ok(written)
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(drop)
}

fn is_unique(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

fn is_foreign_key(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}
