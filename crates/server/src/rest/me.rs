//! Coming in, who one is, and going for good.

use std::collections::HashSet;
use std::sync::LazyLock;

use axum::Json;
use axum::extract::{FromRequest, State};
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stimmwerk_core::domain::{PersonChange, StreamKind};
use stimmwerk_core::ids::{ForumId, ParticipantId, PollId, ProcessId, StreamId};
use stimmwerk_core::network::{Joining, Process, is_spoken};
use stimmwerk_core::people::{NOTICE_VERSION, Role};
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_core::said::SaidTexts;
use stimmwerk_core::text::{TextLimits, TextProblem, clean_name, lang_tag, skeleton};
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Participant, Person, PersonId, PersonKind};
use tower_sessions::Session;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, AppState};
use crate::chance;
use crate::config::Config;
use crate::form::{self, FormPost, Input};
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::rest::Nothing;
use crate::sessions::PERSON;

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
    let lang = guard::language(&request);
    let form = request.extensions().get::<FormPost>();
    let (is_form, onward) = (form.is_some(), form.and_then(|form| form::onward(&form.next)));
    let Input(input) = Input::<Join>::from_request(request, &app).await?;
    let by_token = gate.who.standing.as_ref().is_some_and(|standing| standing.person.kind == PersonKind::Token);
    // What is too long to be guessed is not counted either: links lead in, however many guess.
    let guessable = is_spoken(&input.code) && !by_token;
    if guessable {
        app.limits.guesses.admit(gate.address).await.map_err(Fault::too_many_requests)?;
    }
    let directory = app.directory();
    let Some(process) = directory.by_code(&input.code) else {
        if guessable {
            app.limits.guesses.wrong(gate.address);
        }
        return Err(Fault::new(StatusCode::NOT_FOUND, Code::CodeUnknown));
    };
    let by_staff = by_token && gate.who.roles_in(process.id).moderates();
    let forums: Vec<_> = process.forums().map(|place| ForumAt { id: place.forum, stream: place.stream }).collect();
    let entered = |participant: ParticipantId, token: Option<String>, code: Option<&str>| {
        let (forums, return_code) = (forums.clone(), code.map(str::to_owned));
        let answer = Entered { participant, process: process.id, forums, return_code, token };
        let mut response = (StatusCode::CREATED, Json(answer)).into_response();
        // Who is new is shown how to come back. A process with one forum leads everyone else right into it, unless they
        // were on their way to something.
        let next = match (code, &onward, &process.forums().collect::<Vec<_>>()[..]) {
            (Some(code), onward, _) => {
                remember(&mut response, &app, code);
                let query = onward.as_ref().map_or(String::new(), |next| format!("?next={next}"));
                Some(format!("/welcome/{}{query}", process.id))
            }
            (None, Some(next), _) => Some(next.clone()),
            (None, None, [forum]) => Some(format!("/f/{}", forum.forum)),
            (None, None, _) => Some(format!("/welcome/{}", process.id)),
        };
        if let Some(next) = next.filter(|_| is_form) {
            form::lead(&mut response, &next);
        }
        response
    };
    // Sent twice, or joined before: they are in already.
    if !by_staff && let Some(participant) = gate.who.in_process(process.id) {
        if participant.banned {
            return Err(Rejection::Banned.into());
        }
        return Ok(entered(participant.id, None, None));
    }
    if process.joining == Joining::Closed && !by_staff {
        return Err(Fault::new(StatusCode::CONFLICT, Code::JoiningClosed));
    }
    if input.notice != Some(NOTICE_VERSION) && !by_staff {
        let network = directory.title().map(SaidTexts::shown);
        let notice = json!({ "version": NOTICE_VERSION, "text": stimmwerk_ui::notice_text(lang, network.as_ref()) });
        return Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Notice).with("notice", notice));
    }
    // What a program brings in is kept as it is: a record of what was elsewhere.
    let naming = app.naming.lock().await;
    let name = if by_staff {
        app.clean_name(input.name.as_deref(), None).await?
    } else {
        app.name_in(process.id, input.name.as_deref(), None).await?
    };
    let tag = input.lang.as_deref().and_then(lang_tag);
    let known_by_account =
        !by_staff && gate.who.standing.as_ref().is_some_and(|standing| standing.person.kind == PersonKind::Account);
    let participant = |person| Participant {
        id: ParticipantId(Uuid::now_v7()),
        process: process.id,
        person,
        name: name.clone(),
        lang: tag.clone(),
        notice: NOTICE_VERSION,
        banned: false,
        guest: !known_by_account,
        joined_at: chance::now(),
    };
    // Who is known by an account or from another process stays the same person.
    if let (Some(person), false) = (gate.who.person(), by_staff) {
        let participant = app.accounts.add_participant(participant(person)).await?;
        drop(naming);
        app.rights_changed(person);
        return Ok(entered(participant.id, None, None));
    }
    let person = PersonId(Uuid::now_v7());
    let participant = participant(person);
    let id = participant.id;
    app.accounts.join_as_guest(Person { id: person, kind: PersonKind::Guest, label: None }, participant).await?;
    drop(naming);
    if by_staff {
        let (token, hash) = chance::secret();
        app.accounts.add_token(hash, person, None).await?;
        return Ok(entered(id, Some(token), None));
    }
    let code = app.give_return_code(person).await?;
    enter(&session, person).await?;
    Ok(entered(id, None, Some(&code)))
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

impl App {
    /// Cleans a chosen name; none is fine too. It is no name the interface gives by itself.
    ///
    /// # Errors
    /// It cannot be taken.
    async fn clean_name(&self, name: Option<&str>, own: Option<&str>) -> Answer<Option<String>> {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
        let staff = self.accounts.staff_names().await?;
        let reserved: Vec<&str> = staff.iter().map(String::as_str).filter(|have| Some(*have) != own).collect();
        let name = clean_name(name, &reserved).map_err(Rejection::from)?;
        if AUTOMATIC.contains(&automatic(name.as_str())) {
            return Err(Rejection::from(TextProblem::LooksAutomatic).into());
        }
        Ok(Some(name.as_str().to_owned()))
    }

    /// Cleans a chosen name, and numbers it where somebody else in the process has one that looks alike: "Lena (2)".
    /// Hold [`App::naming`] until the name is kept, so that two who come at once are told apart too.
    ///
    /// # Errors
    /// It cannot be taken.
    pub async fn name_in(
        &self,
        process: ProcessId,
        name: Option<&str>,
        own: Option<(ParticipantId, Option<&str>)>,
    ) -> Answer<Option<String>> {
        let Some(name) = self.clean_name(name, own.and_then(|(_, name)| name)).await? else { return Ok(None) };
        let names = self.accounts.names_in(process).await?.into_iter();
        let others = names.filter(|(id, _)| own.is_none_or(|(own, _)| *id != own)).map(|(_, name)| skeleton(&name));
        Ok(Some(told_apart(&name, &others.collect())))
    }
}

/// The names the interface gives by itself, in every language, as the eye sees them and without their numbers.
static AUTOMATIC: LazyLock<HashSet<(bool, String)>> =
    LazyLock::new(|| stimmwerk_ui::automatic_names().iter().map(|name| automatic(name)).collect());

/// Does a name have a number, and what does it look like without it? "Gast" is also what a family is called.
fn automatic(name: &str) -> (bool, String) {
    let bare = name.trim_matches(|c: char| c.is_numeric() || c.is_whitespace());
    (bare != name, skeleton(bare))
}

/// A name that looks like none of `others`: with the first free number behind it, if it must be. A number somebody chose
/// to write like that counts for nothing.
fn told_apart(name: &str, others: &HashSet<String>) -> String {
    let numbered = |name: &str| -> Option<String> {
        let (base, number) = name.strip_suffix(')')?.rsplit_once(" (")?;
        (!base.is_empty() && number.chars().all(char::is_numeric)).then(|| base.to_owned())
    };
    let base = numbered(name).unwrap_or_else(|| name.to_owned());
    if !others.contains(&skeleton(&base)) {
        return base;
    }
    // Room for the number within the bounds of a name.
    let short: String = base.chars().take(TextLimits::NAME.max_chars as usize - 7).collect();
    let mut names = (2_u32..).map(|number| format!("{} ({number})", short.trim_end()));
    names.find(|name| !others.contains(&skeleton(name))).expect("there are more numbers than people")
}

/// The words return codes are made of: short, without umlauts, known to beginners, and none that can hurt. A code is kept
/// as a hash of its words, so codes with words that are no longer here still count, and those with four words too.
const RETURN_WORDS: &str = include_str!("../return_words.txt");

/// The cookie that brings a fresh return code to the one page that shows it. It lives for ten minutes and is kept
/// nowhere on the server.
pub const WELCOME: &str = "welcome";

/// How many words a new return code has: 46 bits.
const RETURN_LENGTH: usize = 5;

/// Puts a return code into the cookie of the page that shows it.
fn remember(response: &mut Response, app: &App, code: &str) {
    set_cookie(response, &app.config, &format!("{WELCOME}={code}; Path=/welcome; Max-Age=600"));
}

/// Sets a cookie that no script reads and no foreign page sends along.
fn set_cookie(response: &mut Response, config: &Config, cookie: &str) {
    let secure = if config.is_secure() { "; Secure" } else { "" };
    if let Ok(cookie) = HeaderValue::from_str(&format!("{cookie}; SameSite=Lax; HttpOnly{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

impl App {
    /// Gives a person a new return code; an earlier one no longer counts.
    ///
    /// # Errors
    /// The account tables cannot be written.
    pub async fn give_return_code(&self, person: PersonId) -> Answer<String> {
        let words: Vec<&str> = RETURN_WORDS.lines().collect();
        let word = || {
            // The remainder favours some words by less than a billionth.
            let random = u64::from_le_bytes(chance::bytes());
            words[(random % words.len() as u64) as usize]
        };
        let code = [(); RETURN_LENGTH].map(|()| word()).join("-");
        self.accounts.set_return_code(chance::hash(&code), person).await?;
        Ok(code)
    }
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
    // Accounts and tokens have ways of their own.
    if standing.person.kind != PersonKind::Guest {
        return Err(Fault::new(StatusCode::CONFLICT, Code::HasAccount));
    }
    let code = app.give_return_code(standing.person.id).await?;
    let mut response = Json(ReturnCode { return_code: code.clone() }).into_response();
    remember(&mut response, &app, &code);
    let process = input.process.and_then(|process| standing.in_process(process));
    if let Some(joined) = process {
        form::lead(&mut response, &format!("/welcome/{}", joined.process));
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
    app.limits.guesses.admit(gate.address).await.map_err(Fault::too_many_requests)?;
    let code = stimmwerk_core::code::words(&input.code).join("-");
    let Some(person) = app.accounts.returning(chance::hash(&code)).await? else {
        app.limits.guesses.wrong(gate.address);
        tracing::warn!("coming back was refused: no such words");
        return Err(Fault::new(StatusCode::NOT_FOUND, Code::ReturnUnknown));
    };
    enter(&session, person).await?;
    let standing = app.accounts.standing(person).await?;
    let joined: Vec<ProcessId> = standing.iter().flat_map(|it| &it.participants).map(|it| it.process).collect();
    let mut response = Json(CameBack { processes: joined.clone() }).into_response();
    // Into the conversation, if there is only one.
    let directory = app.directory();
    let forums: Vec<_> = joined.iter().filter_map(|id| directory.process(*id)).flat_map(Process::forums).collect();
    if let [forum] = &forums[..] {
        form::lead(&mut response, &format!("/f/{}", forum.forum));
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
        return Err(Fault::new(StatusCode::GONE, Code::LinkInvalid));
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
    // Browsers heed that over TLS alone; the words go in any case.
    set_cookie(&mut response, config, &format!("{WELCOME}=; Path=/welcome; Max-Age=0"));
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
    set_cookie(&mut response, &app.config, &format!("lang={lang}; Path=/; Max-Age=31536000"));
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
    let me = gate.who.in_process(input.process).ok_or_else(Fault::not_found)?.clone();
    // Before anything is written.
    if me.banned {
        return Err(Rejection::Banned.into());
    }
    let naming = app.naming.lock().await;
    let name = app.name_in(input.process, input.name.as_deref(), Some((me.id, me.name.as_deref()))).await?;
    if name != me.name {
        let taken = app.limits.names.take(me.person.0);
        taken.map_err(|seconds| {
            Fault::new(StatusCode::TOO_MANY_REQUESTS, Code::RenamedTooOften).with("retry_after", seconds)
        })?;
    }
    app.accounts.rename(me.id, name, input.lang.as_deref().and_then(lang_tag)).await?;
    drop(naming);
    // Sockets hold the standing they began with; they come back with the new one.
    app.rights_changed(me.person);
    let who = app.who(Some(me.person)).await?;
    let actor = who.actor(Some(input.process));
    app.on_person(input.process, me.id, PersonChange::Renamed, &actor, me.person.0).await?;
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

/// What is kept of the caller in one forum.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exported {
    #[schema(value_type = String)]
    forum: ForumId,
    #[serde(flatten)]
    #[schema(value_type = stimmwerk_core::forum::OwnExport)]
    written: serde_json::Value,
}

/// A ballot of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedBallot {
    #[schema(value_type = String)]
    poll: PollId,
    /// What they chose, by option; `null` where nobody keeps it.
    marks: Option<Vec<u8>>,
}

/// What is kept of the caller in one process.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedProcess {
    #[schema(value_type = String)]
    process: ProcessId,
    #[schema(value_type = String)]
    participant: ParticipantId,
    name: Option<String>,
    lang: Option<String>,
    /// The version of the joining notice they saw.
    notice: u32,
    joined_at: Timestamp,
    forums: Vec<Exported>,
    ballots: Vec<ExportedBallot>,
}

/// What is kept of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    processes: Vec<ExportedProcess>,
}

/// Everything known of the caller, as a file.
#[utoipa::path(get, path = "/api/v1/me/export", tag = "people", responses((status = 200, body = Export, description = "By process and forum: names, contributions with those that wait or are hidden, what they support, what they said to authors as a moderator, and ballots that are not secret.")))]
pub async fn export(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let standing = gate.who.standing.clone().ok_or_else(Fault::unauthorized)?;
    let directory = app.directory();
    let mut processes = Vec::new();
    for participant in &standing.participants {
        let Some(process) = directory.process(participant.process) else { continue };
        let (mut forums, mut ballots) = (Vec::new(), Vec::new());
        for (place, room) in app.rooms_of(process.id).await? {
            let Some(written) = room.export(participant.id).await? else { continue };
            match place.kind {
                StreamKind::Forum => forums.push(Exported { forum: ForumId(place.object), written }),
                StreamKind::Poll => {
                    let marks = written.get("marks").and_then(|marks| Vec::deserialize(marks).ok());
                    ballots.push(ExportedBallot { poll: PollId(place.object), marks });
                }
                // It is of no process.
                StreamKind::Network => {}
            }
        }
        processes.push(ExportedProcess {
            process: participant.process,
            participant: participant.id,
            name: participant.name.clone(),
            lang: participant.lang.clone(),
            notice: participant.notice,
            joined_at: participant.joined_at,
            forums,
            ballots,
        });
    }
    let mut response = Json(Export { processes }).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"stimmwerk.json\""));
    Ok(response)
}
