//! A server with people of every kind, and what each of them may do in plain words.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::header::SET_COOKIE;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use stimmwerk_client::{Client, Identity, question};
use stimmwerk_core::forum::{Forum, ForumCommand, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, ParticipantId, PollId, ProcessId, StreamId};
use stimmwerk_core::network::{CodeKind, NetworkCommand, Visibility};
use stimmwerk_core::people::{Actor, Audience, Role};
use stimmwerk_core::poll::PollCommand;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally;
use stimmwerk_eventlog::accounts::{Accounts, Participant, Person, PersonId, PersonKind};
use stimmwerk_eventlog::log::EventLog;
use stimmwerk_eventlog::sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::app::{App, AppState};
use crate::chance;
use crate::config::Config;
use crate::room::Room;
use stimmwerk_core::people::NOTICE_VERSION;

/// A running server on a data folder of its own.
pub struct World {
    pub app: AppState,
    pub url: String,
    _folder: TempDir,
    _stop: DropGuard,
}

/// A process with one forum and an open poll in it.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub process: ProcessId,
    pub forum: ForumId,
    pub stream: StreamId,
    pub poll: PollId,
    pub poll_stream: StreamId,
    pub visibility: Visibility,
}

/// Who knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Stranger,
    /// Holds a token that is none.
    Impostor,
    GuestElsewhere,
    Guest,
    /// A guest who wrote the contribution in question.
    Author,
    Banned,
    /// Has an account, and nothing else.
    Account,
    AccountHere,
    Staff(Role),
    StaffElsewhere(Role),
    NetworkStaff(Role),
}

/// What they show at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Nothing,
    Session,
    Token,
}

/// Everyone there is, with everything they can show.
pub fn everyone() -> Vec<(Caller, By)> {
    let mut all = vec![(Caller::Stranger, By::Nothing), (Caller::Impostor, By::Token)];
    let mut known = vec![
        Caller::GuestElsewhere,
        Caller::Guest,
        Caller::Author,
        Caller::Banned,
        Caller::Account,
        Caller::AccountHere,
    ];
    known.extend(Role::ALL.map(Caller::Staff));
    known.extend([Role::Moderator, Role::Admin].map(Caller::StaffElsewhere));
    known.extend([Role::Moderator, Role::Editor, Role::Admin].map(Caller::NetworkStaff));
    all.extend(known.into_iter().flat_map(|caller| [(caller, By::Session), (caller, By::Token)]));
    all
}

/// What is so of a caller, as the rules speak of it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a caller, each asked by name")]
pub struct Facts {
    pub impostor: bool,
    pub known: bool,
    pub participant: bool,
    pub banned: bool,
    pub author: bool,
    pub staff: bool,
    pub moderates: bool,
    pub admin: bool,
    pub network_moderates: bool,
    pub network_admin: bool,
}

impl Facts {
    pub fn of(caller: Caller, by: By) -> Self {
        let role = match caller {
            Caller::Staff(role) | Caller::NetworkStaff(role) => Some(role),
            _ => None,
        };
        let moderating = |role| matches!(role, Role::Moderator | Role::Admin);
        let network = matches!(caller, Caller::NetworkStaff(_));
        // Staff with an account take part wherever they work; behind a program's token there is nobody.
        let works_here = role.is_some() && by == By::Session;
        Self {
            impostor: caller == Caller::Impostor,
            known: !matches!(caller, Caller::Stranger | Caller::Impostor),
            participant: works_here
                || matches!(caller, Caller::Guest | Caller::Author | Caller::Banned | Caller::AccountHere),
            banned: caller == Caller::Banned,
            author: caller == Caller::Author,
            staff: role.is_some(),
            moderates: role.is_some_and(moderating),
            admin: role == Some(Role::Admin),
            network_moderates: network && role.is_some_and(moderating),
            network_admin: network && role == Some(Role::Admin),
        }
    }

    /// May they read what is in a process?
    pub fn sees(&self, visibility: Visibility) -> bool {
        !self.impostor && (visibility == Visibility::Public || self.staff || (self.participant && !self.banned))
    }
}

/// What a door should answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Opens,
    Refuses(u16, &'static str),
}

pub const UNAUTHORIZED: Expected = Expected::Refuses(401, "unauthorized");
pub const FORBIDDEN: Expected = Expected::Refuses(403, "forbidden");
pub const NOT_JOINED: Expected = Expected::Refuses(403, "not_joined");
pub const BANNED: Expected = Expected::Refuses(403, "banned");
pub const NOT_FOUND: Expected = Expected::Refuses(404, "not_found");

impl Expected {
    /// Is this that answer? A door opens also where what is behind it refuses for another reason than who asks.
    pub fn is(self, status: StatusCode, code: &str) -> bool {
        match self {
            Self::Refuses(expected, expected_code) => status == expected && (code.is_empty() || code == expected_code),
            Self::Opens => {
                let stands = status.is_success() || status == StatusCode::SEE_OTHER;
                stands || status == StatusCode::SWITCHING_PROTOCOLS || matches!(status.as_u16(), 409 | 410 | 422)
            }
        }
    }
}

pub fn german(text: &str) -> Texts {
    Texts::of(Lang::german(), text)
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config { data: folder.path().to_owned(), ..Config::default() };
        change(&mut config);
        // Whoever erases something here waits for nobody.
        let database = config.database().expect("a file");
        let store = SqliteStore::open_cleaning_every(&database, Duration::ZERO).await.expect("an empty database");
        let (log, accounts): (Arc<dyn EventLog>, Arc<dyn Accounts>) = (store.clone(), store);
        let (app, dues) = App::open(config, log, accounts, CancellationToken::new()).await.expect("an empty log");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(crate::scheduler::run(app.clone(), dues)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(crate::scheduler::revocations(app.clone())));
        tokio::spawn(crate::listen::serve(listener, crate::router(&app), stop.clone()));
        Self { app, url, _folder: folder, _stop: stop.drop_guard() }
    }

    pub fn visitor(&self) -> Client {
        Client::new(&self.url)
    }

    async fn tell_network(&self, command: NetworkCommand) -> Uuid {
        let done = self.app.network.issue(command, chance::command_id(), Actor::system(), Uuid::nil()).await;
        self.app.run_follow_ups().await;
        done.expect("the program may do everything").object.expect("an object")
    }

    pub async fn place(&self, visibility: Visibility) -> Place {
        let title = german("Verfahren");
        let process = ProcessId(self.tell_network(NetworkCommand::CreateProcess { title, visibility }).await);
        self.place_in(process, visibility).await
    }

    /// One more forum and poll of a process.
    pub async fn place_in(&self, process: ProcessId, visibility: Visibility) -> Place {
        let (title, waiting) = (german("Gespräch"), Waiting::None);
        let forum = ForumId(self.tell_network(NetworkCommand::CreateForum { process, title, waiting }).await);
        let stream = self.app.directory().forum(forum).expect("it was made").stream;
        let question = Box::new(question("Weiter so?", tally::Method::YesNo, &[]));
        let create = NetworkCommand::CreatePoll { process, forum: Some(forum), question };
        let poll = PollId(self.tell_network(create).await);
        let there = self.app.directory().poll(poll).expect("it was made");
        let room = self.app.poll(there, Audience::Staff).await.expect("it is there");
        let open = PollCommand::Open { seconds: None };
        room.issue(open, chance::command_id(), Actor::system(), Uuid::nil()).await.expect("opened");
        self.app.run_follow_ups().await;
        Place { process, forum, stream, poll, poll_stream: there.stream, visibility }
    }

    pub fn code(&self, place: &Place, kind: CodeKind) -> String {
        let directory = self.app.directory();
        self.app.code(directory.process(place.process).expect("it was made"), kind).expect("it has codes")
    }

    pub async fn person(&self, kind: PersonKind) -> PersonId {
        let id = PersonId(Uuid::now_v7());
        let label = match kind {
            PersonKind::Guest => None,
            PersonKind::Account => Some(format!("{}@example.org", id.0)),
            PersonKind::Token => Some(format!("token {}", id.0)),
            PersonKind::Screen => Some(Uuid::now_v7().to_string()),
        };
        self.app.accounts.add_person(Person { id, kind, label }).await.expect("a new person");
        id
    }

    pub async fn take_part(&self, person: PersonId, place: &Place, guest: bool) -> ParticipantId {
        let participant = Participant {
            id: ParticipantId(Uuid::now_v7()),
            process: place.process,
            person,
            name: None,
            lang: None,
            notice: NOTICE_VERSION,
            banned: false,
            guest,
            joined_at: chance::now(),
        };
        self.app.accounts.add_participant(participant).await.expect("a new participant").id
    }

    /// Makes a person of a kind. `elsewhere`: the process that is not meant.
    pub async fn caller(&self, caller: Caller, by: By, here: &Place, elsewhere: &Place) -> PersonId {
        let accounts = &self.app.accounts;
        match caller {
            Caller::Stranger | Caller::Impostor => PersonId(Uuid::nil()),
            Caller::GuestElsewhere | Caller::Guest | Caller::Author | Caller::Banned => {
                let person = self.person(PersonKind::Guest).await;
                let place = if caller == Caller::GuestElsewhere { elsewhere } else { here };
                let participant = self.take_part(person, place, true).await;
                if caller == Caller::Banned {
                    accounts.set_banned(participant, true).await.expect("there they are");
                }
                person
            }
            Caller::Account => self.person(PersonKind::Account).await,
            Caller::AccountHere => {
                let person = self.person(PersonKind::Account).await;
                self.take_part(person, here, false).await;
                person
            }
            Caller::Staff(role) | Caller::StaffElsewhere(role) | Caller::NetworkStaff(role) => {
                let person = self.person(if by == By::Token { PersonKind::Token } else { PersonKind::Account }).await;
                let process = match caller {
                    Caller::Staff(_) => Some(here.process),
                    Caller::StaffElsewhere(_) => Some(elsewhere.process),
                    _ => None,
                };
                accounts.grant(person, process, role).await.expect("a role");
                person
            }
        }
    }

    /// Speaks as a person.
    pub async fn speak(&self, person: PersonId, by: By) -> Client {
        let visitor = self.visitor();
        let identity = match by {
            By::Nothing => Identity::Nobody,
            By::Token if person.0.is_nil() => Identity::Bearer("0123456789abcdef".repeat(3)),
            By::Token => {
                let (token, hash) = chance::secret();
                self.app.accounts.add_token(hash, person, None).await.expect("a token");
                Identity::Bearer(token)
            }
            By::Session => {
                let body = json!({ "token": self.login_link(person).await });
                let path = "/api/v1/login/link/confirm";
                let answer = visitor.request(Method::POST, path).json(&body).send().await.expect("an answer");
                Identity::Session(cookie_of(&answer).expect("a session"))
            }
        };
        visitor.as_identity(identity)
    }

    pub async fn login_link(&self, person: PersonId) -> String {
        let (secret, hash) = chance::secret();
        self.app.accounts.add_login_link(hash, person, chance::now().plus_ms(600_000)).await.expect("a link");
        secret
    }

    pub async fn room(&self, place: &Place) -> Arc<Room<Forum>> {
        let found = self.app.directory().forum(place.forum).expect("it was made");
        self.app.forum(found).await.expect("it is there")
    }

    pub async fn tell(&self, place: &Place, actor: Actor, command: ForumCommand) -> Option<Uuid> {
        let room = self.room(place).await;
        let done = room.issue(command, chance::command_id(), actor, Uuid::nil()).await;
        done.expect("accepted").object
    }

    /// Somebody of the hall on the speaking list.
    pub async fn on_the_list(&self, place: &Place) -> Uuid {
        let enter = ForumCommand::EnterFloor { name: String::new(), interpreted: false };
        self.tell(place, Actor::system(), enter).await.expect("an entry")
    }

    pub async fn contribution(&self, place: &Place, author: ParticipantId, text: &str) -> ContributionId {
        let actor = Actor { participant: Some(author), guest: true, ..Actor::default() };
        let command =
            ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None, hall: None };
        ContributionId(self.tell(place, actor, command).await.expect("an id"))
    }

    pub async fn participant(&self, person: PersonId, place: &Place) -> Option<ParticipantId> {
        let standing = self.app.accounts.standing(person).await.expect("accounts can be read")?;
        standing.in_process(place.process).map(|participant| participant.id)
    }
}

/// The session an answer sets, as `name=value`.
pub fn cookie_of(response: &Response) -> Option<String> {
    let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    cookies.filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.contains("stimmwerk=")).map(str::to_owned)
}

/// The code of a refusal; empty where there is none.
pub fn code_of(body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}
