//! The log in its plainest form: what every other one must be equal to.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use stimmwerk_core::domain::{FollowUp, StreamKind};
use stimmwerk_core::ids::{CommandId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{SaidKey, SideText};
use stimmwerk_core::time::Timestamp;

use crate::chain::Link;
use crate::log::{AppendError, Batch, BoxRow, Damage, EventLog, Head, LoggedEvent, ReadError, Recorded, StateSnapshot};
use crate::verify::Check;

/// A log that lives as long as the process.
#[derive(Debug, Default)]
pub struct MemoryLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// In the order in which they came to be.
    streams: Vec<Stream>,
    /// Each with the code of the refusal, if it was refused for good.
    follow_ups: Vec<(FollowUp, Option<&'static str>)>,
}

#[derive(Debug)]
struct Stream {
    id: StreamId,
    kind: StreamKind,
    events: Vec<LoggedEvent>,
    texts: BTreeMap<SaidKey, SideText>,
    erased: HashSet<SaidKey>,
    summary: Option<Vec<u8>>,
    due: Option<Timestamp>,
    snapshot: Option<StateSnapshot>,
    ballots: BTreeMap<[u8; 16], Vec<u8>>,
}

impl Stream {
    fn head(&self) -> Head {
        self.events.last().map_or(Head::EMPTY, |last| Head { seq: last.seq, hash: last.hash })
    }
}

impl Inner {
    fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.id == id)
    }

    fn append(&mut self, batch: Batch) -> Result<Head, AppendError> {
        let stream = self.stream(batch.stream);
        let head = stream.map_or(Head::EMPTY, Stream::head);
        if head.seq != batch.expected {
            return Err(AppendError::Conflict { head: head.seq });
        }
        let mut used: HashSet<CommandId> = stream
            .map(|stream| stream.events.iter().filter_map(|event| event.command).map(|command| command.id).collect())
            .unwrap_or_default();
        let mut taken = Vec::new();
        for command in batch.events.iter().filter_map(|event| event.command) {
            if !used.insert(command.id) && !taken.contains(&command.id) {
                taken.push(command.id);
            }
        }
        if !taken.is_empty() {
            return Err(AppendError::CommandTaken { ids: taken });
        }
        let mut ballots: HashSet<[u8; 16]> = stream.map(|s| s.ballots.keys().copied().collect()).unwrap_or_default();
        if !batch.riders.box_put.iter().all(|ballot| ballots.insert(ballot.key)) {
            return Err(AppendError::Storage("a key is taken".to_owned()));
        }
        Ok(self.write(batch))
    }

    fn write(&mut self, batch: Batch) -> Head {
        let Batch { stream: id, kind, expected: _, events, riders } = batch;
        let nth = self.streams.iter().position(|stream| stream.id == id).unwrap_or_else(|| {
            self.streams.push(Stream {
                id,
                kind,
                events: Vec::new(),
                texts: BTreeMap::new(),
                erased: HashSet::new(),
                summary: None,
                due: None,
                snapshot: None,
                ballots: BTreeMap::new(),
            });
            self.streams.len() - 1
        });
        let stream = &mut self.streams[nth];
        for event in events {
            let head = stream.head();
            let seq = head.seq.next();
            let hash = Link::new(id, seq, &event).hash(&head.hash);
            stream.events.push(LoggedEvent {
                seq,
                at: event.at,
                actor: event.actor,
                command: event.command,
                kind: event.kind.to_owned(),
                version: event.version,
                body: event.body,
                hash,
            });
        }
        stream.texts.extend(riders.texts.into_iter().map(|text| (text.key, text)));
        for key in &riders.erase {
            stream.erased.extend(stream.texts.remove(key).map(|text| text.key));
        }
        stream.ballots.extend(riders.box_put.into_iter().map(|ballot| (ballot.key, ballot.choice)));
        if riders.box_empty {
            stream.ballots.clear();
        }
        if riders.summary.is_some() {
            stream.summary = riders.summary;
        }
        if let Some(due) = riders.due {
            stream.due = due;
        }
        let head = stream.head();
        self.follow_ups.retain(|(known, _)| known.stream != id || !riders.done.contains(&known.id));
        for (refused, why) in riders.refused {
            if let Some(row) = self.follow_ups.iter_mut().find(|(known, _)| (known.stream, known.id) == (id, refused)) {
                row.1 = Some(why);
            }
        }
        for follow_up in riders.follow_ups {
            if !self.follow_ups.iter().any(|(known, _)| (known.stream, known.id) == (follow_up.stream, follow_up.id)) {
                self.follow_ups.push((follow_up, None));
            }
        }
        head
    }
}

impl MemoryLog {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, batch: Batch) -> Result<Head, AppendError> {
        self.inner().append(batch)
    }

    async fn cleaned(&self) {}

    async fn read(&self, stream: StreamId, after: Seq, limit: u32) -> Result<Vec<LoggedEvent>, ReadError> {
        let inner = self.inner();
        let events = inner.stream(stream).map_or(&[][..], |stream| &stream.events);
        Ok(events.iter().filter(|event| event.seq > after).take(limit as usize).cloned().collect())
    }

    async fn head(&self, stream: StreamId) -> Result<Head, ReadError> {
        Ok(self.inner().stream(stream).map_or(Head::EMPTY, Stream::head))
    }

    async fn texts(&self, stream: StreamId) -> Result<Vec<(SaidKey, Arc<str>)>, ReadError> {
        let inner = self.inner();
        let texts = inner.stream(stream).into_iter().flat_map(|stream| stream.texts.values());
        Ok(texts.map(|text| (text.key, text.text.clone())).collect())
    }

    async fn find_command(&self, stream: StreamId, id: CommandId) -> Result<Option<Recorded>, ReadError> {
        let inner = self.inner();
        let Some(found) = inner.stream(stream) else { return Ok(None) };
        Ok(found.events.iter().find_map(|event| {
            let key = event.command.filter(|command| command.id == id)?;
            let written = (0..).map(|nth| SaidKey::of(stream, id, nth));
            let written = written.take_while(|key| found.texts.contains_key(key) || found.erased.contains(key));
            let salts = written.map(|key| found.texts.get(&key).map(|text| text.salt)).collect();
            Some(Recorded { key, seq: event.seq, actor: event.actor, salts })
        }))
    }

    async fn snapshot(&self, stream: StreamId) -> Result<Option<StateSnapshot>, ReadError> {
        Ok(self.inner().stream(stream).and_then(|stream| stream.snapshot.clone()))
    }

    async fn put_snapshot(&self, stream: StreamId, snapshot: StateSnapshot) -> Result<(), AppendError> {
        let mut inner = self.inner();
        if let Some(stream) = inner.streams.iter_mut().find(|known| known.id == stream)
            && snapshot.seq <= stream.head().seq
            && stream.snapshot.as_ref().is_none_or(|kept| kept.format != snapshot.format || kept.seq < snapshot.seq)
        {
            stream.snapshot = Some(snapshot);
        }
        Ok(())
    }

    async fn streams(&self) -> Result<Vec<(StreamId, StreamKind)>, ReadError> {
        Ok(self.inner().streams.iter().map(|stream| (stream.id, stream.kind)).collect())
    }

    async fn summaries(&self) -> Result<Vec<(StreamId, Vec<u8>)>, ReadError> {
        let inner = self.inner();
        Ok(inner.streams.iter().filter_map(|stream| Some((stream.id, stream.summary.clone()?))).collect())
    }

    async fn dues(&self) -> Result<Vec<(Timestamp, StreamId, StreamKind)>, ReadError> {
        let inner = self.inner();
        let mut dues: Vec<_> =
            inner.streams.iter().filter_map(|stream| Some((stream.due?, stream.id, stream.kind))).collect();
        dues.sort_by_key(|(due, ..)| *due);
        Ok(dues)
    }

    async fn follow_ups(&self) -> Result<Vec<FollowUp>, ReadError> {
        let inner = self.inner();
        let waiting = inner.follow_ups.iter().filter(|(_, refused)| refused.is_none());
        Ok(waiting.map(|(follow_up, _)| follow_up.clone()).collect())
    }

    async fn refused_follow_ups(&self) -> Result<Vec<(FollowUp, String)>, ReadError> {
        let inner = self.inner();
        let refused = |(follow_up, why): &(FollowUp, Option<&str>)| Some((follow_up.clone(), (*why)?.to_owned()));
        Ok(inner.follow_ups.iter().filter_map(refused).collect())
    }

    async fn box_rows(&self, stream: StreamId) -> Result<Vec<BoxRow>, ReadError> {
        let inner = self.inner();
        let ballots = inner.stream(stream).into_iter().flat_map(|stream| &stream.ballots);
        let mut rows: Vec<_> = ballots.map(|(key, choice)| BoxRow { key: *key, choice: choice.clone() }).collect();
        rows.sort_by(|a, b| (&a.choice, &a.key).cmp(&(&b.choice, &b.key)));
        Ok(rows)
    }

    async fn verify(&self) -> Result<Vec<Damage>, ReadError> {
        let inner = self.inner();
        let mut damage = Vec::new();
        for stream in &inner.streams {
            let mut check = Check::new(stream.id);
            stream.texts.values().for_each(|text| check.text(text.key, &text.salt, text.text.as_bytes()));
            stream.erased.iter().for_each(|key| check.erased(*key, &[], &[]));
            stream.events.iter().for_each(|event| check.event(event));
            damage.extend(check.finish(stream.head()));
        }
        Ok(damage)
    }
}
