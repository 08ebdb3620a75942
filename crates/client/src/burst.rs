//! Many people vote at once, each sending their ballot several times over socket and REST, and the client keeps its own
//! list: the oracle of the vote.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use stimmwerk_core::ids::{CommandId, PollId, StreamId};
use stimmwerk_core::live::{ClientFrame, ServerFrame};
use stimmwerk_core::poll::{Poll, PollCommand};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::{Client, Error, LiveSocket};

/// A vote to be taken by storm.
#[derive(Clone, Debug)]
pub struct Burst {
    /// Which poll. It is open.
    pub poll: PollId,
    /// Its stream.
    pub stream: StreamId,
    /// In which round.
    pub round: u32,
    /// Within which time all of them vote, evenly spread.
    pub within: Duration,
    /// How often each sends their ballot: all at once, over the socket and REST in turns, under one id.
    pub copies: usize,
    /// How long one waits for answers after the last ballot was sent.
    pub patience: Duration,
}

/// What became of one person's ballot.
#[derive(Clone, Debug)]
pub struct Cast {
    /// What they chose.
    pub marks: Vec<u8>,
    /// How long until the first acknowledgement. `None`: none came.
    pub acknowledged: Option<Duration>,
    /// Why it was refused, if it was.
    pub refused: Vec<String>,
    /// How many frames with changes of the poll they got.
    pub frames: usize,
}

impl Burst {
    /// Lets each of these people vote as the marks beside them say. All follow the poll over a socket of their own.
    ///
    /// # Errors
    /// Somebody could not follow the poll to begin with.
    pub async fn run(&self, people: Vec<(Client, Vec<u8>)>) -> Result<Vec<Cast>, Error> {
        let count = people.len().max(1) as u32;
        let (start, started) = watch::channel(None::<Instant>);
        let mut voters = JoinSet::new();
        let burst = Arc::new(self.clone());
        for (nth, (client, marks)) in people.into_iter().enumerate() {
            let mut socket = LiveSocket::connect(&client).await?;
            let follow = ClientFrame::Subscribe { stream: self.stream, after: None, audience: None, from: None };
            socket.send(&follow).await?;
            let (burst, started) = (burst.clone(), started.clone());
            let delay = self.within * nth as u32 / count;
            voters.spawn(async move { burst.one(client, socket, marks, delay, started).await });
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let _ = start.send(Some(Instant::now()));
        Ok(voters.join_all().await)
    }

    async fn one(
        &self,
        client: Client,
        mut socket: LiveSocket,
        marks: Vec<u8>,
        delay: Duration,
        mut started: watch::Receiver<Option<Instant>>,
    ) -> Cast {
        let mut cast = Cast { marks: marks.clone(), acknowledged: None, refused: Vec::new(), frames: 0 };
        // What comes before the vote is the snapshot.
        let begin = loop {
            tokio::select! {
                _ = started.changed() => if let Some(begin) = *started.borrow() { break begin },
                frame = socket.next::<Poll>() => if !matches!(frame, Ok(Some(_))) { return cast },
            }
        };
        let end = begin + self.within + self.patience;
        let due = begin + delay;
        while Instant::now() < due {
            if let Ok(frame) = tokio::time::timeout_at(due, socket.next::<Poll>()).await {
                cast.frames += usize::from(matches!(frame, Ok(Some(ServerFrame::Deltas(_)))));
            }
        }
        let id: CommandId = crate::command_id();
        let command = PollCommand::Vote { round: self.round, marks, card: None };
        let sent = Instant::now();
        let mut posts = JoinSet::new();
        let mut over_socket = 0;
        for copy in 0..self.copies {
            if copy % 2 == 1 {
                let (client, command, poll) = (client.clone(), command.clone(), self.poll);
                posts.spawn(async move { client.tell_poll(poll, id, &command).await });
            } else {
                let command = serde_json::to_value(&command).unwrap_or_default();
                let frame = ClientFrame::Command { id, stream: self.stream, command };
                over_socket += usize::from(socket.send(&frame).await.is_ok());
            }
        }
        let mut open = true;
        while open && (over_socket > 0 || !posts.is_empty()) && Instant::now() < end {
            tokio::select! {
                Some(answer) = posts.join_next() => match answer {
                    Ok(Ok(_)) => cast.acknowledge(sent),
                    Ok(Err(Error::Problem(problem))) if problem.status < 500 => cast.refused.push(problem.code.clone()),
                    _ => {}
                },
                frame = socket.next::<Poll>() => match frame {
                    Ok(Some(ServerFrame::Accepted(accepted))) if accepted.id == id => {
                        over_socket -= 1;
                        cast.acknowledge(sent);
                    }
                    Ok(Some(ServerFrame::Rejected(rejected))) if rejected.id == id => {
                        over_socket -= 1;
                        cast.refused.push(rejected.problem.code);
                    }
                    Ok(Some(ServerFrame::Deltas(_))) => cast.frames += 1,
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => open = !posts.is_empty(),
                },
                () = tokio::time::sleep_until(end) => break,
            }
        }
        // Frames of the rest of the burst.
        while let Ok(Ok(Some(frame))) = tokio::time::timeout_at(begin + self.within * 2, socket.next::<Poll>()).await {
            cast.frames += usize::from(matches!(frame, ServerFrame::Deltas(_)));
        }
        cast
    }
}

impl Cast {
    fn acknowledge(&mut self, sent: Instant) {
        self.acknowledged.get_or_insert_with(|| sent.elapsed());
    }
}

/// How long acknowledgements took, in microseconds.
pub fn latencies(casts: &[Cast]) -> Histogram<u64> {
    let mut all = Histogram::new(3).unwrap_or_else(|error| unreachable!("three digits are few: {error}"));
    for took in casts.iter().filter_map(|cast| cast.acknowledged) {
        let _ = all.record(took.as_micros().max(1) as u64);
    }
    all
}

/// What the ballots add up to: of each option the sum of its marks.
pub fn sums(casts: &[Cast]) -> Vec<u64> {
    let mut sums = vec![0; casts.first().map_or(0, |cast| cast.marks.len())];
    for cast in casts {
        for (sum, mark) in sums.iter_mut().zip(&cast.marks) {
            *sum += u64::from(*mark);
        }
    }
    sums
}
