//! What can go wrong, told apart by what is known afterwards.

use stimmwerk_core::live::Problem;

/// An operation did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused it and said why.
    #[error("{} {}: {}", .0.status, .0.code, .0.title)]
    Problem(Box<Problem>),
    /// No answer came, or not the whole of it. Whether a write happened is unknown.
    #[error("no answer: {0}")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An answer came that the contract does not know.
    #[error("the answer breaks the contract: {0}")]
    Contract(String),
}

impl Error {
    /// The stable code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            Self::Transport(_) | Self::Contract(_) => None,
        }
    }

    pub(crate) fn transport(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transport(error.into())
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        Self::transport(error)
    }
}
