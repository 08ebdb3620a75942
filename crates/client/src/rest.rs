//! REST as somebody.

use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stimmwerk_core::commands::Commands;
use stimmwerk_core::forum::{ForumCommand, ForumDelta, ForumView, OwnView, Waiting};
use stimmwerk_core::ids::{CommandId, ForumId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::live::{Problem, Seq, WindowRequest};
use stimmwerk_core::network::{Joining, Visibility};
use stimmwerk_core::people::NOTICE_VERSION;
use stimmwerk_core::said::Texts;
use uuid::Uuid;

use crate::Error;

/// As whom a client speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A visitor.
    Nobody,
    /// A browser: the cookie as `name=value`.
    Session(String),
    /// A program: the token.
    Bearer(String),
}

/// Speaks REST with one server as somebody. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    server: String,
    identity: Identity,
}

/// What a write answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The thing it made or was about.
    pub id: Option<Uuid>,
    /// The number of its last event.
    pub seq: Seq,
}

/// Joins a process.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Join {
    /// The spoken code, or the one of the link.
    pub code: String,
    /// The chosen name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The version of the joining notice they saw.
    pub notice: Option<u32>,
}

impl Join {
    /// Without a name, having seen the notice.
    pub fn with_code(code: &str) -> Self {
        Self { code: code.to_owned(), notice: Some(NOTICE_VERSION), ..Self::default() }
    }

    /// Under a name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// Where a forum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ForumPlace {
    /// The forum.
    pub id: ForumId,
    /// Its stream, to subscribe to.
    pub stream: StreamId,
}

/// What joining answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Joined {
    /// Who they are in the process.
    pub participant: ParticipantId,
    /// The process.
    pub process: ProcessId,
    /// Its forums.
    pub forums: Vec<ForumPlace>,
    /// The guest's token, where a moderator's token let them in.
    pub token: Option<String>,
}

/// The ways into a process.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Codes {
    /// To be said aloud.
    pub spoken: String,
    /// Inside the link.
    pub link: String,
    /// The link.
    pub url: String,
}

/// A process as lists show it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ProcessInfo {
    /// Its id.
    pub id: ProcessId,
    /// Its title.
    pub title: Texts,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether people can join.
    pub joining: Joining,
    /// Its forums.
    pub forums: Vec<ForumPlace>,
}

/// A forum as its reader may see it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ForumAnswer {
    /// As of which event.
    pub seq: Seq,
    /// Its stream.
    pub stream: StreamId,
    /// What they see.
    pub view: ForumView,
    /// What concerns them alone, if they joined.
    pub own: Option<OwnView>,
}

/// Catching up over REST.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StreamDeltas {
    /// What the caller must have.
    pub after: Seq,
    /// What they then have. More may be left: ask again until it stays.
    pub seq: Seq,
    /// The changes.
    pub deltas: Vec<ForumDelta>,
    /// What concerns them alone, if they joined.
    pub own: Option<OwnView>,
}

impl Client {
    /// A visitor of the server at `server`, such as `http://127.0.0.1:8080`.
    ///
    /// # Panics
    /// The platform's HTTP stack cannot be set up.
    pub fn new(server: &str) -> Self {
        // Redirects are answers here: forms are tested by them.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self {
            http: http.build().expect("a plain HTTP client needs nothing of the platform"),
            server: server.trim_end_matches('/').to_owned(),
            identity: Identity::Nobody,
        }
    }

    /// The same server as somebody else.
    #[must_use]
    pub fn as_identity(&self, identity: Identity) -> Self {
        Self { identity, ..self.clone() }
    }

    /// The same server with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.as_identity(Identity::Bearer(token.to_owned()))
    }

    /// As whom.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The server's address, which is also its origin.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A request to a path such as `/api/v1/me`, with the identity and, where a browser would send one, the Origin.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.server));
        match &self.identity {
            Identity::Nobody => request.header(ORIGIN, &self.server),
            Identity::Session(cookie) => request.header(ORIGIN, &self.server).header(COOKIE, cookie),
            Identity::Bearer(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        }
    }

    /// Reads what lies under `/api/v1`.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        answer(self.request(Method::GET, &format!("/api/v1{path}")).send().await?).await
    }

    /// Writes below `/api/v1`. With an id repeating is safe.
    pub async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        id: Option<CommandId>,
        body: &Value,
    ) -> Result<T, Error> {
        let mut request = self.request(method, &format!("/api/v1{path}")).json(body);
        if let Some(id) = id {
            request = request.header("idempotency-key", id.to_string());
        }
        answer(request.send().await?).await
    }

    /// Enters a process as a guest: with a cookie, or, where this client's token moderates, with a new token.
    pub async fn join(&self, join: &Join) -> Result<(Self, Joined), Error> {
        let response = self.request(Method::POST, "/api/v1/join").json(join).send().await?;
        let cookie = session_cookie(&response);
        let joined: Joined = answer(response).await?;
        let identity = match (&joined.token, cookie) {
            (Some(token), _) => Identity::Bearer(token.clone()),
            (None, Some(cookie)) => Identity::Session(cookie),
            // Who has a session already keeps it.
            (None, None) if matches!(self.identity, Identity::Session(_)) => self.identity.clone(),
            (None, None) => return Err(Error::Contract("joining gave neither a cookie nor a token".to_owned())),
        };
        Ok((self.as_identity(identity), joined))
    }

    /// The processes one may see.
    pub async fn processes(&self) -> Result<Vec<ProcessInfo>, Error> {
        #[derive(Deserialize)]
        struct Answer {
            processes: Vec<ProcessInfo>,
        }
        Ok(self.read::<Answer>("/processes").await?.processes)
    }

    /// Begins a process.
    pub async fn create_process(&self, title: &Texts, visibility: Visibility) -> Result<ProcessId, Error> {
        let body = json!({ "title": title, "visibility": visibility });
        made(self.write(Method::POST, "/processes", Some(crate::command_id()), &body).await?).map(ProcessId)
    }

    /// Adds a forum to a process.
    pub async fn create_forum(&self, process: ProcessId, title: &Texts, waiting: Waiting) -> Result<ForumId, Error> {
        let (path, body) = (format!("/processes/{process}/forums"), json!({ "title": title, "waiting": waiting }));
        made(self.write(Method::POST, &path, Some(crate::command_id()), &body).await?).map(ForumId)
    }

    /// The ways into a process, for its moderators.
    pub async fn codes(&self, process: ProcessId) -> Result<Codes, Error> {
        self.read(&format!("/processes/{process}/codes")).await
    }

    /// A page of a forum.
    pub async fn forum(&self, forum: ForumId, window: &WindowRequest) -> Result<ForumAnswer, Error> {
        let mut query = Vec::new();
        query.extend(window.before.map(|before| format!("before={before}")));
        query.extend(window.from.map(|from| format!("from={from}")));
        query.extend(window.topic.map(|topic| format!("topic={topic}")));
        self.read(&format!("/forums/{forum}?{}", query.join("&"))).await
    }

    /// A forum to its first contribution, page by page. Exact where nobody writes meanwhile.
    pub async fn whole_forum(&self, forum: ForumId) -> Result<ForumAnswer, Error> {
        use stimmwerk_core::live::LiveTypes;
        let mut whole = self.forum(forum, &WindowRequest::default()).await?;
        while whole.view.window.from > 0 {
            let before = Some(whole.view.window.from);
            let page = self.forum(forum, &WindowRequest { before, ..WindowRequest::default() }).await?;
            if page.view.window.from >= whole.view.window.from {
                return Err(Error::Contract(format!("the page before {before:?} begins at {:?}", page.view.window)));
            }
            stimmwerk_core::forum::Forum::append_page(&mut whole.view, page.view);
        }
        Ok(whole)
    }

    /// One step of catching up.
    pub async fn deltas(&self, stream: StreamId, after: Seq) -> Result<StreamDeltas, Error> {
        self.read(&format!("/streams/{stream}/deltas?after={after}")).await
    }

    /// Issues a command to a forum over REST.
    pub async fn command(&self, forum: ForumId, id: CommandId, command: &ForumCommand) -> Result<Written, Error> {
        let (method, path, body) = report(forum, command)
            .or_else(|| route(forum.0, command))
            .ok_or_else(|| Error::Contract(format!("no REST route for {}", command.rule().name)))?;
        self.write(method, &path, Some(id), &body).await
    }
}

/// Where a command goes over REST, below `/api/v1`, and the body it has there. `object` is what its stream is about. `None`
/// for what only the program itself asks.
pub(crate) fn route<C: Commands + Serialize>(object: Uuid, command: &C) -> Option<(Method, String, Value)> {
    let route = command.rule().route?;
    let mut body = serde_json::to_value(command).ok()?;
    let members = body.as_object_mut()?;
    members.remove("type");
    // What the address says does not stand in the body as well.
    let path = route.fill(|name| match members.remove(name) {
        Some(id) => id.as_str().map(str::to_owned),
        None => Some(object.to_string()),
    })?;
    if let Some(Value::Object(inner)) = route.body_of.and_then(|name| members.remove(name)) {
        members.extend(inner);
    }
    let method = Method::from_bytes(route.method.as_bytes()).ok()?;
    Some((method, path.strip_prefix("/api/v1")?.to_owned(), body))
}

/// Reporting is open to visitors, so it has an address of its own, and its body says where.
fn report(forum: ForumId, command: &ForumCommand) -> Option<(Method, String, Value)> {
    let ForumCommand::Report { .. } = command else { return None };
    let mut body = serde_json::to_value(command).ok()?;
    body.as_object_mut()?.remove("type");
    body["forum"] = json!(forum);
    Some((Method::POST, "/notices".to_owned(), body))
}

fn made(written: Written) -> Result<Uuid, Error> {
    written.id.ok_or_else(|| Error::Contract("a thing was made and has no id".to_owned()))
}

/// The session of a response, as `name=value`.
fn session_cookie(response: &Response) -> Option<String> {
    let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
    pairs.rfind(|pair| pair.starts_with("stimmwerk=") || pair.starts_with("__Host-stimmwerk=")).map(str::to_owned)
}

async fn answer<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let status = response.status();
    let body = response.bytes().await?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| Error::Contract(format!("{status}: {error}")));
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(Error::Problem(Box::new(problem))),
        Err(_) => Err(Error::Contract(format!("{status} without a problem: {} bytes", body.len()))),
    }
}
