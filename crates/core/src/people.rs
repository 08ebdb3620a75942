//! Who acts, and who may see what.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::ParticipantId;

/// The version of the joining notice, which everybody agrees to who joins. Whoever changes what it says counts it up.
pub const NOTICE_VERSION: u32 = 2;

/// A role, given per process or for the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Keeps the talk fair and safe.
    Moderator,
    /// Leads a regional workshop.
    Facilitator,
    /// Writes the mission statement.
    Editor,
    /// Democracy advisor.
    Advisor,
    /// Runs the network.
    Admin,
}

impl Role {
    /// Every role, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Moderator, Self::Facilitator, Self::Editor, Self::Advisor, Self::Admin];

    /// The role by its name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Facilitator => "facilitator",
            Self::Editor => "editor",
            Self::Advisor => "advisor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Role>", into = "Vec<Role>")]
pub struct Roles(u8);

impl Roles {
    /// No role: a participant or a visitor.
    pub const NONE: Self = Self(0);

    /// Is `role` among them?
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// These and `role`.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// May moderate: moderators and admins.
    pub const fn moderates(self) -> bool {
        self.has(Role::Moderator) || self.has(Role::Admin)
    }

    /// Holds any role at all.
    pub const fn is_staff(self) -> bool {
        self.0 != 0
    }

    /// How much say they give over people.
    pub const fn rank(self) -> Rank {
        if self.has(Role::Admin) {
            Rank::Admin
        } else if self.has(Role::Moderator) {
            Rank::Moderator
        } else if self.is_staff() {
            Rank::Staff
        } else {
            Rank::Nobody
        }
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Self {
        Self::NONE.with(role)
    }
}

/// How much say somebody has over people, ascending. Nobody acts upwards: see [`Actor::acts_on`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Takes part, or looks on.
    #[default]
    Nobody,
    /// Has a role that moderates nobody.
    Staff,
    /// Moderates.
    Moderator,
    /// Decides who moderates.
    Admin,
}

impl From<Vec<Role>> for Roles {
    fn from(roles: Vec<Role>) -> Self {
        roles.into_iter().collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Roles> for Vec<Role> {
    fn from(roles: Roles) -> Self {
        Role::ALL.into_iter().filter(|role| roles.has(*role)).collect()
    }
}

/// Who gets the same bytes. Ordered: each sees at least what the one before it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone, where the process is public.
    Public,
    /// Who joined the process.
    Participants,
    /// Who moderates it.
    Staff,
}

impl Audience {
    /// Every audience, ascending.
    pub const ALL: [Self; 3] = [Self::Public, Self::Participants, Self::Staff];
}

/// Who issues a command, as the server established it at the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// Their id in the process of the stream. `None`: a token, a follow-up, or the clock.
    pub participant: Option<ParticipantId>,
    /// Their roles in the process, with those for the whole network.
    pub roles: Roles,
    /// The name they chose. `None`: the interface shows "guest".
    pub name: Option<Arc<str>>,
    /// Guests joined with a code; accounts are known to the network.
    pub guest: bool,
    /// Shut out by a moderator's decision.
    pub banned: bool,
    /// The program itself: a follow-up of another stream, or a moment that has come.
    pub system: bool,
}

impl Actor {
    /// The program itself.
    pub fn system() -> Self {
        Self { system: true, ..Self::default() }
    }
}

/// What a command asks of its actor. The server's access table repeats nothing of it: it reads these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The program itself.
    System,
    /// Anyone who may see the stream, also without having joined.
    Visitor,
    /// Someone who joined the process and was not shut out.
    Participant,
    /// The author of the thing.
    Author,
    /// A moderator or admin.
    Moderator,
    Admin,
}

impl Actor {
    /// May they do something to a person who has these roles? Not to one who has more say than themselves.
    ///
    /// # Errors
    /// [`Rejection::Forbidden`](crate::rejection::Rejection::Forbidden).
    pub fn acts_on(&self, other: Roles) -> Result<(), crate::rejection::Rejection> {
        let upwards = !self.system && self.roles.rank() < other.rank();
        if upwards { Err(crate::rejection::Rejection::Forbidden) } else { Ok(()) }
    }

    /// May they, as far as their standing tells? Whether they are the author is for [`Need::Author`] to be seen from
    /// the state; here it means "a participant".
    ///
    /// # Errors
    /// [`Rejection::Banned`], [`Rejection::NotJoined`] or [`Rejection::Forbidden`].
    pub fn meets(&self, need: Need) -> Result<(), crate::rejection::Rejection> {
        use crate::rejection::Rejection;
        if self.system {
            return Ok(());
        }
        if self.banned && need != Need::Visitor {
            return Err(Rejection::Banned);
        }
        match need {
            Need::Participant | Need::Author if self.participant.is_none() => Err(Rejection::NotJoined),
            Need::Participant | Need::Author | Need::Visitor => Ok(()),
            Need::Moderator if self.roles.moderates() => Ok(()),
            Need::Admin if self.roles.has(Role::Admin) => Ok(()),
            Need::System | Need::Moderator | Need::Admin => Err(Rejection::Forbidden),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_roles_then_nobody_acts_on_somebody_with_more_say() {
        let all = (0..32_u8).map(Roles);
        for (mine, theirs) in all.clone().flat_map(|mine| all.clone().map(move |theirs| (mine, theirs))) {
            let may = Actor { roles: mine, ..Actor::default() }.acts_on(theirs).is_ok();
            let expected = if theirs.has(Role::Admin) {
                mine.has(Role::Admin)
            } else if theirs.has(Role::Moderator) {
                mine.moderates()
            } else {
                !theirs.is_staff() || mine.is_staff()
            };
            assert_eq!(may, expected, "{:?} on {:?}", Vec::from(mine), Vec::from(theirs));
            assert!(Actor::system().acts_on(theirs).is_ok());
        }
    }
}
