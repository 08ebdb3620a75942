//! What needs a hand on the writing connection.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Row};
use stimmwerk_core::domain::StreamKind;
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::Seq;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::writer::Work;
use super::{SqliteStore, sql};
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

/// What is asked when a database is opened, a room is loaded or a request comes must not take longer the more there is.
#[tokio::test]
async fn given_the_queries_of_the_hot_paths_then_none_walks_a_whole_table() {
    let (_folder, store) = store().await;
    for sql in [
        sql::LAST_STREAM,
        sql::IS_TO_REBUILD,
        sql::UNJOURNALED,
        sql::JOURNALED,
        sql::STREAM,
        sql::TAKEN,
        sql::ERASE_TEXTS.as_str(),
        sql::EMPTY_BOX,
        sql::DONE,
        sql::READ,
        sql::TEXTS,
        sql::FIND_COMMAND,
        sql::SALTS.as_str(),
        sql::SNAPSHOT,
        sql::BALLOTS,
        sql::ACCOUNT,
        sql::ERASE_PERSON,
        sql::STANDING,
        sql::PARTICIPANT,
        sql::PARTICIPANT_OF,
        sql::PARTICIPANTS_OF,
        sql::COUNT_PARTICIPANTS,
        sql::RENAME,
        sql::TOKEN_HOLDER,
        sql::REVOKE_TOKENS,
        sql::USE_LOGIN_LINK,
        sql::LOAD_SESSION,
        sql::SAVE_SESSION,
        sql::DELETE_SESSIONS_OF,
        sql::SWEEP_SESSIONS,
        sql::SWEEP_LOGIN_LINKS,
        sql::SETTING,
    ] {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&store.readers).await;
        let steps: Vec<String> = plan.unwrap().iter().map(|row| row.get(3)).collect();
        assert!(!steps.is_empty() && !steps.iter().any(|step| step.starts_with("SCAN")), "{sql}: {steps:?}");
    }
}

#[test]
fn given_versions_of_sqlite_then_those_with_the_reset_bug_are_too_old() {
    for good in ["3.51.3", "3.51.10", "3.52.0", "3.100.0", "4.0.0"] {
        assert!(super::is_good(good), "{good}");
    }
    for old in ["3.51.2", "3.51", "3.50.9", "3.9.99", "2.99.99", "", "new"] {
        assert!(!super::is_good(old), "{old}");
    }
}
