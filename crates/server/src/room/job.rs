//! A command in a room's mailbox, and the key by which the room knows it again.
//! The handle makes jobs; the writer takes them out, judges them and answers.
//! Nothing here judges a command: that is `decide` in core.

use serde::Serialize;
use sha2::{Digest, Sha256};
use stimmwerk_core::domain::{Domain, Trace};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::people::Actor;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::CommandKey;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::outcome::{Done, Refusal};

/// A command that waits for the writer.
pub(super) struct Job<D: Domain> {
    pub(super) command: D::Command,
    pub(super) id: CommandId,
    pub(super) actor: Actor,
    /// The id under which commands of its sender are remembered.
    pub(super) sender: Uuid,
    /// The key by which the command is known again: see [`Job::key_in`]. The log keeps its digest as an HMAC, keyed with
    /// the salts of the texts that the command writes.
    pub(super) key: CommandKey,
    pub(super) received_at: Timestamp,
    /// The command carries out a follow-up of another stream. That follow-up is deleted in the same batch.
    pub(super) follow_up: bool,
    pub(super) reply: oneshot::Sender<Result<Done, Refusal>>,
}

impl<D: Domain> Job<D> {
    /// A repetition has the same id, the same sender and the same content. The key holds these three as far as the log
    /// may keep them: somebody who reads the log must not find out secret content by trying every possibility. What is
    /// secret can change with each event (a poll becomes secret), so the key depends on the `state` that judges the
    /// command.
    ///
    /// Version 7 ids contain a timestamp. For commands that must leave no time in the log, the key holds an id derived
    /// from the stream instead.
    pub(super) fn key_in(&self, stream: StreamId, state: &D::State) -> CommandKey {
        let trace = D::trace(state, &self.command);
        let sender = if trace == Trace::Signed { self.sender } else { Uuid::nil() };
        let digest = match D::remembered(state, &self.command, &self.actor) {
            Some((sender, command)) => digest(sender, &command),
            None => digest(sender, &self.command),
        };
        let id = if trace == Trace::Bare { CommandId(self.id.derive(stream, "bare")) } else { self.id };
        CommandKey { id, digest }
    }

    pub(super) fn answer(self, answer: Result<Done, Refusal>) {
        // Whoever sent the command may have gone away: then nobody waits for the answer.
        let _ = self.reply.send(answer);
    }
}

/// Refuses every one of these commands.
pub(super) fn refuse_all<D: Domain>(jobs: Vec<Job<D>>, refusal: &Refusal) {
    for job in jobs {
        job.answer(Err(refusal.clone()));
    }
}

/// The digest of a sender and a command.
pub fn digest(sender: Uuid, command: &impl Serialize) -> [u8; 16] {
    let body = serde_json::to_vec(command).expect("commands are plain data");
    let hash = Sha256::new().chain_update(sender.as_bytes()).chain_update(body).finalize();
    hash[..16].try_into().expect("16 of 32 bytes")
}
