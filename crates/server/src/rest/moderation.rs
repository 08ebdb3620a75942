//! The API of what moderators do beyond approving and hiding, and of what they read.
//! Programs and plain forms call these handlers.
//! A handler reads the request, calls one use case and words its answer; it decides nothing.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use stimmwerk_core::forum::{ForumCommand, HideReason, Record};
use stimmwerk_core::ids::ParticipantId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::text::defuse_csv_cell;
use utoipa::ToSchema;

use super::forums::Read;
use super::{Written, changed, save_as};
use crate::app::AppState;
use crate::form::Input;
use crate::gate::Gate;
use crate::problem::{Answer, Fault};
use crate::query::{LogQuery, RecordQuery};
use crate::use_cases::records::{NamedAct, record_of};
use crate::use_cases::results::RecordedPoll;

/// Lets something wait again: undoes an approval, or the hiding of what waited.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/put-back", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn put_back(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::PutBack { contribution }).await?))
}

/// Whether one is at it no longer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Claim {
    #[serde(default)]
    release: bool,
}

/// Shows the other moderators that one is at it.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/claim", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = Claim,
    responses((status = 200, body = Written)))]
pub async fn claim(State(app): State<AppState>, gate: Gate, Input(input): Input<Claim>) -> Answer<Response> {
    let command = ForumCommand::Claim { contribution: gate.id("contribution")?, release: input.release };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Puts the reports of a contribution away as unfounded.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/dismiss", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn dismiss(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Dismiss { contribution }).await?))
}

/// A sentence that may be left out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Note {
    /// To the author, at most 600 characters.
    note: Option<String>,
}

/// Refuses the change or addition that waits at a visible contribution, which stays as it is.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/refuse", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = Note,
    responses((status = 200, body = Written)))]
pub async fn refuse(State(app): State<AppState>, gate: Gate, Input(input): Input<Note>) -> Answer<Response> {
    let command = ForumCommand::Refuse { contribution: gate.id("contribution")?, note: input.note };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Leaves a contribution hidden after its author's appeal. Whoever hid it cannot decide this.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/reject-appeal", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = Note,
    responses((status = 200, body = Written)))]
pub async fn reject_appeal(State(app): State<AppState>, gate: Gate, Input(input): Input<Note>) -> Answer<Response> {
    let command = ForumCommand::RejectAppeal { contribution: gate.id("contribution")?, note: input.note };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Approves all that waits of one person.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/participants/{participant}/approve", tag = "moderation",
    params(("forum" = String, Path), ("participant" = String, Path)), request_body = Read,
    responses((status = 200, body = Written)))]
pub async fn approve_all(State(app): State<AppState>, gate: Gate, Input(read): Input<Read>) -> Answer<Response> {
    let participant = gate.id("participant")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::ApproveAll { participant, seen: read.seen }).await?))
}

/// Why all that waits of a person is refused, and what of it was read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RefuseAll {
    reason: HideReason,
    /// To the author, at most 600 characters.
    note: Option<String>,
    /// As of which event. What was written or changed after that goes on waiting.
    seen: Option<Seq>,
}

/// Refuses all that waits of one person. It is put back one by one.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/participants/{participant}/refuse", tag = "moderation",
    params(("forum" = String, Path), ("participant" = String, Path)), request_body = RefuseAll,
    responses((status = 200, body = Written)))]
pub async fn refuse_all(State(app): State<AppState>, gate: Gate, Input(input): Input<RefuseAll>) -> Answer<Response> {
    let participant = gate.id("participant")?;
    let RefuseAll { reason, note, seen } = input;
    let command = ForumCommand::RefuseAll { participant, reason, note, seen };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Whose name was taken away.
#[derive(Debug, Serialize, ToSchema)]
pub struct NameReset {
    #[schema(value_type = String)]
    id: ParticipantId,
}

/// Takes a person's name away wherever it stands in a process; they can choose another.
#[utoipa::path(post, path = "/api/v1/processes/{process}/participants/{participant}/reset-name", tag = "moderation",
    params(("process" = String, Path), ("participant" = String, Path)),
    responses((status = 200, body = NameReset)))]
pub async fn reset_name(State(app): State<AppState>, gate: Gate) -> Answer<Json<NameReset>> {
    let id = app.reset_name(&gate, gate.id("participant")?).await?;
    Ok(Json(NameReset { id }))
}

/// The summary of the record.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSummary {
    /// Plain text, at most 20,000 characters; left out: none.
    text: Option<String>,
}

/// Writes the summary of the record.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/summary", tag = "moderation", params(("forum" = String, Path)),
    request_body = NewSummary, responses((status = 200, body = Written)))]
pub async fn set_summary(State(app): State<AppState>, gate: Gate, Input(input): Input<NewSummary>) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::SetSummary { text: input.text }).await?))
}

/// People in the hall.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Hall {
    /// How many, at most 100,000; left out: nobody counted.
    people: Option<u32>,
}

/// Says how many people were in the hall.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/hall", tag = "moderation", params(("forum" = String, Path)),
    request_body = Hall, responses((status = 200, body = Written)))]
pub async fn count_hall(State(app): State<AppState>, gate: Gate, Input(input): Input<Hall>) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::CountHall { people: input.people }).await?))
}

/// A part of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogAnswer {
    /// Newest first.
    acts: Vec<NamedAct>,
}

/// What staff did in a forum, newest first.
#[utoipa::path(get, path = "/api/v1/forums/{forum}/log", tag = "moderation", params(("forum" = String, Path), LogQuery),
    responses((status = 200, body = LogAnswer)))]
pub async fn log(State(app): State<AppState>, gate: Gate, Query(before): Query<LogQuery>) -> Answer<Json<LogAnswer>> {
    Ok(Json(LogAnswer { acts: app.read_log(&gate, before.seq()).await? }))
}

/// The record of a forum, and what came of its polls.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordAnswer {
    /// What was said.
    #[serde(flatten)]
    pub record: Record,
    /// Its polls with their results, as participants see them.
    pub results: Vec<RecordedPoll>,
}

/// The record of a forum, to be kept: as JSON or as a table.
#[utoipa::path(get, path = "/api/v1/forums/{forum}/record", tag = "forums", params(("forum" = String, Path), RecordQuery),
    responses((status = 200, body = RecordAnswer, description = "As JSON, or as a table of contributions.")))]
pub async fn record(State(app): State<AppState>, gate: Gate, Query(asked): Query<RecordQuery>) -> Answer<Response> {
    let state = app.forum(gate.forum()?).await?.state();
    let record = record_of(state, asked.names(&gate)).await?;
    let title = record.view.forum.title.pick("de").0.to_owned();
    let (mut response, kind, ending) = match asked.format.as_deref() {
        None | Some("json") => {
            let results = app.recorded(&record.polls).await?;
            (Json(RecordAnswer { record, results }).into_response(), "application/json", "json")
        }
        Some("csv") => (table(&record)?.into_response(), "text/csv; charset=utf-8", "csv"),
        Some(other) => return Err(Fault::bad_request(format!("unknown format {other}"))),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    save_as(&mut response, &title, ending);
    Ok(response)
}

/// The contributions as a table that a German spreadsheet opens: semicolons, and a mark that says UTF-8. Decisions have
/// other columns; they stand in the JSON.
fn table(record: &Record) -> Answer<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(vec![0xEF, 0xBB, 0xBF]);
    let failed = |error: csv::Error| {
        tracing::error!(%error, "a table");
        Fault::internal()
    };
    writer.write_record(["id", "at", "topic", "name", "text", "reply_to", "support", "replies"]).map_err(failed)?;
    for one in &record.view.contributions {
        let topic = record.view.topics.iter().find(|topic| Some(topic.id) == one.topic);
        let topic = topic.map_or(String::new(), |topic| topic.title.pick("de").0.to_owned());
        let mut text = one.text.to_string();
        for addition in &one.additions {
            text.push_str("\n+ ");
            text.push_str(&addition.text);
        }
        let cells = [
            one.id.to_string(),
            stimmwerk_ui::iso(one.at),
            topic,
            one.speaker(&record.view.people).map_or(String::new(), ToString::to_string),
            text,
            one.reply_to.map_or(String::new(), |id| id.to_string()),
            one.support.to_string(),
            one.replies.to_string(),
        ];
        writer.write_record(cells.iter().map(|cell| defuse_csv_cell(cell).into_owned())).map_err(failed)?;
    }
    writer.into_inner().map_err(|_| Fault::internal())
}
