//! The pages of a poll: voting, the printed result, who voted what, voting cards, preparing a poll.
//! The router calls them.
//! They write nothing; their forms go to the API.

use axum::extract::{Query, Request, State};
use axum::response::Response;
use serde::Deserialize;
use stimmwerk_core::network::{CodeKind, Joining};
use stimmwerk_core::poll::{Electorate, PollView};
use stimmwerk_core::rejection::Code;
use stimmwerk_ui::pages::{CardSheet, MayVote, PollPage, PollPrint, PollVoters, PreparePage, VoterRow, VotingCard};

use super::render::{Asked, show};
use crate::app::{App, AppState};
use crate::chance;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::qr;
use crate::use_cases::results::OpenBallot;

/// What the page of a poll is asked with.
#[derive(Debug, Deserialize)]
pub struct CastQuery {
    /// Under which name it waits that a ballot was cast with a card.
    cast: Option<String>,
}

/// `/p/{poll}`
pub async fn poll(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<CastQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let cast = query.cast.and_then(|cast| cast.parse().ok());
    let poll = gate.poll()?.poll;
    let cast = cast.and_then(|cast| app.casts.get(cast, poll, gate.who.command_owner()));
    let read = app.read_poll(&gate).await?;
    let process = gate.process()?;
    let guest = gate.who.active_in(process).is_some_and(|participant| participant.guest);
    let electorate = read.view.poll.as_ref().map(|poll| poll.question.electorate).unwrap_or_default();
    let may = match electorate {
        _ if gate.position.banned => MayVote::Banned,
        _ if read.own.is_none() => MayVote::NotJoined,
        Electorate::Accounts if guest => MayVote::NotEntitled,
        Electorate::Delegates => MayVote::NotEntitled,
        _ => MayVote::Yes,
    };
    let page = PollPage {
        stream: read.stream,
        seq: read.seq,
        view: read.view,
        own: read.own,
        may,
        cast,
        idempotency_key: chance::command_id(),
        now: chance::now(),
    };
    show(&app, &gate, asked, gate.process, page).await
}

/// `/p/{poll}/print`
pub async fn poll_print(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let published = app.published(&gate).await?;
    let page = PollPrint {
        view: PollView {
            poll: Some(published.poll),
            turnout: published.turnout,
            result: published.result,
            before: published.before,
        },
        head: published.head,
        now: chance::now(),
    };
    show(&app, &gate, asked, gate.process, page).await
}

/// `/p/{poll}/voters`
pub async fn poll_voters(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let ballots = app.open_ballots(&gate).await?;
    let page = PollVoters {
        view: seen_poll(&app, &gate).await?,
        ballots: ballots
            .into_iter()
            .map(|OpenBallot { name, card, round, marks }| VoterRow { round, name, card, marks })
            .collect(),
        now: chance::now(),
    };
    show(&app, &gate, asked, gate.process, page).await
}

/// What the page of voting cards is asked with.
#[derive(Debug, Deserialize)]
pub struct SheetQuery {
    /// Under which name they wait.
    sheet: Option<uuid::Uuid>,
}

/// `/p/{poll}/cards`
pub async fn cards(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<SheetQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let base = app.config.base(guard::host(request.headers()));
    let poll = gate.poll()?.poll;
    let sheet = query.sheet.and_then(|sheet| app.sheets.get(sheet, poll, gate.who.command_owner()));
    let sheet = sheet.ok_or_else(|| Fault::of(Code::LinkInvalid))?;
    let view = seen_poll(&app, &gate).await?;
    // The link lets people join on the way to the poll. The code of a card stands behind "#", which is sent to no server.
    let directory = app.directory();
    let process = directory.process(gate.process()?).filter(|process| process.joining == Joining::Open);
    let way = match process.and_then(|process| app.code(process, CodeKind::Link)) {
        Some(link) => format!("{base}/j/{link}?next=/p/{poll}"),
        None => format!("{base}/p/{poll}"),
    };
    let addresses = sheet.codes.iter().map(|code| format!("{way}#card={code}")).collect();
    let pictures = qr::pictures(addresses).await?;
    let card = |((number, code), picture)| VotingCard { number, picture, code };
    let cards = (sheet.from..).zip(sheet.codes).zip(pictures).map(card).collect();
    show(&app, &gate, asked, gate.process, CardSheet { view, cards }).await
}

/// `/f/{forum}/polls/new`
pub async fn new_poll(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let page = PreparePage {
        process: gate.process()?,
        forum: Some(gate.forum()?.forum),
        poll: None,
        idempotency_key: chance::command_id(),
    };
    show(&app, &gate, asked, gate.process, page).await
}

/// `/p/{poll}/edit`
pub async fn edit_poll(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let poll = seen_poll(&app, &gate).await?.poll.ok_or_else(Fault::not_found)?;
    let page = PreparePage {
        process: gate.process()?,
        forum: poll.forum,
        poll: Some(poll),
        idempotency_key: chance::command_id(),
    };
    show(&app, &gate, asked, gate.process, page).await
}

/// A poll for a page about it.
async fn seen_poll(app: &App, gate: &Gate) -> Answer<PollView> {
    let view = app.read_poll(gate).await?.view;
    if view.poll.is_none() {
        return Err(Fault::not_found());
    }
    Ok(view)
}
