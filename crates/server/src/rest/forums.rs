//! The API of forums: reading, writing, hiding and showing.
//! Programs and plain forms call these handlers.
//! A handler reads the request, calls one use case and words its answer; it decides nothing.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use stimmwerk_core::forum::{ContributionView, ForumCommand, Found, HideReason, Mode, People, Thread, Waiting};
use stimmwerk_core::ids::{ContributionId, ParticipantId, StreamId, TopicId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::Lang;
use stimmwerk_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::{Titled, Written, changed, created};
use crate::app::AppState;
use crate::form::Input;
use crate::gate::Gate;
use crate::problem::{Answer, Fault};
use crate::query::{ForumQuery, SearchQuery};
use crate::use_cases::forums::{self, ForumAnswer};

/// The most deltas of one answer.
const DELTAS: usize = 500;
/// The interval of slow mode unless another is said, in seconds.
const DEFAULT_SLOW: u32 = 60;

/// A forum, newest contributions first.
#[utoipa::path(get, path = "/api/v1/forums/{forum}", tag = "forums", params(("forum" = String, Path), ForumQuery),
    responses((status = 200, body = ForumAnswer)))]
pub async fn show(
    State(app): State<AppState>,
    gate: Gate,
    Query(part): Query<ForumQuery>,
) -> Answer<Json<ForumAnswer>> {
    Ok(Json(app.read_forum(&gate, part.window()).await?))
}

/// Names a forum anew.
#[utoipa::path(patch, path = "/api/v1/forums/{forum}", tag = "forums", params(("forum" = String, Path)),
    request_body = Titled, responses((status = 200, body = Written)))]
pub async fn change(State(app): State<AppState>, gate: Gate, Input(input): Input<Titled>) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::SetTitle { title: input.texts() }).await?))
}

/// Adds a topic.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/topics", tag = "forums", params(("forum" = String, Path)),
    request_body = Titled, responses((status = 201, body = Written)))]
pub async fn add_topic(State(app): State<AppState>, gate: Gate, Input(input): Input<Titled>) -> Answer<Response> {
    Ok(created(app.issue_to_forum(&gate, ForumCommand::AddTopic { title: input.texts() }).await?))
}

/// A forum's state.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewState {
    /// `open`, `slow`, `locked` or `closed`.
    state: String,
    /// For `slow`: 1 to 3,600; left out: 60.
    seconds: Option<u32>,
    /// Until when; then it is open again.
    until: Option<i64>,
    /// The same as `until`, in minutes from now, as forms send it.
    minutes: Option<u32>,
}

/// Opens, slows, locks or closes a forum.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/state", tag = "forums", params(("forum" = String, Path)),
    request_body = NewState, responses((status = 200, body = Written)))]
pub async fn set_state(State(app): State<AppState>, gate: Gate, Input(input): Input<NewState>) -> Answer<Response> {
    let NewState { state, seconds, until, minutes } = input;
    let mode = Mode::of(&state, Some(seconds.unwrap_or(DEFAULT_SLOW)));
    let mode = mode.ok_or_else(|| Fault::bad_request(format!("unknown state {state}")))?;
    let command = ForumCommand::SetState { mode, until: until.map(Timestamp), minutes };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Which contributions wait.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewWaiting {
    waiting: Waiting,
}

/// Decides which contributions wait for a moderator.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/waiting", tag = "forums", params(("forum" = String, Path)),
    request_body = NewWaiting, responses((status = 200, body = Written)))]
pub async fn set_waiting(State(app): State<AppState>, gate: Gate, Input(input): Input<NewWaiting>) -> Answer<Response> {
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::SetWaiting { waiting: input.waiting }).await?))
}

/// A contribution or reply.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewContribution {
    /// Plain text, at most 2,000 characters.
    text: String,
    lang: Option<Lang>,
    #[schema(value_type = Option<String>)]
    topic: Option<TopicId>,
    #[schema(value_type = Option<String>)]
    reply_to: Option<ContributionId>,
    /// Moderators only: it is entered for somebody in the hall, by this name; an empty one is none.
    hall: Option<String>,
    /// As forms say that, whose empty fields count as left out: any word.
    in_hall: Option<String>,
}

/// Writes a contribution or a reply.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions", tag = "forums", params(("forum" = String, Path)),
    request_body = NewContribution, responses((status = 201, body = Written)))]
pub async fn contribute(
    State(app): State<AppState>,
    gate: Gate,
    Input(new): Input<NewContribution>,
) -> Answer<Response> {
    let NewContribution { text, lang, topic, reply_to, hall, in_hall } = new;
    let hall = hall.or(in_hall.map(|_| String::new()));
    let command = ForumCommand::Contribute { text, lang, topic, reply_to, hall };
    Ok(created(app.issue_to_forum(&gate, command).await?))
}

/// The words of a contribution.
#[derive(Debug, Serialize, ToSchema)]
pub struct Words {
    #[schema(value_type = String)]
    id: ContributionId,
    /// Plain text.
    text: String,
    /// Who wrote it.
    #[schema(value_type = String)]
    participant: ParticipantId,
}

/// One contribution's words, hidden ones included: the one place where a moderator reads what was hidden.
#[utoipa::path(get, path = "/api/v1/forums/{forum}/contributions/{contribution}", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Words)))]
pub async fn words(State(app): State<AppState>, gate: Gate) -> Answer<Json<Words>> {
    let room = app.forum(gate.forum()?).await?;
    let state = room.state();
    let id: ContributionId = gate.id("contribution")?;
    let (text, participant) = state.words(id).ok_or_else(Fault::not_found)?;
    Ok(Json(Words { id, text: text.as_str().to_owned(), participant }))
}

/// Takes one's own contribution back.
#[utoipa::path(delete, path = "/api/v1/forums/{forum}/contributions/{contribution}", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn withdraw(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Withdraw { contribution }).await?))
}

/// New words.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewText {
    text: String,
}

/// Changes one's own contribution.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/edit", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = NewText,
    responses((status = 200, body = Written)))]
pub async fn edit(State(app): State<AppState>, gate: Gate, Input(new): Input<NewText>) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Edit { contribution, text: new.text }).await?))
}

/// Adds a marked sentence to one's own contribution.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/add", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = NewText,
    responses((status = 200, body = Written)))]
pub async fn add(State(app): State<AppState>, gate: Gate, Input(new): Input<NewText>) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Add { contribution, text: new.text }).await?))
}

/// Answers, once, to the hiding of one's own contribution.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/appeal", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = NewText,
    responses((status = 200, body = Written)))]
pub async fn appeal(State(app): State<AppState>, gate: Gate, Input(new): Input<NewText>) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Appeal { contribution, text: new.text }).await?))
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundAnswer {
    /// As of which event.
    seq: Seq,
    /// One page of it.
    contributions: Vec<ContributionView>,
    /// Those whom the page names.
    people: People,
    /// How many there are, on all pages.
    total: usize,
    /// `after` of the next page, if there is one.
    next: Option<usize>,
}

/// A contribution among those around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadAnswer {
    /// As of which event.
    seq: Seq,
    /// What it answers, itself, and what answers it, oldest first. What was hidden keeps its place.
    contributions: Vec<ContributionView>,
    /// Those whom they name.
    people: People,
}

/// Searched and sorted contributions, at most one page of them: `total` is how many there are on all pages, `next` how
/// the next one is asked for.
#[utoipa::path(get, path = "/api/v1/forums/{forum}/search", tag = "forums", params(("forum" = String, Path), SearchQuery),
    responses((status = 200, body = FoundAnswer)))]
pub async fn search(State(app): State<AppState>, gate: Gate, Query(wanted): Query<SearchQuery>) -> Answer<Response> {
    let audience = gate.audience()?;
    let room = app.forum(gate.forum()?).await?;
    let state = room.state();
    let (seq, search) = (state.seq(), wanted.search()?);
    let after = search.after;
    let found = forums::search(state, audience, search).await?;
    let next = after + found.contributions.len();
    let next = (next < found.total && next > after).then_some(next);
    let Found { contributions, people, total } = found;
    Ok(Json(FoundAnswer { seq, contributions, people, total, next }).into_response())
}

/// A contribution, what it answers, and what answers it.
#[utoipa::path(get, path = "/api/v1/forums/{forum}/contributions/{contribution}/thread", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)),
    responses((status = 200, body = ThreadAnswer)))]
pub async fn thread(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let audience = gate.audience()?;
    let room = app.forum(gate.forum()?).await?;
    let state = room.state();
    let (seq, this) = (state.seq(), gate.id("contribution")?);
    let thread = forums::thread(state, audience, this).await?.ok_or_else(Fault::not_found)?;
    let Thread { contributions, people } = thread;
    Ok(Json(ThreadAnswer { seq, contributions, people }).into_response())
}

/// Agrees with a contribution.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/support", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn support(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Support { contribution }).await?))
}

/// Withdraws the agreement.
#[utoipa::path(delete, path = "/api/v1/forums/{forum}/contributions/{contribution}/support", tag = "forums",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn unsupport(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Unsupport { contribution }).await?))
}

/// What a moderator has read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Read {
    /// As of which event. What its author changed after that is not approved.
    pub(super) seen: Option<Seq>,
}

/// Lets a waiting contribution or change appear.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/approve", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = Read,
    responses((status = 200, body = Written)))]
pub async fn approve(State(app): State<AppState>, gate: Gate, Input(read): Input<Read>) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Approve { contribution, seen: read.seen }).await?))
}

/// Why something is hidden.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Hide {
    reason: HideReason,
    /// A sentence to the author, at most 600 characters.
    note: Option<String>,
}

/// Lets a contribution disappear.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/hide", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), request_body = Hide,
    responses((status = 200, body = Written)))]
pub async fn hide(State(app): State<AppState>, gate: Gate, Input(input): Input<Hide>) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    let command = ForumCommand::Hide { contribution, reason: input.reason, note: input.note };
    Ok(changed(app.issue_to_forum(&gate, command).await?))
}

/// Undoes hiding.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/restore", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn restore(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Restore { contribution }).await?))
}

/// Deletes a contribution's words for good.
#[utoipa::path(post, path = "/api/v1/forums/{forum}/contributions/{contribution}/erase", tag = "moderation",
    params(("forum" = String, Path), ("contribution" = String, Path)), responses((status = 200, body = Written)))]
pub async fn erase(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    let contribution = gate.id("contribution")?;
    Ok(changed(app.issue_to_forum(&gate, ForumCommand::Erase { contribution }).await?))
}

/// From where to catch up.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeltaQuery {
    /// What the caller has.
    after: u64,
    /// The oldest position the caller shows.
    from: Option<u64>,
}

/// What changed, as on the socket.
#[derive(Debug, Serialize, ToSchema)]
pub struct Catchup {
    #[schema(value_type = String)]
    stream: StreamId,
    /// What the caller had.
    after: u64,
    /// What the caller has with this.
    seq: u64,
    /// What changed in between, as it stands now.
    deltas: Vec<Changed>,
    /// What only the caller sees; `null` for whoever takes no part.
    #[schema(value_type = Option<Object>)]
    own: Option<serde_json::Value>,
}

/// A part of a view that changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// It looks like this.
    Put {
        /// Which part.
        key: String,
        /// The number at which it last changed.
        seq: u64,
        /// Its content.
        #[schema(value_type = serde_json::Value)]
        value: serde_json::Value,
    },
    /// It cannot be seen (any more).
    Gone {
        /// Which part.
        key: String,
        /// The number at which it last changed.
        seq: u64,
    },
}

/// The caller's catch-up, as on the socket. At most 500 changes an answer: ask again until `seq` no longer grows.
#[utoipa::path(get, path = "/api/v1/streams/{stream}/deltas", tag = "live", params(("stream" = String, Path), DeltaQuery),
    responses((status = 200, body = Catchup)))]
pub async fn deltas(State(app): State<AppState>, gate: Gate, Query(after): Query<DeltaQuery>) -> Answer<Response> {
    let stream = gate.stream.ok_or_else(Fault::not_found)?;
    let audience = gate.audience()?;
    let stream = app.live_stream(stream, audience).await?;
    let mut answer = stream.deltas_json(Seq(after.after), audience, DELTAS).await?;
    app.reads.charge(&gate.who, answer["deltas"].as_array().map_or(0, Vec::len) / 4);
    answer["own"] = match gate.process.and_then(|process| gate.who.active_in(process)) {
        Some(participant) => stream.own_json(participant.id, after.from.unwrap_or(0)),
        None => serde_json::Value::Null,
    };
    Ok(Json(answer).into_response())
}
