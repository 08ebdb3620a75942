//! Limits on reports, for each person, and for strangers by their address.
//! The handle of a room asks them, since from there on nothing tells who made a report.
//! What is kept here is in memory alone and goes into no log.
//!
//! Somebody who reports the same thing again is counted once. Who reported what is kept in memory alone, and as long as
//! the report is open: after a restart the same person could be counted a second time.

use std::collections::HashMap;
use std::sync::Mutex;

use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::time::Timestamp;
use uuid::Uuid;

use super::{Bucket, REMEMBERED};
use crate::address::Address;

/// Reports of one person in a burst, and how many a second after that: three a minute.
const OF_PERSON: (f64, f64) = (20.0, 0.05);
/// Reports of the strangers behind one address: a hall can look at a public process without having joined.
const OF_STRANGERS: (f64, f64) = (60.0, 0.1);

/// Who sends a command, as limits see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The program itself, which no limit holds.
    Program,
    /// Somebody who is known by a session or token.
    Person(Uuid),
    /// Nobody known, from this address.
    Stranger(Address),
}

impl Sender {
    /// By the id under which commands are remembered: none is the program.
    pub fn of(owner: Uuid) -> Self {
        if owner.is_nil() { Self::Program } else { Self::Person(owner) }
    }

    /// The id under which their commands are remembered.
    pub fn owner(self) -> Uuid {
        match self {
            Self::Person(person) => person,
            Self::Program | Self::Stranger(_) => Uuid::nil(),
        }
    }
}

/// What somebody reports: a thing of a stream, and what of it.
pub type About = (StreamId, (Uuid, u8));

/// Who reported what, until the reports are dealt with.
#[derive(Debug, Default)]
pub struct Reports {
    buckets: Mutex<HashMap<Sender, Bucket>>,
    made: Mutex<HashMap<(Sender, About), Made>>,
}

/// A report that was made, or is under way.
#[derive(Clone, Copy, Debug)]
struct Made {
    id: CommandId,
    /// `None`: it is under way.
    at: Option<Timestamp>,
}

/// A report under way; unless it is taken it is forgotten.
pub struct UnderWay<'a> {
    reports: &'a Reports,
    key: (Sender, About),
    /// It is the first of this sender that is known.
    first: bool,
}

impl UnderWay<'_> {
    /// It was taken.
    pub fn taken(self, at: Timestamp) {
        if let Some(made) = self.reports.made().get_mut(&self.key).filter(|_| self.first) {
            made.at = Some(at);
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut made = self.reports.made();
        if self.first && made.get(&self.key).is_some_and(|made| made.at.is_none()) {
            made.remove(&self.key);
        }
    }
}

impl Reports {
    fn made(&self) -> std::sync::MutexGuard<'_, HashMap<(Sender, About), Made>> {
        self.made.lock().expect("no panic while held")
    }

    /// Begins to report something. `open`: when those reports of it were made that nobody has dealt with. `None`: this
    /// sender has reported the same already.
    pub fn begin(&self, sender: Sender, about: About, id: CommandId, open: &[Timestamp]) -> Option<UnderWay<'_>> {
        let key = (sender, about);
        let mut made = self.made();
        if made.len() >= 10 * REMEMBERED && !made.contains_key(&key) {
            // Forgetting all of them means that somebody can be counted once more.
            made.clear();
        }
        let known = made.get(&key).filter(|made| made.at.is_none_or(|at| open.contains(&at)));
        let repeated = known.is_some_and(|made| made.id == id);
        if known.is_some() && !repeated {
            return None;
        }
        let first = !repeated && sender != Sender::Program;
        if first {
            made.insert(key, Made { id, at: None });
        }
        Some(UnderWay { reports: self, key, first })
    }

    /// Takes one of somebody's, or says how many seconds they have to wait.
    ///
    /// # Errors
    /// The seconds until there is one again.
    pub fn take(&self, sender: Sender) -> Result<(), u64> {
        let (burst, per_second) = match sender {
            Sender::Program => return Ok(()),
            Sender::Person(_) => OF_PERSON,
            Sender::Stranger(_) => OF_STRANGERS,
        };
        let mut buckets = self.buckets.lock().expect("no panic while held");
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&sender) {
            buckets.retain(|_, bucket| !bucket.is_full());
        }
        buckets.entry(sender).or_insert_with(|| Bucket::new(burst, per_second)).take()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn given_one_who_reports_the_same_again_then_it_counts_once_until_it_was_dealt_with() {
        let reports = Reports::default();
        let (ada, ben) = (Sender::Person(Uuid::from_u128(1)), Sender::Person(Uuid::from_u128(2)));
        let about = |n| (StreamId(Uuid::from_u128(3)), (Uuid::from_u128(n), 0));
        let [one, other] = [10, 11].map(|n| CommandId(Uuid::from_u128(n)));
        let begin = |who, n, id, open: &[i64]| {
            let open: Vec<_> = open.iter().copied().map(Timestamp).collect();
            reports.begin(who, about(n), id, &open)
        };
        let under_way = begin(ada, 1, one, &[]).expect("the first");
        assert!(begin(ada, 1, other, &[]).is_none(), "one is under way");
        drop(under_way);
        begin(ada, 1, other, &[]).expect("the first was refused").taken(Timestamp(5));
        assert!(begin(ada, 1, one, &[3, 5]).is_none());
        assert!(begin(ada, 1, other, &[3, 5]).is_some(), "the same command again is answered as before");
        assert!(begin(ada, 1, one, &[5]).is_none(), "which changes nothing");
        assert!(begin(ada, 2, one, &[]).is_some() && begin(ben, 1, one, &[5]).is_some());
        assert!(begin(ada, 1, one, &[7]).is_some(), "it was dealt with, and somebody else reported it since");
    }

    #[test]
    fn given_one_who_reports_without_end_then_they_wait_and_nobody_else() {
        let reports = Reports::default();
        let stranger = |last| Sender::Stranger(IpAddr::from([203, 0, 113, last]).into());
        let [ada, ben] = [1, 2].map(|n| Sender::Person(Uuid::from_u128(n)));
        assert_eq!((0..300).filter(|_| reports.take(ada).is_ok()).count(), 20);
        assert_eq!((0..300).filter(|_| reports.take(stranger(1)).is_ok()).count(), 60);
        assert!(reports.take(ada).is_err_and(|seconds| (15..=21).contains(&seconds)));
        for other in [ben, stranger(2), Sender::Program] {
            assert_eq!(reports.take(other), Ok(()), "{other:?}");
        }
    }
}
