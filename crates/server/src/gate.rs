//! The gate that every request passes: who sends it, which object it means, and whether the access table lets it in.
//! Every handler of REST, pages and the live connection takes a [`Gate`].
//! It changes nothing, save that staff become participants of a process where they begin to work.

use std::collections::HashMap;
use std::ops::Deref;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use axum::http::request::Parts;
use stimmwerk_core::domain::StreamKind;
use stimmwerk_core::ids::{CommandId, ProcessId, StreamId};
use stimmwerk_eventlog::accounts::PersonId;
use tower_sessions::Session;
use uuid::Uuid;

use crate::access::{self, Needs};
use crate::address::Address;
use crate::app::AppState;
use crate::chance;
use crate::form::FormPost;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::sessions::PERSON;
use crate::use_cases::admission::{Admission, chosen_id};
use crate::who::Who;

/// A request that passed the gate.
#[derive(Clone, Debug)]
pub struct Gate {
    /// What use cases know of it.
    pub admission: Admission,
    params: HashMap<String, String>,
}

impl Deref for Gate {
    type Target = Admission;

    fn deref(&self) -> &Admission {
        &self.admission
    }
}

impl Gate {
    /// The id in the path named `name`.
    ///
    /// # Errors
    /// It is not one: then there is no such thing.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Answer<T> {
        self.params.get(name).and_then(|id| id.parse().ok()).ok_or_else(Fault::not_found)
    }

    /// A word in the path.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
}

impl FromRequestParts<AppState> for Gate {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Answer<Self> {
        let received_at = chance::now();
        let path = MatchedPath::from_request_parts(parts, app).await.map_err(|_| Fault::not_found())?;
        let needs = access::needs(&parts.method, path.as_str()).ok_or_else(|| {
            tracing::error!(path = path.as_str(), "a route is missing from the access table");
            Fault::not_found()
        })?;
        let params: HashMap<String, String> = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Fault::not_found())?
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let who = identify(parts, app).await?;
        app.reads.pay_for(&who, &parts.method, path.as_str())?;
        // Projectors write nowhere, whatever the route asks for.
        if who.screen().is_some() && !parts.method.is_safe() {
            return Err(Fault::forbidden());
        }
        // Strangers write only where the route asks for nothing. This answer depends on nothing else, so it is the same
        // for what exists and what does not, and it says what to do: come back.
        if who.standing.is_none() && !parts.method.is_safe() && needs != Needs::Nothing {
            return Err(Fault::unauthorized());
        }
        let missing = || who.unseen();
        let directory = app.directory();
        let id = |name: &str| params.get(name);
        let object = StreamKind::ALL.into_iter().find_map(|kind| Some((kind, id(kind.word())?)));
        let place = if let Some((kind, object)) = object {
            let place = object.parse().ok().and_then(|object| directory.object(object));
            Some(place.filter(|place| place.kind == kind).ok_or_else(missing)?)
        } else if let Some(stream) = id("stream") {
            let stream = stream.parse::<StreamId>().map_err(|_| missing())?;
            let place = directory.place(stream);
            if place.is_none() && stream != StreamId::NETWORK {
                return Err(missing());
            }
            place
        } else {
            None
        };
        let process = match id("process") {
            Some(process) => Some(process.parse::<ProcessId>().map_err(|_| missing())?),
            None => place.map(|place| place.process),
        };
        let who = match process {
            Some(process) if directory.process(process).is_some() => app.join_as_staff(who, process).await?,
            _ => who,
        };
        let position = who.position(&directory, process, place);
        // Somebody who was shut out of a public process and writes is told that, and not to join.
        access::enter(needs, position)?;
        let stream = id("stream").and_then(|stream| stream.parse().ok()).or(place.map(|place| place.stream));
        let command = command_id(parts)?;
        let address = Address::of(parts, &app.config.trusted_proxy);
        let admission = Admission { who, address, position, process, place, stream, command, received_at };
        Ok(Self { admission, params })
    }
}

/// Finds out by token or session who sends the request.
async fn identify(parts: &mut Parts, app: &AppState) -> Answer<Who> {
    let holder = async |token: &str| app.accounts.token_holder(chance::hash(token), chance::now()).await;
    let by_token = match guard::bearer(&parts.headers) {
        Some(token) => {
            let holder = holder(token).await?.ok_or_else(|| {
                tracing::warn!("a token was refused: no such token, or it was revoked or is too old");
                Fault::unauthorized()
            })?;
            Some(app.who(Some(holder)).await?)
        }
        None => None,
    };
    if let Some(token) = screen_token(parts) {
        let who = app.who(holder(token).await?).await?;
        return if who.screen().is_some() { Ok(who) } else { Err(Fault::not_found()) };
    }
    if let Some(who) = by_token {
        return Ok(who);
    }
    let session = Session::from_request_parts(parts, app).await.map_err(|_| Fault::internal())?;
    let person: Option<Uuid> = session.get(PERSON).await.map_err(|error| {
        tracing::error!(%error, "session");
        Fault::internal()
    })?;
    app.who(person.map(PersonId)).await
}

/// A projector's token, from its link or what it asks for: a browser can put it nowhere else on a socket. Only links of
/// projectors work there, so that no other token ends in a history of addresses.
fn screen_token(parts: &Parts) -> Option<&str> {
    let path = parts.uri.path().strip_prefix("/screen/").filter(|token| !token.contains('/'));
    let asked = || parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("screen="));
    path.or_else(asked)
}

fn command_id(parts: &Parts) -> Answer<CommandId> {
    let given = parts
        .headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .or_else(|| parts.extensions.get::<FormPost>().and_then(|form| form.idempotency_key.as_deref()));
    match given {
        None => Ok(chance::command_id()),
        Some(given) => {
            let given = given.trim().parse().map_err(|_| Fault::bad_request("the idempotency key is not a UUID"))?;
            chosen_id(given)
        }
    }
}
