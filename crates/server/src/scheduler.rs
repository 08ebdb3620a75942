//! The tasks that run by the clock: due moments of streams, revocations, expired rows, idle rooms, left follow-ups.
//! `serve` starts them, and every node runs all of them.
//! They issue commands and sweep tables; they decide nothing.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use stimmwerk_core::ids::StreamId;
use stimmwerk_core::time::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::app::AppState;
use crate::chance;

/// After a tick failed, it is tried again after so long, in milliseconds.
const RETRY_MS: i64 = 5_000;
/// The scheduler looks at the clock at least this often, since the machine's clock can be set meanwhile.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// How often expired rows are deleted and idle rooms evicted.
const HOUSEKEEPING: Duration = Duration::from_mins(1);

/// Issues a tick at each moment a stream waits for. Every node does; the tick's id lets exactly one win.
pub async fn run(app: AppState, mut changes: UnboundedReceiver<(StreamId, Option<Timestamp>)>) {
    // When each stream is due, and when its tick is issued: later than due only after a failure.
    let mut due: HashMap<StreamId, Timestamp> = HashMap::new();
    let mut queue: BTreeSet<(Timestamp, StreamId)> = BTreeSet::new();
    let mut read = false;
    loop {
        if !read {
            match app.log().dues().await {
                Ok(stored) => {
                    read = true;
                    for (moment, stream, _) in stored {
                        queue.retain(|(_, of)| *of != stream);
                        due.insert(stream, moment);
                        queue.insert((moment, stream));
                    }
                }
                Err(error) => tracing::error!(%error, "due moments cannot be read; it will be tried again"),
            }
        }
        let longest = if read { LOOK_AGAIN } else { Duration::from_millis(RETRY_MS.unsigned_abs()) };
        let wait = queue.first().map_or(longest, |(at, _)| {
            Duration::from_millis(u64::try_from(at.0 - chance::now().0).unwrap_or(0)).min(longest)
        });
        tokio::select! {
            change = changes.recv() => {
                let Some((stream, moment)) = change else { return };
                queue.retain(|(_, of)| *of != stream);
                due.remove(&stream);
                if let Some(moment) = moment {
                    due.insert(stream, moment);
                    queue.insert((moment, stream));
                }
                continue;
            }
            () = tokio::time::sleep(wait) => {}
        }
        let now = chance::now();
        while let Some((at, stream)) = queue.first().copied().filter(|(at, _)| *at <= now) {
            queue.remove(&(at, stream));
            let Some(moment) = due.get(&stream).copied() else { continue };
            match app.tick(stream, moment).await {
                Ok(()) => {
                    due.remove(&stream);
                }
                Err(fault) => {
                    tracing::warn!(code = fault.code.as_str(), %stream, "a moment could not be told; it will be tried again");
                    queue.insert((now.plus_ms(RETRY_MS), stream));
                }
            }
        }
    }
}

/// How often the server looks whether another program revoked something.
const REVOCATIONS: Duration = Duration::from_secs(2);

/// Closes the sockets of people from whom `stimmwerk admin` revoked something, no later than [`REVOCATIONS`] after it.
/// Requests need no such task: each asks the account tables.
pub async fn revocations(app: AppState) {
    let mut seen = 0;
    loop {
        match app.accounts.revocations(seen).await {
            Ok(revoked) => {
                for (number, person) in revoked {
                    seen = number;
                    app.rights_changed(person);
                }
            }
            Err(error) => tracing::warn!(%error, "revocations cannot be read; it will be tried again"),
        }
        tokio::time::sleep(REVOCATIONS).await;
    }
}

/// Deletes expired sessions and links, evicts idle rooms, and tries again the follow-ups that are left.
pub async fn housekeeping(app: AppState) {
    let written = app.follow_ups_written();
    loop {
        tokio::select! {
            () = written.notified() => {}
            () = tokio::time::sleep(HOUSEKEEPING) => {
                app.evict_idle();
                if let Err(error) = app.accounts.sweep(chance::now()).await {
                    tracing::warn!(%error, "sweeping failed");
                }
            }
        }
        app.run_follow_ups().await;
    }
}
