//! The API of people: coming in, who one is, what one is called, and going for good.
//! Programs and plain forms call these handlers.
//! A handler reads the request, calls one use case and words its answer. Sessions and cookies are given here alone.

use axum::Json;
use axum::extract::{FromRequest, State};
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use stimmwerk_core::ids::{ForumId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::network::Process;
use stimmwerk_core::people::Role;
use stimmwerk_core::rejection::Code;
use stimmwerk_eventlog::accounts::{Participant, PersonId, PersonKind};
use tower_sessions::Session;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::chance;
use crate::config::Config;
use crate::cookies;
use crate::form::{self, FormPost, Input};
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::rest::Nothing;
use crate::sessions::PERSON;
use crate::use_cases::export::Export;
use crate::use_cases::joining::{Entry, JoinRequest, Joined};

/// How a guest comes in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Join {
    /// Spoken or from a link.
    code: String,
    /// At most 40 characters; may be invented, may be left out.
    name: Option<String>,
    /// Their language.
    lang: Option<String>,
    /// The version of the joining notice they saw.
    notice: Option<u32>,
}

/// Where a forum is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ForumAt {
    #[schema(value_type = String)]
    id: ForumId,
    #[schema(value_type = String)]
    stream: StreamId,
}

/// Somebody is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entered {
    #[schema(value_type = String)]
    participant: ParticipantId,
    #[schema(value_type = String)]
    process: ProcessId,
    forums: Vec<ForumAt>,
    /// How somebody new comes back; said once.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_code: Option<String>,
    /// For a guest whom a token let in; said once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// A guest enters. With a staff token: without limits, and a token for the guest instead of a cookie.
///
/// Whoever is in already gets the answer that they are; an idempotency key is not looked at, since what this answer holds
/// is kept nowhere and cannot be given twice. Sent again without the cookie or token of the first time, it lets in
/// somebody else.
#[utoipa::path(post, path = "/api/v1/join", tag = "people", request_body = Join,
    responses((status = 201, body = Entered, description = "They are in."),
        (status = 404, description = "There is no such code."),
        (status = 429, description = "Too many guess codes from where this one was sent."),
        (status = 422, description = "The name cannot be taken, or with `notice`: the notice they have to see first.")))]
pub async fn join(
    State(app): State<AppState>,
    gate: Gate,
    session: Session,
    request: Request<axum::body::Body>,
) -> Answer<Response> {
    let interface = guard::language(&request);
    let form = request.extensions().get::<FormPost>();
    let (is_form, onward) = (form.is_some(), form.and_then(|form| form::onward(&form.next)));
    let Input(input) = Input::<Join>::from_request(request, &app).await?;
    let Join { code, name, lang, notice } = input;
    let Joined { participant, process, entry } =
        app.join(&gate, JoinRequest { code, name, lang, notice, interface }).await?;
    let (return_code, token) = match entry {
        Entry::Known => (None, None),
        Entry::Token(token) => (None, Some(token)),
        Entry::Session(person, code) => {
            enter(&session, person).await?;
            (Some(code), None)
        }
    };
    let directory = app.directory();
    let process = directory.process(process).ok_or_else(Fault::not_found)?;
    let forums: Vec<_> = process.forums().map(|place| ForumAt { id: place.forum, stream: place.stream }).collect();
    let next = match (&return_code, onward, &forums[..]) {
        // Somebody new is shown how to come back.
        (Some(_), onward, _) => {
            let query = onward.map_or(String::new(), |next| format!("?next={next}"));
            format!("/welcome/{}{query}", process.id)
        }
        // Everyone else goes on to where they were on their way to, or into the one forum of the process.
        (None, Some(next), _) => next,
        (None, None, [forum]) => format!("/f/{}", forum.id),
        (None, None, _) => format!("/welcome/{}", process.id),
    };
    let answer = Entered { participant, process: process.id, forums, return_code: return_code.clone(), token };
    let mut response = (StatusCode::CREATED, Json(answer)).into_response();
    if let Some(code) = return_code {
        cookies::remember_return_code(&mut response, &app.config, &code);
    }
    if is_form {
        form::redirect_to(&mut response, &next);
    }
    Ok(response)
}

/// Puts a person into a session, under a new session id.
async fn enter(session: &Session, person: PersonId) -> Answer<()> {
    let failed = |error: tower_sessions::session::Error| {
        tracing::error!(%error, "session");
        Fault::internal()
    };
    session.cycle_id().await.map_err(failed)?;
    session.insert(PERSON, person.0.to_string()).await.map_err(failed)
}

/// For which process.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct WhereFrom {
    #[schema(value_type = Option<String>)]
    process: Option<ProcessId>,
}

/// A fresh return code; said once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnCode {
    /// Five words.
    return_code: String,
}

/// Makes a new return code in place of the old one.
///
/// Only a hash of it is kept, so it cannot be given twice: an idempotency key is not looked at, and asking again makes
/// another one.
#[utoipa::path(post, path = "/api/v1/me/return-code", tag = "people", request_body = WhereFrom,
    responses((status = 200, body = ReturnCode)))]
pub async fn new_return_code(
    State(app): State<AppState>,
    gate: Gate,
    Input(input): Input<WhereFrom>,
) -> Answer<Response> {
    let standing = gate.who.standing.as_ref().ok_or_else(Fault::unauthorized)?;
    // Accounts and tokens come back by other ways than a return code.
    if standing.person.kind != PersonKind::Guest {
        return Err(Fault::of(Code::HasAccount));
    }
    let code = app.give_return_code(standing.person.id).await?;
    let mut response = Json(ReturnCode { return_code: code.clone() }).into_response();
    cookies::remember_return_code(&mut response, &app.config, &code);
    let process = input.process.and_then(|process| standing.in_process(process));
    if let Some(joined) = process {
        form::redirect_to(&mut response, &format!("/welcome/{}", joined.process));
    }
    Ok(response)
}

/// A return code.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ComeBack {
    /// Five words; four in older codes.
    #[serde(default)]
    code: String,
}

/// Somebody came back.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameBack {
    /// What they take part in.
    #[schema(value_type = Vec<String>)]
    processes: Vec<ProcessId>,
}

/// Comes back with a return code: after a lost session, or on another phone.
#[utoipa::path(post, path = "/api/v1/return", tag = "people", request_body = ComeBack,
    responses((status = 200, body = CameBack, description = "A session."),
        (status = 404, description = "No such words."),
        (status = 429, description = "Too many guess codes from where this one was sent.")))]
pub async fn come_back(
    State(app): State<AppState>,
    gate: Gate,
    session: Session,
    Input(input): Input<ComeBack>,
) -> Answer<Response> {
    let person = app.come_back(gate.address, &input.code).await?;
    enter(&session, person).await?;
    let standing = app.accounts.standing(person).await?;
    let joined: Vec<ProcessId> = standing.iter().flat_map(|it| &it.participants).map(|it| it.process).collect();
    let mut response = Json(CameBack { processes: joined.clone() }).into_response();
    // If there is only one forum, the form leads right into it.
    let directory = app.directory();
    let forums: Vec<_> = joined.iter().filter_map(|id| directory.process(*id)).flat_map(Process::forums).collect();
    if let [forum] = &forums[..] {
        form::redirect_to(&mut response, &format!("/f/{}", forum.forum));
    }
    Ok(response)
}

/// A login link's secret.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Confirm {
    token: String,
}

/// Uses a login link up.
#[utoipa::path(post, path = "/api/v1/login/link/confirm", tag = "people", request_body = Confirm,
    responses((status = 200, body = Nothing, description = "A session."), (status = 410, description = "Used up, too old, or none.")))]
pub async fn confirm(
    State(app): State<AppState>,
    _gate: Gate,
    session: Session,
    Input(input): Input<Confirm>,
) -> Answer<Response> {
    let person = app.accounts.use_login_link(chance::hash(input.token.trim()), chance::now()).await?;
    let Some(person) = person else {
        tracing::warn!("a login was refused: no such link, or it was used or is too old");
        return Err(Fault::of(Code::LinkInvalid));
    };
    enter(&session, person).await?;
    Ok(Json(Nothing {}).into_response())
}

/// Ends the session; its sockets close.
#[utoipa::path(post, path = "/api/v1/logout", tag = "people", responses((status = 200, body = Nothing, description = "There is no session any more.")))]
pub async fn logout(State(app): State<AppState>, gate: Gate, session: Session) -> Answer<Response> {
    session.flush().await.map_err(|_| Fault::internal())?;
    if let Some(person) = gate.who.person() {
        app.rights_changed(person);
    }
    Ok(forgotten(&app.config))
}

/// Tells a browser to keep nothing: a shared phone has neither what was typed nor what was read.
fn forgotten(config: &Config) -> Response {
    let mut response = Json(Nothing {}).into_response();
    let everything = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), everything);
    // Browsers follow that header over TLS alone. So the cookie with the return code is removed in any case.
    cookies::forget_return_code(&mut response, config);
    response
}

/// A language of the interface.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Language {
    lang: String,
}

/// Remembers the interface language.
#[utoipa::path(post, path = "/api/v1/language", tag = "people", request_body = Language,
    responses((status = 200, body = Language, description = "A cookie that remembers it.")))]
pub async fn language(State(app): State<AppState>, _gate: Gate, Input(input): Input<Language>) -> Answer<Response> {
    let lang = stimmwerk_ui::LANGUAGES.iter().find(|have| **have == input.lang);
    let lang = lang.ok_or_else(|| Fault::bad_request("no such language"))?;
    let mut response = Json(Language { lang: (*lang).to_owned() }).into_response();
    cookies::remember_language(&mut response, &app.config, lang);
    Ok(response)
}

/// What somebody is known by.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing but a session and a return code.
    Guest,
    /// An account.
    Account,
    /// A token of a program.
    Token,
    /// The link of a projector.
    Screen,
}

/// See [`Kind`].
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct MyPerson {
    kind: Kind,
}

/// A role.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct MyRole {
    /// In which process; `null`: in the whole network.
    #[schema(value_type = Option<String>)]
    process: Option<ProcessId>,
    role: Role,
}

/// Somebody who takes part in a process.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MyParticipant {
    #[schema(value_type = String)]
    id: ParticipantId,
    #[schema(value_type = String)]
    process: ProcessId,
    name: Option<String>,
    lang: Option<String>,
    banned: bool,
}

/// Who the caller is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeAnswer {
    person: MyPerson,
    roles: Vec<MyRole>,
    /// By process.
    participants: Vec<MyParticipant>,
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/v1/me", tag = "people", responses((status = 200, body = MeAnswer)))]
pub async fn me(gate: Gate) -> Answer<Json<MeAnswer>> {
    let standing = gate.who.standing.as_ref().ok_or_else(Fault::unauthorized)?;
    let kind = match standing.person.kind {
        PersonKind::Guest => Kind::Guest,
        PersonKind::Account => Kind::Account,
        PersonKind::Token => Kind::Token,
        PersonKind::Screen => Kind::Screen,
    };
    let roles = standing.roles.iter().map(|(process, role)| MyRole { process: *process, role: *role }).collect();
    let participant = |it: &Participant| MyParticipant {
        id: it.id,
        process: it.process,
        name: it.name.clone(),
        lang: it.lang.clone(),
        banned: it.banned,
    };
    let participants = standing.participants.iter().map(participant).collect();
    Ok(Json(MeAnswer { person: MyPerson { kind }, roles, participants }))
}

/// A new name in a process.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangedMe {
    #[schema(value_type = String)]
    process: ProcessId,
    name: Option<String>,
    lang: Option<String>,
}

/// Changes one's name in a process; it stands everywhere at once.
#[utoipa::path(patch, path = "/api/v1/me", tag = "people", request_body = ChangedMe, responses(
    (status = 200, body = Nothing, description = "The name stands everywhere."),
    (status = 404, description = "The caller takes no part there."), (status = 429, description = "A few new names an hour.")))]
pub async fn change(State(app): State<AppState>, gate: Gate, Input(input): Input<ChangedMe>) -> Answer<Response> {
    app.rename(&gate.who, input.process, input.name.as_deref(), input.lang.as_deref()).await?;
    Ok(Json(Nothing {}).into_response())
}

/// Deletes everything one wrote, one's names, and the access itself.
#[utoipa::path(delete, path = "/api/v1/me", tag = "people", responses((status = 200, body = Nothing, description = "Nothing of them is left.")))]
pub async fn erase(State(app): State<AppState>, gate: Gate, session: Session) -> Answer<Response> {
    app.erase_person(gate.who.person().ok_or_else(Fault::unauthorized)?).await?;
    app.log().cleaned().await;
    session.flush().await.map_err(|_| Fault::internal())?;
    Ok(forgotten(&app.config))
}

/// Everything known of the caller, as a file.
#[utoipa::path(get, path = "/api/v1/me/export", tag = "people", responses((status = 200, body = Export, description = "By process and forum: names, contributions with those that wait or are hidden, what they support, what they said to authors as a moderator, and ballots that are not secret.")))]
pub async fn export(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let mut response = Json(app.export(&gate.who).await?).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"stimmwerk.json\""));
    Ok(response)
}
