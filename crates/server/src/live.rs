//! The WebSocket: one task for each socket reads its frames, follows the broadcasts of its streams, and writes.
//! Browsers, programs and projectors connect here; `router` mounts it beside the REST API.
//! A socket holds no rights of its own: each subscription and command asks how its owner stands to the stream.
//!
//! A reader that does not keep up loses broadcasts, gets `resync`, and catches up. Nobody waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use stimmwerk_core::forum::Forum;
use stimmwerk_core::ids::{CommandId, ParticipantId, StreamId, TopicId};
use stimmwerk_core::live::{
    Accepted, Beat, Bye, ClientFrame, Hello, MAX_CLIENT_FRAME, MAX_COMMANDS_PER_SECOND, MAX_SUBSCRIPTIONS, PROTOCOL,
    Rejected, Seq, ServerFrame,
};
use stimmwerk_core::people::Audience;
use stimmwerk_core::rejection::{Code, Rejection};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::StreamMap;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use uuid::Uuid;

use crate::address::Address;
use crate::app::AppState;
use crate::chance;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::reads::OpenSocket;
use crate::room::{Broadcast, CaughtUp, Done, LiveStream, Subscriber, SubscriberGuard, resync_frame};
use crate::use_cases::admission::chosen_id;
use crate::who::Who;

/// Which build this is, as clients see it.
const BUILD: &str = env!("CARGO_PKG_VERSION");
/// After so long without a frame a `beat` is sent, so that a phone notices a dead connection.
const BEAT: Duration = Duration::from_secs(20);
/// A socket that takes nothing for so long is closed.
const PATIENCE: Duration = Duration::from_secs(30);
/// The frames other than commands that one socket may send at once: enough for its streams and some pages of each.
const READS: u32 = 60;
/// The longest message that is read at all, in bytes. What is longer than [`MAX_CLIENT_FRAME`] is read up to here so that
/// it gets an answer; what is longer than this ends the connection.
const MAX_MESSAGE: usize = 4 * MAX_CLIENT_FRAME;
/// How long a socket that sends faster than it may is not read.
const PAUSE: Duration = Duration::from_millis(50);
/// How long clients wait before they come back after a stop, before jitter.
const RETRY_MS: u32 = 1_000;

/// The live connection: frames as the protocol describes them.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", responses((status = 101, description = "WebSocket")))]
pub async fn live(
    State(app): State<AppState>,
    gate: Gate,
    upgrade: WebSocketUpgrade,
    request: Request,
) -> Answer<Response> {
    let (lang, address) = (guard::language(&request), gate.address);
    let open = app.reads.socket(&gate.who)?;
    // Watch first, then read: so a change of rights in between is not missed.
    let rights = gate.who.person().map(|person| app.watch_rights(person));
    let who = match gate.who.person() {
        Some(person) => app.who(Some(person)).await?,
        None => gate.admission.who,
    };
    // The defaults are for few sockets; these are for thousands.
    Ok(upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| async move {
            let connection = Connection {
                subscriptions: HashMap::new(),
                acks: FuturesUnordered::new(),
                commands: FrameLimit::new(MAX_COMMANDS_PER_SECOND),
                reads: FrameLimit::new(READS),
                app,
                who,
                address,
                lang,
                socket,
                _open: open,
            };
            // The only error is that the other side is gone.
            let _ = connection.run(rights).await;
        }))
}

/// The socket is closed.
struct Gone;

type Ack = BoxFuture<'static, (CommandId, Answer<Done>)>;

struct Connection {
    app: AppState,
    who: Who,
    /// The address it comes from.
    address: Address,
    lang: &'static str,
    socket: WebSocket,
    subscriptions: HashMap<StreamId, Subscription>,
    acks: FuturesUnordered<Ack>,
    commands: FrameLimit,
    /// Of all other frames.
    reads: FrameLimit,
    /// Counts this socket as open.
    _open: OpenSocket,
}

/// The frames a socket may still send at once; as they are used up, [`MAX_COMMANDS_PER_SECOND`] come back each second.
struct FrameLimit {
    most: f64,
    left: f64,
    since: Instant,
}

impl FrameLimit {
    fn new(most: u32) -> Self {
        Self { most: f64::from(most), left: f64::from(most), since: Instant::now() }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let back = (now - self.since).as_secs_f64() * f64::from(MAX_COMMANDS_PER_SECOND);
        let left = (self.left + back).min(self.most);
        (self.left, self.since) = ((left - 1.0).max(0.0), now);
        left >= 1.0
    }
}

struct Subscription {
    live: Arc<dyn LiveStream>,
    audience: Audience,
    have: Seq,
    /// The oldest position the reader shows.
    from: u64,
    participant: Option<ParticipantId>,
    /// Counts this reader as present.
    _counted: SubscriberGuard,
}

impl Subscription {
    /// What the reader lacks, for as much as it shows.
    async fn catch_up(&mut self) -> Answer<Vec<Utf8Bytes>> {
        let caught_up = self.live.catch_up(Some(self.have), self.audience, Some(self.from)).await?;
        let CaughtUp { frames, seq, from } = caught_up;
        (self.have, self.from) = (seq, from);
        Ok(frames)
    }
}

impl Connection {
    async fn run(mut self, mut rights: Option<tokio::sync::watch::Receiver<u64>>) -> Result<(), Gone> {
        // Made once: a future that is made anew for each frame enters the queue of its lock or timer each time.
        let stopped = self.app.stopping.clone().cancelled_owned();
        let silence = sleep_until(Instant::now() + BEAT);
        tokio::pin!(stopped, silence);
        let mut broadcasts: StreamMap<StreamId, BroadcastStream<Arc<Broadcast>>> = StreamMap::new();
        let hello = Hello { build: BUILD.to_owned(), protocol: PROTOCOL, now: chance::now() };
        self.send(vec![text(&ServerFrame::Hello(hello))]).await?;
        let mut last_sent = Instant::now();
        loop {
            let frames = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(frame))) => self.take(&frame, &mut broadcasts).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    _ => return Err(Gone),
                },
                Some((stream, broadcast)) = broadcasts.next() => match self.receive(stream, broadcast).await {
                    Some(frames) => frames,
                    None => return self.bye(0).await,
                },
                Some((id, answer)) = self.acks.next() => vec![self.answer(id, answer)],
                () = changed(&mut rights) => return self.bye(0).await,
                () = &mut stopped => return self.bye(RETRY_MS).await,
                () = &mut silence => {
                    let quiet = last_sent + BEAT <= Instant::now();
                    let until = if quiet { Instant::now() } else { last_sent } + BEAT;
                    silence.as_mut().reset(until);
                    if !quiet {
                        continue;
                    }
                    vec![text(&ServerFrame::Beat(Beat { now: chance::now() }))]
                }
            };
            if !frames.is_empty() {
                self.send(frames).await?;
                last_sent = Instant::now();
            }
        }
    }

    async fn send(&mut self, frames: Vec<Utf8Bytes>) -> Result<(), Gone> {
        let write = async {
            for frame in frames {
                self.socket.feed(Message::Text(frame)).await?;
            }
            self.socket.flush().await
        };
        match timeout(PATIENCE, write).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    async fn bye(mut self, retry_ms: u32) -> Result<(), Gone> {
        // Commands that were accepted meanwhile are still acknowledged.
        let rest = async {
            let mut frames = Vec::new();
            while let Some((id, answer)) = self.acks.next().await {
                frames.push(self.answer(id, answer));
            }
            frames
        };
        let mut frames = timeout(Duration::from_secs(2), rest).await.unwrap_or_default();
        frames.push(text(&ServerFrame::Bye(Bye { retry_ms })));
        self.send(frames).await?;
        let _ = timeout(Duration::from_secs(1), self.socket.send(Message::Close(None))).await;
        Ok(())
    }

    /// Takes a frame of the client.
    async fn take(
        &mut self,
        frame: &str,
        broadcasts: &mut StreamMap<StreamId, BroadcastStream<Arc<Broadcast>>>,
    ) -> Vec<Utf8Bytes> {
        let nobody = CommandId(Uuid::nil());
        if frame.len() > MAX_CLIENT_FRAME {
            // Only the id is read, to say what is refused; the rest is passed over and takes no memory.
            #[derive(serde::Deserialize)]
            struct Named {
                id: CommandId,
            }
            tokio::time::sleep(PAUSE).await;
            let id = serde_json::from_str(frame).map_or(nobody, |Named { id }| id);
            return vec![self.reject(id, &Fault::of(Code::TooLarge))];
        }
        let frame: ClientFrame = match serde_json::from_str(frame) {
            Ok(frame) => frame,
            Err(error) => {
                tokio::time::sleep(PAUSE).await;
                return vec![self.reject(nobody, &Fault::bad_request(error.to_string()))];
            }
        };
        if let Err(refusal) = self.may_ask(&frame) {
            // A socket that sends without end is read more slowly.
            tokio::time::sleep(PAUSE).await;
            return vec![refusal];
        }
        match frame {
            ClientFrame::Subscribe { stream, after, audience, from } => {
                match self.subscribe(stream, after, audience, from, broadcasts).await {
                    Ok(frames) => frames,
                    Err(fault) => vec![self.reject(nobody, &fault.with("stream", stream.to_string()))],
                }
            }
            ClientFrame::Unsubscribe { stream } => {
                broadcasts.remove(&stream);
                self.subscriptions.remove(&stream);
                Vec::new()
            }
            ClientFrame::Page { stream, before, topic } => match self.page(stream, before, topic).await {
                Ok(frames) => frames,
                Err(fault) => vec![self.reject(nobody, &fault.with("stream", stream.to_string()))],
            },
            ClientFrame::Command { id, stream, command } => {
                if let Err(fault) = chosen_id(id) {
                    return vec![self.reject(id, &fault)];
                }
                let (app, who, address) = (self.app.clone(), self.who.clone(), self.address);
                let received_at = chance::now();
                self.acks.push(Box::pin(async move {
                    let answer = app.issue_json(who, address, stream, id, command, received_at).await;
                    (id, answer)
                }));
                Vec::new()
            }
        }
    }

    async fn subscribe(
        &mut self,
        stream: StreamId,
        after: Option<Seq>,
        wanted: Option<Audience>,
        from: Option<u64>,
        broadcasts: &mut StreamMap<StreamId, BroadcastStream<Arc<Broadcast>>>,
    ) -> Answer<Vec<Utf8Bytes>> {
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS && !self.subscriptions.contains_key(&stream) {
            return Err(Rejection::TooMany { max: MAX_SUBSCRIPTIONS as u32 }.into());
        }
        let (place, audience) = self.app.audience_of(&self.who, stream)?;
        let process = place.map(|place| place.process);
        if let Some(process) = process {
            self.who = self.app.join_as_staff(self.who.clone(), process).await?;
        }
        let audience = match wanted {
            Some(wanted) if wanted > audience => return Err(Fault::forbidden()),
            Some(wanted) => wanted,
            None => audience,
        };
        let live = self.app.live_stream(stream, audience).await?;
        let participant = process.and_then(|process| self.who.active_in(process)).map(|participant| participant.id);
        let subscriber = participant.map_or(Subscriber::Anonymous, Subscriber::Participant);
        // Subscribe first, then read: no change can be missed in between.
        let (receiver, guard) = live.subscribe(audience, subscriber);
        let CaughtUp { mut frames, seq: have, from } = live.catch_up(after, audience, from).await?;
        self.app.reads.charge(&self.who, frames.len());
        // Opening the room or waiting for the answer's turn takes time, so the rights are checked again afterwards.
        if self.app.audience_of(&self.who, stream)?.1 < audience {
            return Err(Fault::not_found());
        }
        if let Some(participant) = participant {
            frames.push(live.own_frame(participant, from));
        }
        frames.push(live.presence_frame());
        broadcasts.insert(stream, BroadcastStream::new(receiver));
        self.subscriptions.insert(stream, Subscription { live, audience, have, from, participant, _counted: guard });
        Ok(frames)
    }

    async fn page(&mut self, stream: StreamId, before: u64, topic: Option<TopicId>) -> Answer<Vec<Utf8Bytes>> {
        let subscription = self.subscriptions.get_mut(&stream).ok_or_else(Fault::not_found)?;
        let (mut frames, from) = subscription.live.page(before, topic, subscription.audience).await?;
        self.app.reads.charge(&self.who, frames.len());
        if self.app.audience_of(&self.who, stream)?.1 < subscription.audience {
            return Err(Fault::not_found());
        }
        // The personal view covers what is shown, which now reaches further back.
        subscription.from = subscription.from.min(from);
        if let Some(participant) = subscription.participant {
            frames.push(subscription.live.own_frame(participant, subscription.from));
        }
        Ok(frames)
    }

    /// Takes a broadcast of a followed stream. `None`: this reader may no longer follow the stream.
    async fn receive(
        &mut self,
        stream: StreamId,
        broadcast: Result<Arc<Broadcast>, BroadcastStreamRecvError>,
    ) -> Option<Vec<Utf8Bytes>> {
        let Some(subscription) = self.subscriptions.get_mut(&stream) else { return Some(Vec::new()) };
        let own = |subscription: &Subscription| {
            subscription.participant.map(|participant| subscription.live.own_frame(participant, subscription.from))
        };
        // A subscriber that lagged may have missed a broadcast with `recheck`. One that catches up reads a state that may
        // be newer than the next recheck. Both must check their rights before anything is sent.
        let in_order = broadcast.as_ref().is_ok_and(|broadcast| {
            let part = broadcast.part(subscription.audience);
            let fits = part.after == subscription.have && part.frames.is_some();
            !broadcast.recheck && (fits || part.seq <= subscription.have)
        });
        let mut frames = Vec::new();
        match broadcast {
            Err(_) => {
                frames.push(resync_frame(stream));
                frames.extend(subscription.catch_up().await.ok()?);
                frames.extend(own(subscription));
            }
            Ok(broadcast) => {
                let part = broadcast.part(subscription.audience);
                if part.seq > subscription.have {
                    match &part.frames {
                        Some(shared) if part.after == subscription.have => {
                            frames.extend(shared.iter().cloned());
                            subscription.have = part.seq;
                        }
                        _ => frames.extend(subscription.catch_up().await.ok()?),
                    }
                }
                if subscription.participant.is_some_and(|participant| broadcast.concerns(participant)) {
                    // If nobody else may see what they did, no range led up to it. Then they get a range of their own.
                    if broadcast.head > subscription.have {
                        frames.extend(subscription.catch_up().await.ok()?);
                    }
                    frames.extend(own(subscription));
                }
                frames.extend(broadcast.presence.clone());
            }
        }
        // The check comes after the reading, since an answer may have waited for its turn.
        if !in_order {
            let still = self.app.audience_of(&self.who, stream);
            if still.map_or(true, |(_, audience)| audience < subscription.audience) {
                return None;
            }
        }
        Some(frames)
    }

    /// May one more frame be taken: at this pace from this socket, and from this person over all of them?
    ///
    /// # Errors
    /// The frame that says when to try again.
    fn may_ask(&mut self, frame: &ClientFrame) -> Result<(), Utf8Bytes> {
        let (pace, id, stream) = match frame {
            ClientFrame::Command { id, .. } => (&mut self.commands, *id, None),
            ClientFrame::Subscribe { stream, .. }
            | ClientFrame::Unsubscribe { stream }
            | ClientFrame::Page { stream, .. } => (&mut self.reads, CommandId(Uuid::nil()), Some(*stream)),
        };
        let may = if pace.take() { self.app.reads.take(&self.who, 1) } else { Err(Fault::too_many_requests(1)) };
        may.map_err(|fault| match stream {
            Some(stream) => self.reject(id, &fault.with("stream", stream.to_string())),
            None => self.reject(id, &fault),
        })
    }

    fn answer(&self, id: CommandId, answer: Answer<Done>) -> Utf8Bytes {
        match answer {
            Ok(done) => text(&ServerFrame::Accepted(Accepted {
                id,
                object: done.object,
                seq: done.seq,
                repeated: done.repeated,
            })),
            Err(fault) => self.reject(id, &fault),
        }
    }

    fn reject(&self, id: CommandId, fault: &Fault) -> Utf8Bytes {
        text(&ServerFrame::Rejected(Rejected { id, problem: fault.problem(self.lang) }))
    }
}

async fn changed(rights: &mut Option<tokio::sync::watch::Receiver<u64>>) {
    if let Some(rights) = rights
        && rights.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

fn text(frame: &ServerFrame<Forum>) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames are plain data").into()
}
