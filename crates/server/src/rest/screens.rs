//! The API of links for projectors.
//! Moderators call it, from the desk or by a program.
//! It words answers; links are made by the use case.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::form::redirect_to;
use crate::gate::Gate;
use crate::guard;
use crate::problem::Answer;
use crate::rest::Nothing;

/// A projector's link. Nothing keeps it but the answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScreenLink {
    /// Whoever opens it shows what is on.
    pub url: String,
}

/// Makes a link for a projector. A form goes on to what it shows.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/screens", tag = "screens", params(("forum" = String, Path)),
    responses((status = 201, body = ScreenLink)))]
pub async fn create(State(app): State<AppState>, gate: Gate, headers: HeaderMap) -> Answer<Response> {
    let path = app.screen_link(gate.forum()?.forum).await?;
    let url = format!("{}{path}", app.config.base(guard::host(&headers)));
    let mut response = (StatusCode::CREATED, Json(ScreenLink { url })).into_response();
    redirect_to(&mut response, &path);
    Ok(response)
}

/// Makes every link for a projector of this forum useless; those that show something go dark.
#[utoipa::path(delete, path = "/api/v1/forums/{forum}/screens", tag = "screens", params(("forum" = String, Path)),
    responses((status = 200, body = Nothing, description = "None is left.")))]
pub async fn revoke(State(app): State<AppState>, gate: Gate) -> Answer<Json<Nothing>> {
    app.revoke_screen_links(gate.forum()?.forum).await?;
    Ok(Json(Nothing {}))
}
