//! The SQLite store from outside.
#![allow(
    clippy::option_option,
    clippy::await_holding_refcell_ref,
    clippy::needless_range_loop,
    reason = "plain scenes on one thread"
)]

mod accounts;
mod damage;
mod differential;
mod erasure;
mod fixture;
mod group;
mod opening;
