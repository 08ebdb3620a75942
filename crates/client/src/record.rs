//! What became of each operation, as far as the client knows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use stimmwerk_core::forum::ForumCommand;
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::live::{Accepted, Problem};

use crate::{Error, Written};

/// What became of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The server said that it is durable.
    Acknowledged(Written),
    /// The server said that it did not happen.
    Refused(Problem),
    /// Neither: it may have happened.
    Unknown,
}

impl Outcome {
    /// What the server acknowledged.
    pub fn acknowledged(&self) -> Option<Written> {
        match self {
            Self::Acknowledged(written) => Some(*written),
            Self::Refused(_) | Self::Unknown => None,
        }
    }

    /// The code of a refusal.
    pub fn refused(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            Self::Acknowledged(_) | Self::Unknown => None,
        }
    }

    /// A server that does not know, or broke while answering, has refused nothing.
    pub(crate) fn of_problem(problem: Problem) -> Self {
        match problem.code.as_str() {
            "outcome_unknown" | "internal" => Self::Unknown,
            _ => Self::Refused(problem),
        }
    }
}

impl From<&Result<Written, Error>> for Outcome {
    fn from(result: &Result<Written, Error>) -> Self {
        match result {
            Ok(written) => Self::Acknowledged(*written),
            Err(Error::Problem(problem)) => Self::of_problem(problem.as_ref().clone()),
            Err(Error::Transport(_) | Error::Contract(_)) => Self::Unknown,
        }
    }
}

impl From<Accepted> for Outcome {
    fn from(accepted: Accepted) -> Self {
        Self::Acknowledged(Written { id: accepted.object, seq: accepted.seq })
    }
}

/// An operation and what became of it.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What was asked.
    pub command: ForumCommand,
    /// What became of it.
    pub outcome: Outcome,
}

/// All operations of a test or run, by command id. Shared by every client that takes part.
#[derive(Debug, Default)]
pub struct Record {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    operations: HashMap<CommandId, Operation>,
    contradictions: Vec<String>,
}

impl Record {
    /// Notes an outcome. A later one of the same command replaces "unknown". Acknowledged stays acknowledged, of the
    /// same thing: anything else is a contradiction. The number may grow, where the repetition changed nothing.
    pub fn note(&self, id: CommandId, command: &ForumCommand, outcome: Outcome) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { operations, contradictions } = &mut *inner;
        let known =
            operations.entry(id).or_insert_with(|| Operation { command: command.clone(), outcome: Outcome::Unknown });
        match (&known.outcome, &outcome) {
            (_, Outcome::Unknown) => {}
            // A refusal is not remembered by the server: the same command may be taken later.
            (Outcome::Unknown | Outcome::Refused(_), _) => known.outcome = outcome,
            (Outcome::Acknowledged(before), Outcome::Acknowledged(now))
                if before.id == now.id && before.seq <= now.seq => {}
            (before, now) => contradictions.push(format!("{id}: {before:?}, then {now:?}")),
        }
    }

    /// All operations so far.
    pub fn operations(&self) -> HashMap<CommandId, Operation> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).operations.clone()
    }

    /// Where the server gave two answers to one command.
    pub fn contradictions(&self) -> Vec<String> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).contradictions.clone()
    }
}
