//! A client of Stimmwerk: REST, the live protocol, and a memory of what was answered.
//!
//! - [`Client`] speaks REST as somebody: nobody, a session, or a bearer token.
//! - [`LiveSocket`] is one WebSocket: frames out, frames in.
//! - [`Mirror`] keeps a view from what the socket brings and notices when a range is missing. [`ForumMirror`] is that of
//!   a forum.
//! - [`Follower`] holds a mirror over reconnects and sends commands.
//! - [`Record`] remembers of each operation whether it was acknowledged, refused, or is unknown: the client's half of
//!   the oracle that the fault tests ask.
//! - [`Burst`] lets many people vote in the same second and keeps its own list of what they chose.
//! - [`replay`] plays a recorded consultation into a forum and checks the result.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use stimmwerk_client::{Client, Follow, Join};
//! use stimmwerk_core::forum::ForumCommand;
//!
//! let (guest, joined) = Client::new("http://127.0.0.1:8080").join(&Join::with_code("BCDFGHJK")).await?;
//! let place = joined.forums[0];
//! let follower = Follow::stream(&guest, place.stream).start();
//! let text = "More benches.".to_owned();
//! let outcome = follower.command(ForumCommand::Contribute { text, lang: None, topic: None, reply_to: None , hall: None}).await;
//! println!("{outcome:?}, {} contributions", follower.view().map_or(0, |view| view.contributions.len()));
//! # Ok(()) }
//! ```
#![warn(missing_docs)]

mod burst;
mod error;
mod follower;
mod live;
mod mirror;
mod polls;
mod record;
mod rest;

pub use burst::{Burst, Cast, latencies, sums};
pub use error::Error;
pub use follower::{Follow, Follower, Resend, Seen};
pub use live::{LiveOptions, LiveSocket};
pub use mirror::{ForumMirror, Mirror, Violation};
pub use polls::{Cards, PollAnswer, question};
pub use record::{Operation, Outcome, Record};
pub use rest::{Client, Codes, ForumAnswer, ForumPlace, Identity, Join, Joined, ProcessInfo, StreamDeltas, Written};

use stimmwerk_core::ids::CommandId;

/// A fresh command id: a UUID of version 7, as the contract wants it.
pub fn command_id() -> CommandId {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    CommandId(uuid::Builder::from_unix_timestamp_millis(now.as_millis() as u64, &rand::random()).into_uuid())
}
