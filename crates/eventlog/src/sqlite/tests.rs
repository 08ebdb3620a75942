//! What needs a hand on the writing connection.

use std::sync::Arc;

use stimmwerk_core::domain::StreamKind;
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::Seq;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::SqliteStore;
use super::writer::Work;
use crate::log::{AppendError, Batch, EventLog, NewEvent, Riders};

async fn pragma(store: &SqliteStore, pragma: &'static str) {
    let (reply, done) = oneshot::channel();
    store.work.send(Work::Pragma { pragma, reply }).await.unwrap();
    done.await.unwrap();
}

fn batch(stream: u128, expected: Seq, bytes: usize) -> Batch {
    let body = vec![b'x'; bytes];
    let event = NewEvent { at: None, actor: None, command: None, kind: "said", version: 1, body };
    let stream = StreamId(Uuid::from_u128(stream));
    Batch { stream, kind: StreamKind::Forum, expected, events: vec![event], riders: Riders::default() }
}

async fn store() -> (tempfile::TempDir, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.sqlite3")).await.unwrap();
    (folder, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_full_disk_when_appended_then_refused_while_reads_go_on_and_room_lets_it_go_on() {
    let (_folder, store) = store().await;
    let head = store.append(batch(1, Seq(0), 100)).await.unwrap();
    // The file may not grow any more.
    pragma(&store, "PRAGMA max_page_count = 1").await;

    // All in one group share its fate; small ones alone may still find a gap in a page.
    let (big, small) = (store.append(batch(1, head.seq, 100_000)), store.append(batch(2, Seq(0), 10)));
    let (big, small) = futures_util::future::join(big, small).await;
    assert_eq!(big, Err(AppendError::StorageFull));
    assert!(matches!(small, Err(AppendError::StorageFull) | Ok(_)), "{small:?}");
    for _ in 0..3 {
        assert_eq!(store.append(batch(1, head.seq, 100_000)).await, Err(AppendError::StorageFull));
    }
    assert_eq!(store.head(StreamId(Uuid::from_u128(1))).await.unwrap(), head);

    pragma(&store, "PRAGMA max_page_count = 1000000").await;
    assert_eq!(store.append(batch(1, head.seq, 100_000)).await.unwrap().seq, Seq(2));
    assert_eq!(store.verify().await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_connection_left_within_a_transaction_when_appended_then_it_is_opened_anew() {
    let (_folder, store) = store().await;
    let head = store.append(batch(1, Seq(0), 100)).await.unwrap();
    pragma(&store, "BEGIN").await;
    assert_eq!(store.append(batch(1, head.seq, 100)).await.unwrap().seq, Seq(2));
    assert_eq!(store.verify().await.unwrap(), Vec::new());
}
