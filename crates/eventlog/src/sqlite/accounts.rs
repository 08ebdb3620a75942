//! The account tables. Changes go through the writer's queue and share its commits.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use stimmwerk_core::domain::FollowUp;
use stimmwerk_core::ids::{ParticipantId, ProcessId};
use stimmwerk_core::people::Role;
use stimmwerk_core::time::Timestamp;
use tokio::sync::oneshot;

use super::read::{Gone, bytes, key, narrow, uuid};
use super::writer::{Work, WriteError};
use super::{SqliteStore, sql};
use crate::accounts::{
    AccountError, Accounts, EraseFollowUp, Participant, Person, PersonId, PersonKind, SecretHash, SessionRow, Standing,
};
use crate::log::ReadError;

/// A change of the account tables.
#[derive(Debug)]
pub(super) enum Change {
    AddPerson(Person),
    JoinAsGuest(Person, Participant),
    AddParticipant(Participant),
    Rename(ParticipantId, Option<String>, Option<String>),
    SetBanned(ParticipantId, bool),
    Grant(PersonId, Option<ProcessId>, Role),
    Revoke(PersonId, Option<ProcessId>, Role),
    RevokeAll(PersonId),
    RevokeLoginLinks(PersonId),
    ErasePerson(PersonId, EraseFollowUp),
    AddToken(SecretHash, PersonId, Option<Timestamp>),
    RevokeTokens(PersonId),
    AddLoginLink(SecretHash, PersonId, Timestamp),
    UseLoginLink(SecretHash, Timestamp),
    SetReturnCode(SecretHash, PersonId),
    CreateSession(SessionRow),
    SaveSession(SessionRow),
    DeleteSession([u8; 16]),
    DeleteSessionsOf(PersonId),
    Sweep(Timestamp),
    InitSetting(String, Vec<u8>),
}

/// What a [`Change`] has to tell.
#[derive(Clone, Debug)]
pub(super) enum Changed {
    Done,
    Person(Option<PersonId>),
    Participant(Participant),
    Gone(Vec<ParticipantId>),
    Value(Vec<u8>),
}

impl Change {
    pub(super) async fn run(&self, connection: &mut SqliteConnection) -> Result<Changed, WriteError> {
        match self {
            Self::AddPerson(person) => add_person(connection, person).await?,
            Self::JoinAsGuest(person, participant) => {
                add_person(connection, person).await?;
                if !add_participant(connection, participant).await? {
                    return Err(WriteError::Exists);
                }
            }
            Self::AddParticipant(participant) => {
                add_participant(connection, participant).await?;
                let query = sqlx::query(sql::PARTICIPANT_OF);
                let found = query.bind(key(&participant.process.0)).bind(key(&participant.person.0));
                // Neither written nor there: the id is somebody else's.
                let row = found.fetch_optional(connection).await?.ok_or(WriteError::Exists)?;
                return Ok(Changed::Participant(as_participant(&row)?));
            }
            Self::Rename(id, name, lang) => {
                sqlx::query(sql::RENAME).bind(key(&id.0)).bind(name).bind(lang).execute(connection).await?;
            }
            Self::SetBanned(id, banned) => {
                sqlx::query(sql::SET_BANNED).bind(key(&id.0)).bind(i64::from(*banned)).execute(connection).await?;
            }
            Self::Grant(person, process, role) | Self::Revoke(person, process, role) => {
                let sql = if matches!(self, Self::Grant(..)) { sql::GRANT } else { sql::REVOKE };
                let query =
                    sqlx::query(sql).bind(key(&person.0)).bind(process.as_ref().map_or(&[][..], |id| key(&id.0)));
                query.bind(role.as_str()).execute(&mut *connection).await?;
                if matches!(self, Self::Revoke(..)) {
                    sqlx::query(sql::ADD_REVOCATION).bind(key(&person.0)).execute(connection).await?;
                }
            }
            Self::RevokeAll(person) => {
                for sql in [
                    sql::REVOKE_ROLES,
                    sql::REVOKE_TOKENS,
                    sql::REVOKE_LOGIN_LINKS,
                    sql::REVOKE_RETURN_CODE,
                    sql::DELETE_SESSIONS_OF,
                    sql::ADD_REVOCATION,
                ] {
                    sqlx::query(sql).bind(key(&person.0)).execute(&mut *connection).await?;
                }
            }
            Self::RevokeLoginLinks(person) => {
                sqlx::query(sql::REVOKE_LOGIN_LINKS).bind(key(&person.0)).execute(connection).await?;
            }
            Self::ErasePerson(person, then) => {
                let found = sqlx::query(sql::PARTICIPANTS_OF).bind(key(&person.0)).fetch_all(&mut *connection).await?;
                let mut gone = Vec::new();
                for row in &found {
                    let participant = as_participant(row)?;
                    gone.push(participant.id);
                    let query = sqlx::query(sql::MUST_JOURNAL_PARTICIPANT).bind(key(&participant.id.0));
                    query.execute(&mut *connection).await?;
                    let FollowUp { id, stream, kind, command } = then(&participant);
                    let query = sqlx::query(sql::ADD_FOLLOW_UP).bind(key(&stream.0)).bind(key(&id.0));
                    query.bind(kind as i64).bind(command.as_str()).execute(&mut *connection).await?;
                }
                sqlx::query(sql::ERASE_PERSON).bind(key(&person.0)).execute(&mut *connection).await?;
                sqlx::query(sql::MUST_REBUILD).execute(connection).await?;
                return Ok(Changed::Gone(gone));
            }
            Self::AddToken(hash, person, expires_at) => {
                let query = sqlx::query(sql::ADD_TOKEN).bind(&hash[..]).bind(key(&person.0));
                new(query.bind(expires_at.map(|at| at.0)).execute(connection).await?.rows_affected())?;
            }
            Self::RevokeTokens(person) => {
                sqlx::query(sql::REVOKE_TOKENS).bind(key(&person.0)).execute(connection).await?;
            }
            Self::AddLoginLink(hash, person, expires_at) => {
                let query = sqlx::query(sql::ADD_LOGIN_LINK).bind(&hash[..]).bind(key(&person.0));
                new(query.bind(expires_at.0).execute(connection).await?.rows_affected())?;
            }
            Self::UseLoginLink(hash, now) => {
                let query = sqlx::query(sql::USE_LOGIN_LINK).bind(&hash[..]).bind(now.0);
                let used = query.fetch_optional(connection).await?;
                return Ok(Changed::Person(used.map(|row| uuid(&row, 0)).transpose()?.map(PersonId)));
            }
            Self::SetReturnCode(hash, person) => {
                sqlx::query(sql::SET_RETURN_CODE).bind(&hash[..]).bind(key(&person.0)).execute(connection).await?;
            }
            Self::CreateSession(row) => {
                new(bind_session(sql::CREATE_SESSION, row).execute(connection).await?.rows_affected())?;
            }
            Self::SaveSession(row) => {
                bind_session(sql::SAVE_SESSION, row).execute(connection).await?;
            }
            Self::DeleteSession(id) => {
                sqlx::query(sql::DELETE_SESSION).bind(&id[..]).execute(connection).await?;
            }
            Self::DeleteSessionsOf(person) => {
                sqlx::query(sql::DELETE_SESSIONS_OF).bind(key(&person.0)).execute(connection).await?;
            }
            Self::Sweep(now) => {
                sqlx::query(sql::SWEEP_SESSIONS).bind(now.0).execute(&mut *connection).await?;
                sqlx::query(sql::SWEEP_LOGIN_LINKS).bind(now.0).execute(connection).await?;
            }
            Self::InitSetting(name, value) => {
                let query = sqlx::query(sql::INIT_SETTING).bind(name).bind(value);
                query.execute(&mut *connection).await?;
                let holds = sqlx::query(sql::SETTING).bind(name).fetch_one(connection).await?;
                return Ok(Changed::Value(holds.try_get(0)?));
            }
        }
        Ok(Changed::Done)
    }
}

/// A row that had to be new was.
fn new(rows: u64) -> Result<(), WriteError> {
    if rows == 0 { Err(WriteError::Exists) } else { Ok(()) }
}

async fn add_person(connection: &mut SqliteConnection, person: &Person) -> Result<(), WriteError> {
    let query = sqlx::query(sql::ADD_PERSON).bind(key(&person.id.0)).bind(person.kind as i64).bind(&person.label);
    new(query.execute(connection).await?.rows_affected())
}

async fn add_participant(connection: &mut SqliteConnection, participant: &Participant) -> Result<bool, sqlx::Error> {
    let Participant { id, process, person, name, lang, notice, banned, guest, joined_at } = participant;
    let query = sqlx::query(sql::ADD_PARTICIPANT).bind(key(&id.0)).bind(key(&process.0)).bind(key(&person.0));
    let query = query.bind(name).bind(lang).bind(i64::from(*notice));
    let query = query.bind(i64::from(*banned)).bind(i64::from(*guest)).bind(joined_at.0);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind_session(sql: &'static str, row: &SessionRow) -> Query {
    let person = row.person.map(|person| person.0.as_bytes().to_vec());
    sqlx::query(sql).bind(row.id.to_vec()).bind(row.data.clone()).bind(person).bind(row.expires_at.0)
}

fn as_participant(row: &SqliteRow) -> Result<Participant, sqlx::Error> {
    Ok(Participant {
        id: ParticipantId(uuid(row, 0)?),
        process: ProcessId(uuid(row, 1)?),
        person: PersonId(uuid(row, 2)?),
        name: row.try_get(3)?,
        lang: row.try_get(4)?,
        notice: narrow(row, 5)?,
        banned: row.try_get::<i64, _>(6)? != 0,
        guest: row.try_get::<i64, _>(7)? != 0,
        joined_at: Timestamp(row.try_get(8)?),
    })
}

fn person_kind(number: i64) -> Result<PersonKind, sqlx::Error> {
    [PersonKind::Guest, PersonKind::Account, PersonKind::Token, PersonKind::Screen]
        .into_iter()
        .find(|kind| *kind as i64 == number)
        .ok_or_else(|| sqlx::Error::Decode("a person of unknown kind".into()))
}

/// The columns of [`sql::STANDING`].
fn add_to_standing(standing: &mut Option<Standing>, row: &SqliteRow) -> Result<(), sqlx::Error> {
    match (row.try_get::<i64, _>(0)?, standing.as_mut()) {
        (1, _) => {
            let id = PersonId(uuid(row, 1)?);
            let person = Person { id, kind: person_kind(row.try_get(2)?)?, label: row.try_get(3)? };
            *standing = Some(Standing { person, roles: Vec::new(), participants: Vec::new() });
        }
        (2, Some(standing)) => {
            let process: &[u8] = row.try_get(9)?;
            let process = if process.is_empty() { None } else { Some(ProcessId(uuid(row, 9)?)) };
            // A role that a newer program gave is none to this one.
            if let Some(role) = Role::parse(row.try_get(3)?) {
                standing.roles.push((process, role));
            }
        }
        (_, Some(standing)) => standing.participants.push(Participant {
            id: ParticipantId(uuid(row, 1)?),
            process: ProcessId(uuid(row, 9)?),
            person: standing.person.id,
            name: row.try_get(3)?,
            lang: row.try_get(4)?,
            notice: narrow(row, 5)?,
            banned: row.try_get::<i64, _>(6)? != 0,
            guest: row.try_get::<i64, _>(7)? != 0,
            joined_at: Timestamp(row.try_get(8)?),
        }),
        (_, None) => {}
    }
    Ok(())
}

impl From<Gone> for AccountError {
    fn from(gone: Gone) -> Self {
        Self::Storage(
            match gone {
                Gone::Before => "the store is closed",
                Gone::Meanwhile => "the writer has ended; the outcome is unknown",
            }
            .to_owned(),
        )
    }
}

impl SqliteStore {
    async fn change(&self, change: Change) -> Result<Changed, AccountError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Work::Change { change, reply }, answer).await
    }
}

#[async_trait]
impl Accounts for SqliteStore {
    async fn add_person(&self, person: Person) -> Result<(), AccountError> {
        self.change(Change::AddPerson(person)).await.map(drop)
    }

    async fn labelled(&self, kind: PersonKind, label: &str) -> Result<Vec<PersonId>, ReadError> {
        let rows = sqlx::query(sql::LABELLED).bind(kind as i64).bind(label).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(PersonId(uuid(row, 0)?))).collect()
    }

    async fn account(&self, address: &str) -> Result<Option<Person>, ReadError> {
        let Some(row) = sqlx::query(sql::ACCOUNT).bind(address).fetch_optional(&self.readers).await? else {
            return Ok(None);
        };
        Ok(Some(Person { id: PersonId(uuid(&row, 0)?), kind: person_kind(row.try_get(1)?)?, label: row.try_get(2)? }))
    }

    async fn standing(&self, person: PersonId) -> Result<Option<Standing>, ReadError> {
        let mut standing = None;
        for row in sqlx::query(sql::STANDING).bind(key(&person.0)).fetch_all(&self.readers).await? {
            add_to_standing(&mut standing, &row)?;
        }
        Ok(standing)
    }

    async fn join_as_guest(&self, person: Person, participant: Participant) -> Result<(), AccountError> {
        self.change(Change::JoinAsGuest(person, participant)).await.map(drop)
    }

    async fn add_participant(&self, participant: Participant) -> Result<Participant, AccountError> {
        match self.change(Change::AddParticipant(participant)).await? {
            Changed::Participant(participant) => Ok(participant),
            other => Err(unfit(&other)),
        }
    }

    async fn participant(&self, id: ParticipantId) -> Result<Option<Participant>, ReadError> {
        let found = sqlx::query(sql::PARTICIPANT).bind(key(&id.0)).fetch_optional(&self.readers).await?;
        Ok(found.as_ref().map(as_participant).transpose()?)
    }

    async fn count_participants(&self, process: ProcessId) -> Result<u64, ReadError> {
        let row = sqlx::query(sql::COUNT_PARTICIPANTS).bind(key(&process.0)).fetch_one(&self.readers).await?;
        Ok(narrow(&row, 0)?)
    }

    async fn rename(&self, id: ParticipantId, name: Option<String>, lang: Option<String>) -> Result<(), AccountError> {
        self.change(Change::Rename(id, name, lang)).await.map(drop)
    }

    async fn set_banned(&self, id: ParticipantId, banned: bool) -> Result<(), AccountError> {
        self.change(Change::SetBanned(id, banned)).await.map(drop)
    }

    async fn grant(&self, person: PersonId, process: Option<ProcessId>, role: Role) -> Result<(), AccountError> {
        self.change(Change::Grant(person, process, role)).await.map(drop)
    }

    async fn revoke(&self, person: PersonId, process: Option<ProcessId>, role: Role) -> Result<(), AccountError> {
        self.change(Change::Revoke(person, process, role)).await.map(drop)
    }

    async fn revoke_all(&self, person: PersonId) -> Result<(), AccountError> {
        self.change(Change::RevokeAll(person)).await.map(drop)
    }

    async fn revocations(&self, after: i64) -> Result<Vec<(i64, PersonId)>, ReadError> {
        let rows = sqlx::query(sql::REVOCATIONS).bind(after).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, PersonId(uuid(row, 1)?)))).collect()
    }

    async fn people_with_roles(&self) -> Result<Vec<PersonId>, ReadError> {
        let rows = sqlx::query(sql::PEOPLE_WITH_ROLES).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(PersonId(uuid(row, 0)?))).collect()
    }

    async fn names_in(&self, process: ProcessId) -> Result<Vec<(ParticipantId, String)>, ReadError> {
        let rows = sqlx::query(sql::NAMES_IN).bind(key(&process.0)).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((ParticipantId(uuid(row, 0)?), row.try_get(1)?))).collect()
    }

    async fn staff_names(&self) -> Result<Vec<String>, ReadError> {
        Ok(sqlx::query_scalar(sql::STAFF_NAMES).fetch_all(&self.readers).await?)
    }

    async fn erase_person(&self, person: PersonId, then: EraseFollowUp) -> Result<(), AccountError> {
        self.change(Change::ErasePerson(person, then)).await.map(drop)
    }

    async fn add_token(
        &self,
        hash: SecretHash,
        person: PersonId,
        expires_at: Option<Timestamp>,
    ) -> Result<(), AccountError> {
        self.change(Change::AddToken(hash, person, expires_at)).await.map(drop)
    }

    async fn token_holder(&self, hash: SecretHash, now: Timestamp) -> Result<Option<PersonId>, ReadError> {
        let query = sqlx::query(sql::TOKEN_HOLDER).bind(&hash[..]).bind(now.0);
        let found = query.fetch_optional(&self.readers).await?;
        Ok(found.map(|row| uuid(&row, 0)).transpose()?.map(PersonId))
    }

    async fn tokens(&self, now: Timestamp) -> Result<Vec<(PersonId, Option<Timestamp>)>, ReadError> {
        let rows = sqlx::query(sql::TOKENS).bind(now.0).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((PersonId(uuid(row, 0)?), row.try_get::<Option<i64>, _>(1)?.map(Timestamp)))).collect()
    }

    async fn revoke_tokens(&self, person: PersonId) -> Result<(), AccountError> {
        self.change(Change::RevokeTokens(person)).await.map(drop)
    }

    async fn add_login_link(
        &self,
        hash: SecretHash,
        person: PersonId,
        expires_at: Timestamp,
    ) -> Result<(), AccountError> {
        self.change(Change::AddLoginLink(hash, person, expires_at)).await.map(drop)
    }

    async fn login_links(&self, now: Timestamp) -> Result<Vec<(PersonId, Timestamp)>, ReadError> {
        let rows = sqlx::query(sql::LOGIN_LINKS).bind(now.0).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((PersonId(uuid(row, 0)?), Timestamp(row.try_get(1)?)))).collect()
    }

    async fn revoke_login_links(&self, person: PersonId) -> Result<(), AccountError> {
        self.change(Change::RevokeLoginLinks(person)).await.map(drop)
    }

    async fn set_return_code(&self, hash: SecretHash, person: PersonId) -> Result<(), AccountError> {
        self.change(Change::SetReturnCode(hash, person)).await.map(drop)
    }

    async fn returning(&self, hash: SecretHash) -> Result<Option<PersonId>, ReadError> {
        let found = sqlx::query(sql::RETURNING).bind(&hash[..]).fetch_optional(&self.readers).await?;
        Ok(found.map(|row| uuid(&row, 0)).transpose()?.map(PersonId))
    }

    async fn use_login_link(&self, hash: SecretHash, now: Timestamp) -> Result<Option<PersonId>, AccountError> {
        match self.change(Change::UseLoginLink(hash, now)).await? {
            Changed::Person(person) => Ok(person),
            other => Err(unfit(&other)),
        }
    }

    async fn create_session(&self, row: SessionRow) -> Result<(), AccountError> {
        self.change(Change::CreateSession(row)).await.map(drop)
    }

    async fn save_session(&self, row: SessionRow) -> Result<(), AccountError> {
        self.change(Change::SaveSession(row)).await.map(drop)
    }

    async fn load_session(&self, id: [u8; 16], now: Timestamp) -> Result<Option<SessionRow>, ReadError> {
        let query = sqlx::query(sql::LOAD_SESSION).bind(&id[..]).bind(now.0);
        let Some(row) = query.fetch_optional(&self.readers).await? else { return Ok(None) };
        let person = row.try_get::<Option<&[u8]>, _>(2)?.map(|_| uuid(&row, 2)).transpose()?.map(PersonId);
        let expires_at = Timestamp(row.try_get(3)?);
        Ok(Some(SessionRow { id: bytes(&row, 0)?, data: row.try_get(1)?, person, expires_at }))
    }

    async fn delete_session(&self, id: [u8; 16]) -> Result<(), AccountError> {
        self.change(Change::DeleteSession(id)).await.map(drop)
    }

    async fn delete_sessions_of(&self, person: PersonId) -> Result<(), AccountError> {
        self.change(Change::DeleteSessionsOf(person)).await.map(drop)
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), AccountError> {
        self.change(Change::Sweep(now)).await.map(drop)
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(sqlx::query_scalar(sql::SETTING).bind(name).fetch_optional(&self.readers).await?)
    }

    async fn init_setting(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>, AccountError> {
        match self.change(Change::InitSetting(name.to_owned(), value)).await? {
            Changed::Value(value) => Ok(value),
            other => Err(unfit(&other)),
        }
    }
}

fn unfit(changed: &Changed) -> AccountError {
    AccountError::Storage(format!("an answer to another question: {changed:?}"))
}
