//! The gate every request passes: who is it, which object is meant, how do they stand to it, and does the table let
//! them through.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use stimmwerk_core::domain::StreamKind;
use stimmwerk_core::ids::{CommandId, ForumId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::network::{ForumPlace, NetworkState, Place, PollPlace};
use stimmwerk_core::people::{Actor, Audience, Role, Roles};
use stimmwerk_core::rejection::Code;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Participant, PersonId, PersonKind, Standing};
use tower_sessions::Session;
use uuid::Uuid;

use crate::access::{self, Needs, Position};
use crate::address::Address;
use crate::app::{App, AppState};
use crate::chance;
use crate::form::FormPost;
use crate::limits::reports::Sender;
use crate::problem::{Answer, Fault};
use crate::sessions::PERSON;

/// Whom a request comes from.
#[derive(Clone, Debug)]
pub struct Who {
    /// What is known of them; `None` for strangers.
    pub standing: Option<Arc<Standing>>,
}

impl Who {
    /// The person, if there is one.
    pub fn person(&self) -> Option<PersonId> {
        self.standing.as_ref().map(|standing| standing.person.id)
    }

    /// The answer where they see nothing: see [`Position::unseen`].
    pub fn unseen(&self) -> Fault {
        Position { known: self.standing.is_some(), ..Position::default() }.unseen()
    }

    /// The answer to what they sent and may not see: somebody not known comes back first, whatever there is.
    pub fn lost(&self, fault: Fault) -> Fault {
        if self.standing.is_none() { Fault::unauthorized() } else { fault }
    }

    /// The id under which their commands are remembered.
    pub fn command_owner(&self) -> Uuid {
        self.person().map_or(Uuid::nil(), |person| person.0)
    }

    /// Who sends their commands, as limits see it.
    pub fn sender(&self, address: Address) -> Sender {
        self.person().map_or(Sender::Stranger(address), |person| Sender::Person(person.0))
    }

    /// Their roles in a process.
    pub fn roles_in(&self, process: ProcessId) -> Roles {
        self.standing.as_ref().map(|standing| standing.roles_in(process)).unwrap_or_default()
    }

    /// Their roles for the whole network.
    pub fn network_roles(&self) -> Roles {
        self.standing.as_ref().map(|standing| standing.network_roles()).unwrap_or_default()
    }

    /// Who they are in a process.
    pub fn in_process(&self, process: ProcessId) -> Option<&Participant> {
        self.standing.as_ref()?.in_process(process)
    }

    /// Who they are in a process they were not shut out of.
    pub fn active_in(&self, process: ProcessId) -> Option<&Participant> {
        self.in_process(process).filter(|participant| !participant.banned)
    }

    /// May they do something to this person of a process? Nobody acts upwards.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn acts_on(&self, other: &Standing, process: ProcessId) -> Answer<()> {
        let mine = self.standing.as_ref().map(|standing| standing.rank_in(process)).unwrap_or_default();
        if mine < other.rank_in(process) { Err(Fault::forbidden()) } else { Ok(()) }
    }

    /// The forum a projector shows, if this is one.
    pub fn screen(&self) -> Option<ForumId> {
        let person = &self.standing.as_ref()?.person;
        let label = person.label.as_deref().filter(|_| person.kind == PersonKind::Screen)?;
        label.parse().ok()
    }

    /// How they stand to a process, or to the network as a whole; and in it to `place`, if that is asked.
    pub fn position(&self, directory: &NetworkState, process: Option<ProcessId>, place: Option<Place>) -> Position {
        let network = self.network_roles();
        let admin = network.has(Role::Admin);
        let known = self.standing.is_some();
        let Some(process) = process else {
            let audience = if network.moderates() { Audience::Staff } else { Audience::Public };
            let moderates = network.moderates();
            return Position { known, audience: Some(audience), moderates, admin, ..Position::default() };
        };
        let Some(found) = directory.process(process) else { return Position { known, admin, ..Position::default() } };
        let roles = self.roles_in(process);
        let participant = self.in_process(process);
        // Who was shut out is a stranger again.
        let joined = participant.is_some_and(|participant| !participant.banned);
        let banned = participant.is_some_and(|participant| participant.banned);
        let moderates = roles.moderates();
        let audience = if moderates {
            Some(Audience::Staff)
        } else if joined || roles.is_staff() || self.shows(place) {
            Some(Audience::Participants)
        } else {
            found.visibility.is_public().then_some(Audience::Public)
        };
        Position {
            known,
            audience,
            joined: joined || roles.is_staff(),
            banned,
            moderates,
            admin: roles.has(Role::Admin),
        }
    }

    /// Is it the projector of this forum, or of that in which this poll is held?
    fn shows(&self, place: Option<Place>) -> bool {
        let Some(forum) = self.screen() else { return false };
        place.is_some_and(|place| place.object == forum.0 || place.parent == Some(forum.0))
    }

    /// As whom the domain judges their commands.
    pub fn actor(&self, process: Option<ProcessId>) -> Actor {
        let Some(process) = process else { return Actor { roles: self.network_roles(), ..Actor::default() } };
        let participant = self.in_process(process);
        Actor {
            participant: participant.map(|participant| participant.id),
            roles: self.roles_in(process),
            name: participant.and_then(|participant| participant.name.as_deref()).map(Arc::from),
            guest: participant.is_some_and(|participant| participant.guest),
            banned: participant.is_some_and(|participant| participant.banned),
            system: false,
        }
    }
}

impl App {
    /// Who holds this credential.
    ///
    /// # Errors
    /// The account tables cannot be read.
    pub async fn who(&self, person: Option<PersonId>) -> Answer<Who> {
        let standing = match person {
            None => None,
            Some(person) => self.accounts.standing(person).await?.map(Arc::new),
        };
        Ok(Who { standing })
    }

    /// Makes staff with an account a participant of a process they work in, so that what they write has an author.
    ///
    /// # Errors
    /// The account tables cannot be written.
    pub async fn let_staff_in(&self, who: Who, process: ProcessId) -> Answer<Who> {
        let Some(standing) = &who.standing else { return Ok(who) };
        if standing.person.kind != PersonKind::Account
            || standing.in_process(process).is_some()
            || !standing.roles_in(process).is_staff()
        {
            return Ok(who);
        }
        let participant = Participant {
            id: ParticipantId(Uuid::now_v7()),
            process,
            person: standing.person.id,
            name: None,
            lang: None,
            notice: 0,
            banned: false,
            guest: false,
            joined_at: chance::now(),
        };
        self.accounts.add_participant(participant).await?;
        self.who(Some(standing.person.id)).await
    }
}

/// A request that was let through.
#[derive(Clone, Debug)]
pub struct Gate {
    /// From whom.
    pub who: Who,
    /// From where.
    pub address: Address,
    /// How they stand to the object.
    pub position: Position,
    /// The process meant, if the path names one or something in one.
    pub process: Option<ProcessId>,
    /// What lives in the stream meant: a forum, a poll.
    pub place: Option<Place>,
    /// The stream meant.
    pub stream: Option<StreamId>,
    /// The id of the command this request is.
    pub command: CommandId,
    /// When it came, before anything was looked up.
    pub received_at: Timestamp,
    params: HashMap<String, String>,
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

    /// The forum meant.
    ///
    /// # Errors
    /// The path names none.
    pub fn forum(&self) -> Answer<ForumPlace> {
        self.place.and_then(|place| place.forum()).ok_or_else(Fault::not_found)
    }

    /// The poll meant.
    ///
    /// # Errors
    /// The path names none.
    pub fn poll(&self) -> Answer<PollPlace> {
        self.place.and_then(|place| place.poll()).ok_or_else(Fault::not_found)
    }

    /// As whom they read.
    ///
    /// # Errors
    /// They do not.
    pub fn audience(&self) -> Answer<Audience> {
        self.position.audience.ok_or_else(Fault::not_found)
    }

    /// The process meant.
    ///
    /// # Errors
    /// The path names none.
    pub fn process(&self) -> Answer<ProcessId> {
        self.process.ok_or_else(Fault::not_found)
    }

    /// As whom the domain judges.
    pub fn actor(&self) -> Actor {
        self.who.actor(self.process)
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
        if let Some(price) = access::price(&parts.method, path.as_str()) {
            app.reads.take(&who, price)?;
        }
        // Projectors write nowhere, whatever a door asks for.
        if who.screen().is_some() && !parts.method.is_safe() {
            return Err(Fault::forbidden());
        }
        // Somebody not known writes nowhere but at doors that ask for nothing. The answer looks at nothing else, so it
        // is the same for what is there and what is not, and it says what to do: come back.
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
            Some(process) if directory.process(process).is_some() => app.let_staff_in(who, process).await?,
            _ => who,
        };
        let position = who.position(&directory, process, place);
        // Who was shut out of a public process is told so when they write, rather than to join.
        access::enter(needs, position)?;
        let stream = id("stream").and_then(|stream| stream.parse().ok()).or(place.map(|place| place.stream));
        let command = command_id(parts)?;
        let address = Address::of(parts, &app.config.trusted_proxy);
        Ok(Self { who, address, position, process, place, stream, command, received_at, params })
    }
}

/// Reads token or session.
async fn identify(parts: &mut Parts, app: &AppState) -> Answer<Who> {
    let holder = async |token: &str| app.accounts.token_holder(chance::hash(token), chance::now()).await;
    let by_token = match bearer(&parts.headers) {
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

/// The token of the request, if it has one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
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

/// The id a client chose for its command. Ids of the kind that the program issues itself are refused at every door: see
/// [`CommandId::is_derived`].
///
/// # Errors
/// `id_reserved`.
pub fn chosen_id(id: CommandId) -> Answer<CommandId> {
    if id.is_derived() { Err(Fault::new(StatusCode::BAD_REQUEST, Code::IdReserved)) } else { Ok(id) }
}
