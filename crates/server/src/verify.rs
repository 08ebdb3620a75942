//! Looks for damage: what the log finds within a stream, and what must agree between streams, rows and people.
//! `stimmwerk admin verify`, backups and restores call it, also beside a running server.
//! It reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use stimmwerk_core::domain::{Domain, StreamKind, Summary};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::network::{Network, NetworkState};
use stimmwerk_core::time::Timestamp;
use stimmwerk_core::with_kind;
use stimmwerk_eventlog::log::{EventLog, ReadError};
use stimmwerk_eventlog::sqlite::SqliteStore;

use crate::room::{fold_from_start, load};

/// What is wrong in the database at `path`, which may be in use. Nothing is created or changed.
///
/// # Errors
/// There is no database, or it cannot be read at all.
pub async fn damage_of(path: &Path) -> Result<Vec<String>> {
    let mut found: Option<BTreeSet<String>> = None;
    // While a server writes, things can seem not to agree. They agree the next time; damage stays.
    for _ in 0..3 {
        let store = SqliteStore::open_reading(path).await.map_err(|error| anyhow!("{error}"))?;
        let now = damage(&store).await?.into_iter().collect();
        store.close().await;
        let still: BTreeSet<String> = match found {
            None => now,
            Some(before) => before.intersection(&now).cloned().collect(),
        };
        if still.is_empty() {
            return Ok(Vec::new());
        }
        found = Some(still);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok(found.into_iter().flatten().collect())
}

async fn damage(store: &SqliteStore) -> Result<Vec<String>, ReadError> {
    let mut found: Vec<String> = store.verify().await?.iter().map(ToString::to_string).collect();
    if !found.is_empty() {
        // What is derived from damaged events is damaged as well and tells nothing new.
        return Ok(found);
    }
    let network = match fold_from_start::<Network>(store, StreamId::NETWORK).await {
        Ok(network) => network,
        Err(error) => return Ok(vec![format!("the network's stream: {error}")]),
    };
    let streams: BTreeMap<StreamId, StreamKind> = store.streams().await?.into_iter().collect();
    let named = named(&network);
    // The first event of a stream is written a moment after the network decided on it.
    let coming: BTreeSet<StreamId> = store.follow_ups().await?.iter().map(|it| it.stream).collect();
    for (stream, kind) in &named {
        match streams.get(stream) {
            None if coming.contains(stream) => {}
            None => found.push(format!("stream {stream} is missing; the network names it")),
            Some(have) if have != kind => found.push(format!("stream {stream} is of kind {have:?}, not {kind:?}")),
            Some(_) => {}
        }
    }
    let stray = streams.keys().chain(&coming).filter(|stream| !named.contains_key(stream)).collect::<BTreeSet<_>>();
    found.extend(stray.iter().map(|stream| format!("stream {stream} is named by no event of the network")));
    for process in store.processes_of_people().await? {
        if network.process(process).is_none() {
            found.push(format!("people belong to process {process}, which does not exist"));
        }
    }
    let summaries: BTreeMap<_, _> = store.summaries().await?.into_iter().collect();
    let dues: BTreeMap<_, _> = store.dues().await?.into_iter().map(|(due, stream, _)| (stream, due)).collect();
    for (stream, kind) in streams {
        let row = Row { summary: summaries.get(&stream).map(Vec::as_slice), due: dues.get(&stream).copied() };
        let what = with_kind!(kind, Kind => derived::<Kind>(store, stream, row).await);
        let what = what.unwrap_or_else(|error| vec![error.to_string()]);
        found.extend(what.into_iter().map(|what| format!("stream {stream}: {what}")));
    }
    Ok(found)
}

/// The streams there must be.
fn named(network: &NetworkState) -> BTreeMap<StreamId, StreamKind> {
    let mut named = BTreeMap::from([(StreamId::NETWORK, StreamKind::Network)]);
    for process in network.processes() {
        named.extend(process.places.iter().map(|place| (place.stream, place.kind)));
    }
    if network.processes().next().is_none() {
        // Nothing has happened yet.
        named.remove(&StreamId::NETWORK);
    }
    named
}

/// What stands in a stream's row beside its head.
struct Row<'a> {
    summary: Option<&'a [u8]>,
    due: Option<Timestamp>,
}

/// Does what is derived from a stream follow from its events?
async fn derived<D: Domain>(store: &SqliteStore, stream: StreamId, row: Row<'_>) -> Result<Vec<String>, ReadError> {
    let mut found = Vec::new();
    let state = fold_from_start::<D>(store, stream).await?;
    if D::next_due(&state) != row.due {
        found.push("the next moment it waits for is another one".to_owned());
    }
    let summary: Option<Summary> = row.summary.map(serde_json::from_slice).transpose().unwrap_or_default();
    if D::summary(&state) != summary || row.summary.is_some() != summary.is_some() {
        found.push("its row for lists is another one".to_owned());
    }
    let json = |state: &D::State| serde_json::to_value(state).map_err(|error| ReadError(error.to_string()));
    match load::<D>(store, stream).await {
        Ok((restored, _)) if json(&restored)? == json(&state)? => {}
        Ok(_) => found.push("its snapshot does not follow from its events".to_owned()),
        Err(error) => found.push(format!("its snapshot cannot be read: {error}")),
    }
    Ok(found)
}
