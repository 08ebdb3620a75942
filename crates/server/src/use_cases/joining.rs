//! Coming in: joining a process by its code, and coming back with a return code.
//! REST calls this; the session or token that follows is given by whoever calls.
//! Guesses are limited here, before a code is looked up, so that the limit holds for every caller.

use serde_json::json;
use stimmwerk_core::ids::{ParticipantId, ProcessId};
use stimmwerk_core::network::{Joining, is_spoken};
use stimmwerk_core::people::NOTICE_VERSION;
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_core::said::SaidTexts;
use stimmwerk_core::text::lang_tag;
use stimmwerk_eventlog::accounts::{Participant, Person, PersonId, PersonKind};

use super::admission::Admission;
use crate::address::Address;
use crate::app::App;
use crate::chance;
use crate::problem::{Answer, Fault};

/// The words return codes are made of: short, without umlauts, known to beginners, and none that can hurt. A code is kept
/// as a hash of its words, so codes with words that are no longer here still count, and those with four words too.
const RETURN_WORDS: &str = include_str!("../return_words.txt");

/// How many words a new return code has: 46 bits.
const RETURN_LENGTH: usize = 5;

/// What somebody joins with.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// The code of the process, spoken or from a link.
    pub code: String,
    /// The name they choose.
    pub name: Option<String>,
    /// Their language.
    pub lang: Option<String>,
    /// The version of the joining notice that they saw.
    pub notice: Option<u32>,
    /// The language of the interface, in which they are shown the notice.
    pub interface: &'static str,
}

/// Somebody is in.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Who they are in the process.
    pub participant: ParticipantId,
    /// The process.
    pub process: ProcessId,
    /// How they enter: what only somebody new gets.
    pub entry: Entry,
}

/// What somebody who joined gets to be known by.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Nothing new: they were known before.
    Known,
    /// A session for this person, and a return code. Nothing keeps the code.
    Session(PersonId, String),
    /// A token, for a guest whom a program let in. Nothing keeps it.
    Token(String),
}

impl App {
    /// Lets a guest into a process. Whoever is in already stays who they are. With a token of staff nothing is bounded,
    /// and the guest gets a token.
    ///
    /// # Errors
    /// There is no such code, nobody new may join, the notice has to be seen first, or the name cannot be taken.
    pub async fn join(&self, admission: &Admission, asked: JoinRequest) -> Answer<Joined> {
        let JoinRequest { code, name, lang, notice, interface } = asked;
        let who = &admission.who;
        let kind = who.standing.as_ref().map(|standing| standing.person.kind);
        let by_token = kind == Some(PersonKind::Token);
        // Codes of links are too long to be guessed. They are not counted, so links work however many others guess.
        let guessable = is_spoken(&code) && !by_token;
        if guessable {
            self.limits.guesses.admit(admission.address).await.map_err(Fault::too_many_requests)?;
        }
        let directory = self.directory();
        let Some(process) = directory.by_code(&code) else {
            if guessable {
                self.limits.guesses.wrong(admission.address);
            }
            return Err(Fault::of(Code::CodeUnknown));
        };
        let by_staff = by_token && who.roles_in(process.id).moderates();
        let joined = |participant, entry| Joined { participant, process: process.id, entry };
        // They joined before, or the request was sent twice.
        if !by_staff && let Some(participant) = who.in_process(process.id) {
            if participant.banned {
                return Err(Rejection::Banned.into());
            }
            return Ok(joined(participant.id, Entry::Known));
        }
        if process.joining == Joining::Closed && !by_staff {
            return Err(Fault::of(Code::JoiningClosed));
        }
        if notice != Some(NOTICE_VERSION) && !by_staff {
            let network = directory.title().map(SaidTexts::shown);
            let notice =
                json!({ "version": NOTICE_VERSION, "text": stimmwerk_ui::notice_text(interface, network.as_ref()) });
            return Err(Fault::of(Code::Notice).with("notice", notice));
        }
        // A program brings in people under the names they have elsewhere, so these are not numbered.
        let naming = self.naming.lock().await;
        let name = if by_staff {
            self.clean_name(name.as_deref(), None).await?
        } else {
            self.name_in(process.id, name.as_deref(), None).await?
        };
        let known_by_account = !by_staff && kind == Some(PersonKind::Account);
        let participant = |person| Participant {
            id: ParticipantId(chance::id()),
            process: process.id,
            person,
            name: name.clone(),
            lang: lang.as_deref().and_then(lang_tag),
            notice: NOTICE_VERSION,
            banned: false,
            guest: !known_by_account,
            joined_at: chance::now(),
        };
        // Somebody who is known by an account or from another process stays the same person.
        if let (Some(person), false) = (who.person(), by_staff) {
            let participant = self.accounts.add_participant(participant(person)).await?;
            drop(naming);
            self.rights_changed(person);
            return Ok(joined(participant.id, Entry::Known));
        }
        let person = PersonId(chance::id());
        let participant = participant(person);
        let id = participant.id;
        self.accounts.join_as_guest(Person { id: person, kind: PersonKind::Guest, label: None }, participant).await?;
        drop(naming);
        if by_staff {
            let (token, hash) = chance::secret();
            self.accounts.add_token(hash, person, None).await?;
            return Ok(joined(id, Entry::Token(token)));
        }
        let code = self.give_return_code(person).await?;
        Ok(joined(id, Entry::Session(person, code)))
    }

    /// Gives a person a new return code; an earlier one no longer counts.
    ///
    /// # Errors
    /// The account tables cannot be written.
    pub async fn give_return_code(&self, person: PersonId) -> Answer<String> {
        let words: Vec<&str> = RETURN_WORDS.lines().collect();
        let word = || {
            // The remainder favours some words by less than a billionth.
            let random = u64::from_le_bytes(chance::bytes());
            words[(random % words.len() as u64) as usize]
        };
        let code = [(); RETURN_LENGTH].map(|()| word()).join("-");
        self.accounts.set_return_code(chance::hash(&code), person).await?;
        Ok(code)
    }

    /// The person who comes back with a return code.
    ///
    /// # Errors
    /// Nobody has this code, or there are too many guesses from this address.
    pub async fn come_back(&self, address: Address, code: &str) -> Answer<PersonId> {
        self.limits.guesses.admit(address).await.map_err(Fault::too_many_requests)?;
        let code = stimmwerk_core::code::words(code).join("-");
        let found = self.accounts.returning(chance::hash(&code)).await?;
        found.ok_or_else(|| {
            self.limits.guesses.wrong(address);
            tracing::warn!("coming back was refused: no such words");
            Fault::of(Code::ReturnUnknown)
        })
    }
}
