//! The REST door: one file per thing, each handler with its description for the OpenAPI document.

pub mod forums;
pub mod me;
pub mod moderation;
pub mod notices;
pub mod processes;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{Lang, Texts};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::AppState;
use crate::room::Done;

/// The answer to a write.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Written {
    /// The thing it made or was about.
    pub id: Option<Uuid>,
    /// The number of its last event.
    pub seq: Seq,
}

/// 201: something new is there.
pub fn created(done: Done) -> Response {
    (StatusCode::CREATED, Json(Written { id: done.object, seq: done.seq })).into_response()
}

/// 200: something changed.
pub fn changed(done: Done) -> Response {
    Json(Written { id: done.object, seq: done.seq }).into_response()
}

/// A title: in several languages, or one text of a form.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Title {
    /// By language.
    Texts(Texts),
    /// In the language beside it, German unless said otherwise.
    Plain(String),
}

impl Title {
    /// In several languages.
    pub fn texts(self, lang: Option<Lang>) -> Texts {
        match self {
            Self::Texts(texts) => texts,
            Self::Plain(text) => Texts::of(lang.unwrap_or_else(Lang::german), &text),
        }
    }
}

/// All routes under `/api/v1`, with their description.
pub fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(description())
        .routes(routes!(me::join))
        .routes(routes!(me::confirm))
        .routes(routes!(me::logout))
        .routes(routes!(me::language))
        .routes(routes!(me::me, me::change, me::erase))
        .routes(routes!(me::export))
        .routes(routes!(me::new_return_code))
        .routes(routes!(me::come_back))
        .routes(routes!(notices::notice))
        .routes(routes!(processes::network, processes::name_network))
        .routes(routes!(processes::list, processes::create))
        .routes(routes!(processes::show, processes::change))
        .routes(routes!(processes::create_forum))
        .routes(routes!(processes::codes, processes::renew_codes))
        .routes(routes!(processes::ban))
        .routes(routes!(forums::show, forums::change))
        .routes(routes!(forums::add_topic))
        .routes(routes!(forums::set_state))
        .routes(routes!(forums::set_waiting))
        .routes(routes!(forums::contribute))
        .routes(routes!(forums::words, forums::withdraw))
        .routes(routes!(forums::edit))
        .routes(routes!(forums::support, forums::unsupport))
        .routes(routes!(forums::approve))
        .routes(routes!(forums::hide))
        .routes(routes!(forums::restore))
        .routes(routes!(forums::erase))
        .routes(routes!(forums::add))
        .routes(routes!(forums::appeal))
        .routes(routes!(forums::thread))
        .routes(routes!(forums::search))
        .routes(routes!(moderation::put_back))
        .routes(routes!(moderation::claim))
        .routes(routes!(moderation::dismiss))
        .routes(routes!(moderation::reject_appeal))
        .routes(routes!(moderation::approve_all))
        .routes(routes!(moderation::reset_name))
        .routes(routes!(moderation::set_summary))
        .routes(routes!(moderation::count_hall))
        .routes(routes!(moderation::log))
        .routes(routes!(moderation::record))
        .routes(routes!(forums::deltas))
        .routes(routes!(crate::live::live))
        .routes(routes!(openapi))
}

fn description() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("Stimmwerk")
                .version("1")
                .description(Some("Live dialogue forums. Refusals are application/problem+json with a stable code.")),
        )
        .build()
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    api().split_for_parts().1
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "api", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn openapi(_gate: crate::gate::Gate) -> Response {
    Json(document()).into_response()
}

/// The router of the REST door.
pub fn router() -> Router<AppState> {
    api().split_for_parts().0
}
