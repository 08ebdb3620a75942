//! The store of sessions: a row each in the account tables, under a hash of the cookie's id.
//! The session layer of the router calls it.
//! Whoever reads the database cannot use a session, since the id in the cookie is not stored.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{AccountError, Accounts, PersonId, SessionRow};
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, SessionManagerLayer, SessionStore, cookie::SameSite};
use uuid::Uuid;

use crate::chance;
use crate::config::Config;

/// The session's key for who it belongs to.
pub const PERSON: &str = "person";
/// A session not used for so long ends.
const INACTIVE_DAYS: i64 = 30;

/// The layer that reads and sets the cookie.
pub fn layer(accounts: Arc<dyn Accounts>, config: &Config) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(accounts))
        .with_name(cookie_name(config))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(config.is_secure())
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::days(INACTIVE_DAYS)))
}

/// Under TLS the prefix makes browsers refuse the cookie from anywhere but this host.
pub fn cookie_name(config: &Config) -> &'static str {
    if config.is_secure() { "__Host-stimmwerk" } else { "stimmwerk" }
}

/// The store of sessions.
#[derive(Clone)]
pub struct Sessions(Arc<dyn Accounts>);

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

/// Whoever reads the database cannot use the sessions in it.
fn row_id(id: Id) -> [u8; 16] {
    chance::hash(&id.0.to_string())[..16].try_into().expect("16 of 32 bytes")
}

fn row(record: &Record) -> Result<SessionRow> {
    let person = record.data.get(PERSON).and_then(serde_json::Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    Ok(SessionRow {
        id: row_id(record.id),
        data: serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
        person: person.map(PersonId),
        expires_at: Timestamp(record.expiry_date.unix_timestamp() * 1_000),
    })
}

fn failed(error: impl fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            match self.0.create_session(row(record)?).await {
                Err(AccountError::Exists) => record.id = Id::default(),
                other => return other.map_err(failed),
            }
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save_session(row(record)?).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(row) = self.0.load_session(row_id(*id), chance::now()).await.map_err(failed)? else { return Ok(None) };
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_slice(&row.data).map_err(|error| Error::Decode(error.to_string()))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(row.expires_at.0 / 1_000).map_err(failed)?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete_session(row_id(*id)).await.map_err(failed)
    }
}
