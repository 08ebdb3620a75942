//! A room on a log that takes its time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stimmwerk_client::question;
use stimmwerk_core::domain::{FollowUp, StreamKind};
use stimmwerk_core::forum::{Forum, ForumCommand, Waiting};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, ParticipantId, PollId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::people::{Actor, Role};
use stimmwerk_core::poll::{Poll, PollCommand, Question, Secrecy};
use stimmwerk_core::rejection::Rejection;
use stimmwerk_core::said::SaidKey;
use stimmwerk_core::tally::Method;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::{
    AppendError, Batch, BoxRow, Damage, EventLog, Head, LoggedEvent, ReadError, Recorded, StateSnapshot,
};
use stimmwerk_eventlog::memory::MemoryLog;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::world::german;
use crate::chance;

use crate::room::{Done, Refusal, Room, Services, digest};

/// A log that writes, and answers what it remembers of commands, only when it is let.
struct Slow {
    log: MemoryLog,
    appends: Semaphore,
    look_ups: Semaphore,
    /// It says that the stream is further on, which it is not.
    headless: AtomicBool,
}

impl Slow {
    fn new(appends: usize, look_ups: usize) -> Arc<Self> {
        Arc::new(Self {
            log: MemoryLog::default(),
            appends: Semaphore::new(appends),
            look_ups: Semaphore::new(look_ups),
            headless: AtomicBool::new(false),
        })
    }
}

pub fn services(log: Arc<dyn EventLog>) -> Services {
    Services {
        log,
        summaries: Arc::new(Mutex::new(HashMap::new())),
        dues: mpsc::unbounded_channel().0,
        follow_ups: Arc::default(),
        reports: Arc::default(),
        people: Arc::default(),
        erased: Arc::default(),
        failed: CancellationToken::new(),
    }
}

#[async_trait]
impl EventLog for Slow {
    async fn append(&self, batch: Batch) -> Result<Head, AppendError> {
        let _let = self.appends.acquire().await.expect("never closed");
        if self.headless.load(Ordering::Relaxed) {
            return Err(AppendError::Conflict { head: batch.expected.next() });
        }
        self.log.append(batch).await
    }
    async fn read(&self, stream: StreamId, after: Seq, limit: u32) -> Result<Vec<LoggedEvent>, ReadError> {
        self.log.read(stream, after, limit).await
    }
    async fn head(&self, stream: StreamId) -> Result<Head, ReadError> {
        self.log.head(stream).await
    }
    async fn texts(&self, stream: StreamId) -> Result<Vec<(SaidKey, Arc<str>)>, ReadError> {
        self.log.texts(stream).await
    }
    async fn cleaned(&self) {}

    async fn find_command(&self, stream: StreamId, id: CommandId) -> Result<Option<Recorded>, ReadError> {
        let _let = self.look_ups.acquire().await.expect("never closed");
        self.log.find_command(stream, id).await
    }
    async fn snapshot(&self, stream: StreamId) -> Result<Option<StateSnapshot>, ReadError> {
        self.log.snapshot(stream).await
    }
    async fn put_snapshot(&self, stream: StreamId, snapshot: StateSnapshot) -> Result<(), AppendError> {
        self.log.put_snapshot(stream, snapshot).await
    }
    async fn streams(&self) -> Result<Vec<(StreamId, StreamKind)>, ReadError> {
        self.log.streams().await
    }
    async fn summaries(&self) -> Result<Vec<(StreamId, Vec<u8>)>, ReadError> {
        self.log.summaries().await
    }
    async fn dues(&self) -> Result<Vec<(Timestamp, StreamId, StreamKind)>, ReadError> {
        self.log.dues().await
    }
    async fn follow_ups(&self) -> Result<Vec<FollowUp>, ReadError> {
        self.log.follow_ups().await
    }
    async fn refused_follow_ups(&self) -> Result<Vec<(FollowUp, String)>, ReadError> {
        self.log.refused_follow_ups().await
    }
    async fn box_rows(&self, stream: StreamId) -> Result<Vec<BoxRow>, ReadError> {
        self.log.box_rows(stream).await
    }
    async fn verify(&self) -> Result<Vec<Damage>, ReadError> {
        self.log.verify().await
    }
}

fn say(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None, hall: None }
}

#[tokio::test]
async fn given_commands_that_have_to_be_looked_up_then_nobody_else_waits_for_them() {
    let log = Slow::new(1, 0);
    let stream = StreamId(Uuid::from_u128(3));
    let room = Room::<Forum>::open(stream, services(log.clone())).await.expect("an empty log");
    let (forum, process) = (ForumId(Uuid::from_u128(1)), ProcessId(Uuid::from_u128(2)));
    let found = ForumCommand::Found { forum, process, title: german("Gespräch"), waiting: Waiting::None };
    room.issue(found, chance::command_id(), Actor::system(), Uuid::nil()).await.expect("founded");
    let ada = Actor { participant: Some(ParticipantId(Uuid::from_u128(7))), ..Actor::default() };
    let issue = |room: &Arc<Room<Forum>>, command: ForumCommand, id: CommandId| {
        let (room, ada) = (room.clone(), ada.clone());
        tokio::spawn(async move { room.issue(command, id, ada, Uuid::nil()).await })
    };
    let once = chance::command_id();
    let done = issue(&room, say("Einmal"), once).await.expect("no panic");
    let old = done.map(|done| Done { repeated: true, ..done });
    assert_eq!(issue(&room, say("Einmal"), once).await.expect("no panic"), old, "known without a look-up");
    // One that is refused, and one that was accepted before a restart: both are looked up, and the look-ups hang.
    let room = Room::<Forum>::open(stream, services(log.clone())).await.expect("the same log");
    let issue = |command: ForumCommand, id: CommandId| issue(&room, command, id);
    let nowhere = ContributionId(Uuid::from_u128(404));
    let refused = issue(ForumCommand::Support { contribution: nowhere }, chance::command_id());
    let repeated = issue(say("Einmal"), once);
    tokio::task::yield_now().await;
    for nth in 0..3 {
        issue(say(&format!("Satz {nth}")), chance::command_id()).await.expect("no panic").expect("accepted meanwhile");
    }
    assert!(!refused.is_finished() && !repeated.is_finished());
    log.look_ups.add_permits(2);
    assert_eq!(refused.await.expect("no panic"), Err(Refusal::Rejected(Rejection::NotFound)));
    assert_eq!(repeated.await.expect("no panic"), old, "the old answer");
}

#[tokio::test]
async fn given_a_secret_vote_in_one_batch_with_the_opening_then_the_log_remembers_it_without_its_marks() {
    let log = Slow::new(1, 1);
    let stream = StreamId(Uuid::from_u128(3));
    let room = Room::<Poll>::open(stream, services(log.clone())).await.expect("an empty log");
    let (poll, process) = (PollId(Uuid::from_u128(1)), ProcessId(Uuid::from_u128(2)));
    let plain = question("Einverstanden?", Method::YesNo, &[]);
    let secret = Question { secrecy: Secrecy::Secret, ..plain.clone() };
    let found = PollCommand::Found { poll, process, forum: None, question: Box::new(plain) };
    room.issue(found, chance::command_id(), Actor::system(), Uuid::nil()).await.expect("founded");
    let staff = Actor { roles: vec![Role::Moderator].into(), ..Actor::default() };
    let ada = Actor { participant: Some(ParticipantId(Uuid::from_u128(7))), ..Actor::default() };
    let issue_as = |command: PollCommand, id: CommandId, actor: &Actor| {
        let (room, actor) = (room.clone(), actor.clone());
        tokio::spawn(async move { room.issue(command, id, actor, Uuid::from_u128(9)).await })
    };
    let issue = |command: PollCommand, actor: &Actor| issue_as(command, chance::command_id(), actor);
    // While this is being written the other two come in, and are judged together.
    let held = log.appends.acquire().await.expect("never closed");
    let note = issue(PollCommand::Edit { question: Box::new(secret.clone()) }, &staff);
    tokio::task::yield_now().await;
    let open = issue(PollCommand::Open { seconds: None }, &staff);
    let vote = PollCommand::Vote { round: 1, marks: vec![1, 0, 0], card: None };
    let id = chance::command_id();
    let voted = issue_as(vote.clone(), id, &ada);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    drop(held);
    note.await.expect("no panic").expect("edited");
    let opened = open.await.expect("no panic").expect("opened");
    let done = voted.await.expect("no panic").expect("voted");
    assert_eq!(done.seq.0, opened.seq.0 + 1);
    let logged = log.read(stream, opened.seq, 1).await.expect("readable").remove(0);
    assert_eq!((logged.kind.as_str(), logged.actor, logged.at), ("poll.marked", None, None));
    let bare = PollCommand::Vote { round: 1, marks: Vec::new(), card: None };
    let key = logged.command.expect("a command");
    assert_eq!(key.digest, digest(Uuid::from_u128(7), &bare), "the roll beside it names the voter too");
    assert_ne!(key.id, id, "an id that says when it was made is not kept");
    let again = issue_as(vote.clone(), id, &ada).await.expect("no panic");
    assert_eq!(again, Ok(Done { repeated: true, ..done }), "yet it is known");
    let eve = Actor { participant: Some(ParticipantId(Uuid::from_u128(8))), ..Actor::default() };
    let other = issue_as(vote, id, &eve).await.expect("no panic");
    assert_eq!(other, Err(Refusal::Rejected(Rejection::IdReused)), "nobody else is told that they have voted");
}

#[tokio::test]
async fn given_a_stream_whose_last_event_is_missing_then_its_room_says_so_instead_of_trying_without_end() {
    let log = Slow::new(9, 9);
    let room = Room::<Forum>::open(StreamId(Uuid::from_u128(3)), services(log.clone())).await.expect("opened");
    let (forum, process) = (ForumId(Uuid::from_u128(1)), ProcessId(Uuid::from_u128(2)));
    let found = ForumCommand::Found { forum, process, title: german("Gespräch"), waiting: Waiting::None };
    let issue = |command: ForumCommand| room.issue(command, chance::command_id(), Actor::system(), Uuid::nil());
    issue(found).await.expect("founded");
    log.headless.store(true, Ordering::Relaxed);
    let count = ForumCommand::CountHall { people: Some(3) };
    let answer = tokio::time::timeout(Duration::from_secs(10), issue(count.clone())).await.expect("an answer");
    assert_eq!(answer, Err(Refusal::Unavailable));
    log.headless.store(false, Ordering::Relaxed);
    issue(count).await.expect("it goes on once the stream is whole again");
}
