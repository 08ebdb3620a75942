//! What the program can do, whoever asks and in whatever way: each use case is a method of `App`.
//! REST, pages and live connections call use cases after the gate has found out who asks.
//! Nothing here knows HTTP (no request, header or status), and nothing here uses REST, pages or live connections.

pub mod admission;
pub mod commands;
pub mod export;
pub mod forums;
pub mod joining;
pub mod names;
pub mod polls;
pub mod processes;
pub mod records;
pub mod results;
pub mod screens;
