//! Opening: old and new programs, big databases, a second process.

use stimmwerk_core::ids::{ParticipantId, ProcessId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Accounts, Participant, Person, PersonId, PersonKind};
use stimmwerk_eventlog::journal::{Erased, Journal};
use stimmwerk_eventlog::log::{AppendError, EventLog};
use stimmwerk_eventlog::sqlite::{OpenError, SqliteStore};
use uuid::Uuid;

use crate::fixture::{Folder, batch, event, farewell, side_text, stream};

#[tokio::test]
async fn given_a_database_of_a_newer_program_when_opened_then_refused_and_untouched() {
    let folder = Folder::new();
    folder.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', true, x'00', 0)";
    sqlx::query(newer).execute(&mut folder.raw().await).await.unwrap();

    for opened in [SqliteStore::open(&folder.path()).await, SqliteStore::open_beside(&folder.path()).await] {
        let error = opened.unwrap_err();
        assert!(matches!(error, OpenError::Newer(9999)));
        assert!(error.to_string().contains("newer version of stimmwerk"));
    }
}

#[tokio::test]
async fn given_a_database_of_an_older_program_when_opened_beside_then_it_is_not_changed() {
    let folder = Folder::new();
    folder.open().await.close().await;
    sqlx::query("DELETE FROM _sqlx_migrations").execute(&mut folder.raw().await).await.unwrap();

    assert!(matches!(SqliteStore::open_beside(&folder.path()).await, Err(OpenError::Older)));
}

#[tokio::test]
async fn given_no_database_when_opened_beside_then_none_is_made() {
    let folder = Folder::new();
    assert!(SqliteStore::open_beside(&folder.path()).await.is_err());
    assert!(!folder.path().exists());
}

#[tokio::test]
async fn given_a_running_server_when_an_administrator_writes_beside_it_then_both_see_it_and_the_log_goes_on() {
    let folder = Folder::new();
    let server = folder.open().await;
    server.append(batch(stream(1), 0, vec![event("{}", None)])).await.unwrap();

    let beside = SqliteStore::open_beside(&folder.path()).await.unwrap();
    let id = PersonId(Uuid::from_u128(1));
    beside.add_person(Person { id, kind: PersonKind::Token, label: None }).await.unwrap();
    beside.add_token([1; 32], id, None).await.unwrap();
    beside.erase_person(PersonId(Uuid::from_u128(2)), farewell).await.unwrap();
    beside.close().await;

    assert!(server.standing(id).await.unwrap().is_some());
    assert_eq!(server.append(batch(stream(1), 1, vec![event("{}", None)])).await.unwrap().seq, Seq(2));
}

#[tokio::test]
async fn given_a_closed_store_when_asked_then_it_says_so_and_nothing_is_lost() {
    let folder = Folder::new();
    let store = folder.open().await;
    let head = store.append(batch(stream(1), 0, vec![event("{}", None)])).await.unwrap();
    store.close().await;

    let late = store.append(batch(stream(1), 1, vec![event("{}", None)])).await;
    assert!(matches!(late, Err(AppendError::Storage(_))));
    assert!(store.head(stream(1)).await.is_err());

    assert_eq!(folder.open().await.head(stream(1)).await.unwrap(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_backup_taken_while_writing_then_it_is_whole() {
    let folder = Folder::new();
    let store = folder.open().await;
    let writing = {
        let store = store.clone();
        tokio::spawn(async move {
            for seq in 0..300 {
                store.append(batch(stream(1), seq, vec![event("{}", None)])).await.unwrap();
            }
        })
    };
    while store.head(stream(1)).await.unwrap().seq < Seq(50) {
        tokio::task::yield_now().await;
    }

    let copy = Folder::new();
    store.backup(&copy.path()).await.unwrap();

    assert!(store.backup(&copy.path()).await.is_err(), "it is not written over");
    writing.await.unwrap();
    let copy = copy.open().await;
    assert!(copy.head(stream(1)).await.unwrap().seq >= Seq(50));
    assert_eq!(copy.verify().await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_older_backup_when_brought_back_then_what_was_erased_since_is_erased_in_it_too() {
    let folder = Folder::new();
    let store = folder.open().await;
    let (kept, kept_named) = side_text(1, "what stays");
    let (text, named) = side_text(2, "what goes");
    let mut new = batch(stream(1), 0, vec![event(kept_named, None), event(named, None)]);
    let gone = text.key;
    new.riders.texts.extend([kept, text]);
    store.append(new).await.unwrap();
    let (leaver, stays) = (PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
    for person in [leaver, stays] {
        let label = Some(format!("{}@example.org", person.0));
        store.add_person(Person { id: person, kind: PersonKind::Account, label }).await.unwrap();
        let id = ParticipantId(person.0);
        let process = ProcessId(Uuid::from_u128(9));
        let name = Some("Name".to_owned());
        let (lang, notice, joined_at) = (None, 1, Timestamp(0));
        let new = Participant { id, process, person, name, lang, notice, banned: false, guest: false, joined_at };
        store.add_participant(new).await.unwrap();
    }
    let copy = Folder::new();
    store.backup(&copy.path()).await.unwrap();

    let mut erase = batch(stream(1), 2, Vec::new());
    erase.riders.erase.push(gone);
    store.append(erase).await.unwrap();
    store.erase_person(leaver, farewell).await.unwrap();
    // The first waits for the journal; the second is made good when the database is opened.
    let journal = Journal::beside(&folder.path());
    store.close().await;
    std::fs::remove_file(journal.path()).unwrap();
    sqlx::query("INSERT INTO setting VALUES ('unjournaled', x''), ('unjournaled 01', $1)")
        .bind(&leaver.0.as_bytes()[..])
        .execute(&mut folder.raw().await)
        .await
        .unwrap();
    folder.open().await.close().await;
    let all = journal.read().unwrap();
    assert_eq!(all, [Erased::Participant(ParticipantId(leaver.0)), Erased::Text(stream(1), gone)]);

    let restored = copy.open_cleaning_at_once().await;
    assert_eq!(restored.texts(stream(1)).await.unwrap().len(), 2, "the backup knows nothing of it");
    restored.erase_again(&journal, farewell).await.unwrap();
    let left: Vec<_> = restored.texts(stream(1)).await.unwrap().into_iter().map(|(_, text)| text).collect();
    assert_eq!(left, ["what stays".into()]);
    assert_eq!(restored.standing(leaver).await.unwrap(), None);
    assert!(restored.standing(stays).await.unwrap().is_some());
    assert_eq!(restored.follow_ups().await.unwrap().len(), 1);
    assert_eq!(restored.verify().await.unwrap(), Vec::new());
    restored.close().await;
    for words in ["what goes", &format!("{}@example.org", leaver.0)] {
        assert!(!copy.bytes().windows(words.len()).any(|part| part == words.as_bytes()), "{words}");
    }
}
