//! What happens to the file behind the program's back is found.

use stimmwerk_core::ids::{ParticipantId, ProcessId, SaidKey};
use stimmwerk_core::live::Seq;
use stimmwerk_core::people::Role;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Accounts, Participant, Person, PersonId, PersonKind, SessionRow};
use stimmwerk_eventlog::log::{AppendError, BoxRow, Damage, EventLog, StateSnapshot};
use stimmwerk_eventlog::sqlite::{OpenError, SqliteStore};
use uuid::Uuid;

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
    let damage = damage_after(change).await;
    let what: Vec<&str> = damage.iter().map(|found| found.what.as_str()).collect();
    assert!(
        what.len() == 2 && what[0].starts_with("there are two texts") && what[1].ends_with("is missing"),
        "{what:?}"
    );
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
    let what: Vec<&str> = damage.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(what, ["10 rows of event belong to no stream", "10 rows of side_text belong to no stream"]);
}

#[tokio::test]
async fn given_texts_deleted_then_each_event_that_names_one_is_found() {
    let damage = damage_after("DELETE FROM side_text").await;
    assert_eq!(damage.len(), 20);
    assert!(damage.iter().all(|found| found.what.contains("is missing")), "{damage:?}");
    let damage = damage_after("DELETE FROM side_text WHERE rowid = 7").await;
    assert_eq!(one(&damage).0, Seq(7));
}

/// Every column of the log's rows, damaged once. What is derived in a stream's row (kind, summary, due) follows from the
/// events, and is compared where they are understood: in the server.
#[tokio::test]
async fn given_any_column_of_the_log_damaged_then_it_is_found() {
    for (table, column, to) in [
        ("stream", "id", "77"),
        ("stream", "uuid", "zeroblob(16)"),
        ("stream", "uuid", "x'01'"),
        ("stream", "kind", "77"),
        ("stream", "head_seq", "head_seq - 1"),
        ("stream", "head_seq", "head_seq + 1"),
        ("stream", "head_hash", "zeroblob(32)"),
        ("stream", "head_hash", "x'01'"),
        ("event", "stream", "77"),
        ("event", "seq", "77"),
        ("event", "at", "at + 1"),
        ("event", "at", "NULL"),
        ("event", "actor", "zeroblob(16)"),
        ("event", "actor", "x'01'"),
        ("event", "command", "zeroblob(16)"),
        ("event", "command", "NULL"),
        ("event", "digest", "zeroblob(16)"),
        ("event", "digest", "NULL"),
        ("event", "kind", "'sung'"),
        ("event", "version", "version + 1"),
        ("event", "version", "-1"),
        ("event", "body", "x'7b7d'"),
        ("event", "hash", "zeroblob(32)"),
        ("event", "hash", "x'01'"),
        ("side_text", "stream", "2"),
        ("side_text", "stream", "77"),
        ("side_text", "key", "zeroblob(16)"),
        ("side_text", "key", "x'01'"),
        ("side_text", "erased", "1"),
        ("side_text", "salt", "zeroblob(16)"),
        ("side_text", "salt", "x'01'"),
        ("side_text", "text", "'never said'"),
        ("side_text", "text", "''"),
        ("snapshot", "stream", "77"),
        ("ballot_box", "stream", "77"),
        ("participant", "person", "zeroblob(16)"),
        ("person_role", "person", "zeroblob(16)"),
        ("token", "person", "zeroblob(16)"),
        ("login_link", "person", "zeroblob(16)"),
        ("session", "person", "zeroblob(16)"),
        ("return_code", "person", "zeroblob(16)"),
    ] {
        let folder = Folder::new();
        let store = folder.open().await;
        whole(&store).await;
        assert_eq!(store.verify().await.unwrap(), Vec::new());
        // Of several rows the fourth event and its text, and one of the others.
        let which = match table {
            "event" => "WHERE stream = 1 AND seq = 4",
            "side_text" => "WHERE rowid = 4",
            "stream" => "WHERE id = 1",
            _ => "",
        };
        let change = format!("UPDATE {table} SET {column} = {to} {which}");
        let changed = sqlx::query(sqlx::AssertSqlSafe(change.clone())).execute(&mut folder.raw().await).await.unwrap();
        assert!(changed.rows_affected() > 0, "{change}");
        let damage = SqliteStore::open_reading(&folder.path()).await.unwrap().verify().await;
        assert!(damage.is_ok_and(|damage| !damage.is_empty()), "{change} is not found");
    }
    // What was erased and is not empty.
    for (column, to) in [("salt", "x'01'"), ("text", "'again'"), ("erased", "0"), ("key", "zeroblob(16)")] {
        let folder = Folder::new();
        let store = folder.open().await;
        whole(&store).await;
        let change = format!("UPDATE side_text SET {column} = {to} WHERE erased = 1");
        sqlx::query(sqlx::AssertSqlSafe(change.clone())).execute(&mut folder.raw().await).await.unwrap();
        assert!(!store.verify().await.unwrap().is_empty(), "{change} is not found");
    }
}

/// Two streams with texts, one of them erased, and something in every other table.
async fn whole(store: &SqliteStore) {
    for nth in 1..3_u128 {
        let mut new = batch(stream(nth), 0, Vec::new());
        for number in 0..6 {
            let (text, named) = side_text(nth << 8 | number, &format!("what {number} said in {nth}"));
            new.events.push(event(named, Some(command(number))));
            new.riders.texts.push(text);
        }
        new.riders.box_put.push(BoxRow { key: [nth as u8; 16], choice: vec![1] });
        store.append(new).await.unwrap();
    }
    let mut erase = batch(stream(1), 6, Vec::new());
    erase.riders.erase.push(SaidKey(Uuid::from_u128(1 << 8 | 5)));
    store.append(erase).await.unwrap();
    let snapshot = StateSnapshot { seq: Seq(3), format: 1, body: b"{}".to_vec() };
    store.put_snapshot(stream(1), snapshot).await.unwrap();
    let person = PersonId(Uuid::from_u128(1));
    store
        .add_person(Person { id: person, kind: PersonKind::Account, label: Some("a@example.org".into()) })
        .await
        .unwrap();
    store
        .add_participant(Participant {
            id: ParticipantId(Uuid::from_u128(2)),
            process: ProcessId(Uuid::from_u128(3)),
            person,
            name: None,
            lang: None,
            notice: 1,
            banned: false,
            guest: false,
            joined_at: Timestamp(0),
        })
        .await
        .unwrap();
    store.grant(person, None, Role::Moderator).await.unwrap();
    store.add_token([1; 32], person, None).await.unwrap();
    store.add_login_link([1; 32], person, Timestamp(9)).await.unwrap();
    store.set_return_code([1; 32], person).await.unwrap();
    let session = SessionRow { id: [1; 16], data: vec![1], person: Some(person), expires_at: Timestamp(9) };
    store.create_session(session).await.unwrap();
}

#[tokio::test]
async fn given_no_database_or_an_empty_one_when_it_is_to_be_read_then_that_is_said_and_nothing_is_made() {
    let folder = Folder::new();
    let open = async || SqliteStore::open_reading(&folder.path()).await;
    assert!(matches!(open().await, Err(OpenError::Nothing(_))));
    assert_eq!(folder.files(), Vec::<String>::new());
    std::fs::write(folder.path(), "").unwrap();
    assert!(matches!(open().await, Err(OpenError::Nothing(_))));
    std::fs::write(folder.path(), "not a database at all, but long enough to be read as the header of one: ".repeat(9))
        .unwrap();
    assert!(open().await.is_err());
    std::fs::remove_file(folder.path()).unwrap();
    // A database of something else.
    sqlx::query("CREATE TABLE other (id INTEGER)").execute(&mut folder.raw_new().await).await.unwrap();
    assert!(open().await.is_err());
    assert_eq!(folder.files(), ["store.sqlite3"]);
}

#[tokio::test]
async fn given_a_database_in_use_and_at_rest_when_read_then_no_file_is_made_or_changed() {
    let folder = Folder::new();
    let store = folder.open().await;
    whole(&store).await;
    let reading = SqliteStore::open_reading(&folder.path()).await.unwrap();
    assert_eq!(reading.verify().await.unwrap(), Vec::new());
    assert!(matches!(reading.append(batch(stream(1), 6, Vec::new())).await, Err(AppendError::Storage(_))));
    reading.close().await;
    store.close().await;
    let (files, bytes) = (folder.files(), folder.bytes());
    let reading = SqliteStore::open_reading(&folder.path()).await.unwrap();
    assert_eq!(reading.verify().await.unwrap(), Vec::new());
    reading.close().await;
    assert!((folder.files(), folder.bytes()) == (files, bytes), "reading leaves everything as it was");
}

#[tokio::test]
async fn given_an_erased_text_then_there_is_no_damage() {
    let change =
        "UPDATE side_text SET erased = 1, salt = zeroblob(16), text = zeroblob(octet_length(text)) WHERE rowid = 7";
    assert_eq!(damage_after(change).await, Vec::new());
}
