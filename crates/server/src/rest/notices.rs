//! Pointing the moderators to something ("Melden"), also without having joined.

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
use crate::problem::{Answer, Fault};

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
    let directory = app.directory();
    let found = directory.object(notice.forum.0).and_then(|place| Some((place, place.forum()?)));
    let (at, place) = found.ok_or_else(|| gate.who.lost(Fault::not_found()))?;
    let position = gate.who.position(&directory, Some(place.process), Some(at));
    crate::access::enter(crate::access::Needs::Sight, position).map_err(|fault| gate.who.lost(fault))?;
    let Notice { contribution, what, reason, text, .. } = notice;
    let command = ForumCommand::Report { contribution, what, reason, text };
    let room = app.forum(place).await?;
    let (actor, sender) = (gate.who.actor(Some(place.process)), gate.who.sender(gate.address));
    Ok(created(room.issue_received(command, gate.command, actor, sender, gate.received_at).await?))
}
