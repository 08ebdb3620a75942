//! What pages about one forum have in common.

use stimmwerk_core::forum::{Header, OwnView, People, TopicView};
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::time::Timestamp;

/// What pages about one forum have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The forum.
    pub forum: Header,
    /// Its topics.
    pub topics: Vec<TopicView>,
    /// Those whom the contributions on the page name.
    pub people: People,
    /// What concerns the reader alone; `None` for those who have not joined.
    pub own: Option<OwnView>,
    /// May the reader moderate?
    pub moderates: bool,
    /// The clock when the page was made.
    pub now: Timestamp,
    /// A fresh id for each plain form on the page.
    pub idempotency_key: CommandId,
}
