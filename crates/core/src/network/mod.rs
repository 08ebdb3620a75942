//! The network: its processes, which forums they have, and the codes by which people come in.

mod command;
#[cfg(feature = "decide")]
mod decide;
#[cfg(feature = "decide")]
mod event;
#[cfg(feature = "decide")]
mod state;
#[cfg(all(test, feature = "decide"))]
mod tests;
mod view;

pub use command::{CodeKind, Joining, NetworkCommand, Visibility};
#[cfg(feature = "decide")]
pub use event::*;
#[cfg(feature = "decide")]
pub use state::{ForumPlace, JoinCode, NetworkState, Place, PollPlace, Process, is_spoken};
pub use view::*;

/// The network as a kind of stream. There is one: [`crate::ids::StreamId::NETWORK`].
#[derive(Clone, Copy, Debug)]
pub struct Network;

/// The most processes of one network.
pub const MAX_PROCESSES: usize = 10_000;
/// The most forums of one process.
pub const MAX_FORUMS: usize = 1_000;
/// The most polls of one process.
pub const MAX_POLLS: usize = 500;
/// Characters of spoken codes: no vowels, so no words; none that sound or look alike on a slide.
pub const CODE_ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Characters of a spoken code: 8 of 20 are 34 bits.
pub const CODE_LENGTH: usize = 8;
