//! The API of the hall: what its projector shows, and who has the floor.
//! The desk and plain forms call these handlers.
//! A handler reads the request and issues one command; it decides nothing.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use stimmwerk_core::forum::{FLOOR_SECONDS, ForumCommand, Stage};
use stimmwerk_core::ids::{ContributionId, FloorId};
use stimmwerk_core::live::Seq;
use utoipa::ToSchema;

use super::{Written, changed, created};
use crate::app::AppState;
use crate::form::{Fields, Input};
use crate::gate::Gate;
use crate::problem::{Answer, Fault};

/// What goes on stage.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Staged {
    #[serde(flatten)]
    stage: Stage,
    /// As of which event contributions were read. What its author changed after that does not go there.
    #[serde(default)]
    seen: Option<Seq>,
}

/// Puts something on stage.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/stage", tag = "hall", params(("forum" = String, Path)),
    request_body = Staged, responses((status = 200, body = Written)))]
pub async fn set_stage(State(app): State<AppState>, gate: Gate, fields: Fields<Staged>) -> Answer<Response> {
    let Staged { stage, seen } = match fields {
        Fields::Json(staged) => staged,
        Fields::Form(fields) => staged_of(&fields)?,
    };
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::SetStage { stage, seen }).await?))
}

/// A stage of a form: `shows`, and `topic`, `poll`, or `contribution` once or more often; `seen` beside it.
fn staged_of(fields: &[(String, String)]) -> Answer<Staged> {
    let mut stage = serde_json::Map::new();
    let mut contributions = Vec::new();
    for (name, value) in fields {
        match name.as_str() {
            "contribution" => {
                contributions.push(value.parse::<ContributionId>().map_err(|_| Fault::not_found())?);
            }
            "shows" | "topic" | "poll" => _ = stage.insert(name.clone(), value.trim().into()),
            "seen" => _ = stage.insert(name.clone(), value.trim().parse::<u64>().ok().into()),
            _ => {}
        }
    }
    if !contributions.is_empty() {
        stage.insert("contributions".to_owned(), serde_json::json!(contributions));
    }
    serde_json::from_value(stage.into()).map_err(|error| Fault::bad_request(error.to_string()))
}

/// Asking for the floor.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Asking {
    /// Somebody interprets: twice as long.
    #[serde(default)]
    interpreted: bool,
}

/// Asks for the floor.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list", tag = "hall", params(("forum" = String, Path)),
    request_body = Asking, responses((status = 201, body = Written)))]
pub async fn ask(State(app): State<AppState>, gate: Gate, Input(asking): Input<Asking>) -> Answer<Response> {
    Ok(created(app.issue_to_forum(&gate, ForumCommand::AskFloor { interpreted: asking.interpreted }).await?))
}

/// Asks for it no longer.
#[utoipa::path(delete, path = "/api/v1/forums/{forum}/speaking-list", tag = "hall", params(("forum" = String, Path)),
    responses((status = 200, body = Written)))]
pub async fn withdraw(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::WithdrawFloor).await?))
}

/// Whether people can ask for the floor.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewFloor {
    /// They can.
    #[serde(default)]
    open: bool,
    /// How long a turn is: 10 to 3,600; 120 unless said otherwise.
    seconds: Option<u32>,
}

/// Lets people ask for the floor, or no longer, and says how long a turn is.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list/state", tag = "hall",
    params(("forum" = String, Path)), request_body = NewFloor, responses((status = 200, body = Written)))]
pub async fn set_floor(State(app): State<AppState>, gate: Gate, Input(new): Input<NewFloor>) -> Answer<Response> {
    let command = ForumCommand::SetFloor { open: new.open, seconds: new.seconds.unwrap_or(FLOOR_SECONDS) };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Somebody in the hall.
#[derive(Debug, Deserialize, ToSchema)]
pub struct InHall {
    /// What they are called; empty for nobody in particular.
    #[serde(default)]
    name: String,
    /// Somebody interprets: twice as long.
    #[serde(default)]
    interpreted: bool,
}

/// Enters somebody of the hall on the speaking list.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list/hall", tag = "hall",
    params(("forum" = String, Path)), request_body = InHall, responses((status = 201, body = Written)))]
pub async fn enter(State(app): State<AppState>, gate: Gate, Input(new): Input<InHall>) -> Answer<Response> {
    let command = ForumCommand::EnterFloor { name: new.name, interpreted: new.interpreted };
    Ok(created(app.issue_to_forum(&gate, command).await?))
}

/// Whose turn it is.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Next {
    /// Of which entry; left out: of the next in fair order.
    #[schema(value_type = Option<String>)]
    entry: Option<FloorId>,
}

/// Gives the floor to the next, or to somebody in particular; whoever speaks has ended.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list/next", tag = "hall",
    params(("forum" = String, Path)), request_body = Next, responses((status = 200, body = Written)))]
pub async fn give(State(app): State<AppState>, gate: Gate, Input(next): Input<Next>) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::GiveFloor { entry: next.entry }).await?))
}

/// Ends a turn.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list/end", tag = "hall",
    params(("forum" = String, Path)), responses((status = 200, body = Written)))]
pub async fn end(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::EndFloor).await?))
}

/// Takes an entry off the list, or ends its turn.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list/{entry}/drop", tag = "hall",
    params(("forum" = String, Path), ("entry" = String, Path)), responses((status = 200, body = Written)))]
pub async fn drop_entry(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::DropFloor { entry: gate.id("entry")? }).await?))
}

/// Puts an entry to the front, for everyone to see; a second time undoes it.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/speaking-list/{entry}/pin", tag = "hall",
    params(("forum" = String, Path), ("entry" = String, Path)), responses((status = 200, body = Written)))]
pub async fn pin(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::PinFloor { entry: gate.id("entry")? }).await?))
}
