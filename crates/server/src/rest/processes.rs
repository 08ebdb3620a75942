//! The API of the network, its processes, their forums and codes.
//! Programs and the desk call these handlers.
//! A handler reads the request, calls one use case and words its answer; it decides nothing.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::Waiting;
use stimmwerk_core::ids::ParticipantId;
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_core::network::{CodeKind, Joining, Network, NetworkCommand, NetworkView, Visibility};
use stimmwerk_core::people::Audience;
use stimmwerk_core::said::Lang;
use utoipa::ToSchema;

use super::{Title, Titled, Written, changed, created};
use crate::app::AppState;
use crate::form::Input;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::use_cases::processes::Listed;

/// Processes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Processes {
    /// Oldest first.
    processes: Vec<Listed>,
}

/// A process.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shown {
    /// As in lists.
    process: Listed,
}

/// The network.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkAnswer {
    /// As of which event.
    seq: Seq,
    /// What everyone may see.
    view: NetworkView,
    /// Those the caller may see.
    processes: Vec<Listed>,
}

/// The network as the caller may see it.
#[utoipa::path(get, path = "/api/v1/network", tag = "network", responses((status = 200, body = NetworkAnswer)))]
pub async fn network(State(app): State<AppState>, gate: Gate) -> Answer<Json<NetworkAnswer>> {
    let directory = app.directory();
    let audience = gate.position.audience.unwrap_or(Audience::Public);
    let view = Network::view(&directory, audience, &WindowRequest::default());
    Ok(Json(NetworkAnswer { seq: directory.seq(), view, processes: app.processes_of(&gate.who) }))
}

/// Names the network.
#[utoipa::path(patch, path = "/api/v1/network", tag = "network", request_body = Titled,
    responses((status = 200, body = Written)))]
pub async fn name_network(State(app): State<AppState>, gate: Gate, Input(new): Input<Titled>) -> Answer<Response> {
    Ok(changed(app.issue_to_network(&gate, NetworkCommand::SetTitle { title: new.texts() }).await?))
}

/// The processes the caller may see.
#[utoipa::path(get, path = "/api/v1/processes", tag = "network", responses((status = 200, body = Processes)))]
pub async fn list(State(app): State<AppState>, gate: Gate) -> Answer<Json<Processes>> {
    Ok(Json(Processes { processes: app.processes_of(&gate.who) }))
}

/// A new process.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewProcess {
    title: Title,
    title_lang: Option<Lang>,
    #[serde(default)]
    visibility: Visibility,
}

/// Begins a process.
#[utoipa::path(post, path = "/api/v1/processes", tag = "network", request_body = NewProcess,
    responses((status = 201, body = Written)))]
pub async fn create(State(app): State<AppState>, gate: Gate, Input(new): Input<NewProcess>) -> Answer<Response> {
    let title = new.title.texts(new.title_lang);
    let command = NetworkCommand::CreateProcess { title, visibility: new.visibility };
    Ok(created(app.issue_to_network(&gate, command).await?))
}

/// A process.
#[utoipa::path(get, path = "/api/v1/processes/{process}", tag = "network", params(("process" = String, Path)),
    responses((status = 200, body = Shown)))]
pub async fn show(State(app): State<AppState>, gate: Gate) -> Answer<Json<Shown>> {
    let listed = app.process_listed(gate.process()?).ok_or_else(Fault::not_found)?;
    Ok(Json(Shown { process: listed }))
}

/// Changes of a process. One at a time.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangedProcess {
    title: Option<Title>,
    title_lang: Option<Lang>,
    visibility: Option<Visibility>,
    joining: Option<Joining>,
}

/// Names a process anew, or changes who may read or join it: one of them per request.
#[utoipa::path(patch, path = "/api/v1/processes/{process}", tag = "network", params(("process" = String, Path)),
    request_body = ChangedProcess, responses((status = 200, body = Written)))]
pub async fn change(State(app): State<AppState>, gate: Gate, Input(new): Input<ChangedProcess>) -> Answer<Response> {
    let process = gate.process()?;
    let command = match (new.title, new.visibility, new.joining) {
        (Some(title), None, None) => NetworkCommand::SetProcessTitle { process, title: title.texts(new.title_lang) },
        (None, Some(visibility), None) => NetworkCommand::SetVisibility { process, visibility },
        (None, None, Some(joining)) => NetworkCommand::SetJoining { process, joining },
        _ => return Err(Fault::bad_request("one of title, visibility, joining")),
    };
    Ok(changed(app.issue_to_network(&gate, command).await?))
}

/// A new forum.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewForum {
    title: Title,
    title_lang: Option<Lang>,
    #[serde(default)]
    waiting: Waiting,
}

/// Adds a forum to a process.
#[utoipa::path(post, path = "/api/v1/processes/{process}/forums", tag = "network",
    params(("process" = String, Path)), request_body = NewForum, responses((status = 201, body = Written)))]
pub async fn create_forum(State(app): State<AppState>, gate: Gate, Input(new): Input<NewForum>) -> Answer<Response> {
    let process = gate.process()?;
    let title = new.title.texts(new.title_lang);
    let command = NetworkCommand::CreateForum { process, title, waiting: new.waiting };
    Ok(created(app.issue_to_network(&gate, command).await?))
}

/// What leads into a process. `null`: there is none at the moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Codes {
    /// To be said aloud and typed.
    spoken: Option<String>,
    /// In links.
    link: Option<String>,
    /// The link.
    url: Option<String>,
}

/// The codes that lead into a process.
#[utoipa::path(get, path = "/api/v1/processes/{process}/codes", tag = "network", params(("process" = String, Path)),
    responses((status = 200, body = Codes)))]
pub async fn codes(State(app): State<AppState>, gate: Gate, headers: HeaderMap) -> Answer<Json<Codes>> {
    let directory = app.directory();
    let process = directory.process(gate.process()?).ok_or_else(Fault::not_found)?;
    let link = app.code(process, CodeKind::Link);
    let base = app.config.base(guard::host(&headers));
    let url = link.as_ref().map(|link| format!("{base}/j/{link}"));
    Ok(Json(Codes { spoken: app.code(process, CodeKind::Spoken), link, url }))
}

/// Replaces the codes of a process.
#[utoipa::path(post, path = "/api/v1/processes/{process}/codes", tag = "network", params(("process" = String, Path)),
    responses((status = 200, body = Written)))]
pub async fn renew_codes(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let process = gate.process()?;
    Ok(changed(app.issue_to_network(&gate, NetworkCommand::RenewCodes { process }).await?))
}

/// Whether someone is shut out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Ban {
    banned: bool,
}

/// Who is shut out, or no longer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Banned {
    #[schema(value_type = String)]
    id: ParticipantId,
    banned: bool,
}

/// Shuts a participant out of a process, or lets them in again. What waits of whoever is shut out is refused.
#[utoipa::path(post, path = "/api/v1/processes/{process}/participants/{participant}/ban", tag = "moderation",
    params(("process" = String, Path), ("participant" = String, Path)), request_body = Ban,
    responses((status = 200, body = Banned)))]
pub async fn ban(State(app): State<AppState>, gate: Gate, Input(input): Input<Ban>) -> Answer<Json<Banned>> {
    let id = gate.id("participant")?;
    app.ban(&gate, id, input.banned).await?;
    Ok(Json(Banned { id, banned: input.banned }))
}
