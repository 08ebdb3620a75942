//! The access table: what each route and each command asks of whoever uses it, and what reading it costs.
//! The gate asks it for every request; tests read it as data.
//! A route that is missing from it is refused for everyone. It looks nobody up: how a caller stands comes as [`Position`].

use std::sync::LazyLock;

use axum::http::Method;
use serde::Serialize;
use stimmwerk_core::commands::{CommandRule, Commands};
use stimmwerk_core::domain::{Domain, StreamKind};
use stimmwerk_core::people::{Audience, Need};
use stimmwerk_core::rejection::Rejection;
use stimmwerk_core::with_kind;

use crate::problem::Fault;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// To be known by some credential.
    Person,
    /// To be allowed to see the object: it is public, or one joined, or one is staff there.
    Sight,
    /// To have joined the process.
    Joined,
    /// To have joined, and to be the author: the domain sees to the second.
    Author,
    /// To moderate the process.
    Moderates,
    /// To be an admin of the process, or of the network where no process is meant.
    Admin,
}

/// A route and what it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The method.
    pub method: &'static str,
    /// The path as the router knows it.
    pub path: &'static str,
    /// What it asks for.
    pub needs: Needs,
}

const fn rule(method: &'static str, path: &'static str, needs: Needs) -> Rule {
    Rule { method, path, needs }
}

/// Every route. Those that are commands ask for what the command asks for.
pub static ROUTES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let command = |rule: &CommandRule| {
        let (route, needs) = (rule.route?, needs_of(rule.need)?);
        Some(Rule { method: route.method, path: route.path, needs })
    };
    let commands = kinds().into_iter().flat_map(|(_, rules)| rules).filter_map(command);
    OTHERS.iter().copied().chain(commands).collect()
});

/// The routes that are no command.
const OTHERS: &[Rule] = &[
    rule("GET", "/livez", Needs::Nothing),
    rule("GET", "/readyz", Needs::Nothing),
    rule("GET", "/assets/{*name}", Needs::Nothing),
    rule("GET", "/", Needs::Nothing),
    rule("GET", "/join", Needs::Nothing),
    rule("GET", "/j/{code}", Needs::Nothing),
    rule("GET", "/login/link", Needs::Nothing),
    rule("GET", "/f/{forum}", Needs::Sight),
    rule("GET", "/f/{forum}/moderation", Needs::Moderates),
    rule("GET", "/welcome/{process}", Needs::Sight),
    rule("GET", "/return", Needs::Nothing),
    rule("GET", "/languages", Needs::Admin),
    rule("GET", "/f/{forum}/list", Needs::Sight),
    rule("GET", "/f/{forum}/c/{contribution}", Needs::Sight),
    rule("GET", "/f/{forum}/c/{contribution}/report", Needs::Sight),
    rule("GET", "/f/{forum}/log", Needs::Moderates),
    rule("GET", "/f/{forum}/record", Needs::Sight),
    rule("GET", "/p/{poll}", Needs::Sight),
    rule("GET", "/p/{poll}/print", Needs::Sight),
    rule("GET", "/p/{poll}/voters", Needs::Sight),
    rule("GET", "/p/{poll}/cards", Needs::Moderates),
    // The token in it is the credential: a wrong or revoked one is not found.
    rule("GET", "/screen/{token}", Needs::Nothing),
    rule("GET", "/p/{poll}/edit", Needs::Moderates),
    rule("GET", "/f/{forum}/polls/new", Needs::Moderates),
    rule("GET", "/api/v1/openapi.json", Needs::Nothing),
    rule("GET", "/api/v1/live", Needs::Nothing),
    rule("POST", "/api/v1/join", Needs::Nothing),
    rule("POST", "/api/v1/login/link/confirm", Needs::Nothing),
    rule("POST", "/api/v1/logout", Needs::Nothing),
    rule("POST", "/api/v1/language", Needs::Nothing),
    rule("GET", "/api/v1/me", Needs::Person),
    rule("PATCH", "/api/v1/me", Needs::Person),
    rule("DELETE", "/api/v1/me", Needs::Person),
    rule("GET", "/api/v1/me/export", Needs::Person),
    rule("POST", "/api/v1/me/return-code", Needs::Person),
    rule("POST", "/api/v1/return", Needs::Nothing),
    // The handler asks for sight of the forum the notice names.
    rule("POST", "/api/v1/notices", Needs::Nothing),
    rule("GET", "/api/v1/network", Needs::Nothing),
    rule("GET", "/api/v1/processes", Needs::Nothing),
    rule("GET", "/api/v1/processes/{process}", Needs::Sight),
    rule("PATCH", "/api/v1/processes/{process}", Needs::Moderates),
    rule("GET", "/api/v1/processes/{process}/codes", Needs::Moderates),
    rule("POST", "/api/v1/processes/{process}/participants/{participant}/ban", Needs::Moderates),
    rule("POST", "/api/v1/processes/{process}/participants/{participant}/reset-name", Needs::Moderates),
    rule("GET", "/api/v1/forums/{forum}", Needs::Sight),
    rule("GET", "/api/v1/forums/{forum}/search", Needs::Sight),
    rule("GET", "/api/v1/forums/{forum}/record", Needs::Sight),
    rule("GET", "/api/v1/forums/{forum}/log", Needs::Moderates),
    rule("GET", "/api/v1/forums/{forum}/contributions/{contribution}", Needs::Moderates),
    rule("GET", "/api/v1/forums/{forum}/contributions/{contribution}/thread", Needs::Sight),
    rule("POST", "/api/v1/forums/{forum}/screens", Needs::Moderates),
    rule("DELETE", "/api/v1/forums/{forum}/screens", Needs::Moderates),
    rule("GET", "/api/v1/polls/{poll}", Needs::Sight),
    rule("GET", "/api/v1/polls/{poll}/ballots", Needs::Sight),
    rule("GET", "/api/v1/polls/{poll}/result", Needs::Sight),
    rule("POST", "/api/v1/polls/{poll}/cards", Needs::Moderates),
    rule("GET", "/api/v1/streams/{stream}/deltas", Needs::Sight),
];

/// What reads a whole state or builds a long document, and its price in units of [`crate::reads`]. Whoever asks for it
/// pays from their budget, before anything is built.
pub const HEAVY: &[(&str, u32)] = &[
    ("/f/{forum}", 5),
    ("/f/{forum}/moderation", 5),
    ("/p/{poll}", 2),
    ("/f/{forum}/list", 10),
    ("/f/{forum}/c/{contribution}", 5),
    ("/f/{forum}/log", 5),
    ("/f/{forum}/record", 50),
    ("/p/{poll}/print", 10),
    ("/p/{poll}/voters", 10),
    ("/p/{poll}/cards", 10),
    ("/api/v1/openapi.json", 5),
    ("/api/v1/me/export", 50),
    ("/api/v1/forums/{forum}", 2),
    ("/api/v1/forums/{forum}/search", 10),
    ("/api/v1/forums/{forum}/record", 50),
    ("/api/v1/forums/{forum}/log", 5),
    ("/api/v1/forums/{forum}/contributions/{contribution}/thread", 5),
    ("/api/v1/polls/{poll}/ballots", 10),
    ("/api/v1/polls/{poll}/result", 5),
    ("/api/v1/streams/{stream}/deltas", 2),
];

/// What asking for this costs. `None`: it is no read, or one without which nobody comes in. Strangers who use up what
/// they share must not keep a hall from joining.
pub fn price(method: &Method, path: &str) -> Option<u32> {
    if !method.is_safe() {
        return None;
    }
    let heavy = HEAVY.iter().find(|(heavy, _)| *heavy == path).map(|(_, price)| *price);
    heavy.or_else(|| needs(method, path).filter(|needs| *needs != Needs::Nothing).map(|_| 1))
}

/// Every frame a client can send over the socket. What a command asks for stands in its own table below; what a
/// subscription asks for follows from its audience.
pub const FRAMES: &[(&str, Needs)] =
    &[("subscribe", Needs::Sight), ("unsubscribe", Needs::Nothing), ("page", Needs::Sight), ("command", Needs::Sight)];

/// What reading as an audience asks for.
pub const fn subscription(audience: Audience) -> Needs {
    match audience {
        Audience::Public => Needs::Sight,
        Audience::Participants => Needs::Joined,
        Audience::Staff => Needs::Moderates,
    }
}

/// Every kind of stream with its commands.
fn kinds() -> [(StreamKind, &'static [CommandRule]); StreamKind::ALL.len()] {
    StreamKind::ALL.map(|kind| (kind, with_kind!(kind, Kind => <Kind as Domain>::Command::RULES)))
}

/// Every command of every kind of stream. `None`: no caller at all, the program issues it.
pub fn commands() -> impl Iterator<Item = (StreamKind, &'static str, Option<Needs>)> {
    let of = |(kind, rules): (_, &'static [CommandRule])| {
        rules.iter().map(move |rule| (kind, rule.name, needs_of(rule.need)))
    };
    kinds().into_iter().flat_map(of)
}

const fn needs_of(need: Need) -> Option<Needs> {
    match need {
        Need::System => None,
        Need::Visitor => Some(Needs::Sight),
        Need::Participant => Some(Needs::Joined),
        Need::Author => Some(Needs::Author),
        Need::Moderator => Some(Needs::Moderates),
        Need::Admin => Some(Needs::Admin),
    }
}

/// How a caller stands towards the object of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a caller, each asked by name")]
pub struct Position {
    /// Has some credential.
    pub known: bool,
    /// The audience as which they may read, if at all. For a route without an object: public.
    pub audience: Option<Audience>,
    /// Joined the process and was not shut out.
    pub joined: bool,
    /// Joined it and was shut out.
    pub banned: bool,
    /// Moderates the process.
    pub moderates: bool,
    /// Admin there. Without an object: of the network.
    pub admin: bool,
}

impl Position {
    /// The answer where they see nothing: the same for what is there and what is not.
    pub fn unseen(self) -> Fault {
        if self.known { Fault::not_found() } else { Fault::not_here() }
    }
}

/// What the table asks of a route.
pub fn needs(method: &Method, path: &str) -> Option<Needs> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|rule| rule.method == method && rule.path == path).map(|rule| rule.needs)
}

/// Lets a caller in, or says why not. What somebody may not see is answered like what is not there.
///
/// # Errors
/// `not_found`, `unauthorized`, `not_joined`, `banned` or `forbidden`.
pub fn enter(needs: Needs, position: Position) -> Result<(), Fault> {
    let seen = position.audience.is_some();
    let refuse = |fault: Fault| if position.known { Err(fault) } else { Err(Fault::unauthorized()) };
    match needs {
        Needs::Nothing => Ok(()),
        Needs::Person if position.known => Ok(()),
        Needs::Person => Err(Fault::unauthorized()),
        _ if !seen => Err(position.unseen()),
        Needs::Sight => Ok(()),
        Needs::Joined | Needs::Author if position.banned => Err(Rejection::Banned.into()),
        Needs::Joined | Needs::Author if position.joined => Ok(()),
        Needs::Joined | Needs::Author => Err(Rejection::NotJoined.into()),
        Needs::Moderates if position.moderates => Ok(()),
        Needs::Admin if position.admin => Ok(()),
        Needs::Moderates | Needs::Admin => refuse(Fault::forbidden()),
    }
}
