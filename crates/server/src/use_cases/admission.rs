//! A request that was let in: who asks, which object they mean, and how they stand to it.
//! The gate makes it from a request, and every use case takes one.
//! It holds nothing of HTTP, so a use case can be called by anything that knows who asks.

use std::sync::Arc;

use stimmwerk_core::ids::{CommandId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::network::{ForumPlace, Place, PollPlace};
use stimmwerk_core::people::{Actor, Audience};
use stimmwerk_core::rejection::Code;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Participant, PersonId, PersonKind};

use crate::access::Position;
use crate::address::Address;
use crate::app::App;
use crate::chance;
use crate::problem::{Answer, Fault};
use crate::who::Who;

/// A request that was let in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Who asks.
    pub who: Who,
    /// The address they ask from.
    pub address: Address,
    /// How they stand to the object.
    pub position: Position,
    /// The process meant, if the request names one or something in one.
    pub process: Option<ProcessId>,
    /// The forum or poll meant.
    pub place: Option<Place>,
    /// The stream meant.
    pub stream: Option<StreamId>,
    /// The id of the command that the request is.
    pub command: CommandId,
    /// When it came in, before anything was looked up.
    pub received_at: Timestamp,
}

impl Admission {
    /// The forum meant.
    ///
    /// # Errors
    /// The request names none.
    pub fn forum(&self) -> Answer<ForumPlace> {
        self.place.and_then(|place| place.forum()).ok_or_else(Fault::not_found)
    }

    /// The poll meant.
    ///
    /// # Errors
    /// The request names none.
    pub fn poll(&self) -> Answer<PollPlace> {
        self.place.and_then(|place| place.poll()).ok_or_else(Fault::not_found)
    }

    /// The audience as which they read.
    ///
    /// # Errors
    /// They may not read it.
    pub fn audience(&self) -> Answer<Audience> {
        self.position.audience.ok_or_else(Fault::not_found)
    }

    /// The process meant.
    ///
    /// # Errors
    /// The request names none.
    pub fn process(&self) -> Answer<ProcessId> {
        self.process.ok_or_else(Fault::not_found)
    }

    /// The actor by whom the domain judges.
    pub fn actor(&self) -> Actor {
        self.who.actor(self.process)
    }
}

/// The id that a client chose for its command. Ids are refused that are of the kind that the program issues itself: see
/// [`CommandId::is_derived`].
///
/// # Errors
/// `id_reserved`.
pub fn chosen_id(id: CommandId) -> Answer<CommandId> {
    if id.is_derived() { Err(Fault::of(Code::IdReserved)) } else { Ok(id) }
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
    pub async fn join_as_staff(&self, who: Who, process: ProcessId) -> Answer<Who> {
        let Some(standing) = &who.standing else { return Ok(who) };
        if standing.person.kind != PersonKind::Account
            || standing.in_process(process).is_some()
            || !standing.roles_in(process).is_staff()
        {
            return Ok(who);
        }
        let participant = Participant {
            id: ParticipantId(chance::id()),
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
