//! Pointing the moderators to something ("Problem melden"), also without having joined.
//! Everyone who may see a forum calls this: readers by a form, programs as JSON.
//! It hides nothing, and nobody learns who reported.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use stimmwerk_core::forum::{ForumCommand, ReportReason, Reported};
use stimmwerk_core::ids::{ContributionId, ForumId};
use utoipa::ToSchema;

use super::{Written, created};
use crate::app::AppState;
use crate::form::Input;
use crate::gate::Gate;
use crate::problem::Answer;

/// A report.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Notice {
    /// The forum.
    #[schema(value_type = String)]
    forum: ForumId,
    /// The contribution.
    #[schema(value_type = String)]
    contribution: ContributionId,
    /// Its words, or its author's name.
    #[serde(default)]
    what: Reported,
    /// Why.
    reason: ReportReason,
    /// A sentence, at most 600 characters.
    text: Option<String>,
}

/// Reports a contribution or a name. It hides nothing by itself, and nobody is told who reported.
#[utoipa::path(post, path = "/api/v1/notices", tag = "forums", request_body = Notice,
    responses((status = 201, body = Written), (status = 404, description = "There is no such forum, or none that may be seen.")))]
pub async fn notice(State(app): State<AppState>, gate: Gate, Input(notice): Input<Notice>) -> Answer<Response> {
    let Notice { forum, contribution, what, reason, text } = notice;
    let command = ForumCommand::Report { contribution, what, reason, text };
    Ok(created(app.report(&gate, forum, command).await?))
}
