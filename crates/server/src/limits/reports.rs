//! Bounds on reports, which nobody can be held to account for: the log tells nothing of who made one. So they are bounded
//! before the room that takes them forgets who that was, for each person, and for strangers by their address.

use std::collections::HashMap;
use std::sync::Mutex;

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
    /// Somebody known, by whatever they show at the door.
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

/// A bucket for each who reports.
#[derive(Debug, Default)]
pub struct Reports(Mutex<HashMap<Sender, Bucket>>);

impl Reports {
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
        let mut buckets = self.0.lock().expect("no panic while held");
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
