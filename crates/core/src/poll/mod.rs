//! A poll: one stream of a question, its ballots and its results. See DESIGN §2, "Ballots".

mod command;
#[cfg(feature = "decide")]
mod decide;
#[cfg(feature = "decide")]
mod event;
#[cfg(feature = "decide")]
mod project;
#[cfg(feature = "decide")]
mod state;
#[cfg(all(test, feature = "decide"))]
mod tests;
mod view;

pub use command::{Electorate, PollCommand, Question, QuestionProblem, Results, Secrecy, Weight};
#[cfg(feature = "decide")]
pub use decide::{CARD_LENGTH, card_hash};
#[cfg(feature = "decide")]
pub use event::*;
#[cfg(feature = "decide")]
pub use state::PollState;
pub use view::*;

/// The poll as a kind of stream.
#[derive(Clone, Copy, Debug)]
pub struct Poll;

/// How long people can still finish their ballots once a moderator closes a poll, in seconds.
pub const CLOSING_SECONDS: u32 = 20;
/// The longest a poll can be open, in seconds: a year.
pub const MAX_OPEN_SECONDS: u32 = 366 * 24 * 3_600;
/// Ballots count that were received before the end; those on their way inside the program get so long, in milliseconds.
pub const GRACE_MS: i64 = 1_000;
/// The most voting cards of one poll.
pub const MAX_CARDS: usize = 5_000;
/// The most voting cards made at once: what one sheet holds.
pub const MAX_SHEET: usize = 500;
/// The most hands or paper ballots of a hall.
pub const MAX_HALL_BALLOTS: u32 = 100_000;
/// The most rounds of one poll.
pub const MAX_ROUNDS: usize = 10;
/// In confidential and secret polls fewer online ballots than this are never counted for anybody, and a part of the ballots
/// is shown apart only if every part has at least so many.
pub const MIN_PART: u32 = 5;
