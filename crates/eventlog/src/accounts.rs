//! People, their credentials and roles: ordinary tables beside the log. Nothing of them is ever in an event, save the
//! participant id.

use async_trait::async_trait;
use stimmwerk_core::domain::FollowUp;
use stimmwerk_core::ids::{ParticipantId, ProcessId};
use stimmwerk_core::people::{Rank, Role, Roles};
use stimmwerk_core::time::Timestamp;
use uuid::Uuid;

use crate::log::ReadError;

/// A person as the account tables know them: a guest, an account, or the holder of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub Uuid);

/// SHA-256 of a secret. The secret itself is never stored.
pub type SecretHash = [u8; 32];

/// What kind of person a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonKind {
    /// Joined with a code; has a session only.
    Guest = 1,
    /// Known by e-mail address.
    Account = 2,
    /// A program with a token.
    Token = 3,
    /// A projector with a link: reads one forum, and writes nowhere.
    Screen = 4,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The row.
    pub id: PersonId,
    pub kind: PersonKind,
    /// Account: the address, lower case. Token: its label. Screen: the id of its forum. Guest: none.
    pub label: Option<String>,
}

/// A person within a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The id events know.
    pub id: ParticipantId,
    pub process: ProcessId,
    pub person: PersonId,
    /// The chosen name.
    pub name: Option<String>,
    /// Preferred language.
    pub lang: Option<String>,
    /// The version of the joining notice they saw.
    pub notice: u32,
    /// Shut out by a moderator.
    pub banned: bool,
    /// Joined with a code, without an account.
    pub guest: bool,
    pub joined_at: Timestamp,
}

/// What is known at once of who stands behind a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub person: Person,
    /// Roles by process; `None` is the whole network.
    pub roles: Vec<(Option<ProcessId>, Role)>,
    /// Where they take part.
    pub participants: Vec<Participant>,
}

impl Standing {
    /// Their roles in a process, with those for the whole network. None where they were shut out: a ban takes the desk
    /// as well.
    pub fn roles_in(&self, process: ProcessId) -> Roles {
        let banned = self.in_process(process).is_some_and(|participant| participant.banned);
        if banned { Roles::NONE } else { self.granted_in(process) }
    }

    /// How much say they have over people in a process: where it is the same, whoever has it in the whole network has
    /// more. It stays with somebody who was shut out, so that only those who may shut them out let them in again.
    pub fn rank_in(&self, process: ProcessId) -> (Rank, Rank) {
        (self.granted_in(process).rank(), self.network_roles().rank())
    }

    fn granted_in(&self, process: ProcessId) -> Roles {
        self.roles.iter().filter(|(of, _)| of.is_none_or(|of| of == process)).map(|(_, role)| *role).collect()
    }

    /// Their roles for the whole network.
    pub fn network_roles(&self) -> Roles {
        self.roles.iter().filter(|(of, _)| of.is_none()).map(|(_, role)| *role).collect()
    }

    /// Who they are in a process.
    pub fn in_process(&self, process: ProcessId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.process == process)
    }
}

/// A web session as the session layer keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The session's id (hashed by the caller if it should be).
    pub id: [u8; 16],
    pub data: Vec<u8>,
    /// Whose it is, once somebody joined or logged in, so that all sessions of a person can be ended.
    pub person: Option<PersonId>,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// A change of the account tables failed; nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The disk is full.
    #[error("the storage is full")]
    StorageFull,
    /// An id, address or hash exists already.
    #[error("exists already")]
    Exists,
    /// There is no such person, or not any more.
    #[error("there is no such person")]
    NoPerson,
    /// The storage failed.
    #[error("storage: {0}")]
    Storage(String),
}

impl From<ReadError> for AccountError {
    fn from(error: ReadError) -> Self {
        Self::Storage(error.0)
    }
}

/// The command by which a participant's words are deleted.
pub type EraseFollowUp = fn(&Participant) -> FollowUp;

/// The account tables.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Adds a person.
    async fn add_person(&self, person: Person) -> Result<(), AccountError>;
    /// Every person of a kind with this label, oldest first.
    async fn labelled(&self, kind: PersonKind, label: &str) -> Result<Vec<PersonId>, ReadError>;
    /// The account with this address.
    async fn account(&self, address: &str) -> Result<Option<Person>, ReadError>;
    /// Everything about a person that a request needs, in one read.
    async fn standing(&self, person: PersonId) -> Result<Option<Standing>, ReadError>;
    /// Adds a person and their participant in one transaction: how a guest joins.
    async fn join_as_guest(&self, person: Person, participant: Participant) -> Result<(), AccountError>;
    /// Adds a person to a process; one who is in it already stays as they are. Returns the one that holds.
    async fn add_participant(&self, participant: Participant) -> Result<Participant, AccountError>;
    /// The participant with this id.
    async fn participant(&self, id: ParticipantId) -> Result<Option<Participant>, ReadError>;
    /// How many participants a process has.
    async fn count_participants(&self, process: ProcessId) -> Result<u64, ReadError>;
    /// Changes the chosen name and language.
    async fn rename(&self, id: ParticipantId, name: Option<String>, lang: Option<String>) -> Result<(), AccountError>;
    /// Shuts someone out, or lets them in again.
    async fn set_banned(&self, id: ParticipantId, banned: bool) -> Result<(), AccountError>;
    /// Gives a role.
    async fn grant(&self, person: PersonId, process: Option<ProcessId>, role: Role) -> Result<(), AccountError>;
    /// Takes a role, and says so to the server: see [`Accounts::revocations`].
    async fn revoke(&self, person: PersonId, process: Option<ProcessId>, role: Role) -> Result<(), AccountError>;
    /// Takes everything from a person by which they come in or act: roles, tokens, login links, return code and sessions.
    /// What they wrote stays, and so do the person and their participants. Says so to the server as well.
    async fn revoke_all(&self, person: PersonId) -> Result<(), AccountError>;
    /// From whom something was taken: what comes after the number `after`, ascending. The server that runs beside
    /// another program which takes it looks here, since it asks for the rights behind an open socket only once.
    async fn revocations(&self, after: i64) -> Result<Vec<(i64, PersonId)>, ReadError>;
    /// Everyone who has a role, oldest first.
    async fn people_with_roles(&self) -> Result<Vec<PersonId>, ReadError>;
    /// The names in a process: of participants who chose one.
    async fn names_in(&self, process: ProcessId) -> Result<Vec<(ParticipantId, String)>, ReadError>;
    /// Names of staff, against look-alikes.
    async fn staff_names(&self) -> Result<Vec<String>, ReadError>;
    /// Deletes a person with all participants, sessions, tokens, roles and links, and in the same transaction writes a
    /// follow-up for each participant: whatever happens next, the words of all of them will be deleted too. Afterwards
    /// nobody can be added to this person. The freed pages are cleaned: see [`crate::log::EventLog::cleaned`].
    async fn erase_person(&self, person: PersonId, then: EraseFollowUp) -> Result<(), AccountError>;

    /// Adds a bearer token of a person.
    async fn add_token(
        &self,
        hash: SecretHash,
        person: PersonId,
        expires_at: Option<Timestamp>,
    ) -> Result<(), AccountError>;
    /// Who holds a token that is valid at `now`.
    async fn token_holder(&self, hash: SecretHash, now: Timestamp) -> Result<Option<PersonId>, ReadError>;
    /// The holders of tokens that are valid at `now`, oldest first, and until when they are; those of guests are left out.
    async fn tokens(&self, now: Timestamp) -> Result<Vec<(PersonId, Option<Timestamp>)>, ReadError>;
    /// Revokes all tokens of a person.
    async fn revoke_tokens(&self, person: PersonId) -> Result<(), AccountError>;

    /// Adds a one-time login link.
    async fn add_login_link(
        &self,
        hash: SecretHash,
        person: PersonId,
        expires_at: Timestamp,
    ) -> Result<(), AccountError>;
    /// For whom there are login links that are valid at `now`, soonest to end first, and until when they are.
    async fn login_links(&self, now: Timestamp) -> Result<Vec<(PersonId, Timestamp)>, ReadError>;
    /// Deletes all login links of a person.
    async fn revoke_login_links(&self, person: PersonId) -> Result<(), AccountError>;
    /// Uses a login link up: exactly one caller gets its person.
    async fn use_login_link(&self, hash: SecretHash, now: Timestamp) -> Result<Option<PersonId>, AccountError>;

    /// Gives a person a return code in place of an earlier one.
    async fn set_return_code(&self, hash: SecretHash, person: PersonId) -> Result<(), AccountError>;
    /// Whose return code this is.
    async fn returning(&self, hash: SecretHash) -> Result<Option<PersonId>, ReadError>;

    /// Adds a session under a fresh id; [`AccountError::Exists`] if the id is taken.
    async fn create_session(&self, row: SessionRow) -> Result<(), AccountError>;
    /// Writes a session.
    async fn save_session(&self, row: SessionRow) -> Result<(), AccountError>;
    /// Reads a session that is valid at `now`.
    async fn load_session(&self, id: [u8; 16], now: Timestamp) -> Result<Option<SessionRow>, ReadError>;
    /// Ends a session.
    async fn delete_session(&self, id: [u8; 16]) -> Result<(), AccountError>;
    /// Ends all sessions of a person.
    async fn delete_sessions_of(&self, person: PersonId) -> Result<(), AccountError>;
    /// Deletes what has expired: sessions and login links.
    async fn sweep(&self, now: Timestamp) -> Result<(), AccountError>;

    /// A value of the installation (secrets made at first start, the journal's state …).
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError>;
    /// Writes a value of the installation, unless it is there. Returns the one that holds.
    async fn init_setting(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>, AccountError>;
}
