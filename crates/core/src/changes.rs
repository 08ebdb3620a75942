//! When each facet of a stream last changed: what a reader who has seen everything up to some number still lacks.
//!
//! The state of each kind of stream keeps one of these and touches a facet whenever what somebody sees of it changes.
//! What the facets are is the kind's own matter: see [`crate::domain::Domain::deltas`].

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::live::Seq;

/// What changes on its own in a stream.
pub trait Facet: Copy + Ord {
    /// The first in order, to ask for all that changed at one number.
    const FIRST: Self;
}

/// For each facet the number of the event that changed it last. Cloning shares everything.
#[derive(Clone, Debug)]
pub struct Changes<F: Facet> {
    last: OrdMap<F, Seq>,
    /// The same in the order of the numbers.
    order: OrdSet<(Seq, F)>,
}

impl<F: Facet> Default for Changes<F> {
    fn default() -> Self {
        Self { last: OrdMap::new(), order: OrdSet::new() }
    }
}

impl<F: Facet> Changes<F> {
    /// Moves `facet` to `seq`, the number of the event that is being applied.
    pub fn touch(&mut self, facet: F, seq: Seq) {
        let before = self.last.insert(facet, seq);
        if before == Some(seq) {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, facet));
        }
        self.order.insert((seq, facet));
    }

    /// What changed after `after`, each facet once, ascending by number.
    pub fn after(&self, after: Seq) -> impl Iterator<Item = (Seq, F)> {
        self.order.range((after.next(), F::FIRST)..).copied()
    }

    /// How many facets changed after `after`, at most `limit`.
    pub fn count_after(&self, after: Seq, limit: usize) -> usize {
        self.after(after).take(limit).count()
    }
}

/// As a list of facets and numbers.
impl<F: Facet + Serialize> Serialize for Changes<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.last)
    }
}

impl<'de, F: Facet + Deserialize<'de>> Deserialize<'de> for Changes<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let last: OrdMap<F, Seq> = Vec::<(F, Seq)>::deserialize(deserializer)?.into_iter().collect();
        let order = last.iter().map(|(facet, seq)| (*seq, *facet)).collect();
        Ok(Self { last, order })
    }
}
