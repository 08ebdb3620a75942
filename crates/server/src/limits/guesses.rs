//! Limits on guessing join codes, return codes and voting cards, by address.
//! Use cases ask before they check a code, and report a wrong one.
//! A code is never locked: a right code from an address without wrong guesses is let in at once, whatever others do.
//!
//! - From each address codes are checked at up to [`RATE`] a second, [`RATE`] of them at once; the next ones wait.
//! - Addresses with more than [`FORGIVEN`] wrong codes within an hour share one budget of [`RATE`] a second and wait in
//!   one queue for it. No address takes more places in that queue than it leaves to all others.
//! - Whoever would wait longer than [`PATIENCE`] is told to come back.
//!
//! So the whole server bears [`RATE`] wrong codes a second, and [`FORGIVEN`] an hour for each of at most [`REMEMBERED`]
//! addresses; with more of them those that are not known share the one budget too. With 34 bits a join code and 46 a
//! return code, guessing one of ten thousand takes years.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::address::Address;

/// Checks a second: of one address, and of all that share a budget.
const RATE: u32 = 60;
/// Wrong codes of one address within an hour that have no consequence: a hall types some.
const FORGIVEN: u32 = 20;
/// How long wrong codes are remembered.
const MEMORY: Duration = Duration::from_hours(1);
/// The longest that somebody waits for a check.
const PATIENCE: Duration = Duration::from_secs(10);
/// Places in the queue of those who share a budget: what it serves within [`PATIENCE`].
const PLACES: u32 = RATE * 10;
/// The most addresses that are remembered.
const REMEMBERED: usize = 65_536;

/// Who guessed, and who waits.
#[derive(Debug)]
pub struct Guesses(Mutex<Book>);

#[derive(Debug)]
struct Book {
    known: HashMap<Address, Guesser>,
    /// All that find no place among the known.
    unknown: Guesser,
    /// The budget of those who share one.
    shared: Pace,
    /// Places taken in the queue for it.
    waiting: u32,
    swept: Instant,
}

/// What is known of an address.
#[derive(Clone, Copy, Debug)]
struct Guesser {
    pace: Pace,
    /// Wrong codes since the first of them within [`MEMORY`].
    wrong: u32,
    since: Instant,
    /// Places taken in the shared queue.
    waiting: u32,
}

/// A budget of [`RATE`] a second, as the moment by which all that was taken from it has been earned (the generic cell
/// rate algorithm, ITU-T I.371).
#[derive(Clone, Copy, Debug)]
struct Pace(Instant);

impl Pace {
    /// When the next may run.
    fn next(self, now: Instant) -> Instant {
        let burst = Duration::from_secs(1) * (RATE - 1) / RATE;
        self.0.checked_sub(burst).map_or(now, |next| next.max(now))
    }

    fn take(&mut self, now: Instant) {
        self.0 = self.0.max(now) + Duration::from_secs(1) / RATE;
    }
}

impl Guesser {
    fn new(now: Instant) -> Self {
        Self { pace: Pace(now), wrong: 0, since: now, waiting: 0 }
    }

    /// Does it share the budget of those who guess?
    fn shares(&self, now: Instant) -> bool {
        self.wrong > FORGIVEN && now < self.since + MEMORY
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.waiting == 0 && self.pace.0 <= now && (self.wrong == 0 || now >= self.since + MEMORY)
    }
}

impl Book {
    fn new(now: Instant) -> Self {
        // Addresses that are not remembered always share the one budget.
        let unknown = Guesser { wrong: u32::MAX, since: now + MEMORY * 24 * 365 * 100, ..Guesser::new(now) };
        Self { known: HashMap::new(), unknown, shared: Pace(now), waiting: 0, swept: now }
    }

    fn guesser(&mut self, address: Address, now: Instant) -> &mut Guesser {
        if self.known.len() >= REMEMBERED && !self.known.contains_key(&address) {
            if now >= self.swept + Duration::from_secs(1) {
                self.known.retain(|_, guesser| !guesser.is_forgotten(now));
                self.swept = now;
            }
            if self.known.len() >= REMEMBERED {
                return &mut self.unknown;
            }
        }
        self.known.entry(address).or_insert_with(|| Guesser::new(now))
    }

    /// When a check of an address nobody guesses from may run; at once for the others, who have a queue of their own.
    fn pace(&mut self, address: Address, now: Instant, until: Instant) -> Result<Instant, u64> {
        let guesser = self.guesser(address, now);
        if guesser.shares(now) {
            return Ok(now);
        }
        let at = guesser.pace.next(now);
        if at > until {
            return Err(seconds(at - now));
        }
        guesser.pace.take(now);
        Ok(at)
    }

    /// When a check of an address may run that shares the budget of those who guess. `None`: it does not.
    fn line_up(&mut self, address: Address, now: Instant, until: Instant) -> Result<Option<Instant>, u64> {
        let (at, left) = (self.shared.next(now), PLACES.saturating_sub(self.waiting));
        let guesser = self.guesser(address, now);
        if !guesser.shares(now) {
            return Ok(None);
        }
        if at > until || guesser.waiting >= left {
            return Err(seconds(at - now));
        }
        guesser.waiting += 1;
        self.waiting += 1;
        self.shared.take(now);
        Ok(Some(at))
    }

    fn leave(&mut self, address: Address) {
        self.waiting -= 1;
        let guesser = self.known.get_mut(&address).filter(|guesser| guesser.waiting > 0);
        guesser.unwrap_or(&mut self.unknown).waiting -= 1;
    }

    fn wrong(&mut self, address: Address, now: Instant) {
        let guesser = self.guesser(address, now);
        if guesser.wrong == 0 || now >= guesser.since + MEMORY {
            (guesser.wrong, guesser.since) = (0, now);
        }
        guesser.wrong = guesser.wrong.saturating_add(1);
    }
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

/// A place in the shared queue. It is free again when the check runs, or when the caller hangs up.
struct Turn<'a> {
    guesses: &'a Guesses,
    address: Address,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guesses.book().leave(self.address);
    }
}

impl Default for Guesses {
    fn default() -> Self {
        Self(Mutex::new(Book::new(Instant::now())))
    }
}

impl Guesses {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("no panic while held")
    }

    /// Waits until a code that was sent from `address` may be checked. Whether it is right is said by nothing before.
    ///
    /// # Errors
    /// There is too much before it; the seconds after which to try again.
    pub async fn admit(&self, address: Address) -> Result<(), u64> {
        let now = Instant::now();
        let at = self.book().pace(address, now, now + PATIENCE)?;
        sleep_until(at).await;
        // While this one waited, others behind the same address may have guessed.
        self.wait_in_line(address, now + PATIENCE).await
    }

    /// [`Guesses::admit`] for cards: a whole hall votes within one second, and nobody there guesses.
    ///
    /// # Errors
    /// There is too much before it; the seconds after which to try again.
    pub async fn admit_card(&self, address: Address) -> Result<(), u64> {
        self.wait_in_line(address, Instant::now() + PATIENCE).await
    }

    async fn wait_in_line(&self, address: Address, until: Instant) -> Result<(), u64> {
        let at = self.book().line_up(address, Instant::now(), until)?;
        if let Some(at) = at {
            let _turn = Turn { guesses: self, address };
            sleep_until(at).await;
        }
        Ok(())
    }

    /// How many wrong codes of an address are remembered.
    #[cfg(test)]
    pub fn counted(&self, address: Address) -> u32 {
        self.book().known.get(&address).map_or(0, |guesser| guesser.wrong)
    }

    /// A code from `address` was wrong.
    pub fn wrong(&self, address: Address) {
        self.book().wrong(address, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn address(nth: u32) -> Address {
        IpAddr::from(nth.to_be_bytes()).into()
    }

    /// Nobody waits in these tests: it is they who say what time it is.
    struct Clock {
        book: Book,
        start: Instant,
    }

    impl Clock {
        fn new() -> Self {
            let start = Instant::now();
            Self { book: Book::new(start), start }
        }

        /// In how many milliseconds a check that comes after `ms` may run.
        fn ask(&mut self, nth: u32, ms: u64) -> Result<u64, u64> {
            let now = self.start + Duration::from_millis(ms);
            let paced = self.book.pace(address(nth), now, now + PATIENCE)?;
            let lined_up = self.book.line_up(address(nth), now, now + PATIENCE)?;
            Ok((lined_up.unwrap_or(paced) - now).as_millis() as u64)
        }

        fn wrong(&mut self, nth: u32, times: u32, ms: u64) {
            for _ in 0..times {
                self.book.wrong(address(nth), self.start + Duration::from_millis(ms));
            }
        }
    }

    #[test]
    fn given_sixty_people_behind_one_address_then_all_get_in_at_once_and_the_next_wait_a_moment() {
        let mut clock = Clock::new();
        for nth in 0..60 {
            assert_eq!(clock.ask(1, 0), Ok(0), "{nth}");
        }
        for nth in 0..600 {
            let wait = clock.ask(1, 0).expect("they wait");
            assert!(wait <= 10_000 && wait.abs_diff((nth + 1) * 1_000 / 60) <= 2, "{nth}: {wait}");
        }
        assert_eq!(clock.ask(1, 0), Err(11));
        assert_eq!(clock.ask(2, 0), Ok(0), "another address is another hall");
        assert_eq!(clock.ask(1, 20_000), Ok(0));
    }

    #[test]
    fn given_more_wrong_ones_than_a_hall_types_then_they_share_a_budget_for_an_hour() {
        let mut clock = Clock::new();
        clock.wrong(1, 20, 0);
        assert_eq!((0..60).map(|_| clock.ask(1, 0)).max(), Some(Ok(0)), "twenty are forgiven");
        clock.wrong(1, 1, 1_000);
        clock.wrong(2, 21, 1_000);
        let waits = (0..180).map(|nth| clock.ask(1 + nth % 2, 2_000).expect("a place"));
        let waits: Vec<u64> = waits.collect();
        assert!(waits.is_sorted() && waits[59] == 0 && waits[60] > 0, "one budget: {waits:?}");
        assert!(waits[179].abs_diff(2_000) <= 2, "{waits:?}");
        assert_eq!(clock.ask(1, 3_601_000), Ok(0), "an hour after the first of them it is over");
        assert_eq!((0..59).map(|_| clock.ask(1, 3_601_000)).max(), Some(Ok(0)));
        assert!(clock.ask(1, 3_601_000).is_ok_and(|wait| wait < 20), "on its own pace again");
    }

    #[test]
    fn given_one_who_guesses_without_end_then_clean_addresses_notice_nothing_and_one_more_troubled_hall_gets_in() {
        let mut clock = Clock::new();
        clock.wrong(1, 300, 0);
        let taken = (0..10_000).filter(|_| clock.ask(1, 0).is_ok()).count();
        assert!((300..=360).contains(&taken), "half of the line, and what is served at once: {taken}");
        assert_eq!(clock.ask(2, 0), Ok(0), "nobody guesses there");
        // A hall with one troublemaker in it: all of sixty people are served within ten seconds.
        clock.wrong(3, 21, 0);
        for nth in 0..60 {
            assert!(clock.ask(3, 0).is_ok_and(|wait| wait <= 10_000), "{nth}");
        }
    }

    #[test]
    fn given_many_who_guess_as_fast_as_they_can_then_all_together_have_sixty_a_second() {
        let mut clock = Clock::new();
        let guessers = 40;
        (0..guessers).for_each(|nth| clock.wrong(nth, 21, 0));
        let (mut runs, mut granted) = (Vec::new(), 0);
        for ms in (0..20_000).step_by(100) {
            // Whoever's turn has come has left the line.
            let now = clock.start + Duration::from_millis(ms);
            runs.retain(|(nth, at): &(u32, Instant)| {
                if *at <= now {
                    clock.book.leave(address(*nth));
                }
                *at > now
            });
            for nth in 0..guessers {
                for _ in 0..20 {
                    if let Ok(wait) = clock.ask(nth, ms) {
                        runs.push((nth, now + Duration::from_millis(wait)));
                        granted += 1;
                    }
                }
            }
        }
        assert!(clock.book.waiting <= PLACES, "{} wait", clock.book.waiting);
        assert!((1_200..=31 * RATE).contains(&granted), "20 seconds, and a line of ten: {granted}");
    }

    #[test]
    fn given_those_who_hang_up_then_their_places_are_free() {
        let mut clock = Clock::new();
        clock.wrong(1, 21, 0);
        assert_eq!((0..360).filter(|_| clock.ask(1, 0).is_ok()).count(), clock.book.waiting as usize);
        let waiting = clock.book.waiting;
        (0..waiting).for_each(|_| clock.book.leave(address(1)));
        assert_eq!((clock.book.waiting, clock.book.known[&address(1)].waiting), (0, 0));
    }

    #[test]
    fn given_more_addresses_than_are_remembered_then_new_ones_share_until_others_are_forgotten() {
        let mut clock = Clock::new();
        (0..REMEMBERED as u32).for_each(|nth| clock.wrong(nth, 1, 0));
        let new = REMEMBERED as u32;
        clock.wrong(new, 1, 1_000);
        assert_eq!(clock.book.known.len(), REMEMBERED);
        assert_eq!((0..61).map(|_| clock.ask(new, 1_000)).filter(|wait| *wait == Ok(0)).count(), 60);
        assert_eq!(clock.book.waiting, 61, "in the line of those who guess");
        (0..61).for_each(|_| clock.book.leave(address(new)));
        assert_eq!(clock.ask(new, 3_601_000), Ok(0));
        assert_eq!(clock.book.known.len(), 1);
    }

    #[tokio::test]
    async fn given_a_wait_that_is_cut_then_the_line_is_as_before() {
        let guesses = Guesses::default();
        (0..21).for_each(|_| guesses.wrong(address(1)));
        for _ in 0..60 {
            guesses.admit(address(1)).await.expect("at once");
        }
        (0..300).for_each(|_| guesses.book().shared.take(Instant::now()));
        assert!(tokio::time::timeout(Duration::from_millis(20), guesses.admit(address(1))).await.is_err());
        assert_eq!(guesses.book().waiting, 0);
        assert_eq!(guesses.admit(address(2)).await, Ok(()));
    }
}
