//! The SQLite log does what the memory log does: all answers and all reads are equal, however batches come together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stimmwerk_core::domain::{FollowUp, StreamKind};
use stimmwerk_core::ids::{CommandId, ParticipantId, SaidKey, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::SideText;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::{
    AppendError, Batch, BoxRow, EventLog, LoggedEvent, NewEvent, Recorded, Riders, StateSnapshot,
};
use stimmwerk_eventlog::memory::MemoryLog;
use stimmwerk_eventlog::sqlite::SqliteStore;
use uuid::Uuid;

use crate::fixture::{Folder, command, side_text, stream};

const STREAMS: u128 = 4;

/// A batch, before it is known where its stream is.
#[derive(Clone, Debug)]
struct Draft {
    stream: u128,
    kind: StreamKind,
    /// Added to the right number.
    off: i64,
    events: Vec<DraftEvent>,
    texts: Vec<usize>,
    /// Which of the texts there ever were.
    erase: Vec<prop::sample::Index>,
    summary: Option<Vec<u8>>,
    due: Option<Option<i64>>,
    follow_ups: Vec<(u128, u128)>,
    refused: Vec<u128>,
    done: Vec<u128>,
    box_put: Vec<(u8, Vec<u8>)>,
    box_empty: bool,
}

#[derive(Clone, Debug)]
struct DraftEvent {
    at: Option<i64>,
    actor: Option<u128>,
    command: Option<u128>,
    kind: &'static str,
    version: u16,
    body: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Step {
    /// All of them at once.
    Append(Vec<Draft>),
    Snapshot {
        stream: u128,
        seq: u64,
        format: u32,
    },
    Reopen,
}

fn draft_event() -> impl Strategy<Value = DraftEvent> {
    let body = prop_oneof![4 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 5000..9000)];
    let command = option::weighted(0.6, prop_oneof![1 => 0..6_u128, 5 => 6..4000_u128]);
    let kind = prop_oneof![Just("posted"), Just("hidden"), Just("")];
    (option::of(any::<i64>()), option::of(any::<u128>()), command, kind, any::<u16>(), body)
        .prop_map(|(at, actor, command, kind, version, body)| DraftEvent { at, actor, command, kind, version, body })
}

fn draft() -> impl Strategy<Value = Draft> {
    let target =
        (0..STREAMS, prop_oneof![4 => Just(0_i64), 1 => -2..3_i64], prop::sample::select(&StreamKind::ALL[..]));
    let many = prop_oneof![6 => vec(draft_event(), 0..6), 1 => vec(draft_event(), 30..70)];
    let words = (vec(0..200_usize, 0..5), vec(any::<prop::sample::Index>(), 0..3));
    let lists = (option::weighted(0.3, vec(any::<u8>(), 0..50)), option::weighted(0.3, option::of(0..9_i64)));
    let follow = (vec((0..STREAMS, 0..8_u128), 0..3), vec(0..8_u128, 0..2), vec(0..8_u128, 0..3));
    // Few keys, so that some are taken.
    let ballots = (vec((0..16_u8, vec(any::<u8>(), 0..4)), 0..3), prop::bool::weighted(0.1));
    (target, many, words, lists, follow, ballots).prop_map(
        |(
            (stream, off, kind),
            events,
            (texts, erase),
            (summary, due),
            (follow_ups, refused, done),
            (box_put, box_empty),
        )| {
            Draft {
                stream,
                kind,
                off,
                events,
                texts,
                erase,
                summary,
                due,
                follow_ups,
                refused,
                done,
                box_put,
                box_empty,
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => vec(draft(), 1..7).prop_map(Step::Append),
        2 => (0..STREAMS, 0..40_u64, 0..2_u32).prop_map(|(stream, seq, format)| Step::Snapshot { stream, seq, format }),
        1 => Just(Step::Reopen),
    ]
}

/// What happened in all runs, since a run in which nothing did proves nothing.
#[derive(Debug, Default)]
struct Seen {
    written: u32,
    conflicts: u32,
    taken: u32,
    refused: u32,
    erased: u32,
    reopened: u32,
    done: u32,
    set_aside: u32,
}

/// Both logs and what the test must remember of them.
struct Pair {
    folder: Folder,
    memory: MemoryLog,
    sqlite: Arc<SqliteStore>,
    /// Every text there ever was, by stream.
    texts: BTreeMap<StreamId, Vec<SaidKey>>,
    next_text: u128,
}

impl Pair {
    async fn batch(&mut self, draft: Draft) -> Batch {
        let id = stream(draft.stream);
        let head = self.memory.head(id).await.unwrap().seq.0;
        let known = self.texts.entry(id).or_default();
        let mut texts = Vec::new();
        for length in draft.texts {
            self.next_text += 1;
            let (text, _) = side_text(self.next_text, &"ä".repeat(length));
            known.push(text.key);
            texts.push(text);
        }
        let erase = if known.is_empty() { Vec::new() } else { draft.erase.iter().map(|nth| *nth.get(known)).collect() };
        let event = |event: DraftEvent| NewEvent {
            at: event.at.map(Timestamp),
            actor: event.actor.map(|id| ParticipantId(Uuid::from_u128(id))),
            command: event.command.map(command),
            kind: event.kind,
            version: event.version,
            body: event.body,
        };
        let follow_up = |(target, nth)| FollowUp {
            id: CommandId(Uuid::from_u128(nth)),
            stream: stream(target),
            kind: StreamKind::Poll,
            command: format!("from {head}"),
        };
        let ballot = |(key, choice)| BoxRow { key: [key; 16], choice };
        Batch {
            stream: id,
            kind: draft.kind,
            expected: Seq(head.saturating_add_signed(draft.off)),
            events: draft.events.into_iter().map(event).collect(),
            riders: Riders {
                texts,
                erase,
                summary: draft.summary,
                due: draft.due.map(|due| due.map(Timestamp)),
                follow_ups: draft.follow_ups.into_iter().map(follow_up).collect(),
                refused: draft
                    .refused
                    .into_iter()
                    .map(|nth| (CommandId(Uuid::from_u128(nth)), "wrong_state"))
                    .collect(),
                done: draft.done.into_iter().map(|nth| CommandId(Uuid::from_u128(nth))).collect(),
                box_put: draft.box_put.into_iter().map(ballot).collect(),
                box_empty: draft.box_empty,
            },
        }
    }

    /// How many wait, and how many were set aside.
    async fn follow_ups(&self) -> (usize, usize) {
        (self.memory.follow_ups().await.unwrap().len(), self.memory.refused_follow_ups().await.unwrap().len())
    }

    async fn append(&mut self, drafts: Vec<Draft>, seen: &RefCell<Seen>) {
        let mut batches = Vec::new();
        let mut expected = Vec::new();
        for draft in drafts {
            let batch = self.batch(draft).await;
            let (waiting, set_aside) = self.follow_ups().await;
            expected.push(self.memory.append(batch.clone()).await);
            let mut seen = seen.borrow_mut();
            match expected.last().unwrap() {
                Ok(_) => {
                    seen.written += 1;
                    seen.erased += batch.riders.erase.len() as u32;
                    let (waiting_now, set_aside_now) = self.follow_ups().await;
                    seen.done += u32::from(waiting_now + set_aside_now < waiting + set_aside);
                    seen.set_aside += u32::from(set_aside_now > set_aside);
                }
                Err(AppendError::Conflict { .. }) => seen.conflicts += 1,
                Err(AppendError::CommandTaken { .. }) => seen.taken += 1,
                Err(_) => seen.refused += 1,
            }
            batches.push(batch);
        }
        // Polled in order, they are queued in order.
        let answers = join_all(batches.into_iter().map(|batch| self.sqlite.append(batch))).await;
        assert_eq!(answers, expected);
    }

    async fn assert_equal(&self) {
        let (memory, sqlite) = (&self.memory, &*self.sqlite);
        assert_eq!(sqlite.streams().await.unwrap(), memory.streams().await.unwrap());
        assert_eq!(sqlite.summaries().await.unwrap(), memory.summaries().await.unwrap());
        assert_eq!(sqlite.dues().await.unwrap(), memory.dues().await.unwrap());
        assert_eq!(sqlite.follow_ups().await.unwrap(), memory.follow_ups().await.unwrap());
        assert_eq!(sqlite.refused_follow_ups().await.unwrap(), memory.refused_follow_ups().await.unwrap());
        // One more than there are.
        for nth in 0..=STREAMS {
            let id = stream(nth);
            assert_eq!(sqlite.head(id).await.unwrap(), memory.head(id).await.unwrap());
            assert_eq!(sqlite.snapshot(id).await.unwrap(), memory.snapshot(id).await.unwrap());
            assert_eq!(sqlite.box_rows(id).await.unwrap(), memory.box_rows(id).await.unwrap());
            for (after, limit) in [(0, 5), (3, 100), (0, 100_000), (7, 0)] {
                let read = |events: Vec<LoggedEvent>| events;
                assert_eq!(
                    sqlite.read(id, Seq(after), limit).await.map(read).unwrap(),
                    memory.read(id, Seq(after), limit).await.unwrap()
                );
            }
            let mut texts = sqlite.texts(id).await.unwrap();
            texts.sort();
            assert_eq!(texts, memory.texts(id).await.unwrap());
            for nth in 0..12 {
                let id_of = command(nth).id;
                assert_eq!(
                    sqlite.find_command(id, id_of).await.unwrap(),
                    memory.find_command(id, id_of).await.unwrap()
                );
            }
        }
        assert_eq!(sqlite.verify().await.unwrap().len(), memory.verify().await.unwrap().len());
    }
}

async fn run(steps: Vec<Step>, seen: &RefCell<Seen>) {
    let folder = Folder::new();
    let sqlite = folder.open().await;
    let mut pair = Pair { folder, memory: MemoryLog::default(), sqlite, texts: BTreeMap::new(), next_text: 0 };
    for step in steps {
        match step {
            Step::Append(drafts) => pair.append(drafts, seen).await,
            Step::Snapshot { stream: nth, seq, format } => {
                let snapshot = StateSnapshot { seq: Seq(seq), format, body: format!("{seq} in {format}").into() };
                pair.memory.put_snapshot(stream(nth), snapshot.clone()).await.unwrap();
                pair.sqlite.put_snapshot(stream(nth), snapshot).await.unwrap();
            }
            Step::Reopen => {
                pair.sqlite.close().await;
                pair.sqlite = pair.folder.open().await;
                seen.borrow_mut().reopened += 1;
            }
        }
        pair.assert_equal().await;
    }
    pair.sqlite.close().await;
}

#[test]
fn given_any_batches_then_sqlite_answers_and_holds_what_memory_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let seen = RefCell::new(Seen::default());
    let config = Config { cases: 40, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    TestRunner::new(config)
        .run(&vec(step(), 1..14), |steps| {
            runtime.block_on(run(steps, &seen));
            Ok(())
        })
        .unwrap();
    let seen = seen.into_inner();
    let Seen { written, conflicts, taken, refused, erased, reopened, done, set_aside } = seen;
    let counts = [written, conflicts, taken, refused, erased, reopened, done, set_aside];
    assert!(counts.iter().all(|count| *count > 0), "{seen:?}");
}

#[tokio::test]
async fn given_a_command_with_many_texts_then_both_know_their_salts_until_one_of_them_is_erased() {
    let folder = Folder::new();
    let (memory, sqlite) = (MemoryLog::default(), folder.open().await);
    let logs: [&dyn EventLog; 2] = [&memory, &*sqlite];
    let (of, actor) = (command(3), Some(ParticipantId(Uuid::from_u128(9))));
    for log in logs {
        let texts: Vec<SideText> = (0..70_u8)
            .map(|nth| SideText {
                key: SaidKey::of(stream(1), of.id, usize::from(nth)),
                salt: [nth; 16],
                text: "Wort".into(),
            })
            .collect();
        let event = NewEvent { at: None, actor, command: Some(of), kind: "said", version: 1, body: b"{}".to_vec() };
        let riders = Riders { texts, ..Riders::default() };
        let kind = StreamKind::Forum;
        let batch = Batch { stream: stream(1), kind, expected: Seq(0), events: vec![event.clone()], riders };
        log.append(batch).await.unwrap();
        let bare = NewEvent { command: Some(command(4)), ..event };
        let riders = Riders::default();
        log.append(Batch { stream: stream(1), kind, expected: Seq(1), events: vec![bare], riders }).await.unwrap();
        let recorded = log.find_command(stream(1), of.id).await.unwrap().unwrap();
        let salts = Some((0..70).map(|nth| [nth; 16]).collect());
        assert_eq!(recorded, Recorded { key: of, seq: Seq(1), actor, salts });
        assert_eq!(log.find_command(stream(1), command(4).id).await.unwrap().unwrap().salts, Some(Vec::new()));
        let riders = Riders { erase: vec![SaidKey::of(stream(1), of.id, 66)], ..Riders::default() };
        log.append(Batch { stream: stream(1), kind, expected: Seq(2), events: vec![], riders }).await.unwrap();
        assert_eq!(log.find_command(stream(1), of.id).await.unwrap().unwrap().salts, None);
    }
}
