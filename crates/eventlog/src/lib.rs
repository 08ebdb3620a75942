//! The log, its side rows and the account tables. Only this crate knows SQL.
//!
//! [`log::EventLog`] and [`accounts::Accounts`] are what the rest of the program sees. [`sqlite::SqliteStore`] keeps
//! both in one SQLite file; [`memory::MemoryLog`] is the log in its plainest form, the reference of the tests.

pub mod accounts;
pub mod chain;
pub mod journal;
pub mod lock;
pub mod log;
pub mod memory;
pub mod sqlite;
mod verify;
