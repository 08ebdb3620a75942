//! What becomes of a command: it was accepted, or why it was not.
//! Everyone who issues a command to a room gets one of these.
//! An outcome holds no words: those come when a refusal leaves the program (`problem.rs`).

use serde::Serialize;
use stimmwerk_core::live::Seq;
use stimmwerk_core::rejection::{Code, Rejection};
use uuid::Uuid;

use crate::problem::Fault;

/// An accepted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The thing it made or was about.
    pub object: Option<Uuid>,
    /// The number of its last event.
    pub seq: Seq,
    /// The command had been accepted before under this id, and nothing has changed now.
    pub repeated: bool,
}

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The rules of the domain forbid it.
    Rejected(Rejection),
    /// This person or address sends too many commands. The number is the seconds after which to try again.
    TooOften(u64),
    /// The disk is full.
    StorageFull,
    /// The command may have been accepted. Whoever sent it asks again with the same id.
    OutcomeUnknown,
    /// The room cannot judge or write it now.
    Unavailable,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => rejection.into(),
            Refusal::TooOften(retry_after) => Self::too_many_requests(retry_after),
            Refusal::StorageFull => Self::of(Code::StorageFull),
            Refusal::OutcomeUnknown => Self::of(Code::OutcomeUnknown),
            Refusal::Unavailable => Self::of(Code::Unavailable),
        }
    }
}
