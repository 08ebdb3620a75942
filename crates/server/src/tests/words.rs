//! What the log keeps to know a repetition by outlives no word.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stimmwerk_client::command_id;
use stimmwerk_core::forum::{Forum, ForumCommand, Waiting};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::people::Actor;
use stimmwerk_core::rejection::Rejection;
use stimmwerk_eventlog::log::{CommandKey, EventLog};
use stimmwerk_eventlog::sqlite::SqliteStore;
use tempfile::TempDir;
use uuid::Uuid;

use super::rooms::services;
use super::world::german;
use crate::room::{Done, Refusal, Room, digest};

const STREAM: StreamId = StreamId(Uuid::from_u128(4));

/// A database with a forum. Each command is asked of a room that was just opened, and so knows nothing by itself.
struct Desk {
    folder: TempDir,
    store: Arc<SqliteStore>,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(&folder.path().join("store.db")).await.expect("a database");
        let desk = Self { folder, store };
        let (forum, process) = (ForumId(Uuid::from_u128(1)), ProcessId(Uuid::from_u128(2)));
        let found = ForumCommand::Found { forum, process, title: german("Gespräch"), waiting: Waiting::None };
        desk.ask(found, command_id(), &Actor::system()).await.expect("founded");
        desk
    }

    async fn ask(&self, command: ForumCommand, id: CommandId, actor: &Actor) -> Result<Done, Refusal> {
        let room = Room::<Forum>::open(STREAM, services(self.store.clone())).await.expect("opened");
        room.issue(command, id, actor.clone(), who(actor)).await
    }

    /// Does any of these stand in any file, as bytes or in hexadecimal digits?
    fn holds(&self, guesses: &[Vec<u8>]) -> bool {
        let hex = |guess: &Vec<u8>| -> Vec<u8> {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            guess.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
        };
        let needles: Vec<Vec<u8>> = guesses.iter().flat_map(|guess| [guess.clone(), hex(guess)]).collect();
        let files = std::fs::read_dir(self.folder.path()).expect("a folder");
        files.flatten().any(|file| {
            let bytes = std::fs::read(file.path()).expect("readable");
            needles.iter().any(|needle| bytes.windows(needle.len()).any(|part| part == needle.as_slice()))
        })
    }
}

fn who(actor: &Actor) -> Uuid {
    actor.participant.map_or(Uuid::nil(), |participant| participant.0)
}

fn someone(number: u128) -> Actor {
    Actor { participant: Some(ParticipantId(Uuid::from_u128(number))), ..Actor::default() }
}

fn say(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None, hall: None }
}

/// All that somebody can compute who guesses right what was said, and by whom, under which id.
fn right_guess(command: &ForumCommand, text: &str, id: CommandId, actor: &Actor) -> Vec<Vec<u8>> {
    let key = CommandKey { id, digest: digest(who(actor), command) };
    let mut guesses = vec![key.digest.to_vec(), Sha256::digest(text).to_vec()];
    // Salts are overwritten with zeros.
    guesses.push(key.keyed([&[0; 16]]).digest.to_vec());
    guesses.push(key.keyed([&[0; 16], &[0; 16]]).digest.to_vec());
    guesses.push(Sha256::new_with_prefix([0; 16]).chain_update(text).finalize().to_vec());
    guesses.push(digest(Uuid::nil(), command).to_vec());
    guesses
}

#[tokio::test(flavor = "multi_thread")]
async fn given_words_that_were_erased_then_no_guess_is_confirmed_and_repetitions_are_answered_as_before() {
    let desk = Desk::new().await;
    let (ada, ben, admin) = (someone(7), someone(8), Actor::system());
    let (id, text) = (command_id(), "Ich habe Angst vor meinem Vermieter.");
    let done = desk.ask(say(text), id, &ada).await.expect("taken");
    let recorded = desk.store.find_command(STREAM, id).await.expect("readable").expect("there");
    let salts = recorded.salts.expect("they are there");
    let guess = |salts: &[[u8; 16]]| CommandKey { id, digest: digest(who(&ada), &say(text)) }.keyed(salts).digest;
    assert!(desk.holds(&[guess(&salts).to_vec()]), "looking into files finds digests");
    assert!(!desk.holds(&right_guess(&say(text), text, id, &ada)), "without the salt no guess is confirmed");

    // While the words are there, they are compared.
    let reused = Err(Refusal::Rejected(Rejection::IdReused));
    assert_eq!(desk.ask(say(text), id, &ada).await, Ok(Done { repeated: true, ..done }));
    assert_eq!(desk.ask(say("Etwas anderes"), id, &ada).await, reused);
    assert_eq!(desk.ask(say(text), id, &ben).await, reused);

    let contribution = ContributionId(done.object.expect("it has an id"));
    desk.ask(ForumCommand::Erase { contribution }, command_id(), &admin).await.expect("erased");
    desk.store.cleaned().await;
    assert_eq!(desk.store.find_command(STREAM, id).await.expect("readable").expect("there").salts, None);
    assert!(!desk.holds(&right_guess(&say(text), text, id, &ada)));
    assert!(desk.holds(&[guess(&salts).to_vec()]), "the digest is in the chain, and says nothing any more");
    assert!(!desk.holds(&salts.iter().map(|salt| salt.to_vec()).collect::<Vec<_>>()), "the salt is gone");
    assert!(!desk.holds(&[text.as_bytes().to_vec()]));

    // Afterwards whoever sends the id again is taken to repeat it, and nobody else.
    assert_eq!(desk.ask(say(text), id, &ada).await, Ok(Done { repeated: true, ..done }));
    assert_eq!(desk.ask(say("Etwas anderes"), id, &ada).await, Ok(Done { repeated: true, ..done }));
    assert_eq!(desk.ask(say(text), id, &ben).await, reused);
    // Also when they were erased altogether.
    let erase = ForumCommand::ErasePerson { participant: ada.participant.expect("somebody") };
    desk.ask(erase, command_id(), &admin).await.expect("erased");
    assert_eq!(desk.ask(say(text), id, &ada).await, Ok(Done { repeated: true, ..done }));
    let new = desk.ask(say(text), command_id(), &ada).await;
    assert_eq!(new, Err(Refusal::Rejected(Rejection::NotJoined)));
    assert_eq!(desk.store.verify().await.expect("readable"), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_digest_of_an_older_program_then_repetitions_are_known_by_it() {
    let desk = Desk::new().await;
    let (ada, id) = (someone(7), command_id());
    let done = desk.ask(say("Guten Tag"), id, &ada).await.expect("taken");
    let before = desk.store.head(STREAM).await.expect("readable").seq;
    // The same event once more under another id, as older programs wrote it.
    let event = desk.store.read(STREAM, Seq(done.seq.0 - 1), 1).await.expect("readable").remove(0);
    let old = CommandKey { id: command_id(), digest: digest(who(&ada), &say("Guten Tag")) };
    let new = stimmwerk_eventlog::log::NewEvent {
        at: event.at,
        actor: event.actor,
        command: Some(old),
        kind: "forum.hall_counted",
        version: 1,
        body: b"{\"people\":3}".to_vec(),
    };
    let kind = stimmwerk_core::domain::StreamKind::Forum;
    let riders = stimmwerk_eventlog::log::Riders::default();
    let batch = stimmwerk_eventlog::log::Batch { stream: STREAM, kind, expected: before, events: vec![new], riders };
    desk.store.append(batch).await.expect("written");
    let recorded = desk.store.find_command(STREAM, old.id).await.expect("readable").expect("there");
    assert!(recorded.is(old, ada.participant));
    assert!(!recorded.is(CommandKey { digest: [0; 16], ..old }, ada.participant));
}
