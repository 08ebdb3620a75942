//! Builds a stream's state from the log: from a snapshot and the events after it, or from the first event on.
//! A room does this when it opens and after another node wrote; `stimmwerk admin verify` compares both ways.
//! Nothing here writes.

use std::collections::HashMap;
use std::sync::Arc;

use stimmwerk_core::domain::{Domain, Meta, StoredEvent};
use stimmwerk_core::ids::{SaidKey, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::HoldsTexts;
use stimmwerk_eventlog::log::{EventLog, ReadError};

/// How many events are read from the log at once.
const EVENTS_PER_READ: u32 = 2_000;

type Texts = HashMap<SaidKey, Arc<str>>;

/// Folds a stream from its newest snapshot and the events after it. Also returns the number of the snapshot.
///
/// # Errors
/// The log cannot be read, or holds what this program does not know.
pub async fn load<D: Domain>(log: &dyn EventLog, stream: StreamId) -> Result<(D::State, Seq), ReadError> {
    let texts = Arc::new(texts(log, stream).await?);
    let snapshot = log.snapshot(stream).await?.filter(|snapshot| snapshot.format == D::STATE_FORMAT);
    let (mut state, snapshot_seq) = match snapshot {
        None => (D::State::default(), Seq(0)),
        Some(snapshot) => {
            let texts = texts.clone();
            let state = tokio::task::spawn_blocking(move || {
                let mut state: D::State =
                    serde_json::from_slice(&snapshot.body).map_err(|e| ReadError(e.to_string()))?;
                state.resolve(&|key| texts.get(key).cloned());
                D::rebuild(&mut state);
                Ok::<_, ReadError>(state)
            })
            .await
            .map_err(|error| ReadError(error.to_string()))??;
            (state, snapshot.seq)
        }
    };
    fold::<D>(log, stream, &mut state, &texts).await?;
    Ok((state, snapshot_seq))
}

/// Folds a stream from its first event.
///
/// # Errors
/// The log cannot be read, or holds what this program does not know.
pub async fn fold_from_start<D: Domain>(log: &dyn EventLog, stream: StreamId) -> Result<D::State, ReadError> {
    let mut state = D::State::default();
    fold_new_events::<D>(log, stream, &mut state).await?;
    Ok(state)
}

/// Applies the events that the state lacks.
pub(super) async fn fold_new_events<D: Domain>(
    log: &dyn EventLog,
    stream: StreamId,
    state: &mut D::State,
) -> Result<(), ReadError> {
    let texts = texts(log, stream).await?;
    fold::<D>(log, stream, state, &texts).await
}

async fn texts(log: &dyn EventLog, stream: StreamId) -> Result<Texts, ReadError> {
    Ok(log.texts(stream).await?.into_iter().collect())
}

async fn fold<D: Domain>(
    log: &dyn EventLog,
    stream: StreamId,
    state: &mut D::State,
    texts: &Texts,
) -> Result<(), ReadError> {
    loop {
        let events = log.read(stream, D::seq(state), EVENTS_PER_READ).await?;
        for logged in &events {
            let mut event = D::Event::read(&logged.kind, logged.version, &logged.body)
                .map_err(|unreadable| ReadError(unreadable.to_string()))?;
            event.resolve(&|key| texts.get(key).cloned());
            D::apply(state, &event, Meta { seq: logged.seq, at: logged.at, actor: logged.actor });
        }
        if events.len() < EVENTS_PER_READ as usize {
            return Ok(());
        }
    }
}
