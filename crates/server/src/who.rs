//! Whom a request comes from, and how they stand to a process or to something in it.
//! The gate makes one for each request, a live connection keeps one; use cases ask it what its holder may see and do.
//! It decides nothing about commands: that is the domain's part, which gets an [`Actor`] from here.

use std::sync::Arc;

use stimmwerk_core::ids::{ForumId, ProcessId};
use stimmwerk_core::network::{NetworkState, Place};
use stimmwerk_core::people::{Actor, Audience, Role, Roles};
use stimmwerk_eventlog::accounts::{Participant, PersonId, PersonKind, Standing};
use uuid::Uuid;

use crate::access::Position;
use crate::address::Address;
use crate::limits::reports::Sender;
use crate::problem::{Answer, Fault};

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

    /// The answer to a write about what they may not see: a stranger is asked to come back first, whatever exists.
    pub fn or_unauthorized(&self, fault: Fault) -> Fault {
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
    pub fn check_may_act_on(&self, other: &Standing, process: ProcessId) -> Answer<()> {
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
        // Somebody who was shut out is a stranger again.
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
