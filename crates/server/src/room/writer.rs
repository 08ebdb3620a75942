//! The task of a room that decides commands, makes what follows durable, publishes the new state and answers.
//! A room starts it when it opens. It ends when the last handle is gone and every command in the mailbox is answered.
//! It alone replaces the published state, and nothing is published or acknowledged before it is durable.

use std::collections::HashMap;
use std::sync::Arc;

use stimmwerk_core::domain::{Context, Decision, Domain, Meta, StoredEvent};
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::rejection::Rejection;
use stimmwerk_eventlog::log::{AppendError, Batch, BoxRow, CommandKey, NewEvent, ReadError, Riders, StateSnapshot};
use tokio::sync::mpsc;

use super::fold::fold_new_events;
use super::job::{Job, refuse_all};
use super::known_commands::{LoggedCommands, RecentCommands};
use super::outcome::{Done, Refusal};
use super::services::Services;
use super::shared::Shared;
use crate::chance;

/// The most commands of one batch.
const MAX_BATCH: usize = 1_000;
/// A state snapshot is written each time so many events have been added.
const SNAPSHOT_EVERY: u64 = 5_000;

pub(super) struct Writer<D: Domain> {
    shared: Arc<Shared<D>>,
    services: Services,
    snapshot_seq: Seq,
    recent: RecentCommands,
}

/// What was decided about one command, before it is durable.
enum Verdict {
    Accepted(Done),
    Rejected(Rejection),
    /// The same command stands earlier in this batch, at this place.
    SameAs(usize),
}

/// What was decided about several commands together, before it is durable.
struct Judged<D: Domain> {
    batch: Batch,
    /// The state after the batch.
    working: D::State,
    /// One for each command.
    verdicts: Vec<Verdict>,
    /// The commands that lead to events, so that they are known again.
    accepted: Vec<(CommandKey, Done)>,
}

impl<D: Domain> Writer<D> {
    pub(super) fn new(shared: Arc<Shared<D>>, services: Services, snapshot_seq: Seq) -> Self {
        Self { shared, services, snapshot_seq, recent: RecentCommands::default() }
    }

    pub(super) async fn run(mut self, mut mailbox: mpsc::Receiver<Job<D>>) {
        let mut jobs = Vec::with_capacity(MAX_BATCH);
        while mailbox.recv_many(&mut jobs, MAX_BATCH).await > 0 {
            // A command that opens the ballot box is judged alone: the ballots before it must be in the box by then.
            while let Some(opens_box) = jobs.first().map(|job| D::opens_box(&job.command)) {
                let next = jobs.iter().position(|job| D::opens_box(&job.command));
                let later = jobs.split_off(if opens_box { 1 } else { next.unwrap_or(jobs.len()) });
                self.process(std::mem::replace(&mut jobs, later), opens_box).await;
            }
            self.write_snapshot_if_due(SNAPSHOT_EVERY);
        }
        self.write_snapshot_if_due(1);
    }

    /// Decides, appends, publishes and answers.
    async fn process(&mut self, mut jobs: Vec<Job<D>>, opens_box: bool) {
        while !jobs.is_empty() {
            let base = self.shared.state.load_full();
            let ballot_box = match self.ballot_box(opens_box).await {
                Ok(ballots) => ballots,
                Err(error) => {
                    tracing::error!(%error, stream = %self.shared.stream, "the ballot box cannot be read");
                    return refuse_all(jobs, &Refusal::Unavailable);
                }
            };
            let Judged { batch, working, verdicts, accepted } = self.decide(&base, &mut jobs, ballot_box.as_ref());
            let has_content = !batch.events.is_empty() || !batch.riders.done.is_empty();
            let (due, summary) = (batch.riders.due, D::summary(&working));
            let has_follow_ups = !batch.riders.follow_ups.is_empty();
            let result = if has_content { self.services.log.append(batch).await.map(|_| ()) } else { Ok(()) };
            match result {
                Ok(()) => {
                    for (key, done) in accepted {
                        self.recent.add(key, done);
                    }
                    let seq = D::seq(&working);
                    if seq > D::seq(&base) {
                        self.shared.state.store(Arc::new(working));
                        self.shared.published.send_replace(seq);
                    }
                    if let Some(summary) = summary {
                        let mut summaries = self.services.summaries.lock().expect("no panic while held");
                        summaries.insert(self.shared.stream, summary);
                    }
                    if let Some(due) = due {
                        let _ = self.services.dues.send((self.shared.stream, due));
                    }
                    if has_follow_ups {
                        self.services.follow_ups.notify_one();
                    }
                    return self.answer(jobs, verdicts);
                }
                Err(AppendError::CommandTaken { ids }) => {
                    // These commands were accepted before. They get their old answer; the others are decided again.
                    let (repeated, rest): (Vec<_>, Vec<_>) =
                        jobs.into_iter().partition(|job| ids.contains(&job.key.id));
                    let (follow_ups, repeated): (Vec<_>, Vec<_>) = repeated.into_iter().partition(|job| job.follow_up);
                    let logged = self.logged_commands();
                    for job in follow_ups {
                        let answer = logged.answer(&job, &Refusal::Unavailable).await;
                        if answer.is_ok() {
                            logged.delete_follow_up::<D>(job.id, D::seq(&self.shared.state.load())).await;
                        }
                        job.answer(answer);
                    }
                    logged.answer_all(repeated.into_iter().map(|job| (job, Refusal::Unavailable)).collect());
                    jobs = rest;
                }
                Err(AppendError::Conflict { head }) => {
                    // Another node wrote first. Its events are read, and the commands are decided again.
                    if let Err(error) = self.read_new_events().await {
                        tracing::error!(%error, stream = %self.shared.stream, "catching up failed");
                        return refuse_all(jobs, &Refusal::Unavailable);
                    }
                    let have = D::seq(&self.shared.state.load());
                    if have <= D::seq(&base) {
                        // The log has a higher number than its events: deciding again would lead here again, for ever.
                        tracing::error!(%head, %have, stream = %self.shared.stream, "the stream is damaged");
                        return refuse_all(jobs, &Refusal::Unavailable);
                    }
                }
                Err(AppendError::StorageFull) => return Self::refuse_accepted(jobs, verdicts, &Refusal::StorageFull),
                Err(AppendError::Storage(error)) => {
                    tracing::error!(error, stream = %self.shared.stream, "append failed");
                    return Self::refuse_accepted(jobs, verdicts, &Refusal::Unavailable);
                }
                Err(AppendError::OutcomeUnknown(error)) => {
                    // This process cannot find out whether the batch is durable. The next start reads what the log holds.
                    tracing::error!(error, stream = %self.shared.stream, "commit in doubt, the program ends");
                    self.services.failed.cancel();
                    return refuse_all(jobs, &Refusal::OutcomeUnknown);
                }
            }
        }
    }

    /// What is in the ballot box, if it is to be opened.
    async fn ballot_box(&self, opens_box: bool) -> Result<Option<Vec<Vec<u8>>>, ReadError> {
        if !opens_box {
            return Ok(None);
        }
        let rows = self.services.log.box_rows(self.shared.stream).await?;
        Ok(Some(rows.into_iter().map(|row| row.choice).collect()))
    }

    /// Decides the commands one after the other, each on the state that the ones before it lead to.
    fn decide(&self, base: &Arc<D::State>, jobs: &mut [Job<D>], ballot_box: Option<&Vec<Vec<u8>>>) -> Judged<D> {
        let mut working = D::State::clone(base);
        let mut events = Vec::new();
        let mut riders = Riders::default();
        let mut seen: HashMap<CommandId, usize> = HashMap::with_capacity(jobs.len());
        let mut verdicts = Vec::with_capacity(jobs.len());
        let mut accepted = Vec::new();
        for nth in 0..jobs.len() {
            jobs[nth].key = jobs[nth].key_in(self.shared.stream, &working);
            let job = &jobs[nth];
            if let Some(first) = seen.get(&job.id) {
                verdicts.push(if jobs[*first].key == job.key {
                    Verdict::SameAs(*first)
                } else {
                    Verdict::Rejected(Rejection::IdReused)
                });
                continue;
            }
            // A repeated follow-up must also be deleted. Only the log's answer leads to that, so it is not answered here.
            if let Some(answer) = self.recent.answer(&job.key).filter(|_| !job.follow_up) {
                verdicts.push(match answer {
                    Ok(done) => Verdict::Accepted(done),
                    Err(rejection) => Verdict::Rejected(rejection),
                });
                continue;
            }
            let context = Context {
                stream: self.shared.stream,
                command: job.id,
                received_at: job.received_at,
                actor: job.actor.clone(),
                salt_seed: chance::bytes(),
                ballot_box: ballot_box.cloned(),
            };
            let Decision { events: happened, texts, erase, follow_ups, box_put, box_empty } =
                match D::decide(&working, &job.command, &context) {
                    Ok(decision) => decision,
                    Err(rejection) => {
                        verdicts.push(Verdict::Rejected(rejection));
                        continue;
                    }
                };
            seen.insert(job.id, nth);
            let last = happened.len().saturating_sub(1);
            let logged_key = job.key.keyed(texts.iter().map(|text| &text.salt));
            let trace = D::trace(&working, &job.command);
            for (n, event) in happened.iter().enumerate() {
                let meta = Meta::of(D::seq(&working).next(), trace, job.received_at, &job.actor);
                D::apply(&mut working, event, meta);
                let (kind, version) = event.kind();
                events.push(NewEvent {
                    at: meta.at,
                    actor: meta.actor,
                    command: (n == last).then_some(logged_key),
                    kind,
                    version,
                    body: event.body(),
                });
            }
            riders.texts.extend(texts);
            riders.erase.extend(erase);
            riders.follow_ups.extend(follow_ups);
            riders.box_put.extend(box_put.map(|choice| BoxRow { key: chance::bytes(), choice }));
            riders.box_empty |= box_empty;
            if job.follow_up {
                riders.done.push(job.id);
            }
            let object = D::object(&job.command, self.shared.stream, job.id);
            let done = Done { object, seq: D::seq(&working), repeated: false };
            if !happened.is_empty() {
                accepted.push((job.key, done));
            }
            verdicts.push(Verdict::Accepted(done));
        }
        if !events.is_empty() {
            let due = D::next_due(&working);
            riders.due = (due != D::next_due(base)).then_some(due);
            let summary = D::summary(&working);
            if summary != D::summary(base) {
                riders.summary = summary.and_then(|summary| serde_json::to_vec(&summary).ok());
            }
        }
        let batch = Batch { stream: self.shared.stream, kind: D::KIND, expected: D::seq(base), events, riders };
        Judged { batch, working, verdicts, accepted }
    }

    /// Answers after the commit. Before a command is rejected, the log is asked whether it was accepted earlier: whoever
    /// repeats it then gets the old answer.
    fn answer(&self, jobs: Vec<Job<D>>, verdicts: Vec<Verdict>) {
        let accepted: Vec<Option<Done>> = verdicts
            .iter()
            .map(|verdict| if let Verdict::Accepted(done) = verdict { Some(*done) } else { None })
            .collect();
        let mut rejected = Vec::new();
        let mut erasing = Vec::new();
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Accepted(done) if D::erases(&job.command) => erasing.push((job, done)),
                Verdict::Accepted(done) => job.answer(Ok(done)),
                Verdict::SameAs(first) => {
                    let answer = accepted[first].map(|done| Done { repeated: true, ..done });
                    job.answer(answer.ok_or(Refusal::Unavailable));
                }
                Verdict::Rejected(rejection) => rejected.push((job, Refusal::Rejected(rejection))),
            }
        }
        self.logged_commands().answer_all(rejected);
        if !erasing.is_empty() {
            // Whoever erases waits until the files are cleaned. The room does not wait.
            let log = self.services.log.clone();
            tokio::spawn(async move {
                log.cleaned().await;
                for (job, done) in erasing {
                    job.answer(Ok(done));
                }
            });
        }
    }

    /// Refuses the commands that would have been accepted. Those that were rejected stay rejected.
    fn refuse_accepted(jobs: Vec<Job<D>>, verdicts: Vec<Verdict>, refusal: &Refusal) {
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            job.answer(Err(match verdict {
                Verdict::Rejected(rejection) => Refusal::Rejected(rejection),
                Verdict::Accepted(_) | Verdict::SameAs(_) => refusal.clone(),
            }));
        }
    }

    fn logged_commands(&self) -> LoggedCommands {
        LoggedCommands { log: self.services.log.clone(), stream: self.shared.stream }
    }

    /// Reads the events that another node wrote, and publishes the state with them.
    async fn read_new_events(&self) -> Result<(), ReadError> {
        let mut state = D::State::clone(&self.shared.state.load());
        fold_new_events::<D>(&*self.services.log, self.shared.stream, &mut state).await?;
        let seq = D::seq(&state);
        self.shared.state.store(Arc::new(state));
        self.shared.published.send_replace(seq);
        Ok(())
    }

    fn write_snapshot_if_due(&mut self, every: u64) {
        let state = self.shared.state.load_full();
        let seq = D::seq(&state);
        if seq.0 < self.snapshot_seq.0 + every {
            return;
        }
        self.snapshot_seq = seq;
        let (log, stream) = (self.services.log.clone(), self.shared.stream);
        tokio::spawn(async move {
            let body = tokio::task::spawn_blocking(move || serde_json::to_vec(&*state)).await;
            if let Ok(Ok(body)) = body {
                let snapshot = StateSnapshot { seq, format: D::STATE_FORMAT, body };
                // Without a snapshot the next start reads more events; nothing is lost.
                if let Err(error) = log.put_snapshot(stream, snapshot).await {
                    tracing::warn!(%error, %stream, "no state snapshot");
                }
            }
        });
    }
}
