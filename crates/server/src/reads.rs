//! The one way of heavy reads: the gate and live connections take their price from a budget, use cases and rooms build
//! long answers in turn (`in_turn`), and pages are rendered in turn (`rendered`). It bounds open sockets, too.
//! Nothing that takes long may be built for a reader around this.
//!
//! Each person has a budget of their own; strangers share one, since nobody can be told apart. A browser that follows a
//! few streams and turns pages meets none of these bounds, also where a whole hall comes at once.
//!
//! Long answers are built one after the other on a few threads of the blocking pool, so that they leave the processor
//! to what is short: acknowledgements, deltas, pages.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::Method;
use stimmwerk_eventlog::accounts::PersonKind;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::access;
use crate::limits::Bucket;
use crate::problem::{Answer, Fault};
use crate::who::Who;

/// What one person may ask for in a burst, and how much a second after that. One unit is about one frame of 8 KiB.
const EACH: (f64, f64) = (2_000.0, 50.0);
/// The same for all strangers together: five hundred first subscriptions at once, and a few per cent of a processor after
/// that.
const STRANGERS: (f64, f64) = (10_000.0, 500.0);
/// With more people than this, those who asked for nothing for long are forgotten.
const REMEMBERED: usize = 10_000;

/// Open sockets of one person: their windows on all their devices. Programs with a token are not counted.
pub const SOCKETS_EACH: usize = 20;
/// Open sockets of all strangers.
const SOCKETS_OF_STRANGERS: usize = 8_000;
/// Open sockets in all: several thousand more than the program has to bear.
const SOCKETS: usize = 16_000;

/// Whose budget something is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Account {
    Person(Uuid),
    Strangers,
    /// A program that staff gave a token.
    Program,
}

fn account(who: &Who) -> Account {
    match &who.standing {
        None => Account::Strangers,
        Some(standing) if standing.person.kind == PersonKind::Token => Account::Program,
        Some(standing) => Account::Person(standing.person.id.0),
    }
}

/// The budgets of this node.
#[derive(Debug)]
pub struct Reads {
    people: Mutex<HashMap<Uuid, Arc<Bucket>>>,
    strangers: Arc<Bucket>,
    sockets: Arc<Mutex<Sockets>>,
}

/// How many sockets are open.
#[derive(Debug, Default)]
struct Sockets {
    all: usize,
    by: HashMap<Account, usize>,
}

impl Default for Reads {
    fn default() -> Self {
        let (capacity, per_second) = STRANGERS;
        Self {
            people: Mutex::default(),
            strangers: Arc::new(Bucket::new(capacity, per_second)),
            sockets: Arc::default(),
        }
    }
}

impl Reads {
    /// The budget of `who`. `None`: they are not bounded.
    fn budget(&self, who: &Who) -> Option<Arc<Bucket>> {
        match account(who) {
            Account::Program => None,
            Account::Strangers => Some(self.strangers.clone()),
            Account::Person(person) => {
                let mut people = self.people.lock().expect("no panic while held");
                if people.len() >= REMEMBERED && !people.contains_key(&person) {
                    people.retain(|_, bucket| !bucket.is_full());
                }
                let (capacity, per_second) = EACH;
                Some(people.entry(person).or_insert_with(|| Arc::new(Bucket::new(capacity, per_second))).clone())
            }
        }
    }

    /// Takes the price of a request from the budget of `who`, before anything is read for it: see [`access::price`].
    ///
    /// # Errors
    /// Their budget is used up; it says when there is some again.
    pub fn pay_for(&self, who: &Who, method: &Method, path: &str) -> Answer<()> {
        access::price(method, path).map_or(Ok(()), |price| self.take(who, price))
    }

    /// Lets `who` ask for something that costs about `price`.
    ///
    /// # Errors
    /// Their budget is used up; it says when there is some again.
    pub fn take(&self, who: &Who, price: u32) -> Answer<()> {
        let Some(budget) = self.budget(who) else { return Ok(()) };
        budget.take().map_err(Fault::too_many_requests)?;
        budget.charge(price.saturating_sub(1));
        Ok(())
    }

    /// Charges `who` for what an answer cost beyond its price.
    pub fn charge(&self, who: &Who, price: usize) {
        if let Some(budget) = self.budget(who) {
            budget.charge(u32::try_from(price).unwrap_or(u32::MAX));
        }
    }

    /// Counts a socket of `who` until the answer is dropped.
    ///
    /// # Errors
    /// They have as many as they may, or there are as many as the program can bear.
    pub fn socket(&self, who: &Who) -> Answer<OpenSocket> {
        let account = account(who);
        let most = match account {
            Account::Person(_) => SOCKETS_EACH,
            Account::Strangers => SOCKETS_OF_STRANGERS,
            Account::Program => SOCKETS,
        };
        let mut sockets = self.sockets.lock().expect("no panic while held");
        if sockets.by.get(&account).is_some_and(|open| *open >= most) || sockets.all >= SOCKETS {
            return Err(Fault::too_many_requests(10));
        }
        sockets.all += 1;
        *sockets.by.entry(account).or_default() += 1;
        Ok(OpenSocket { account, sockets: self.sockets.clone() })
    }
}

/// A socket that counts as open.
#[derive(Debug)]
pub struct OpenSocket {
    account: Account,
    sockets: Arc<Mutex<Sockets>>,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        let mut sockets = self.sockets.lock().expect("no panic while held");
        sockets.all -= 1;
        if let Some(open) = sockets.by.get_mut(&self.account) {
            *open -= 1;
            if *open == 0 {
                sockets.by.remove(&self.account);
            }
        }
    }
}

/// How many long answers are built at the same time: half of the processors stay free for short answers.
static BUILDERS: LazyLock<Semaphore> = LazyLock::new(half_of_the_processors);
/// How many pages are rendered at the same time. They do not wait for long answers.
static RENDERERS: LazyLock<Semaphore> = LazyLock::new(half_of_the_processors);

fn half_of_the_processors() -> Semaphore {
    let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Semaphore::new((processors / 2).max(1))
}

/// Builds a long answer, away from the threads that serve requests and sockets, when it is its turn.
///
/// # Errors
/// The building failed.
pub async fn in_turn<T: Send + 'static>(build: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    let _turn = BUILDERS.acquire().await.map_err(|_| Fault::internal())?;
    aside(build).await
}

/// Renders a page, away from those threads, when it is its turn.
///
/// # Errors
/// The rendering failed.
pub async fn rendered<T: Send + 'static>(render: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    let _turn = RENDERERS.acquire().await.map_err(|_| Fault::internal())?;
    aside(render).await
}

/// Runs something on the blocking pool.
async fn aside<T: Send + 'static>(build: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(build).await.map_err(|error| {
        tracing::error!(%error, "reading failed");
        Fault::internal()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger() -> Who {
        Who { standing: None }
    }

    #[test]
    fn given_strangers_who_ask_without_end_then_they_wait_together_until_there_is_some_again() {
        let reads = Reads::default();
        let asked = (0..1_000).filter(|_| reads.take(&stranger(), 20).is_ok()).count();
        assert!((500..700).contains(&asked), "{asked}");
        let refused = reads.take(&stranger(), 1).expect_err("used up");
        assert_eq!(refused.problem("en").code, "too_many_requests");
        // A budget refills: what was overdrawn comes back first.
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(reads.take(&stranger(), 1), Ok(()));
    }

    #[test]
    fn given_the_heavy_reads_then_each_is_a_door_that_reads() {
        for (path, price) in crate::access::HEAVY {
            let read = crate::access::ROUTES.iter().any(|rule| rule.method == "GET" && rule.path == *path);
            assert!(read && *price > 0, "{path}");
        }
    }

    #[test]
    fn given_any_read_when_it_shows_something_of_a_process_then_it_has_a_price_and_the_ways_in_have_none() {
        let price = |rule: &crate::access::Rule| {
            let method = rule.method.parse().expect("a method");
            crate::access::price(&method, rule.path)
        };
        for rule in crate::access::ROUTES.iter().filter(|rule| rule.method == "GET") {
            let free = ["/", "/join", "/j/{code}", "/login/link", "/return"].contains(&rule.path);
            let shows = rule.path.contains("{forum}") || rule.path.contains("{poll}") || rule.path.contains("{stream}");
            assert!(!free || price(rule).is_none(), "{}", rule.path);
            assert!(!shows || price(rule).is_some(), "{}", rule.path);
        }
        assert_eq!(crate::access::price(&axum::http::Method::POST, "/api/v1/join"), None);
    }

    #[test]
    fn given_five_hundred_first_subscriptions_of_strangers_at_once_then_none_is_refused() {
        let reads = Reads::default();
        for _ in 0..500 {
            assert_eq!(reads.take(&stranger(), 1), Ok(()));
            // A first page of long texts.
            reads.charge(&stranger(), 14);
        }
    }

    #[test]
    fn given_as_many_sockets_as_strangers_may_have_then_the_next_is_refused_until_one_closes() {
        let reads = Reads::default();
        let mut open: Vec<_> = (0..SOCKETS_OF_STRANGERS).map(|_| reads.socket(&stranger()).expect("opens")).collect();
        assert!(reads.socket(&stranger()).is_err());
        open.pop();
        let _again = reads.socket(&stranger()).expect("one has closed");
        open.clear();
        assert_eq!(reads.sockets.lock().expect("free").all, 1);
    }
}
