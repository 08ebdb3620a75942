//! The clock, and the operating system's random numbers.
//! Everything in the server that needs the time, a random number, a secret or a new command id calls this.
//! Core and rooms get them as values, so that `decide` and `apply` stay pure.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the one place that clippy.toml means"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::time::Timestamp;
use uuid::Uuid;

/// The present moment.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// `N` random bytes.
///
/// # Panics
/// If the operating system has no random numbers: nothing is safe then.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

/// A fresh secret for links and tokens: 128 bits or more, in URL-safe characters, and what is stored of it.
pub fn secret() -> (String, [u8; 32]) {
    use std::fmt::Write;
    let mut text = String::with_capacity(48);
    for byte in bytes::<24>() {
        let _ = write!(text, "{byte:02x}");
    }
    let hash = hash(&text);
    (text, hash)
}

/// What is stored of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// An id for something new.
pub fn id() -> Uuid {
    Uuid::now_v7()
}

/// A command id for a caller who brought none.
pub fn command_id() -> CommandId {
    CommandId(id())
}
