//! Which commands were accepted before, so that a repetition gets its old answer and is not carried out twice.
//! The writer asks here: its own memory before it judges a command, the log only after it refused one.
//! Neither may decide anything about a command that is new.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use stimmwerk_core::domain::Domain;
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::rejection::Rejection;
use stimmwerk_eventlog::log::{Batch, CommandKey, EventLog, Riders};

use super::job::Job;
use super::outcome::{Done, Refusal};

/// How many of the commands accepted last a room remembers by itself: those of a whole hall that votes, and their
/// repetitions.
const REMEMBERED: usize = 8_192;

/// The commands accepted last. Their digests are kept in memory alone and need not be keyed, so recognising a repetition
/// reads no text from the log. Most repetitions come within seconds.
#[derive(Default)]
pub(super) struct RecentCommands {
    commands: HashMap<CommandId, ([u8; 16], Done)>,
    order: VecDeque<CommandId>,
}

impl RecentCommands {
    pub(super) fn add(&mut self, key: CommandKey, done: Done) {
        if self.commands.insert(key.id, (key.digest, done)).is_none() {
            self.order.push_back(key.id);
        }
        if self.order.len() > REMEMBERED {
            self.order.pop_front().and_then(|id| self.commands.remove(&id));
        }
    }

    /// The answer to a command whose id was accepted before. `None`: the id is not among the last ones.
    pub(super) fn answer(&self, key: &CommandKey) -> Option<Result<Done, Rejection>> {
        let (digest, done) = self.commands.get(&key.id)?;
        let same = *digest == key.digest;
        Some(if same { Ok(Done { repeated: true, ..*done }) } else { Err(Rejection::IdReused) })
    }
}

/// The commands of a stream that the log remembers: all of them.
#[derive(Clone)]
pub(super) struct LoggedCommands {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) stream: StreamId,
}

impl LoggedCommands {
    /// The answer to a command that was accepted before. If it was not, `otherwise`.
    pub(super) async fn answer<D: Domain>(&self, job: &Job<D>, otherwise: &Refusal) -> Result<Done, Refusal> {
        match self.log.find_command(self.stream, job.key.id).await {
            Ok(Some(recorded)) if recorded.is(job.key, job.actor.participant) => {
                let object = D::object(&job.command, self.stream, job.id);
                Ok(Done { object, seq: recorded.seq, repeated: true })
            }
            Ok(Some(_)) => Err(Refusal::Rejected(Rejection::IdReused)),
            Ok(None) => Err(otherwise.clone()),
            Err(error) => {
                tracing::error!(%error, "looking up a command failed");
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Answers each command with what the log remembers of it, or else with the refusal beside it. This runs in a task of
    /// its own, so that accepted commands do not wait for the look-ups of refused ones.
    pub(super) fn answer_all<D: Domain>(&self, jobs: Vec<(Job<D>, Refusal)>) {
        if jobs.is_empty() {
            return;
        }
        let commands = self.clone();
        tokio::spawn(async move {
            for (job, otherwise) in jobs {
                let answer = commands.answer(&job, &otherwise).await;
                job.answer(answer);
            }
        });
    }

    /// Deletes a follow-up that was carried out before. Usually the batch of its command does that.
    pub(super) async fn delete_follow_up<D: Domain>(&self, id: CommandId, head: Seq) {
        let riders = Riders { done: vec![id], ..Riders::default() };
        let batch = Batch { stream: self.stream, kind: D::KIND, expected: head, events: Vec::new(), riders };
        if let Err(error) = self.log.append(batch).await {
            tracing::warn!(%error, "deleting a follow-up failed; it will be tried again");
        }
    }
}
