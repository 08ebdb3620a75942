//! Backups of the database: one is made beside a running server, and restored without what was erased since.
//! The command line calls it.
//! It never writes to a database that a server uses.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use stimmwerk_eventlog::journal::Journal;
use stimmwerk_eventlog::lock::DataLock;
use stimmwerk_eventlog::sqlite::SqliteStore;

use crate::app::erasing_follow_up;
use crate::config::Config;
use crate::verify;

/// Writes a copy of the database, as it is now, to the new file `to`, and verifies it. A server may run meanwhile.
///
/// # Errors
/// There is no database, the file exists or cannot be written, or the copy is damaged.
pub async fn backup(config: &Config, to: &Path) -> Result<()> {
    if to.exists() {
        bail!("{} exists; a backup is written to a new file", to.display());
    }
    let part = beside(to, ".part");
    remove(&part)?;
    let store = SqliteStore::open_reading(&config.database()?).await.map_err(|error| anyhow!("{error}"))?;
    let copied = store.backup(&part).await;
    store.close().await;
    copied.with_context(|| format!("the copy {} cannot be written", part.display()))?;
    only_for_the_owner(&part)?;
    sync(&part)?;
    whole(&part).await?;
    fs::rename(&part, to).with_context(|| format!("{} cannot be written", to.display()))?;
    sync_folder(to)
}

/// Puts the backup `from` in the place of the database. What was erased since it was made is erased in it before it
/// can be served: the journal of it stands beside the database.
///
/// # Errors
/// A server runs, the backup is damaged, or there is a database and it is not said that it may be lost.
pub async fn restore(config: &Config, from: &Path, overwrite: bool) -> Result<()> {
    whole(from).await?;
    fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    let _lock = DataLock::acquire(&config.data).map_err(|error| anyhow!("{error}"))?;
    let database = config.database()?;
    if database.exists() && !overwrite {
        bail!("there is a database at {}; with --overwrite it is replaced, and lost", database.display());
    }
    let journal = Journal::beside(&database);
    let copy = beside(&database, ".restoring");
    for leftover in with_companions(&copy) {
        remove(&leftover)?;
    }
    fs::copy(from, &copy).with_context(|| format!("{} cannot be written", copy.display()))?;
    only_for_the_owner(&copy)?;
    let store = SqliteStore::open_cleaning_every(&copy, Duration::ZERO).await.map_err(|error| anyhow!("{error}"))?;
    let erased = store.erase_again(&journal, erasing_follow_up).await;
    store.close().await;
    erased.context("what was erased since the backup cannot be erased in it")?;
    whole(&copy).await?;
    sync(&copy)?;
    // The old files go first: a write-ahead log of theirs must not be read into the new database.
    for old in with_companions(&database).into_iter().filter(|file| file != journal.path()) {
        remove(&old)?;
    }
    fs::rename(&copy, &database).with_context(|| format!("{} cannot be written", database.display()))?;
    for leftover in with_companions(&copy) {
        remove(&leftover)?;
    }
    sync_folder(&database)
}

/// Refuses what is damaged.
async fn whole(path: &Path) -> Result<()> {
    let damage = verify::damage_of(path).await?;
    match damage.first() {
        None => Ok(()),
        Some(first) => bail!("{} is damaged in {} places: {first}", path.display(), damage.len()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A database with the files that belong to it.
fn with_companions(path: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm", "-journal", ".erased"].map(|ending| beside(path, ending)).to_vec()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// It holds everything that people wrote, their sessions too.
fn only_for_the_owner(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

fn sync(path: &Path) -> Result<()> {
    Ok(File::open(path)?.sync_all()?)
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder)
}
