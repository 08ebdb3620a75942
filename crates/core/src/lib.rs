//! The domain of Stimmwerk: pure, without clock, randomness or I/O.
#[cfg(feature = "decide")]
pub mod markdown;
pub mod text;
