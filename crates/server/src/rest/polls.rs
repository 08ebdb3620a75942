//! Polls: preparing, running, voting, results.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::PollPlaceInForum;
use stimmwerk_core::ids::{ForumId, StreamId};
use stimmwerk_core::live::{Seq, WindowRequest};
use stimmwerk_core::network::{CODE_ALPHABET, NetworkCommand, PollPlace};
use stimmwerk_core::people::Audience;
use stimmwerk_core::poll::{
    CARD_LENGTH, Electorate, GRACE_MS, MAX_SHEET, Phase, Poll, PollCommand, PollHeader, PollOwn, PollView, Question,
    ResultView, Secrecy, Source, Turnout, Voter, card_hash,
};
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_core::tally::{Figures, MAX_OPTIONS, Method};
use stimmwerk_core::text::defuse_csv_cell;
use stimmwerk_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::{Written, changed, created, save_as};
use crate::address::Address;
use crate::app::{App, AppState};
use crate::chance;
use crate::form::{Fields, Input, lead};
use crate::gate::Gate;
use crate::problem::{Answer, Fault};
use crate::reads::in_turn;
use crate::room::Done;
use crate::zone;

/// A poll as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PollAnswer {
    /// As of which event.
    pub seq: Seq,
    /// Its stream, to subscribe to.
    #[schema(value_type = String)]
    pub stream: StreamId,
    /// What the caller's audience sees.
    pub view: PollView,
    /// What concerns the caller alone.
    pub own: Option<PollOwn>,
}

impl App {
    /// A poll as the holder of `gate` may see it.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn read_poll(&self, gate: &Gate) -> Answer<PollAnswer> {
        let place = gate.poll()?;
        let audience = gate.audience()?;
        let state = self.poll(place, audience).await?.state();
        let view = Poll::view(&state, audience, &WindowRequest::default());
        let own = gate.who.active_in(place.process).map(|participant| Poll::own(&state, participant.id, 0));
        Ok(PollAnswer { seq: state.seq(), stream: place.stream, view, own })
    }

    /// Issues a command to the poll the gate let somebody into.
    ///
    /// # Errors
    /// It was refused, or could not be written.
    async fn tell_poll(&self, gate: &Gate, command: PollCommand) -> Answer<Done> {
        let room = self.poll(gate.poll()?, gate.audience()?).await?;
        let (actor, sender) = (gate.actor(), gate.who.sender(gate.address));
        let moves = !matches!(command, PollCommand::Vote { .. });
        let done = room.issue_received(command, gate.command, actor, sender, gate.received_at).await?;
        if moves {
            // The page a form goes on to shows how its forum's polls stand.
            self.run_follow_ups().await;
        }
        Ok(done)
    }

    /// Looks at the code of a voting card before the poll judges it: wrong ones are guesses, by whatever door they come.
    ///
    /// # Errors
    /// There are too many guesses from this address.
    pub async fn look_at_card(&self, place: PollPlace, code: &str, address: Address) -> Answer<()> {
        let guesses = &self.limits.guesses;
        guesses.admit_card(address).await.map_err(Fault::too_many_requests)?;
        let Ok(room) = self.poll(place, Audience::Participants).await else { return Ok(()) };
        let state = room.state();
        let by_card = state.question().is_some_and(|question| question.electorate == Electorate::Cards);
        // Counted here, before anything is waited for: as many as are sent at once are as many guesses.
        if by_card && state.card(&card_hash(place.poll, code)).is_none() {
            guesses.wrong(address);
        }
        Ok(())
    }

    /// Waits until the clock has closed a poll that ends now, so that whoever asked for it can go on. It takes
    /// [`GRACE_MS`], and longer on a busy machine.
    ///
    /// # Errors
    /// `not_closed`: somebody took the end back, or the clock did not close it.
    async fn closed(&self, gate: &Gate) -> Answer<()> {
        let room = self.poll(gate.poll()?, gate.audience()?).await?;
        let patience = tokio::time::Instant::now() + Duration::from_millis(GRACE_MS as u64) + CLOSING_PATIENCE;
        while room.state().is_closing() && tokio::time::Instant::now() < patience {
            tokio::time::sleep(LOOK).await;
        }
        if room.state().question().is_some_and(|question| question.secrecy == Secrecy::Secret) {
            // The answer promises that the box is empty, in the files too. Everyone else sees it closed already.
            self.log().cleaned().await;
        }
        // The page a form goes on to shows how its forum's polls stand.
        self.run_follow_ups().await;
        if room.state().phase() == Phase::Open {
            return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, Code::NotClosed));
        }
        Ok(())
    }
}

/// How often is looked whether a poll is closed.
const LOOK: Duration = Duration::from_millis(50);
/// How long the answer to "close now" waits for a clock that is late.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);

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
    let answer = created(app.tell_network(&gate, command).await?);
    Ok(to_desk(answer, forum.filter(|_| is_form)))
}

/// A form that was taken leads to the desk of the forum; one that was refused comes back where it was.
fn to_desk(mut answer: Response, forum: Option<ForumId>) -> Response {
    if let Some(forum) = forum {
        lead(&mut answer, &format!("/f/{forum}/moderation#polls"));
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
    let answer = changed(app.tell_poll(&gate, PollCommand::Edit { question: Box::new(question) }).await?);
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
    Ok(changed(app.tell_poll(&gate, PollCommand::Open { seconds: input.get() }).await?))
}

/// Sets, moves or takes away the end of an open poll.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/end", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn end(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    Ok(changed(app.tell_poll(&gate, PollCommand::SetEnd { seconds: input.get() }).await?))
}

/// Lets an open poll that has an end go on for so much longer.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/extend", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn extend(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    Ok(changed(app.tell_poll(&gate, PollCommand::Extend { seconds: input.get().unwrap_or(0) }).await?))
}

/// Closes a poll, after a moment for ballots that were begun: 20 seconds unless said otherwise.
///
/// With `seconds: 0` the answer waits until it is closed; 503 `not_closed` says that it is still open.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/close", tag = "polls", params(("poll" = String, Path)),
    request_body = Seconds, responses((status = 200, body = Written)))]
pub async fn close(State(app): State<AppState>, gate: Gate, Input(input): Input<Seconds>) -> Answer<Response> {
    let seconds = input.get();
    let done = app.tell_poll(&gate, PollCommand::Close { seconds }).await?;
    if seconds == Some(0) {
        app.closed(&gate).await?;
    }
    Ok(changed(done))
}

/// Shows the result to everyone.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/reveal", tag = "polls", params(("poll" = String, Path)),
    responses((status = 200, body = Written)))]
pub async fn reveal(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.tell_poll(&gate, PollCommand::Reveal).await?))
}

/// Opens another round of the same question.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/again", tag = "polls", params(("poll" = String, Path)),
    responses((status = 200, body = Written)))]
pub async fn again(State(app): State<AppState>, gate: Gate) -> Answer<Response> {
    Ok(changed(app.tell_poll(&gate, PollCommand::Again).await?))
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
            let state = app.poll(gate.poll()?, gate.audience()?).await?.state();
            let question = state.question().ok_or_else(Fault::not_found)?;
            Ballot {
                round: number(&fields, "round")?.unwrap_or(0),
                marks: marks(&fields, question.method, question.on_ballot())?,
                card: field(&fields, "card").map(str::to_owned),
            }
        }
    };
    let by_card = card.is_some();
    if let Some(code) = &card {
        app.look_at_card(gate.poll()?, code, gate.address).await?;
    }
    let before = app.poll(gate.poll()?, gate.audience()?).await?.state();
    let done = app.tell_poll(&gate, PollCommand::Vote { round, marks, card }).await?;
    let secret = before.question().is_some_and(|question| question.secrecy == Secrecy::Secret);
    let repeated = secret && done.repeated;
    if repeated && is_form {
        // A page that went back in its history has the same id, and perhaps another choice, which nobody may compare.
        return Err(Rejection::AlreadyVoted.into());
    }
    let mut answer = Json(Taken { seq: done.seq, repeated }).into_response();
    if is_form && by_card {
        // What was cast with a card is nobody's in the poll. That it was, the page after it says to whoever cast it.
        let poll = gate.poll()?.poll;
        let cast = app.casts.put(poll, gate.who.command_owner(), round);
        lead(&mut answer, &format!("/p/{poll}?cast={cast}"));
    }
    Ok(answer)
}

/// Who voted what in an open poll, once its result is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenBallot {
    /// The name they have now. `None`: without a name, or with one that no moderator has read yet, or known by a voting
    /// card alone.
    pub name: Option<String>,
    /// The number of the voting card.
    pub card: Option<u32>,
    /// In which round.
    pub round: u32,
    /// A mark for each option.
    pub marks: Vec<u8>,
}

impl App {
    /// Who voted what in an open poll whose result is shown; of every other poll nothing.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn open_ballots(&self, gate: &Gate) -> Answer<Vec<OpenBallot>> {
        let place = gate.poll()?;
        let audience = gate.audience()?;
        let state = self.poll(place, audience).await?.state();
        if state.open_ballots().next().is_none() {
            return Ok(Vec::new());
        }
        let mut names: BTreeMap<_, _> = self.accounts.names_in(place.process).await?.into_iter().collect();
        let accounts = state.question().is_some_and(|question| question.electorate == Electorate::Accounts);
        if audience != Audience::Staff && !accounts {
            match state.forum().and_then(|forum| self.directory().forum(forum.id)) {
                Some(forum) => {
                    let forum = self.forum(forum).await?.state();
                    names.retain(|participant, _| forum.names_openly(*participant));
                }
                // Nobody reads names there.
                None => names.clear(),
            }
        }
        in_turn(move || {
            let open = state.open_ballots().map(|(round, voter, marks)| {
                let (name, card) = match voter {
                    Voter::Person(participant) => (names.get(&participant).cloned(), None),
                    Voter::Card(number) => (None, Some(number)),
                };
                OpenBallot { name, card, round, marks: marks.to_vec() }
            });
            let mut ballots: Vec<OpenBallot> = open.collect();
            // The last round first; nothing in the order of the ballots tells when they came.
            ballots.sort_by(|a, b| {
                let key = |it: &OpenBallot| (std::cmp::Reverse(it.round), it.card, it.name.is_none(), it.name.clone());
                key(a).cmp(&key(b))
            });
            ballots
        })
        .await
    }
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

/// The codes of new voting cards. Nothing keeps them but the answer: whoever loses it makes the cards useless and asks
/// for others.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cards {
    /// As of which event.
    pub seq: Seq,
    /// The number of the first; 0 if there are none.
    pub from: u32,
    /// One code a card, in groups that can be read.
    pub codes: Vec<String>,
}

/// Makes voting cards to be printed and handed out at the door.
#[utoipa::path(post, path = "/api/v1/polls/{poll}/cards", tag = "polls", params(("poll" = String, Path)),
    request_body = NewCards, responses((status = 201, body = Cards)))]
pub async fn issue_cards(State(app): State<AppState>, gate: Gate, fields: Fields<NewCards>) -> Answer<Response> {
    let (count, is_form) = match fields {
        Fields::Json(new) => (new.count, false),
        Fields::Form(fields) => (number(&fields, "count")?.unwrap_or(0), true),
    };
    let place = gate.poll()?;
    if count as usize > MAX_SHEET {
        return Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, Code::TooMany).with("max", MAX_SHEET));
    }
    let codes: Vec<String> = (0..count).map(|_| card_code()).collect();
    let hashes: Vec<_> = codes.iter().map(|code| card_hash(place.poll, code)).collect();
    let first = hashes.first().copied();
    let done = app.tell_poll(&gate, PollCommand::IssueCards { hashes }).await?;
    let state = app.poll(place, gate.audience()?).await?.state();
    let from = first.and_then(|first| state.card(&first)).unwrap_or(0);
    let cards = Cards { seq: done.seq, from, codes };
    if !is_form {
        return Ok((StatusCode::CREATED, Json(cards)).into_response());
    }
    // A form's answer is an address: the sheet waits there, in memory alone, for whoever asked for it.
    let sheet = app.sheets.put(place.poll, gate.who.command_owner(), cards);
    let mut response = StatusCode::CREATED.into_response();
    lead(&mut response, &format!("/p/{}/cards?sheet={sheet}", place.poll));
    Ok(response)
}

fn card_code() -> String {
    let random: [u8; 16] = chance::bytes();
    let mut number = u128::from_be_bytes(random);
    let mut code = String::with_capacity(CARD_LENGTH + 2);
    for nth in 0..CARD_LENGTH {
        if nth > 0 && nth % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(CODE_ALPHABET[(number % 20) as usize]));
        number /= 20;
    }
    code
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
    Ok(changed(app.tell_poll(&gate, command).await?))
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
            counts: numbered(&fields, options_of(&app, &gate).await?)?,
            people: number(&fields, "people")?.unwrap_or(0),
        },
    };
    Ok(changed(app.tell_poll(&gate, PollCommand::CountHands { counts, people }).await?))
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
            let state = app.poll(gate.poll()?, gate.audience()?).await?.state();
            let question = state.question().ok_or_else(Fault::not_found)?;
            Paper {
                marks: marks(&fields, question.method, question.on_ballot())?,
                ballots: number(&fields, "ballots")?.unwrap_or(1),
            }
        }
    };
    Ok(changed(app.tell_poll(&gate, PollCommand::SetPaper { marks, ballots }).await?))
}

/// A result with all that has to stand beside it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Published {
    /// The question, its electorate and its label.
    pub poll: PollHeader,
    /// How many took part.
    pub turnout: Turnout,
    /// The result, once the caller may see it.
    pub result: Option<ResultView>,
    /// Of earlier rounds.
    pub before: Vec<ResultView>,
    /// Every figure that pages show of them, the last round first.
    pub rounds: Vec<RoundFigures>,
    /// As of which event.
    pub seq: Seq,
    /// The first 16 characters of the head of the poll's log at that event.
    pub head: String,
}

/// A poll in the record of its forum.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedPoll {
    /// What participants see of it.
    #[serde(flatten)]
    pub view: PollView,
    /// Every figure that pages show, the last round first.
    pub rounds: Vec<RoundFigures>,
}

/// The figures of one round.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoundFigures {
    /// Which round.
    pub round: u32,
    /// When it was opened, on the network's clock and with its offset (RFC 3339).
    pub opened_at: Option<String>,
    /// When it ended.
    pub closed_at: Option<String>,
    /// What pages show. `None`: the count is withheld.
    pub figures: Option<Figures>,
}

impl App {
    /// A poll's result as it is printed and exported.
    ///
    /// # Errors
    /// There is none to be seen, or the log cannot be read.
    pub async fn published(&self, gate: &Gate) -> Answer<Published> {
        let PollAnswer { view, stream, seq, .. } = self.read_poll(gate).await?;
        let head = self.seal(stream, seq).await?;
        let poll = view.poll.ok_or_else(Fault::not_found)?;
        let rounds = self.rounds(&poll.question, view.result.as_ref(), &view.before);
        Ok(Published { poll, turnout: view.turnout, result: view.result, before: view.before, rounds, seq, head })
    }

    /// The figures of a poll's rounds, the last one first.
    fn rounds(&self, question: &Question, result: Option<&ResultView>, before: &[ResultView]) -> Vec<RoundFigures> {
        let stamp = |at: Option<Timestamp>| at.map(|at| zone::stamp(&self.config.time_zone, at));
        let of = |result: &ResultView| RoundFigures {
            round: result.round,
            opened_at: stamp(result.opened_at),
            closed_at: stamp(result.closed_at),
            figures: (!result.is_withheld()).then(|| result.figures(question)),
        };
        result.into_iter().chain(before.iter().rev()).map(of).collect()
    }

    /// The polls of a record as participants see them, with all figures.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn recorded(&self, polls: &[PollPlaceInForum]) -> Answer<Vec<RecordedPoll>> {
        let mut recorded = Vec::with_capacity(polls.len());
        for place in polls.iter().filter_map(|poll| self.directory().poll(poll.id)) {
            let state = self.poll(place, Audience::Participants).await?.state();
            let view = in_turn(move || Poll::view(&state, Audience::Participants, &WindowRequest::default())).await?;
            let rounds = match &view.poll {
                Some(poll) => self.rounds(&poll.question, view.result.as_ref(), &view.before),
                None => continue,
            };
            recorded.push(RecordedPoll { view, rounds });
        }
        Ok(recorded)
    }
}

/// In which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Format {
    /// `json`; `csv`: a table with a row for each option of each round; `csv-pairs`: of rankings, a row for each two
    /// options of each round.
    format: Option<String>,
}

/// A poll's result with electorate, label, turnout, outcome and the head of its log, as JSON or CSV.
#[utoipa::path(get, path = "/api/v1/polls/{poll}/result", tag = "polls", params(("poll" = String, Path), Format),
    responses((status = 200, body = Published)))]
pub async fn result(State(app): State<AppState>, gate: Gate, Query(asked): Query<Format>) -> Answer<Response> {
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

/// A tidy table as a German spreadsheet opens it: semicolons, and a mark that says UTF-8. Every row says all of itself.
fn written(head: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> Answer<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(vec![0xEF, 0xBB, 0xBF]);
    let failed = |error: csv::Error| {
        tracing::error!(%error, "a table cannot be written");
        Fault::internal()
    };
    writer.write_record(&head).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| defuse_csv_cell(cell).into_owned())).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| {
        tracing::error!(%error, "a table cannot be written");
        Fault::internal()
    })
}

/// A number, or nothing.
fn cell(number: Option<impl ToString>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}

/// The rounds a table has, the last one first, with their figures.
fn rounds(published: &Published) -> impl Iterator<Item = (&ResultView, &RoundFigures)> {
    published.result.iter().chain(published.before.iter().rev()).zip(&published.rounds)
}

/// A row for each option of each round. A round whose count is withheld has one row, without an option.
fn table(published: &Published) -> Answer<Vec<u8>> {
    const SOURCES: [Source; 3] = [Source::Online, Source::Hands, Source::Paper];
    let question = &published.poll.question;
    let steps = rounds(published).map(|(result, _)| result.tally.spread.first().map_or(0, Vec::len)).max();
    let steps = steps.unwrap_or(0);
    let fixed = [
        "question",
        "method",
        "electorate",
        "secrecy",
        "majority",
        "quorum",
        "round",
        "opened_at",
        "closed_at",
        "entitled",
        "ballots",
        "outcome",
        "base",
        "base_count",
        "needed",
        "option",
        "text",
        "sum",
        "share_percent",
        "mean",
        "answers",
        "place",
        "online",
        "hands",
        "paper",
    ];
    let mut head: Vec<String> = fixed.map(str::to_owned).to_vec();
    head.extend((0..steps).map(|mark| format!("mark_{mark}")));
    head.extend(["event".to_owned(), "log".to_owned()]);
    let end = [published.seq.0.to_string(), published.head.clone()];
    let mut rows = Vec::new();
    for (result, round) in rounds(published) {
        let entitled = result.entitled;
        let mut start = vec![
            question.title.pick("de").0.to_owned(),
            question.method.word().to_owned(),
            word(&question.electorate),
            word(&question.secrecy),
            word(&question.majority),
            cell(question.quorum.map(|quorum| quorum.need(entitled))),
            round.round.to_string(),
            cell(round.opened_at.as_ref()),
            cell(round.closed_at.as_ref()),
            cell(entitled),
            result.tally.ballots.to_string(),
            word(&result.outcome),
        ];
        let Some(figures) = &round.figures else {
            start.resize(fixed.len() + steps, String::new());
            rows.push([start, end.to_vec()].concat());
            continue;
        };
        start.extend([
            figures.base.map_or(String::new(), |base| word(&base)),
            cell(figures.base.map(|_| figures.of)),
            cell(figures.need),
        ]);
        for (option, figure) in figures.rows.iter().enumerate() {
            let mut row = start.clone();
            row.extend([
                (option + 1).to_string(),
                option_text(question, option),
                figure.sum.to_string(),
                cell(figure.share),
                // With a comma: a German spreadsheet would take 3.4 for a day in April.
                cell(figure.mean_tenths.map(|tenths| format!("{},{}", tenths / 10, tenths % 10))),
                cell(figure.answers),
                cell(figure.place),
            ]);
            row.extend(SOURCES.map(|source| {
                cell(result.parts.iter().find(|part| part.source == source).map(|part| part.sums[option]))
            }));
            let spread = result.tally.spread.get(option).map_or(&[][..], Vec::as_slice);
            row.extend((0..steps).map(|mark| cell(spread.get(mark))));
            row.extend(end.clone());
            rows.push(row);
        }
    }
    written(head, rows)
}

/// Of rankings a row for each two options of each round: how many put the first before the second.
fn table_of_pairs(published: &Published) -> Answer<Vec<u8>> {
    let question = &published.poll.question;
    let head = ["round", "option", "text", "other_option", "other_text", "before"].map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    for (result, round) in rounds(published).filter(|(_, round)| round.figures.is_some()) {
        for (one, pairs) in result.tally.pairs.iter().enumerate() {
            for (other, before) in pairs.iter().enumerate().filter(|(other, _)| *other != one) {
                rows.push(vec![
                    round.round.to_string(),
                    (one + 1).to_string(),
                    option_text(question, one),
                    (other + 1).to_string(),
                    option_text(question, other),
                    before.to_string(),
                ]);
            }
        }
    }
    written(head, rows)
}

/// An option in German; those that need no listing by their stable word.
fn option_text(question: &Question, option: usize) -> String {
    match (question.method, question.options.get(option)) {
        (Method::YesNo, _) => ["yes", "no", "abstain"].get(option).copied().unwrap_or_default().to_owned(),
        (_, Some(texts)) => texts.pick("de").0.to_owned(),
        (_, None) => "unchanged".to_owned(),
    }
}

/// The stable word of a plain value, as on the wire.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(fields)) => fields.get("outcome").and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

async fn options_of(app: &App, gate: &Gate) -> Answer<usize> {
    let state = app.poll(gate.poll()?, gate.audience()?).await?.state();
    Ok(state.question().ok_or_else(Fault::not_found)?.on_ballot())
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.trim())
}

fn number(fields: &[(String, String)], name: &str) -> Answer<Option<u32>> {
    field(fields, name)
        .map(|value| value.parse().map_err(|_| Fault::bad_request(format!("{name} is no number"))))
        .transpose()
}

/// `mark_0`, `mark_1` … with 0 for what is left out.
fn numbered(fields: &[(String, String)], options: usize) -> Answer<Vec<u32>> {
    (0..options).map(|option| Ok(number(fields, &format!("mark_{option}"))?.unwrap_or(0))).collect()
}

/// A ballot of a form.
fn marks(fields: &[(String, String)], method: Method, options: usize) -> Answer<Vec<u8>> {
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(method.read(options, fields).map_err(Rejection::from)?)
}

/// The question of a form: `title`, `note`, `low`, `high` and `options` (one a line) in the language `title_lang`, and in
/// others as `title.ar` and so on; the rest by the names it has in JSON.
fn question(fields: &[(String, String)]) -> Answer<Question> {
    let source = field(fields, "title_lang").unwrap_or("de");
    // Of a text field what there is in each language: the source without, the others with their tag behind a dot.
    let by_language = |name: &str| -> BTreeMap<String, String> {
        let tag = |of: &str| match of.strip_prefix(name)? {
            "" => Some(source.to_owned()),
            rest => rest.strip_prefix('.').map(str::to_owned),
        };
        fields.iter().filter_map(|(of, value)| Some((tag(of)?, value.trim().to_owned()))).collect()
    };
    let texts = |texts: BTreeMap<String, String>| -> Value { json!({ "source": source, "texts": texts }) };
    let optional = |name: &str| {
        let found = by_language(name);
        if found.contains_key(source) { texts(found) } else { Value::Null }
    };
    let lines: BTreeMap<String, Vec<String>> = by_language("options")
        .into_iter()
        .map(|(lang, text)| {
            (lang, text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        })
        .collect();
    let count = lines.get(source).map_or(0, Vec::len).min(MAX_OPTIONS + 1);
    let options: Vec<Value> = (0..count)
        .map(|nth| {
            texts(lines.iter().filter_map(|(lang, lines)| Some((lang.clone(), lines.get(nth)?.clone()))).collect())
        })
        .collect();
    let mut question = json!({ "title": optional("title"), "options": options });
    if question["title"].is_null() {
        return Err(Rejection::from(stimmwerk_core::text::TextProblem::Empty).into());
    }
    if let (low, high) = (optional("low"), optional("high"))
        && !low.is_null()
        && !high.is_null()
    {
        question["ends"] = json!([low, high]);
    }
    question["note"] = optional("note");
    for name in ["method", "electorate", "secrecy", "weight", "results", "majority"] {
        if let Some(word) = field(fields, name) {
            question[name] = word.into();
        }
    }
    for name in ["min", "max", "steps", "points"] {
        if let Some(value) = number(fields, name)? {
            question[name] = value.into();
        }
    }
    if let Some(percent) = number(fields, "quorum_percent")? {
        question["quorum"] = json!({ "percent": percent });
    } else if let Some(ballots) = number(fields, "quorum")? {
        question["quorum"] = json!({ "ballots": ballots });
    }
    serde_json::from_value(question).map_err(|error| Fault::bad_request(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stimmwerk_core::said::{Lang, Texts};

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn given_a_form_in_two_languages_then_each_option_has_both() {
        let form = fields(&[
            ("title", "Was zuerst?"),
            ("title.ar", "ماذا أولاً؟"),
            ("options", "Sprache\n\n Wohnen \nArbeit"),
            ("options.ar", "اللغة\nالسكن"),
            ("method", "multiple"),
            ("min", "1"),
            ("max", "2"),
            ("quorum", "10"),
        ]);
        let question = question(&form).expect("a question");
        assert_eq!(question.method, Method::Multiple { min: 1, max: 2 });
        assert_eq!(question.options.len(), 3);
        assert_eq!(question.options[1].pick("de").0, "Wohnen");
        assert_eq!(question.options[1].pick("ar").0, "السكن");
        assert_eq!(question.options[2].pick("ar").0, "Arbeit", "what is not translated shows the original");
        assert_eq!(question.title, {
            let mut title = Texts::of(Lang::german(), "Was zuerst?");
            title.texts.insert(Lang::try_from("ar".to_owned()).expect("a tag"), "ماذا أولاً؟".into());
            title
        });
        assert!(question.check().is_ok());
    }

    #[test]
    fn given_forms_then_they_make_ballots() {
        let both = fields(&[("option", "0"), ("option", "2")]);
        assert_eq!(marks(&both, Method::Multiple { min: 0, max: 3 }, 3).expect("marks"), [1, 0, 1]);
        let points = fields(&[("mark_0", "3"), ("mark_2", " 4 ")]);
        assert_eq!(marks(&points, Method::Dots { points: 9 }, 3).expect("marks"), [3, 0, 4]);
        assert!(marks(&fields(&[("option", "3")]), Method::Single, 3).is_err());
        assert!(marks(&fields(&[("mark_1", "-1")]), Method::Ranking, 3).is_err());
    }

    #[test]
    fn given_codes_of_cards_then_they_can_be_typed_in_any_shape() {
        let poll = stimmwerk_core::ids::PollId(uuid::Uuid::from_u128(1));
        let code = card_code();
        assert_eq!(code.len(), CARD_LENGTH + 2);
        assert_eq!(card_hash(poll, &code), card_hash(poll, &code.replace('-', " ").to_lowercase()));
        assert_ne!(card_code(), code);
    }
}
