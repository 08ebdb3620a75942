//! A dialogue forum: one stream of topics, contributions, replies and support, moderated live.

mod command;
#[cfg(feature = "decide")]
mod decide;
#[cfg(feature = "decide")]
mod event;
#[cfg(feature = "decide")]
mod floor;
mod hall;
#[cfg(feature = "decide")]
mod project;
mod queue;
#[cfg(feature = "decide")]
mod reading;
#[cfg(feature = "decide")]
mod stage;
#[cfg(feature = "decide")]
mod state;
#[cfg(all(test, feature = "decide"))]
mod tests;
mod view;

pub use command::{ForumCommand, HideReason, Mode, ReportReason, Reported, Waiting};
#[cfg(feature = "decide")]
pub use event::*;
pub use hall::*;
pub use queue::order_fairly;
#[cfg(feature = "decide")]
pub use reading::{Found, Search, Thread};
#[cfg(feature = "decide")]
pub use state::{Appeal, Contribution, ForumState, Status};
pub use view::*;

/// The forum as a kind of stream.
#[derive(Clone, Copy, Debug)]
pub struct Forum;

/// The most topics of one forum.
pub const MAX_TOPICS: usize = 100;
/// The longest slow-mode interval, in seconds.
pub const MAX_SLOW_SECONDS: u32 = 3_600;
/// The most additions to one contribution.
pub const MAX_ADDITIONS: usize = 3;
/// The most open reports of one contribution; of more than these nothing is kept.
pub const MAX_REPORTS: usize = 20;
/// The most contributions that wait, in fair order, and the most that ask for a moderator otherwise, the oldest, on the
/// desk at a time. Others come up as those are dealt with; how many there are is in the totals.
pub const MAX_DESK: usize = 200;
/// The most contributions of one person that wait for a moderator.
pub const MAX_WAITING: usize = 20;
/// The most people in a hall.
pub const MAX_HALL: u32 = 100_000;
/// How long an author may change a contribution, in milliseconds.
pub const EDIT_WINDOW_MS: i64 = 10 * 60 * 1_000;
/// How far ahead a state's end may lie, in milliseconds: a year.
pub const MAX_UNTIL_MS: i64 = 366 * 24 * 3_600 * 1_000;
