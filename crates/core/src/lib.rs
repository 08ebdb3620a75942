//! The domain of Stimmwerk and its live protocol: pure, without clock, randomness or I/O, natively and in the browser.
//!
//! `decide(state, command, context) → events`, `apply(state, event) → state`, and what each audience sees of a state as
//! keyed deltas. With the feature `decide` all of it; without, what a browser needs: views, deltas, frames, commands.

#[cfg(feature = "decide")]
pub mod changes;
#[cfg(feature = "decide")]
pub mod code;
pub mod commands;
#[cfg(feature = "decide")]
pub mod domain;
pub mod forum;
pub mod ids;
pub mod json;
pub mod links;
pub mod live;
pub mod network;
pub mod people;
pub mod poll;
pub mod rejection;
pub mod said;
pub mod tally;
#[cfg(all(test, feature = "decide"))]
mod testing;
pub mod text;
pub mod time;
