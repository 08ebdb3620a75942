//! What happens to the file behind the program's back is found.

use stimmwerk_core::live::Seq;
use stimmwerk_eventlog::log::{Damage, EventLog};

use crate::fixture::{Folder, batch, command, event, side_text, stream};

/// A store of two streams of ten events with a text each, changed by hand, and what is then found.
async fn damage_after(change: &'static str) -> Vec<Damage> {
    let folder = Folder::new();
    let store = folder.open().await;
    for nth in 1..3_u128 {
        let mut new = batch(stream(nth), 0, Vec::new());
        for number in 0..10 {
            let (text, named) = side_text(nth << 8 | number, &format!("what {number} said in {nth}"));
            new.events.push(event(format!(r#"{{"title":{{"de":{named}}}}}"#), Some(command(number))));
            new.riders.texts.push(text);
        }
        store.append(new).await.unwrap();
    }
    assert_eq!(store.verify().await.unwrap(), Vec::new());
    let mut raw = folder.raw().await;
    let changed = sqlx::query(change).execute(&mut raw).await.unwrap();
    assert!(changed.rows_affected() > 0, "the change changes something");
    store.verify().await.unwrap()
}

fn one(damage: &[Damage]) -> (Seq, &str) {
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert_eq!(damage[0].stream, stream(1));
    (damage[0].seq, &damage[0].what)
}

#[tokio::test]
async fn given_a_flipped_byte_in_a_body_then_its_event_is_found() {
    let change = "UPDATE event SET body = replace(body, 'title', 'titlf') WHERE stream = 1 AND seq = 4";
    assert_eq!(one(&damage_after(change).await), (Seq(4), "its hash does not fit"));
}

#[tokio::test]
async fn given_an_envelope_changed_then_its_event_is_found() {
    for change in [
        "UPDATE event SET at = at + 1 WHERE stream = 1 AND seq = 4",
        "UPDATE event SET actor = NULL WHERE stream = 1 AND seq = 4",
        "UPDATE event SET kind = 'sung' WHERE stream = 1 AND seq = 4",
        "UPDATE event SET version = 2 WHERE stream = 1 AND seq = 4",
        "UPDATE event SET digest = zeroblob(16) WHERE stream = 1 AND seq = 4",
    ] {
        assert_eq!(one(&damage_after(change).await), (Seq(4), "its hash does not fit"), "{change}");
    }
}

#[tokio::test]
async fn given_an_event_deleted_then_the_gap_is_found() {
    let damage = damage_after("DELETE FROM event WHERE stream = 1 AND seq = 4").await;
    assert!(damage.iter().any(|found| found.seq == Seq(5) && found.what == "follows event 3"), "{damage:?}");
}

#[tokio::test]
async fn given_the_last_event_deleted_with_its_text_then_the_head_does_not_fit() {
    let change = "DELETE FROM event WHERE stream = 1 AND seq = 10";
    let damage = damage_after(change).await;
    assert!(damage.iter().any(|found| found.what.contains("head is not its last event, 9")), "{damage:?}");
}

#[tokio::test]
async fn given_two_texts_swapped_then_both_events_are_found() {
    let change = "UPDATE side_text SET text = CASE rowid WHEN 1 THEN 'what 1 said in 1' ELSE 'what 0 said in 1' END \
                  WHERE rowid IN (1, 2)";
    let damage = damage_after(change).await;
    let seqs: Vec<_> = damage.iter().map(|found| found.seq).collect();
    assert_eq!(seqs, [Seq(1), Seq(2)], "{damage:?}");
}

#[tokio::test]
async fn given_a_text_under_the_key_of_another_then_it_is_found() {
    let change = "UPDATE side_text SET key = (SELECT key FROM side_text WHERE rowid = 2) WHERE rowid = 1";
    assert!(one(&damage_after(change).await).1.starts_with("there are two texts"));
}

#[tokio::test]
async fn given_a_changed_text_then_its_event_is_found() {
    let damage = damage_after("UPDATE side_text SET text = text || '!' WHERE rowid = 7").await;
    assert_eq!(one(&damage).0, Seq(7));
}

#[tokio::test]
async fn given_a_text_nobody_named_then_it_is_found() {
    let change = "INSERT INTO side_text (stream, key, salt, text) VALUES (1, zeroblob(16), zeroblob(16), 'never said')";
    assert!(one(&damage_after(change).await).1.starts_with("no event names the text"));
}

#[tokio::test]
async fn given_a_stream_deleted_then_its_orphans_are_found() {
    let damage = damage_after("DELETE FROM stream WHERE id = 2").await;
    assert_eq!(damage.len(), 1);
    assert!(damage[0].what.contains("belong to no stream"), "{damage:?}");
}

#[tokio::test]
async fn given_an_erased_text_then_there_is_no_damage() {
    let change =
        "UPDATE side_text SET erased = 1, salt = zeroblob(16), text = zeroblob(octet_length(text)) WHERE rowid = 7";
    assert_eq!(damage_after(change).await, Vec::new());
}
