//! A room owns one active stream: its writer decides commands and makes them durable, its broadcaster sends the changes.
//! The registry in `app.rs` opens rooms; use cases and live connections reach one through its handle, [`Room`].
//! A room knows no request, no session and no kind of stream by name. Only its writer replaces the stream's state.
//!
//! The mailbox is drained into one batch while the batch before it is being made durable, so that one fsync serves many
//! commands. Readers take the published state and never wait for the mailbox.

mod broadcast;
mod broadcaster;
mod fold;
mod frames;
mod handle;
mod job;
mod known_commands;
mod live_stream;
mod outcome;
mod services;
mod shared;
mod writer;

pub use self::broadcast::{Broadcast, Part};
pub use self::fold::{fold_from_start, load};
pub use self::frames::resync_frame;
pub use self::handle::Room;
pub use self::job::digest;
pub use self::live_stream::{CaughtUp, LiveStream};
pub use self::outcome::{Done, Refusal};
pub use self::services::{ErasedPeople, Services};
pub use self::shared::{Subscriber, SubscriberGuard};
