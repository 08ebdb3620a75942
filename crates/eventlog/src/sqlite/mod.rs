//! Log and account tables in one SQLite file.
//!
//! One task owns the one connection that writes ([`writer`]); it commits what waits in its queue together. Reads go
//! through a pool of connections that cannot write and never wait for it. Only the process that holds
//! [`crate::lock::DataLock`] writes the log; `stimmwerk admin` beside it writes account tables only, so what the
//! writer knows of the log's heads stays true, and nothing is remembered of account tables.

mod accounts;
mod read;
mod sql;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr};
use stimmwerk_core::ids::{ProcessId, SaidKey, StreamId};
use tokio::sync::{mpsc, oneshot};

use crate::accounts::{Accounts, EraseFollowUp};
use crate::journal::{Erased, Journal};
use crate::log::{Batch, EventLog, ReadError, Riders};
use writer::{Work, Writer};

/// Version, description and SQL of each migration: see `build.rs`.
const MIGRATION_FILES: &[(i64, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |&(version, description, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATION_FILES.iter().map(migration).collect())
});

/// How long a statement waits for another process (`stimmwerk admin`) to finish its own.
const BUSY: Duration = Duration::from_secs(5);
/// How many reads run at once; more wait in line. Each has a thread and a page cache of its own.
const READERS: u32 = 4;

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer program has changed it. Nothing was touched.
    #[error("the database was written by a newer version of stimmwerk (migration {0}); this program cannot use it")]
    Newer(i64),
    /// A migration that was applied is not the one in this program.
    #[error("migration {0} of the database is not the one of this program")]
    Foreign(i64),
    /// A running server uses an older form, which must not be changed beneath it.
    #[error("the database has the form of an older stimmwerk; start `stimmwerk serve` of this version first")]
    Older,
    /// There is no such file, or nothing in it.
    #[error("there is no database at {}", .0.display())]
    Nothing(PathBuf),
    /// SQLite can lose what was committed.
    #[error("SQLite {0} is too old: it can lose what was committed; 3.51.3 or later is needed")]
    OldSqlite(String),
    /// A migration failed; it was rolled back.
    #[error("the database could not be brought to this version: {0}")]
    Migration(String),
    /// The file cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Storage(#[from] sqlx::Error),
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer(version),
            MigrateError::VersionMismatch(version) => Self::Foreign(version),
            other => Self::Migration(other.to_string()),
        }
    }
}

/// The log and the account tables in one SQLite file.
///
/// Dropping it lets what is queued be written; [`SqliteStore::close`] waits for that.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    work: mpsc::Sender<Work>,
    commits: Arc<AtomicU64>,
    cleanings: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens the database at `path`, creates it or brings it to this program's form. The caller holds the data folder's
    /// lock. Must be called within the runtime that the store shall live on.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(path: &Path) -> Result<Arc<Self>, OpenError> {
        Self::open_cleaning_every(path, writer::CLEAN_APART).await
    }

    /// [`SqliteStore::open`], with files cleaned of what was erased at most so often.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_cleaning_every(path: &Path, apart: Duration) -> Result<Arc<Self>, OpenError> {
        Self::open_as(path, Beside::Nobody, apart).await
    }

    /// Opens the database beside a running server, for account tables only: its form is checked, not changed.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_beside(path: &Path) -> Result<Arc<Self>, OpenError> {
        Self::open_as(path, Beside::Server, writer::CLEAN_APART).await
    }

    async fn open_as(path: &Path, beside: Beside, apart: Duration) -> Result<Arc<Self>, OpenError> {
        let options = writing(path).create_if_missing(matches!(beside, Beside::Nobody));
        let mut connection = options.connect().await?;
        check_library(&mut connection).await?;
        match beside {
            Beside::Nobody => {
                MIGRATIONS.run(&mut connection).await?;
                // On a full disk what is there can be read all the same; it is cleaned the next time.
                if let Err(error) = writer::clean(&mut connection, &Journal::beside(path)).await {
                    tracing::warn!(%error, "the files cannot be cleaned of what was erased; it is tried again");
                    connection = options.connect().await?;
                }
            }
            // The server cleans.
            Beside::Server => check_form(&mut connection).await?,
        }
        let (commits, cleanings) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (work, queue) = mpsc::channel(writer::QUEUE);
        let writer = Writer::new(connection, options, commits.clone(), (apart, cleanings.clone())).await?;
        let readers = readers(reading(path)).await?;
        tokio::spawn(writer.run(queue));
        Ok(Arc::new(Self { readers, work, commits, cleanings }))
    }

    /// Opens the database beside whoever uses it, or while nobody does, to read: nothing is created, changed or cleaned.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_reading(path: &Path) -> Result<Arc<Self>, OpenError> {
        if !std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0) {
            return Err(OpenError::Nothing(path.to_owned()));
        }
        // Without a write-ahead log nobody uses it. Then the file is all there is, and no index is made beside it.
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let options = reading(path).immutable(!Path::new(&log).exists());
        let mut connection = options.connect().await?;
        check_library(&mut connection).await?;
        check_form(&mut connection).await?;
        let readers = readers(options).await?;
        // Nobody takes work: whoever writes is told that the store is closed.
        let (work, _) = mpsc::channel(1);
        Ok(Arc::new(Self { readers, work, commits: Arc::default(), cleanings: Arc::default() }))
    }

    /// Every process that people or roles belong to.
    ///
    /// # Errors
    /// The storage cannot be read.
    pub async fn processes_of_people(&self) -> Result<Vec<ProcessId>, ReadError> {
        let rows = sqlx::query(sql::PROCESSES_OF_PEOPLE).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(ProcessId(read::uuid(row, 0)?))).collect()
    }

    /// Erases once more what `journal` holds and this database, an older copy of the one it belongs to, does not know
    /// yet. `then` is what follows for each participant.
    ///
    /// # Errors
    /// The storage cannot be read or written.
    pub async fn erase_again(&self, journal: &Journal, then: EraseFollowUp) -> Result<(), ReadError> {
        let failed = |error: &dyn std::fmt::Display| ReadError(error.to_string());
        let mut texts: HashMap<StreamId, Vec<SaidKey>> = HashMap::new();
        for erased in journal.read().map_err(|error| failed(&error))? {
            match erased {
                Erased::Text(stream, key) => texts.entry(stream).or_default().push(key),
                Erased::Participant(id) => {
                    if let Some(participant) = self.participant(id).await? {
                        self.erase_person(participant.person, then).await.map_err(|error| failed(&error))?;
                    }
                }
            }
        }
        for (stream, kind) in self.streams().await? {
            let Some(erase) = texts.remove(&stream) else { continue };
            let riders = Riders { erase, ..Riders::default() };
            let expected = self.head(stream).await?.seq;
            let batch = Batch { stream, kind, expected, events: Vec::new(), riders };
            self.append(batch).await.map_err(|error| failed(&error))?;
        }
        self.cleaned().await;
        Ok(())
    }

    /// Writes what is queued, then closes the database. What is asked of the store afterwards fails.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        self.readers.close().await;
        if self.work.send(Work::Close { reply }).await.is_ok() {
            // An error means that the writer is gone, which is what was asked for.
            let _ = closed.await;
        }
    }

    /// How many transactions were committed since it was opened.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// How many times its files were cleaned of what was erased, since it was opened.
    pub fn cleanings(&self) -> u64 {
        self.cleanings.load(Ordering::Relaxed)
    }

    /// Writes a copy of the whole database, as it is now, to the new file `to`. Writers and readers go on meanwhile;
    /// erasures are cleaned up after only when it is done. The copy holds no freed pages.
    ///
    /// # Errors
    /// The database cannot be read, or the file not be written, or it exists.
    pub async fn backup(&self, to: &Path) -> Result<(), ReadError> {
        let to = to.to_str().ok_or_else(|| ReadError("the path is not UTF-8".to_owned()))?;
        sqlx::query(sql::BACKUP).bind(to).execute(&self.readers).await?;
        Ok(())
    }
}

async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up: no need to ask before each read.
        .test_before_acquire(false)
        .connect_with(options)
        .await
}

/// The first version of SQLite that does not lose committed transactions when a write-ahead log is begun anew while
/// another process writes (<https://sqlite.org/wal.html>, "The WAL-reset bug").
const LEAST_SQLITE: [u32; 3] = [3, 51, 3];

/// Refuses to work with an older SQLite.
async fn check_library(connection: &mut sqlx::SqliteConnection) -> Result<(), OpenError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    if is_good(&version) { Ok(()) } else { Err(OpenError::OldSqlite(version)) }
}

fn is_good(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0)) >= LEAST_SQLITE
}

/// Who else uses the database while it is opened.
#[derive(Clone, Copy)]
enum Beside {
    Nobody,
    Server,
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

fn common(path: PathBuf) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // Spilled pages hold texts; an unlinked temporary file would keep them on the disk.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

fn writing(path: &Path) -> SqliteConnectOptions {
    common(path.to_owned())
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        // 16 MiB: the inner pages of the indexes and the pages of a whole group stay in memory.
        .pragma("cache_size", "-16384")
        // Pages of 4 KiB after which the log is moved into the database: 16 MiB.
        .pragma("wal_autocheckpoint", "4096")
}

fn reading(path: &Path) -> SqliteConnectOptions {
    common(path.to_owned()).read_only(true).row_buffer_size(512)
}

/// Refuses a database that is not exactly of this program's form.
async fn check_form(connection: &mut sqlx::SqliteConnection) -> Result<(), OpenError> {
    use sqlx::migrate::Migrate;
    let applied = connection.list_applied_migrations("_sqlx_migrations").await?;
    for migration in &applied {
        match MIGRATIONS.iter().find(|known| known.version == migration.version) {
            None => return Err(OpenError::Newer(migration.version)),
            Some(known) if known.checksum != migration.checksum => return Err(OpenError::Foreign(migration.version)),
            Some(_) => {}
        }
    }
    if applied.len() < MIGRATIONS.iter().count() { Err(OpenError::Older) } else { Ok(()) }
}
