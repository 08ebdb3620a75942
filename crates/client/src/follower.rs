//! A mirror that outlives its sockets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stimmwerk_core::forum::{Forum, ForumCommand, ForumView, OwnView};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::live::{ClientFrame, Seq, ServerFrame};
use stimmwerk_core::people::Audience;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::{Client, Error, ForumMirror, LiveSocket, Outcome, Record, Violation};

/// What becomes of a command whose answer was lost with its socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resend {
    /// It is sent again under its id, as a browser does.
    #[default]
    Always,
    /// It stays unknown, as with a browser that is closed.
    Never,
}

/// How a forum is to be followed.
#[derive(Clone, Debug)]
pub struct Follow {
    client: Client,
    stream: StreamId,
    audience: Option<Audience>,
    resend: Resend,
    record: Option<Arc<Record>>,
    longest_pause: Duration,
}

/// What a follower saw beside the view.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Sockets opened.
    pub connects: u32,
    /// Snapshots: one is normal, another means that catching up was not possible.
    pub snapshots: u32,
    /// Frames that told it that it fell behind.
    pub resyncs: u32,
    /// Goodbyes of the server.
    pub byes: u32,
    /// Frames with changes.
    pub ranges: u32,
    /// Broken promises. Always to be empty.
    pub violations: Vec<Violation>,
    /// Why the last socket ended or could not be opened.
    pub last_error: Option<String>,
}

/// Follows a forum over any number of sockets and sends commands. Dropping it cuts the line.
#[derive(Debug)]
pub struct Follower {
    shared: Arc<Shared>,
    requests: mpsc::UnboundedSender<Request>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    // Held for moments only, never across an await.
    state: Mutex<State>,
    changes: watch::Sender<Seq>,
}

#[derive(Debug, Default)]
struct State {
    mirror: ForumMirror,
    seen: Seen,
}

#[derive(Debug)]
enum Request {
    Command { id: CommandId, command: ForumCommand, answer: oneshot::Sender<Outcome> },
    Page { before: u64 },
    Cut,
}

impl Follow {
    /// Follows `stream` as the client's identity, with the most it is allowed to see.
    pub fn stream(client: &Client, stream: StreamId) -> Self {
        Self {
            client: client.clone(),
            stream,
            audience: None,
            resend: Resend::default(),
            record: None,
            longest_pause: Duration::from_millis(500),
        }
    }

    /// As somebody who may see less.
    #[must_use]
    pub fn as_audience(mut self, audience: Audience) -> Self {
        self.audience = Some(audience);
        self
    }

    /// What becomes of unanswered commands.
    #[must_use]
    pub fn resend(mut self, resend: Resend) -> Self {
        self.resend = resend;
        self
    }

    /// Notes every command's outcome.
    #[must_use]
    pub fn record(mut self, record: &Arc<Record>) -> Self {
        self.record = Some(Arc::clone(record));
        self
    }

    /// The longest pause before a new socket, before jitter.
    #[must_use]
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Begins.
    pub fn start(self) -> Follower {
        let shared = Arc::new(Shared { state: Mutex::default(), changes: watch::channel(Seq(0)).0 });
        let (requests, inbox) = mpsc::unbounded_channel();
        let runner = Runner { follow: self, shared: Arc::clone(&shared), inbox, pending: Vec::new() };
        Follower { shared, requests, task: tokio::spawn(runner.run()) }
    }
}

impl Follower {
    /// Issues a command and waits for what becomes of it.
    pub async fn command(&self, command: ForumCommand) -> Outcome {
        self.command_as(crate::command_id(), command).await
    }

    /// Issues a command under an id of the caller's.
    pub async fn command_as(&self, id: CommandId, command: ForumCommand) -> Outcome {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request::Command { id, command, answer }).is_err() {
            return Outcome::Unknown;
        }
        answered.await.unwrap_or(Outcome::Unknown)
    }

    /// Asks for an older page, which arrives in the view.
    pub fn page(&self, before: u64) {
        _ = self.requests.send(Request::Page { before });
    }

    /// Cuts the line without a goodbye; it comes back by itself.
    pub fn cut(&self) {
        _ = self.requests.send(Request::Cut);
    }

    /// The view as it is now.
    pub fn view(&self) -> Option<ForumView> {
        self.shared.state().mirror.view().cloned()
    }

    /// The personal view as it is now.
    pub fn own(&self) -> Option<OwnView> {
        self.shared.state().mirror.own().cloned()
    }

    /// The number the view is of.
    pub fn seq(&self) -> Seq {
        self.shared.state().mirror.after().unwrap_or_default()
    }

    /// What it saw beside the view.
    pub fn seen(&self) -> Seen {
        self.shared.state().seen.clone()
    }

    /// Waits until the view is at least of `seq`. Whether it came to that within `patience`.
    pub async fn reaches(&self, seq: Seq, patience: Duration) -> bool {
        let mut changes = self.shared.changes.subscribe();
        let arrived = changes.wait_for(|_| self.shared.state().mirror.after().is_some_and(|have| have >= seq));
        tokio::time::timeout(patience, arrived).await.is_ok_and(|result| result.is_ok())
    }

    /// Waits until `condition` holds of the view. Whether it came to that within `patience`.
    pub async fn shows(&self, patience: Duration, condition: impl Fn(&ForumView) -> bool) -> bool {
        let mut changes = self.shared.changes.subscribe();
        let arrived = changes.wait_for(|_| self.shared.state().mirror.view().is_some_and(&condition));
        tokio::time::timeout(patience, arrived).await.is_ok_and(|result| result.is_ok())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that owns the socket and what waits for an answer.
struct Runner {
    follow: Follow,
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Request>,
    /// In the order they were issued, so that a new socket repeats them in that order.
    pending: Vec<Pending>,
}

struct Pending {
    id: CommandId,
    command: ForumCommand,
    answer: Option<oneshot::Sender<Outcome>>,
    sent: bool,
}

impl Runner {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let ended = self.hold_a_socket(&mut failures).await;
            let (pause, error) = match ended {
                Ended::Bye(retry) => (retry, "bye".to_owned()),
                Ended::Cut => (Duration::ZERO, "cut".to_owned()),
                Ended::Broken(error) => (Duration::from_millis(20 << failures.min(8)), error),
                Ended::Dropped => return,
            };
            self.shared.state().seen.last_error = Some(error);
            self.give_up_unanswered();
            failures += 1;
            // Full jitter: many who lost the same server do not come back at the same moment.
            tokio::time::sleep(pause.min(self.follow.longest_pause).mul_f64(rand::random::<f64>())).await;
        }
    }

    /// Opens a socket, catches up and follows until it ends.
    async fn hold_a_socket(&mut self, failures: &mut u32) -> Ended {
        let opened = tokio::time::timeout(Duration::from_secs(10), LiveSocket::connect(&self.follow.client)).await;
        let mut socket = match opened {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Ended::Broken(error.to_string()),
            Err(_) => return Ended::Broken("no answer to the handshake".to_owned()),
        };
        let subscribe = {
            let mut state = self.shared.state();
            state.seen.connects += 1;
            ClientFrame::Subscribe {
                stream: self.follow.stream,
                after: state.mirror.after(),
                audience: self.follow.audience,
                from: state.mirror.view().map(|view| view.window.from),
            }
        };
        if let Err(error) = socket.send(&subscribe).await {
            return Ended::Broken(error.to_string());
        }
        for index in 0..self.pending.len() {
            if let Err(error) = self.send(&mut socket, index).await {
                return Ended::Broken(error.to_string());
            }
        }
        loop {
            tokio::select! {
                frame = socket.next::<Forum>() => match frame {
                    Ok(Some(ServerFrame::Bye(bye))) => {
                        self.shared.state().seen.byes += 1;
                        return Ended::Bye(Duration::from_millis(bye.retry_ms.into()));
                    }
                    Ok(Some(frame)) => {
                        *failures = 0;
                        if let Err(violation) = self.take(frame) {
                            return Ended::Broken(violation.to_string());
                        }
                    }
                    Ok(None) => return Ended::Broken("closed by the server".to_owned()),
                    Err(error) => return Ended::Broken(error.to_string()),
                },
                request = self.inbox.recv() => match request {
                    None => return Ended::Dropped,
                    Some(Request::Cut) => return Ended::Cut,
                    Some(Request::Page { before }) => {
                        let page = ClientFrame::Page { stream: self.follow.stream, before, topic: None };
                        if let Err(error) = socket.send(&page).await {
                            return Ended::Broken(error.to_string());
                        }
                    }
                    Some(Request::Command { id, command, answer }) => {
                        self.note(id, &command, Outcome::Unknown);
                        self.pending.push(Pending { id, command, answer: Some(answer), sent: false });
                        if let Err(error) = self.send(&mut socket, self.pending.len() - 1).await {
                            return Ended::Broken(error.to_string());
                        }
                    }
                },
            }
        }
    }

    async fn send(&mut self, socket: &mut LiveSocket, index: usize) -> Result<(), Error> {
        let pending = &mut self.pending[index];
        pending.sent = true;
        let command = serde_json::to_value(&pending.command).map_err(Error::transport)?;
        socket.send(&ClientFrame::Command { id: pending.id, stream: self.follow.stream, command }).await
    }

    fn take(&mut self, frame: ServerFrame<Forum>) -> Result<(), Violation> {
        match frame {
            ServerFrame::Accepted(accepted) => self.answered(accepted.id, accepted.into()),
            ServerFrame::Rejected(rejected) => self.answered(rejected.id, Outcome::of_problem(rejected.problem)),
            frame => {
                let mut state = self.shared.state();
                let State { mirror, seen } = &mut *state;
                match &frame {
                    ServerFrame::Snapshot(_) => seen.snapshots += 1,
                    ServerFrame::Resync(_) => seen.resyncs += 1,
                    ServerFrame::Deltas(_) => seen.ranges += 1,
                    _ => {}
                }
                if let Err(violation) = mirror.take(frame) {
                    seen.violations.push(violation.clone());
                    // From here on the view cannot be trusted: start anew, as a browser would.
                    *mirror = ForumMirror::default();
                    return Err(violation);
                }
                let seq = mirror.after().unwrap_or_default();
                drop(state);
                self.shared.changes.send_replace(seq);
            }
        }
        Ok(())
    }

    fn answered(&mut self, id: CommandId, outcome: Outcome) {
        // The same command may wait twice; one answer answers both.
        let (answered, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|pending| pending.id == id);
        self.pending = waiting;
        for mut pending in answered {
            self.note(id, &pending.command, outcome.clone());
            if let Some(answer) = pending.answer.take() {
                // Whoever asked may have stopped waiting.
                _ = answer.send(outcome.clone());
            }
        }
    }

    fn give_up_unanswered(&mut self) {
        if self.follow.resend == Resend::Always {
            return;
        }
        for pending in self.pending.iter_mut().filter(|pending| pending.sent) {
            if let Some(answer) = pending.answer.take() {
                _ = answer.send(Outcome::Unknown);
            }
        }
        self.pending.retain(|pending| !pending.sent);
    }

    fn note(&self, id: CommandId, command: &ForumCommand, outcome: Outcome) {
        if let Some(record) = &self.follow.record {
            record.note(id, command, outcome);
        }
    }
}

/// Why a socket is no longer held.
enum Ended {
    Bye(Duration),
    Cut,
    Broken(String),
    Dropped,
}
