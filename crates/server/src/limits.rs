//! Limits on what people try and send: guesses of codes, reports, commands, new names.
//! Use cases and rooms ask them before they look anything up or write.
//! Limits by address count wrong guesses alone, since sixty people in a hall share one address.

pub mod guesses;
pub mod reports;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use uuid::Uuid;

use self::guesses::Guesses;
use self::reports::Reports;

/// Commands one person can send in a burst, over all their connections, and how many a second after that. Nobody
/// votes or writes so fast; a program could fill the log and every phone in the hall.
const COMMANDS: f64 = 2_000.0;
const COMMANDS_PER_SECOND: f64 = 20.0;

/// Names one person can take in a burst, and how many a second after that: a few an hour. What somebody wrote goes to
/// everybody anew under a new name.
const NAMES: f64 = 5.0;
const NAMES_PER_SECOND: f64 = 5.0 / 3_600.0;

/// With more people than this, those who did nothing for long are forgotten.
const REMEMBERED: usize = 10_000;

/// A bucket that fills over time and is emptied by use.
#[derive(Debug)]
pub struct Bucket {
    capacity: f64,
    per_second: f64,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// A full bucket.
    pub fn new(capacity: f64, per_second: f64) -> Self {
        Self { capacity, per_second, state: Mutex::new((capacity, Instant::now())) }
    }

    /// Takes one, or says how many seconds to wait.
    ///
    /// # Errors
    /// The seconds until there is one again.
    pub fn take(&self) -> Result<(), u64> {
        let mut state = self.state.lock().expect("no panic while held");
        let now = Instant::now();
        let (left, since) = *state;
        let left = (left + (now - since).as_secs_f64() * self.per_second).min(self.capacity);
        if left >= 1.0 {
            *state = (left - 1.0, now);
            return Ok(());
        }
        *state = (left, now);
        Err(Duration::from_secs_f64((1.0 - left) / self.per_second).as_secs() + 1)
    }

    /// Takes `price` more, also where that is more than there is: then it has to fill up first.
    pub fn charge(&self, price: u32) {
        let mut state = self.state.lock().expect("no panic while held");
        let now = Instant::now();
        let (left, since) = *state;
        let left = (left + (now - since).as_secs_f64() * self.per_second).min(self.capacity);
        *state = (left - f64::from(price), now);
    }

    /// Was nothing taken for long?
    pub fn is_full(&self) -> bool {
        self.left() >= self.capacity
    }

    fn left(&self) -> f64 {
        let (left, since) = *self.state.lock().expect("no panic while held");
        left + since.elapsed().as_secs_f64() * self.per_second
    }
}

/// A bucket for each person.
#[derive(Debug)]
pub struct Each {
    capacity: f64,
    per_second: f64,
    buckets: Mutex<HashMap<Uuid, Bucket>>,
}

impl Default for Each {
    /// The limit of commands.
    fn default() -> Self {
        Self::new(COMMANDS, COMMANDS_PER_SECOND)
    }
}

impl Each {
    /// A full bucket for everybody.
    fn new(capacity: f64, per_second: f64) -> Self {
        Self { capacity, per_second, buckets: Mutex::default() }
    }

    /// Takes one of somebody's, or says how many seconds they have to wait.
    ///
    /// # Errors
    /// The seconds until there is one again.
    pub fn take(&self, who: Uuid) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().expect("no panic while held");
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&who) {
            buckets.retain(|_, bucket| !bucket.is_full());
        }
        buckets.entry(who).or_insert_with(|| Bucket::new(self.capacity, self.per_second)).take()
    }
}

/// The limits of this node.
#[derive(Debug)]
pub struct Limits {
    /// Guesses of join codes, return codes and voting cards, by address.
    pub guesses: Guesses,
    /// Commands of which nothing is kept that tells from whom they are: reports. Rooms take from it, so it holds
    /// however a report comes in.
    pub reports: Arc<Reports>,
    /// Commands of participants who are not staff. Rooms take from it, too.
    pub commands: Arc<Each>,
    /// New names of people.
    pub names: Each,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            guesses: Guesses::default(),
            reports: Arc::default(),
            commands: Arc::default(),
            names: Each::new(NAMES, NAMES_PER_SECOND),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_empty_bucket_then_it_says_how_long_to_wait() {
        let bucket = Bucket::new(2.0, 0.1);
        assert_eq!(bucket.take(), Ok(()));
        assert_eq!(bucket.take(), Ok(()));
        assert_eq!(bucket.take(), Err(10));
    }

    #[test]
    fn given_one_who_sends_without_end_then_they_wait_and_nobody_else() {
        let (each, [ada, ben]) = (Each::default(), [1, 2].map(Uuid::from_u128));
        let taken = (0..20_000).filter(|_| each.take(ada).is_ok()).count();
        assert!((2_000..10_000).contains(&taken), "{taken}");
        assert_eq!(each.take(ben), Ok(()));
    }

    #[test]
    fn given_very_many_then_those_who_did_nothing_for_long_are_forgotten() {
        let each = Each::default();
        for n in 0..REMEMBERED as u128 {
            each.buckets.lock().expect("free").insert(Uuid::from_u128(n), Bucket::new(1.0, 1.0));
        }
        each.take(Uuid::nil()).expect("known");
        each.take(Uuid::max()).expect("new");
        let left = each.buckets.lock().expect("free").len();
        assert!((1..=2).contains(&left), "{left}");
    }
}
