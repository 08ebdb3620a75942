//! The API of polls: preparing, running, voting, results.
//! Programs, plain forms and the desk call these handlers.
//! A handler reads the request, calls one use case and words its answer; it judges and counts nothing.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use stimmwerk_core::ids::ForumId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::network::NetworkCommand;
use stimmwerk_core::poll::{PollCommand, Question};
use stimmwerk_core::rejection::Rejection;
use utoipa::{IntoParams, ToSchema};

use super::poll_forms::{field, marks, number, numbered, question};
use super::poll_tables::{table, table_of_pairs};
use super::{Written, changed, created, save_as};
use crate::app::AppState;
use crate::form::{Fields, Input, redirect_to};
use crate::gate::Gate;
use crate::problem::{Answer, Fault};
use crate::room::Done;
use crate::sheets::Cards;
use crate::use_cases::polls::PollAnswer;
use crate::use_cases::results::{OpenBallot, Published};

/// A new poll: a question, in a forum of the process or beside them.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewPoll {
    /// In which forum.
    #[schema(value_type = Option<String>)]
    forum: Option<ForumId>,
    #[serde(flatten)]
    question: Question,
}

/// Prepares a poll: a draft, which only staff see.
#[utoipa::path(post, path = "/api/v1/processes/{process}/polls", tag = "polls", params(("process" = String, Path)),
    request_body = NewPoll, responses((status = 201, body = Written)))]
pub async fn create(State(app): State<AppState>, gate: Gate, fields: Fields<NewPoll>) -> Answer<Response> {
    let is_form = matches!(fields, Fields::Form(_));
    let NewPoll { forum, question } = match fields {
        Fields::Json(new) => new,
        Fields::Form(fields) => {
            let forum = field(&fields, "forum").map(str::parse).transpose().map_err(|_| Fault::not_found())?;
            NewPoll { forum, question: question(&fields)? }
        }
    };
    let command = NetworkCommand::CreatePoll { process: gate.process()?, forum, question: Box::new(question) };
    let answer = created(app.issue_to_network(&gate, command).await?);
    Ok(to_desk(answer, forum.filter(|_| is_form)))
}

/// A form that was taken leads to the desk of the forum; one that was refused comes back where it was.
fn to_desk(mut answer: Response, forum: Option<ForumId>) -> Response {
    if let Some(forum) = forum {
        redirect_to(&mut answer, &format!("/f/{forum}/moderation#polls"));
    }
    answer
}

/// A poll.
#[utoipa::path(get, path = "/api/v1/polls/{poll}", tag = "polls", params(("poll" = String, Path)),
    responses((status = 200, body = PollAnswer)))]
pub async fn show(State(app): State<AppState>, gate: Gate) -> Answer<Json<PollAnswer>> {
    Ok(Json(app.read_poll(&gate).await?))
}

/// Asks something else. Drafts only.
#[utoipa::path(patch, path = "/api/v1/polls/{poll}", tag = "polls", params(("poll" = String, Path)),
    request_body = Question, responses((status = 200, body = Written)))]
pub async fn change(State(app): State<AppState>, gate: Gate, fields: Fields<Question>) -> Answer<Response> {
    let (question, is_form) = match fields {
        Fields::Json(question) => (question, false),
        Fields::Form(fields) => (question(&fields)?, true),
    };
    let forum = if is_form { app.read_poll(&gate).await?.view.poll.and_then(|poll| poll.forum) } else { None };
    let answer = changed(app.issue_to_poll(&gate, PollCommand::Edit { question: Box::new(question) }).await?);
    Ok(to_desk(answer, forum))
}

/// A time from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Seconds {
    /// How many seconds.
    seconds: Option<u32>,
    /// The same in minutes, as forms send it.
    minutes: Option<u32>,
}

impl Seconds {
    fn get(&self) -> Option<u32> {
        self.seconds.or(self.minutes.map(|minutes| minutes.saturating_mul(60)))
    }
}

/// Lets people vote; with a time, until then.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/open", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn open(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    Ok(changed(app.issue_to_poll(&gate, PollCommand::Open { seconds: input.get() }).await?))
}

/// Sets, moves or takes away the end of an open poll.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/end", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn end(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    Ok(changed(app.issue_to_poll(&gate, PollCommand::SetEnd { seconds: input.get() }).await?))
}

/// Lets an open poll that has an end go on for so much longer.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/extend", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn extend(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    Ok(changed(app.issue_to_poll(&gate, PollCommand::Extend { seconds: input.get().unwrap_or(0) }).await?))
}

/// Closes a poll, after a moment for ballots that were begun: 20 seconds unless said otherwise.
///
/// With `seconds: 0` the answer waits until it is closed; 503 `not_closed` says that it is still open.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/close", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn close(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    let seconds = input.get();
    let done = app.issue_to_poll(&gate, PollCommand::Close { seconds }).await?;
    if seconds == Some(0) {
        app.wait_until_closed(&gate).await?;
    }
    Ok(changed(done))
}

/// Shows the result to everyone.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/reveal", tag = "polls", params(("poll" = String, Path)),
    responses((status = 200, body = Written)))]
pub async fn reveal(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.issue_to_poll(&gate, PollCommand::Reveal).await?))
}

/// Opens another round of the same question.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/again", tag = "polls", params(("poll" = String, Path)),
    responses((status = 200, body = Written)))]
pub async fn again(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.issue_to_poll(&gate, PollCommand::Again).await?))
}

/// A ballot.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Ballot {
    /// In which round; as the page showed it.
    round: u32,
    /// A mark for each option. Forms send `option` (its number from 0, once or more often) or `mark_0`, `mark_1` …
    marks: Vec<u8>,
    /// The code of a voting card, where those vote.
    card: Option<String>,
}

/// The answer to a ballot.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// The number of the event that took it.
    seq: Seq,
    /// A secret ballot had been taken before under this id, and nothing has changed now. Nobody may compare the choices:
    /// the first one counts, whatever the second says. Of others a different choice is refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
}

/// Casts a ballot, or changes it where that is possible: not a secret one, and not with a voting card.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/ballots", tag = "polls", params(("poll" = String, Path)),
    request_body = Ballot, responses((status = 200, body = Taken)))]
pub async fn vote(State(app): State<AppState>, gate: Gate, fields: Fields<Ballot>) -> Answer<Response> {
    let is_form = matches!(fields, Fields::Form(_));
    let Ballot { round, marks, card } = match fields {
        Fields::Json(ballot) => ballot,
        Fields::Form(fields) => {
            let (method, options) = app.ballot_of(&gate).await?;
            Ballot {
                round: number(&fields, "round")?.unwrap_or(0),
                marks: marks(&fields, method, options)?,
                card: field(&fields, "card").map(str::to_owned),
            }
        }
    };
    let by_card = card.is_some();
    let done = app.vote(&gate, round, marks, card).await?;
    if done.repeated && is_form {
        // The browser may have gone back to the page, which has the same id, and chosen differently. Nobody may compare
        // secret choices, so the voter is told that they have voted.
        return Err(Rejection::AlreadyVoted.into());
    }
    let mut answer = Json(Taken { seq: done.seq, repeated: done.repeated }).into_response();
    if is_form && by_card {
        // The poll does not know who cast a ballot with a card. So the next page of whoever cast it tells them that it
        // was taken.
        let poll = gate.poll()?.poll;
        let cast = app.casts.put(poll, gate.who.command_owner(), round);
        redirect_to(&mut answer, &format!("/p/{poll}?cast={cast}"));
    }
    Ok(answer)
}

/// Who voted what in an open poll, once its result is shown; of every other poll nothing.
#[utoipa::path(get, path = "/api/v1/polls/{poll}/ballots", tag = "polls", params(("poll" = String, Path)),
    responses((status = 200, body = [OpenBallot])))]
pub async fn ballots(State(app): State<AppState>, gate: Gate) -> Answer<Json<Vec<OpenBallot>>> {
    Ok(Json(app.open_ballots(&gate).await?))
}

/// New voting cards.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCards {
    /// How many: at most 500 at once, and 5,000 in one poll.
    count: u32,
}

/// Makes voting cards to be printed and handed out at the door.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/cards", tag = "polls", params(("poll" = String, Path)),
    request_body = NewCards, responses((status = 201, body = Cards)))]
pub async fn issue_cards(State(app): State<AppState>, gate: Gate, fields: Fields<NewCards>) -> Answer<Response> {
    let (count, is_form) = match fields {
        Fields::Json(new) => (new.count, false),
        Fields::Form(fields) => (number(&fields, "count")?.unwrap_or(0), true),
    };
    let cards = app.issue_cards(&gate, count).await?;
    if !is_form {
        return Ok((StatusCode::CREATED, Json(cards)).into_response());
    }
    // A form is answered with an address. The codes wait behind it, in memory alone and only for whoever asked.
    let poll = gate.poll()?.poll;
    let sheet = app.sheets.put(poll, gate.who.command_owner(), cards);
    let mut response = StatusCode::CREATED.into_response();
    redirect_to(&mut response, &format!("/p/{poll}/cards?sheet={sheet}"));
    Ok(response)
}

/// Numbers of voting cards.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CardRange {
    /// The first.
    from: u32,
    /// The last; the first alone if left out.
    to: Option<u32>,
}

/// Makes voting cards useless. A ballot that was cast with one stands.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/cards/void", tag = "polls", params(("poll" = String, Path)),
    request_body = CardRange, responses((status = 200, body = Written)))]
pub async fn void_cards(State(app): State<AppState>, gate: Gate, Input(range): Input<CardRange>) -> Answer<Response> {
    let command = PollCommand::VoidCards { from: range.from, to: range.to.unwrap_or(range.from) };
    Ok(changed(app.issue_to_poll(&gate, command).await?))
}

/// Hands that rose in the hall.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Hands {
    /// For each option. Empty, or nothing but zeros: none were counted, which takes back what was entered. Forms send
    /// `mark_0`, `mark_1` …, or `none` to take it back; one with empty fields alone changes nothing.
    counts: Vec<u32>,
    /// How many people took part that way. Needed where several options can be chosen; elsewhere as many as hands rose.
    #[serde(default)]
    people: u32,
}

/// Enters how many hands rose for each option.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/hands", tag = "polls", params(("poll" = String, Path)),
    request_body = Hands, responses((status = 200, body = Written)))]
pub async fn count_hands(State(app): State<AppState>, gate: Gate, fields: Fields<Hands>) -> Answer<Response> {
    let Hands { counts, people } = match fields {
        Fields::Json(hands) => hands,
        Fields::Form(fields) if field(&fields, "none").is_some() => Hands { counts: Vec::new(), people: 0 },
        Fields::Form(fields) if fields.iter().all(|(name, _)| name != "people" && !name.starts_with("mark_")) => {
            let seq = app.read_poll(&gate).await?.seq;
            return Ok(changed(Done { object: None, seq, repeated: false }));
        }
        Fields::Form(fields) => Hands {
            counts: numbered(&fields, app.ballot_of(&gate).await?.1)?,
            people: number(&fields, "people")?.unwrap_or(0),
        },
    };
    Ok(changed(app.issue_to_poll(&gate, PollCommand::CountHands { counts, people }).await?))
}

/// Paper ballots that read the same.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Paper {
    /// A mark for each option, as on a ballot.
    marks: Vec<u8>,
    /// How many of them there are; 0 for none.
    ballots: u32,
}

/// Enters how many paper ballots read like this.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/paper", tag = "polls", params(("poll" = String, Path)),
    request_body = Paper, responses((status = 200, body = Written)))]
pub async fn set_paper(State(app): State<AppState>, gate: Gate, fields: Fields<Paper>) -> Answer<Response> {
    let Paper { marks, ballots } = match fields {
        Fields::Json(paper) => paper,
        Fields::Form(fields) => {
            let (method, options) = app.ballot_of(&gate).await?;
            Paper { marks: marks(&fields, method, options)?, ballots: number(&fields, "ballots")?.unwrap_or(1) }
        }
    };
    Ok(changed(app.issue_to_poll(&gate, PollCommand::SetPaper { marks, ballots }).await?))
}

/// In which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ResultQuery {
    /// `json`; `csv`: a table with a row for each option of each round; `csv-pairs`: of rankings, a row for each two
    /// options of each round.
    format: Option<String>,
}

/// A poll's result with electorate, label, turnout, outcome and the head of its log, as JSON or CSV.
#[utoipa::path(get, path = "/api/v1/polls/{poll}/result", tag = "polls", params(("poll" = String, Path), ResultQuery),
    responses((status = 200, body = Published)))]
pub async fn result(State(app): State<AppState>, gate: Gate, Query(asked): Query<ResultQuery>) -> Answer<Response> {
    const CSV: &str = "text/csv; charset=utf-8";
    let published = app.published(&gate).await?;
    let (mut response, kind, part, ending) = match asked.format.as_deref() {
        None | Some("json") => (Json(&published).into_response(), "application/json", "", "json"),
        Some("csv") => (table(&published)?.into_response(), CSV, "", "csv"),
        Some("csv-pairs") => (table_of_pairs(&published)?.into_response(), CSV, " Paare", "csv"),
        Some(other) => return Err(Fault::bad_request(format!("unknown format {other}"))),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    save_as(&mut response, &[published.poll.question.title.pick("de").0, part].concat(), ending);
    Ok(response)
}
