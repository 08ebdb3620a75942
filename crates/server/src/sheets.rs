//! What waits a short while for the next page of whoever made it: voting cards to be printed, and that a card voted.
//! Use cases and handlers of polls put it here; the pages of polls show it.
//! It is kept in memory alone and only for its owner, so an address that is passed on shows nothing to others.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::Serialize;
use stimmwerk_core::ids::PollId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::time::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::chance;

/// The codes of new voting cards. Nothing keeps them but the answer: whoever loses it makes the cards useless and asks
/// for others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cards {
    /// As of which event.
    pub seq: Seq,
    /// The number of the first; 0 if there are none.
    pub from: u32,
    /// One code a card, in groups that can be read.
    pub codes: Vec<String>,
}

/// How long something waits, in milliseconds.
const KEPT_MS: i64 = 30 * 60 * 1_000;

/// Sheets of voting cards that wait to be printed; 64 at a time.
pub type Sheets = Waiting<Cards, 64>;
/// In which round a ballot was cast with a card: as many as a large hall casts in half an hour.
pub type Casts = Waiting<u32, 20_000>;

/// Things that wait, at most `MOST` of them: the oldest makes room.
#[derive(Debug)]
pub struct Waiting<T, const MOST: usize>(Mutex<HashMap<Uuid, One<T>>>);

#[derive(Debug)]
struct One<T> {
    poll: PollId,
    owner: Uuid,
    made_at: Timestamp,
    it: T,
}

impl<T, const MOST: usize> Default for Waiting<T, MOST> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T: Clone, const MOST: usize> Waiting<T, MOST> {
    /// Keeps what `owner` made. Returns under which name it is found.
    pub fn put(&self, poll: PollId, owner: Uuid, it: T) -> Uuid {
        let mut all = self.0.lock().expect("no panic while held");
        let now = chance::now();
        if all.len() >= MOST {
            all.retain(|_, one| now.0 - one.made_at.0 < KEPT_MS);
        }
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, one)| one.made_at).map(|(name, _)| *name)
        {
            all.remove(&oldest);
        }
        let name = Uuid::from_bytes(chance::bytes());
        all.insert(name, One { poll, owner, made_at: now, it });
        name
    }

    /// What `owner` made for `poll`, while it is kept.
    pub fn get(&self, name: Uuid, poll: PollId, owner: Uuid) -> Option<T> {
        let all = self.0.lock().expect("no panic while held");
        let one = all.get(&name)?;
        let fits = one.poll == poll && one.owner == owner && chance::now().0 - one.made_at.0 < KEPT_MS;
        fits.then(|| one.it.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_something_that_waits_then_it_is_there_for_its_owner_and_its_poll_alone() {
        let waiting = Waiting::<u32, 2>::default();
        let (poll, owner) = (PollId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let name = waiting.put(poll, owner, 7);
        assert_eq!(waiting.get(name, poll, owner), Some(7));
        assert_eq!(waiting.get(name, poll, owner), Some(7), "also when the page is loaded again");
        assert_eq!(waiting.get(name, poll, Uuid::from_u128(3)), None, "a link that was passed on");
        assert_eq!(waiting.get(name, PollId(Uuid::from_u128(9)), owner), None);
        assert_eq!(waiting.get(Uuid::from_u128(4), poll, owner), None);
        for _ in 0..2 {
            waiting.put(poll, owner, 8);
        }
        assert_eq!(waiting.0.lock().expect("free").len(), 2, "bounded");
    }
}
