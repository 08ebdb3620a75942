//! Voting cards between their making and their printing: in memory alone, for a short while, for whoever made them.

use std::collections::HashMap;
use std::sync::Mutex;

use stimmwerk_core::ids::PollId;
use stimmwerk_core::time::Timestamp;
use uuid::Uuid;

use crate::chance;
use crate::rest::polls::Cards;

/// How long a sheet can be printed, in milliseconds.
const KEPT_MS: i64 = 30 * 60 * 1_000;
/// The most sheets there are at a time.
const MOST: usize = 64;

/// Sheets of voting cards that wait to be printed.
#[derive(Debug, Default)]
pub struct Sheets(Mutex<HashMap<Uuid, Sheet>>);

#[derive(Debug)]
struct Sheet {
    poll: PollId,
    owner: Uuid,
    made_at: Timestamp,
    cards: Cards,
}

impl Sheets {
    /// Keeps cards that `owner` made. Returns under which name they are found.
    pub fn put(&self, poll: PollId, owner: Uuid, cards: Cards) -> Uuid {
        let mut sheets = self.0.lock().expect("no panic while held");
        let now = chance::now();
        sheets.retain(|_, sheet| now.0 - sheet.made_at.0 < KEPT_MS);
        if sheets.len() >= MOST
            && let Some(oldest) = sheets.iter().min_by_key(|(_, sheet)| sheet.made_at).map(|(name, _)| *name)
        {
            sheets.remove(&oldest);
        }
        let name = Uuid::from_bytes(chance::bytes());
        sheets.insert(name, Sheet { poll, owner, made_at: now, cards });
        name
    }

    /// The cards of `poll` that `owner` made, while they are kept.
    pub fn get(&self, name: Uuid, poll: PollId, owner: Uuid) -> Option<Cards> {
        let sheets = self.0.lock().expect("no panic while held");
        let sheet = sheets.get(&name)?;
        let fits = sheet.poll == poll && sheet.owner == owner && chance::now().0 - sheet.made_at.0 < KEPT_MS;
        fits.then(|| sheet.cards.clone())
    }
}
