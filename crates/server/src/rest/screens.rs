//! Links for projectors: each reads one forum as its participants do and writes nowhere.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stimmwerk_core::ids::ForumId;
use stimmwerk_eventlog::accounts::{Person, PersonId, PersonKind};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, AppState};
use crate::chance;
use crate::form::lead;
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

impl App {
    /// A new link for a projector of this forum, as a path.
    ///
    /// # Errors
    /// The account tables cannot be written.
    pub async fn screen_link(&self, forum: ForumId) -> Answer<String> {
        let person = PersonId(Uuid::now_v7());
        let (token, hash) = chance::secret();
        let label = Some(forum.to_string());
        self.accounts.add_person(Person { id: person, kind: PersonKind::Screen, label }).await?;
        self.accounts.add_token(hash, person, None).await?;
        Ok(format!("/screen/{token}"))
    }
}

/// Makes a link for a projector. A form goes on to what it shows.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/screens", tag = "screens", params(("forum" = String, Path)),
    responses((status = 201, body = ScreenLink)))]
pub async fn create(State(app): State<AppState>, gate: Gate, headers: HeaderMap) -> Answer<Response> {
    let path = app.screen_link(gate.forum()?.forum).await?;
    let url = format!("{}{path}", app.config.base(guard::host(&headers)));
    let mut response = (StatusCode::CREATED, Json(ScreenLink { url })).into_response();
    lead(&mut response, &path);
    Ok(response)
}

/// Makes every link for a projector of this forum useless; those that show something go dark.
#[utoipa::path(delete, path = "/api/v1/forums/{forum}/screens", tag = "screens", params(("forum" = String, Path)),
    responses((status = 200, body = Nothing, description = "None is left.")))]
pub async fn revoke(State(app): State<AppState>, gate: Gate) -> Answer<Json<Nothing>> {
    let forum = gate.forum()?.forum.to_string();
    for person in app.accounts.labelled(PersonKind::Screen, &forum).await? {
        app.erase_person(person).await?;
    }
    Ok(Json(Nothing {}))
}
