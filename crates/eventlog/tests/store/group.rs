//! One commit serves many.

use futures_util::future::join_all;
use stimmwerk_core::live::Seq;
use stimmwerk_eventlog::log::{AppendError, EventLog};

use crate::fixture::{Folder, batch, command, event, stream};

#[tokio::test(flavor = "multi_thread")]
async fn given_200_streams_when_each_appends_one_event_at_once_then_few_commits_serve_them() {
    let folder = Folder::new();
    let store = folder.open().await;

    let appends = (0..200).map(|nth| {
        let store = store.clone();
        tokio::spawn(async move { store.append(batch(stream(nth), 0, vec![event("{}", Some(command(nth)))])).await })
    });
    for answer in join_all(appends).await {
        assert_eq!(answer.unwrap().unwrap().seq, Seq(1));
    }

    assert!(store.commits() < 50, "{} commits", store.commits());
    assert_eq!(store.streams().await.unwrap().len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_guilty_batches_in_a_group_then_only_they_fail() {
    let folder = Folder::new();
    let store = folder.open().await;
    for nth in 0..50 {
        store.append(batch(stream(nth), 0, vec![event("{}", Some(command(1)))])).await.unwrap();
    }
    let before = store.commits();

    // Every fifth repeats a command, every seventh does not know where its stream is.
    let answers = join_all((0..50).map(|nth| {
        let repeated = command(if nth % 5 == 0 { 1 } else { 2 });
        store.append(batch(stream(nth), u64::from(nth % 7 != 0), vec![event("{}", Some(repeated))]))
    }))
    .await;

    for (nth, answer) in answers.into_iter().enumerate() {
        let id = stream(nth as u128);
        let head = store.head(id).await.unwrap();
        if nth % 7 == 0 {
            assert_eq!(answer, Err(AppendError::Conflict { head: Seq(1) }));
        } else if nth % 5 == 0 {
            assert_eq!(answer, Err(AppendError::CommandTaken { ids: vec![command(1).id] }));
        } else {
            assert_eq!(answer, Ok(head));
        }
        assert_eq!(head.seq, Seq(if nth % 7 == 0 || nth % 5 == 0 { 1 } else { 2 }));
    }
    assert!(store.commits() - before < 10);
    assert_eq!(store.verify().await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_same_command_fifty_times_at_once_then_one_is_written() {
    let folder = Folder::new();
    let store = folder.open().await;

    let answers =
        join_all((0..50).map(|_| store.append(batch(stream(1), 0, vec![event("{}", Some(command(1)))])))).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(store.read(stream(1), Seq(0), 100).await.unwrap().len(), 1);
}
