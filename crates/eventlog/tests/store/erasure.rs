//! What is erased is nowhere in the files.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use stimmwerk_core::ids::{ParticipantId, ProcessId, SaidKey};
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Accounts, Participant, Person, PersonId, PersonKind, SessionRow};
use stimmwerk_eventlog::log::{BoxRow, EventLog};
use stimmwerk_eventlog::sqlite::SqliteStore;
use uuid::Uuid;

use crate::fixture::{Folder, batch, event, farewell, random, side_text, stream};

/// Words that can be found again in raw bytes, whatever part of them is left.
fn words(nth: u32, pieces: usize) -> String {
    format!("<mark-{nth:06}>").repeat(pieces)
}

/// Which words lie in the files, by number.
fn found(folder: &Folder) -> BTreeSet<u32> {
    let bytes = folder.bytes();
    let number = |at: usize| std::str::from_utf8(bytes.get(at + 6..at + 12)?).ok()?.parse().ok();
    let starts = bytes.windows(6).enumerate().filter(|(_, window)| *window == b"<mark-");
    starts.filter_map(|(at, _)| number(at)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_texts_of_all_sizes_when_some_are_erased_over_and_over_then_no_byte_of_them_is_left() {
    let folder = Folder::new();
    let store = folder.open_cleaning_at_once().await;
    let mut random = random();
    let mut kept: Vec<(u32, u128)> = Vec::new();
    let mut erased = BTreeSet::new();
    let mut heads = [0_u64; 4];
    let mut next = 0;
    for round in 0..60 {
        for _ in 0..12 {
            let nth = random(4) as usize;
            let mut new = batch(stream(nth as u128), heads[nth], Vec::new());
            for _ in 0..random(12) {
                // From a word to several pages.
                let pieces = [1, 3, 20, 40, 300, 1500][random(6) as usize] + random(9) as usize;
                let (text, named) = side_text(u128::from(next) << 2 | nth as u128, &words(next, pieces));
                new.events.push(event(named, None));
                new.riders.texts.push(text);
                kept.push((next, u128::from(next) << 2 | nth as u128));
                next += 1;
            }
            heads[nth] = store.append(new).await.unwrap().seq.0;
        }
        for nth in 0..4_usize {
            let mut erase = batch(stream(nth as u128), heads[nth], Vec::new());
            // Now and then nearly everything goes, so that pages run empty and are joined.
            let share = if round % 7 == 6 { 9 } else { 3 };
            kept.retain(|(number, key)| {
                let goes = key & 3 == nth as u128 && random(10) < share;
                if goes {
                    erase.riders.erase.push(SaidKey(Uuid::from_u128(*key)));
                    erased.insert(*number);
                }
                !goes
            });
            store.append(erase).await.unwrap();
        }
        store.cleaned().await;
        let found = found(&folder);
        assert_eq!(found.intersection(&erased).collect::<Vec<_>>(), Vec::<&u32>::new(), "round {round}");
        assert!(kept.iter().all(|(number, _)| found.contains(number)), "round {round}: the search finds what is there");
    }
    assert!(erased.len() > 1000 && kept.len() > 20);
    assert_eq!(store.verify().await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_people_with_names_and_sessions_when_one_is_erased_then_no_byte_of_them_is_left() {
    let folder = Folder::new();
    let store = folder.open_cleaning_at_once().await;
    let mut random = random();
    let mut kept: Vec<u32> = Vec::new();
    let mut erased = BTreeSet::new();
    let process = ProcessId(Uuid::from_u128(1));
    let mut next = 0;
    let id = |nth: u32| Uuid::from_u128(u128::from(nth).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1);
    for round in 0..30 {
        for _ in 0..40 {
            let person = PersonId(id(next));
            let name = |pieces| Some(words(next, pieces));
            store.add_person(Person { id: person, kind: PersonKind::Account, label: name(3) }).await.unwrap();
            let participant = Participant {
                id: ParticipantId(id(next)),
                process,
                person,
                name: name(2),
                lang: None,
                notice: 1,
                banned: false,
                guest: false,
                joined_at: Timestamp(0),
            };
            store.add_participant(participant).await.unwrap();
            let data = words(next, 1 + random(30) as usize).into_bytes();
            let row = SessionRow {
                id: *id(next).as_bytes(),
                data,
                person: Some(person),
                expires_at: Timestamp(i64::from(random(1000))),
            };
            store.create_session(row.clone()).await.unwrap();
            store.rename(ParticipantId(id(next)), name(1 + random(20) as usize), None).await.unwrap();
            store
                .save_session(SessionRow { data: words(next, 1 + random(200) as usize).into_bytes(), ..row })
                .await
                .unwrap();
            kept.push(next);
            next += 1;
        }
        for number in &kept {
            if random(3) == 0 {
                let name = words(*number, 1 + random(40) as usize);
                store.rename(ParticipantId(id(*number)), Some(name), None).await.unwrap();
            }
        }
        let share = if round % 7 == 6 { 6 } else { 2 };
        let (gone, stay): (Vec<_>, Vec<_>) = kept.iter().partition(|_| random(10) < share);
        join_all(gone.iter().map(|number| store.erase_person(PersonId(id(*number)), farewell))).await;
        store.cleaned().await;
        erased.extend(gone);
        kept = stay;
        let found = found(&folder);
        assert_eq!(found.intersection(&erased).collect::<Vec<_>>(), Vec::<&u32>::new(), "round {round}");
        assert!(kept.iter().all(|number| found.contains(number)), "round {round}");
    }
    assert!(erased.len() > 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_two_ballot_boxes_when_one_is_emptied_then_no_byte_of_it_is_left_and_the_other_is_whole() {
    let folder = Folder::new();
    let store = folder.open_cleaning_at_once().await;
    let mut boxes = [Vec::new(), Vec::new()];
    for nth in 0..1000_u32 {
        let of = nth as usize % 2;
        let mut put = batch(stream(of as u128), 0, Vec::new());
        let key = u128::from(nth).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
        put.riders.box_put.push(BoxRow { key, choice: words(nth, 1 + nth as usize % 9).into_bytes() });
        boxes[of].extend(put.riders.box_put.clone());
        store.append(put).await.unwrap();
    }
    boxes[0].sort_by(|a, b| (&a.choice, &a.key).cmp(&(&b.choice, &b.key)));
    assert_eq!(found(&folder).len(), 1000);

    let mut empty = batch(stream(1), 0, Vec::new());
    empty.riders.box_empty = true;
    store.append(empty).await.unwrap();
    store.cleaned().await;

    assert_eq!(store.box_rows(stream(1)).await.unwrap(), Vec::new());
    assert_eq!(store.box_rows(stream(0)).await.unwrap(), boxes[0]);
    assert_eq!(found(&folder), (0..1000).filter(|nth| nth % 2 == 0).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_reader_of_older_pages_when_a_text_is_erased_then_it_is_answered_and_cleaned_once_the_reader_ends() {
    let folder = Folder::new();
    let store = folder.open_cleaning_at_once().await;
    let (text, named) = side_text(1, &words(1, 5));
    let mut new = batch(stream(1), 0, vec![event(named, None)]);
    new.riders.texts.push(text);
    store.append(new).await.unwrap();
    let mut reader = folder.raw().await;
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query("SELECT * FROM side_text").fetch_all(&mut reader).await.unwrap();

    let mut erase = batch(stream(1), 1, Vec::new());
    erase.riders.erase.push(SaidKey(Uuid::from_u128(1)));
    store.append(erase).await.unwrap();
    store.cleaned().await;

    assert_eq!(store.texts(stream(1)).await.unwrap(), Vec::new());
    assert!(found(&folder).contains(&1), "the reader still holds the old page");
    store.append(batch(stream(2), 0, vec![event("{}", None)])).await.unwrap();
    sqlx::query("ROLLBACK").execute(&mut reader).await.unwrap();
    while found(&folder).contains(&1) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_many_who_erase_at_once_then_the_files_are_cleaned_for_all_of_them_together_and_nobody_else_waits() {
    let apart = Duration::from_millis(1_500);
    let folder = Folder::new();
    let store = SqliteStore::open_cleaning_every(&folder.path(), apart).await.unwrap();
    let mut keys = Vec::new();
    for nth in 0..40_u32 {
        let (text, named) = side_text(u128::from(nth), &words(nth, 30));
        let mut new = batch(stream(u128::from(nth)), 0, vec![event(named, None)]);
        keys.push(text.key);
        new.riders.texts.push(text);
        store.append(new).await.unwrap();
    }
    let start = Instant::now();
    let erasers = keys.iter().zip(0..).map(|(key, nth)| {
        let (store, key, folder) = (store.clone(), *key, &folder);
        async move {
            // Over two seconds: within three times of cleaning.
            tokio::time::sleep(Duration::from_millis(50) * nth).await;
            let mut erase = batch(stream(u128::from(nth)), 1, Vec::new());
            erase.riders.erase.push(key);
            let asked = Instant::now();
            store.append(erase).await.unwrap();
            let written = asked.elapsed();
            store.cleaned().await;
            assert!(!found(folder).contains(&nth), "{nth} is gone when its eraser is answered");
            (written, asked.elapsed())
        }
    });
    let others = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut waited = Vec::new();
            for seq in 0..150 {
                let asked = Instant::now();
                store.append(batch(stream(9_999), seq, vec![event("{}", None)])).await.unwrap();
                waited.push(asked.elapsed());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            waited
        })
    };
    let waited = join_all(erasers).await;
    let others = others.await.unwrap();
    assert!(waited.iter().any(|(_, all)| *all > apart / 3), "some wait for the next time: {waited:?}");
    // A disk that stops for a moment holds up whoever is writing then; writers that wait for the cleaning would all wait.
    let writes: Vec<Duration> = waited.iter().map(|(written, _)| *written).collect();
    for writes in [writes, others] {
        let held_up = writes.iter().filter(|written| **written > apart / 2).count();
        assert!(held_up <= writes.len() / 4, "{held_up} of {writes:?}");
    }
    let most = start.elapsed().as_millis() / apart.as_millis() + 1;
    assert!(u128::from(store.cleanings()) <= most, "{} times in {:?}", store.cleanings(), start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_people_who_leave_while_tables_are_rebuilt_then_all_of_them_are_gone_when_they_are_answered() {
    let folder = Folder::new();
    let store = SqliteStore::open_cleaning_every(&folder.path(), Duration::from_millis(50)).await.unwrap();
    let id = |nth: u32| Uuid::from_u128(u128::from(nth).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1);
    for nth in 0..300 {
        let label = Some(words(nth, 6));
        store.add_person(Person { id: PersonId(id(nth)), kind: PersonKind::Account, label }).await.unwrap();
    }
    let leave = (0..60).map(|nth| {
        let (store, folder) = (store.clone(), &folder);
        async move {
            tokio::time::sleep(Duration::from_millis(7) * nth).await;
            store.erase_person(PersonId(id(nth * 3)), farewell).await.unwrap();
            store.cleaned().await;
            assert!(!found(folder).contains(&(nth * 3)), "{nth}");
        }
    });
    join_all(leave).await;
    assert!(store.cleanings() > 1);
    // A crash in the middle of it is made good: nothing is left to be rebuilt.
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM setting WHERE name = 'rebuild'")
        .fetch_one(&mut folder.raw().await)
        .await
        .unwrap();
    assert_eq!(left, 0);
    assert_eq!(found(&folder).len(), 240);
}
