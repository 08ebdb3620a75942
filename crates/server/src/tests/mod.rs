//! What the doors promise, held against a running server: who gets through which, from where, and with what.

#![expect(clippy::disallowed_methods, reason = "tests choose ids and seeds themselves")]

mod counting;
mod described;
mod doors;
mod guesses;
mod hostile;
mod languages;
mod origins;
mod quiet;
mod random;
mod ranks;
mod reads;
mod reports;
mod reserved;
mod rooms;
mod screens;
mod sockets;
mod typed;
mod verify;
mod words;
mod world;
