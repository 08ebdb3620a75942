//! What the doors promise, held against a running server: who gets through which, from where, and with what.

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
