//! How many events a second the log takes, beside plain one-row commits of the same SQLite in the same run.
//!
//! `cargo run --release -p stimmwerk-eventlog --example append_rate [-- FOLDER]`: FOLDER is where the databases go (a
//! temporary folder of the system unless given); what its disk takes for an fsync is part of the figures.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use stimmwerk_core::domain::StreamKind;
use stimmwerk_core::ids::{CommandId, ParticipantId, SaidKey, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::SideText;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::log::{Batch, CommandKey, EventLog, NewEvent, Riders};
use stimmwerk_eventlog::sqlite::SqliteStore;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = match std::env::args().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::temp_dir(),
    }
    .join(format!("append_rate_{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = run(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn run(folder: &Path) -> Outcome<()> {
    println!("bodies of 400 bytes, each with a text of 300 bytes; synchronous=FULL");
    let rate = one_row_commits(&folder.join("plain.sqlite3")).await?;
    println!("{:>34} {rate:>9.0} events/s", "plain SQLite, one row a commit");
    for (streams, batch, batches) in [(1, 1000, 200), (1, 100, 1000), (1, 1, 2000), (100, 10, 50), (500, 1, 40)] {
        let path = folder.join(format!("log_{streams}_{batch}.sqlite3"));
        let (rate, commits, _) = append(&path, streams, batch, batches).await?;
        let what = format!("{streams} streams, batches of {batch}");
        println!("{what:>34} {rate:>9.0} events/s, {commits} commits for {} batches", streams * batches);
    }
    let path = folder.join("million.sqlite3");
    let (rate, _, head) = append(&path, 1, 1000, 1000).await?;
    println!("{:>34} {rate:>9.0} events/s", "a million, batches of 1000");
    let started = Instant::now();
    let store = SqliteStore::open(&path).await?;
    let (opened, stream) = (started.elapsed(), StreamId(Uuid::from_u128(1)));
    let (end, last) = (store.head(stream).await?, store.read(stream, Seq(head.0 - 100), 100).await?);
    println!(
        "{:>34} {opened:?}; the last {} of {} events {:?}",
        "opened in",
        last.len(),
        end.seq,
        started.elapsed().saturating_sub(opened)
    );
    let started = Instant::now();
    println!("{:>34} {} findings in {:?}", "verified", store.verify().await?.len(), started.elapsed());
    store.close().await;
    Ok(())
}

/// What a program does that writes each event by itself.
async fn one_row_commits(path: &Path) -> Outcome<f64> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).disable_statement_logging();
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    sqlx::query("CREATE TABLE event (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, text TEXT NOT NULL)")
        .execute(&mut connection)
        .await?;
    let (body, text) = (vec![b'x'; 400], "y".repeat(300));
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < Duration::from_secs(3) {
        sqlx::query("INSERT INTO event (body, text) VALUES ($1, $2)")
            .bind(body.as_slice())
            .bind(text.as_str())
            .execute(&mut connection)
            .await?;
        count += 1;
    }
    let rate = f64::from(count) / started.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rate)
}

/// Every stream appends its batches one after the other, all streams at once, as rooms do.
async fn append(path: &Path, streams: u64, size: u64, batches: u64) -> Outcome<(f64, u64, Seq)> {
    let store = SqliteStore::open(path).await?;
    let started = Instant::now();
    let mut rooms = tokio::task::JoinSet::new();
    for stream in 0..streams {
        let store = store.clone();
        rooms.spawn(room(store, stream, size, batches));
    }
    while let Some(room) = rooms.join_next().await {
        room??;
    }
    let rate = (streams * size * batches) as f64 / started.elapsed().as_secs_f64();
    let (commits, head) = (store.commits(), store.head(StreamId(Uuid::from_u128(1))).await?.seq);
    store.close().await;
    Ok((rate, commits, head))
}

async fn room(store: Arc<SqliteStore>, stream: u64, size: u64, batches: u64) -> Result<(), String> {
    let mut expected = Seq(0);
    for nth in 0..batches {
        let batch = batch(stream, expected, nth, size);
        expected = store.append(batch).await.map_err(|error| error.to_string())?.seq;
    }
    Ok(())
}

fn batch(stream: u64, expected: Seq, nth: u64, size: u64) -> Batch {
    let text: Arc<str> = "y".repeat(300).into();
    let mut events = Vec::new();
    let mut texts = Vec::new();
    for event in 0..size {
        let number = u128::from(nth * size + event);
        // As random as the keys are that core derives.
        let key = Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let mut body = format!(r#"{{"text":{{"key":"{key}","commitment":"{number:064x}"}},"more":""#).into_bytes();
        body.resize(398, b'x');
        body.extend(b"\"}");
        events.push(NewEvent {
            at: Some(Timestamp(1_700_000_000_000)),
            actor: Some(ParticipantId(Uuid::from_u128(number % 500))),
            command: Some(CommandKey { id: CommandId(Uuid::from_u128(number << 40 | 7)), digest: [1; 16] }),
            kind: "contribution_posted",
            version: 1,
            body,
        });
        texts.push(SideText { key: SaidKey(key), salt: [2; 16], text: text.clone() });
    }
    let riders = Riders { texts, summary: Some(vec![b's'; 300]), ..Riders::default() };
    Batch {
        stream: StreamId(Uuid::from_u128(u128::from(stream) + 1)),
        kind: StreamKind::Forum,
        expected,
        events,
        riders,
    }
}
