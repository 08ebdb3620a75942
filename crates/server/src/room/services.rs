//! What every room uses of the rest of the program.
//! `App` makes it once and gives a copy to each room it opens.
//! Rooms reach the program through this alone: they know neither `App` nor one another.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use stimmwerk_core::domain::Summary;
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::EventLog;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::limits::Each;
use crate::limits::reports::Reports;

/// What every room uses of the rest of the program.
#[derive(Clone)]
pub struct Services {
    /// The log, in which everything is made durable.
    pub log: Arc<dyn EventLog>,
    /// The row of each stream in lists.
    pub summaries: Arc<Mutex<HashMap<StreamId, Summary>>>,
    /// Tells the scheduler that a stream waits for another moment, or for none.
    pub dues: mpsc::UnboundedSender<(StreamId, Option<Timestamp>)>,
    /// Notified when a batch with follow-ups was written.
    pub follow_ups: Arc<Notify>,
    /// Limits commands whose sender the log does not know.
    pub reports: Arc<Reports>,
    /// Limits the commands of each person who is not staff.
    pub people: Arc<Each>,
    /// Who was erased while this program runs.
    pub erased: Arc<ErasedPeople>,
    /// Cancelled when nobody can know whether a commit is durable. The program ends then.
    pub failed: CancellationToken,
}

/// People who were erased, by the id under which their commands are remembered. The streams that existed at that time
/// refuse them by their own state. A stream that was created later does not know them, so the rooms ask here. After a
/// restart no command from before is under way any more, so this need not be durable.
#[derive(Debug, Default)]
pub struct ErasedPeople(Mutex<HashSet<Uuid>>);

impl ErasedPeople {
    /// From now on rooms refuse what this person sends.
    pub fn add(&self, person: Uuid) {
        self.0.lock().expect("no panic while held").insert(person);
    }

    /// Erasing this person failed: rooms take their commands again.
    pub fn remove(&self, person: Uuid) {
        self.0.lock().expect("no panic while held").remove(&person);
    }

    pub(super) fn contains(&self, person: Uuid) -> bool {
        self.0.lock().expect("no panic while held").contains(&person)
    }
}
