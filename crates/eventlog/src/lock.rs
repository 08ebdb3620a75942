//! The data folder belongs to one serving process at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

/// Held as long as the process may write the log. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// The data folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another stimmwerk process uses this data folder")]
    Held,
    /// The lock file cannot be opened or locked.
    #[error("the data folder cannot be locked: {0}")]
    Io(#[from] std::io::Error),
}

impl DataLock {
    /// Takes the exclusive lock on `dir`, which must exist. Does not wait.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let file = File::options().create(true).write(true).truncate(false).open(dir.join("stimmwerk.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_held_folder_when_locked_again_then_refused_until_it_is_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let held = DataLock::acquire(dir.path()).unwrap();
        assert!(matches!(DataLock::acquire(dir.path()), Err(LockError::Held)));
        drop(held);
        DataLock::acquire(dir.path()).unwrap();
    }
}
