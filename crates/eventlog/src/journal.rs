//! The journal of what was erased: a file beside the database, outside of its backups. Whoever brings an older backup back
//! erases all of it again. It holds ids alone, one in a line:
//!
//! ```text
//! text STREAM KEY
//! participant ID
//! ```

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use stimmwerk_core::ids::{ParticipantId, SaidKey, StreamId};

/// Something that must not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Erased {
    /// A text of a stream.
    Text(StreamId, SaidKey),
    /// A person, by whom they were in a process.
    Participant(ParticipantId),
}

/// The file.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// Of the database at `path`: the file with `.erased` added to its name.
    pub fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".erased");
        Self { path: name.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All that was ever erased.
    ///
    /// # Errors
    /// It cannot be read, or a line is none of its own. One that a crash has cut off at the end is passed over: what it
    /// was about was not answered.
    pub fn read(&self) -> io::Result<Vec<Erased>> {
        let text = match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            text => text?,
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let bad = |line: &str| io::Error::new(ErrorKind::InvalidData, format!("{}: {line:?}", self.path.display()));
        whole.lines().map(|line| parse(line).ok_or_else(|| bad(line))).collect()
    }

    /// Adds to it, durably.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn append(&self, erased: &[Erased]) -> io::Result<()> {
        if erased.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        // A line that was cut off before ends here.
        if std::fs::read(&self.path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n')) {
            let kept = self.read()?;
            let whole: String = kept.iter().map(line).collect();
            std::fs::write(&self.path, whole)?;
        }
        lines.extend(erased.iter().map(line));
        let is_new = !self.path.exists();
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        match self.path.parent().filter(|_| is_new) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

fn line(erased: &Erased) -> String {
    match erased {
        Erased::Text(stream, key) => format!("text {stream} {key}\n"),
        Erased::Participant(participant) => format!("participant {participant}\n"),
    }
}

fn parse(line: &str) -> Option<Erased> {
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["text", stream, key] => Some(Erased::Text(stream.parse().ok()?, key.parse().ok()?)),
        ["participant", id] => Some(Erased::Participant(id.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn given_what_was_erased_then_it_is_read_again_and_a_line_cut_off_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::beside(&folder.path().join("store.db"));
        assert_eq!(journal.read().unwrap(), []);
        let text = |nth| Erased::Text(StreamId(Uuid::from_u128(1)), SaidKey(Uuid::from_u128(nth)));
        let all = [text(1), Erased::Participant(ParticipantId(Uuid::from_u128(2))), text(3)];
        journal.append(&all[..2]).unwrap();
        assert_eq!(journal.read().unwrap(), all[..2]);
        File::options().append(true).open(journal.path()).unwrap().write_all(b"text 00000000-0").unwrap();
        assert_eq!(journal.read().unwrap(), all[..2]);
        journal.append(&all[2..]).unwrap();
        assert_eq!(journal.read().unwrap(), all);
        std::fs::write(journal.path(), "words\n").unwrap();
        assert!(journal.read().is_err());
    }
}
