//! The SQLite store from outside.

mod accounts;
mod damage;
mod differential;
mod erasure;
mod fixture;
mod group;
mod opening;
